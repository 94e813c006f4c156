"""Processes that do something to one database at the very same moment, each with its own door and its own `Turns`.

Threads would prove nothing: they share one connection pool, one gate to SQLite and the interpreter's lock. Here two
processes may even take the same turn, which a worker's ownership rules out; the fence has to hold by itself.
"""

import multiprocessing
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bot.engine import take_turn
from bot.event import Event, Inbound, Tap, Text
from bot.inbox import Door, Down, InboxRow, pending
from bot.outbox import OutboxRow
from bot.outbox import opened as unsealed
from bot.reply import Bubble, Button
from bot.run.roof import make_world
from bot.run.settings import Settings
from bot.run.turns import Turns
from catalog.account import ensure_account
from catalog.db import Database
from catalog.organisation import organisation_by_code
from tests.conftest import SECRET, opened

SECONDS = 60.0
EVERYBODY = 1_000
CHANNEL, PAGE = "messenger", "104857600000001"
Job = tuple[Callable[..., Any], tuple[Any, ...]]
"""A function of a module, and what it is called with after the `Hand`."""


def settings(folder: Path) -> Settings:
    return Settings.read({"VAR_DIR": str(folder), "SECRET_KEY": SECRET})


class Hand:
    """What a process, or the test itself, can do."""

    def __init__(self, url: str, folder: Path) -> None:
        self.database: Database = opened(url)
        self.door = Door(self.database, lambda: None, now)
        self.world = make_world(settings(folder))
        self.turns = Turns(self.database, self.world, lambda: None)

    def says(self, address: str, event: Event, key: str, at: datetime | None = None) -> None:
        """An event comes in by the door, again until it is taken; at: the platform's time, now if not given."""
        until = time.monotonic() + SECONDS
        while True:
            try:
                return self.door.accept(CHANNEL, [Inbound(PAGE, address, key, at or now(), event)])
            except Down:  # 503
                assert time.monotonic() < until, "the door stays shut"

    def answers(self) -> None:
        """Take turns until nothing waits any more. AssertionError where something always does."""
        until = time.monotonic() + SECONDS
        while self.turns.take_batch() or self.waits():
            assert time.monotonic() < until, "there is always something that waits"

    def answers_only(self, address: str) -> None:
        """Take the turns of this person and nobody else's, each in a transaction of its own."""
        while True:
            with self.database.writing() as db:
                row = next((row for row in pending(db, now(), EVERYBODY) if row.sender == address), None)
                if row is None:
                    return
                take_turn(db, row, self.world)

    def waits(self) -> int:
        """How many rows wait, now or for another try."""
        with self.database.reading() as db:
            return db.scalar(select(func.count(InboxRow.id)).where(InboxRow.done_at.is_(None))) or 0

    def close(self) -> None:
        self.database.close()


def now() -> datetime:
    return datetime.now(UTC)


class Hands:
    """So many processes, which wait for each other before each job."""

    def __init__(self, url: str, folder: Path, count: int) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__])
        self._ready = context.Barrier(count)
        self._lines: list[Connection] = []
        self._processes = []
        for _ in range(count):
            mine, its = context.Pipe()
            process = context.Process(target=_work, args=(url, folder, its, self._ready), daemon=True)
            process.start()
            its.close()
            self._lines.append(mine)
            self._processes.append(process)

    def at_once(self, jobs: Sequence[Job]) -> list[Any]:
        """Each job in a process of its own, all at the same moment; what each gave. AssertionError where one failed.

        As many jobs as there are processes.
        """
        for line, job in zip(self._lines, jobs, strict=True):
            line.send(job)
        results = []
        for line in self._lines:
            assert line.poll(SECONDS), "a process does not answer"
            done, result = line.recv()
            assert done, result
            results.append(result)
        return results

    def close(self) -> None:
        for line in self._lines:
            line.close()  # the end of its work
        for process in self._processes:
            process.join(SECONDS)
            process.close()


@contextmanager
def hands(url: str, folder: Path, count: int) -> Iterator[Hands]:
    """So many processes over that database, gone at the end."""
    several = Hands(url, folder, count)
    try:
        yield several
    finally:
        several.close()


def _work(url: str, folder: Path, line: Connection, ready: Barrier) -> None:
    hand = Hand(url, folder)
    try:
        while True:
            try:
                work, arguments = line.recv()
            except EOFError:
                return
            try:
                ready.wait(SECONDS)
                line.send((True, work(hand, *arguments)))
            except Exception:  # noqa: BLE001 (whatever it is, the test has to hear of it)
                ready.abort()
                line.send((False, traceback.format_exc()))
    finally:
        hand.close()
        line.close()


# What a process can be told to do


def say_and_answer(hand: Hand, address: str, event: Event, key: str, at: datetime | None = None) -> None:
    """Bring something in and take turns, together with everybody else who does, until all is answered."""
    hand.says(address, event, key, at)
    hand.answers()


def say_and_answer_alone(hand: Hand, address: str, event: Event, key: str) -> None:
    """Bring something in and take only that turn: so many turns as there are processes are under way at once."""
    hand.says(address, event, key)
    hand.answers_only(address)


class Customer:
    """Somebody who writes to the page; whoever holds the `Hand` answers her at once."""

    def __init__(self, hand: Hand, address: str) -> None:
        self.address = address
        self._hand = hand
        self._said = 0

    def says(self, event: Event | str) -> list[Bubble]:
        """What she is answered."""
        before = self.newest()
        self._said += 1
        self._hand.says(
            self.address, Text(event) if isinstance(event, str) else event, f"calm:{self.address}:{self._said}"
        )
        self._hand.answers()
        return self.told(before)

    def newest(self) -> int:
        """The id of the newest reply to her."""
        with self._hand.database.reading() as db:
            return db.scalar(select(func.max(OutboxRow.id)).where(OutboxRow.address == self.address)) or 0

    def told(self, after_id: int = 0) -> list[Bubble]:
        """Replies that are newer than this one, in order."""
        hers = select(OutboxRow).where(OutboxRow.address == self.address, OutboxRow.id > after_id)
        with self._hand.database.reading() as db:
            return [unsealed(db, row).bubble for row in db.scalars(hers.order_by(OutboxRow.id))]

    def decides(self, words: str) -> Bubble:
        """Puts it into her cart, to be picked up, without leaving her name: the page that wants one yes."""
        shown = self.says(words)[-1]
        while "stop" not in (keys := named(shown)) or "change" not in keys:
            shown = self.says(pressed(keys["no" if "full" in keys else "yes"]))[-1]
        return shown


def named(bubble: Bubble) -> dict[str, Button]:
    """Its buttons by the names of their choices."""
    return {button.id.split(":")[1]: button for button in bubble.buttons}


def pressed(button: Button) -> Tap:
    return Tap(button.id, button.title)


def open_page(database: Database) -> None:
    """The page that everybody writes to."""
    with database.writing() as db:
        coop = organisation_by_code(db, "SM")
        assert coop is not None
        ensure_account(db, CHANNEL, PAGE, coop.id, None)
