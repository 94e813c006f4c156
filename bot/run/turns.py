"""Takes the turns that wait: thought out together, kept together in one short transaction, by hand where that fails.

A transaction a turn costs its own commit and some fifteen statements. Here many turns are thought out over one snapshot
without writing anything, what several of them ask is asked once, and what they come to is kept by five statements for
all. Measured on two cores, a trace look-up: 4.0 ms of CPU a turn one by one, below 0.5 ms in batches of 200.

The fences hold for all of them or for none: `version` of every conversation and `done_at` of every row, else the
transaction is rolled back. The batch is thought out anew then; if that fails as well, the same rows are taken one by
one, each under a savepoint, so that a broken one costs only itself. A turn that has to write on its way (an order, a
posting) goes that road from the start.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, Protocol

import structlog
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from bot import inbox, outbox
from bot.conversation import Standing
from bot.engine import Lost, World, give_up, take_turn
from bot.inbox import Pending
from bot.outbox import Outgoing
from bot.run.thoughts import Thoughts, fence, think_through
from catalog.case import open_case
from catalog.db import Database

BATCH = 200
HANDFUL_SECONDS = 0.05
"""So long at most turns by hand hold the database to themselves: webhooks wait for the same lock on SQLite."""
DRAIN_SECONDS = 2.0
TURNS_LOCK = 7_304_052  # any number that nobody else uses for an advisory lock

log = structlog.get_logger(__name__)


class Ledger(Protocol):
    """What the sender wants to have marked: it may go with a turn's own transaction (`bot.run.marks.Marks`)."""

    def take(self) -> Sequence[Any]: ...
    def write(self, db: Session, arrivals: Sequence[Any]) -> None: ...
    def settled(self, arrivals: Sequence[Any]) -> None: ...
    def put_back(self, arrivals: Sequence[Any]) -> None: ...


class Turns:
    """Takes the pending rows, oldest first.

    wake: after a commit whose replies have to be read from the table. offer: is given replies that were just
    committed, in order; None: they are read from the table too. ledger: what is marked along with the turns.
    """

    def __init__(
        self,
        database: Database,
        world: World,
        wake: Callable[[], None],
        *,
        offer: Callable[[Sequence[tuple[Outgoing, Standing]]], None] | None = None,
        ledger: Ledger | None = None,
        batch: int = BATCH,
    ) -> None:
        self._database = database
        self._world = world
        self._wake = wake
        self._offer = offer
        self._ledger = ledger
        self._batch = batch
        self._one_at_a_time = threading.Lock()
        self._raced: set[int] = set()  # rows whose turns met the writing of another process in the last batch
        self._undone = False  # nothing of the last batch could be kept
        self._counts: Counter[str] = Counter()

    def snapshot(self) -> dict[str, int]:
        """How much was done by this process so far: batches, turns, by_hand, undone, failed, dead; biggest batch."""
        return dict(self._counts)

    def drain(self, seconds: float = DRAIN_SECONDS, unless: Callable[[], bool] = lambda: False) -> bool:
        """Take batches until nothing waits. False if time ran out first, or that holds after a batch."""
        with self._one_at_a_time:
            end = time.monotonic() + seconds
            while self.take_batch():
                if time.monotonic() > end or unless():
                    return False
        return True

    def take_batch(self) -> int:
        """How many turns were taken or met another's writing: unless it is 0, another batch is worth it."""
        raced_before, self._raced = self._raced, set()
        thoughts = think_through(self._database, self._world, self._batch, but=raced_before)
        if not thoughts:
            return 0
        self._counts["batches"] += 1
        self._counts["biggest"] = max(self._counts["biggest"], thoughts.count)
        if thoughts.kept and not self._keep(thoughts):
            self._counts["undone"] += 1
            self._undone = not self._undone
            if self._undone:  # somebody moved one of its rows: most likely nobody does so again
                return thoughts.count
            thoughts.give_back()
        self._undone = False
        taken = len(thoughts.kept) + self._by_hand(thoughts.for_hands, raced_before)
        self._counts["turns"] += taken
        return taken + len(self._raced)

    def _keep(self, thoughts: Thoughts) -> bool:
        """All of it in one transaction; False, and nothing, if a fence fell."""
        arrivals = self._ledger.take() if self._ledger is not None else ()
        try:
            with self._database.writing() as db:
                self._alone(db)
                fence(db, thoughts, self._world.now())
                promised = outbox.promise(db, thoughts.promises)
                if self._world.jot is not None and thoughts.jots:
                    self._world.jot(db, thoughts.jots)
                if self._ledger is not None and arrivals:
                    self._ledger.write(db, arrivals)
        except BaseException as error:
            if self._ledger is not None:
                self._ledger.put_back(arrivals)
            if not isinstance(error, Exception) or isinstance(error, inbox.GONE):
                raise
            log.info("batch_undone", error=type(error).__name__, turns=len(thoughts.kept))
            return False
        if self._ledger is not None:
            self._ledger.settled(arrivals)
        if self._offer is None:
            self._wake()
        elif promised:
            standings = thoughts.standings
            self._offer([(reply, standings[reply.conversation_id]) for reply in promised])
        return True

    def _alone(self, db: Session) -> None:
        """One process keeps turns at a time: batches and hands lock the same rows in different orders. SQLite has one
        writer anyway."""
        if not self._database.is_sqlite:
            db.execute(_ONE_AT_A_TIME, {"number": TURNS_LOCK})

    def _by_hand(self, rows: Sequence[Pending], raced_before: Collection[int]) -> int:
        """One by one. How many were taken."""
        taken = 0
        put_aside: set[tuple[int, str]] = set()
        for handful in _handfuls(rows):
            before = taken
            with self._database.writing() as db:
                self._alone(db)
                for row in handful:
                    person = (row.account_id, row.sender)
                    if person in put_aside:
                        continue
                    if self._take(db, row, again=row.id in raced_before):
                        taken += 1
                    else:
                        put_aside.add(person)
            if taken > before:
                self._wake()
        self._counts["by_hand"] += taken
        return taken

    def _take(self, db: Session, row: Pending, *, again: bool) -> bool:
        """again: it met another's writing in the last batch; twice in a row is no chance."""
        try:
            with db.begin_nested():
                take_turn(db, row, self._world)
        except Lost:
            self._raced.add(row.id)  # the person's later rows want another look
            return False
        except Exception as error:
            if isinstance(error, SQLAlchemyError) and not db.is_active:
                raise
            if isinstance(error, StaleDataError | IntegrityError) and not again:
                log.info("turn_raced", inbox_id=row.id, error=type(error).__name__)
                self._raced.add(row.id)
                return False
            log.exception("turn_failed", inbox_id=row.id, tries=row.tries + 1, error=type(error).__name__)
            self._counts["failed"] += 1
            return self._put_back(db, row, type(error).__name__)
        return True

    def _put_back(self, db: Session, row: Pending, error: str) -> bool:
        if not inbox.put_back(db, row, self._world.now(), error):
            return False
        self._counts["dead"] += 1
        try:
            with db.begin_nested():
                give_up(db, row, self._world, error)
        except Exception as second:
            log.exception("giving_up_failed", inbox_id=row.id, error=type(second).__name__)
            inbox.finish(db, row, self._world.now(), error=f"{error}, then {type(second).__name__}")
            open_case(db, row.account_id, None, "poison", subject=f"inbox {row.id}", note="", at=self._world.now())
        return True


_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(:number)")


def _handfuls(rows: Sequence[Pending]) -> Iterator[Iterator[Pending]]:
    """The rows in order, as several iterators: each ends when its time is up."""
    left = iter(rows)
    ahead = next(left, None)

    def handful() -> Iterator[Pending]:
        nonlocal ahead
        end = time.monotonic() + HANDFUL_SECONDS
        while ahead is not None:
            yield ahead
            ahead = next(left, None)
            if time.monotonic() > end:
                return

    while ahead is not None:
        yield handful()
