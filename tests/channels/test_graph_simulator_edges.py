"""The stand-in's other routes: uploads, profile, subscriptions, templates, personas, names, and how often."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.simulators.graph import Graph
from tests.simulators.graph_clock import Clock
from tests.simulators.graph_hook import Api, refusal
from tests.simulators.graph_media import MEGABYTE, Upload
from tests.simulators.graph_page import Page
from tests.simulators.graph_shown import Shown
from tests.simulators.server import Answer, Loopback, Request

PAGE, OTHER_PAGE, TOKEN = "112233445566778", "104857600000001", "EAAtestPageToken123"
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
PICTURE = b"\x89PNG\r\n\x1a\n--a\r\n\x00\xff\r\n"


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def graph(clock: Clock) -> Iterator[Graph]:
    with Graph(strict=True, clock=clock, tokens={PAGE: TOKEN, OTHER_PAGE: "other"}) as graph:
        yield graph


@pytest.fixture
def api(graph: Graph) -> Iterator[Api]:
    with Api(graph, PAGE, TOKEN) as api:
        yield api


@pytest.fixture
def psid(graph: Graph, clock: Clock) -> str:
    """She has just written."""
    psid = graph.join(PAGE, "Lan", first_name="Lan", last_name="Y Mlô", profile_pic="https://cdn.example/l.jpg")
    page = Page(PAGE, "s", lambda body, header: 200, clock, graph)
    graph.page(PAGE).fields = frozenset({"messages"})
    page.deliver(page.text(psid, "Chào"))
    return psid


@pytest.fixture
def files() -> Iterator[str]:
    """A server of files: /a.png, /big.png, and nothing else."""

    def answer(request: Request) -> Answer:
        found = {"/a.png": PICTURE, "/big.png": b"x" * (8 * MEGABYTE + 1)}.get(request.path)
        return Answer(404, b"") if found is None else Answer(200, found, content_type="image/png")

    with Loopback(answer) as server:
        yield server.url


def by_url(url: str, kind: str = "image", **more: object) -> dict[str, Any]:
    return {"attachment": {"type": kind, "payload": {"url": url, **more}}}


def by_id(attachment_id: object, kind: str = "image") -> dict[str, Any]:
    return {"attachment": {"type": kind, "payload": {"attachment_id": attachment_id}}}


def uploaded(api: Api, content: bytes = PICTURE, kind: str = "image/png", **recipient: str) -> Any:
    message = json.dumps({"attachment": {"type": "image", "payload": {"is_reusable": True}}})
    fields = {"message": message, **({"recipient": json.dumps(recipient)} if recipient else {})}
    more = {"messaging_type": "RESPONSE"} if recipient else {}
    edge = "messages" if recipient else "message_attachments"
    return api.raw(edge, data=fields | more, files={"filedata": ("a.png", content, kind)}).json()


# Attachments


def test_an_upload_by_url_or_file_gives_an_id_that_can_be_sent(api: Api, graph: Graph, psid: str, files: str) -> None:
    one = api.call("POST", "message_attachments", {"message": by_url(f"{files}/a.png", is_reusable=True)}).json()
    two = uploaded(api)

    assert (one.keys(), two.keys()) == ({"attachment_id"}, {"attachment_id"})
    assert one != two
    for answer in (one, two):
        assert "message_id" in api.send(psid, by_id(answer["attachment_id"]))
    assert graph.to(psid) == [Shown(attachment=f"image {answer['attachment_id']}") for answer in (one, two)]
    assert [saved.upload.content for saved in graph.book.saved.values() if saved.upload] == [PICTURE]


def test_a_file_can_be_sent_straight_away_and_kept(api: Api, graph: Graph, psid: str) -> None:
    answer = uploaded(api, id=psid)

    assert answer.keys() == {"recipient_id", "message_id", "attachment_id"}
    assert "message_id" in api.send(psid, by_id(answer["attachment_id"]))
    assert graph.to(psid)[0] == Shown(attachment="image a.png")


def test_a_url_gives_an_id_only_if_it_is_reusable(api: Api, psid: str, files: str) -> None:
    assert "attachment_id" in api.send(psid, by_url(f"{files}/a.png", is_reusable=True))
    assert "attachment_id" not in api.send(psid, by_url(f"{files}/a.png"))


def test_an_id_lasts_90_days(api: Api, graph: Graph, clock: Clock, psid: str) -> None:
    attachment_id = uploaded(api)["attachment_id"]
    clock.advance(days=90)
    message = {"recipient": {"id": psid}, "messaging_type": "RESPONSE", "message": by_id(attachment_id)}
    assert refusal(api.call("POST", "messages", message).json()) == (10, 2018278)  # the id is still good
    clock.advance(seconds=1)
    assert refusal(api.call("POST", "messages", message).json()) == (100, 2018074)


def test_an_id_belongs_to_its_page_and_kind(api: Api, graph: Graph, psid: str) -> None:
    with Api(graph, OTHER_PAGE, "other") as other:
        foreign = uploaded(other)["attachment_id"]
    own = uploaded(api)["attachment_id"]

    assert refusal(api.send(psid, by_id(foreign))) == (100, 2018074)
    assert refusal(api.send(psid, by_id("1"))) == (100, 2018074)
    assert refusal(api.send(psid, by_id(own, "video"))) == (100, 2018047)
    assert refusal(api.send(psid, by_id(int(own)))) == (100, None)


def test_what_is_too_large_unreachable_or_of_another_type_is_refused(api: Api, psid: str, files: str) -> None:
    assert refusal(api.send(psid, by_url(f"{files}/big.png"))) == (100, 2018109)
    assert refusal(uploaded(api, b"x" * (8 * MEGABYTE + 1))) == (100, 2018109)
    assert refusal(api.send(psid, by_url(f"{files}/none.png"))) == (100, 2018008)
    assert refusal(api.send(psid, by_url("https://htx.example/a.png"))) == (100, 2018008)
    assert refusal(api.send(psid, by_url(f"{files}/a.png", "video"))) == (100, 2018047)
    assert refusal(uploaded(api, kind="audio/mpeg")) == (100, 2018047)
    assert refusal(api.send(psid, by_url("a.png"))) == (100, None)


def test_a_file_shows_its_name_and_opens_with_its_very_bytes(api: Api, graph: Graph, psid: str) -> None:
    content = b"%PDF-1.7\r\n--x\r\n" + bytes(range(256)) + b"\r\n"
    message = {"attachment": {"type": "file", "payload": {"is_reusable": True}}}

    def upload(name: str, kind: str, field: str = "filedata", content: bytes = content) -> Any:
        fields = {"message": json.dumps(message)}
        return api.raw("message_attachments", data=fields, files={field: (name, content, kind)}).json()

    kept = upload("tem cam.pdf", "application/pdf")["attachment_id"]
    assert "message_id" in api.send(psid, by_id(kept, "file"))
    [shown] = graph.to(psid)
    assert shown == Shown(attachment=f"file {kept}", file=Upload("tem cam.pdf", "application/pdf", content))
    assert shown.lines() == [f"📎 tem cam.pdf ({len(content)})"]
    assert refusal(upload("tem.pdf", "application/pdf", "file")) == (100, None)
    assert refusal(upload("tem.pdf", "")) == (100, 2018047)
    assert refusal(upload("tem.pdf", "application/pdf", content=b"x" * (25 * MEGABYTE + 1))) == (100, 2018109)
    assert refusal(api.send(psid, by_id(kept, "image"))) == (100, 2018047)
    assert refusal(api.send(psid, by_id("7", "file"))) == (100, 2018074)


def test_several_pictures_go_in_one_message(api: Api, graph: Graph, psid: str, files: str) -> None:
    pictures = [by_url(f"{files}/a.png")["attachment"]] * 2

    assert "message_id" in api.send(psid, {"attachments": pictures})
    assert graph.to(psid) == [Shown(attachment=f"image {files}/a.png\nimage {files}/a.png")]


# The profile


STARTED = {"get_started": {"payload": "GET_STARTED"}}


def menu(*actions: dict[str, Any], locale: str = "default") -> dict[str, Any]:
    return {"persistent_menu": [{"locale": locale, "call_to_actions": list(actions)}]}


def line(title: str = "Tra tem") -> dict[str, str]:
    return {"type": "postback", "title": title, "payload": "MENU:TRACE"}


def test_the_profile_is_set_read_and_cleared(api: Api) -> None:
    whole = STARTED | menu(line()) | {"greeting": [{"locale": "default", "text": "Chào bác"}]}

    assert api.call("POST", "messenger_profile", whole, node="me").json() == {"result": "success"}
    asked = api.call("GET", "messenger_profile", fields="get_started,greeting,commands").json()
    assert asked == {"data": [{name: whole[name] for name in ("get_started", "greeting")}]}
    both = {"fields": ["persistent_menu", "get_started"]}
    assert api.call("DELETE", "messenger_profile", both).json() == {"result": "success"}
    assert api.call("GET", "messenger_profile", fields="get_started").json() == {"data": []}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"home_url": {}},
        {"get_started": {}},
        menu(line()),  # without Get Started
        STARTED | menu(line(), locale="vi_VN"),
        STARTED | menu(*[line()] * 21),
        STARTED | menu(line("t" * 31)),
        STARTED | menu(line() | {"payload": "p" * 1001}),
        STARTED | menu({"type": "nested", "title": "x", "call_to_actions": []}),
        {"greeting": [{"locale": "default", "text": "a" * 161}]},
        {"ice_breakers": [{"locale": "default", "call_to_actions": [{"question": "a", "payload": "b"}] * 5}]},
        {"commands": [{"locale": "default", "commands": [{"name": "n" * 33, "description": "d"}]}]},
        {"commands": [{"locale": "default", "commands": [{"name": "n", "description": "d" * 65}]}]},
    ],
)
def test_a_profile_against_the_rules_is_refused_and_changes_nothing(
    api: Api, graph: Graph, body: dict[str, Any]
) -> None:
    assert refusal(api.call("POST", "messenger_profile", body).json()) == (100, None)
    assert graph.page(PAGE).profile == {}


def test_get_started_stays_while_there_is_a_menu(api: Api) -> None:
    api.call("POST", "messenger_profile", STARTED | menu(line()))

    assert refusal(api.call("DELETE", "messenger_profile", {"fields": ["get_started"]}).json()) == (100, None)


def test_the_profile_may_be_called_ten_times_in_ten_minutes(api: Api, clock: Clock) -> None:
    for _ in range(10):
        assert api.call("GET", "messenger_profile", fields="greeting").status_code == 200
    assert refusal(api.call("POST", "messenger_profile", STARTED).json()) == (613, None)
    clock.advance(minutes=10)
    assert api.call("POST", "messenger_profile", STARTED).status_code == 200


def test_one_person_can_have_a_menu_of_her_own(api: Api, graph: Graph, psid: str) -> None:
    own = {"psid": psid, **menu(line("Nhận hàng"))}

    assert refusal(api.call("POST", "custom_user_settings", own, node="me").json()) == (100, None)  # no Get Started
    api.call("POST", "messenger_profile", STARTED)
    assert api.call("POST", "custom_user_settings", own, node="me").json() == {"result": "success"}
    [seen] = api.call("GET", "custom_user_settings", psid=psid).json()["data"]
    assert seen["user_level_persistent_menu"] == own["persistent_menu"]
    assert refusal(api.call("POST", "custom_user_settings", own | {"psid": "9"}).json()) == (100, 2018001)
    assert api.call("DELETE", "custom_user_settings", psid=psid).json() == {"result": "success"}
    assert graph.seen(PAGE, psid).menu is None


# Subscriptions, templates, personas, names


def test_a_page_is_subscribed_read_and_unsubscribed(api: Api, graph: Graph) -> None:
    assert api.call("GET", "subscribed_apps").json() == {"data": []}
    done = api.call("POST", "subscribed_apps", subscribed_fields="messages,messaging_postbacks").json()
    [app] = api.call("GET", "subscribed_apps").json()["data"]

    assert done == {"success": "true"}
    assert (app["id"], app["subscribed_fields"]) == (graph.app_id, ["messages", "messaging_postbacks"])
    assert refusal(api.call("POST", "subscribed_apps", subscribed_fields="messages,gossip").json()) == (100, None)
    assert refusal(api.call("POST", "subscribed_apps").json()) == (100, None)
    api.call("DELETE", "subscribed_apps")
    assert api.call("GET", "subscribed_apps").json() == {"data": []}


def a_template(text: str = "Đơn của bác đã giao rồi ạ.", **more: object) -> dict[str, Any]:
    body = {"type": "BODY", "text": text}
    return {"name": "don_1", "language": "vi", "category": "UTILITY", "components": [body]} | more


def test_templates_are_listed_by_name_and_made_once(api: Api) -> None:
    made = api.call("POST", "message_templates", a_template("Đơn {{1}} của bác đã {{2}} rồi ạ.")).json()
    again = api.call("POST", "message_templates", a_template()).json()
    [listed] = api.call("GET", "message_templates", name="don_1").json()["data"]

    assert made == {"id": listed["id"], "status": "APPROVED", "category": "UTILITY"}
    assert listed["parameter_format"] == "POSITIONAL"
    assert refusal(again) == (100, None)
    assert api.call("GET", "message_templates", name="don_2").json() == {"data": []}


@pytest.mark.parametrize(
    "draft",
    [
        a_template("{{1}} của bác đã giao rồi ạ."),
        a_template("Bác ơi, đã giao rồi đơn {{1}}"),
        a_template("Đơn {{1}} của bác đã {{3}} rồi ạ."),
        a_template("Đơn {{ma_don}} của bác đã giao rồi ạ."),
        a_template("Đơn {{1}} của bác đã giao rồi ạ.", parameter_format="NAMED"),
        a_template("Đơn {{m%}} của bác đã giao rồi ạ.", parameter_format="NAMED"),
        a_template("Đơn {{1}} {{2}} ạ."),
        a_template(category="MARKETING"),
        a_template(name="Đơn"),
        a_template(components=[]),
        a_template(components=[{"type": "BODY", "text": "Xin chào"}, {"type": "FOOTER", "text": "x"}]),
    ],
)
def test_a_template_against_the_rules_is_refused(api: Api, graph: Graph, draft: dict[str, Any]) -> None:
    assert refusal(api.call("POST", "message_templates", draft).json()) == (100, None)
    assert graph.page(PAGE).templates == {}


def test_a_persona_can_speak(api: Api, psid: str) -> None:
    persona = {"name": "Bác Hoa", "profile_picture_url": "https://htx.example/hoa.jpg"}
    made = api.call("POST", "personas", persona).json()

    assert api.call("GET", "personas").json() == {"data": [made | persona]}
    assert "message_id" in api.send(psid, {"text": "Chào"}, persona_id=made["id"])
    assert refusal(api.call("POST", "personas", persona | {"name": "n" * 51}).json()) == (100, None)


def test_the_page_tells_its_id_and_name(api: Api, graph: Graph) -> None:
    expected = {"id": PAGE, "name": "HTX Thử"}

    assert api.call("GET", "", node="me", fields="id,name").json() == expected
    assert api.call("GET", "", fields="id,name").json() == expected


def test_a_person_has_a_name_unless_it_is_not_to_be_had(api: Api, graph: Graph, psid: str) -> None:
    fields = {"fields": "first_name,last_name"}

    assert api.call("GET", "", node=psid, **fields).json() == {"first_name": "Lan", "last_name": "Y Mlô", "id": psid}
    graph.profiles = False
    assert api.call("GET", "", node=psid, **fields).json() == {}
    graph.thread(PAGE, psid).by_phone_number = True
    assert refusal(api.call("GET", "", node=psid, **fields).json()) == (100, 2018218)
    assert refusal(api.call("GET", "", node="9", **fields).json()) == (100, 33)


# How often


def usage(headers: Any) -> dict[str, Any]:
    [use] = json.loads(headers["X-Business-Use-Case-Usage"])[PAGE]
    assert json.loads(headers["X-App-Usage"]).keys() == {"call_count", "total_time", "total_cputime"}
    return dict(use)


def test_two_hundred_calls_for_each_person_in_a_day(api: Api, graph: Graph, clock: Clock, psid: str) -> None:
    graph.limits.per_engaged = 4
    seen = []
    for _ in range(4):
        seen.append(usage(api.call("GET", "", fields="id").headers)["call_count"])
        clock.advance(hours=1)
    refused = api.call("GET", "", fields="id")
    use = usage(refused.headers)

    assert seen == [25, 50, 75, 100]
    assert refusal(refused.json()) == (80006, 2446079)
    assert (use["type"], use["estimated_time_to_regain_access"]) == ("messenger", 21 * 60)
    clock.advance(hours=20)
    assert usage(api.call("GET", "").headers)["call_count"] == 100
    clock.advance(days=1)
    assert usage(api.call("GET", "", fields="id").headers)["estimated_time_to_regain_access"] == 0


def test_with_more_people_more_calls(api: Api, graph: Graph, clock: Clock, psid: str) -> None:
    graph.limits.per_engaged = 1
    other = graph.join(PAGE, "Minh")
    page = Page(PAGE, "s", lambda body, header: 200, clock, graph)
    page.deliver(page.text(other, "Chào"))

    assert [api.call("GET", "", fields="id").status_code for _ in range(3)] == [200, 200, 400]


def test_messages_in_one_second_are_limited(api: Api, graph: Graph, clock: Clock, psid: str) -> None:
    graph.limits.per_second = 3
    answers = [api.send(psid, {"text": "x"}) for _ in range(4)]

    assert refusal(answers[3]) == (613, None)
    assert len(graph.to(psid)) == 3
    clock.advance(seconds=1)
    assert "message_id" in api.send(psid, {"text": "x"})


def test_every_answer_carries_usage_even_a_refusal() -> None:
    with Graph() as graph, Api(graph, PAGE) as api:
        for answer in (api.call("GET", "", fields="id"), api.call("POST", "messages", {}), api.call("GET", "nothing")):
            assert usage(answer.headers)["estimated_time_to_regain_access"] == 0
