"""What the stand-in for Graph takes and refuses when a message is sent, over real HTTP."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.simulators.graph import Behaviour, Graph, Mode
from tests.simulators.graph_faults import TRANSIENT
from tests.simulators.graph_hook import Api, refusal
from tests.simulators.graph_rules import Button, Card, Shown
from tests.simulators.graph_wire import proof_of

PAGE, OTHER_PAGE, PSID = "112233445566778", "104857600000001", "7012345678901234"
TOKEN, SECRET = "EAAtestPageToken123", "test-app-secret"
RECEIPT: dict[str, Any] = {
    "template_type": "receipt",
    "recipient_name": "Bác Hoa",
    "order_number": "DH1024",
    "currency": "VND",
    "payment_method": "Tiền mặt khi nhận",
    "timestamp": "1795258800",
    "address": {
        "street_1": "Thôn 3",
        "city": "Buôn Ma Thuột",
        "postal_code": "630000",
        "state": "Đắk Lắk",
        "country": "VN",
    },
    "summary": {"subtotal": 600000, "shipping_cost": 30000, "total_cost": 630000},
    "elements": [{"title": "Cà phê Đắk Lắk", "quantity": 5, "price": 600000, "currency": "VND"}],
}


@pytest.fixture
def graph() -> Iterator[Graph]:
    with Graph() as graph:
        yield graph


@pytest.fixture
def api(graph: Graph) -> Iterator[Api]:
    with Api(graph, PAGE) as api:
        yield api


def template(**payload: object) -> dict[str, Any]:
    return {"attachment": {"type": "template", "payload": payload}}


def postback(title: str = "Đồng ý", payload: str = "OK") -> dict[str, str]:
    return {"type": "postback", "title": title, "payload": payload}


def quick(title: str = "Đồng ý", payload: str = "OK") -> dict[str, str]:
    return {"content_type": "text", "title": title, "payload": payload}


# Bodies and tokens


def test_a_message_is_answered_with_recipient_and_message_id(graph: Graph, api: Api) -> None:
    assert api.send(PSID, {"text": "Chào bác"}) == {"recipient_id": PSID, "message_id": "m_out1"}
    assert graph.to(PSID) == [Shown("Chào bác")]


def test_a_sender_action_has_no_message_id_and_shows_nothing(graph: Graph, api: Api) -> None:
    assert api.act(PSID, "typing_on") == {"recipient_id": PSID}
    assert api.act(PSID, "react", payload={"message_id": "m_1", "reaction": "love"}) == {"recipient_id": PSID}
    assert [(one.psid, one.name) for one in graph.actions] == [(PSID, "typing_on"), (PSID, "react")]
    assert graph.delivered == []


def test_an_action_beside_a_message_is_refused(api: Api) -> None:
    assert refusal(api.send(PSID, {"text": "x"}, sender_action="typing_on")) == (100, 2018014)
    assert refusal(api.act(PSID, "dance")) == (100, None)
    assert refusal(api.act(PSID, "react")) == (100, None)


def test_a_form_with_json_strings_is_read_like_json(graph: Graph, api: Api) -> None:
    form = {"recipient": json.dumps({"id": PSID}), "messaging_type": "RESPONSE", "message": json.dumps({"text": "x"})}

    assert api.raw("messages", data=form).json() == {"recipient_id": PSID, "message_id": "m_out1"}
    assert graph.to(PSID) == [Shown("x")]


def test_the_token_may_be_in_the_body() -> None:
    body = {"recipient": {"id": PSID}, "messaging_type": "RESPONSE", "message": {"text": "x"}, "access_token": TOKEN}
    with Graph(tokens={PAGE: TOKEN}) as graph, Api(graph, PAGE, "none") as api:
        assert api.raw("messages", query={}, json=body).status_code == 200
        assert api.raw("messages", query={}, data={"access_token": TOKEN}).json()["error"]["code"] == 100
        assert refusal(api.raw("messages", query={}, json={}).json()) == (190, 463)
        assert len(graph.to(PSID)) == 1


def test_me_is_the_page_of_the_token() -> None:
    body = {"recipient": {"id": PSID}, "messaging_type": "RESPONSE", "message": {"text": "x"}}
    with Graph(tokens={OTHER_PAGE: "b", PAGE: TOKEN}) as graph, Api(graph, PAGE) as api:
        assert api.call("POST", "messages", body, node="me").status_code == 200
        assert [one.page_id for one in graph.delivered] == [PAGE]
        assert refusal(api.call("POST", "messages", body, node=OTHER_PAGE).json()) == (190, 463)


def test_a_wrong_or_missing_proof_is_refused() -> None:
    with Graph(app_secret=SECRET) as graph, Api(graph, PAGE) as api:
        statuses = [
            api.call("GET", "", fields="id", **proof).status_code
            for proof in ({"appsecret_proof": proof_of(TOKEN, SECRET)}, {"appsecret_proof": "0" * 64}, {})
        ]
        in_body = api.raw("messages", data={"appsecret_proof": proof_of(TOKEN, SECRET)}).json()

    assert statuses == [200, 400, 400]
    assert "appsecret_proof" in in_body["error"]["message"]


def test_an_unreadable_body_and_an_unknown_path_are_refused(api: Api) -> None:
    assert refusal(api.raw("messages", data=b"{", headers={"Content-Type": "application/json"}).json()) == (100, None)
    assert refusal(api.raw("messages", data=b"[]", headers={"Content-Type": "application/json"}).json()) == (100, None)
    assert refusal(api.call("POST", "friends", {}).json()) == (2500, None)


# Limits


@pytest.mark.parametrize(
    ("fits", "too_much"),
    [
        ({"text": "ă" * 2000}, {"text": "ă" * 2001}),
        ({"text": "👍" * 1000}, {"text": "👍" * 1000 + "a"}),
        ({"text": "x", "metadata": "m" * 999}, {"text": "x", "metadata": "m" * 1000}),
        ({"text": "x", "quick_replies": [quick()] * 13}, {"text": "x", "quick_replies": [quick()] * 14}),
        (
            {"text": "x", "quick_replies": [quick(payload="p" * 1000)]},
            {"text": "x", "quick_replies": [quick(payload="p" * 1001)]},
        ),
        (
            template(template_type="button", text="t" * 640, buttons=[postback()] * 3),
            template(template_type="button", text="t" * 641, buttons=[postback()]),
        ),
        (
            template(template_type="button", text="t", buttons=[postback("t" * 20, "p" * 1000)]),
            template(template_type="button", text="t", buttons=[postback("t" * 21)]),
        ),
        (
            template(template_type="button", text="t", buttons=[postback()]),
            template(template_type="button", text="t", buttons=[]),
        ),
        (
            template(template_type="generic", elements=[{"title": "t" * 80, "subtitle": "s" * 80}] * 10),
            template(template_type="generic", elements=[{"title": "t", "subtitle": "s"}] * 11),
        ),
        (
            template(template_type="generic", elements=[{"title": "t", "buttons": [postback()] * 3}]),
            template(template_type="generic", elements=[{"title": "t", "buttons": [postback()] * 4}]),
        ),
        (
            template(template_type="generic", elements=[{"title": "t", "subtitle": "s"}]),
            template(template_type="generic", elements=[{"title": "t"}]),
        ),
        (
            template(
                template_type="generic",
                elements=[{"title": "t", "default_action": {"type": "web_url", "url": "https://x.vn"}}],
            ),
            template(
                template_type="generic",
                elements=[{"title": "t", "default_action": {"type": "web_url", "url": "https://x.vn", "title": "x"}}],
            ),
        ),
        (
            {"attachments": [{"type": "image", "payload": {"url": "https://x.vn/a.jpg"}}] * 30},
            {"attachments": [{"type": "image", "payload": {"url": "https://x.vn/a.jpg"}}] * 31},
        ),
        (
            {"attachment": {"type": "audio", "payload": {"url": "https://x.vn/a.mp3"}}},
            {"attachment": {"type": "tape", "payload": {"url": "https://x.vn/a.mp3"}}},
        ),
    ],
)
def test_a_message_at_the_limit_goes_out_and_beyond_it_is_error_100(
    graph: Graph, api: Api, fits: dict[str, Any], too_much: dict[str, Any]
) -> None:
    assert "message_id" in api.send(PSID, fits)
    assert refusal(api.send(PSID, too_much)) == (100, None)
    assert len(graph.to(PSID)) == 1


def test_a_long_title_of_a_quick_reply_is_cut_not_refused(graph: Graph, api: Api) -> None:
    api.send(PSID, {"text": "x", "quick_replies": [quick("Một cái nút tên rất là dài")]})

    assert graph.to(PSID)[0].titles == ("Một cái nút tên rất ",)


@pytest.mark.parametrize("missing", ["recipient_name", "order_number", "currency", "payment_method", "summary"])
def test_a_receipt_needs_each_of_its_fields(api: Api, missing: str) -> None:
    assert "message_id" in api.send(PSID, template(**RECEIPT))
    assert refusal(api.send(PSID, template(**{k: v for k, v in RECEIPT.items() if k != missing}))) == (100, None)


@pytest.mark.parametrize(
    "broken",
    [
        {"summary": {"subtotal": 1}},
        {"summary": {"total_cost": "630000.5"}},
        {"summary": {"total_cost": "nhiều"}},
        {"currency": "đồng"},
        {"timestamp": "2026-11-21"},
        {"address": {"street_1": "Thôn 3"}},
        {"address": RECEIPT["address"] | {"country": "Vietnam"}},
        {"elements": [{"title": "x"}]},
        {"elements": [{"title": "x", "price": 1}] * 101},
    ],
)
def test_a_receipt_with_a_broken_field_is_refused(api: Api, broken: dict[str, Any]) -> None:
    assert refusal(api.send(PSID, template(**RECEIPT | broken))) == (100, None)


def test_a_receipt_shows_number_and_total(graph: Graph, api: Api) -> None:
    api.send(PSID, template(**RECEIPT))

    assert graph.to(PSID)[0].lines() == ["🧾 DH1024 630000 VND"]


def test_cards_and_links_are_shown_as_they_were_sent(graph: Graph, api: Api) -> None:
    link = {"type": "web_url", "title": "Xem", "url": "https://x.vn/p"}
    card = {"title": "Cà phê", "subtitle": "120.000đ/kg", "image_url": "https://x.vn/a.jpg"}
    api.send(PSID, template(template_type="generic", elements=[card | {"buttons": [postback("Mua", "BUY"), link]}]))

    buttons = (Button("Mua", "BUY"), Button("Xem", "https://x.vn/p", "web_url"))
    assert graph.to(PSID) == [Shown(cards=(Card("Cà phê", "120.000đ/kg", "https://x.vn/a.jpg", buttons),))]


def test_a_media_template_takes_an_id_or_facebooks_own_address(graph: Graph, api: Api) -> None:
    own = {"media_type": "image", "url": "https://www.facebook.com/photo/1", "buttons": [postback()]}
    foreign = own | {"url": "https://x.vn/a.jpg"}

    assert "message_id" in api.send(PSID, template(template_type="media", elements=[own]))
    assert refusal(api.send(PSID, template(template_type="media", elements=[foreign]))) == (100, 2018185)
    assert refusal(api.send(PSID, template(template_type="media", elements=[own, own]))) == (100, None)
    assert graph.to(PSID)[0].titles == ("Đồng ý",)


@pytest.mark.parametrize(
    "body",
    [
        {"messaging_type": "RESPONSE", "message": {"text": "x"}},
        {"recipient": {"id": PSID, "comment_id": "1"}, "messaging_type": "RESPONSE", "message": {"text": "x"}},
        {"recipient": {"id": PSID}, "message": {"text": "x"}},
        {"recipient": {"id": PSID}, "messaging_type": "PROMOTION", "message": {"text": "x"}},
        {"recipient": {"id": PSID}, "messaging_type": "RESPONSE"},
        {"recipient": {"id": PSID}, "messaging_type": "RESPONSE", "message": {"text": " "}},
        {"recipient": {"id": PSID}, "messaging_type": "RESPONSE", "message": {"text": "x", "attachment": {}}},
        {
            "recipient": {"id": PSID},
            "messaging_type": "RESPONSE",
            "message": {"text": "x"},
            "notification_type": "LOUD",
        },
        {"recipient": {"id": PSID}, "messaging_type": "RESPONSE", "message": {"text": "x"}, "persona_id": "7"},
    ],
)
def test_a_request_that_lacks_something_is_error_100(graph: Graph, api: Api, body: dict[str, Any]) -> None:
    assert refusal(api.call("POST", "messages", body).json()) == (100, None)
    assert graph.delivered == []


def test_an_attachment_comes_by_url_or_by_id_not_by_both(api: Api) -> None:
    both = {"type": "image", "payload": {"url": "https://x.vn/a.jpg", "attachment_id": "1"}}

    assert refusal(api.send(PSID, {"attachment": both})) == (100, None)


# Illness


@pytest.mark.parametrize("code", [1, 2, 1200])
def test_a_passing_error_says_that_it_is_one(graph: Graph, api: Api, code: int) -> None:
    graph.behave(Behaviour(Mode.REFUSING, refusal=TRANSIENT[code]), times=1)

    error = api.send(PSID, {"text": "x"})["error"]

    assert (error["code"], error["is_transient"]) == (code, True)
    assert graph.delivered == []
    assert "message_id" in api.send(PSID, {"text": "x"})


def test_a_proxys_page_means_that_nothing_was_sent(graph: Graph, api: Api) -> None:
    graph.behave(Mode.HTML, times=1)
    answer = api.call("POST", "messages", {})

    assert (answer.status_code, answer.headers["Content-Type"], graph.delivered) == (502, "text/html", [])


def test_an_empty_answer_and_an_invalid_reply_come_although_it_was_sent(graph: Graph, api: Api) -> None:
    body = {"recipient": {"id": PSID}, "messaging_type": "RESPONSE", "message": {"text": "x"}}
    graph.behave(Mode.EMPTY, times=1)
    answer = api.call("POST", "messages", body)
    graph.behave(Mode.SENT_ANYWAY, times=1)

    assert (answer.status_code, answer.content) == (200, b"")
    assert refusal(api.send(PSID, {"text": "x"})) == (1, 1357046)
    assert graph.to(PSID) == [Shown("x"), Shown("x")]


def test_after_a_time_out_the_message_may_have_gone_out(graph: Graph, api: Api) -> None:
    graph.behave(Behaviour(Mode.LATE, seconds=0.05), times=1)

    with pytest.raises(requests.ConnectionError):
        api.send(PSID, {"text": "x"})
    assert graph.to(PSID) == [Shown("x")]


def test_one_edge_can_be_ill_while_another_is_well(graph: Graph, api: Api) -> None:
    graph.behave(Mode.ERROR, edge="message_attachments")

    assert "message_id" in api.send(PSID, {"text": "x"})
    assert api.call("POST", "message_attachments", {}).status_code == 500
