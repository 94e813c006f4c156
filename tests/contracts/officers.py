"""Officers in processes of their own who print the last stamps of their co-op at the same moment, round after round."""

import multiprocessing
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier

from sqlalchemy import select

from catalog.acts.stamps import PrintStamps
from catalog.db import Database
from catalog.lot import Lot
from catalog.organisation import organisation_by_code
from catalog.person import Role
from catalog.quota import grant, left
from tests.conftest import NOW, opened
from tests.contracts.towns import RealTown

SECONDS = 120
LAST = 10
"""Stamps that are left at the beginning of a round, and that each officer wants."""


def rush(url: str, officers: int, rounds: int) -> list[list[str]]:
    """What each officer got in each round, by the name of the result."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    ready, results = context.Barrier(officers), context.SimpleQueue()
    processes = [
        context.Process(target=_print, args=(url, number, rounds, ready, results), daemon=True)
        for number in range(officers)
    ]
    for process in processes:
        process.start()
    got = [results.get() for _ in range(officers)]
    for process in processes:
        process.join(SECONDS)
    return got


def _print(url: str, number: int, rounds: int, ready: Barrier, results: "SimpleQueue[list[str]]") -> None:
    outcomes: list[str] = []
    database = opened(url)
    try:
        for turn in range(rounds):
            ready.wait(SECONDS)
            if number == 0:
                _refill(database)
            ready.wait(SECONDS)
            outcomes.append(_once(database, f"officer {number} round {turn}"))
    except Exception as error:  # noqa: BLE001 (whatever it is, the test has to see it)
        outcomes.append(repr(error))
    finally:
        results.put(outcomes)
        database.close()


def _refill(database: Database) -> None:
    with database.writing() as db:
        coop = organisation_by_code(db, "SM")
        assert coop is not None
        missing = LAST - left(db, coop.id)
        if missing:
            grant(db, coop, missing, who="system", at=NOW)


def _once(database: Database, draft: str) -> str:
    with database.writing() as db:
        talk = RealTown(db, NOW).talk(draft)
        talk.conversation.person_id = db.scalars(select(Role.person_id).where(Role.role == "staff")).one()
        lot_id = db.scalars(select(Lot.id).where(Lot.number == "SM-CAM-01")).one()
        return type(talk.do(PrintStamps(draft, lot_id, LAST))).__name__
