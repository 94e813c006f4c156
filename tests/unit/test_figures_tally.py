"""What a process counts and brings to the table, on both databases."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from bot.figure import drop, kept
from bot.run.app import INGEST
from bot.run.figures_wired import SENDER, TURNS, counts
from bot.run.lanes import Traffic
from bot.run.tally import BEAT, Tally
from catalog.db import Database
from tests.conftest import NOW, opened

SECOND = timedelta(seconds=1)


def still() -> datetime:
    return NOW


def told(database: Database) -> dict[tuple[str, ...], float]:
    """All but the beats: name and values of the labels → value."""
    with database.reading() as db:
        return {(row.name, *row.labels.values()): row.value for row in kept(db) if row.name != BEAT}


def test_what_two_processes_count_is_added_up_and_what_is_so_is_replaced(database: Database) -> None:
    one, two = (Tally(database, "worker", still, host=host) for host in ("a", "b"))
    for tally, number in ((one, 2), (two, 3), (one, 4)):
        tally.add("chophien_turns", number)
        tally.add("chophien_sends_failed", account="1", reason="too late")
        tally.set("chophien_lanes", number)
        assert tally.publish()
    assert told(database) == {
        ("chophien_turns",): 9,
        ("chophien_sends_failed", "1", "too late"): 3,
        ("chophien_lanes",): 4,
    }


def test_a_row_says_since_when_and_until_when_it_was_counted(database: Database) -> None:
    moments = [NOW]
    tally = Tally(database, "web", lambda: moments[-1])
    for later in (5, 9):
        moments.append(NOW + later * SECOND)
        tally.add("chophien_turns")
        tally.publish()
    with database.reading() as db:
        (row,) = [row for row in kept(db) if row.name == "chophien_turns"]
    assert (row.value, row.since, row.at) == (2, NOW, NOW + 9 * SECOND)


def test_without_news_nothing_is_written(database: Database) -> None:
    commits: Counter[str] = Counter()

    def committed(_connection: Any) -> None:
        commits["all"] += 1

    tally = Tally(database, "web", still)
    event.listen(database.engine, "commit", committed)
    assert tally.publish(only_news=True)
    assert commits["all"] == 0
    tally.add("chophien_turns")
    tally.publish(only_news=True)
    tally.publish(only_news=True)
    event.remove(database.engine, "commit", committed)
    assert commits["all"] == 1


def test_what_could_not_be_brought_is_brought_later_and_once(database: Database) -> None:
    tally = Tally(database, "web", still)
    with database.writing() as db:
        db.execute(text("ALTER TABLE figure RENAME TO elsewhere"))
    for _ in range(3):
        tally.add("chophien_turns")
        assert not tally.publish()
    with database.writing() as db:
        db.execute(text("ALTER TABLE elsewhere RENAME TO figure"))
    assert (tally.publish(), tally.publish()) == (True, True)
    assert told(database) == {("chophien_turns",): 3}


def test_of_somebody_elses_counts_the_growth_is_added(database: Database) -> None:
    mine = {"deliveries:zalo": 2, "events:zalo": 1, "refused:web": 1, "down:no account": 1, "waiting": 9, "biggest": 4}
    tally = Tally(database, "web", still)
    tally.follow(lambda: mine, INGEST)
    tally.publish()
    mine |= {"deliveries:zalo": 5, "deliveries:web": 7}
    tally.publish()
    tally.publish()
    assert told(database) == {
        ("chophien_deliveries", "zalo"): 5,
        ("chophien_deliveries", "web"): 7,
        ("chophien_events", "zalo"): 1,
        ("chophien_deliveries_refused", "web"): 1,
        ("chophien_ingest_failures", "no account"): 1,
    }


def test_turns_and_traffic_are_told_by_the_names_of_the_page(database: Database) -> None:
    turns = {"turns": 5, "by_hand": 1, "batches": 2, "biggest": 4, "undone": 1, "failed": 2, "dead": 1}
    traffic = {
        3: Traffic(lanes=2, under_way=1, ready=0, sent=7, failures={"later": 2, "too late": 1}),
        4: Traffic(lanes=1, under_way=1, ready=3, sent=0, failures={}),
    }
    tally = Tally(database, "worker", still)
    tally.follow(lambda: turns, TURNS)
    tally.follow(lambda: counts(traffic), SENDER)
    tally.publish()
    assert told(database) == {
        ("chophien_turns",): 5,
        ("chophien_turns_by_hand",): 1,
        ("chophien_turns_failed",): 2,
        ("chophien_turns_dead",): 1,
        ("chophien_turn_batches",): 2,
        ("chophien_turn_batches_undone",): 1,
        ("chophien_turn_batch_biggest",): 4,
        ("chophien_lanes",): 3,
        ("chophien_sends_in_flight",): 2,
        ("chophien_sends_ready",): 3,
        ("chophien_replies_sent", "3"): 7,
        ("chophien_sends_failed", "3", "later"): 2,
        ("chophien_sends_failed", "3", "too late"): 1,
    }


def test_many_threads_and_two_databases_handles_lose_no_count(database: Database) -> None:
    other = opened(database.url)
    tallies = [Tally(one, "web", still) for one in (database, other)]

    def work(tally: Tally) -> None:
        for number in range(200):
            tally.add("chophien_turns")
            tally.observe("chophien_ingest_batch", number % 7)
            if number % 50 == 0:
                tally.publish()

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(work, tally) for tally in tallies * 4]:
            done.result()
    for tally in tallies:
        assert tally.publish()
    other.close()
    rows = told(database)
    assert rows["chophien_turns",] == 1600
    assert sum(value for key, value in rows.items() if key[0] == "chophien_ingest_batch_bucket") == 1600
    assert rows["chophien_ingest_batch_sum",] == 8 * sum(number % 7 for number in range(200))


WRONG: list[Callable[[Tally], None]] = [
    lambda tally: tally.add("chophien_turn"),
    lambda tally: tally.add("chophien_lanes"),
    lambda tally: tally.add("chophien_deliveries"),
    lambda tally: tally.add("chophien_turns", channel="zalo"),
    lambda tally: tally.set("chophien_inbox_pending", 1),
    lambda tally: tally.observe("chophien_turns", 1),
]


@pytest.mark.parametrize("mistake", WRONG)
def test_what_is_not_on_the_page_cannot_be_counted(database: Database, mistake: Callable[[Tally], None]) -> None:
    tally = Tally(database, "web", still)
    with pytest.raises(ValueError, match=r"is no (counter|gauge|histogram) by"):
        mistake(tally)
    tally.publish()
    assert told(database) == {}


def test_its_thread_goes_on_after_a_mistake_and_brings_the_rest_at_the_end(database: Database) -> None:
    looked = threading.Semaphore(0)
    mistakes = [{"deliveries": 1}]  # without its channel

    def snapshot() -> dict[str, int]:
        looked.release()
        return mistakes.pop() if mistakes else {"deliveries:zalo": 1}

    tally = Tally(database, "web", still, every_s=0.01)
    tally.follow(snapshot, INGEST)
    with tally.running():
        tally.start()
        for _ in range(3):
            assert looked.acquire(timeout=20)
        tally.add("chophien_turns")
    assert told(database) == {("chophien_deliveries", "zalo"): 1, ("chophien_turns",): 1}


def test_a_figure_that_was_dropped_begins_again_at_nothing(database: Database) -> None:
    moments = [NOW]
    tally = Tally(database, "web", lambda: moments[-1])
    for name in ("chophien_turns", "chophien_turns_dead"):
        tally.add(name, 5)
    tally.publish()
    with database.writing() as db:
        assert drop(db, ["chophien_turns"], NOW) == 0
        assert drop(db, ["chophien_turns"], NOW + SECOND) == 1
    moments.append(NOW + 2 * SECOND)
    tally.add("chophien_turns")
    tally.publish()
    assert told(database) == {("chophien_turns",): 1, ("chophien_turns_dead",): 5}
