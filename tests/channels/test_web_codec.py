from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.event import Inbound, Other, Referral, Start, Tap, Text, dump_event, load_event
from bot.reply import Bubble, Button, Card, Carousel, Paper
from handlers.channels.web.codec import parse, parse_ack, render

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("body", "event"),
    [
        ({"text": "2kg cam"}, Text("2kg cam")),
        ({"text": "  hai \n ky\u200b rưỡi "}, Text("hai ky rưỡi")),
        ({"text": "cam \ud83d"}, Text("cam \ufffd")),
        ({"text": "a" * 3000}, Text("a" * 2000)),
        ({"text": " \u200b "}, Other("empty")),
        ({"choice": "q7.2"}, Tap("q7.2")),
        ({"choice": "q7.2", "title": "Đúng, đặt tiếp"}, Tap("q7.2", "Đúng, đặt tiếp")),
        ({"ref": "t-483920176504"}, Referral("t-483920176504")),
        ({"start": True}, Start()),
    ],
)
def test_each_kind_of_message_becomes_its_event(body: dict[str, Any], event: Any) -> None:
    assert parse({"id": "m1"} | body, "ana", "SM", NOW) == Inbound("SM", "ana", "web:ana:m1", NOW, event)


def test_a_whole_number_is_an_id_too() -> None:
    assert parse({"id": 1, "text": "cam"}, "ana", "SM", NOW) == parse({"id": "1", "text": "cam"}, "ana", "SM", NOW)


@pytest.mark.parametrize(
    "body",
    [
        None,
        7,
        "cam",
        [],
        {},
        {"id": "m1"},
        {"text": "cam"},
        {"id": "", "text": "cam"},
        {"id": "x" * 101, "text": "cam"},
        {"id": "m\n1", "text": "cam"},
        {"id": "\ud83d", "text": "cam"},
        {"id": 10**40, "text": "cam"},
        {"id": True, "text": "cam"},
        {"id": 1.5, "text": "cam"},
        {"id": ["m1"], "text": "cam"},
        {"id": "m1", "text": 7},
        {"id": "m1", "text": None},
        {"id": "m1", "text": ["cam"]},
        {"id": "m1", "text": "cam", "choice": "q7.2"},
        {"id": "m1", "choice": {"id": 1}},
        {"id": "m1", "choice": "q7.2", "title": 3},
        {"id": "m1", "start": False},
        {"id": "m1", "start": 1},
    ],
)
def test_any_other_body_is_refused_with_words(body: Any) -> None:
    with pytest.raises(ValueError, match=r"[a-z]{2,}.*\.$"):
        parse(body, "ana", "SM", NOW)


@given(st.fixed_dictionaries({"id": JSON}, optional=dict.fromkeys(("text", "choice", "title", "ref"), JSON)))
def test_whatever_is_accepted_can_be_kept(body: dict[str, Any]) -> None:
    try:
        inbound = parse(body, "ana", "SM", NOW)
    except ValueError:
        return
    assert load_event(dump_event(inbound.event)) == inbound.event


@pytest.mark.parametrize(("body", "ack"), [({"ack": 0}, 0), ({"ack": 12}, 12), ({"text": "cam"}, None), ([], None)])
def test_an_ack_is_told_from_a_message(body: Any, ack: int | None) -> None:
    assert parse_ack(body) == ack


@pytest.mark.parametrize("ack", [-1, 1.0, True, "12", None, 2**63])
def test_an_ack_that_is_no_id_is_refused(ack: Any) -> None:
    with pytest.raises(ValueError, match="whole number"):
        parse_ack({"ack": ack})


def test_a_reply_is_drawn_with_all_it_has() -> None:
    bubble = Bubble("Có cam.", (Button("q7.1", "Đặt mua"),), 0, "Cam sành", "28.000đ/kg · còn 120 kg", "/media/cam.jpg")
    assert render(bubble) == {
        "text": "Có cam.",
        "choices": [{"id": "q7.1", "title": "Đặt mua"}],
        "card": {"title": "Cam sành", "subtitle": "28.000đ/kg · còn 120 kg"},
        "image": "/media/cam.jpg",
    }


def test_a_plain_reply_is_text_without_choices() -> None:
    assert render(Bubble("Chào chị.")) == {"text": "Chào chị.", "choices": []}


def test_a_file_is_a_link_with_its_name_and_our_own_path_to_it_stays_at_home() -> None:
    file = Paper("tem.pdf", "/sheets/12", "https://htx.example/s/k7", "Tải tờ tem ở đây:", "Tờ tem không còn nữa ạ.")
    link = {"title": "tem.pdf", "href": "https://htx.example/s/k7", "words": "Tải tờ tem ở đây:"}

    assert render(Bubble("Tờ tem đây ạ.", file=file)) == {"text": "Tờ tem đây ạ.", "choices": [], "link": link}
    assert render(Bubble("1. Cam", carousel=Carousel("Có:", (Card("Cam"),)), file=file))["link"] == link


def test_a_carousel_is_drawn_in_the_place_of_its_list() -> None:
    row = Carousel(
        "Hôm nay có:",
        (Card("Cam sành", "28.000đ/kg", "/pictures/cam.png", (Button("q7.1", "Thêm vào giỏ"),)), Card("Mật ong")),
        (Button("q7.9", "Giỏ hàng"),),
    )

    assert render(Bubble("Hôm nay có:\n1. Cam sành\n2. Mật ong", (Button("q7.3", "Xem thêm"),), 2, carousel=row)) == {
        "text": "Hôm nay có:",
        "choices": [{"id": "q7.9", "title": "Giỏ hàng"}],
        "cards": [
            {
                "title": "Cam sành",
                "subtitle": "28.000đ/kg",
                "choices": [{"id": "q7.1", "title": "Thêm vào giỏ"}],
                "image": "/pictures/cam.png",
            },
            {"title": "Mật ong", "subtitle": "", "choices": []},
        ],
    }
