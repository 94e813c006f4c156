"""When the stand-in lets a page write to a person: windows, tags, templates, blocks, take-overs."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.simulators.graph import Graph
from tests.simulators.graph_book import INBOX, QUESTIONS
from tests.simulators.graph_clock import Clock
from tests.simulators.graph_fields import Refused
from tests.simulators.graph_hook import Api, refusal
from tests.simulators.graph_page import Item, Page
from tests.simulators.graph_phone import Phone
from tests.simulators.graph_shown import Button, Shown

PAGE, OTHER_PAGE = "112233445566778", "104857600000001"
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
HELLO = {"text": "Chào bác"}
OUTSIDE = (10, 2018278)
TEMPLATE: dict[str, Any] = {
    "name": "don_hang_cap_nhat_v1",
    "language": "vi",
    "category": "UTILITY",
    "parameter_format": "NAMED",
    "components": [
        {"type": "BODY", "text": "Đơn {{ma_don}} của bác đã {{trang_thai}}. Cảm ơn bác đã mua hàng."},
        {"type": "BUTTONS", "buttons": [{"type": "POSTBACK", "text": "Xem đơn", "payload": "order_{{1}}"}]},
    ],
}


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def graph(clock: Clock) -> Iterator[Graph]:
    with Graph(strict=True, clock=clock) as graph:
        for page_id in (PAGE, OTHER_PAGE):
            graph.page(page_id).fields = frozenset({"messages"})
        yield graph


@pytest.fixture
def api(graph: Graph) -> Iterator[Api]:
    with Api(graph, PAGE) as api:
        yield api


@pytest.fixture
def page(graph: Graph, clock: Clock) -> Page:
    return Page(PAGE, "test-app-secret", lambda body, header: 200, clock, graph)


@pytest.fixture
def psid(graph: Graph) -> str:
    return graph.join(PAGE, "Lan")


@pytest.fixture
def lan(page: Page, graph: Graph, psid: str) -> Phone:
    """Has just written."""
    phone = Phone(page, graph, psid)
    phone.type("Chào")
    return phone


# The window


def test_a_person_who_never_wrote_is_outside_of_the_window(api: Api, graph: Graph, psid: str) -> None:
    assert refusal(api.send(psid, HELLO)) == OUTSIDE
    assert refusal(api.act(psid, "typing_on")) == OUTSIDE
    assert graph.delivered == []


def test_the_window_is_open_for_a_day_after_her_message(api: Api, clock: Clock, lan: Phone) -> None:
    clock.advance(hours=24)
    assert "message_id" in api.send(lan.psid, HELLO)
    assert "message_id" in api.send(lan.psid, HELLO, "UPDATE")
    clock.advance(seconds=1)
    assert refusal(api.send(lan.psid, HELLO)) == OUTSIDE
    assert refusal(api.send(lan.psid, HELLO, "UPDATE")) == OUTSIDE


@pytest.mark.parametrize(
    ("event", "opens"),
    [
        (lambda page, psid: page.text(psid, "x"), True),
        (lambda page, psid: page.get_started(psid), True),
        (lambda page, psid: page.postback(psid, "Xem", "P"), True),
        (lambda page, psid: page.referral(psid, "t-1"), True),
        (lambda page, psid: page.reaction(psid, "m_1"), True),
        (lambda page, psid: page.reaction(psid, "m_1", taken_back=True), False),
        (lambda page, psid: page.edit(psid, "m_1", "x"), False),
        (lambda page, psid: page.read(psid), False),
        (lambda page, psid: page.delivery(psid, "m_1"), False),
        (lambda page, psid: page.optin(psid), False),
        (lambda page, psid: page.account_linking(psid), False),
        (lambda page, psid: page.echo(psid, "x"), False),
    ],
)
def test_only_what_the_manual_names_opens_the_window(api: Api, page: Page, psid: str, event: Any, opens: bool) -> None:
    item: Item = event(page, psid)
    page.deliver(item)

    assert ("message_id" in api.send(psid, HELLO)) == opens


def test_a_late_delivery_does_not_make_the_window_longer(api: Api, page: Page, clock: Clock, psid: str) -> None:
    old = page.text(psid, "x")
    clock.advance(hours=25)
    page.deliver(old)

    assert refusal(api.send(psid, HELLO)) == OUTSIDE


def test_an_old_event_that_comes_late_does_not_shut_the_window(api: Api, page: Page, clock: Clock, psid: str) -> None:
    old = page.text(psid, "một")
    clock.advance(hours=10)
    page.deliver(page.text(psid, "hai"))
    page.deliver(old)
    clock.advance(hours=20)

    assert "message_id" in api.send(psid, HELLO)


def test_after_an_advertisement_the_window_is_seven_days(api: Api, page: Page, clock: Clock, psid: str) -> None:
    page.deliver(page.ad_text(psid, "Còn hàng không?"))
    clock.advance(days=7)
    assert "message_id" in api.send(psid, HELLO)
    clock.advance(seconds=1)
    assert refusal(api.send(psid, HELLO)) == OUTSIDE


def test_a_human_may_write_for_seven_days(api: Api, clock: Clock, lan: Phone) -> None:
    clock.advance(days=7)
    assert "message_id" in api.send(lan.psid, HELLO, "MESSAGE_TAG", tag="HUMAN_AGENT")
    clock.advance(seconds=1)
    assert refusal(api.send(lan.psid, HELLO, "MESSAGE_TAG", tag="HUMAN_AGENT")) == OUTSIDE


@pytest.mark.parametrize(
    "tag", ["CONFIRMED_EVENT_UPDATE", "ACCOUNT_UPDATE", "POST_PURCHASE_UPDATE", "CUSTOMER_FEEDBACK", "", "X"]
)
def test_dead_and_unknown_tags_are_error_100_even_inside_the_window(api: Api, lan: Phone, tag: str) -> None:
    assert refusal(api.send(lan.psid, HELLO, "MESSAGE_TAG", tag=tag)) == (100, None)


# Utility templates


def utility(template: str = "don_hang_cap_nhat_v1", button: str | None = "1024", **values: str) -> dict[str, Any]:
    given = {"ma_don": "DH1024", "trang_thai": "giao"} | values
    body = [{"type": "text", "parameter_name": name, "text": text} for name, text in given.items() if text]
    buttons = [{"type": "buttons", "parameters": [{"type": "POSTBACK", "payload": button}]}] if button else []
    parts = [{"type": "body", "parameters": body}, *buttons]
    return {"template": {"name": template, "language": {"code": "vi"}, "components": parts}}


def test_an_approved_template_reaches_her_after_the_window(api: Api, graph: Graph, clock: Clock, lan: Phone) -> None:
    made = api.call("POST", "message_templates", TEMPLATE).json()
    clock.advance(days=30)

    assert "message_id" in api.send(lan.psid, utility(), "UTILITY")
    assert (made["status"], made["category"]) == ("APPROVED", "UTILITY")
    text = "Đơn DH1024 của bác đã giao. Cảm ơn bác đã mua hàng."
    assert lan.bubbles == [Shown(text, (Button("Xem đơn", "order_1024"),))]


@pytest.mark.parametrize(
    "message",
    [
        utility("don_khac"),
        utility(ma_don=""),
        utility(them="x"),
        utility(ma_don="100%"),
        utility(button=None),
    ],
)
def test_a_template_that_is_not_there_or_not_filled_is_refused(api: Api, lan: Phone, message: dict[str, Any]) -> None:
    api.call("POST", "message_templates", TEMPLATE)

    assert refusal(api.send(lan.psid, message, "UTILITY")) == (100, None)
    assert lan.bubbles == []


def test_a_template_is_not_sent_before_it_is_approved(api: Api, graph: Graph, page: Page, lan: Phone) -> None:
    graph.review = "PENDING"
    assert api.call("POST", "message_templates", TEMPLATE).json()["status"] == "PENDING"
    assert refusal(api.send(lan.psid, utility(), "UTILITY")) == (100, None)
    page.reviewed("don_hang_cap_nhat_v1")
    assert "message_id" in api.send(lan.psid, utility(), "UTILITY")
    page.reviewed("don_hang_cap_nhat_v1", "REJECTED")
    assert refusal(api.send(lan.psid, utility(), "UTILITY")) == (100, None)


def test_text_is_no_utility_message_and_a_template_no_response(api: Api, lan: Phone) -> None:
    api.call("POST", "message_templates", TEMPLATE)

    assert refusal(api.send(lan.psid, HELLO, "UTILITY")) == (100, None)
    assert refusal(api.send(lan.psid, utility(), "RESPONSE")) == (100, None)


def test_a_parameter_is_given_once(api: Api, lan: Phone) -> None:
    api.call("POST", "message_templates", TEMPLATE)
    message = utility()
    message["template"]["components"][0]["parameters"] *= 2

    assert refusal(api.send(lan.psid, message, "UTILITY")) == (100, None)


def test_an_order_number_is_on_one_receipt_only(api: Api, lan: Phone) -> None:
    payload = {
        "template_type": "receipt",
        "recipient_name": "Lan",
        "order_number": "DH1024",
        "currency": "VND",
        "payment_method": "Tiền mặt",
        "summary": {"total_cost": 630000},
    }
    answers = [
        api.send(lan.psid, {"attachment": {"type": "template", "payload": payload | {"order_number": number}}})
        for number in ("DH1024", "DH1024", "DH1025")
    ]

    assert ["error" in answer for answer in answers] == [False, True, False]


# Private replies


def reply(api: Api, comment_id: str) -> Any:
    return api.call("POST", "messages", {"recipient": {"comment_id": comment_id}, "message": HELLO}).json()


def test_a_comment_is_answered_in_private_once(api: Api, page: Page, graph: Graph, psid: str) -> None:
    page.deliver_changes(page.comment("900_77", psid, "giá bao nhiêu?"))

    assert reply(api, "900_77") == {"recipient_id": psid, "message_id": "m_out1"}
    assert refusal(reply(api, "900_77")) == (10900, None)
    assert refusal(reply(api, "900_78")) == (100, 33)
    assert refusal(api.send(psid, HELLO)) == OUTSIDE
    assert len(graph.to(psid)) == 1


def test_a_comment_is_not_answered_after_seven_days(api: Api, page: Page, clock: Clock, psid: str) -> None:
    page.deliver_changes(page.comment("900_77", psid, "giá?"), page.comment("900_78", psid, "giá?"))
    clock.advance(days=7)
    assert "message_id" in reply(api, "900_77")
    clock.advance(seconds=1)
    assert refusal(reply(api, "900_78")) == OUTSIDE


# Persons and pages


def test_a_person_has_another_id_at_every_page(api: Api, graph: Graph, clock: Clock, lan: Phone) -> None:
    elsewhere = graph.join(OTHER_PAGE, "Lan")
    other = Page(OTHER_PAGE, "s", lambda body, header: 200, clock, graph)
    other.deliver(other.text(elsewhere, "Chào"))

    assert elsewhere != lan.psid
    assert elsewhere.isdecimal()
    assert graph.join(PAGE, "Lan") == lan.psid
    assert refusal(api.send(elsewhere, HELLO)) == (100, 2018001)
    assert "message_id" in api.send(lan.psid, HELLO)


def test_who_has_blocked_the_page_is_not_available_until_she_writes(api: Api, graph: Graph, lan: Phone) -> None:
    graph.block(PAGE, lan.psid)
    assert refusal(api.send(lan.psid, HELLO)) == (551, 1545041)
    lan.type("Xin lỗi")
    assert "message_id" in api.send(lan.psid, HELLO)


def test_a_dead_token_stops_every_call(api: Api, graph: Graph, lan: Phone) -> None:
    for subcode in (458, 460, 463, 467, 492):
        graph.kill_token(PAGE, subcode)
        answer = api.call("GET", "", fields="id,name")
        assert (answer.status_code, refusal(answer.json())) == (401, (190, subcode))
        assert refusal(api.send(lan.psid, HELLO)) == (190, subcode)
    graph.kill_token(PAGE, None)
    assert "message_id" in api.send(lan.psid, HELLO)


def test_an_app_in_development_reaches_only_people_with_a_role(api: Api, graph: Graph, lan: Phone) -> None:
    graph.live = False
    assert refusal(api.send(lan.psid, HELLO)) == (200, 2018028)
    assert lan.type("Nghe không?") == 0
    graph.roles.add(lan.psid)
    assert "message_id" in api.send(lan.psid, HELLO)
    assert lan.type("Nghe không?") == 200


def test_a_restricted_page_sends_nothing(api: Api, graph: Graph, lan: Phone) -> None:
    graph.restrict(PAGE)
    assert refusal(api.send(lan.psid, HELLO)) == (10, 1893063)
    graph.restrict(PAGE, on=False)
    assert "message_id" in api.send(lan.psid, HELLO)


def test_a_refusal_can_be_set_for_one_person(api: Api, graph: Graph, lan: Phone) -> None:
    graph.refuse_to(PAGE, lan.psid, Refused(613, "(#613) …", 2018338))
    assert refusal(api.send(lan.psid, HELLO)) == (613, 2018338)
    graph.refuse_to(PAGE, lan.psid, None)
    assert "message_id" in api.send(lan.psid, HELLO)


# Who holds the thread


def test_while_staff_hold_the_thread_we_may_not_send(api: Api, page: Page, clock: Clock, lan: Phone) -> None:
    page.colleague(lan.psid, "Em chào bác, em là Hà")
    assert refusal(api.send(lan.psid, HELLO)) == (2018300, None)
    page.hand_back(lan.psid)
    assert "message_id" in api.send(lan.psid, HELLO)
    page.colleague(lan.psid, "Dạ")
    page.let_go(lan.psid)
    assert "message_id" in api.send(lan.psid, HELLO)


def test_control_lapses_after_a_day_of_silence(api: Api, page: Page, clock: Clock, lan: Phone) -> None:
    page.colleague(lan.psid, "Dạ")
    clock.advance(hours=24, seconds=1)

    assert "message_id" in api.send(lan.psid, HELLO, "MESSAGE_TAG", tag="HUMAN_AGENT")


def test_metas_own_answers_hold_the_thread_under_another_code(api: Api, graph: Graph, lan: Phone) -> None:
    graph.hold(PAGE, lan.psid, QUESTIONS)

    assert refusal(api.send(lan.psid, HELLO)) == (2018321, None)


def test_a_thread_is_passed_released_and_taken(api: Api, graph: Graph, lan: Phone) -> None:
    to = {"recipient": {"id": lan.psid}}

    def control(verb: str, **more: str) -> Any:
        return api.call("POST", f"{verb}_thread_control", to | more).json()

    assert refusal(control("take")) == (10, None)
    assert refusal(control("pass")) == (100, None)
    assert control("pass", target_app_id=INBOX) == {"success": True}
    assert refusal(control("release")) == (2018300, None)
    assert refusal(api.send(lan.psid, HELLO)) == (2018300, None)
    graph.default_app = graph.app_id
    assert control("take") == {"success": True}
    assert control("release") == {"success": True}
    assert "message_id" in api.send(lan.psid, HELLO)


def test_the_last_word_can_pass_the_thread_on(api: Api, lan: Phone) -> None:
    passed = api.send(lan.psid, HELLO, thread_control={"control_type": "pass", "app_id": INBOX})

    assert "message_id" in passed
    assert refusal(api.send(lan.psid, HELLO)) == (2018300, None)


def test_the_wait_of_each_input_is_measured(api: Api, graph: Graph, page: Page, clock: Clock, lan: Phone) -> None:
    clock.advance(seconds=12)
    api.send(lan.psid, HELLO)
    api.send(lan.psid, HELLO)
    lan.scan("t-1")  # a link and Get Started want no answer
    page.deliver(page.get_started(lan.psid))
    clock.advance(minutes=5)
    lan.type("Nữa")
    clock.advance(seconds=31)
    api.send(lan.psid, HELLO)

    assert graph.delays == [timedelta(seconds=12), timedelta(seconds=31)]
