"""Whoever is killed in the middle of whatever: nothing is lost, nothing happens twice, everybody is answered."""

import os
import random
import signal
import time
from collections.abc import Sequence
from concurrent.futures import Future

import pytest
from sqlalchemy import select

from catalog.order import Order
from tests.e2e.conftest import OpenStage
from tests.e2e.crowd import MESSAGES, all_of, crowd
from tests.e2e.people import Person
from tests.e2e.stage import Stage, eventually

pytestmark = pytest.mark.e2e

PEOPLE, AFTERWARDS = 25, 8
GROWER = "Bùi Thị Mến"


def placed(stage: Stage) -> list[str]:
    """The codes of the orders that came by Messenger."""
    with stage.database.reading() as db:
        return list(db.scalars(select(Order.code).where(Order.draft_id.like("m%")).order_by(Order.code)))


def wait_for_more(stage: Stage, count: int, talks: Sequence[Future[list[str]]]) -> None:
    """Until so many more messages were sent, or nobody has anything to send any more."""
    enough = len(stage.page.mids) + count
    eventually(lambda: len(stage.page.mids) >= enough or all(talk.done() for talk in talks), "some more messages")


@pytest.mark.parametrize("kills", [10, pytest.param(200, marks=pytest.mark.soak, id="soak")])
def test_a_worker_that_is_killed_again_and_again_loses_and_doubles_nothing(open_stage: OpenStage, kills: int) -> None:
    """A kill after some seven messages, at a moment that nobody chose; people come until it was killed enough.

    On PostgreSQL; on SQLite, and for all other processes, see tests/trouble.
    """
    stage = open_stage("postgresql")
    chance = random.Random(kills)
    people = 0
    codes: list[str] = []
    while len(stage.kills) < kills:
        more = range(people, people + (AFTERWARDS if people else PEOPLE))
        with crowd(stage, more, most_thought_s=3) as talks:
            while len(stage.kills) < kills and not all(talk.done() for talk in talks):
                wait_for_more(stage, 7, talks)
                time.sleep(chance.uniform(0, 0.1))
                stage.kill("worker")
            codes += all_of(talks)
        people += len(more)
        stage.restock()

    assert sorted(codes) == placed(stage)
    assert len(set(codes)) == 2 * people
    assert len(stage.page.mids) >= people * MESSAGES


def test_an_emptied_redis_loses_nothing_that_waits(open_stage: OpenStage) -> None:
    """On PostgreSQL, where a worker that is frozen inside a write does not keep the webhook from writing."""
    stage = open_stage("postgresql")
    people = [Person(stage, str(7_012_345_678_000_000 + number)) for number in range(10)]
    os.kill(stage.pid("worker"), signal.SIGSTOP)
    for person in people:
        person.type("4839 2017 6504")
    assert stage.waiting()[0] == 10

    stage.redis().flushall()
    os.kill(stage.pid("worker"), signal.SIGCONT)

    assert all(GROWER in person.next().text for person in people)


def test_without_redis_a_message_is_taken_and_the_sweep_answers_it(open_stage: OpenStage) -> None:
    """Redis is at an address where nobody is. The deliveries wait two seconds for their 200, as Zalo does."""
    stage = open_stage("sqlite", REDIS_URL="unix:///nobody/is/here.sock")

    assert GROWER in Person(stage, "7012345678000001").says("4839 2017 6504").text


def test_with_a_frozen_redis_a_message_is_taken_and_the_sweep_answers_it(open_stage: OpenStage) -> None:
    stage = open_stage("sqlite")
    os.kill(stage.pid("valkey"), signal.SIGSTOP)
    try:
        assert GROWER in Person(stage, "7012345678000001").says("4839 2017 6504").text
    finally:
        os.kill(stage.pid("valkey"), signal.SIGCONT)
