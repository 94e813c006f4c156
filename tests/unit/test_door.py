"""The door: a delivery is stored when `accept` returns, whoever did the storing."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from bot.event import Inbound, Text
from bot.inbox import Door, Down, InboxRow
from catalog.account import ensure_account
from catalog.db import Database
from catalog.organisation import Organisation
from catalog.tables import METADATA
from catalog.vault import Vault

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)


def heard(key: str) -> Inbound:
    return Inbound("page", f"person {key}", key, NOW, Text("chào"))


@pytest.fixture
def database(tmp_path: Path) -> Database:
    opened = Database(f"sqlite:///{tmp_path / 'door.db'}", Vault(["k"]))
    METADATA.create_all(opened.engine)
    with opened.writing() as db:
        home = Organisation(kind="coop", code="SM", name="HTX", short_name="HTX")
        db.add(home)
        db.flush()
        ensure_account(db, "messenger", "page", home.id, None)
    return opened


def rows(database: Database) -> int:
    with database.reading() as db:
        return db.scalar(select(func.count()).select_from(InboxRow)) or 0


def together(calls: Sequence[Callable[[], None]], before: Callable[[], object]) -> list[str]:
    """Start all of them, do `before`, and say how each ended: "stored" or "down"."""
    ends: list[str] = []

    def run(call: Callable[[], None]) -> None:
        try:
            call()
            ends.append("stored")
        except Down:
            ends.append("down")

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    before()
    for thread in threads:
        thread.join(20)
    return sorted(ends)


def test_deliveries_that_wait_for_each_other_are_all_stored_once(database: Database) -> None:
    rung: list[int] = []
    sizes: list[int] = []
    door = Door(database, lambda: rung.append(1), lambda: NOW, measure=sizes.append)
    turn = database.writing()
    turn.__enter__()
    calls = [partial(door.accept, "messenger", [heard(f"k{n % 10}")]) for n in range(20)]
    assert together(calls, lambda: turn.__exit__(None, None, None)) == ["stored"] * 20
    assert rows(database) == 10
    assert len(rung) == len(sizes) < 20
    assert sum(sizes) == 20
    assert door.snapshot() == {
        "batches": len(sizes),
        "biggest": max(sizes),
        "deliveries:messenger": 20,
        "events:messenger": 10,
        "waiting": 0,
    }


def test_one_that_cannot_be_stored_does_not_take_its_neighbours_along(database: Database) -> None:
    door = Door(database, lambda: None, lambda: NOW)
    turn = database.writing()
    turn.__enter__()
    calls = [partial(door.accept, "messenger", [heard(f"k{n}")]) for n in range(4)]
    nowhen = replace(heard("lost"), at=NOW.replace(tzinfo=None))  # the table takes no moment without a zone
    calls.append(partial(door.accept, "messenger", [nowhen]))
    assert together(calls, lambda: turn.__exit__(None, None, None)) == ["down", "stored", "stored", "stored", "stored"]
    assert rows(database) == 4


def test_without_tables_nothing_is_said_to_be_stored(tmp_path: Path) -> None:
    empty = Database(f"sqlite:///{tmp_path / 'empty.db'}", Vault(["k"]))
    rung: list[int] = []
    door = Door(empty, lambda: rung.append(1), lambda: NOW)
    with pytest.raises(Down):
        door.accept("messenger", [heard("k")])
    assert rung == []


def test_a_page_that_we_do_not_know_is_kept_in_silence(database: Database) -> None:
    door = Door(database, lambda: None, lambda: NOW)
    door.accept("messenger", [Inbound("another page", "p", "k", NOW, Text("chào"))])
    with database.reading() as db:
        assert [(row.kind, row.done_at is not None) for row in db.scalars(select(InboxRow))] == [("Silent", True)]


def test_a_delivery_that_waits_too_long_is_down_and_a_repeat_is_one_row(database: Database) -> None:
    door = Door(database, lambda: None, lambda: NOW, patience_s=0.05)
    with database.writing(), pytest.raises(Down):
        door.accept("messenger", [heard("k")])
    patient = Door(database, lambda: None, lambda: NOW)
    patient.accept("messenger", [heard("k"), heard("next")])
    assert rows(database) == 2
    assert {name: count for name, count in door.snapshot().items() if name.startswith(("refused", "down"))} == {
        "refused:messenger": 1,
        "down:stuck": 1,
    }


def test_without_an_account_a_delivery_is_refused_and_counted(tmp_path: Path) -> None:
    nobodys = Database(f"sqlite:///{tmp_path / 'nobodys.db'}", Vault(["k"]))
    METADATA.create_all(nobodys.engine)
    door = Door(nobodys, lambda: None, lambda: NOW)
    with pytest.raises(Down, match="no account"):
        door.accept("zalo", [heard("k")])
    assert door.snapshot() == {"refused:zalo": 1, "down:no account": 1, "waiting": 0}


class Refusing(Database):
    """Breaks on PostgreSQL's word for two that lock each other out while there are several events in a transaction."""

    def __init__(self, url: str, sqlstate: str) -> None:
        super().__init__(url, Vault(["k"]))
        self.tried: list[int] = []
        self.asked = threading.Event()
        self._sqlstate = sqlstate

    @contextmanager
    def writing(self) -> Iterator[Session]:
        self.asked.set()
        with super().writing() as db:
            before = db.scalar(select(func.count()).select_from(InboxRow)) or 0
            yield db
            self.tried.append((db.scalar(select(func.count()).select_from(InboxRow)) or 0) - before)
            if self.tried[-1] > 1:
                failure = Exception("as PostgreSQL says it")
                failure.sqlstate = self._sqlstate  # type: ignore[attr-defined]
                raise OperationalError("INSERT", {}, failure)


@pytest.mark.parametrize(
    ("sqlstate", "ends", "tried"),
    [
        pytest.param("40P01", ["stored"] * 3, [1, 3, 1, 1, 1], id="locked out by another: each is tried alone"),
        pytest.param("57P01", ["down"] * 3, [1, 3], id="the server is stopping: it is everybody's"),
    ],
)
def test_two_that_lock_each_other_out_try_one_by_one(
    database: Database, sqlstate: str, ends: list[str], tried: list[int]
) -> None:
    refusing = Refusing(database.url, sqlstate)
    door = Door(refusing, lambda: None, lambda: NOW, patience_s=20)
    gate = database.writing()
    gate.__enter__()
    first = threading.Thread(target=door.accept, args=("messenger", [heard("first")]))
    first.start()
    assert refusing.asked.wait(20)

    def open_when_they_wait() -> None:
        nap = threading.Event()
        for _ in range(20_000):
            if door.snapshot()["waiting"] == 3:
                break
            nap.wait(0.001)
        gate.__exit__(None, None, None)

    calls = [partial(door.accept, "messenger", [heard(f"k{n}")]) for n in range(3)]
    found = together(calls, open_when_they_wait)
    first.join(20)
    refusing.close()
    assert (found, refusing.tried) == (ends, tried)
    assert rows(database) == 1 + ends.count("stored")
