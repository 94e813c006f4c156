"""Cleaning up: what is old goes in small steps, what is young or unfinished stays, on both databases."""

import os
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, func, insert, select, update
from structlog.testing import capture_logs

from bot import outbox
from bot.attachment import Attachment
from bot.conversation import Conversation, Memory, Talk, conversation_of, dump_memory, load_memory
from bot.event import Inbound, Text
from bot.inbox import InboxRow
from bot.outbox import OutboxRow
from bot.run.media import FOLDER, keep_file
from bot.run.tally import Tally
from bot.run.tidy import CASES, CHAT, DRAFTS, KEYS, NOTES, RAW, SCANS, Tidier, tidy_forever
from bot.upload import Upload
from catalog.case import Case
from catalog.counting import ScanCount
from catalog.db import Base, Database
from catalog.scan import Scan
from tests.conftest import NOW, opened
from tests.unit.doors import House

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


@pytest.fixture
def tidier(house: House, tmp_path: Path) -> Tidier:
    return Tidier(house.database, tmp_path, ZONE, lambda _seconds: False, rows=100)


def put(database: Database, table: type[Base], *rows: dict[str, Any]) -> None:
    with database.writing() as db:
        db.execute(insert(table), list(rows))


def event_row(house: House, number: int, at: datetime, **more: object) -> dict[str, Any]:
    plain = {"sender": "7", "kind": "Text", "at": at, "received_at": at, "body": b"sealed", "tries": 0, "done_at": at}
    return {"account_id": house.pages["11"], "key": f"message:m{number}", **plain, **more}


def reply_row(house: House, at: datetime, **more: object) -> dict[str, Any]:
    plain = {"channel": "messenger", "address": "7", "conversation_id": 7, "inbox_id": 1, "body": b"sealed", "tries": 0}
    flags = dict.fromkeys(("by_person", "notice", "reclaims", "again"), False)
    return {"account_id": house.pages["11"], **plain, **flags, "reason": "", "way": "", "created_at": at, **more}


def count(database: Database, table: type[Base]) -> int:
    with database.reading() as db:
        return db.scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture
def biggest(house: House) -> Iterator[Counter[str]]:
    """How many rows the transactions of this test changed: the most, and all."""
    seen: Counter[str] = Counter()
    now = 0

    def changed(_c: Any, cursor: Any, statement: str, _p: Any, _x: Any, _many: bool) -> None:
        nonlocal now
        if statement.lstrip().startswith(("UPDATE", "DELETE", "INSERT")):
            now += max(0, cursor.rowcount)

    def ended(_connection: Any) -> None:
        nonlocal now
        seen["most"], seen["all"], now = max(seen["most"], now), seen["all"] + now, 0

    event.listen(house.database.engine, "after_cursor_execute", changed)
    event.listen(house.database.engine, "commit", ended)
    yield seen
    event.remove(house.database.engine, "after_cursor_execute", changed)
    event.remove(house.database.engine, "commit", ended)


def test_five_thousand_old_rows_of_each_go_a_hundred_at_a_time_and_nothing_young_goes(
    house: House, tidier: Tidier, biggest: Counter[str]
) -> None:
    old, young = NOW - KEYS - DAY, NOW - RAW + HOUR
    put(house.database, InboxRow, *(event_row(house, n, old + n * SECOND) for n in range(5000)))
    put(house.database, InboxRow, *(event_row(house, n, young + n * SECOND) for n in range(5000, 5050)))
    put(house.database, OutboxRow, *(reply_row(house, old + n * SECOND, sent_at=old) for n in range(5000)))
    put(house.database, OutboxRow, *(reply_row(house, young, sent_at=young) for n in range(50)))
    biggest.clear()

    done = tidier.round(NOW)

    assert done == {"events": 5000, "replies": 5000}
    assert (biggest["most"], biggest["all"]) == (100, 10_000)
    assert [row.key for row in house.rows()] == [f"message:m{n}" for n in range(5000, 5050)]
    assert all(row.body for row in house.rows())
    assert count(house.database, OutboxRow) == 50
    assert tidier.round(NOW) == {}


@pytest.mark.parametrize(("aged", "gone"), [(-SECOND, False), (SECOND, True)])
def test_an_event_goes_after_ninety_days_and_a_second_delivery_counts_once_until_then(
    house: House, tidier: Tidier, aged: timedelta, gone: bool
) -> None:
    put(house.database, InboxRow, event_row(house, 1, NOW - KEYS - aged))
    tidier.round(NOW)
    house.door.accept("messenger", [Inbound("11", "7", "message:m1", NOW, Text("chào"))])
    (row,) = house.rows()
    assert (row.received_at == NOW, row.body is None) == (gone, not gone)


def test_what_was_said_goes_after_a_week_and_what_still_waits_keeps_it(house: House, tidier: Tidier) -> None:
    old = NOW - RAW - DAY
    waits = {"done_at": None, "error": "ValueError", "tries": 3}
    rows = [event_row(house, n, old + n * SECOND, **(waits if n == 40 else {})) for n in range(250)]
    young = [event_row(house, n, NOW - RAW + n * SECOND) for n in range(250, 260)]
    put(house.database, InboxRow, *rows, *young)

    assert tidier.round(NOW) == {"event bodies": 249}
    assert [row.key for row in house.rows() if row.body] == [f"message:m{n}" for n in (40, *range(250, 260))]
    with house.database.writing() as db:
        db.execute(update(InboxRow).where(InboxRow.done_at.is_(None)).values(done_at=NOW))
    assert tidier.round(NOW) == {"event bodies": 1}
    assert tidier.round(NOW + RAW) == {"event bodies": 10}


def test_an_event_that_waits_is_never_deleted_however_old(house: House, tidier: Tidier) -> None:
    put(house.database, InboxRow, *(event_row(house, n, NOW - 2 * KEYS, done_at=None) for n in range(150)))
    put(house.database, InboxRow, event_row(house, 200, NOW - 2 * KEYS))
    assert tidier.round(NOW) == {"events": 1}
    assert len(house.rows()) == 150


def test_a_reply_that_was_never_sent_is_given_up_and_then_goes(house: House, tidier: Tidier) -> None:
    old = NOW - CHAT - DAY
    put(house.database, OutboxRow, reply_row(house, old), reply_row(house, old, dead_at=old), reply_row(house, NOW))
    assert tidier.round(NOW) == {"replies": 2}
    with house.database.reading() as db:
        late, young = db.scalars(select(OutboxRow).order_by(OutboxRow.id)).all()
    assert (late.dead_at, late.body, late.reason, young.body) == (NOW, None, "too late", b"sealed")
    assert tidier.round(NOW + SECOND) == {"replies": 1}
    assert house.unsent() == [young.id]


def test_what_no_browser_came_back_for_waits_a_week(house: House, tidier: Tidier) -> None:
    old = NOW - RAW - SECOND
    rows = [reply_row(house, old, channel="web") for _ in range(120)]
    kept = [reply_row(house, NOW - RAW + SECOND, channel="web"), reply_row(house, old)]
    put(house.database, OutboxRow, *rows, *kept)
    assert tidier.round(NOW) == {"unfetched replies": 120}
    with house.database.reading() as db:
        dead = db.scalars(select(OutboxRow.error).where(OutboxRow.dead_at == NOW)).all()
    assert dead == ["never fetched"] * 120


def remember(house: House, address: str, memory: Memory, seen_at: datetime) -> int:
    with house.database.writing() as db:
        talk = conversation_of(db, house.pages["11"], address, NOW)
        talk.memory, talk.seen_at, talk.remind_at = dump_memory(db, memory), seen_at, NOW
        db.flush()
        return talk.id


def remembered(house: House, number: int) -> tuple[Memory | None, int, datetime | None]:
    with house.database.reading() as db:
        talk = db.get_one(Conversation, number)
        return load_memory(db, talk), talk.version, talk.remind_at


def test_a_draft_of_a_month_ago_is_forgotten_and_how_she_is_spoken_to_is_not(house: House, tidier: Tidier) -> None:
    draft = Memory(
        talks=[Talk("order", {"draft_id": "d1"})], questions=7, misses=1, lot="4839", language="en", you="chị"
    )
    idle = [remember(house, str(n), draft, NOW - DRAFTS - SECOND) for n in range(101, 351)]
    back = remember(house, "7", draft, NOW - DRAFTS + SECOND)
    plain = remember(house, "8", Memory(language="vi"), NOW - DRAFTS - SECOND)

    assert tidier.round(NOW) == {"drafts": 250}
    assert {repr(remembered(house, one)) for one in idle} == {
        repr((Memory(questions=7, language="en", you="chị"), 3, None))
    }
    assert remembered(house, back) == (draft, 2, NOW)
    assert remembered(house, plain)[1] == 2
    assert tidier.round(NOW + 2 * SECOND) == {"drafts": 1}


def test_a_memory_that_cannot_be_read_any_more_is_forgotten_too(house: House, tidier: Tidier) -> None:
    number = remember(house, "7", Memory(), NOW - DRAFTS - DAY)
    with house.database.writing() as db:
        db.execute(update(Conversation).values(memory=b"sealed with a key that is gone"))
    assert tidier.round(NOW) == {"drafts": 1}
    assert remembered(house, number) == (Memory(), 3, None)


def test_looks_at_a_stamp_become_a_number_for_each_day_of_the_people(house: House, tidier: Tidier) -> None:
    first = datetime(2026, 3, 1, 23, 59, tzinfo=ZONE)
    looks = [
        {"code": code, "channel": channel, "scanned_at": at, "person_hash": str(n)}
        for n in range(60)
        for code, channel, at in (
            ("483920176504", "zalo", first),
            ("483920176504", "zalo", first + 2 * timedelta(minutes=1)),
            ("715038629415", "web", first),
        )
    ]
    put(house.database, Scan, *looks, {**looks[0], "scanned_at": NOW - SCANS + SECOND})

    assert tidier.round(NOW) == {"scans": 180}
    with house.database.reading() as db:
        days = db.execute(select(ScanCount.day, ScanCount.code, ScanCount.channel, ScanCount.count)).all()
    assert sorted(tuple(day) for day in days) == [
        (date(2026, 3, 1), "483920176504", "zalo", 60),
        (date(2026, 3, 1), "715038629415", "web", 60),
        (date(2026, 3, 2), "483920176504", "zalo", 60),
    ]
    assert count(house.database, Scan) == 1


def test_two_clocks_at_once_count_every_look_once(house: House, tidier: Tidier, tmp_path: Path) -> None:
    looks = [
        {"code": "483920176504", "channel": "zalo", "scanned_at": NOW - 2 * SCANS, "person_hash": str(n)}
        for n in range(2000)
    ]
    put(house.database, Scan, *looks)
    other = opened(house.database.url)
    tidiers = [tidier, Tidier(other, tmp_path, ZONE, lambda _seconds: False, rows=100)]
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda one: one.round(NOW), tidiers))
    other.close()
    with house.database.reading() as db:
        counted = db.scalars(select(ScanCount.count)).all()
    assert (counted, sum(one["scans"] for one in done), count(house.database, Scan)) == ([2000], 2000, 0)


def test_a_closed_case_loses_its_words_after_ninety_days_and_goes_after_three_years(
    house: House, tidier: Tidier
) -> None:
    plain = {"account_id": house.pages["11"], "conversation_id": None, "kind": "question", "note": b"sealed"}
    closed = [NOW - NOTES + SECOND, NOW - NOTES - SECOND, NOW - CASES - SECOND]
    rows = [{**plain, "subject": str(n), "opened_at": NOW - 2 * CASES, "closed_at": at} for n, at in enumerate(closed)]
    put(house.database, Case, *rows, {**rows[0], "subject": "open", "closed_at": None})

    assert tidier.round(NOW) == {"case notes": 2, "cases": 1}
    with house.database.reading() as db:
        left = db.execute(select(Case.subject, Case.note).order_by(Case.id)).all()
    assert [tuple(one) for one in left] == [("0", b"sealed"), ("1", None), ("open", b"sealed")]


def test_files_go_with_their_rows_and_so_do_those_that_no_row_names(
    house: House, tidier: Tidier, tmp_path: Path
) -> None:
    folder = tmp_path / FOLDER
    paths = [keep_file(folder, b"sealed") for _ in range(25)]
    stray = folder / keep_file(folder, b"left behind")
    yesterday = (NOW - DAY).timestamp()
    os.utime(stray, (yesterday, yesterday))
    plain = {"account_id": house.pages["11"], "conversation_id": 7, "kind": "photo", "media_type": "", "size": 1}
    rows = [
        {**plain, "inbox_id": n, "place": 0, "path": path, "tries": 1, "error": "", "fetched_at": NOW}
        | {"created_at": NOW - CHAT + (n - 20) * HOUR + SECOND}
        for n, path in enumerate(paths)
    ]
    put(house.database, Attachment, *rows)

    assert tidier.round(NOW) == {"files": 21}
    assert count(house.database, Attachment) == 5
    assert sorted(f"{one.parent.name}/{one.name}" for one in folder.glob("*/*")) == sorted(paths[20:])


def test_ids_of_pictures_that_have_lapsed_go(house: House, tidier: Tidier) -> None:
    plain = {"account_id": house.pages["11"], "external_id": "1", "uploaded_at": NOW - DAY}
    lapses = [NOW - SECOND, NOW + SECOND]
    put(house.database, Upload, *({**plain, "digest": str(n), "lapses_at": at} for n, at in enumerate(lapses)))
    assert tidier.round(NOW) == {"uploads": 1}
    assert count(house.database, Upload) == 1


def test_after_each_step_it_rests_three_times_as_long_as_it_worked_and_stops_when_told(
    house: House, tmp_path: Path
) -> None:
    put(house.database, InboxRow, *(event_row(house, n, NOW - 2 * KEYS) for n in range(50)))
    rests: list[float] = []

    def rest(seconds: float) -> bool:
        rests.append(seconds)
        return len(rests) == 3

    tally = Tally(house.database, "clock", lambda: NOW, host="here")
    tidier = Tidier(house.database, tmp_path, ZONE, rest, tally, rows=10)
    assert tidier.round(NOW) == {"events": 30}
    assert len(house.rows()) == 20
    assert (len(rests), min(rests) >= 0.005) == (3, True)
    assert tidier.round(NOW) == {"events": 20}


def test_a_reply_that_was_given_up_for_its_age_is_not_sent_any_more(house: House, tidier: Tidier) -> None:
    """A sender that holds an old reply in memory asks the table before it sends it."""
    put(house.database, OutboxRow, reply_row(house, NOW - 2 * CHAT))
    (number,) = house.unsent()
    tidier.round(NOW)
    with house.database.reading() as db:
        assert not outbox.is_open(db, number)


def test_a_round_is_told_in_the_log_by_numbers_alone_and_a_broken_one_waits_for_the_next(
    house: House, tmp_path: Path
) -> None:
    put(house.database, InboxRow, event_row(house, 1, NOW - 2 * KEYS), event_row(house, 2, NOW - 2 * RAW))
    put(house.database, OutboxRow, reply_row(house, NOW - 2 * CHAT, sent_at=NOW))
    stopping = threading.Event()
    stopping.wait = lambda timeout=None: True  # type: ignore[method-assign] # an hour
    tidier = Tidier(house.database, tmp_path, ZONE, lambda _seconds: False)
    moments = iter([NOW])

    def now() -> datetime:
        """The second round is broken, in the third it is told to stop."""
        moment = next(moments, None)
        if moment is None:
            stopping.set()
            raise RuntimeError("a mistake of ours")
        return moment

    with capture_logs() as logs:
        tidy_forever(tidier, now, stopping)
    first, second = logs
    assert first.pop("seconds") >= 0
    assert first == {"event": "tidied", "log_level": "info", "events": 1, "event_bodies": 1, "replies": 1}
    assert (second["event"], second["log_level"]) == ("tidying_failed", "error")
