"""The clock's alarms of threads that a colleague has: staff hear that she waits, then the bot is back, each once."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from bot import inbox
from bot.conversation import Conversation, conversation_of
from bot.engine import take_turn
from bot.event import Due, HandedBack, Inbound, Overheard, TakenOver, Text
from bot.inbox import InboxRow
from bot.outbox import OutboxRow
from bot.run.clock import TICK_SECONDS, WINDOW, remind, tick
from bot.thread import CASE, ENDS, NOTICE, OVER, alarms
from catalog.case import Case, open_cases
from catalog.db import Database
from tests.conftest import NOW
from tests.unit.room import CUSTOMER, Room, Rooms

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
SILENT_FOR = timedelta(hours=12)
HOA = TakenOver("4713478301", "Chào chị.")
WAITS = "customer waits"


@pytest.fixture
def room(demo: Database, tmp_path: Path) -> Iterator[Room]:
    """Somebody who has bought here before, on each database."""
    with Rooms(demo, tmp_path).room(CUSTOMER) as room:
        room.hears(Text("0"))
        yield room


def rung(room: Room) -> list[str]:
    """The names of all alarms that were ever put into her inbox, oldest first."""
    rows = room.db.scalars(select(InboxRow).where(InboxRow.key.like("due:takeover%")).order_by(InboxRow.id))
    events = [inbox.event_of(room.db, row) for row in rows]
    assert all(isinstance(event, Due) for event in events)
    return [event.name for event in events if isinstance(event, Due)]


def turns(room: Room) -> int:
    """Take every turn that waits: how many replies came of it."""
    for row in inbox.pending(room.db, room.clock.at, 50):
        with room.db.begin_nested():
            take_turn(room.db, row, room.world)
    return len(room.db.scalars(select(OutboxRow.id)).all())


def ticks(room: Room, lasting: timedelta, every: timedelta = timedelta(minutes=10)) -> int:
    """Let the clock tick for so long, with turns taken after each tick: how many replies came of it."""
    before = turns(room)
    end = room.clock.at + lasting
    while room.clock.at < end:
        room.clock.at += every
        tick(room.db, room.clock.at, ZONE)
        turns(room)
    return turns(room) - before


def talk(room: Room) -> Conversation:
    return room.db.scalars(select(Conversation).where(Conversation.address == room.address)).one()


def kinds(room: Room) -> list[str]:
    return [case.kind for case in open_cases(room.db)]


def test_where_she_waits_staff_hear_before_and_then_the_bot_speaks_each_once(room: Room) -> None:
    room.hears(HOA)
    room.hears(Text("alo"))

    assert ticks(room, SILENT_FOR - NOTICE - timedelta(minutes=21)) == 0
    assert (rung(room), WAITS in kinds(room)) == ([], False)
    assert ticks(room, timedelta(minutes=40)) == 0
    assert (rung(room), kinds(room).count(WAITS)) == ([ENDS], 1)
    assert ticks(room, HOUR) == 1

    assert rung(room) == [ENDS, OVER]
    assert (talk(room).taken_until, talk(room).taken_by, talk(room).left_alone) == (None, "", False)
    assert ticks(room, 24 * HOUR) == 0
    assert rung(room) == [ENDS, OVER]


def test_where_the_colleague_had_the_last_word_nobody_is_troubled(room: Room) -> None:
    room.hears(Text("alo"))
    room.hears(HOA)

    assert ticks(room, 13 * HOUR) == 0

    assert (rung(room), WAITS in kinds(room)) == ([OVER], False)
    assert talk(room).taken_until is None


def test_however_often_the_clock_ticks_before_the_turn_is_taken_there_is_one_alarm_of_a_kind(room: Room) -> None:
    room.hears(HOA)
    room.hears(Text("alo"))
    until = talk(room).taken_until
    assert until is not None

    for start, name in ((until - NOTICE, ENDS), (until, OVER)):
        for number in range(50):
            room.clock.at = start + number * TICK_SECONDS * SECOND
            assert alarms(room.db, room.clock.at) == 1
        assert rung(room)[-1] == name

    assert rung(room) == [ENDS, OVER]


def test_an_alarm_rings_neither_a_moment_early(room: Room) -> None:
    room.hears(HOA)
    room.hears(Text("alo"))
    until = talk(room).taken_until
    assert until is not None

    assert alarms(room.db, until - NOTICE - SECOND) == 0
    alarms(room.db, until - SECOND)
    assert rung(room) == [ENDS]
    alarms(room.db, until)
    assert rung(room) == [ENDS, OVER]


def test_a_second_take_over_has_alarms_of_its_own(room: Room) -> None:
    for _ in range(2):
        room.hears(HOA)
        room.hears(Text("alo"))
        ticks(room, 13 * HOUR)

    assert rung(room) == [ENDS, OVER] * 2
    assert [case.kind for case in room.db.scalars(select(Case).order_by(Case.id))].count(CASE) == 2
    assert CASE not in kinds(room)


def test_a_colleague_who_writes_between_alarm_and_turn_keeps_the_thread(room: Room) -> None:
    room.hears(HOA)
    room.hears(Text("alo"))
    until = talk(room).taken_until
    assert until is not None
    room.clock.at = until - timedelta(minutes=1)
    room.hears(TakenOver(HOA.by, "Em đây ạ."))
    inbox.receive(
        room.db,
        [(room.account_id, Inbound("", room.address, "due:late", until, Due(OVER, "")))],
        until,
    )
    room.clock.at = until

    before = turns(room)
    assert turns(room) == before
    assert talk(room).taken_until == until - timedelta(seconds=55) + SILENT_FOR


def test_a_clock_that_was_down_for_a_day_frees_the_thread_and_does_not_speak_into_a_shut_window(room: Room) -> None:
    room.hears(HOA)
    room.hears(Text("alo"))
    room.waits(36 * HOUR)

    assert ticks(room, HOUR) == 0

    assert rung(room) == [OVER]
    assert (talk(room).taken_until, talk(room).left_alone) == (None, False)
    assert kinds(room) == [WAITS]


def test_an_over_that_came_to_nothing_rings_again_every_hour(room: Room) -> None:
    room.hears(HOA)
    room.hears(Text("alo"))
    until = talk(room).taken_until
    assert until is not None

    for minutes in range(0, 180, 5):  # no turn is taken
        alarms(room.db, until + timedelta(minutes=minutes))

    assert rung(room) == [OVER] * len({(until + timedelta(minutes=minutes)).hour for minutes in range(0, 180, 5)})


def test_an_alarm_that_finds_her_answered_meanwhile_says_nothing(room: Room) -> None:
    room.hears(HOA)
    room.hears(Text("alo"))
    until = talk(room).taken_until
    assert until is not None
    room.clock.at = until - NOTICE
    assert alarms(room.db, room.clock.at) == 1
    room.hears(TakenOver(HOA.by, "Em đây ạ."))  # its turn is taken before that of the alarm

    turns(room)

    assert (rung(room), WAITS in kinds(room)) == ([ENDS], False)


def test_only_threads_where_she_waits_or_that_are_over_ring_the_soonest_first(room: Room) -> None:
    """However many are taken: two hundred at a time, and none of those where nobody waits is among them."""
    now = room.clock.at
    for number in range(450):
        row = conversation_of(room.db, room.account_id, f"p{number}", now)
        row.taken_by, row.taken_until = HOA.by, now + timedelta(seconds=450 - number)
        row.left_alone = number % 2 == 1
    room.db.flush()

    assert alarms(room.db, now) == 200

    ringing = room.db.scalars(select(InboxRow.sender).where(InboxRow.key.like("due:%")).order_by(InboxRow.id)).all()
    assert ringing == [f"p{number}" for number in range(449, 49, -2)]


def test_a_clock_that_was_down_for_an_hour_only_is_late_and_not_silent(room: Room) -> None:
    room.hears(HOA)
    room.hears(Text("alo"))
    room.waits(SILENT_FOR + HOUR)

    assert ticks(room, HOUR) == 1
    assert rung(room) == [OVER]


def test_what_was_handed_back_before_rings_no_more(room: Room) -> None:
    room.hears(HOA)
    room.hears(Text("alo"))
    room.hears(HandedBack("staff"))

    assert ticks(room, 24 * HOUR) == 0
    assert rung(room) == []


def test_words_beside_us_do_not_make_the_silence_longer_and_she_is_not_left_waiting(room: Room) -> None:
    room.hears(Overheard("em ơi"))
    began = room.clock.at
    ticks(room, 11 * HOUR)
    room.hears(Overheard("alo?"))

    assert ticks(room, 2 * HOUR) == 1

    assert rung(room) == [ENDS, OVER]
    assert began < NOW + HOUR


def test_no_cart_is_remembered_while_a_colleague_has_the_thread(room: Room) -> None:
    room.hears(Text("2 goi mien"))
    room.hears(HOA)
    assert talk(room).remind_at is not None

    assert ticks(room, 6 * HOUR) == 0
    assert room.state == "order.Basket"


def test_no_cart_is_remembered_for_who_wants_no_messages_unasked(room: Room) -> None:
    room.hears(Text("2 goi mien"))
    assert talk(room).remind_at is not None
    room.hears(Text("đừng nhắn tin nữa"))
    assert talk(room).remind_at is None

    room.hears(Text("them 1 goi mien"))
    assert talk(room).remind_at is None
    assert ticks(room, 6 * HOUR) == 0
    assert room.state == "order.Basket"


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_cart_is_remembered_only_where_she_may_be_written_to(room: Room, hours: int) -> None:
    """By her last action that lets us write, and not by when we last got something from her."""
    room.hears(Text("2 goi mien"))
    hers = talk(room)
    assert hers.remind_at is not None
    hers.seen_at = room.clock.at - 2 * WINDOW
    hers.touched_at = hers.remind_at - WINDOW + hours * HOUR
    room.clock.at = hers.remind_at

    assert remind(room.db, room.clock.at, ZONE) == (hours > 0)
    assert hers.remind_at is None


def test_her_next_word_before_the_alarm_is_answered_and_the_alarm_then_says_nothing(room: Room) -> None:
    room.hears(HOA)
    room.hears(Text("alo"))
    until = talk(room).taken_until
    assert until is not None
    room.clock.at = until
    alarms(room.db, until)

    room.clock.at = until - 5 * SECOND
    assert room.hears(Text("0"))  # its turn is taken before that of the alarm

    assert ticks(room, HOUR) == 0
    assert rung(room) == [OVER]
