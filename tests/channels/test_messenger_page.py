"""What a page is told when it is set up, as the strict stand-in takes it, and what a person then finds on her phone."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from bot.event import Tap
from bot.house import Action, meaning
from bot.permit import Way
from bot.reply import Notice, Reason, SendError
from handlers.channels.messenger import codec
from handlers.channels.messenger.client import FIELDS, MessengerClient
from handlers.channels.messenger.profile import profile_of
from handlers.fit import units
from tests.simulators.graph import Graph
from tests.simulators.server import Answer, Loopback, Request

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
PAGE, TOKEN, SECRET, SHOP = "112233445566778", "EAAtestPageToken123", "test-app-secret", "HTX Suối Mây"


@pytest.fixture
def graph() -> Iterator[Graph]:
    with Graph(tokens={PAGE: TOKEN}, app_secret=SECRET, strict=True, clock=lambda: NOW) as graph:
        yield graph


@pytest.fixture
def client(graph: Graph) -> Iterator[MessengerClient]:
    client = MessengerClient(graph.url, "v25.0", SECRET)
    yield client
    client.close()


def test_a_token_tells_whose_it_is(client: MessengerClient, graph: Graph) -> None:
    graph.page(PAGE).name = SHOP

    assert client.page(TOKEN) == (PAGE, SHOP)
    with pytest.raises(SendError) as dead:
        client.page("another")
    assert (dead.value.reason, dead.value.pauses) == (Reason.TOKEN, True)


def test_get_started_greeting_and_menu_are_set_in_one_call(client: MessengerClient, graph: Graph) -> None:
    assert client.get_profile(PAGE, TOKEN) == {}

    client.set_profile(PAGE, TOKEN, SHOP)

    assert client.get_profile(PAGE, TOKEN) == profile_of(SHOP) == graph.page(PAGE).profile
    assert graph.page(PAGE).profile["get_started"] == {"payload": codec.GET_STARTED}


def test_the_greeting_is_vietnamese_unless_she_reads_english() -> None:
    greeting = {one["locale"]: one["text"] for one in profile_of(SHOP)["greeting"]}

    assert greeting == {
        "default": "Chào anh/chị! Em là trợ lý tự động của HTX Suối Mây.",
        "en_US": "Hello! I am the automatic assistant of HTX Suối Mây.",
        "en_GB": "Hello! I am the automatic assistant of HTX Suối Mây.",
    }
    assert max(units(one["text"]) for one in profile_of("HTX " + "dài " * 100)["greeting"]) <= 160


def test_each_line_of_the_menu_is_a_button_that_works_at_any_time() -> None:
    menu = {one["locale"]: one["call_to_actions"] for one in profile_of(SHOP)["persistent_menu"]}

    assert [action["title"] for action in menu["default"]] == ["Tra tem", "Mua hàng", "Xem đơn"]
    assert [meaning(Tap(action["payload"]), None, counts=True) for action in menu["default"]] == [
        Action("trace.ask", ""),
        Action("shop.browse", ""),
        Action("mine.show", ""),
    ]
    assert [action["payload"] for action in menu["en_US"]] == [action["payload"] for action in menu["default"]]


def test_a_page_sends_what_it_was_asked_for(client: MessengerClient, graph: Graph) -> None:
    assert client.subscribed_fields(PAGE, TOKEN) == []

    client.subscribe(PAGE, TOKEN)

    assert client.subscribed_fields(PAGE, TOKEN) == sorted(FIELDS)
    assert client.subscribed_fields(PAGE, TOKEN, graph.app_id) == sorted(FIELDS)
    assert client.subscribed_fields(PAGE, TOKEN, "42") == []
    assert "response_feedback" not in FIELDS


def test_a_field_that_is_spelled_otherwise_there_costs_no_subscription() -> None:
    asked: list[str] = []

    def answer(request: Request) -> Answer:
        asked.append(request.query["subscribed_fields"])
        if {"message_template_status_update", "unheard_of"} & set(asked[-1].split(",")):
            return Answer(400, {"error": {"code": 100, "message": "must be one of"}})
        return Answer(200, {"success": True})

    with Loopback(answer) as server:
        client = MessengerClient(server.url, "v25.0", SECRET)
        client.subscribe(PAGE, TOKEN, ["messages", "message_template_status_update"])
        with pytest.raises(SendError) as refused:
            client.subscribe(PAGE, TOKEN, ["unheard_of"])
        client.close()

    assert asked == [
        "messages,message_template_status_update",
        "messages,messenger_template_status_update",
        "unheard_of",
    ]
    assert refused.value.reason is Reason.SHAPE


@pytest.mark.parametrize("answered", [{}, {"success": "false"}, {"success": False}, {"result": "failure"}])
def test_what_is_not_said_to_be_done_is_not_done(answered: dict[str, object]) -> None:
    with Loopback(lambda request: Answer(200, answered)) as server:
        client = MessengerClient(server.url, "v25.0", SECRET)
        with pytest.raises(SendError, match="does not say that it is done"):
            client.subscribe(PAGE, TOKEN, ["messages"])
        client.close()


def test_a_template_is_handed_in_and_then_filled(client: MessengerClient, graph: Graph) -> None:
    text = "Đơn {{ma_don}} của bác đã {{trang_thai}}. Cảm ơn bác đã mua hàng."
    examples = {"ma_don": "DH2345", "trang_thai": "giao cho bưu điện"}
    psid = graph.join(PAGE, "Lan")

    status = client.create_template(PAGE, TOKEN, "don_v1", text, examples)
    notice = Notice("order_new", {"ma_don": "DH9X7K", "trang_thai": "giảm 5% #1", "thừa": "x"})
    message = codec.template_message(notice, "don_v1", "vi", ["ma_don", "trang_thai"])
    client.send(PAGE, TOKEN, psid, message, "out:9", way=Way.TEMPLATE)

    assert (status, client.templates(PAGE, TOKEN)) == ("APPROVED", {"don_v1": "APPROVED"})
    [bubble] = graph.to(psid)
    assert bubble.text == "Đơn DH9X7K của bác đã giảm 5％ ＃1. Cảm ơn bác đã mua hàng."
    assert bubble.metadata == "out:9"


def test_a_template_that_is_not_approved_is_not_sent(client: MessengerClient, graph: Graph) -> None:
    graph.review = "REJECTED"
    psid = graph.join(PAGE, "Lan")

    status = client.create_template(PAGE, TOKEN, "chao_v1", "Chào bác nhé.", {})
    message = codec.template_message(Notice("hello", {}), "chao_v1", "vi", [])
    with pytest.raises(SendError) as refused:
        client.send(PAGE, TOKEN, psid, message, "out:9", way=Way.TEMPLATE)

    assert (status, refused.value.reason, refused.value.permanent) == ("REJECTED", Reason.SHAPE, True)
    assert graph.to(psid) == []


def test_every_page_of_a_long_list_of_templates_is_read_and_an_endless_one_is_not() -> None:
    asked: list[str] = []

    def answer(request: Request) -> Answer:
        asked.append(request.query.get("after", ""))
        number = len(asked)
        last = number == 3 and not request.path.startswith("/v25.0/endless")
        paging = {"cursors": {"after": f"c{number}"}} | ({} if last else {"next": "https://graph.example/…"})
        return Answer(200, {"data": [{"name": f"t{number}", "status": "pending"}, 7], "paging": paging})

    with Loopback(answer) as server:
        client = MessengerClient(server.url, "v25.0", SECRET)
        found = client.templates(PAGE, TOKEN)
        seen = list(asked)
        asked.clear()
        client.templates("endless", TOKEN)
        client.close()

    assert found == {"t1": "PENDING", "t2": "PENDING", "t3": "PENDING"}
    assert (seen, len(asked)) == (["", "c1", "c2"], 20)


def test_every_call_carries_the_proof_in_its_query_and_nothing_else_leaves_it_out() -> None:
    heard: list[tuple[str, str, bool]] = []

    def answer(request: Request) -> Answer:
        proven = request.query["appsecret_proof"] == "23eb413c1752c176b537f4b5f77fd56bb35e9e924947355b8ee8b7440da301da"
        heard.append((request.method, request.path, proven and request.query["access_token"] == TOKEN))
        return Answer(200, {"success": True, "id": "1", "attachment_id": 5, "recipient_id": "7"})

    with Loopback(answer) as server:
        client = MessengerClient(server.url, "v25.0", SECRET)
        client.page(TOKEN)
        client.set_profile(PAGE, TOKEN, SHOP)
        client.get_profile(PAGE, TOKEN)
        client.subscribe(PAGE, TOKEN)
        client.subscribed_fields(PAGE, TOKEN)
        client.create_template(PAGE, TOKEN, "a", "b", {})
        client.templates(PAGE, TOKEN)
        client.send(PAGE, TOKEN, "7", {"text": "a"}, "")
        client.sign(PAGE, TOKEN, "7", "typing_on")
        client.profile(TOKEN, "7")
        client.pass_thread(PAGE, TOKEN, "7")
        client.take_thread(PAGE, TOKEN, "7")
        client.release_thread(PAGE, TOKEN, "7")
        attachment_id = client.upload(PAGE, TOKEN, b"x", "image/png", "a.png")
        client.close()

    root = f"/v25.0/{PAGE}"
    assert heard == [
        ("GET", "/v25.0/me", True),
        ("POST", f"{root}/messenger_profile", True),
        ("GET", f"{root}/messenger_profile", True),
        ("POST", f"{root}/subscribed_apps", True),
        ("GET", f"{root}/subscribed_apps", True),
        ("POST", f"{root}/message_templates", True),
        ("GET", f"{root}/message_templates", True),
        ("POST", f"{root}/messages", True),
        ("POST", f"{root}/messages", True),
        ("GET", "/v25.0/7", True),
        ("POST", f"{root}/pass_thread_control", True),
        ("POST", f"{root}/take_thread_control", True),
        ("POST", f"{root}/release_thread_control", True),
        ("POST", f"{root}/message_attachments", True),
    ]
    assert attachment_id == "5"


def test_an_id_never_leaves_its_place_in_the_path() -> None:
    heard: list[str] = []

    def answer(request: Request) -> Answer:
        heard.append(request.path)
        return Answer(200, json.dumps({"success": True}).encode())

    with Loopback(answer) as server:
        client = MessengerClient(server.url + "/", "v25.0", SECRET)
        client.subscribe("../me?x=", TOKEN)
        client.close()

    assert heard == ["/v25.0/..%2Fme%3Fx%3D/subscribed_apps"]
