"""Replies as calls that one thread makes: in order, once, so many at once, whatever the platform answers.

Tried: refusals for one reply, for an account and for ever, silence, half an answer, a courier that breaks at any step,
a reply that is closed while it waits, a stop in the middle.
"""

import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from bot.conversation import conversation_of
from bot.outbox import OutboxRow, Outgoing
from bot.permit import ANY_TIME, Terms, Way
from bot.reply import Reason, SendError
from bot.run.courier import HotCourier, Message, Sending
from bot.run.lanes import Traffic
from bot.run.sender import MOST_BREAKS, Sender
from catalog.account import Account
from catalog.case import open_cases
from handlers.calling import Answered, Call
from handlers.curling import Curls
from tests.conftest import NOW, Fresh, opened
from tests.simulators.server import Answer, Fault, Loopback, Request
from tests.unit.doors import House

PATIENCE_S = 10.0


@pytest.fixture
def lite(fresh: Fresh) -> Iterator[House]:
    database = opened(fresh.url("sqlite", "empty"))
    yield House(database)
    database.close()


class Platform:
    """Takes what is posted. answers: what the next calls with these words meet; closed: pages that keep silent.

    most: how many calls of a page were there at once.
    """

    def __init__(self) -> None:
        self.took: dict[str, list[str]] = defaultdict(list)
        self.answers: dict[str, list[Answer]] = {}
        self.closed: set[int] = set()
        self.pause = 0.0
        self.calls = 0
        self.most: dict[int, int] = defaultdict(int)
        self.open = threading.Event()
        self._now: dict[int, int] = defaultdict(int)
        self._lock = threading.Lock()
        self.server = Loopback(self._answer)

    def _answer(self, request: Request) -> Answer:
        said = json.loads(request.body)
        page = said["page"]
        with self._lock:
            self.calls += 1
            self._now[page] += 1
            self.most[page] = max(self.most[page], self._now[page])
            planned = self.answers.get(said["text"])
            answer = planned.pop(0) if planned else Answer()
            if answer.status == 200 and answer.fault in (Fault.NONE, Fault.HALF):
                self.took[said["to"]].append(said["text"])
        if page in self.closed:
            self.open.wait(PATIENCE_S)
        elif self.pause:
            self.server.stopping.wait(self.pause)
        with self._lock:
            self._now[page] -= 1
        return answer

    def count(self) -> int:
        return sum(map(len, self.took.values()))


@dataclass
class Courier:
    """Hot, but for the words in `slow`. What breaks: `ready`, `settle` or `mend`, so often."""

    platform: Platform
    terms: Terms = ANY_TIME
    calls_a_minute: int | None = None
    slow: set[str] = field(default_factory=set)
    echoed: set[str] = field(default_factory=set)
    breaks: dict[str, int] = field(default_factory=dict)
    sent_slowly: list[str] = field(default_factory=list)
    asked_for_echoes: list[str] = field(default_factory=list)
    mended: list[str] = field(default_factory=list)
    threads: set[str] = field(default_factory=set)

    def render(self, reply: Outgoing, way: Way) -> Sequence[Message]:
        return [{"text": line, "way": way.value} for line in reply.bubble.text.split("\n") if line]

    def send(self, sending: Sending) -> None:
        self.sent_slowly.append(sending.message["text"])
        self.platform.took[sending.reply.address].append(sending.message["text"])

    def ready(self, sending: Sending) -> Call | None:
        self._break("ready")
        if sending.message["text"] in self.slow:
            return None
        return self._call(sending)

    def settle(self, sending: Sending, answered: Answered) -> None:
        self.threads.add(threading.current_thread().name)
        self._break("settle")
        if answered.status != 200:
            meaning = json.loads(answered.content)
            raise SendError("refused", reason=Reason(meaning.pop("reason", "later")), **meaning)

    def mend(self, sending: Sending, call: Call, error: SendError) -> Call | None:
        self._break("mend")
        if error.reason is Reason.HELD:
            self.mended.append(sending.message["text"])
            return call
        return None

    def arrived(self, db: Session, sending: Sending) -> bool:
        self.asked_for_echoes.append(sending.message["text"])
        db.execute(text("SELECT 1"))
        return sending.message["text"] in self.echoed

    def has_template(self, reply: Outgoing) -> bool:
        return False

    def _call(self, sending: Sending) -> Call:
        reply = sending.reply
        said = {"to": reply.address, "text": sending.message["text"], "page": reply.account_id}
        return Call(self.platform.server.url, json.dumps(said).encode())

    def _break(self, where: str) -> None:
        if self.breaks.get(where, 0) > 0:
            self.breaks[where] -= 1
            raise ValueError(where)


@pytest.fixture
def platform() -> Iterator[Platform]:
    one = Platform()
    with one.server:
        yield one
        one.open.set()


def refusal(status: int = 400, **meaning: Any) -> Answer:
    return Answer(status, meaning)


@contextmanager
def sender_of(house: House, courier: Courier, *, now: datetime = NOW, **limits: Any) -> Iterator[Sender]:
    """The database is asked in any thread but the one that makes the calls."""
    asking: set[str] = set()
    event.listen(
        house.database.engine, "before_cursor_execute", lambda *_call: asking.add(threading.current_thread().name)
    )
    sender = Sender(house.database, {"messenger": courier}, lambda: now, 4, curls=Curls((1.0, 2.0)), **limits)
    sender.start()
    sender.wake()
    try:
        yield sender
    finally:
        courier.platform.open.set()
        sender.stop(PATIENCE_S)
        assert sender.in_flight == 0
        assert "feeder" in asking
        assert "curls" not in asking


def eventually(holds: Callable[[], object], what: str) -> None:
    until = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < until, f"never: {what}"
        time.sleep(0.005)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits longer than a moment between two tries, or for an account."""
    monkeypatch.setattr("bot.run.sender.back_off", lambda _tries: 0.01)
    monkeypatch.setattr("bot.run.sender.PAUSED_S", 0.05)


def test_everybodys_replies_arrive_in_order_and_once(lite: House, platform: Platform) -> None:
    courier = Courier(platform)
    assert isinstance(courier, HotCourier)
    for n in range(5):
        for person in range(60):
            lite.promise(str(person), f"{n}", page="11" if person % 2 else "22")

    with sender_of(lite, courier) as sender:
        eventually(lambda: not lite.unsent(), "all are marked")
        traffic = sender.snapshot()

    assert platform.took == {str(person): ["0", "1", "2", "3", "4"] for person in range(60)}
    assert (courier.sent_slowly, courier.threads) == ([], {"curls"})
    assert traffic == {account_id: Traffic(0, 0, 0, 150, {}) for account_id in lite.pages.values()}


def test_no_more_calls_than_allowed_are_made_at_once_and_a_silent_page_holds_up_no_other(
    lite: House, platform: Platform
) -> None:
    courier = Courier(platform)
    silent, other = lite.pages["11"], lite.pages["22"]
    platform.closed.add(silent)
    for person in range(40):
        lite.promise(str(person), "a", "b", page="11" if person < 20 else "22")

    with sender_of(lite, courier, at_once=6) as sender:
        eventually(lambda: len(lite.unsent()) == 40, "the other page's are marked")
        eventually(lambda: platform.most[silent] == 6, "the silent page has its calls")
        assert sender.snapshot()[silent] == Traffic(20, 6, 14, 0, {})
        assert sender.in_flight == 6
        platform.closed.clear()
        platform.open.set()
        eventually(lambda: not lite.unsent(), "all are marked")

    assert platform.took == {str(person): ["a", "b"] for person in range(40)}
    assert (platform.most[silent], platform.most[other] <= 6) == (6, True)


def test_a_reply_of_several_messages_goes_on_where_it_broke_off(lite: House, platform: Platform) -> None:
    courier = Courier(platform, slow={"three"})
    lite.promise("7", "one\ntwo\nthree\nfour", "five")
    platform.answers["two"] = [refusal(503, retry_after=0.01)]

    with sender_of(lite, courier) as sender:
        eventually(lambda: not lite.unsent(), "both are marked")
        assert sender.snapshot()[lite.pages["11"]].failures == {"later": 1}

    assert platform.took["7"] == ["one", "two", "three", "four", "five"]
    assert courier.sent_slowly == ["three"]


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("echoed", [True, False])
def test_a_call_of_which_nobody_knows_is_looked_up_before_it_is_made_again(
    lite: House, platform: Platform, echoed: bool
) -> None:
    courier = Courier(platform, echoed={"one"} if echoed else set())
    lite.promise("7", "one\ntwo")
    platform.answers["one"] = [Answer(fault=Fault.HALF)]

    with sender_of(lite, courier):
        eventually(lambda: not lite.unsent(), "it is marked")

    assert courier.asked_for_echoes == ["one"]
    assert platform.took["7"] == (["one", "two"] if echoed else ["one", "one", "two"])


@pytest.mark.usefixtures("hasty")
def test_a_call_that_surely_did_not_arrive_is_not_looked_up(lite: House, platform: Platform) -> None:
    class Astray(Courier):
        """Its first call goes where nobody listens."""

        def _call(self, sending: Sending) -> Call:
            call = super()._call(sending)
            self.made += 1
            return Call("http://127.0.0.1:1", call.body) if self.made == 1 else call

        made = 0

    courier = Astray(platform)
    lite.promise("7", "one")

    with sender_of(lite, courier) as sender:
        eventually(lambda: not lite.unsent(), "it is marked")
        assert sender.snapshot()[lite.pages["11"]].failures == {"unreachable": 1}

    assert (platform.took["7"], courier.asked_for_echoes) == (["one"], [])


def test_what_a_former_sender_tried_is_looked_up_before_it_goes_again(lite: House, platform: Platform) -> None:
    courier = Courier(platform, echoed={"one", "two", "four"})
    tried, _ = lite.promise("7", "one\ntwo\nthree", "four")
    with lite.database.writing() as db:
        db.get_one(OutboxRow, tried).tries = 1

    with sender_of(lite, courier):
        eventually(lambda: not lite.unsent(), "all are marked")

    assert platform.took["7"] == ["three", "four"]
    assert courier.asked_for_echoes == ["one", "two", "three"]


def test_what_can_never_go_is_put_aside_and_a_person_is_called(lite: House, platform: Platform) -> None:
    courier = Courier(platform)
    dead, alive = lite.promise("7", "a", "b")
    platform.answers["a"] = [refusal(reason="shape", permanent=True)]

    with sender_of(lite, courier):
        eventually(lambda: not lite.unsent(), "the other is marked")

    assert platform.took["7"] == ["b"]
    assert (lite.row(dead).dead_at, lite.row(dead).reason, lite.row(alive).sent_at) == (NOW, "shape", NOW)
    with lite.database.reading() as db:
        assert [(case.kind, case.subject) for case in open_cases(db)] == [("failed send", f"outbox {dead}")]


def test_a_throttled_page_is_left_alone_by_all_but_those_on_their_way(lite: House, platform: Platform) -> None:
    courier = Courier(platform)
    for person in range(40):
        lite.promise(str(person), "a")
    lite.promise("99", "x", page="22")
    platform.answers["a"] = [refusal(429, whole_account=True, retry_after=600) for _ in range(40)]

    with sender_of(lite, courier, at_once=1):
        eventually(lambda: len(lite.unsent()) == 40, "the other page's reply is marked")
        eventually(lambda: len([row for row in lite.waiting() if row.tries]) == 1, "the failure is kept")

    assert (platform.calls, dict(platform.took)) == (2, {"99": ["x"]})


@pytest.mark.usefixtures("hasty")
def test_a_dead_token_pauses_its_page_once_and_the_first_success_ends_it(lite: House, platform: Platform) -> None:
    courier = Courier(platform)
    for person in range(5):
        lite.promise(str(person), "a")
    platform.answers["a"] = [refusal(400, reason="token", pauses=True) for _ in range(5)]

    with sender_of(lite, courier):
        eventually(lambda: not lite.unsent(), "all are marked")

    assert platform.took == {str(person): ["a"] for person in range(5)}
    with lite.database.reading() as db:
        assert open_cases(db) == []
        assert db.get_one(Account, lite.pages["11"]).paused_at is None


def test_what_is_mended_goes_at_once_and_only_once(lite: House, platform: Platform) -> None:
    courier = Courier(platform)
    mended, _ = lite.promise("7", "a\nb", "c")
    platform.answers["a"] = [refusal(reason="held", waits=True)]
    platform.answers["b"] = [refusal(reason="held", waits=True)]
    (twice,) = lite.promise("8", "twice")
    platform.answers["twice"] = [refusal(reason="held", waits=True) for _ in range(2)]

    with sender_of(lite, courier):
        eventually(lambda: not lite.unsent(), "all are marked or put aside")

    assert platform.took == {"7": ["a", "b", "c"]}
    assert sorted(courier.mended) == ["a", "b", "twice"]
    assert (lite.row(mended).tries, lite.row(twice).reason) == (0, "held")


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("where", ["ready", "settle", "mend"])
def test_what_breaks_in_a_courier_is_tried_again_and_not_for_ever(lite: House, platform: Platform, where: str) -> None:
    courier = Courier(platform, breaks={where: MOST_BREAKS})
    (lasting,) = lite.promise("7", "a")
    if where == "mend":
        platform.answers["a"] = [refusal(503) for _ in range(MOST_BREAKS)]

    with sender_of(lite, courier):
        eventually(lambda: lite.row(lasting).dead_at, "it is put aside")
        lite.promise("8", "b")
        eventually(lambda: platform.took["8"], "the next goes")

    assert courier.breaks == {where: 0}


def test_a_no_is_never_taken_from_memory(lite: House, platform: Platform) -> None:
    courier = Courier(platform, terms=Terms(free=timedelta(hours=24)))
    with lite.database.writing() as db:
        talk = conversation_of(db, lite.pages["11"], "7", NOW)
        talk.touched_at = NOW - timedelta(hours=30)
        row = lite.reply("7", "11")
        row.conversation_id = talk.id
        row.body = lite.database.vault.seal(b'{"text":"a"}')
        db.add(row)
        db.flush()
        reply = row.id

    with sender_of(lite, courier):
        eventually(lambda: lite.row(reply).held_at, "it is held")

    assert (platform.calls, lite.row(reply).reason) == (0, "window")


def test_after_a_wait_a_reply_that_was_closed_meanwhile_does_not_go(lite: House, platform: Platform) -> None:
    courier = Courier(platform)
    closed, _ = lite.promise("7", "a", "b")
    platform.answers["a"] = [refusal(503, retry_after=0.2)]

    with sender_of(lite, courier):
        eventually(lambda: lite.row(closed).tries, "the first try")
        with lite.database.writing() as db:
            db.get_one(OutboxRow, closed).dead_at = NOW
        eventually(lambda: not lite.unsent(), "the other is marked")

    assert platform.took["7"] == ["b"]


def test_a_polite_stop_in_the_middle_repeats_nothing_and_leaves_the_rest(lite: House, platform: Platform) -> None:
    courier = Courier(platform)
    platform.pause = 0.02
    for n in range(4):
        for person in range(50):
            lite.promise(str(person), f"{n}a\n{n}b")

    for _ in range(3):
        before = platform.calls
        with sender_of(lite, courier, at_once=20):
            eventually(lambda before=before: platform.calls > before + 60, "some are on their way")  # type: ignore[misc]
        calls_after_stop = platform.calls
        assert calls_after_stop == platform.count() == 2 * (200 - len(lite.unsent()))
    with sender_of(lite, courier):
        eventually(lambda: not lite.unsent(), "all are marked")

    messages = [f"{n}{part}" for n in range(4) for part in "ab"]
    assert platform.took == {str(person): messages for person in range(50)}
    assert platform.calls == 400
