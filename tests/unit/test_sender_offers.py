"""What the worker offers goes without being read again, and never twice nor before what was promised earlier.

Tried: offers beside readings of the table all the time, replies of other processes in between, more people than lanes,
an offer before the first reading, a database that is gone, a lower number that comes later.
"""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from bot import outbox
from bot.conversation import Standing
from bot.outbox import OutboxRow, Outgoing
from bot.permit import Terms
from bot.reply import Bubble
from bot.run.sender import Sender
from catalog.db import Database
from catalog.vault import Vault
from tests.conftest import NOW, SECRET, Fresh, opened
from tests.unit.doors import House
from tests.unit.test_sender import PATIENCE_S, Courier, eventually

HERE = Standing(NOW, None)


@pytest.fixture
def lite(fresh: Fresh) -> Iterator[House]:
    database = opened(fresh.url("sqlite", "empty"))
    yield House(database)
    database.close()


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


@contextmanager
def sender_of(house: House, courier: Courier, database: Database | None = None, **limits: Any) -> Iterator[Sender]:
    """It never reads the table again by itself, unless `rescan_s` is given."""
    limits = {"rescan_s": 1000.0, **limits}
    sender = Sender(database or house.database, {"messenger": courier}, lambda: NOW, 8, **limits)
    sender.start()
    try:
        yield sender
    finally:
        courier.gate.set()
        sender.stop(PATIENCE_S)


def offered(house: House, ids: list[int], words: str = "") -> list[tuple[Outgoing, Standing]]:
    """What the worker holds of rows that it has just promised. words: other ones than those in the table."""
    with house.database.reading() as db:
        replies = [outbox.opened(db, db.get_one(OutboxRow, one)) for one in ids]
    fields = [{name: getattr(reply, name) for name in Outgoing.__slots__} for reply in replies]
    return [
        (Outgoing(**{**one, "bubble": Bubble(words)}) if words else reply, HERE)
        for reply, one in zip(replies, fields, strict=True)
    ]


def caught_up(house: House, sender: Sender, courier: Courier) -> None:
    """The table was read once, and all that was in it is marked."""
    (first,) = house.promise("1000", "first of all")
    sender.wake()
    eventually(lambda: house.row(first).sent_at, "the first reading")
    courier.took.clear()


def test_what_is_offered_is_not_read_from_the_table(house: House) -> None:
    courier = Courier()
    with sender_of(house, courier) as sender:
        caught_up(house, sender, courier)
        sender.offer(offered(house, house.promise("7", "in the table", "in the table"), "as offered"))
        eventually(lambda: not house.unsent(), "both are marked")

    assert courier.took == {"7": ["as offered", "as offered"]}


def test_her_standing_comes_along(lite: House) -> None:
    courier = Courier(Terms(free=timedelta(hours=24)))
    with sender_of(lite, courier) as sender:
        (stranger,) = lite.promise("8", "nobody has seen her")
        eventually(lambda: lite.row(stranger).held_at, "the first reading")
        sender.offer(offered(lite, lite.promise("7", "a")))
        eventually(lambda: not lite.unsent(), "it is marked")

    assert courier.took == {"7": ["a"]}


@pytest.mark.parametrize("woken", [False, True])
def test_offers_beside_readings_of_the_table_send_each_reply_once_and_in_order(house: House, woken: bool) -> None:
    courier = Courier()
    with sender_of(house, courier, rescan_s=0.0) as sender:
        for turn in range(30):
            ids = [one for person in range(4) for one in house.promise(str(person), f"{turn}a", f"{turn}b")]
            sender.offer(offered(house, ids))
            if woken:
                sender.wake()
        eventually(lambda: not house.unsent(), "all are marked")

    words = [f"{turn}{part}" for turn in range(30) for part in "ab"]
    assert courier.took == {str(person): words for person in range(4)}
    assert courier.tries == 240


def test_what_another_process_promised_before_goes_before(house: House) -> None:
    courier = Courier()
    with sender_of(house, courier) as sender:
        caught_up(house, sender, courier)
        house.promise("7", "from staff")  # nobody tells the sender
        sender.offer(offered(house, house.promise("7", "answer")))
        eventually(lambda: not house.unsent(), "both are marked")
        sender.offer(offered(house, house.promise("7", "as it was"), "as offered"))
        eventually(lambda: not house.unsent(), "the offer after it needs no reading")

    assert courier.took == {"7": ["from staff", "answer", "as offered"]}


def test_another_process_promising_in_the_middle_of_an_offer_is_not_overtaken(lite: House) -> None:
    courier = Courier()
    with sender_of(lite, courier) as sender:
        caught_up(lite, sender, courier)
        ours = lite.promise("7", "1")
        lite.promise("7", "2 from staff")
        ours += lite.promise("7", "3")
        sender.offer(offered(lite, ours))
        eventually(lambda: not lite.unsent(), "all are marked")

    assert courier.took == {"7": ["1", "2 from staff", "3"]}


def test_what_the_browser_fetches_leaves_no_gap(lite: House) -> None:
    courier = Courier()
    with sender_of(lite, courier) as sender:
        caught_up(lite, sender, courier)
        with lite.database.writing() as db:
            web = lite.reply("5", "11")
            web.channel = "web"
            outbox.put(db, web, Bubble("for the browser"))
            db.flush()
        sender.offer(offered(lite, [web.id, *lite.promise("7", "in the table")], "as offered"))
        eventually(lambda: not lite.unsent(), "it is marked")

    assert courier.took == {"7": ["as offered"]}
    assert lite.row(web.id).sent_at is None


def test_what_is_offered_before_the_first_reading_waits_for_it(lite: House) -> None:
    courier = Courier()
    lite.promise("7", "old")
    sender = Sender(lite.database, {"messenger": courier}, lambda: NOW, 8)
    sender.offer(offered(lite, lite.promise("7", "new")))
    assert sender.snapshot() == {}
    sender.start()
    eventually(lambda: not lite.unsent(), "both are marked")
    sender.stop(PATIENCE_S)

    assert courier.took == {"7": ["old", "new"]}


def test_more_people_than_lanes_are_offered_in_order_all_the_same(lite: House) -> None:
    courier = Courier()
    courier.closed.add(lite.pages["11"])
    with sender_of(lite, courier, lanes=4) as sender:
        for turn, person in itertools.product(range(3), range(12)):
            sender.offer(offered(lite, lite.promise(str(person), str(turn))))
        sender.offer(offered(lite, lite.promise("99", "x", page="22")))
        eventually(lambda: courier.took["99"], "the other page's reply")
        assert courier.count() == 1
        courier.gate.set()
        eventually(lambda: not lite.unsent(), "all are marked")

    assert courier.took.pop("99") == ["x"]
    assert courier.took == {str(person): ["0", "1", "2"] for person in range(12)}
    assert courier.tries == 37


class Moody(Database):
    """A database whose readings wait for leave, and say so, or fail."""

    def __init__(self, database: Database) -> None:
        super().__init__(database.url, Vault([SECRET]), pool_size=2)
        self.gone, self.waits, self.go_on = threading.Event(), threading.Event(), threading.Event()
        self.go_on.set()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        if not self.go_on.is_set():
            self.waits.set()
            self.go_on.wait(PATIENCE_S)
        if self.gone.is_set():
            raise OperationalError("SELECT", {}, Exception("gone"))
        with super().reading() as db:
            yield db


@pytest.mark.parametrize("gone", [False, True])
def test_while_the_table_is_read_anew_nothing_overtakes_what_lies_there(lite: House, gone: bool) -> None:
    """An account with one lane: the second person's reply was left in the table, and now there is room again."""
    moody, courier = Moody(lite.database), Courier()
    courier.closed.add(lite.pages["11"])
    with sender_of(lite, courier, moody, lanes=1) as sender:
        lite.promise("7", "a")
        (old,) = lite.promise("8", "old")
        sender.wake()
        eventually(lambda: courier.tries == 1, "the first is on its way")
        assert lite.row(old).sent_at is None
        moody.go_on.clear()
        courier.gate.set()
        assert moody.waits.wait(PATIENCE_S)
        if gone:
            moody.gone.set()
            moody.go_on.set()
        sender.offer(offered(lite, lite.promise("8", "new")))
        sender.offer(offered(lite, lite.promise("7", "b")))
        moody.go_on.set()
        moody.gone.clear()
        eventually(lambda: not lite.unsent(), "all are marked")
    moody.close()

    assert courier.took == {"7": ["a", "b"], "8": ["old", "new"]}
    assert courier.tries == 4


def test_what_is_marked_while_the_table_is_read_is_not_sent_again(lite: House) -> None:
    courier = Courier()
    courier.closed.add(lite.pages["11"])
    armed, seen, go_on = threading.Event(), threading.Event(), threading.Event()

    def pause(*call: Any) -> None:
        if armed.is_set() and threading.current_thread().name == "feeder" and "FROM outbox" in call[2]:
            armed.clear()
            seen.set()
            go_on.wait(PATIENCE_S)

    event.listen(lite.database.engine, "after_cursor_execute", pause)
    (reply,) = lite.promise("7", "a")
    with sender_of(lite, courier, rescan_s=0.0):
        eventually(lambda: courier.tries == 1, "it is on its way")
        armed.set()
        assert seen.wait(PATIENCE_S)  # what was read shows it as waiting
        courier.gate.set()
        eventually(lambda: lite.row(reply).sent_at, "it is marked")
        go_on.set()
        lite.promise("8", "another")
        eventually(lambda: not lite.unsent(), "the next reading")

    assert (courier.took, courier.tries) == ({"7": ["a"], "8": ["another"]}, 2)


def test_a_lower_number_that_is_committed_later_need_not_wait_for_the_next_reading(lite: House) -> None:
    courier = Courier()
    with sender_of(lite, courier) as sender:
        late, early = lite.promise("7", "late")[0], lite.promise("8", "early")[0]
        offer = offered(lite, [late])
        with lite.database.writing() as db:
            row = db.get_one(OutboxRow, late)
            row.held_at = NOW  # not to be seen yet
        sender.wake()
        eventually(lambda: lite.row(early).sent_at, "the one that was seen first")
        with lite.database.writing() as db:
            db.get_one(OutboxRow, late).held_at = None
        sender.offer(offer)
        eventually(lambda: lite.row(late).sent_at, "the other one")

    assert courier.took == {"8": ["early"], "7": ["late"]}


def test_a_polite_stop_leaves_what_was_offered_to_the_next_sender(lite: House) -> None:
    courier = Courier()
    courier.closed.add(lite.pages["11"])
    with sender_of(lite, courier) as sender:
        sender.offer(offered(lite, [one for n in range(5) for one in lite.promise("7", str(n))]))
        eventually(lambda: courier.tries == 1, "the first is on its way")
    assert courier.took == {"7": ["0"]}

    courier.closed.clear()
    with sender_of(lite, courier):
        eventually(lambda: not lite.unsent(), "all are marked")
    assert courier.took == {"7": ["0", "1", "2", "3", "4"]}
