"""The sender: each person's replies in order, nobody waiting for another, whatever platform and database do."""

import itertools
import re
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
from bot.conversation import Conversation, conversation_of, take_over
from bot.event import AccountNews
from bot.forget import FORGOTTEN, forget_talk
from bot.heed import heed
from bot.officer import Officer
from bot.outbox import OutboxRow, Outgoing
from bot.permit import ANY_TIME, Terms, Way
from bot.plain import plain
from bot.reply import Bubble, Reason, SendError
from bot.run.courier import Message, Sending
from bot.run.couriers.tokens import Tokens
from bot.run.pace import Pace
from bot.run.sender import MOST_BREAKS, Sender
from bot.run.vital import vital
from bot.thread import CASE as TAKEN_OVER
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
    courier.failures["a"] = [SendError("busy", retry_after=0.01) for _ in range(9)]

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


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits longer than a moment between two tries, or for an account."""
    monkeypatch.setattr("bot.run.sender.back_off", lambda _tries: 0.01)
    monkeypatch.setattr("bot.run.sender.PAUSED_S", 0.05)


@pytest.mark.usefixtures("hasty")
def test_what_breaks_in_a_courier_is_tried_again_and_not_for_ever(lite: House) -> None:
    courier = Courier()
    passing, lasting = lite.promise("7", "a")[0], lite.promise("8", "b")[0]
    courier.failures = {"a": [ValueError("once")], "b": [ValueError("always") for _ in range(MOST_BREAKS)]}

    with sender_of(lite, courier):
        eventually(lambda: not lite.unsent(), "one is marked, the other put aside")

    assert (dict(courier.took), courier.tries) == ({"7": ["a"]}, 2 + MOST_BREAKS)
    assert (lite.row(passing).sent_at, lite.row(lasting).dead_at) == (NOW, NOW)


@pytest.mark.usefixtures("hasty")
def test_failures_of_the_platform_are_no_breaks(lite: House) -> None:
    courier = Courier()
    (patient,) = lite.promise("7", "a")
    with lite.database.writing() as db:
        db.execute(update(OutboxRow).where(OutboxRow.id == patient).values(tries=50))
    busy = [SendError("busy") for _ in range(2 * MOST_BREAKS)]
    courier.failures["a"] = [*busy, *(ValueError("odd") for _ in range(MOST_BREAKS - 1))]

    with sender_of(lite, courier):
        eventually(lambda: lite.row(patient).sent_at, "it is marked")

    assert courier.took["7"] == ["a"]


@pytest.mark.usefixtures("hasty")
def test_breaks_of_one_reply_are_not_counted_for_the_next(lite: House) -> None:
    courier = Courier()
    lite.promise("7", "a", "b")
    courier.failures = {words: [ValueError("odd") for _ in range(MOST_BREAKS - 1)] for words in "ab"}

    with sender_of(lite, courier):
        eventually(lambda: not lite.unsent(), "both are marked")

    assert courier.took["7"] == ["a", "b"]


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
    assert (case.kind, case.subject) == ("failed send", "waits")
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
        assert outbox.take_up(db, talk, NOW)
        assert outbox.take_up(db, talk, NOW)  # nothing is left to be taken up
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
        hers = db.get_one(Conversation, talk)
        (case,) = open_cases(db)
        assert (case.kind, case.conversation_id) == (TAKEN_OVER, talk)
        assert "“a”" in note_of(db, case)
    assert (hers.taken_until, hers.taken_by) == (NOW + timedelta(hours=12), "elsewhere")
    assert hers.left_alone  # so that the bot comes back to her
    assert not hers.owed


@pytest.mark.parametrize("whose", ["by_person", "notice"])
def test_what_a_person_typed_and_news_wait_until_the_other_app_is_gone(lite: House, whose: str) -> None:
    courier = Courier(DAY)
    talk = touched(lite, "7", timedelta(0))
    held = promised(lite, talk, "7", "a", **{whose: True})
    courier.failures["a"] = [SendError("held 2018300", reason=Reason.HELD, waits=True)]

    with sender_of(lite, courier):
        eventually(lambda: lite.row(held).held_at, "it is held")

    assert lite.row(held).dead_at is None
    with lite.database.reading() as db:
        assert [(case.kind, case.subject) for case in open_cases(db)] == [("failed send", "waits")]
        hers = db.get_one(Conversation, talk)
    assert (hers.owed, hers.taken_until) == (True, NOW + timedelta(hours=12))


def test_who_is_known_to_have_the_thread_keeps_it_as_long_as_before(lite: House) -> None:
    """The platform tells only what we know already: no new case, no longer silence."""
    courier = Courier(DAY)
    talk = touched(lite, "7", timedelta(0), taken_until=NOW + timedelta(hours=1), taken_by="12")
    news = promised(lite, talk, "7", "a", notice=True)
    courier.failures["a"] = [SendError("held 2018300", reason=Reason.HELD, waits=True)]

    with sender_of(lite, courier):
        eventually(lambda: lite.row(news).held_at, "it is held")

    with lite.database.reading() as db:
        hers = db.get_one(Conversation, talk)
    assert (hers.taken_until, hers.taken_by, hers.left_alone) == (NOW + timedelta(hours=1), "12", False)


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


# What changes while a reply waits


def patiently(house: House, courier: Courier, meanwhile: Callable[[], None], **limits: Any) -> None:
    """Send all there is; after the first failed try something happens."""
    with sender_of(house, courier, **limits) as sender:
        eventually(lambda: courier.tries == 1, "the first try")
        meanwhile()
        sender.wake()
        eventually(lambda: not house.unsent(), "nothing waits")


def test_whoever_is_forgotten_while_replies_wait_gets_none_of_them(lite: House) -> None:
    courier = Courier()
    talk = touched(lite, "7", timedelta(0))
    forgotten = [promised(lite, talk, "7", words) for words in ("a", "b", "c")]
    courier.failures["a"] = [SendError("busy", retry_after=0.3)]

    def forget() -> None:
        with lite.database.writing() as db:
            forget_talk(db, db.get_one(Conversation, talk), 0, NOW)
        promised(lite, talk, "7", "d")

    patiently(lite, courier, forget)

    assert (dict(courier.took), courier.tries) == ({"7": ["d"]}, 2)
    assert {(lite.row(one).sent_at, lite.row(one).error) for one in forgotten} == {(None, FORGOTTEN)}


def test_the_lane_of_a_dropped_reply_is_free_for_the_next(lite: House) -> None:
    courier = Courier()
    dropped, _ = lite.promise("7", "a", "b")
    courier.failures["a"] = [SendError("busy", retry_after=0.3)]

    def put_aside() -> None:
        with lite.database.writing() as db:
            db.execute(update(OutboxRow).where(OutboxRow.id == dropped).values(dead_at=NOW))

    patiently(lite, courier, put_aside, rescan_s=0.05)

    assert dict(courier.took) == {"7": ["b"]}


def test_a_colleague_who_takes_the_thread_while_a_reply_waits_is_not_spoken_over(lite: House) -> None:
    courier = Courier(DAY)
    talk = touched(lite, "7", timedelta(0))
    replies = [promised(lite, talk, "7", words) for words in ("a", "b")]
    courier.failures["a"] = [SendError("busy", retry_after=0.3)]

    def take() -> None:
        with lite.database.writing() as db:
            take_over(db, talk, "12", now=NOW, until=NOW + timedelta(hours=1))

    patiently(lite, courier, take)

    assert (courier.count(), courier.tries) == (0, 1)
    assert {lite.row(reply).reason for reply in replies} == {"held"}
    with lite.database.reading() as db:
        assert open_cases(db) == []


def test_a_reply_whose_way_changes_begins_anew(lite: House) -> None:
    courier = Courier(DAY)
    courier.templates = True
    talk = touched(lite, "7", timedelta(hours=23))
    news = promised(lite, talk, "7", "one\ntwo", notice=True)
    courier.failures["two"] = [SendError("busy", retry_after=0.3)]
    clock = [NOW]
    sender = Sender(lite.database, {"messenger": courier}, lambda: clock[0], 8)
    sender.start()
    sender.wake()
    eventually(lambda: courier.tries == 2, "the second message has failed")
    clock[0] = NOW + timedelta(hours=2)  # her window is shut now
    eventually(lambda: lite.row(news).sent_at, "it is marked")
    sender.stop(PATIENCE_S)

    assert courier.took["7"] == ["one", "one", "two"]
    assert courier.ways == [Way.REPLY, Way.TEMPLATE, Way.TEMPLATE]
    assert lite.row(news).way == "template"


def test_what_a_former_sender_tried_is_looked_up_before_it_goes_again(lite: House) -> None:
    courier = Courier()
    tried, fresh = lite.promise("7", "one\ntwo\nthree", "four")
    with lite.database.writing() as db:
        db.execute(update(OutboxRow).where(OutboxRow.id == tried).values(tries=1))
    courier.echoed = {"one", "two", "four"}

    with sender_of(lite, courier):
        eventually(lambda: not lite.unsent(), "all are marked")

    assert courier.took["7"] == ["three", "four"]
    assert lite.row(fresh).sent_at == NOW


def test_an_echo_counts_from_the_first_try_on_and_after_a_restart_from_the_promise_on(lite: House) -> None:
    class Watching(Courier):
        def arrived(self, db: Session, sending: Sending) -> bool:
            sinces.append((sending.reply.address, sending.since))
            return False

    sinces: list[tuple[str, datetime]] = []
    courier = Watching()
    lite.promise("7", "a")
    (tried,) = lite.promise("8", "b")
    with lite.database.writing() as db:
        db.execute(update(OutboxRow).where(OutboxRow.id == tried).values(tries=1))
    courier.failures["a"] = [SendError("ReadTimeout", retry_after=0.01, unknown=True)]
    later = NOW + timedelta(hours=1)

    with sender_of(lite, courier, now=later):
        eventually(lambda: not lite.unsent(), "both are marked")

    assert sorted(sinces) == [("7", later), ("8", NOW)]


@pytest.mark.usefixtures("hasty")
def test_an_old_reply_is_given_up_only_after_a_few_tries_since_its_account_was_mended(lite: House) -> None:
    courier = Courier()
    (old,) = lite.promise("7", "a")
    dead_token = [SendError("token", reason=Reason.TOKEN, pauses=True, whole_account=True) for _ in range(5)]
    courier.failures["a"] = [*dead_token[:3], SendError("busy"), *dead_token[3:], SendError("busy")]

    with sender_of(lite, courier, now=NOW + timedelta(days=3)):
        eventually(lambda: lite.row(old).sent_at, "it is marked")

    assert courier.took["7"] == ["a"]


# A page that its platform has blocked


def blocked(house: House, page: str = "11") -> None:
    with house.database.writing() as db:
        heed(db, house.pages[page], AccountNews("blocked"), NOW)


def paused(house: House, page: str = "11") -> str:
    with house.database.reading() as db:
        return db.get_one(Account, house.pages[page]).pause_reason


@pytest.mark.usefixtures("hasty")
def test_a_page_that_is_blocked_sends_nothing_until_it_is_unblocked(house: House) -> None:
    courier = Courier()
    blocked(house)
    house.promise("7", "a")
    house.promise("99", "x", page="22")

    with sender_of(house, courier, rescan_s=0.05):
        eventually(lambda: courier.took["99"], "the other page's reply")
        eventually(lambda: len(house.unsent()) == 1, "its mark")
        assert (courier.tries, paused(house)) == (1, "blocked")
        with house.database.writing() as db:
            heed(db, house.pages["11"], AccountNews("unblocked"), NOW)
        eventually(lambda: not house.unsent(), "all are marked")

    assert dict(courier.took) == {"99": ["x"], "7": ["a"]}
    with house.database.reading() as db:
        assert open_cases(db) == []


def test_what_was_on_its_way_when_the_page_was_blocked_lifts_nothing(lite: House) -> None:
    courier = Courier()
    courier.closed.add(lite.pages["11"])
    lite.promise("7", "a")

    with sender_of(lite, courier):
        eventually(lambda: courier.tries == 1, "it is on its way")
        blocked(lite)
        courier.gate.set()
        eventually(lambda: not lite.unsent(), "it is marked")

    assert paused(lite) == "blocked"
    with lite.database.reading() as db:
        assert [case.subject for case in open_cases(db)] == ["messenger 11: blocked"]


def test_what_the_platform_refuses_of_a_blocked_page_hides_no_block(lite: House) -> None:
    courier = Courier()
    courier.closed.add(lite.pages["11"])
    lite.promise("7", "a")
    courier.failures["a"] = [SendError("368", reason=Reason.RESTRICTED, pauses=True, whole_account=True)]

    with sender_of(lite, courier):
        eventually(lambda: courier.tries == 1, "it is on its way")
        blocked(lite)
        courier.gate.set()
        eventually(lambda: lite.waiting()[0].tries == 1, "its failure is kept")

    assert paused(lite) == "blocked"


@pytest.mark.parametrize("reason", [one for one in Reason if one is not Reason.BLOCKED])
def test_a_success_lifts_every_other_pause_and_closes_its_case(lite: House, reason: Reason) -> None:
    with lite.database.writing() as db:
        Officer().silence(db, db.get_one(Account, lite.pages["11"]), reason, NOW)
    lite.promise("7", "a")

    with sender_of(lite, Courier()):
        eventually(lambda: not lite.unsent(), "it is marked")

    assert paused(lite) == ""
    with lite.database.reading() as db:
        assert open_cases(db) == []


# What is held


def waiting_case(house: House) -> list[str]:
    """The lines of the open case about what waits, without their times; there is one at most."""
    with house.database.reading() as db:
        notes = [note_of(db, case) for case in open_cases(db) if (case.kind, case.subject) == ("failed send", "waits")]
    assert len(notes) <= 1
    return [re.sub(r"^\d{4}-\S+ \S+ ", "", line) for note in notes for line in note.splitlines() if "“" in line]


def test_however_many_replies_are_held_they_are_one_case_until_they_arrived(house: House) -> None:
    courier = Courier(DAY)
    talk = touched(house, "7", timedelta(hours=30))
    for words in ("a", "b", "c"):
        promised(house, talk, "7", words)
    with sender_of(house, courier):
        eventually(lambda: not house.unsent(), "all are held")
    assert waiting_case(house) == ["“a”", "“b”", "“c”"]

    touched(house, "7", timedelta(0))
    with house.database.writing() as db:
        assert outbox.take_up(db, talk, NOW)
        db.get_one(Conversation, talk).owed = False
    with sender_of(house, courier):
        eventually(lambda: not house.unsent(), "all are marked")

    assert courier.took["7"] == ["a", "b", "c"]
    assert waiting_case(house) == []


def test_what_still_waits_keeps_its_case_though_others_arrived(lite: House) -> None:
    """A colleague has the thread: news goes, and what the bot wanted to say waits on."""
    courier = Courier(DAY)
    talk = touched(lite, "7", timedelta(hours=30))
    promised(lite, talk, "7", "the bot's own")
    promised(lite, talk, "7", "news", notice=True)
    with sender_of(lite, courier):
        eventually(lambda: not lite.unsent(), "both are held")

    touched(lite, "7", timedelta(0))
    with lite.database.writing() as db:
        assert not outbox.take_up(db, talk, NOW, taken=True)
    with sender_of(lite, courier):
        eventually(lambda: not lite.unsent(), "the news is marked")

    assert courier.took["7"] == ["news"]
    assert waiting_case(lite) == ["“the bot's own”", "“news”"]


def test_an_answer_that_was_never_held_closes_no_case(lite: House) -> None:
    courier = Courier(DAY)
    talk = touched(lite, "7", timedelta(hours=30))
    promised(lite, talk, "7", "a")
    with sender_of(lite, courier):
        eventually(lambda: not lite.unsent(), "it is held")

    touched(lite, "7", timedelta(0))
    promised(lite, talk, "7", "b")
    with sender_of(lite, courier):
        eventually(lambda: not lite.unsent(), "the other is marked")

    assert waiting_case(lite) == ["“a”"]


# Where calls are few


class Counting(Courier):
    """Counts what it costs to look at replies that may not go yet."""

    def __init__(self, terms: Terms, calls_a_minute: int) -> None:
        super().__init__(terms, calls_a_minute)
        self.rendered = self.asked = 0

    def render(self, reply: Outgoing, way: Way) -> Sequence[Message]:
        self.rendered += 1
        return super().render(reply, way)

    def has_template(self, reply: Outgoing) -> bool:
        self.asked += 1
        return True


def test_nine_hundred_notices_wait_without_being_looked_at(lite: House) -> None:
    courier = Counting(DAY, 100)
    with lite.database.writing() as db:
        for person in range(900):
            row = lite.reply(str(person), "11")
            row.notice = True
            outbox.put(db, row, Bubble("news"))

    class Watched(Pace):
        asked = 0

        def wait(self, account_id: int, calls_a_minute: int, *, notice: bool) -> float:
            self.asked += 1
            return super().wait(account_id, calls_a_minute, notice=notice)

    clock = [0.0]
    pace = Watched(lambda: clock[0])
    with sender_of(lite, courier, pace=pace):
        eventually(lambda: pace.asked >= 900, "all have asked once")
        eventually(lambda: len(lite.unsent()) == 825, "the first are marked")
        asked = pace.asked

    assert (courier.count(), courier.rendered, courier.asked) == (75, 75, 75)
    assert asked < 950  # one comes back every 0.6 seconds, not all at once


def test_a_notice_with_an_answer_behind_it_is_not_held_back(lite: House) -> None:
    pace = Pace(lambda: 0.0)
    for _ in range(80):
        assert pace.wait(lite.pages["11"], 100, notice=False) == 0  # 20 of 100 are left in this minute
    courier = Courier(calls_a_minute=100)
    with lite.database.writing() as db:
        for words, notice in (("news", True), ("answer", False)):
            row = lite.reply("7", "11")
            row.notice = notice
            outbox.put(db, row, Bubble(words))

    with sender_of(lite, courier, pace=pace):
        eventually(lambda: not lite.unsent(), "both are marked")

    assert courier.took["7"] == ["news", "answer"]
