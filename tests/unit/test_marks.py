"""What is marked: together with a turn, by itself when no turn comes, all of it at the end."""

import threading
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from bot import outbox
from bot.outbox import OutboxRow, Outgoing
from bot.permit import Way
from bot.run.marks import AT_ONCE, Arrival, Marks
from catalog.account import Account, pause
from catalog.db import Database
from tests.conftest import NOW
from tests.unit.doors import House
from tests.unit.test_sender import PATIENCE_S, eventually


class Told:
    """Which ids are out of the way."""

    def __init__(self) -> None:
        self.ids: list[int] = []

    def __call__(self, ids: object) -> None:
        assert isinstance(ids, list)
        self.ids.extend(ids)


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def marks(house: House, told: Told) -> Marks:
    """Not started."""
    return Marks(house.database, lambda: NOW, told)


def arrivals(house: House, count: int, *, well: bool = False, way: Way = Way.REPLY) -> list[Arrival]:
    ids = house.promise("7", *(str(n) for n in range(count)))
    with house.database.reading() as db:
        return [Arrival(outbox.opened(db, db.get_one(OutboxRow, one)), well, way) for one in ids]


def sent(house: House, came: list[Arrival]) -> list[tuple[datetime | None, str]]:
    rows = [house.row(arrival.reply.id) for arrival in came]
    return [(row.sent_at, row.way) for row in rows]


def statements(database: Database) -> list[str]:
    heard: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *call: heard.append(call[2]))
    return heard


def test_a_turns_transaction_takes_them_along_in_one_statement(house: House, marks: Marks, told: Told) -> None:
    came = arrivals(house, 30)
    for arrival in came:
        marks.arrived(arrival)

    taken = marks.take()
    with house.database.writing() as db:
        heard = statements(house.database)
        marks.write(db, taken)
        written = [statement for statement in heard if not statement.startswith("BEGIN")]
    assert told.ids == []
    marks.settled(taken)

    assert (taken, len(written), marks.take()) == (came, 1, [])
    assert sent(house, came) == [(NOW, "")] * 30
    assert told.ids == [arrival.reply.id for arrival in came]


def test_what_went_another_way_says_so_and_a_mark_changes_nothing_that_was_marked(house: House, marks: Marks) -> None:
    first, second, third = arrivals(house, 3)
    with house.database.writing() as db:
        marks.write(db, [first, second._replace(way=Way.HUMAN)])
        marks.write(db, [first._replace(way=Way.TEMPLATE)])

    assert sent(house, [first, second, third]) == [(NOW, ""), (NOW, "human"), (None, "")]


def test_one_transaction_takes_no_more_than_it_can_carry(house: House, marks: Marks) -> None:
    reply = Outgoing(1, 1, "messenger", "7", 7, 1, arrivals(house, 1)[0].reply.bubble, NOW)
    for number in range(AT_ONCE + 7):
        marks.arrived(Arrival(replace(reply, id=number), well=False))

    assert [len(marks.take()) for _ in range(3)] == [AT_ONCE, 7, 0]


def test_what_a_turn_gives_back_is_marked_without_it(house: House, marks: Marks, told: Told) -> None:
    came = arrivals(house, 3)
    for arrival in came:
        marks.arrived(arrival)
    taken = marks.take()

    def turn() -> None:
        with house.database.writing() as db:
            marks.write(db, taken)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        turn()
    marks.put_back(taken)
    assert sent(house, came) == [(None, "")] * 3

    marks.start()
    eventually(lambda: len(told.ids) == 3, "they are marked")
    marks.stop(PATIENCE_S)

    assert sent(house, came) == [(NOW, "")] * 3


def test_what_ends_a_pause_is_not_for_a_turn(house: House, marks: Marks, told: Told) -> None:
    """It locks the account's row, which a turn must not wait for."""
    with house.database.writing() as db:
        pause(db, house.pages["11"], "token", NOW)
    (first,) = arrivals(house, 1, well=True)
    (again,) = arrivals(house, 1)
    again = again._replace(reply=replace(again.reply, again=True))
    for arrival in (first, again):
        marks.arrived(arrival)
    assert marks.take() == []

    marks.start()
    eventually(lambda: len(told.ids) == 2, "they are marked")
    marks.stop(PATIENCE_S)

    assert sent(house, [first, again]) == [(NOW, "")] * 2
    with house.database.reading() as db:
        assert db.get_one(Account, house.pages["11"]).paused_at is None


def test_in_the_ordinary_case_the_marker_asks_nothing(house: House, marks: Marks, told: Told) -> None:
    came = arrivals(house, 40)
    for arrival in came:
        marks.arrived(arrival)
    heard = statements(house.database)

    marks.start()
    eventually(lambda: len(told.ids) == 40, "they are marked")
    marks.stop(PATIENCE_S)

    assert [one.split()[0] for one in heard if not one.startswith("BEGIN")] == ["UPDATE"]


def test_stopping_marks_all_that_arrived_and_waits_for_what_a_turn_has(house: House, marks: Marks, told: Told) -> None:
    came = arrivals(house, 5)
    marks.start()
    for arrival in came[:2]:
        marks.arrived(arrival)
    eventually(lambda: len(told.ids) == 2, "the first are marked")
    taken: list[Arrival] = []
    while not taken:  # the marker may have been faster
        late = arrivals(house, 1)
        came += late
        marks.arrived(late[0])
        taken = marks.take()

    stopping = threading.Thread(target=marks.stop, args=(PATIENCE_S,))
    stopping.start()
    for arrival in came[2:5]:
        marks.arrived(arrival)
    marks.put_back(taken)
    stopping.join(PATIENCE_S)

    assert not stopping.is_alive()
    assert sent(house, came) == [(NOW, "")] * len(came)
    assert sorted(told.ids) == sorted(arrival.reply.id for arrival in came)


def test_while_the_database_is_gone_they_wait(house: House, told: Told) -> None:
    class Moody(Database):
        refusals = 3

        def writing(self):  # type: ignore[no-untyped-def] # as its parent
            if self.refusals:
                self.refusals -= 1
                raise OperationalError("UPDATE", {}, Exception("gone"))
            return super().writing()

    moody = Moody(house.database.url, house.database.vault)
    marks = Marks(moody, lambda: NOW, told)
    came = arrivals(house, 3)
    for arrival in came:
        marks.arrived(arrival)
    marks.start()
    eventually(lambda: len(told.ids) == 3, "they are marked")
    marks.stop(PATIENCE_S)
    moody.close()

    assert (sent(house, came), moody.refusals) == ([(NOW, "")] * 3, 0)
