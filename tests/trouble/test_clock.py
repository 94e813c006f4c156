"""The wall clock of our machine jumps, forth and back: nothing is lost or doubled, and nothing is held for ever."""

import random
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.outbox import OutboxRow
from catalog.case import Case
from tests.e2e.people import ORDER_CODE, Person, Shopper, named
from tests.e2e.stage import eventually
from tests.simulators.graph import Mode
from tests.trouble.astray import Wall
from tests.trouble.conftest import OpenStage
from tests.trouble.flow import GROWER, STAMP, flow
from tests.trouble.oracle import judged
from tests.trouble.stage import Stage

pytestmark = pytest.mark.e2e

FEW = 15
"""People who write by turns where each of them has to write again."""


@pytest.fixture
def wall(tmp_path: Path) -> Iterator[Wall]:
    """The clock of every process on the stage; ours, and so the platform's, stays right."""
    wall = Wall(tmp_path / "wall")
    yield wall
    wall.close()


def astray(open_stage: OpenStage, wall: Wall, kind: str = "sqlite") -> Stage:
    """Started, with that clock."""
    stage = open_stage(kind, started=False, WALL=str(wall.file))
    stage._command = [sys.executable, "-m", "tests.trouble.astray"]
    stage.start()
    return stage


def typed_yes(shopper: Shopper) -> str:
    """She types her yes; where that comes before the question by our clock, once more. Gives the order's code."""
    shopper.type("đúng")
    while True:
        shown = shopper.next()
        if code := ORDER_CODE.search(shown.text):
            return code[0]
        if "yes" in named(shown):
            shopper.asked = shown
            return shopper.confirms()


def jump(stage: Stage, wall: Wall, number: int, **ahead: float) -> None:
    """While people write and sends fail: two who are asked for their yes give it after the jump, typed and tapped."""
    typing, tapping = (Shopper(stage, f"709900000000{number:03d}{n}") for n in range(2))
    typing.decides("2 goi mien")
    tapping.decides("2 goi mien")
    met = stage.graph.calls[Mode.ERROR] + 5
    stage.graph.behave(Mode.ERROR, times=5, edge="messages")
    eventually(lambda: stage.graph.calls[Mode.ERROR] >= met, "five replies wait for another try")

    wall.set(**ahead)
    assert typed_yes(typing)
    assert tapping.confirms()
    assert GROWER in Person(stage, f"709900000000{number:03d}9").says(STAMP).text


@pytest.mark.parametrize(
    "hours", [[1, -1, 0], pytest.param([-1, 1, 0] * 10, marks=pytest.mark.soak, id="soak")], ids=str
)
def test_a_clock_that_jumps_an_hour_loses_nothing_and_open_questions_are_answered(
    open_stage: OpenStage, wall: Wall, hours: list[int]
) -> None:
    """Each time with people who write, sends that fail, and two open questions. 0: it is right again."""
    stage = astray(open_stage, wall)
    with flow(stage):
        for number, ahead in enumerate(hours):
            jump(stage, wall, number, hours=ahead)

    verdict = judged(stage, may_repeat=False)
    assert verdict.orders == 2 * len(hours)


def held(stage: Stage) -> int:
    waits = select(func.count(OutboxRow.id)).where(OutboxRow.held_at.is_not(None), OutboxRow.dead_at.is_(None))
    with stage.database.reading() as db:
        return db.scalar(waits) or 0


def tried(stage: Stage) -> int:
    with stage.database.reading() as db:
        return db.scalar(select(func.count(OutboxRow.id)).where(OutboxRow.tries > 0)) or 0


def promised_again(stage: Stage) -> int:
    again = select(func.count(OutboxRow.id)).where(OutboxRow.error.like("promised again as %"))
    with stage.database.reading() as db:
        return db.scalar(again) or 0


def test_what_a_clock_a_day_ahead_held_goes_out_in_order_when_it_is_right_again(
    open_stage: OpenStage, wall: Wall
) -> None:
    """By such a clock nobody has written within a day: replies are held. All of these people write again later."""
    stage = astray(open_stage, wall)
    people = [Person(stage, str(7_099_000_000_000_000 + number)) for number in range(FEW)]

    def all_write() -> None:
        stage.pour([partial(person.type, STAMP) for person in people])

    all_write()
    stage.rest()
    wall.set(days=1)
    all_write()
    eventually(lambda: held(stage) == FEW, "every reply is held")
    wall.set()
    all_write()
    eventually(lambda: held(stage) == 0, "nothing is held any more")

    stage.refused = promised_again(stage)
    assert stage.refused == FEW
    judged(stage, may_repeat=False, replay=False)
    assert [sum(GROWER in shown.text for shown in stage.graph.to(person.psid)) for person in people] == [3] * FEW
    with stage.database.reading() as db:
        assert not db.scalars(select(Case).where(Case.kind == "failed send", Case.closed_at.is_(None))).all()


def test_what_a_clock_a_day_ahead_held_goes_out_although_nobody_writes_again(open_stage: OpenStage, wall: Wall) -> None:
    stage = astray(open_stage, wall)
    wall.set(days=1)
    lan = Person(stage, "7099000000000001")
    lan.type(STAMP)
    eventually(lambda: held(stage), "her reply is held")
    wall.set()

    try:
        assert GROWER in lan.next(seconds=6).text
    finally:
        stage.judged = True  # the oracle would wait for what is held


@pytest.mark.soak
def test_a_reply_that_failed_before_the_clock_was_put_back_does_not_wait_an_hour(
    open_stage: OpenStage, wall: Wall
) -> None:
    """The worker that takes it up is another one, which knows of the failure from the table alone."""
    stage = astray(open_stage, wall)
    stage.graph.behave(Mode.ERROR, edge="messages")
    wall.set(hours=1)
    lan = Person(stage, "7099000000000001")
    lan.type(STAMP)
    eventually(lambda: tried(stage), "it has failed, and the table knows")
    wall.set()
    stage.kill("worker")
    stage.graph.behave(Mode.OK, edge="messages")

    try:
        assert GROWER in lan.next(seconds=10).text
    finally:
        stage.judged = True  # the oracle would wait for an hour


@pytest.mark.soak
def test_messages_that_are_stamped_ten_minutes_off_are_answered_once_each(open_stage: OpenStage) -> None:
    """Ten minutes early, right, and ten minutes late by turns: the platform's clock is not ours."""
    stage = open_stage("sqlite")
    dice = random.Random(10)
    lock = threading.Lock()

    def stamped() -> datetime:
        with lock:
            return datetime.now(UTC) + timedelta(minutes=dice.choice([-10, 0, 10]))

    def says(psid: str) -> None:
        item = stage.page.text(psid, STAMP)
        item["timestamp"] = int(stamped().timestamp() * 1000)
        stage.page.deliver(item)

    people = [str(7_099_000_000_000_000 + number) for number in range(20)]
    stage.pour([partial(says, psid) for _ in range(5) for psid in people])

    verdict = judged(stage, may_repeat=False)
    assert verdict.messages == 100
