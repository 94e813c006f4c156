"""Whose turn it is: order in a lane, so many under way, nobody starved."""

import threading
from collections import Counter
from datetime import datetime

import pytest

from bot.conversation import Standing
from bot.outbox import Outgoing
from bot.reply import Bubble
from bot.run.lanes import OWN, Lane, Lanes, Traffic
from tests.conftest import NOW

HERE = Standing(None, None)


class Going:
    """Lanes whose turns are noted and end when the test says so."""

    def __init__(self, *, most: int = 1000, in_all: int = 800, at_once: int = 400) -> None:
        self.under_way: list[Lane] = []
        self.gone: list[int] = []
        self.stir = threading.Event()
        self.lanes = Lanes(
            self.under_way.append, self.stir, self._now, most=most, in_all=in_all, at_once=lambda _channel: at_once
        )
        self._ids = 0

    def put(self, account_id: int, conversation_id: int, *, next_at: datetime | None = None) -> bool:
        self._ids += 1
        bubble = Bubble("a")
        reply = Outgoing(self._ids, account_id, "messenger", "7", conversation_id, 1, bubble, NOW, next_at=next_at)
        return self.lanes.put(reply, HERE)

    def end(self, lane: Lane) -> None:
        self.under_way.remove(lane)
        self.gone.append(lane.replies[0].id)
        self.lanes.done(lane, sent=True)

    def of(self, account_id: int) -> int:
        return Counter(lane.account_id for lane in self.under_way)[account_id]

    def _now(self) -> datetime:
        return NOW


def test_a_lane_has_one_reply_under_way_and_the_next_one_follows() -> None:
    going = Going()
    for _ in range(3):
        assert going.put(1, 7)

    for _ in range(3):
        (lane,) = going.under_way
        going.end(lane)

    assert (going.gone, going.under_way, going.lanes.under_way) == ([1, 2, 3], [], 0)
    assert going.lanes.snapshot() == {1: Traffic(0, 0, 0, 3, {})}


def test_the_lanes_of_an_account_take_turns() -> None:
    going = Going(at_once=1)
    for _ in range(2):
        for conversation_id in (7, 8, 9):
            going.put(1, conversation_id)

    order = []
    while going.under_way:
        order.append(going.under_way[0].conversation_id)
        going.end(going.under_way[0])

    assert order == [7, 8, 9, 7, 8, 9]


def test_a_silent_account_takes_neither_its_own_limit_nor_the_last_places_of_others() -> None:
    going = Going(in_all=50, at_once=40)
    for conversation_id in range(100):
        going.put(1, conversation_id)
    for conversation_id in range(100, 200):
        going.put(2, conversation_id)
    for conversation_id in range(200, 300):
        going.put(3, conversation_id)

    assert (going.of(1), going.of(2), going.of(3)) == (40, 10, OWN)
    assert going.lanes.snapshot()[1] == Traffic(100, 40, 60, 0, {})


def test_who_waits_because_of_others_is_next_when_one_of_them_leaves() -> None:
    going = Going(in_all=20, at_once=20)
    for conversation_id in range(30):
        going.put(1, conversation_id)
    for conversation_id in range(100, 130):
        going.put(2, conversation_id)
    for conversation_id in range(200, 230):
        going.put(3, conversation_id)
    assert (going.of(1), going.of(2), going.of(3)) == (20, OWN, OWN)

    while going.of(1):
        going.end(next(lane for lane in going.under_way if lane.account_id == 1))
    assert going.of(2) + going.of(3) == 20
    while going.under_way:
        going.end(going.under_way[0])

    assert sorted(going.gone) == list(range(1, 91))
    assert {one.sent for one in going.lanes.snapshot().values()} == {30}


def test_an_account_without_a_free_lane_leaves_all_that_follows_in_the_table_until_there_is_room() -> None:
    going = Going(most=4)
    assert [going.put(1, conversation_id) for conversation_id in (1, 2, 3, 4, 5)] == [True, True, True, True, False]
    assert not going.put(1, 1)  # it would overtake the fifth's, were that the same person
    assert going.put(2, 9)
    assert (going.lanes.full(1), going.lanes.full(2), going.lanes.take_room()) == (True, False, False)

    going.end(going.under_way[0])
    assert not going.lanes.take_room()
    going.end(going.under_way[0])

    assert (going.lanes.take_room(), going.lanes.take_room(), going.stir.is_set()) == (True, False, True)
    going.lanes.empty_the_table()
    assert going.put(1, 5)


def test_a_lane_that_is_put_off_frees_its_place_and_comes_back() -> None:
    going = Going(at_once=1)
    going.put(1, 7)
    going.put(1, 8)
    (first,) = going.under_way
    going.under_way.clear()

    going.lanes.put_off(first, 0.0)
    assert [lane.conversation_id for lane in going.under_way] == [8]
    assert (first.waited, going.lanes.pause(), going.stir.is_set()) == (True, 0.0, True)
    going.lanes.release()
    going.end(going.under_way[0])

    assert going.under_way == [first]
    assert going.lanes.pause() is None


def test_after_stopping_no_lane_begins_and_whoever_waits_is_told_when_all_have_ended() -> None:
    going = Going(at_once=2)
    for conversation_id in range(5):
        going.put(1, conversation_id)
    going.lanes.stop()
    ended = threading.Event()

    def wait() -> None:
        going.lanes.wait(10.0)
        ended.set()

    waiting = threading.Thread(target=wait)
    waiting.start()

    going.end(going.under_way[0])
    assert not ended.wait(0.05)
    going.end(going.under_way[0])

    assert ended.wait(10.0)
    waiting.join()
    assert (going.gone, going.under_way) == ([1, 2], [])


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_reply_that_has_to_wait_by_the_table_waits(hours: int) -> None:
    going = Going()
    going.put(1, 7, next_at=NOW.replace(hour=NOW.hour + hours))

    assert (len(going.under_way), going.lanes.pause() is not None) == ((1, False) if hours < 0 else (0, True))
