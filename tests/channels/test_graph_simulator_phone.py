"""A person with her phone: what she can press when, what a link brings, and the page to play her by hand."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from tests.simulators.graph import Graph
from tests.simulators.graph_clock import Clock
from tests.simulators.graph_console import Desk
from tests.simulators.graph_deliverer import Deliverer
from tests.simulators.graph_hook import Api, Hook
from tests.simulators.graph_page import Page
from tests.simulators.graph_phone import Phone
from tests.simulators.graph_subscriptions import FIELDS

PAGE, SECRET = "112233445566778", "test-app-secret"
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
REF = "t-715038629415"
STARTED = {"get_started": {"payload": "BAT_DAU"}}
CHOICES = {
    "attachment": {
        "type": "template",
        "payload": {
            "template_type": "button",
            "text": "Chốt đơn?",
            "buttons": [{"type": "postback", "title": "Đồng ý", "payload": "OK"}],
        },
    }
}
QUICK = {"text": "Tem nào?", "quick_replies": [{"content_type": "text", "title": "Tem này", "payload": "THIS"}]}


@pytest.fixture
def hook() -> Iterator[Hook]:
    with Hook() as hook:
        yield hook


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def graph(clock: Clock) -> Iterator[Graph]:
    with Graph(strict=True, clock=clock) as graph:
        graph.page(PAGE).fields = FIELDS
        graph.page(PAGE).profile = dict(STARTED)
        yield graph


@pytest.fixture
def page(graph: Graph, hook: Hook) -> Page:
    return Deliverer(graph, hook.url, SECRET).page(PAGE)


@pytest.fixture
def api(graph: Graph) -> Iterator[Api]:
    with Api(graph, PAGE) as api:
        yield api


@pytest.fixture
def lan(page: Page, graph: Graph) -> Phone:
    return Phone(page, graph, graph.join(PAGE, "Lan"))


def last(hook: Hook) -> dict[str, Any]:
    """What the newest item tells."""
    return {key: value for key, value in hook.items[-1].items() if key not in ("sender", "recipient", "timestamp")}


# Buttons


def test_a_button_works_days_later_and_as_often_as_she_likes(hook: Hook, lan: Phone, api: Api, clock: Clock) -> None:
    lan.type("Mua")
    api.send(lan.psid, CHOICES)
    api.send(lan.psid, {"text": "Dạ"})
    clock.advance(days=9)

    assert [lan.tap("Đồng ý"), lan.tap("Đồng ý")] == [200, 200]
    assert [item["postback"]["payload"] for item in hook.items[1:]] == ["OK", "OK"]
    assert len({item["postback"]["mid"] for item in hook.items[1:]}) == 2


def test_a_quick_reply_comes_as_words_with_a_payload_and_then_is_gone(hook: Hook, lan: Phone, api: Api) -> None:
    lan.type("Tra")
    api.send(lan.psid, QUICK)
    lan.tap("Tem này")

    assert last(hook)["message"] == {"mid": "m_in2", "text": "Tem này", "quick_reply": {"payload": "THIS"}}
    with pytest.raises(LookupError):
        lan.tap("Tem này")


@pytest.mark.parametrize("who", ["she", "page"])
def test_quick_replies_vanish_when_anybody_says_something_else(lan: Phone, api: Api, who: str) -> None:
    lan.type("Tra")
    api.send(lan.psid, QUICK)
    lan.type("Tem khác") if who == "she" else api.send(lan.psid, {"text": "Bác ơi?"})

    assert lan.quick_replies == ()
    with pytest.raises(LookupError):
        lan.tap("Tem này")


def test_a_client_without_buttons_shows_words_only(page: Page, graph: Graph, api: Api, lan: Phone) -> None:
    lan.type("Mua")
    api.send(lan.psid, CHOICES)
    bare = Phone(page, graph, lan.psid, buttons=False)

    assert lan.screen == ["👤 Mua", "🤖 Chốt đơn?\n[Đồng ý]"]
    assert bare.screen == ["👤 Mua", "🤖 Chốt đơn?"]
    with pytest.raises(LookupError):
        bare.tap("Đồng ý")


def test_the_menu_is_hers_or_the_pages_and_commands_replace_it(hook: Hook, graph: Graph, api: Api, lan: Phone) -> None:
    def menu(title: str) -> dict[str, Any]:
        action = {"type": "postback", "title": title, "payload": f"MENU:{title}"}
        return {"persistent_menu": [{"locale": "default", "call_to_actions": [action]}]}

    lan.start()
    api.call("POST", "messenger_profile", menu("Tra tem"))
    assert [button.title for button in lan.menu] == ["Tra tem"]
    api.call("POST", "custom_user_settings", {"psid": lan.psid, **menu("Nhận hàng")})
    lan.press_menu("Nhận hàng")
    assert last(hook)["postback"]["payload"] == "MENU:Nhận hàng"
    commands = [{"locale": "default", "commands": [{"name": "tra", "description": "Tra tem"}]}]
    api.call("POST", "messenger_profile", {"commands": commands})
    assert lan.menu == ()


# Links


def test_a_new_person_comes_by_get_started_and_a_known_one_by_a_referral(hook: Hook, lan: Phone) -> None:
    lan.scan(REF)
    first = last(hook)["postback"]
    lan.scan(REF)

    assert (first["payload"], first["referral"]["ref"]) == ("BAT_DAU", REF)
    assert last(hook) == {"referral": {"ref": REF, "source": "SHORTLINK", "type": "OPEN_THREAD"}}


def test_some_phones_lose_the_ref(hook: Hook, page: Page, graph: Graph) -> None:
    phone = Phone(page, graph, graph.join(PAGE, "Minh"), loses_ref=True)
    phone.scan(REF)

    assert "referral" not in last(hook)["postback"]
    assert phone.scan(REF) == 0
    assert len(hook.items) == 1


@pytest.mark.parametrize("hindrance", ["nothing set up", "ice breakers", "facebook"])
def test_without_get_started_a_new_person_brings_nothing(
    hook: Hook, page: Page, graph: Graph, api: Api, hindrance: str
) -> None:
    phone = Phone(page, graph, graph.join(PAGE, "Minh"), in_facebook=hindrance == "facebook")
    if hindrance == "nothing set up":
        api.call("DELETE", "messenger_profile", {"fields": ["get_started"]})
    if hindrance == "ice breakers":
        questions = [{"locale": "default", "call_to_actions": [{"question": "Giá?", "payload": "PRICE"}]}]
        api.call("POST", "messenger_profile", {"ice_breakers": questions})

    assert phone.scan(REF, text=REF) == 0
    with pytest.raises(LookupError):
        phone.start()
    assert hook.items == []
    if hindrance == "ice breakers":
        phone.break_ice("Giá?")
        assert last(hook)["postback"] == {"mid": "m_in1", "title": "Giá?", "payload": "PRICE"}
    else:
        phone.send_draft()
        assert last(hook)["message"]["text"] == REF


@pytest.mark.parametrize("ref", ["", "tem 1", "t#1", "đ", "t" * 2084])
def test_a_ref_that_is_not_allowed_is_lost(hook: Hook, lan: Phone, ref: str) -> None:
    lan.scan(ref)

    assert "referral" not in last(hook)["postback"]
    assert lan.scan(ref) == 0


# Other acts


def test_she_reacts_replies_and_edits(hook: Hook, lan: Phone, api: Api) -> None:
    lan.type("5 kg")
    mid = api.send(lan.psid, {"text": "Dạ 5 kg"})["message_id"]
    lan.react()
    assert last(hook)["reaction"] == {"reaction": "love", "emoji": "❤️", "action": "react", "mid": mid}
    lan.reply("đúng")
    assert last(hook)["message"]["reply_to"] == {"mid": mid, "is_self_reply": False}
    lan.edit("đúng rồi")
    assert last(hook)["message_edit"] == {"mid": "m_in2", "text": "đúng rồi", "num_edit": 1}


def test_a_message_is_edited_five_times_at_most(hook: Hook, lan: Phone) -> None:
    lan.type("1 kg")
    for n in range(2, 7):
        lan.edit(f"{n} kg")
    with pytest.raises(RuntimeError):
        lan.edit("7 kg")

    assert [item["message_edit"]["num_edit"] for item in hook.items[1:]] == [1, 2, 3, 4, 5]


def test_she_sends_pictures_voice_a_thumb_and_her_place(hook: Hook, lan: Phone) -> None:
    lan.send_photo("https://a", "https://b")
    lan.send_voice("https://a")
    lan.send_sticker()
    lan.send_sticker(old=True)
    lan.send_location(12.67, 108.04)

    kinds = [[one["type"] for one in item["message"]["attachments"]] for item in hook.items]
    assert kinds == [["image", "image"], ["audio"], ["sticker"], ["image"], ["location"]]


def test_the_screen_shows_both_sides_and_the_colleague(lan: Phone, page: Page, api: Api) -> None:
    lan.start()
    lan.scan(REF)
    api.send(lan.psid, {"text": "Chào bác"})
    page.colleague(lan.psid, "Em là Hà ạ")
    lan.type("Chào Hà")

    assert lan.screen == ["👤 [Bắt đầu]", "· ⟨came by a link⟩", "🤖 Chào bác", "👩 Em là Hà ạ", "👤 Chào Hà"]


# By hand


@pytest.fixture
def desk(graph: Graph, hook: Hook) -> str:
    graph.desk = Desk(graph, Deliverer(graph, hook.url, SECRET), PAGE).answer
    return graph.url


def do(desk: str, psid: str, name: str, value: str = "") -> Any:
    return requests.post(f"{desk}/desk", json={"psid": psid, "do": name, "value": value}, timeout=5).json()


def look(desk: str, psid: str) -> Any:
    return requests.get(f"{desk}/desk", params={"psid": psid}, timeout=5).json()


def test_a_developer_plays_a_person_and_her_colleague(hook: Hook, api: Api, desk: str) -> None:
    psid = do(desk, "", "join", "Bác Y Thiên")["status"]
    assert do(desk, psid, "scan", REF) == {"status": 200}
    api.send(psid, CHOICES)
    api.send(psid, QUICK)
    seen = look(desk, psid)
    assert seen["people"] == [{"psid": psid, "name": "Bác Y Thiên"}]
    assert [(line["who"], line["words"]) for line in seen["lines"]] == [
        ("person", "[Bắt đầu]"),
        ("bot", "Chốt đơn?"),
        ("bot", "Tem nào?"),
    ]
    assert (seen["lines"][1]["buttons"], seen["quick"]) == ([{"title": "Đồng ý", "link": False}], ["Tem này"])

    assert do(desk, psid, "press", "q.0") == {"status": 200}
    assert do(desk, psid, "press", "1.0") == {"status": 200}
    assert do(desk, psid, "colleague", "Em là Hà ạ") == {"status": 200}
    assert look(desk, psid)["held"] is True
    assert do(desk, psid, "hand_back") == {"status": 200}
    told = [next(key for key in item if key not in ("sender", "recipient", "timestamp")) for item in hook.items]
    assert told == ["postback", "message", "postback", "message", "take_thread_control", "pass_thread_control"]


@pytest.mark.parametrize(
    ("name", "value"), [("fly", ""), ("press", "q.0"), ("press", "7.1"), ("press", "x"), ("edit", "x"), ("react", "❤️")]
)
def test_what_cannot_be_done_is_said(desk: str, name: str, value: str) -> None:
    psid = do(desk, "", "join", "Lan")["status"]

    assert list(do(desk, psid, name, value)) == ["error"]
    assert list(do(desk, "9", name, value)) == ["error"]


def test_the_page_needs_nothing_from_elsewhere(desk: str) -> None:
    page = requests.get(f"{desk}/", timeout=5)

    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "<!doctype html>" in page.text
    assert "http" not in page.text
    assert requests.get(f"{desk}/favicon.ico", timeout=5).status_code == 404


def test_the_program_prints_where_to_click_and_each_bubble(hook: Hook) -> None:
    command = [sys.executable, "-u", "-m", "tests.simulators.graph", "--port", "0", "--webhook", hook.url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        try:
            url = program.stdout.readline().split()[1].rstrip("/")
            program.stdout.readline()
            program.stdout.readline()
            psid = do(url, "", "join", "Lan")["status"]
            assert do(url, psid, "type", "Chào") == {"status": 200}
            body = {"recipient": {"id": psid}, "messaging_type": "RESPONSE", "message": QUICK}
            query = {"access_token": "any"}
            requests.post(f"{url}/v25.0/{PAGE}/messages", params=query, json=body, timeout=5).raise_for_status()
            printed = [program.stdout.readline() for _ in range(3)]
            hook.wait_for(4)  # the message, and of ours the echo, the delivery and the read
        finally:
            program.send_signal(signal.SIGTERM)
            status = program.wait(10)

    assert (printed, status) == ([f"→ {psid}\n", "Tem nào?\n", "[Tem này]\n"], 0)
