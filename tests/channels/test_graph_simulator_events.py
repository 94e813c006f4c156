"""The shapes of all events, what a subscription lets through, standby, echoes; and what our codec makes of them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.event import Silent
from handlers.channels.messenger import codec
from tests.simulators.graph import Graph
from tests.simulators.graph_clock import Clock
from tests.simulators.graph_deliverer import Deliverer
from tests.simulators.graph_hook import Api, Hook
from tests.simulators.graph_items import Items, Share
from tests.simulators.graph_notices import Stamp
from tests.simulators.graph_page import Item, Page
from tests.simulators.graph_shown import Button
from tests.simulators.graph_subscriptions import FIELDS

PAGE, PSID, SECRET = "112233445566778", "7012345678901234", "test-app-secret"
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
MILLIS = 1795251600000
INBOX = 263902037430900


@pytest.fixture
def items() -> Items:
    return Items(PAGE, lambda: NOW)


@pytest.fixture
def hook() -> Iterator[Hook]:
    with Hook() as hook:
        yield hook


@pytest.fixture
def graph() -> Iterator[Graph]:
    with Graph(strict=True, clock=Clock(NOW), echoes=True) as graph:
        graph.page(PAGE).fields = FIELDS
        yield graph


@pytest.fixture
def page(graph: Graph, hook: Hook) -> Page:
    return Deliverer(graph, hook.url, SECRET).page(PAGE)


@pytest.fixture
def api(graph: Graph) -> Iterator[Api]:
    with Api(graph, PAGE) as api:
        yield api


def inside(item: Item) -> dict[str, Any]:
    """What an item tells, without its envelope."""
    assert item["recipient"] == {"id": PAGE}
    return {key: value for key, value in item.items() if key not in ("sender", "recipient", "timestamp")}


# Shapes


def test_words_come_with_all_that_can_stand_beside_them(items: Items) -> None:
    assert items.text(PSID, "Cà phê") == {
        "sender": {"id": PSID},
        "recipient": {"id": PAGE},
        "timestamp": MILLIS,
        "message": {"mid": "m_in1", "text": "Cà phê"},
    }
    assert inside(items.quick_reply(PSID, Button("Đặt", "ORDER"))) == {
        "message": {"mid": "m_in2", "text": "Đặt", "quick_reply": {"payload": "ORDER"}}
    }
    assert inside(items.reply(PSID, "cái này", "m_old")) == {
        "message": {"mid": "m_in3", "text": "cái này", "reply_to": {"mid": "m_old", "is_self_reply": False}}
    }
    assert inside(items.command(PSID, "/tra", "tra")) == {
        "message": {"mid": "m_in4", "text": "/tra", "commands": [{"name": "tra"}]}
    }
    assert inside(items.unshown(PSID)) == {"message": {"mid": "m_in5"}}


def test_attachments_come_in_every_shape(items: Items) -> None:
    def attachments(item: Item) -> Any:
        return item["message"]["attachments"]

    assert [one["type"] for one in attachments(items.photo(PSID, "https://a", "https://b"))] == ["image", "image"]
    assert attachments(items.media(PSID, "audio", "https://a")) == [{"type": "audio", "payload": {"url": "https://a"}}]
    new, old = attachments(items.sticker(PSID))[0], attachments(items.sticker(PSID, "369239263222822", old=True))[0]
    assert (new["type"], new["payload"]["sticker_id"]) == ("sticker", 369239263222822)
    assert (old["type"], old["payload"]["sticker_id"]) == ("image", "369239263222822")
    assert attachments(items.share(PSID, "https://x.vn", "X")) == [
        {"type": "fallback", "payload": {"url": "https://x.vn", "title": "X"}}
    ]
    assert attachments(items.share(PSID, "https://x.vn", "X", Share.BESIDE)) == [
        {"type": "fallback", "payload": None, "title": "X", "url": "https://x.vn"}
    ]
    assert items.share(PSID, "https://x.vn", shape=Share.BESIDE)["message"]["text"] == "https://x.vn"
    assert attachments(items.share(PSID, "https://x.vn", "X", Share.BARE)) == [{"type": "fallback"}]
    [place] = attachments(items.location(PSID, 12.67, 108.04))
    assert (place["type"], place["payload"]) == ("location", {"coordinates": {"lat": 12.67, "long": 108.04}})


def test_links_and_buttons_bring_their_ref(items: Items) -> None:
    link = {"ref": "t-715038629415", "source": "SHORTLINK", "type": "OPEN_THREAD"}

    assert inside(items.postback(PSID, "Xem", "P")) == {"postback": {"mid": "m_in1", "title": "Xem", "payload": "P"}}
    assert inside(items.get_started(PSID, "t-715038629415"))["postback"]["referral"] == link
    assert inside(items.referral(PSID, "t-715038629415")) == {"referral": link}
    assert "ref" not in items.ad_referral(PSID)["referral"]
    assert items.ad_text(PSID, "x")["message"]["referral"]["source"] == "ADS"
    assert items.lead(PSID, "Cần gì?", "5 kg")["timestamp"] == MILLIS // 1000


def test_receipts_reactions_and_edits_come_as_published(items: Items) -> None:
    assert inside(items.delivery(PSID, "m_1")) == {"delivery": {"mids": ["m_1"], "watermark": MILLIS}}
    assert inside(items.delivery(PSID)) == {"delivery": {"watermark": MILLIS}}
    assert inside(items.read(PSID)) == {"read": {"watermark": MILLIS}}
    love = {"reaction": "love", "emoji": "❤️", "action": "react", "mid": "m_1"}
    assert inside(items.reaction(PSID, "m_1")) == {"reaction": love}
    assert inside(items.reaction(PSID, "m_1", taken_back=True)) == {"reaction": {"action": "unreact", "mid": "m_1"}}
    assert inside(items.edit(PSID, "m_1", "5 kg", 2)) == {"message_edit": {"mid": "m_1", "text": "5 kg", "num_edit": 2}}
    assert items.edit(PSID, "m_1", "5 kg", 2, quoted=True)["message_edit"]["num_edit"] == "2"


def test_what_is_about_the_page_has_no_sender(items: Items) -> None:
    block = items.policy("block", "spam")

    assert block == {
        "recipient": {"id": PAGE},
        "timestamp": MILLIS,
        "policy_enforcement": {"action": "block", "reason": "spam"},
    }
    assert "policy-enforcement" in items.policy("unblock", hyphen=True)
    assert "sender" not in items.app_roles("123")


def test_control_templates_and_comments_come_as_published(items: Items) -> None:
    passed = {"previous_owner_app_id": None, "new_owner_app_id": "9", "metadata": ""}

    assert inside(items.pass_thread(PSID, "9")) == {"pass_thread_control": passed}
    assert inside(items.take_thread(PSID, 9, 8))["take_thread_control"]["previous_owner_app_id"] == 8
    assert inside(items.request_thread(PSID, "9"))["request_thread_control"]["requested_owner_app_id"] == "9"
    assert {items.template_status("t", other_name=other)["field"] for other in (False, True)} == {
        "message_template_status_update",
        "messenger_template_status_update",
    }
    value = items.comment("900_77", PSID, "giá?")["value"]
    assert (value["item"], value["verb"], value["parent_id"]) == ("comment", "add", value["post_id"])
    assert value["created_time"] == MILLIS // 1000


def test_echoes_tell_who_spoke(items: Items) -> None:
    echo = items.echo(PSID, "Dạ")
    card = items.template_echo(PSID, {"template_type": "media", "elements": [{"attachment_id": "687"}]}, 900)

    assert (echo["sender"]["id"], echo["recipient"]["id"]) == (PAGE, PSID)
    assert echo["message"] == {"mid": "m_in1", "is_echo": True, "text": "Dạ", "app_id": INBOX}
    [attachment] = card["message"]["attachments"]
    assert attachment["payload"]["elements"] == [{"attachment_id": 687}]
    assert "text" not in card["message"]


def test_moments_come_in_three_forms(items: Items) -> None:
    stamps = []
    for items.stamp in Stamp:
        stamps.append(items.text(PSID, "x")["timestamp"])

    assert stamps == [MILLIS, MILLIS // 1000, str(MILLIS)]


def test_our_codec_reads_every_shape_and_loses_no_neighbour(items: Items) -> None:
    page = Page(PAGE, SECRET, lambda body, header: 200, lambda: NOW)
    everything = [
        items.text(PSID, "x"),
        items.quick_reply(PSID, Button("a", "b")),
        items.reply(PSID, "x", "m_1"),
        items.command(PSID, "x", "y"),
        items.unshown(PSID, is_unsupported=True),
        items.photo(PSID, "https://a"),
        *[items.media(PSID, kind, "https://a") for kind in ("audio", "video", "file")],
        *[items.sticker(PSID, old=old) for old in (False, True)],
        *[items.share(PSID, "https://a", shape=shape) for shape in Share],
        *[items.reel(PSID, "https://a", kind) for kind in ("reel", "ig_reel", "post", "ig_post")],
        items.product(PSID, "1", "x"),
        items.appointment(PSID),
        items.location(PSID, 1, 2),
        items.postback(PSID, "a", "b"),
        items.get_started(PSID),
        items.referral(PSID, "t-1"),
        items.ad_referral(PSID),
        items.lead(PSID, "a", "b"),
        items.reaction(PSID, "m_1"),
        items.edit(PSID, "m_1", "x"),
        items.optin(PSID),
        items.optin_by_plugin("u1", "r"),
        items.account_linking(PSID, "c"),
        items.cart(PSID, "1", 2),
        items.echo(PSID, "x"),
        items.template_echo(PSID, {}, 1),
        items.delivery(PSID),
        items.read(PSID),
        items.pass_thread(PSID, 1),
        items.take_thread(PSID, 1),
        items.request_thread(PSID, 1),
        items.app_roles("1"),
        items.policy("block", "x"),
        items.policy("block", "x", hyphen=True),
        items.item(PSID, hologram={}),
    ]

    events = codec.parse(page.body(*everything), NOW)

    assert len(events) == len(everything)
    assert len({event.key for event in events}) == len(everything)
    assert Silent("unreadable") not in [event.event for event in events]


# Subscriptions and standby


def test_only_subscribed_fields_are_delivered(hook: Hook, graph: Graph, page: Page) -> None:
    graph.page(PAGE).fields = frozenset({"messages"})
    page.deliver(page.text(PSID, "x"), page.read(PSID), page.edit(PSID, "m_1", "y"))
    statuses = [page.deliver(page.postback(PSID, "a", "b")), page.deliver_changes(page.comment("1", PSID, "x"))]

    assert hook.shapes == [("messaging", ["message"])]
    assert statuses == [0, 0]


def test_a_page_that_nobody_subscribed_gets_nothing(hook: Hook, graph: Graph, page: Page) -> None:
    graph.page(PAGE).fields = None

    assert page.deliver(page.text(PSID, "x")) == 0
    assert hook.requests == []


def test_without_referrals_a_button_loses_its_ref(hook: Hook, graph: Graph, page: Page) -> None:
    graph.page(PAGE).fields = frozenset({"messages", "messaging_postbacks"})
    page.deliver(page.get_started(PSID, "t-1"), page.ad_text(PSID, "x"))

    assert [sorted(inside(item).popitem()[1]) for item in hook.items] == [["mid", "payload", "title"], ["mid", "text"]]


def test_either_spelling_subscribes_to_template_news(hook: Hook, graph: Graph, page: Page) -> None:
    graph.page(PAGE).fields = frozenset({"messenger_template_status_update"})

    assert page.deliver_changes(page.template_status("t")) == 200
    assert len(hook.entries) == 1


def test_a_colleague_takes_the_thread_and_her_events_come_beside(hook: Hook, graph: Graph, page: Page) -> None:
    page.deliver(page.text(PSID, "Gặp người"))
    page.colleague(PSID, "Em là Hà ạ")
    page.colleague(PSID, "Bác cần gì ạ?")
    page.deliver(page.text(PSID, "5 kg"), page.postback(PSID, "Xem", "P"))
    page.deliver(page.text("7012345678905678", "Người khác"))
    page.hand_back(PSID)
    page.deliver(page.text(PSID, "Cảm ơn"))

    assert hook.shapes == [
        ("messaging", ["message"]),
        ("messaging", ["echo"]),
        ("messaging", ["take_thread_control"]),
        ("standby", ["echo"]),
        ("standby", ["message", "postback"]),
        ("messaging", ["message"]),
        ("messaging", ["pass_thread_control"]),
        ("messaging", ["message"]),
    ]
    beside = hook.entries[4]["standby"][1]
    assert beside["postback"].keys() == {"mid", "title"}
    assert hook.items[1]["message"]["app_id"] == INBOX


def test_a_post_for_two_threads_is_parted_by_who_holds_them(hook: Hook, page: Page) -> None:
    page.deliver(page.text(PSID, "x"))
    page.colleague(PSID, "Dạ")
    page.deliver(page.text(PSID, "một"), page.text("703", "hai"), page.text(PSID, "ba"))

    assert len(hook.requests) == 4
    assert [key for key, _ in hook.shapes[3:]] == ["standby", "messaging", "standby"]


def test_without_the_standby_field_what_is_beside_is_not_delivered(hook: Hook, graph: Graph, page: Page) -> None:
    graph.page(PAGE).fields = FIELDS - {"standby"}
    page.deliver(page.text(PSID, "x"))
    page.colleague(PSID, "Dạ")

    assert page.deliver(page.text(PSID, "y")) == 0
    assert [key for key, _ in hook.shapes] == ["messaging"] * 3


# Echoes of our own


def test_after_a_message_come_its_echo_a_delivery_and_a_read(hook: Hook, graph: Graph, page: Page, api: Api) -> None:
    page.deliver(page.text(PSID, "x"))
    mid = api.send(PSID, {"text": "Chào bác", "metadata": "out:8841"})["message_id"]
    graph.settle()

    echo, delivery, read = hook.items[1:]
    said = {"mid": mid, "is_echo": True, "text": "Chào bác", "app_id": 900000000000001, "metadata": "out:8841"}
    assert echo["message"] == said
    assert (echo["sender"], echo["recipient"]) == ({"id": PAGE}, {"id": PSID})
    assert (delivery["delivery"]["mids"], read["read"]) == ([mid], {"watermark": MILLIS})


def test_the_echo_of_a_card_is_an_attachment_without_text(hook: Hook, graph: Graph, page: Page, api: Api) -> None:
    page.deliver(page.text(PSID, "x"))
    payload = {
        "template_type": "button",
        "text": "Chốt?",
        "buttons": [{"type": "postback", "title": "Có", "payload": "Y"}],
    }
    api.send(PSID, {"attachment": {"type": "template", "payload": payload}})
    graph.settle()

    message = hook.items[1]["message"]
    assert (message["attachments"][0]["type"], "text" in message) == ("template", False)


def test_all_that_was_sent_is_told_in_order_before_it_is_settled(
    hook: Hook, graph: Graph, page: Page, api: Api
) -> None:
    page.deliver(page.text(PSID, "x"))
    mids = [api.send(PSID, {"text": str(n)})["message_id"] for n in range(6)]
    graph.settle()

    assert [item["delivery"]["mids"] for item in hook.items if "delivery" in item] == [[mid] for mid in mids]
    assert len(hook.items) == 1 + 3 * 6


def test_a_sender_action_has_no_echo(hook: Hook, graph: Graph, page: Page, api: Api) -> None:
    page.deliver(page.text(PSID, "x"))
    api.act(PSID, "typing_on")
    graph.settle()

    assert len(hook.items) == 1
