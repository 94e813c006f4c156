"""A bot's deliveries into events, whole or broken, and bubbles into what the platform takes."""

import unicodedata
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.event import Event, Inbound, Other, Photo, Silent, Sticker, Text, Voice, dump_event, load_event
from bot.reply import Bubble, Button, Limits, Paper
from handlers.channels.zalobot import codec
from handlers.fit import units

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
AT = datetime(2025, 6, 19, 6, 55, 31, 602000, tzinfo=UTC)
BOT, CHAT = "1459232241454765289", "6ede9afa66b88fe6d6a9"


def delivery(kind: str, **content: object) -> dict[str, Any]:
    """As the manual shows it, with the numbers of its example."""
    message = {
        "from": {"id": CHAT, "display_name": "Ted", "is_bot": False},
        "chat": {"id": CHAT, "chat_type": "PRIVATE"},
        "message_id": "2d758cb5e222177a4e35",
        "date": 1750316131602,
        **content,
    }
    return {"ok": True, "result": {"message": message, "event_name": f"message.{kind}.received"}}


def read(payload: object) -> list[Inbound]:
    return codec.parse(payload, BOT, NOW)


def event(kind: str, **content: object) -> Event:
    [found] = read(delivery(kind, **content))
    return found.event


def test_a_typed_sentence_becomes_a_text_of_its_chat() -> None:
    key = "message.text.received:2d758cb5e222177a4e35"

    assert read(delivery("text", text="Cam còn không?")) == [Inbound(BOT, CHAT, key, AT, Text("Cam còn không?"))]


def test_the_bare_inner_object_says_the_same() -> None:
    whole = delivery("text", text="2")

    assert read(whole["result"]) == read(whole)


@pytest.mark.parametrize(
    ("kind", "content", "expected"),
    [
        ("text", {"text": unicodedata.normalize("NFD", "ổi\u200b nhà em")}, Text("ổi nhà em")),
        ("text", {"text": " \u200b"}, Other("text")),
        ("text", {}, Other("text")),
        ("image", {"photo": "https://f.zdn.vn/a.jpg", "caption": "ổi"}, Photo(("https://f.zdn.vn/a.jpg",), "ổi")),
        ("image", {"photo_url": "https://f.zdn.vn/a.jpg"}, Photo(("https://f.zdn.vn/a.jpg",))),
        ("image", {"photo": "https://f.zdn.vn/a.jpg", "text": "ổi"}, Photo(("https://f.zdn.vn/a.jpg",), "ổi")),
        ("image", {"caption": "ổi"}, Other("image")),
        (
            "sticker",
            {"sticker": "bfe458bf64fa8da4d4eb", "url": "https://zalo-api.zadn.vn/s"},
            Sticker("bfe458bf64fa8da4d4eb"),
        ),
        ("sticker", {"sticker": 46}, Sticker("46")),
        ("sticker", {}, Sticker("")),
        ("voice", {"voice_url": "https://f.zdn.vn/a.aac"}, Voice("https://f.zdn.vn/a.aac")),
        ("voice", {}, Other("voice")),
        ("link", {"url": "https://htx.example/t/483920176504"}, Text("https://htx.example/t/483920176504")),
        ("link", {"text": "xem này", "url": "https://htx.example"}, Text("xem này")),
        ("link", {"url": " "}, Other("link")),
        ("unsupported", {}, Other("unsupported")),
        ("reaction", {}, Silent("reaction")),
        ("seen", {"text": "x"}, Silent("unknown")),
    ],
)
def test_each_kind_of_message_becomes_its_event(kind: str, content: dict[str, object], expected: Event) -> None:
    assert event(kind, **content) == expected


def test_a_protected_person_gets_an_answer_though_her_words_are_hidden() -> None:
    [found] = read(delivery("unsupported"))

    assert (found.sender, found.event) == (CHAT, Other("unsupported"))


def test_without_a_message_only_somebody_who_is_named_is_answered() -> None:
    name = "message.unsupported.received"

    [nobody] = read({"ok": True, "result": {"event_name": name}})
    [null] = read({"ok": True, "result": {"event_name": name, "message": None}})
    [beside] = read({"ok": True, "result": {"event_name": name, "chat": {"id": CHAT, "chat_type": "PRIVATE"}}})

    assert (nobody.sender, nobody.event) == ("", Silent("no_sender"))
    assert (null.sender, null.event) == ("", Silent("no_sender"))
    assert (beside.sender, beside.event) == (CHAT, Other("unsupported"))
    assert len({nobody.key, null.key, beside.key}) == 3


def test_in_a_group_the_bot_is_silent() -> None:
    assert event("text", text="@Bot cam", chat={"id": "zg-1", "chat_type": "GROUP"}) == Silent("group")
    assert event("unsupported", chat={"id": "zg-1", "chat_type": "CHANNEL"}) == Silent("group")


def test_a_bots_own_words_are_never_answered() -> None:
    assert event("text", text="Dạ", **{"from": {"id": CHAT, "is_bot": True}}) == Silent("echo")
    assert event("text", text="Dạ", **{"from": {"id": BOT}}) == Silent("echo")


def test_without_a_chat_the_answer_goes_to_whoever_wrote() -> None:
    [found] = read(delivery("text", text="a", chat=None))
    [nobody] = read(delivery("text", text="a", chat={"id": ""}, **{"from": None}))

    assert (found.sender, found.event) == (CHAT, Text("a"))
    assert (nobody.sender, nobody.event) == ("", Silent("no_sender"))


@pytest.mark.parametrize("chat", ["7\x00", "bác", "7 8", "7" * 129])
def test_a_chat_that_the_database_could_not_hold_is_nobodys(chat: str) -> None:
    [found] = read(delivery("text", text="a", chat={"id": chat}, **{"from": {"id": chat}}))

    assert (found.sender, found.event) == ("", Silent("no_sender"))


def test_the_same_words_in_two_messages_are_two_and_a_repeat_is_one() -> None:
    first, again = delivery("text", text="2"), delivery("text", text="2")
    second = delivery("text", text="2", message_id="2d758cb5e222177a4e36")
    nameless = [delivery("text", text="2", message_id=None, date=1750316131602 + n) for n in (0, 1, 0)]

    keys = [read(one)[0].key for one in (first, again, second)]
    hashed = [read(one)[0].key for one in nameless]

    assert keys == [f"message.text.received:2d758cb5e222177a4e3{digit}" for digit in "556"]
    assert hashed[0] == hashed[2] != hashed[1]


@pytest.mark.parametrize("payload", [None, 5, "x", [], {}, {"ok": True}, {"ok": True, "result": []}, {"event_name": 5}])
def test_what_is_no_update_has_no_events(payload: object) -> None:
    assert read(payload) == []


@pytest.mark.parametrize(
    "content",
    [
        {"text": ["x"]},
        {"from": "7"},
        {"chat": []},
        {"chat": {"id": 1.5}},
        {"chat": {"id": True}},
        {"message_id": {}},
        {"photo": 5},
        {"date": []},
    ],
)
def test_a_message_of_another_shape_is_kept_with_its_json(content: dict[str, object]) -> None:
    payload = delivery("text", **content)

    [found] = read(payload)

    assert (found.sender, found.event, found.raw) == (
        "",
        Silent("unreadable"),
        msgspec.json.encode(payload["result"], order="sorted"),
    )


@pytest.mark.parametrize(
    "name", ["", "text", "message.text.received ", "message.Té.received", "message.x.received" * 99]
)
def test_an_event_with_a_strange_name_is_kept_in_silence(name: str) -> None:
    payload = delivery("text", text="a")
    payload["result"]["event_name"] = name

    [found] = read(payload)

    assert (found.key, found.event) == ("unknown:2d758cb5e222177a4e35", Silent("unknown"))


def test_a_missing_or_impossible_date_is_now() -> None:
    assert [read(delivery("text", text="a", date=date))[0].at for date in (None, "hôm qua", -1, 10**18)] == [NOW] * 4


SHAPES = (codec.Message, codec.Party, codec.Chat)
NAMES = st.sampled_from([field.encode_name for shape in SHAPES for field in msgspec.structs.fields(shape)])
STRINGS = st.text(
    st.sampled_from("a7 -ếẾ\x00\u0301\u200b\u202e\ufffd👍"), max_size=8
)  # the whole of Unicode is slow to draw
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | STRINGS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)


@given(
    kind=st.sampled_from([*sorted(codec.ANSWERED), "reaction", "x"]),
    content=st.dictionaries(NAMES, JSON, max_size=6),
)
def test_whatever_a_delivery_holds_it_becomes_an_event_that_can_be_stored(
    kind: str, content: dict[str, object]
) -> None:
    [found] = read(delivery(kind, **content))

    assert found.key.isascii()
    assert found.sender.isascii()
    assert load_event(dump_event(found.event)) == found.event


def test_the_limits_are_those_of_the_manual() -> None:
    assert Limits(max_text=2000, max_text_with_buttons=2000, max_buttons=0, max_title=0) == codec.LIMITS


def test_choices_are_numbered_lines_that_go_on_from_the_list_above_them() -> None:
    bubble = Bubble("Chọn món ạ:\n1. Cam sành\n2. Mật ong", (Button("q1.3", "Món khác"), Button("q1.4", "Thôi")), 2)

    assert codec.render(bubble) == [{"text": "Chọn món ạ:\n1. Cam sành\n2. Mật ong\n3. Món khác\n4. Thôi"}]


def test_a_card_is_words_and_its_picture_a_photo_with_them_as_caption() -> None:
    card = Bubble("Dạ có ạ.", (Button("q1.1", "Mua"),), 0, "Cam sành", "28.000đ/kg", "https://htx.example/cam.jpg")

    assert codec.render(card) == [
        {"photo": "https://htx.example/cam.jpg", "caption": "Dạ có ạ.\nCam sành\n28.000đ/kg\n1. Mua"}
    ]


@pytest.mark.parametrize("image", ["", "/static/cam.jpg", "http://127.0.0.1:8000/cam.jpg"])
def test_a_picture_that_the_platform_could_not_fetch_is_left_out(image: str) -> None:
    assert codec.render(Bubble("Dạ", image=image)) == [{"text": "Dạ"}]


def test_a_file_is_the_link_to_it_between_the_words_and_the_choices() -> None:
    file = Paper("tem.pdf", "/sheets/12", "https://htx.example/s/k7", "Tải tờ tem ở đây:", "Tờ tem không còn nữa ạ.")
    link = "Tải tờ tem ở đây: https://htx.example/s/k7"

    assert codec.render(Bubble("Tờ tem đây ạ.", (Button("q1.1", "In thêm"),), file=file)) == [
        {"text": f"Tờ tem đây ạ.\n{link}\n1. In thêm"}
    ]


def test_a_picture_alone_has_no_caption_and_nothing_at_all_is_no_message() -> None:
    assert codec.render(Bubble("", image="https://htx.example/cam.jpg")) == [{"photo": "https://htx.example/cam.jpg"}]
    assert codec.render(Bubble(" \n")) == []


def test_long_words_are_parted_and_the_choices_stand_at_the_end() -> None:
    paragraph = "Cam sành Suối Mây ngọt. " * 60
    bubble = Bubble(f"{paragraph}\n\n{paragraph}", (Button("q1.1", "Đúng"),), image="https://htx.example/cam.jpg")

    first, second = codec.render(bubble)

    assert first == {"photo": "https://htx.example/cam.jpg", "caption": paragraph.strip()}
    assert second == {"text": f"{paragraph.strip()}\n1. Đúng"}


def test_decomposed_words_are_counted_as_they_are_sent() -> None:
    assert codec.render(Bubble(unicodedata.normalize("NFD", "ế" * 2000))) == [{"text": "ế" * 2000}]
    assert [units(one["text"]) for one in codec.render(Bubble("ế" * 2001))] == [2000, 1]


WORDS = st.text(st.sampled_from("aàđế .\n?!👍🏽\u200d🇻🇳\u0301"), max_size=5000)
SHORT = st.text(st.sampled_from("aàđế 👍🏽\u200d\u0301"), max_size=30)


@given(
    text=WORDS,
    titles=st.lists(SHORT, max_size=16),
    offset=st.integers(0, 9),
    card=st.tuples(SHORT, SHORT, st.sampled_from(["", "/static/cam.jpg", "https://htx.example/cam.jpg"])),
)
def test_whatever_a_bubble_holds_every_message_fits_and_nothing_is_lost(
    text: str, titles: list[str], offset: int, card: tuple[str, str, str]
) -> None:
    buttons = tuple(Button(f"q1.{n}", title) for n, title in enumerate(titles, 1))

    messages = codec.render(Bubble(text, buttons, offset, *card))

    said = [message.get("text", message.get("caption")) for message in messages]
    pieces = [piece for piece in said if piece is not None]
    lines = [f"{n}.{title}" for n, title in enumerate(titles, offset + 1)]
    wanted = unicodedata.normalize("NFC", "".join([text, *card[:2], *lines]))
    assert all(0 < units(piece) <= 2000 and piece.strip() for piece in pieces)
    assert squeezed("".join(pieces)) == squeezed(wanted)
    assert [index for index, message in enumerate(messages) if "photo" in message] == [0] * card[2].startswith("https")


def squeezed(text: str) -> str:
    return unicodedata.normalize("NFC", "".join(text.split()))
