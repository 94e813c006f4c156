"""She tells the platform that we must forget her: every talk of hers, on both sides, and nothing of anybody else's."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from bot import inbox, outbox
from bot.attachment import FORGOTTEN, Attachment, mark_fetched
from bot.conversation import Conversation, Memory, dump_memory, load_memory
from bot.event import Event, Inbound, Photo, TakenOver, Text, Withdrawn
from bot.forget import forget_talk
from bot.inbox import InboxRow, event_of
from bot.outbox import OutboxRow
from bot.reply import Bubble
from catalog.case import note_of, open_cases
from catalog.db import Database
from catalog.person import Person
from tests.unit.room import CUSTOMER, PRODUCER, Room, Rooms

PICTURE = Photo(("https://a.example/1.jpg",), "cam hỏng")


@pytest.fixture
def rooms(demo: Database, tmp_path: Path) -> Rooms:
    return Rooms(demo, tmp_path)


@pytest.fixture
def room(rooms: Rooms) -> Iterator[Room]:
    with rooms.room(CUSTOMER) as room:
        yield room


def beside(room: Room, address: str) -> Room:
    """Another conversation at the same account."""
    return Room(room.db, room.world, room.clock, room.account_id, address, _numbers=room._numbers)


def talk(room: Room) -> Conversation:
    return room.db.scalars(select(Conversation).where(Conversation.address == room.address)).one()


def same_person(*rooms: Room) -> int:
    """All of these are one customer, whom we know; her number."""
    db = rooms[0].db
    somebody = Person(created_at=rooms[0].clock.at)
    db.add(somebody)
    db.flush()
    for room in rooms:
        talk(room).person_id = somebody.id
    db.flush()
    return somebody.id


def words_of(room: Room) -> list[Event]:
    """What we still have of what came from her."""
    rows = room.db.scalars(select(InboxRow).where(InboxRow.sender == room.address).order_by(InboxRow.id))
    return [event_of(room.db, row) for row in rows if row.body is not None]


def replies_of(room: Room) -> list[OutboxRow]:
    room.db.expire_all()
    mine = select(OutboxRow).where(OutboxRow.address == room.address).order_by(OutboxRow.id)
    return list(room.db.scalars(mine))


def files_of(room: Room) -> list[Attachment]:
    room.db.expire_all()
    return list(room.db.scalars(select(Attachment).where(Attachment.conversation_id == talk(room).id)))


def test_all_her_conversations_are_forgotten_and_nobody_elses(room: Room) -> None:
    phone, other = beside(room, "lan on the phone"), beside(room, "hoa")
    for one in (room, phone, other):
        one.hears(Text("2 goi mien"))
        one.hears(PICTURE)
    same_person(room, phone)

    assert room.hears(Withdrawn()) == []

    for one in (room, phone):
        assert [event for event in words_of(one) if not isinstance(event, Withdrawn)] == []
        assert one.memory == Memory()
        assert {reply.body for reply in replies_of(one)} == {None}
        assert {(reply.dead_at, reply.error) for reply in replies_of(one)} == {(room.clock.at, "forgotten")}
        assert [(file.url, file.failed_at, file.error) for file in files_of(one)] == [(None, room.clock.at, FORGOTTEN)]
        assert talk(one).person_id is None
    assert words_of(other) == [Text("2 goi mien"), PICTURE]
    assert other.state == "order.Basket"
    assert all(reply.body and reply.dead_at is None for reply in replies_of(other))
    assert [file.failed_at for file in files_of(other)] == [None]


def test_what_makes_a_message_the_same_message_stays(room: Room) -> None:
    room.hears(Text("2 goi mien"))
    keys = set(room.db.scalars(select(InboxRow.key).where(InboxRow.sender == room.address)))

    room.hears(Withdrawn())

    assert keys < set(room.db.scalars(select(InboxRow.key).where(InboxRow.sender == room.address)))


def test_a_reply_that_was_sent_keeps_that_it_was_and_one_that_waits_never_goes(room: Room) -> None:
    room.hears(Text("0"))
    (sent,) = [reply.id for reply in replies_of(room)]
    at = room.clock.at
    outbox.mark_sent(room.db, [sent], at)
    room.hears(Text("2 goi mien"))

    room.hears(Withdrawn())

    first, *rest = replies_of(room)
    assert (first.sent_at, first.dead_at, first.body) == (at, None, None)
    assert rest
    assert all((reply.sent_at, reply.dead_at, reply.body) == (None, room.clock.at, None) for reply in rest)
    assert outbox.waiting_for(room.db, room.account_id, room.address) == []


def test_a_file_that_we_have_is_marked_to_be_removed_with_its_row(room: Room) -> None:
    room.hears(PICTURE)
    (file,) = files_of(room)
    file.tries = 1
    room.db.flush()
    assert mark_fetched(room.db, file.id, 1, room.clock.at, path="ab/cd", media_type="image/jpeg", size=9)

    room.hears(Withdrawn())

    (file,) = files_of(room)
    assert (file.path, file.error, file.failed_at) == ("ab/cd", FORGOTTEN, None)


def test_a_thread_that_a_colleague_has_is_the_bots_again_and_her_words_leave_the_case(room: Room) -> None:
    room.hears(TakenOver("12", "Chào chị Hằng"))
    room.hears(Text("em ơi"))

    assert room.hears(Withdrawn()) == []

    assert (talk(room).taken_until, talk(room).taken_by) == (None, "")
    assert [note_of(room.db, case) for case in open_cases(room.db)] == [""]


def test_what_came_before_and_waits_for_its_turn_is_not_answered_any_more(room: Room) -> None:
    room.hears(Text("0"))
    waiting = Inbound("", room.address, "m_waits", room.clock.at, Text("2 goi mien"))
    inbox.receive(room.db, [(room.account_id, waiting)], room.clock.at)

    room.hears(Withdrawn())

    row = room.db.scalars(select(InboxRow).where(InboxRow.key == "m_waits")).one()
    assert row.body is None
    assert row.done_at is None
    (answered,) = inbox.pending(room.db, room.clock.at, 9)
    assert type(event_of(room.db, answered)).__name__ == "Silent"


def test_she_may_come_back_as_somebody_whom_we_do_not_know(room: Room) -> None:
    room.hears(Text("2 goi mien"))
    same_person(room)
    room.hears(Withdrawn())

    assert room.hears(Text("0"))

    assert room.state == ""
    assert talk(room).person_id is None


def test_being_told_twice_is_as_being_told_once(room: Room) -> None:
    room.hears(Text("0"))

    assert room.hears(Withdrawn()) == room.hears(Withdrawn()) == []
    assert room.memory == Memory()


def test_whom_we_never_met_is_forgotten_in_peace(room: Room) -> None:
    assert room.hears(Withdrawn()) == []
    assert open_cases(room.db) == []


def test_a_producer_is_not_forgotten_by_a_machine_but_a_person_is_called(rooms: Rooms) -> None:
    with rooms.room(PRODUCER) as room:
        room.hears(Text("0"))
        said, memory = words_of(room), talk(room).memory

        assert room.hears(Withdrawn()) == []

        assert words_of(room) == [*said, Withdrawn()]
        assert load_memory(room.db, talk(room)) is not None
        assert memory != b""
        assert all(reply.body and reply.dead_at is None for reply in replies_of(room))
        (case,) = open_cases(room.db)
        assert (case.kind, case.conversation_id) == ("data request", talk(room).id)
        assert note_of(room.db, case) == "withdrawn on the platform"
        assert talk(room).person_id is not None


def test_the_row_at_hand_keeps_its_body(room: Room) -> None:
    room.hears(Text("0"))
    room.hears(Text("2 goi mien"))
    at_hand = room.db.scalars(select(InboxRow.id).order_by(InboxRow.id.desc()).limit(1)).one()

    forget_talk(room.db, talk(room), at_hand, room.clock.at)

    room.db.expire_all()
    assert words_of(room) == [Text("2 goi mien")]
    assert talk(room).memory != dump_memory(room.db, Memory())  # sealed anew each time
    assert load_memory(room.db, talk(room)) == Memory()
    assert all(reply.bubble == Bubble("") for reply in (outbox.opened(room.db, row) for row in replies_of(room)))
