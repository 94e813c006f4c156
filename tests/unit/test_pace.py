"""Calls a minute: never more than allowed, replies before notices."""

import heapq

import pytest

from bot.run.pace import Pace


class Time:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def test_never_more_calls_than_a_minute_allows() -> None:
    time = Time()
    pace = Pace(time)
    gone = 0
    for _ in range(6000):
        gone += pace.wait(1, 100, notice=False) == 0
        time.at += 0.01

    assert 100 <= gone <= 200  # a full bucket, and a minute of refilling


def test_who_has_to_wait_is_told_how_long() -> None:
    time = Time()
    pace = Pace(time)
    for _ in range(60):
        assert pace.wait(1, 60, notice=False) == 0
    wait = pace.wait(1, 60, notice=False)
    assert wait == 1.0

    time.at += wait
    assert pace.wait(1, 60, notice=False) == 0


def test_notices_leave_a_quarter_of_the_minute_to_replies() -> None:
    pace = Pace(Time())
    gone = sum(pace.wait(1, 100, notice=True) == 0 for _ in range(100))

    assert gone == 75
    assert sum(pace.wait(1, 100, notice=False) == 0 for _ in range(100)) == 25


def test_one_call_a_minute_lets_a_notice_through() -> None:
    time = Time()
    pace = Pace(time)

    assert pace.wait(1, 1, notice=True) == 0
    assert pace.wait(1, 1, notice=True) == 60
    time.at += 60
    assert pace.wait(1, 1, notice=True) == 0


def test_those_who_wait_come_back_one_after_the_other() -> None:
    pace = Pace(Time())
    for _ in range(75):
        assert pace.wait(1, 100, notice=True) == 0

    waits = [pace.wait(1, 100, notice=True) for _ in range(900)]

    assert waits == [pytest.approx(0.6 * place) for place in range(1, 901)]


def test_who_waits_with_news_does_not_put_off_those_who_answer() -> None:
    pace = Pace(Time())
    for _ in range(500):
        pace.wait(1, 100, notice=True)

    assert sum(pace.wait(1, 100, notice=False) == 0 for _ in range(25)) == 25
    assert pace.wait(1, 100, notice=False) == pytest.approx(0.6)


def test_everybody_who_was_told_to_come_back_gets_through_in_time() -> None:
    time = Time()
    pace = Pace(time)
    coming = [(0.0, number) for number in range(300)]
    asked = 0
    while coming:
        at, number = heapq.heappop(coming)
        time.at = max(time.at, at)
        asked += 1
        wait = pace.wait(1, 100, notice=True)
        if wait > 0:
            heapq.heappush(coming, (time.at + wait + 1e-6, number))

    assert asked < 600 + 10
    assert time.at <= (300 - 75) * 0.6 + 1


def test_one_account_does_not_use_up_the_calls_of_another() -> None:
    pace = Pace(Time())
    for _ in range(10):
        assert pace.wait(1, 10, notice=False) == 0

    assert pace.wait(1, 10, notice=False) > 0
    assert pace.wait(2, 10, notice=False) == 0


def test_what_the_platform_counts_is_believed() -> None:
    pace = Pace(Time())
    pace.learn(1, 100, 2)

    assert [pace.wait(1, 100, notice=False) == 0 for _ in range(3)] == [True, True, False]
