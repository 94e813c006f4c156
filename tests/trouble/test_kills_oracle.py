"""The oracle of this folder must be able to say no: every fault that it looks for is planted once."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.conversation import Conversation
from bot.inbox import InboxRow
from bot.outbox import OutboxRow
from catalog.offer import Offer
from catalog.order import Order
from tests.e2e.people import Shopper
from tests.trouble.conftest import OpenStage
from tests.trouble.noting import Arrived
from tests.trouble.oracle import faults, judged, repeats
from tests.trouble.stage import TOKEN, Kill, Stage

KILL = Kill("worker", 10.0, 10.5, datetime.now(UTC), frozenset(), frozenset({7}), 1, excuses=True)


def bubble(number: int, at: float, *, whole: bool = True) -> Arrived:
    return Arrived("her", f"out:{number}.0", at, whole)


@pytest.mark.parametrize(
    ("arrived", "kill", "by_kill", "by_doubt", "unexcused"),
    [
        pytest.param([bubble(7, 9.9), bubble(7, 11)], KILL, 1, 0, 0, id="sent, not marked, its sender killed"),
        pytest.param([bubble(7, 9.9), bubble(7, 9.95)], KILL, 0, 0, 1, id="both before the kill"),
        pytest.param([bubble(7, 12), bubble(7, 12.5)], KILL, 0, 0, 1, id="both by the next life"),
        pytest.param([bubble(8, 9.9), bubble(8, 11)], KILL, 0, 0, 1, id="marked before the kill"),
        pytest.param([bubble(7, 9.9), bubble(7, 11)], replace(KILL, excuses=False), 0, 0, 1, id="another was killed"),
        pytest.param([bubble(7, 9.9), bubble(7, 11), bubble(7, 12.5)], KILL, 1, 0, 1, id="twice after one kill"),
        pytest.param([bubble(8, 1, whole=False), bubble(8, 3)], KILL, 0, 1, 0, id="never answered properly"),
        pytest.param([bubble(8, 1), bubble(8, 3, whole=False)], KILL, 0, 0, 1, id="answered properly the first time"),
    ],
)
def test_a_repeat_needs_an_excuse(
    arrived: list[Arrived], kill: Kill, by_kill: int, by_doubt: int, unexcused: int
) -> None:
    after, doubted, lines = repeats(arrived, [kill])

    assert (after, doubted, len(lines)) == ([by_kill], by_doubt, unexcused)


@pytest.mark.e2e
def test_whatever_is_wrong_is_seen(open_stage: OpenStage) -> None:
    stage = open_stage("sqlite")
    shopper = Shopper(stage, "7012345678000001", ["Chị Hằng 0912345678", "số 5 ngõ 20 Dịch Vọng, Cầu Giấy, Hà Nội"])
    shopper.says("4839 2017 6504")
    shopper.buys("2 goi mien")
    judged(stage)

    for plant, seen in PLANTED:
        with plant(stage):
            found = "\n".join(faults(stage))
            assert re.search(seen, found), f"{seen!r} is not in {found!r}"
        assert faults(stage) == []


@contextmanager
def changed(stage: Stage, table: Any, **values: object) -> Iterator[None]:
    """The newest row of the table is different for a while."""
    with stage.database.writing() as db:
        newest = db.execute(
            select(table.id, *(getattr(table, name) for name in values)).order_by(table.id.desc()).limit(1)
        ).one()
        db.execute(update(table).where(table.id == newest[0]).values(**values))
    yield
    with stage.database.writing() as db:
        db.execute(update(table).where(table.id == newest[0]).values(**dict(zip(values, newest[1:], strict=True))))


@contextmanager
def logged(stage: Stage, words: str) -> Iterator[None]:
    log = stage.folder / "log"
    before = log.read_bytes()
    with log.open("a", encoding="utf-8") as stream:
        stream.write(words + "\n")
    yield
    log.write_bytes(before)


@contextmanager
def lost(stage: Stage) -> Iterator[None]:
    """The platform has not received the last bubble."""
    last = stage.platform._delivered.pop()
    yield
    stage.platform._delivered.append(last)


@contextmanager
def swapped(stage: Stage) -> Iterator[None]:
    """The platform received the last two bubbles the other way round."""
    stage.platform._delivered[-2:] = reversed(stage.platform._delivered[-2:])
    yield
    stage.platform._delivered[-2:] = reversed(stage.platform._delivered[-2:])


@contextmanager
def taken(stage: Stage) -> Iterator[None]:
    """A message was answered with 200 and is not there."""
    stage.page.mids.append("m_lost")
    yield
    stage.page.mids.pop()


PLANTED: list[tuple[Callable[[Stage], AbstractContextManager[None]], str]] = [
    (lost, "received .* instead of"),
    (swapped, "received .* instead of"),
    (taken, "m_lost was taken and is not there"),
    (lambda stage: changed(stage, InboxRow, done_at=None), "is not done well"),
    (lambda stage: changed(stage, OutboxRow, sent_at=None), "was not sent"),
    (lambda stage: changed(stage, OutboxRow, inbox_id=1), "out of order|answers inbox 1 after|was answered with 0"),
    (lambda stage: changed(stage, Offer, left=Decimal(1)), "has 1 left, its ledger says"),
    (lambda stage: changed(stage, Order, status="cancelled"), "left the stock, 0 was ordered"),
    (lambda stage: changed(stage, Order, total_vnd=1), "unlike the replay: .* orders"),
    (lambda stage: changed(stage, Conversation, minute_count=99), "unlike the replay: .* standing"),
    (lambda stage: logged(stage, f"POST /me/messages?access_token={TOKEN}"), "log holds a secret"),
    (lambda stage: logged(stage, "sold to 0912345678"), "log holds a phone number"),
    (lambda stage: logged(stage, '"said": "2 goi mien", "number": "Ch\\u1ecb H\\u1eb1ng 0912345678"'), "a message"),
]
