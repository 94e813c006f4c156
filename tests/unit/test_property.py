"""Any event, in any state of every dialogue: there is always an answer that the platforms take, and a way out.

Where a colleague has the thread, or nothing was asked of the bot, it is silent instead.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot import inbox, thread
from bot.conversation import Conversation
from bot.dialogues import DIALOGUES
from bot.engine import take_turn
from bot.event import (
    SAID,
    ContactCard,
    Edited,
    Event,
    Follow,
    HandedBack,
    Location,
    Other,
    Overheard,
    Photo,
    Referral,
    Start,
    Sticker,
    TakenOver,
    Tap,
    Text,
    Touched,
    Voice,
    Withdrawn,
)
from bot.reply import Bubble
from bot.speech import MAX_BUBBLES
from bot.understand.text import clean
from catalog.case import open_cases
from handlers.channels.messenger import codec
from tests.conftest import Fresh, opened
from tests.simulators.graph_rules import shown
from tests.unit.room import CUSTOMER, PRODUCER, TYPING, Room, Rooms

DATA = Path(__file__).parent / "data" / "utterances.jsonl"
ADDRESS = "số 5 ngõ 20 Dịch Vọng, Cầu Giấy, Hà Nội"
BUYING = ["2 goi mien", "dat hang", "dong y", "Hằng 0912 345 678", ADDRESS, "dung"]


@dataclass(frozen=True, slots=True)
class Road:
    """What somebody says to get somewhere. address: who she is."""

    words: list[str]
    address: str = CUSTOMER
    shop: str = "SM"


ROADS: dict[str, Road] = {
    "nowhere": Road([]),
    "nowhere.p": Road([], PRODUCER),
    "order.Basket": Road(BUYING[:1]),
    "order.HowMuch": Road(["2 goi mien", "cho 2 cam"]),
    "order.Consenting": Road(BUYING[:2]),
    "order.Naming": Road(BUYING[:3]),
    "order.Addressing": Road(BUYING[:4]),
    "order.CheckingAddress": Road(BUYING[:5]),
    "order.Reviewing": Road(BUYING),
    "order.Changing": Road([*BUYING, "sửa"]),
    "order.Which": Road(["lay 2 goi che"], shop="LM"),
    "order.Returned": Road(["2 goi mien", "⟨2 days⟩", "hello"]),
    "placed": Road([*BUYING, "chốt"]),
    "mine.CallingOff": Road([*BUYING, "chốt", "huy don"]),
    "shop.Wishing": Road(["co sau rieng ko"]),
    "trace.Asked": Road(["tra tem"]),
    "trace.Slipped": Road(["483920186504"]),
    "trace.Reporting": Road(["123456789012", "1"]),
    "trace.Suspected": Road(["⟨many looks⟩", "824501379632"]),
    "trace.Locating": Road(["⟨many looks⟩", "824501379632", "mua ở chợ quê"]),
    "recall.Counting": Road(["609735841277", "doi goi moi"]),
    "recall.Consenting": Road(["609735841277", "doi goi moi", "2"]),
    "recall.Phoning": Road(["609735841277", "doi goi moi", "2", "dong y"]),
    "trace": Road(["4839 2017 6504"]),
    "post.Choosing": Road(["0", "1"], PRODUCER),
    "post.Naming": Road(["0", "1", "món khác"], PRODUCER),
    "post.Unlisted": Road(["0", "1", "món khác", "sau rieng"], PRODUCER),
    "post.Counting": Road(["0", "1", "1"], PRODUCER),
    "post.Pricing": Road(["0", "1", "1", "50"], PRODUCER),
    "post.Valuing": Road(["0", "1", "1", "50", "2"], PRODUCER),
    "post.Doubting": Road(["mai co 50 can cam 250 nghin"], PRODUCER),
    "mine.Whereto": Road([*BUYING, "chốt", "đổi địa chỉ giúp chị"]),
    "mine.Moving": Road([*BUYING, "chốt", "đổi địa chỉ giúp chị", "số 7 Bà Triệu, phường Cửa Nam, Hà Nội"]),
    "mine.WhichOrder": Road([*BUYING, "chốt", "2 goi mien", "dat hang", "chốt", "đổi địa chỉ giúp chị"]),
    "post.Dating": Road(["tuan sau co 50 can cam 25 nghin"], PRODUCER),
    "post.Confirming": Road(["mai co 50 can cam 25 nghin, 3 chuc trung"], PRODUCER),
    "post.Changing": Road(["mai co 50 can cam 25 nghin", "sửa"], PRODUCER),
    "post.Returning": Road(["0", "1", "1", "⟨2 days⟩", "50"], PRODUCER),
    "post.OnSale": Road(["mai co 50 can cam 25 nghin", "dung"], PRODUCER),
    "post.Correcting": Road(["mai co 50 can cam 25 nghin", "dung", "nham roi 15 can thoi"], PRODUCER),
    "post.TakingOff": Road(["het trung roi"], PRODUCER),
    "diary.Telling": Road(["ghi nhật ký"], PRODUCER),
    "diary.Dating": Road(["mai phun thuốc cam"], PRODUCER),
    "diary.Choosing": Road(["hôm qua tỉa cành"], PRODUCER),
    "diary.Cut": Road(["hôm nay phun thuốc cam"], PRODUCER),
    "diary.Confirming": Road(["12/9 phun thuốc cam"], PRODUCER),
    "diary.Changing": Road(["12/9 phun thuốc cam", "sửa"], PRODUCER),
    "diary.Waiting": Road(["12/9 phun thuốc cam", "đúng"], PRODUCER),
    "diary.Written": Road(["12/9 phun thuốc cam", "đúng", "7"], PRODUCER),
    "press.Choosing": Road(["⟨may print⟩", "in 5 tem"], PRODUCER),
    "press.Counting": Road(["⟨may print⟩", "in tem cam"], PRODUCER),
    "press.Confirming": Road(["⟨may print⟩", "in 5 tem cam"], PRODUCER),
    "post.Repricing": Road(["cam len 280"], PRODUCER),
    "post.PassingOn": Road(["cam len 28"], PRODUCER),
}
"""How to get to each state, for whom."""
MOST, MOST_WITH_BUTTONS = 2000, 640
NEVER_AT_REST = {"tie.Redeeming", "press.Activating", "press.Resending"}  # they ask for a result in the same breath


def _said() -> list[str]:
    with DATA.open(encoding="utf-8") as lines:
        return [json.loads(line)["text"] for line in lines]


PERCENT = "100% tươi %(name)s {0} %s"
HOSTILE = [
    "1e1000000 kg cam",
    "9" * 2_000,
    "9" * 400 + " kg cam",
    "NaN",
    "1_000",
    "٣ kg cam",
    "²",
    "-5 kg cam",
    "0 kg cam",
    "0,0001 kg cam",
    "cam\x00cam",
    "\u202ecam\u200b",
    "cam " * 500,
    "cam 1 kg " * 200,
    "e\u0301\u0323" * 900,
    PERCENT,
    "<script>alert(1)</script>",
    "'; DROP TABLE offer; --",
    "=1+1",
    "👍🏿" * 200,
    "",
    "...",
]
HOUSE = [
    "0",
    "9",
    "?",
    "lại",
    "sửa",
    "thôi",
    "hủy",
    "menu",
    "gặp người",
    "có",
    "không",
    "ok",
    "đúng",
    "👍",
    "english",
    "VN",
]
NUMBERS = [
    "1",
    "2",
    "3",
    "4",
    "5",
    "7",
    "10",
    "50",
    "99",
    "1000000",
    "2,5",
    "0.5",
    "hai",
    "2 chục",
    "25k",
    "25 nghìn",
    "0912345678",
]
REFS = ["t-483920176504", "t-609735841277", "t-824501379632", "nsx-519273640889", "t-123456789012", "x" * 300]
MADE_UP = [
    "",
    ":",
    "::",
    "no colon",
    "0:order.add:٣",
    "0:order.add:" + "9" * 30,
    "0:order.add:-1",
    "0:shop.show:" + "9" * 19,
    "0:shop.browse:" + "9" * 5000,
    "0:shop.browse:2",
    "0:order.lot:483920176504",
    "0:order.lot:609735841277",
    "0:trace.scan:\x00",
    "0:trace.journey:x",
    "0:mine.order:DH0000",
    "0:mine.cancel:DH0000",
    "0:post.start:",
    "0:engine.drop:",
    "0:engine.keep:",
    "0:tie.invited:519273640889",
    "0:trace.report:000000000098",
    "0:trace.book:824501379632",
    "0:recall.swap:609735841277",
    "0:recall.refund:483920176504",
    "0:recall.call:x",
    "0:diary.start:",
    "0:diary.lacks:",
    "0:press.any:",
    "0:press.activate:1",
    "0:press.activate:x",
    "0:person.media:" + "x" * 900,
    "0:menu.open:",
    "99999:yes:",
    "1:yes:",
]


@dataclass(frozen=True, slots=True)
class Press:
    """A button that she saw at some time: counted from the newest."""

    back: int


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """Something that is not her doing."""

    name: str
    do: Callable[[Room], None]

    def __repr__(self) -> str:
        return self.name


def the_clock_ticks(room: Room) -> None:
    """What is due is put into her inbox, and answered."""
    thread.alarms(room.db, room.clock.at)
    for row in inbox.pending(room.db, room.clock.at, 50):
        with room.db.begin_nested():
            take_turn(room.db, row, room.world)


MEANWHILE = [
    Meanwhile("eleven hours and three quarters", lambda room: room.waits(timedelta(hours=11, minutes=45))),
    Meanwhile("the clock ticks", the_clock_ticks),
    Meanwhile("a day and an hour", lambda room: room.waits(timedelta(hours=25))),
    Meanwhile("five days", lambda room: room.waits(timedelta(days=5))),
    Meanwhile("forty days", lambda room: room.waits(timedelta(days=40))),
    Meanwhile("others buy all", Room.others_buy_all),
    Meanwhile("prices rise", Room.prices_rise),
]
events = st.one_of(
    st.builds(Press, st.integers(0, 3)),
    st.builds(Press, st.integers(0, 60)),
    st.sampled_from([Text(clean(words)) for words in _said()]),
    st.sampled_from([Text(clean(words)) for words in HOUSE]),
    st.sampled_from([Text(clean(words)) for words in NUMBERS]),
    st.sampled_from([Text(clean(words)) for words in HOSTILE]),
    st.builds(lambda words: Text(clean(words)), st.text(max_size=40)),
    st.sampled_from([Tap(made_up, "?") for made_up in MADE_UP]),
    st.sampled_from(
        [
            *map(Referral, REFS),
            Start(),
            Photo(("https://example.org/1.jpg",)),
            Photo(("https://example.org/1.jpg",), "cam 20 kg"),
            Voice("https://example.org/1.m4a"),
            Sticker("369239263222822"),
            Other("location"),
        ]
    ),
    st.sampled_from(
        [
            Location(21.03, 105.85),
            Location(-90.0, 180.0),
            ContactCard("Hằng", "0912345678", ADDRESS),
            ContactCard("Hằng", "0912345678"),
            ContactCard("", "0912345678"),
            ContactCard("Hằng", ""),
            ContactCard("", "", ""),
            ContactCard("chị Mến", "0987654321", hers=False),
            ContactCard("9" * 300, "x" * 40, "y" * 900),
            Edited("3 goi mien"),
            Edited(""),
            Follow(),
            Touched("love"),
            TakenOver("4713478301", "Chào chị, em Hoa đây ạ."),
            TakenOver("263902037430909", speaks=False),
            TakenOver(""),
            Overheard("em ơi"),
            Overheard(""),
            HandedBack("staff"),
            HandedBack(),
            Withdrawn(),
        ]
    ),
    st.builds(lambda words: Edited(clean(words)), st.text(max_size=40)),
    st.sampled_from(MEANWHILE),
)


@pytest.fixture(scope="module")
def rooms(fresh: Fresh, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rooms]:
    database = opened(fresh.url("sqlite", "demo"))
    yield Rooms(database, tmp_path_factory.mktemp("rooms"))
    database.close()


@contextmanager
def at_the_end_of(road: Road, rooms: Rooms) -> Iterator[Room]:
    with rooms.room(road.address, road.shop) as room:
        for words in road.words:
            if words == "⟨2 days⟩":
                room.waits(timedelta(days=2))
            elif words == "⟨many looks⟩":
                room.others_look("824501379632", 20)
            elif words == "⟨may print⟩":
                room.may_print("NSX-017", 50)
            else:
                room.hears(Text(words))
        yield room


@pytest.mark.parametrize("name", [name for name in ROADS if name.partition(".")[2][:1].isupper()])
def test_each_road_leads_where_it_says(rooms: Rooms, name: str) -> None:
    with at_the_end_of(ROADS[name], rooms) as room:
        assert room.state == name


def test_there_is_a_road_to_every_state() -> None:
    states = {f"{dialogue.name}.{state}" for dialogue in DIALOGUES.values() for state in dialogue.states}
    assert states - NEVER_AT_REST <= set(ROADS)


def test_a_zero_is_the_menu_and_no_part_of_a_buttons_number(rooms: Rooms) -> None:
    with at_the_end_of(ROADS["post.OnSale"], rooms) as room:
        (asked,) = room.hears(Text("0.5"))
        assert "0,5" in asked.buttons[0].title

        room.hears(Text("0"))

        assert room.state == "post.Correcting"


def voice(room: Room, event: Event) -> Literal["speaks", "may speak", "silent"]:
    """What the bot does when she is about to do this."""
    talk = room.db.scalar(select(Conversation).where(Conversation.address == room.address))
    if isinstance(event, (Edited, HandedBack)):
        at_hand = talk is not None and thread.is_taken(talk, room.clock.at + TYPING)
        return "silent" if at_hand and isinstance(event, Edited) else "may speak"
    if not isinstance(event, SAID):
        return "silent"
    if talk is None:
        return "speaks"
    known = isinstance(event, Follow) and talk.seen_at is not None
    return "silent" if known or thread.is_taken(talk, room.clock.at + TYPING) else "speaks"


def wrong_with(bubbles: list[Bubble], *, least: int = 1, most: int = MAX_BUBBLES) -> list[str]:
    """What no platform would take, or no person should get. least, most: how many bubbles are right."""
    if not least <= len(bubbles) <= most:
        return [f"{len(bubbles)} bubbles"]
    found = []
    for bubble in bubbles:
        messages = codec.render(bubble)
        if not messages:
            found.append(f"nothing to send of {bubble}")
        if len(bubble.text) > (MOST_WITH_BUTTONS if bubble.buttons else MOST):
            found.append(f"{len(bubble.text)} characters: {bubble.text}")
        for message in messages:
            seen = shown({"recipient": {"id": "1"}, "messaging_type": "RESPONSE", "message": message})
            if seen is None or len(seen.buttons) > 3:
                found.append(f"not shown: {message}")
        if len(bubble.buttons) > 3:
            found.append(f"{len(bubble.buttons)} buttons: {bubble.text}")
        if "%(" in bubble.text.replace(PERCENT, ""):
            found.append(f"a parameter is left in: {bubble.text}")
    return found


def play(room: Room, happenings: list[Event | Press | Meanwhile]) -> None:
    """Let all of it happen; AssertionError with what she was told where that is wrong."""
    puzzled_before: list[str] = []
    misses = 0
    for happening in happenings:
        if isinstance(happening, Meanwhile):
            happening.do(room)
            continue
        event: Event
        if isinstance(happening, Press):
            if not room.shown:
                continue
            event = Tap(room.shown[-1 - happening.back % len(room.shown)], "A")
        else:
            event = happening
        expected = voice(room, event)
        told = room.hears(event)
        least, most = int(expected == "speaks"), 0 if expected == "silent" else MAX_BUBBLES
        assert not wrong_with(told, least=least, most=most), (event, told)
        words = [bubble.text for bubble in told]
        now = room.memory.misses
        if now > misses > 0:
            assert words != puzzled_before, "not understood, in the same words"
        misses, puzzled_before = now, words
    assert not room.unbalanced()


def finds_out(room: Room) -> None:
    """0 is the menu and 9 a person; where a number is asked for it is one, and the words lead out.

    A colleague who has the thread gives it back first.
    """
    assert not wrong_with(room.hears(HandedBack("staff")), least=0)
    question = room.memory.question
    number = question is not None and question.expects == "number"
    room.hears(Text("menu" if number else "0"))
    question = room.memory.question
    assert question is not None
    assert {choice.key for choice in question.choices} & {"trace.ask", "post.start"}
    known = len(open_cases(room.db))
    told = room.hears(Text("gặp người" if number else "9"))
    conversation_cases = [case for case in open_cases(room.db) if case.kind == "question"]
    assert len(open_cases(room.db)) > known or conversation_cases, told


quickly = settings(
    max_examples=150,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
thoroughly = settings(quickly, max_examples=5000, derandomize=False)
talks = st.lists(events, min_size=1, max_size=8)


def roads_of(address: str) -> st.SearchStrategy[str]:
    return st.sampled_from([name for name, road in ROADS.items() if road.address == address])


@quickly
@given(name=roads_of(CUSTOMER), happenings=talks)
def test_whatever_happens_a_customer_has_an_answer_and_a_way_out(
    rooms: Rooms, name: str, happenings: list[Event | Press | Meanwhile]
) -> None:
    go(rooms, name, happenings)


@quickly
@given(name=roads_of(PRODUCER), happenings=talks)
def test_whatever_happens_a_producer_has_an_answer_and_a_way_out(
    rooms: Rooms, name: str, happenings: list[Event | Press | Meanwhile]
) -> None:
    go(rooms, name, happenings)


@pytest.mark.soak
@thoroughly
@given(name=st.sampled_from(sorted(ROADS)), happenings=talks)
def test_whatever_else_happens_there_is_an_answer_and_a_way_out(
    rooms: Rooms, name: str, happenings: list[Event | Press | Meanwhile]
) -> None:
    go(rooms, name, happenings)


def go(rooms: Rooms, name: str, happenings: list[Event | Press | Meanwhile]) -> None:
    with at_the_end_of(ROADS[name], rooms) as room:
        play(room, happenings)
        finds_out(room)
