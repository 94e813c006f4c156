"""The two tables at the doors, on both databases."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Never

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from bot import inbox, outbox
from bot.event import Inbound, Silent, Text
from bot.inbox import Door, Down, InboxRow
from bot.outbox import OutboxRow
from bot.reply import Bubble, Button
from bot.run import tidy_tables
from bot.run.tidy import HELD
from catalog.db import Database
from tests.conftest import NOW
from tests.unit.doors import House


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


def words(number: int, *, sender: str = "7", page: str = "11", key: str = "") -> Inbound:
    return Inbound(page, sender, key or f"message:m{number}", NOW, Text(f"words {number}"))


# Inbox


def test_an_event_that_comes_twice_is_one_row(house: House) -> None:
    house.door.accept("messenger", [words(1), words(2)])
    house.door.accept("messenger", [words(2), words(3), words(3)])

    assert [row.key for row in house.rows()] == ["message:m1", "message:m2", "message:m3"]
    assert house.rings == 2


def test_the_same_key_at_another_page_is_another_event(house: House) -> None:
    house.door.accept("messenger", [words(1), words(1, page="22")])

    assert [row.account_id for row in house.rows()] == list(house.pages.values())


def test_an_event_for_a_page_that_nobody_knows_is_kept_in_silence(house: House) -> None:
    house.door.accept("messenger", [words(1, page="33")])

    (row,) = house.rows()
    assert (row.kind, row.done_at, row.account_id) == ("Silent", NOW, house.pages["11"])


def test_what_is_silent_is_done_when_it_comes(house: House) -> None:
    house.door.accept("messenger", [replace(words(1), event=Silent("echo"))])

    assert [row.done_at for row in house.rows()] == [NOW]


def test_without_a_row_there_is_no_bell(house: House) -> None:
    house.door.accept("messenger", [])

    assert (house.rows(), house.rings) == ([], 0)


def test_a_database_that_is_gone_is_down_and_rings_nothing(house: House) -> None:
    class Gone(Database):
        def writing(self) -> Never:
            raise OperationalError("BEGIN", {}, Exception("gone"))

        reading = writing

    door = Door(Gone(house.database.url, house.database.vault), house.ring, lambda: NOW)

    with pytest.raises(Down):
        door.accept("messenger", [words(1)])
    assert (house.rows(), house.rings) == ([], 0)


def test_a_key_that_is_too_long_still_tells_events_apart(house: House) -> None:
    long = "message:" + "m" * 1000
    house.door.accept("messenger", [words(1, key=long), words(2, key=long + "x"), words(3, key=long)])

    keys = [row.key for row in house.rows()]
    assert len(keys) == len(set(keys)) == 2
    assert all(len(key) <= inbox.KEY_LENGTH for key in keys)


def test_the_words_lie_sealed_and_come_back(house: House) -> None:
    house.door.accept("messenger", [words(1)])

    (row,) = house.rows()
    assert row.body is not None
    assert b"words" not in row.body
    with house.database.reading() as db:
        assert inbox.event_of(db, row) == Text("words 1")


@pytest.mark.parametrize("body", [None, b"sealed by nobody"])
def test_words_that_cannot_be_read_any_more_are_silent(house: House, body: bytes | None) -> None:
    house.door.accept("messenger", [words(1)])
    (row,) = house.rows()
    row.body = body

    with house.database.reading() as db:
        assert isinstance(inbox.event_of(db, row), Silent)


def test_a_person_whose_row_waits_for_another_try_waits_whole_and_nobody_else(house: House) -> None:
    house.door.accept("messenger", [words(1), words(2, sender="8"), words(3), words(4, sender="8")])
    with house.database.writing() as db:
        first = db.scalars(select(InboxRow).order_by(InboxRow.id)).first()
        assert first is not None
        assert not inbox.put_back(db, first, NOW, "ValueError")

    with house.database.reading() as db:
        assert [row.sender for row in inbox.pending(db, NOW, 10)] == ["8", "8"]
        assert [row.sender for row in inbox.pending(db, NOW + timedelta(minutes=5), 10)] == ["7", "8", "7", "8"]


def test_the_fifth_failure_is_the_last(house: House) -> None:
    house.door.accept("messenger", [words(1)])

    lasts = []
    for _ in range(inbox.MAX_TRIES):
        with house.database.writing() as db:
            lasts.append(inbox.put_back(db, db.scalars(select(InboxRow)).one(), NOW, "ValueError"))
    assert lasts == [False, False, False, False, True]


def test_a_row_is_finished_once(house: House) -> None:
    house.door.accept("messenger", [words(1)])

    with house.database.writing() as db:
        row = db.scalars(select(InboxRow)).one()
        assert [inbox.finish(db, row, NOW), inbox.finish(db, row, NOW)] == [True, False]
        assert inbox.oldest_pending(db) == (0, None)


# Outbox


def test_a_reply_comes_back_as_it_was_said(house: House) -> None:
    bubble = Bubble("Đúng chưa ạ?", (Button("1:yes:", "Đúng"),), 2, "Cam", "28.000đ", "/static/cam.jpg")
    with house.database.writing() as db:
        outbox.put(db, house.reply("7", "11"), bubble)

    with house.database.reading() as db:
        (reply,) = outbox.waiting(db, ["messenger"])
    assert (reply.bubble, reply.address, reply.tries) == (bubble, "7", 0)


@pytest.mark.parametrize("at_once", [1, 3, 8, 500])
def test_waiting_replies_come_in_order_however_many_are_read_at_once(house: House, at_once: int) -> None:
    ids = [house.promise(str(n % 2), f"{n}")[0] for n in range(8)]

    with house.database.reading() as db:
        assert _ids(outbox.unsent(db, ["messenger"], at_once=at_once)) == ids
        assert _ids(outbox.unsent(db, ["messenger"], ids[1], at_once)) == ids[2:]
        assert list(outbox.unsent(db, ["web"])) == []


def test_what_is_sent_or_can_never_go_waits_no_more(house: House) -> None:
    sent, dead, later, waits = house.promise("7", "a", "b", "c", "d")
    with house.database.writing() as db:
        outbox.mark_sent(db, [sent], NOW)
        outbox.mark_failed(db, dead, NOW, "blocked", None)
        outbox.mark_failed(db, later, NOW, "busy", NOW + timedelta(seconds=4))

    assert house.unsent() == [later, waits]
    assert (house.row(dead).dead_at, house.row(dead).error) == (NOW, "blocked")
    assert (house.row(later).next_at, house.row(later).tries) == (NOW + timedelta(seconds=4), 1)


def held(house: House, *words: str, **columns: Any) -> list[int]:
    """Replies to 7 that are held since NOW; their ids."""
    ids = house.promise("7", *words)
    with house.database.writing() as db:
        db.execute(update(OutboxRow).where(OutboxRow.id.in_(ids)).values(held_at=NOW, **columns))
    return ids


def test_what_is_taken_up_is_promised_anew_with_all_that_it_was(house: House) -> None:
    (former,) = held(house, "a", by_person=True, reclaims=True, reason="window")
    house.promise("8", "x")

    with house.database.writing() as db:
        assert outbox.take_up(db, 7, NOW + timedelta(hours=1))
        assert outbox.take_up(db, 8, NOW)

    _, new = house.unsent()
    again = house.row(new)
    assert (again.by_person, again.reclaims, again.notice, again.again) == (True, True, False, True)
    assert (again.created_at, again.held_at, again.tries) == (NOW + timedelta(hours=1), None, 0)
    assert (house.row(former).dead_at, house.row(former).error) == (again.created_at, f"promised again as {new}")


def test_while_a_colleague_speaks_the_bots_own_stays_held(house: House) -> None:
    own, news = held(house, "a")[0], held(house, "b", notice=True)[0]

    with house.database.writing() as db:
        assert not outbox.take_up(db, 7, NOW, taken=True)
        assert not outbox.take_up(db, 7, NOW, taken=True)  # nothing is taken up twice
    assert (house.row(own).dead_at, house.row(news).dead_at, len(house.unsent())) == (None, NOW, 1)

    with house.database.writing() as db:
        assert outbox.take_up(db, 7, NOW)
    assert len(house.unsent()) == 2


def test_what_has_no_words_any_more_is_not_taken_up(house: House) -> None:
    (gone,) = held(house, "a", body=None)

    with house.database.writing() as db:
        assert outbox.take_up(db, 7, NOW)

    assert (house.unsent(), house.row(gone).dead_at) == ([], None)


def test_what_was_held_for_a_month_is_buried_and_goes_no_more(house: House) -> None:
    old, young, waits = held(house, "a")[0], held(house, "b")[0], house.promise("7", "c")[0]
    with house.database.writing() as db:
        db.get_one(OutboxRow, young).held_at = NOW + timedelta(seconds=1)
    later = NOW + HELD + timedelta(seconds=1)

    assert list(tidy_tables.held(house.database, later - HELD, later, 10)) == [1]
    with house.database.writing() as db:
        assert outbox.take_up(db, 7, later)

    assert (house.row(old).dead_at, house.row(old).error) == (later, "nobody wrote again")
    assert [house.row(one).again for one in house.unsent()] == [False, True]
    assert (house.unsent()[0], house.row(young).error) == (waits, f"promised again as {house.unsent()[1]}")


@pytest.mark.parametrize("closed", ["sent_at", "dead_at", "held_at", "body"])
def test_a_row_is_open_until_it_is_sent_or_dead_or_held_or_forgotten(house: House, closed: str) -> None:
    first, second = house.promise("7", "a", "b")
    value = None if closed == "body" else NOW
    with house.database.writing() as db:
        db.execute(update(OutboxRow).where(OutboxRow.id == first).values({closed: value}))
        assert [outbox.is_open(db, one) for one in (first, second, 999)] == [False, True, False]


def test_what_a_browser_has_seen_is_hers_alone(house: House) -> None:
    hers = house.promise("7", "a", "b", "c")
    other = house.promise("8", "x")
    with house.database.writing() as db:
        outbox.mark_seen(db, house.pages["11"], "7", hers[1], NOW)

    assert house.unsent() == [hers[2], *other]
    with house.database.reading() as db:
        assert [reply.id for reply in outbox.waiting_for(db, house.pages["11"], "7")] == [hers[2]]
        assert [reply.id for reply in outbox.waiting_for(db, house.pages["11"], "7", hers[0])] == hers[1:]


def test_a_channel_without_an_account_is_kept_in_silence_too(house: House) -> None:
    """Else the platform would switch the webhook off before the co-op has added its account."""
    house.door.accept("zalo", [Inbound("388613280878808645", "7", "user_send_text:1", NOW, Text("Chào"))])

    (row,) = house.rows()
    assert (row.account_id, row.kind, row.done_at) == (min(house.pages.values()), "Silent", NOW)


def _ids(pages: Iterator[Sequence[OutboxRow]]) -> list[int]:
    return [row.id for page in pages for row in page]
