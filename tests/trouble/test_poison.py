"""A row whose turn breaks: five failures, an apology, one case, the next row goes on, and nobody else ever waits."""

import re
from copy import copy
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.dialogue import Ask, Dialogue, Turn
from bot.engine import World
from bot.inbox import MAX_TRIES, Door, InboxRow
from bot.outbox import OutboxRow, opened
from bot.ports import Ports
from bot.run.figures import Figures
from bot.run.roof import make_world
from bot.run.settings import Settings
from bot.run.turns import Turns
from catalog.account import ensure_account
from catalog.case import Case
from catalog.db import Database
from catalog.organisation import organisation_by_code
from handlers.channels.messenger.routes import receive
from tests.conftest import NOW, SECRET
from tests.simulators.graph_page import Page

APP_SECRET, PAGE = "app secret", "104857600000001"
MAI, LAN = "7012345678000001", "7012345678000002"
STAMP, GROWER = "4839 2017 6504", "Bùi Thị Mến"
POISON = "9372 6405 8112"
AGE = re.compile(r"^chophien_inbox_oldest_seconds ([0-9.e+]+)$", re.MULTILINE)
PENDING = re.compile(r"^chophien_inbox_pending ([0-9.e+]+)$", re.MULTILINE)
BATCH = 10
PAUSES = [0.6, 1.8, 5.4, 16.2]
"""Seconds between two tries of the same row."""


class Shop:
    """Web and worker in one process over one database, with a clock that only we move.

    What somebody asks about the stamp `POISON` breaks the step. blind: people whose turns break before any step,
    where it is read what steps may know of them.
    """

    def __init__(self, database: Database, folder: Path) -> None:
        settings = Settings.read({"VAR_DIR": str(folder), "DATABASE_URL": database.url, "SECRET_KEY": SECRET})
        self.database = database
        self.now = NOW
        self.blind: set[str] = set()
        with database.writing() as db:
            coop = organisation_by_code(db, "SM")
            assert coop is not None
            ensure_account(db, "messenger", PAGE, coop.id, "a token")
            self._old_cases = set(db.scalars(select(Case.id)))
        self.door = Door(database, lambda: None, lambda: self.now)
        self.figures = Figures(database, lambda: self.now)
        self.page = Page(PAGE, APP_SECRET, self._post, lambda: self.now)
        self.turns = Turns(database, self._broken(make_world(settings, lambda: self.now)), lambda: None, batch=BATCH)

    def _broken(self, world: World) -> World:
        trace = copy(world.dialogues["trace"])
        scan = trace.openers["scan"]

        def breaking(at: Any, ask: Ask, ports: Ports) -> Turn[Any]:
            if ask.arg == POISON.replace(" ", ""):
                raise ZeroDivisionError
            return scan(at, ask, ports)

        def ports(*arguments: Any) -> Ports:
            if arguments[1].address in self.blind:
                raise LookupError
            return world.ports(*arguments)

        trace.openers = {**trace.openers, "scan": breaking}
        dialogues: dict[str, Dialogue] = {**world.dialogues, "trace": trace}
        return replace(world, dialogues=dialogues, ports=ports)

    def _post(self, body: bytes, signature: str) -> int:
        return receive(body, signature, self.door, [APP_SECRET], self.now)

    def hears(self, psid: str, words: str) -> None:
        assert self.page.deliver(self.page.text(psid, words)) == 200

    def passes(self, seconds: float) -> None:
        """Time goes by, and then every turn is taken that may be."""
        self.now += timedelta(seconds=seconds)
        assert self.turns.drain(seconds=60)

    def figure(self, name: re.Pattern[str]) -> float:
        """From the page of figures."""
        found = name.search(self.figures.text().decode())
        assert found
        return float(found[1])

    def rows(self, psid: str) -> list[tuple[int, bool, str | None]]:
        """Of each message: how often its turn failed, whether it is out of the way, and why."""
        with self.database.reading() as db:
            rows = db.scalars(select(InboxRow).where(InboxRow.sender == psid).order_by(InboxRow.id))
            return [(row.tries, row.done_at is not None, row.error) for row in rows]

    def told(self, psid: str) -> list[str]:
        with self.database.reading() as db:
            rows = db.scalars(select(OutboxRow).where(OutboxRow.address == psid).order_by(OutboxRow.id)).all()
            return [opened(db, row).bubble.text for row in rows]

    def cases(self) -> list[str]:
        """The kinds of those that were opened since the start."""
        with self.database.reading() as db:
            return [case.kind for case in db.scalars(select(Case).order_by(Case.id)) if case.id not in self._old_cases]


@pytest.fixture
def shop(demo: Database, tmp_path: Path) -> Shop:
    """On both databases."""
    shop = Shop(demo, tmp_path)
    shop.hears(MAI, "?")  # they have been here before
    shop.hears(LAN, "?")
    shop.passes(5)
    return shop


def test_a_poisoned_row_fails_five_times_and_the_next_one_goes_on(shop: Shop) -> None:
    """With ever longer pauses; what she writes behind it waits, and comes after the apology."""
    before = len(shop.told(MAI))
    shop.hears(MAI, POISON)
    shop.hears(MAI, STAMP)
    shop.passes(0)
    for tries, pause in enumerate(PAUSES, start=1):
        assert shop.rows(MAI)[1:] == [(tries, False, "ZeroDivisionError"), (0, False, None)]
        shop.passes(pause - 0.1)
        assert shop.rows(MAI)[1:] == [(tries, False, "ZeroDivisionError"), (0, False, None)], "not before its time"
        shop.passes(0.1)

    assert shop.rows(MAI)[1:] == [(MAX_TRIES, True, "ZeroDivisionError"), (0, True, None)]
    apology, answer = shop.told(MAI)[before:]
    assert GROWER not in apology
    assert GROWER in answer
    assert shop.cases() == ["poison"]


def test_nobody_else_waits_for_a_poisoned_row(shop: Shop) -> None:
    """At every try of it somebody else is answered in the same batch, and somebody new as well."""
    shop.hears(MAI, POISON)
    for number, pause in enumerate([0.0, *PAUSES]):
        others = [LAN, str(7_012_345_679_000_000 + number)]
        before = [len(shop.told(psid)) for psid in others]
        for psid in others:
            shop.hears(psid, STAMP)
        shop.passes(pause)
        for psid, told in zip(others, before, strict=True):
            assert any(GROWER in words for words in shop.told(psid)[told:])
            assert shop.rows(psid)[-1] == (0, True, None)
        assert shop.rows(MAI)[-1][0] == number + 1
    assert shop.cases() == ["poison"]


def test_the_age_of_the_oldest_row_rises_while_it_waits_and_falls_when_it_is_put_aside(shop: Shop) -> None:
    assert (shop.figure(PENDING), shop.figure(AGE)) == (0, 0)
    shop.hears(MAI, POISON)
    age, ages = 0.0, []
    for pause in [0.0, *PAUSES]:
        age += pause
        shop.passes(pause)
        ages.append(shop.figure(AGE))

    assert ages == [pytest.approx(at) for at in (0.0, 0.6, 2.4, 7.8, 0.0)]
    assert shop.figure(PENDING) == 0


def test_more_poisoned_rows_than_a_batch_holds_do_not_crowd_out_the_others(shop: Shop) -> None:
    """One who writes behind all of them is answered by the next sweep at the latest."""
    many = BATCH + BATCH // 2
    for number in range(many):
        shop.hears(str(7_012_345_680_000_000 + number), POISON)
    shop.hears(LAN, STAMP)
    shop.passes(0)
    shop.passes(0)
    assert GROWER in shop.told(LAN)[-1]
    assert shop.cases() == []
    for pause in PAUSES:
        shop.passes(pause)
        shop.passes(0)
    assert shop.cases() == ["poison"] * many
    assert shop.figure(PENDING) == 0


def test_whoever_breaks_before_any_step_gets_a_case_as_well(shop: Shop) -> None:
    """There is no apology, as that is a step too; the person of the co-op is told all the same."""
    shop.blind.add(MAI)
    shop.hears(MAI, STAMP)
    for pause in [0.0, *PAUSES]:
        shop.passes(pause)
    assert shop.rows(MAI)[-1] == (MAX_TRIES, True, "LookupError, then LookupError")
    shop.blind.clear()
    shop.hears(MAI, STAMP)
    shop.passes(1)
    assert GROWER in shop.told(MAI)[-1]
    assert shop.cases() == ["poison"]
