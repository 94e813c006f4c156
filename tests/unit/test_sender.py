"""The sender: each person's replies in order, nobody waiting for another, whatever platform and database do."""

import itertools
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Never

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from bot import outbox
from bot.conversation import Conversation, conversation_of
from bot.outbox import OutboxRow, Outgoing
from bot.permit import ANY_TIME, Terms, Way
from bot.plain import plain
from bot.reply import Bubble, Reason, SendError
from bot.run.courier import Message, Sending
from bot.run.couriers.tokens import Tokens
from bot.run.pace import Pace
from bot.run.sender import MOST_BREAKS, Sender
from bot.run.vital import vital
from catalog.account import Account, ensure_account, pause
from catalog.case import note_of, open_cases
from catalog.db import Database
from catalog.vault import Vault
from handlers.channels.messenger.client import refuse
from tests.conftest import NOW, Fresh, opened
from tests.unit.doors import House

PATIENCE_S = 10.0


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


@pytest.fixture
def lite(fresh: Fresh) -> Iterator[House]:
    """On SQLite alone: where the threads decide, not the SQL."""
    database = opened(fresh.url("sqlite", "empty"))
    yield House(database)
    database.close()


class Courier:
    """Takes everything, unless told otherwise. failures: what the next tries of a reply's words meet.

    A reply becomes a message for each line of it. echoed: messages that the platform says it has.
    """

    def __init__(self, terms: Terms = ANY_TIME, calls_a_minute: int | None = None) -> None:
        self.terms = terms
        self.calls_a_minute = calls_a_minute
        self.echoed: set[str] = set()
        self.ways: list[Way] = []
        self.templates = False
        self.took: dict[str, list[str]] = defaultdict(list)
        self.failures: dict[str, list[Exception]] = {}
        self.closed: set[int] = set()
        self.gate = threading.Event()
        self.tries = 0

    def render(self, reply: Outgoing, way: Way) -> Sequence[Message]:
        return [{"text": line} for line in reply.bubble.text.split("\n") if line]

    def send(self, sending: Sending) -> None:
        self.tries += 1
        if sending.reply.account_id in self.closed:
            self.gate.wait(PATIENCE_S)
        failures = self.failures.get(sending.message["text"])
        if failures:
            raise failures.pop(0)
        self.ways.append(sending.way)
        self.took[sending.reply.address].append(sending.message["text"])

    def arrived(self, db: Session, sending: Sending) -> bool:
        return sending.message["text"] in self.echoed

    def has_template(self, reply: Outgoing) -> bool:
        return self.templates

    def count(self) -> int:
        return sum(map(len, self.took.values()))


@contextmanager
def sender_of(
    house: House, courier: Courier, *, now: datetime = NOW, threads: int = 8, **limits: Any
) -> Iterator[Sender]:
    """limits: `lanes` and `rescan_s`."""
    sender = Sender(house.database, {"messenger": courier}, lambda: now, threads, **limits)
    sender.start()
    sender.wake()
    try:
        yield sender
    finally:
        courier.gate.set()
        sender.stop(PATIENCE_S)


def eventually(holds: Callable[[], object], what: str) -> None:
    until = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < until, f"never: {what}"
        time.sleep(0.005)


def test_everybodys_replies_arrive_in_order_and_once(house: House) -> None:
    courier = Courier()
    for n in range(5):
        for person in range(20):
            house.promise(str(person), f"{n}")

    with sender_of(house, courier):
        eventually(lambda: not house.unsent(), "all are marked")

    assert courier.took == {str(person): ["0", "1", "2", "3", "4"] for person in range(20)}


def test_what_is_promised_later_follows(lite: House) -> None:
    courier = Courier()
    with sender_of(lite, courier) as sender:
        for n in range(10):
            lite.promise("7", str(n))
            sender.wake()
        eventually(lambda: not lite.unsent(), "all are marked")

    assert courier.took["7"] == [str(n) for n in range(10)]


def test_a_reply_that_fails_goes_again_and_those_behind_it_wait(lite: House) -> None:
    courier = Courier()
    first, *_ = lite.promise("7", "a", "b")
    lite.promise("8", "x")
    courier.failures["a"] = [SendError("busy", retry_after=0.05), SendError("busy", retry_after=0.05)]

    with sender_of(lite, courier):
        eventually(lambda: not lite.unsent(), "all are marked")

    assert dict(courier.took) == {"8": ["x"], "7": ["a", "b"]}
    assert (lite.row(first).tries, lite.row(first).error) == (2, None)


def test_a_reply_that_can_never_go_is_put_aside_and_a_person_is_called(lite: House) -> None:
    courier = Courier()
    dead, alive = lite.promise("7", "a", "b")
    courier.failures["a"] = [SendError("person 551/0", permanent=True)]

    with sender_of(lite, courier):
        eventually(lambda: not lite.unsent(), "the other is marked")

    assert courier.took["7"] == ["b"]
    assert lite.row(dead).dead_at == NOW
    assert lite.row(alive).sent_at == NOW
    with lite.database.reading() as db:
        assert [(case.kind, case.subject) for case in open_cases(db)] == [("failed send", f"outbox {dead}")]


def test_after_a_day_of_failures_nothing_is_tried_any_more(lite: House) -> None:
    courier = Courier()
    (dead,) = lite.promise("7", "a")
    courier.failures["a"] = [SendError("busy")]

    with sender_of(lite, courier, now=NOW + timedelta(hours=25)):
        eventually(lambda: lite.row(dead).dead_at, "it is put aside")

    assert courier.count() == 0


def test_a_dead_token_pauses_its_page_and_no_other(lite: House) -> None:
    courier = Courier()
    for person in range(5):
        lite.promise(str(person), "a")
    lite.promise("22", "x", page="22")
    courier.failures["a"] = [SendError("expired 190/463", reason=Reason.TOKEN, pauses=True)] * 5

    with sender_of(lite, courier, threads=1):
        eventually(lambda: courier.took["22"], "the other page's reply")
        eventually(lambda: len(lite.unsent()) == 5, "its mark")

    assert courier.tries == 2  # one thread: the first failure stopped the others
    with lite.database.reading() as db:
        page = db.get_one(Account, lite.pages["11"])
        assert (page.paused_at, page.pause_reason) == (NOW, "token")
        assert [case.subject for case in open_cases(db)] == ["messenger 11: token"]


def test_a_silent_page_with_more_people_than_lanes_does_not_hold_up_another(lite: House) -> None:
    courier = Courier()
    courier.closed.add(lite.pages["11"])
    for turn, person in itertools.product(range(2), range(12)):
        lite.promise(str(person), f"{turn}")
    lite.promise("99", "x", page="22")

    with sender_of(lite, courier, threads=2, lanes=5, rescan_s=0.1):
        eventually(lambda: courier.took["99"], "the other page's reply")
        assert courier.count() == 1
        courier.gate.set()  # the page is well again
        eventually(lambda: not lite.unsent(), "all are marked")

    assert courier.took.pop("99") == ["x"]
    assert courier.took == {str(person): ["0", "1"] for person in range(12)}


def test_no_rescan_sends_again_what_is_being_marked(lite: House) -> None:
    courier = Courier()
    with sender_of(lite, courier, rescan_s=0.0) as sender:
        for n in range(60):
            lite.promise(str(n % 6), str(n))
            sender.wake()
        eventually(lambda: not lite.unsent(), "all are marked")

    assert courier.count() == courier.tries == 60


def test_a_new_sender_takes_over_what_the_old_one_left(lite: House) -> None:
    courier = Courier()
    courier.closed.add(lite.pages["11"])
    lite.promise("7", "a", "b")
    with sender_of(lite, courier):
        eventually(lambda: courier.tries == 1, "the first is on its way")
    assert courier.took["7"] == ["a"]
    assert len(lite.unsent()) == 1

    courier.closed.clear()
    with sender_of(lite, courier):
        eventually(lambda: not lite.unsent(), "all are marked")
    assert courier.took["7"] == ["a", "b"]


def test_calls_that_meet_a_dead_token_at_the_same_moment_are_one_case(house: House) -> None:
    courier = Courier()
    courier.closed.add(house.pages["11"])
    for person in range(8):
        house.promise(str(person), "a")
    courier.failures["a"] = [SendError("expired 190/463", reason=Reason.TOKEN, pauses=True) for _ in range(8)]

    with sender_of(house, courier):
        eventually(lambda: courier.tries == 8, "all are on their way")
        courier.gate.set()
        eventually(lambda: all(row.tries == 1 for row in house.waiting()), "all failures are kept")

    with house.database.reading() as db:
        assert [case.subject for case in open_cases(db)] == ["messenger 11: token"]


def test_an_account_that_sends_again_is_no_longer_paused(house: House) -> None:
    with house.database.writing() as db:
        for page in house.pages.values():
            assert pause(db, page, "expired 190/463", NOW)
    house.promise("7", "a")

    with sender_of(house, Courier()):
        eventually(lambda: not house.unsent(), "it is marked")

    with house.database.reading() as db:
        paused = [db.get_one(Account, page).paused_at for page in house.pages.values()]
    assert paused == [None, NOW]


def test_a_new_token_ends_a_pause_and_the_same_one_does_not(house: House) -> None:
    with house.database.writing() as db:
        pause(db, house.pages["11"], "expired 190/463", NOW)
        same = ensure_account(db, "messenger", "11", 1, "t")
        assert same.paused_at == NOW
        renewed = ensure_account(db, "messenger", "11", 1, "another")
        assert (renewed.paused_at, renewed.pause_reason) == (None, "")


def test_a_throttled_page_is_left_alone_by_everybody(lite: House) -> None:
    courier = Courier()
    for person in range(40):
        lite.promise(str(person), "a")
    lite.promise("99", "x", page="22")
    courier.failures["a"] = [SendError("throttled 4/0", retry_after=600, whole_account=True)]

    with sender_of(lite, courier, threads=1):
        eventually(lambda: len(lite.unsent()) == 40, "the other page's reply is marked")

    assert (courier.tries, dict(courier.took)) == (2, {"99": ["x"]})
    with lite.database.reading() as db:
        assert (db.get_one(Account, lite.pages["11"]).paused_at, open_cases(db)) == (None, [])


@pytest.mark.parametrize(
    ("code", "whole_account", "pauses"), [(4, True, False), (190, True, True), (2, False, False), (551, False, False)]
)
def test_graph_refuses_a_whole_account_or_one_reply(code: int, whole_account: bool, pauses: bool) -> None:
    with pytest.raises(SendError) as caught:
        refuse(400, {}, b'{"error":{"code":%d}}' % code)

    assert (caught.value.whole_account, caught.value.pauses) == (whole_account, pauses)


def test_after_a_hold_one_goes_ahead_and_the_others_follow(lite: House) -> None:
    courier = Courier()
    for person in range(10):
        lite.promise(str(person), "a")
    held = [SendError("throttled 4/0", retry_after=0.05, whole_account=True) for _ in range(2)]
    courier.failures["a"] = list(held)

    with sender_of(lite, courier, threads=1):
        eventually(lambda: not lite.unsent(), "all are marked")

    assert (courier.count(), courier.tries) == (10, 12)


def test_a_body_of_another_shape_is_put_aside_and_the_next_one_goes(lite: House) -> None:
    class Strict(Courier):
        """Renders nothing where there are no words, as every channel does."""

    courier = Strict()
    bodies = [b'{"text":7}', b"[", b'{"text":"\xff"}']
    unreadable = lite.promise("7", *("a" for _ in bodies))
    lite.promise("7", "b")
    with lite.database.writing() as db:
        for outbox_id, body in zip(unreadable, bodies, strict=True):
            db.execute(update(OutboxRow).where(OutboxRow.id == outbox_id).values(body=lite.database.vault.seal(body)))

    with sender_of(lite, courier):
        eventually(lambda: not lite.unsent(), "the last is marked")

    assert dict(courier.took) == {"7": ["b"]}
    with lite.database.reading() as db:
        assert [case.subject for case in open_cases(db)] == [f"outbox {outbox_id}" for outbox_id in unreadable]


def test_what_breaks_in_a_courier_is_tried_again_and_not_for_ever(lite: House) -> None:
    courier = Courier()
    passing, lasting = lite.promise("7", "a")[0], lite.promise("8", "b")[0]
    with lite.database.writing() as db:
        db.execute(update(OutboxRow).where(OutboxRow.id == lasting).values(tries=MOST_BREAKS - 1))
    courier.failures = {"a": [ValueError("once")], "b": [ValueError("always")]}

    with sender_of(lite, courier):
        eventually(lambda: not lite.unsent(), "one is marked, the other put aside")

    assert dict(courier.took) == {"7": ["a"]}
    assert (lite.row(passing).sent_at, lite.row(lasting).dead_at) == (NOW, NOW)


def test_a_database_that_is_gone_for_a_moment_costs_no_reply(lite: House) -> None:
    class Gone(Database):
        def reading(self) -> Never:
            raise OperationalError("SELECT", {}, Exception("gone"))

    with pytest.raises(SendError) as caught:
        Tokens(Gone(lite.database.url, lite.database.vault)).of(lite.pages["11"])

    assert (caught.value.permanent, caught.value.whole_account) == (False, False)


def test_a_token_that_is_sealed_with_another_key_pauses_its_page(lite: House) -> None:
    with pytest.raises(SendError) as caught:
        Tokens(Database(lite.database.url, Vault(["another key"]))).of(lite.pages["11"])

    assert (caught.value.permanent, caught.value.pauses) == (False, True)


def test_more_people_than_lanes_need_no_rescan(lite: House) -> None:
    courier = Courier()
    for person in range(40):
        lite.promise(str(person), "a")

    with sender_of(lite, courier, lanes=4, rescan_s=1000.0):
        eventually(lambda: not lite.unsent(), "all are marked")

    assert courier.count() == courier.tries == 40


def test_a_reply_that_was_put_aside_goes_when_it_is_given_back(lite: House) -> None:
    courier = Courier()
    (dead,) = lite.promise("7", "a")
    courier.failures["a"] = [SendError("ours 200/0", permanent=True)]

    with sender_of(lite, courier, rescan_s=0.0):
        eventually(lambda: lite.row(dead).dead_at, "it is put aside")
        with lite.database.writing() as db:
            db.execute(update(OutboxRow).where(OutboxRow.id == dead).values(dead_at=None))
        eventually(lambda: lite.row(dead).sent_at, "it is marked")

    assert courier.took["7"] == ["a"]


@pytest.fixture
def terminated() -> Iterator[list[int]]:
    """The signals that told this process to stop."""
    told: list[int] = []
    former = signal.signal(signal.SIGTERM, lambda number, _frame: told.append(number))
    yield told
    signal.signal(signal.SIGTERM, former)


def test_a_thread_that_breaks_ends_the_process(terminated: list[int]) -> None:
    def broken() -> None:
        raise ValueError("nobody thought of this")

    thread = vital("broken", broken)
    thread.start()
    thread.join(PATIENCE_S)

    eventually(lambda: terminated, "it is told to stop")


def test_a_sender_that_can_read_no_more_ends_the_process(lite: House, terminated: list[int]) -> None:
    class Odd(Database):
        def reading(self) -> Never:
            raise ValueError("nobody thought of this")

    sender = Sender(Odd(lite.database.url, lite.database.vault), {"messenger": Courier()}, lambda: NOW)
    sender.start()
    sender.wake()

    eventually(lambda: terminated, "it is told to stop")
    sender.stop(PATIENCE_S)


# What may go, and as what

DAY = Terms(free=timedelta(hours=24), human=timedelta(days=7), templates=True)


def touched(house: House, address: str, ago: timedelta | None, **columns: Any) -> int:
    """The conversation of a person whose last action was so long ago; its id is her address."""
    with house.database.writing() as db:
        row = conversation_of(db, house.pages["11"], address, NOW)
        row.touched_at = None if ago is None else NOW - ago
        for name, value in columns.items():
            setattr(row, name, value)
        db.flush()
        return row.id


def promised(house: House, conversation_id: int, address: str, words: str, **columns: Any) -> int:
    with house.database.writing() as db:
        row = house.reply(address, "11")
        row.conversation_id = conversation_id
        for name, value in columns.items():
            setattr(row, name, value)
        outbox.put(db, row, Bubble(words))
        db.flush()
        return row.id


def test_what_may_not_go_is_held_and_staff_are_told_why_and_what_was_to_be_said(house: House) -> None:
    courier = Courier(DAY)
    talk = touched(house, "7", timedelta(hours=24))
    held = promised(house, talk, "7", "a")

    with sender_of(house, courier):
        eventually(lambda: house.row(held).held_at, "it is held")

    assert (courier.tries, house.row(held).reason, house.row(held).dead_at) == (0, "window", None)
    with house.database.reading() as db:
        (case,) = open_cases(db)
        note = note_of(db, case)
        assert db.get_one(Conversation, talk).owed
    assert (case.kind, case.subject) == ("failed send", f"outbox {held}")
    assert note.startswith("“a”\n")
    assert plain(Reason.WINDOW, "vi") in note


def test_what_was_held_goes_first_when_she_has_written_again(house: House) -> None:
    courier = Courier(DAY)
    talk = touched(house, "7", timedelta(hours=30))
    held = promised(house, talk, "7", "the news of yesterday")
    with sender_of(house, courier):
        eventually(lambda: house.row(held).held_at, "it is held")

    touched(house, "7", timedelta(0))
    with house.database.writing() as db:
        assert outbox.take_up(db, talk, NOW) == 1
        assert outbox.take_up(db, talk, NOW) == 0
    promised(house, talk, "7", "the answer of today")
    with sender_of(house, courier):
        eventually(lambda: not house.unsent(), "all are marked")

    assert courier.took["7"] == ["the news of yesterday", "the answer of today"]
    assert house.row(held).dead_at == NOW


def test_a_template_goes_where_the_window_is_shut_and_what_a_person_typed_as_hers(lite: House) -> None:
    courier = Courier(DAY)
    courier.templates = True
    talk = touched(lite, "7", timedelta(days=3))
    promised(lite, talk, "7", "news", notice=True)
    typed = promised(lite, talk, "7", "from Hoa", by_person=True)

    with sender_of(lite, courier):
        eventually(lambda: not lite.unsent(), "all are marked")

    assert courier.ways == [Way.TEMPLATE, Way.HUMAN]
    assert lite.row(typed).way == "human"


def test_what_the_bot_wanted_to_say_is_over_when_a_colleague_has_the_thread(lite: House) -> None:
    courier = Courier(DAY)
    talk = touched(lite, "7", timedelta(0), taken_until=NOW + timedelta(hours=1), taken_by="12")
    reply = promised(lite, talk, "7", "a")
    news = promised(lite, talk, "7", "an order", notice=True)
    typed = promised(lite, talk, "7", "from Hoa", by_person=True)

    with sender_of(lite, courier):
        eventually(lambda: not lite.unsent(), "all are marked")

    assert courier.took["7"] == ["an order", "from Hoa"]
    assert (lite.row(reply).dead_at, lite.row(reply).reason) == (NOW, "held")
    assert lite.row(news).sent_at == lite.row(typed).sent_at == NOW
    with lite.database.reading() as db:
        assert open_cases(db) == []


def test_a_thread_that_another_app_has_is_left_to_it(lite: House) -> None:
    courier = Courier(DAY)
    talk = touched(lite, "7", timedelta(0))
    reply = promised(lite, talk, "7", "a")
    courier.failures["a"] = [SendError("held 2018300", reason=Reason.HELD, waits=True)]

    with sender_of(lite, courier):
        eventually(lambda: lite.row(reply).dead_at, "it is put aside")

    with lite.database.reading() as db:
        assert open_cases(db) == []
        assert db.get_one(Conversation, talk).taken_until == NOW + timedelta(hours=12)


def test_she_who_wrote_meanwhile_is_written_to(lite: House) -> None:
    """The lane remembers an old moment; the table knows better."""
    courier = Courier(DAY)
    talk = touched(lite, "7", timedelta(0))
    promised(lite, talk, "7", "a")
    courier.failures["a"] = [SendError("busy", retry_after=0.2)]
    clock = [NOW]
    sender = Sender(lite.database, {"messenger": courier}, lambda: clock[0], 8)
    sender.start()
    sender.wake()
    eventually(lambda: courier.tries == 1, "the first try")
    clock[0] = NOW + timedelta(hours=23, minutes=58)
    with lite.database.writing() as db:
        db.get_one(Conversation, talk).touched_at = clock[0]
    eventually(lambda: not lite.unsent(), "it is marked")
    sender.stop(PATIENCE_S)

    assert courier.took["7"] == ["a"]


def test_a_reply_of_several_messages_goes_on_where_it_broke_off(lite: House) -> None:
    courier = Courier()
    lite.promise("7", "one\ntwo\nthree")
    courier.failures["two"] = [SendError("busy", retry_after=0.01)]

    with sender_of(lite, courier):
        eventually(lambda: not lite.unsent(), "it is marked")

    assert courier.took["7"] == ["one", "two", "three"]


def test_a_doubtful_message_that_has_come_back_as_an_echo_is_not_sent_again(lite: House) -> None:
    courier = Courier()
    lite.promise("7", "one\ntwo")
    courier.failures["one"] = [SendError("ReadTimeout", retry_after=0.01, unknown=True)]
    courier.echoed = {"one"}

    with sender_of(lite, courier):
        eventually(lambda: not lite.unsent(), "it is marked")

    assert courier.took["7"] == ["two"]


def test_a_message_that_surely_did_not_arrive_is_not_taken_for_an_echo(lite: House) -> None:
    courier = Courier()
    lite.promise("7", "ok")
    courier.failures["ok"] = [SendError("ConnectTimeout", retry_after=0.01)]
    courier.echoed = {"ok"}

    with sender_of(lite, courier):
        eventually(lambda: not lite.unsent(), "it is marked")

    assert courier.took["7"] == ["ok"]


def test_replies_go_before_notices_where_calls_are_few(lite: House) -> None:
    clock = [0.0]
    pace = Pace(lambda: clock[0])
    for _ in range(80):
        assert pace.wait(lite.pages["11"], 100, notice=False) == 0  # 20 of 100 are left in this minute
    courier = Courier(calls_a_minute=100)
    with lite.database.writing() as db:
        for address, words, notice in (("7", "news", True), ("8", "answer", False)):
            row = lite.reply(address, "11")
            row.notice = notice
            outbox.put(db, row, Bubble(words))

    with sender_of(lite, courier, pace=pace):
        eventually(lambda: courier.took["8"], "the answer")
        assert not courier.took["7"]
        clock[0] += 10.0
        eventually(lambda: not lite.unsent(), "the news after a while")


def test_while_nobody_has_mended_the_account_a_reply_waits_for_days(lite: House) -> None:
    courier = Courier()
    (old,) = lite.promise("7", "a")
    courier.failures["a"] = [SendError("token", reason=Reason.TOKEN, pauses=True)]

    with sender_of(lite, courier, now=NOW + timedelta(days=3)):
        eventually(lambda: lite.row(old).tries == 1, "a try")

    assert lite.row(old).dead_at is None
