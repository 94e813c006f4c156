"""The delivering side: signatures, time limit, redelivery, and what the webhook hears of our own messages."""

import json
import random
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest
import requests

from tests.simulators.server import Answer, Fault, Request
from tests.simulators.zalo import Zalo
from tests.simulators.zalo_caller import (
    APP_ID,
    APP_SECRET,
    COOP,
    OA_SECRET,
    OTHER,
    Caller,
    Hook,
    rightly_signed,
    two_coops,
)
from tests.simulators.zalo_clock import Clock
from tests.simulators.zalo_deliver import Attempt, Deliverer, Wire, mac, to_webhook
from tests.simulators.zalo_events import Events
from tests.simulators.zalo_phone import Phone
from tests.simulators.zalo_world import App, Echo, Oa, Person, ZaloUser


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def zalo(clock: Clock) -> Iterator[Zalo]:
    with two_coops(clock) as zalo:
        yield zalo


@pytest.fixture
def hook(zalo: Zalo, ha: Phone) -> Iterator[Hook]:
    """The webhook of the app; its address was saved after she wrote."""
    with Hook() as hook:
        assert zalo.save_webhook(APP_ID, hook.url)
        yield hook


@pytest.fixture
def caller(zalo: Zalo) -> Iterator[Caller]:
    with requests.Session() as session:
        yield Caller(zalo.url, zalo.grant(COOP).access_token, session)


@pytest.fixture
def ha(zalo: Zalo) -> Phone:
    """She wrote before there was a webhook."""
    phone = zalo.phone(COOP, "Hà", "84905000111")
    phone.type("chào")
    return phone


def deliverer(zalo: Zalo) -> Deliverer:
    return zalo.deliverer(COOP)


def test_the_signature_is_what_sha256sum_makes_of_app_body_time_and_secret(clock: Clock) -> None:
    sent: list[tuple[bytes, Mapping[str, str]]] = []

    def post(body: bytes, headers: Mapping[str, str]) -> int:
        sent.append((body, headers))
        return 200

    oa = Oa(COOP, APP_ID, "oa-secret-for-tests")
    user = ZaloUser("246845883529197922", "552177279717587730", Person("Hà"))
    clock.advance(hours=-2)
    event = Events(oa, clock, lambda: "").text(user, "Tra mã 7150 3862 9415", msg_id="96d3cdf3af150460909")

    Deliverer(App(APP_ID, APP_SECRET), clock, post).deliver(oa, event)

    body, headers = sent[0]
    assert body.decode() == (
        '{"app_id":"3608465249400000001","sender":{"id":"246845883529197922"},"user_id_by_app":"552177279717587730",'
        '"recipient":{"id":"388613280878808645"},"event_name":"user_send_text",'
        '"message":{"text":"Tra mã 7150 3862 9415","msg_id":"96d3cdf3af150460909"},"timestamp":"1795219200000"}'
    )
    # printf %s 3608465249400000001 "$BODY" 1795219200000 oa-secret-for-tests | sha256sum
    assert headers == {
        "Content-Type": "application/json",
        "X-ZEvent-Signature": "mac=85e8861183428eaefa4ec618c83d87fabed8a64995ed5433f4c1e9781c692b6d",
    }


@pytest.mark.parametrize(
    "wire",
    [
        Wire(),
        Wire(escaped=True),
        Wire(spaces=True),
        Wire(shuffled=True),
        Wire(escaped=True, spaces=True, shuffled=True),
    ],
)
def test_the_signature_is_over_the_bytes_that_were_sent(zalo: Zalo, hook: Hook, ha: Phone, wire: Wire) -> None:
    deliverer(zalo).wire = wire

    assert ha.type("ổi 2 ký 🍐") == 200

    request = hook.requests[-1]
    assert rightly_signed(request)
    assert hook.events[-1]["message"]["text"] == "ổi 2 ký 🍐"
    assert request.body.isascii() == wire.escaped
    assert (b", " in request.body) == wire.spaces


def test_shuffled_keys_are_in_another_order_from_event_to_event(zalo: Zalo, hook: Hook, ha: Phone) -> None:
    deliverer(zalo).wire = Wire(shuffled=True)
    for number in range(5):
        ha.type(str(number))

    assert len({tuple(event) for event in hook.events}) > 1


@pytest.mark.parametrize(
    ("wire", "prefix", "first", "secret", "later"),
    [
        (Wire(prefix=""), "", APP_ID, OA_SECRET, 0),
        (Wire(prefix="mac = "), "mac = ", APP_ID, OA_SECRET, 0),
        (Wire(first="oa"), "mac=", COOP, OA_SECRET, 0),
        (Wire(signed_by="app"), "mac=", APP_ID, APP_SECRET, 0),
        (Wire(header_time=7, time_from="header"), "mac=", APP_ID, OA_SECRET, 7),
        (Wire(header_time=7), "mac=", APP_ID, OA_SECRET, 0),
    ],
)
def test_what_sources_disagree_on_is_a_switch(
    *, zalo: Zalo, hook: Hook, ha: Phone, wire: Wire, prefix: str, first: str, secret: str, later: int
) -> None:
    deliverer(zalo).wire = wire

    ha.type("chào")

    request = hook.requests[-1]
    timestamp = hook.events[-1]["timestamp"]
    signed = mac(first, request.body, str(int(timestamp) + later), secret)
    assert request.headers["x-zevent-signature"] == prefix + signed
    assert request.headers.get("x-zevent-timestamp") == (str(int(timestamp) + 7) if wire.header_time else None)


def test_saving_the_address_sends_an_unsigned_empty_object(zalo: Zalo) -> None:
    with Hook() as hook:
        assert zalo.save_webhook(APP_ID, hook.url)

        probe = hook.requests[0]
        assert (probe.method, probe.path, probe.body) == ("POST", "/webhooks/zalo", b"{}")
        assert "x-zevent-signature" not in probe.headers
        assert len(hook.requests) == 1


@pytest.mark.parametrize("answer", [Answer(403), Answer(404), Answer(302), Answer(204), Answer(fault=Fault.RESET)])
def test_an_address_that_does_not_answer_200_is_not_saved(zalo: Zalo, ha: Phone, answer: Answer) -> None:
    with Hook(lambda request: answer) as hook:
        assert not zalo.save_webhook(APP_ID, hook.url)
        assert ha.type("chào") is None
        assert hook.events == []


@pytest.mark.parametrize(
    ("path", "page", "verified"),
    [
        ("/zalo_verifierABC123.html", "<html>zalo-platform-site-verification=ABC123</html>", True),
        ("/", '<meta name="zalo-platform-site-verification" content="ABC123" />', True),
        ("/", '<meta name="zalo-platform-site-verification" content="other" />', False),
        ("/elsewhere", "ABC123", False),
    ],
)
def test_a_domain_is_verified_by_a_file_or_by_the_first_page(
    *, zalo: Zalo, path: str, page: str, verified: bool
) -> None:
    def answer(request: Request) -> Answer:
        found = request.path == path
        return Answer(200 if found else 404, page.encode() if found else b"", content_type="text/html")

    with Hook(answer) as hook:
        assert deliverer(zalo).verify_domain(hook.root, "ABC123") is verified
        assert (len(zalo.state.apps[APP_ID].domains) == 1) is verified


def test_a_closed_port_verifies_nothing(zalo: Zalo) -> None:
    with Hook() as hook:
        root = hook.root

    assert not deliverer(zalo).verify_domain(root, "ABC123")
    assert not zalo.save_webhook(APP_ID, root + "/webhooks/zalo")


def test_both_accounts_of_an_app_post_to_one_address(zalo: Zalo, hook: Hook) -> None:
    zalo.phone(COOP, "Hà").type("một")
    zalo.phone(OTHER, "Hà").type("hai")

    assert [event["recipient"]["id"] for event in hook.events] == [COOP, OTHER]
    assert len({event["sender"]["id"] for event in hook.events}) == 2
    assert len({event["user_id_by_app"] for event in hook.events}) == 1


def test_an_event_that_was_not_taken_comes_five_times_more_and_then_no_more(
    zalo: Zalo, hook: Hook, ha: Phone, clock: Clock
) -> None:
    hook.answer = lambda request: Answer(503)
    assert ha.type("một") == 503
    for seconds in (30, 5 * 60, 15 * 60, 30 * 60, 60 * 60):
        assert deliverer(zalo).redeliver_due() == []
        clock.advance(seconds=seconds - 1)
        assert deliverer(zalo).redeliver_due() == []
        clock.advance(seconds=1)
        assert deliverer(zalo).redeliver_due() == [503]

    tries = [request for request in hook.requests if request.body != b"{}"]
    assert [request.headers.get("num_retry") for request in tries] == [None, "1", "2", "3", "4", "5"]
    assert {request.body for request in tries} == {tries[0].body}
    assert {request.headers["x-zevent-signature"] for request in tries} == {tries[0].headers["x-zevent-signature"]}
    notices = deliverer(zalo).notices
    assert (len(notices), notices[-1]) == (7, f"2026-11-21 10:50:30 webhook of app {APP_ID} is disabled")

    hook.answer = lambda request: Answer()
    clock.advance(hours=3)
    assert (ha.type("hai"), deliverer(zalo).redeliver_due()) == (None, [])
    assert [json.loads(body)["message"]["text"] for body in deliverer(zalo).lost] == ["một", "hai"]
    deliverer(zalo).enable()
    assert ha.type("ba") == 200


def test_an_event_that_is_taken_at_last_is_not_sent_again(zalo: Zalo, hook: Hook, ha: Phone, clock: Clock) -> None:
    hook.answer = lambda request: Answer(500)
    ha.type("một")
    hook.answer = lambda request: Answer()
    clock.advance(minutes=1)

    assert deliverer(zalo).redeliver_due() == [200]
    assert (deliverer(zalo).redeliver_due(), deliverer(zalo).waiting, deliverer(zalo).enabled) == ([], [], True)
    assert deliverer(zalo).attempts[-2:] == [Attempt("user_send_text", 0, 500), Attempt("user_send_text", 1, 200)]


def test_a_webhook_that_was_down_gets_everything_when_it_is_back(zalo: Zalo, ha: Phone, clock: Clock) -> None:
    with Hook() as hook:
        zalo.save_webhook(APP_ID, hook.url)
    assert [ha.type("một"), ha.type("hai")] == [None, None]
    assert [attempt.status for attempt in deliverer(zalo).attempts] == [None, None]
    assert len(deliverer(zalo).waiting) == 2

    got: list[bytes] = []

    def post(body: bytes, headers: Mapping[str, str]) -> int:
        got.append(body)
        return 200

    zalo.connect(APP_ID, post)
    clock.advance(seconds=30)
    deliverer(zalo).redeliver_due()

    assert [json.loads(body)["message"]["text"] for body in got] == ["một", "hai"]


def test_200_after_the_limit_is_late(zalo: Zalo, ha: Phone) -> None:
    deliverer(zalo).seconds = 0.2
    with Hook() as hook:
        zalo.save_webhook(APP_ID, hook.url)
        hook.answer = lambda request: Answer(fault=Fault.SLOW, seconds=1.0)

        assert ha.type("một") == 0
        assert len(deliverer(zalo).waiting) == 1
    assert Deliverer(zalo.state.apps[APP_ID], zalo.clock).seconds == 2.0


def test_the_limit_is_on_the_whole_answer_and_not_on_its_pieces() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = threading.Event()

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                for piece in (b"HTTP/1.1 200 OK\r\n", b"Connection: close\r\n", b"Content-Length: 0\r\n", b"\r\n"):
                    done.wait(0.15)
                    connection.sendall(piece)

        thread = threading.Thread(target=drip)
        thread.start()
        with pytest.raises(TimeoutError):
            to_webhook(f"http://127.0.0.1:{server.getsockname()[1]}/", seconds=0.4)(b"{}", {})
        done.set()
        thread.join(5)


@pytest.mark.parametrize("answer", [Answer(500), Answer(302), Answer(201)])
def test_only_refused_connections_are_tried_again_where_the_switch_says_so(
    zalo: Zalo, hook: Hook, ha: Phone, answer: Answer
) -> None:
    deliverer(zalo).retry_unwell = False
    hook.answer = lambda request: answer
    ha.type("một")
    assert (deliverer(zalo).waiting, len(deliverer(zalo).lost)) == ([], 1)

    hook.answer = lambda request: Answer(fault=Fault.RESET)
    ha.type("hai")
    assert (len(deliverer(zalo).waiting), len(deliverer(zalo).notices)) == (1, 2)


def test_a_duplicate_has_the_same_bytes(zalo: Zalo, hook: Hook, ha: Phone) -> None:
    event = ha.events.text(ha.user, "2")

    assert deliverer(zalo).deliver(zalo.oa(COOP), event, times=3) == 200

    assert len({request.body for request in hook.requests[1:]}) == 1
    assert len(hook.events) == 3


def test_held_events_leave_in_any_order(zalo: Zalo, hook: Hook, ha: Phone) -> None:
    deliverer(zalo).hold()
    assert [ha.type(words) for words in ("một", "hai", "ba")] == [None, None, None]
    assert hook.events == []

    deliverer(zalo).release(lambda letters: letters[::-1])
    deliverer(zalo).hold()
    ha.type("bốn")
    assert deliverer(zalo).release(lambda letters: random.Random(1).sample(letters, len(letters))) == [200]

    assert [event["message"]["text"] for event in hook.events] == ["ba", "hai", "một", "bốn"]


def test_a_forged_body_goes_out_as_it_is(zalo: Zalo, hook: Hook) -> None:
    assert deliverer(zalo).deliver_raw(b"{broken", {"X-ZEvent-Signature": "mac=00"}) == 200

    assert (hook.requests[-1].body, hook.requests[-1].headers["x-zevent-signature"]) == (b"{broken", "mac=00")


def test_events_can_be_muted_and_texts_filtered_in_the_console(zalo: Zalo, hook: Hook, ha: Phone) -> None:
    deliverer(zalo).muted = {"user_seen_message", "unfollow"}
    ha.unfollow()
    deliverer(zalo).syntax_filter = True
    ha.type("chào")
    ha.type("#gio")
    ha.send_sticker()

    assert hook.names == ["user_send_text", "user_send_sticker"]
    assert hook.events[0]["message"]["text"] == "#gio"


def test_our_own_message_comes_back_as_an_echo_with_its_id(zalo: Zalo, hook: Hook, caller: Caller, ha: Phone) -> None:
    answer = caller.text(ha.user_id, "Chào chị")
    zalo.settle()

    event = hook.events[-1]
    assert (event["event_name"], event["sender"], event["recipient"]) == (
        "oa_send_text",
        {"id": COOP},
        {"id": ha.user_id},
    )
    assert event["message"] == {"text": "Chào chị", "msg_id": answer["data"]["message_id"]}
    assert rightly_signed(hook.requests[-1])


def test_what_an_officer_types_names_her(zalo: Zalo, hook: Hook, ha: Phone) -> None:
    assert zalo.officer(COOP, ha.user_id, "Để em xem ạ", admin_id="4713478301") == 200

    event = hook.events[-1]
    assert event["sender"] == {"id": COOP, "admin_id": "4713478301"}
    assert (event["event_name"], event["message"]["text"]) == ("oa_send_text", "Để em xem ạ")
    assert ha.bubbles[-1].text == "Để em xem ạ"


def test_the_echo_can_come_before_the_answer(zalo: Zalo, hook: Hook, caller: Caller, ha: Phone) -> None:
    zalo.switches.echo = Echo.BEFORE

    answer = caller.text(ha.user_id, "Chào chị")

    assert hook.events[-1]["message"]["msg_id"] == answer["data"]["message_id"]


@pytest.mark.parametrize(
    ("first", "names"),
    [
        (True, ["user_received_message", "oa_send_text", "user_seen_message"]),
        (False, ["oa_send_text", "user_received_message", "user_seen_message"]),
    ],
)
def test_receipts_come_after_the_echo_or_before_it(
    *, zalo: Zalo, hook: Hook, caller: Caller, ha: Phone, first: bool, names: list[str]
) -> None:
    zalo.switches.receipts, zalo.switches.receipts_first = True, first
    message_id = caller.text(ha.user_id, "Chào chị")["data"]["message_id"]
    zalo.settle()
    ha.read()

    assert hook.names == names
    assert [event["message"].get("msg_id") for event in hook.events[:2]] == [message_id, message_id]
    assert hook.events[2]["message"] == {"msg_ids": [message_id]}


def test_echoes_can_be_switched_off(zalo: Zalo, hook: Hook, caller: Caller, ha: Phone) -> None:
    zalo.switches.echo = Echo.OFF
    caller.text(ha.user_id, "Chào chị")
    zalo.settle()

    assert hook.events == []


def test_each_kind_of_message_has_its_echo(zalo: Zalo, hook: Hook, caller: Caller, ha: Phone) -> None:
    zalo.switches.echo, zalo.switches.lists = Echo.BEFORE, 0
    picture = "https://chophien.example/oi.jpg"
    token = caller.upload("file", "gia.pdf", b"%PDF-1.7")["data"]["token"]

    def element(template_type: str, **fields: object) -> dict[str, object]:
        payload = {"template_type": template_type, "elements": [fields]}
        return {"attachment": {"type": "template", "payload": payload}}

    card = {"title": "Ổi", "subtitle": "20.000đ", "image_url": picture}
    for message in (
        element("media", media_type="image", url=picture),
        element("media", media_type="gif", url=picture, width=1, height=1),
        element("media", media_type="sticker", attachment_id="s"),
        {"attachment": {"type": "file", "payload": {"token": token}}},
        element("list", **card),
        element("request_user_info", **card),
    ):
        assert caller.error(ha.user_id, message)[0] == 0

    assert hook.names == [f"oa_send_{kind}" for kind in ("image", "gif", "sticker", "file", "list", "list")]


def test_a_reaction_of_ours_is_told(zalo: Zalo, hook: Hook, caller: Caller, ha: Phone) -> None:
    message_id = ha.window[0].message_id
    action = {"react_icon": "/-strong", "react_message_id": message_id}
    caller.post("/v2.0/oa/message", {"recipient": {"user_id": ha.user_id}, "sender_action": action})
    zalo.settle()

    assert hook.names == ["oa_reacted_message"]
    assert hook.events[0]["message"] == {"msg_id": message_id, "react_icon": "/-strong"}


def test_a_webhook_without_a_web_server_is_a_function(zalo: Zalo, ha: Phone) -> None:
    got: list[bytes] = []

    def post(body: bytes, headers: Mapping[str, str]) -> int:
        got.append(body)
        return 200

    zalo.connect(APP_ID, post)

    assert (ha.type("chào"), len(got)) == (200, 1)


def test_a_letter_is_a_value(clock: Clock) -> None:
    oa = Oa(COOP, APP_ID, OA_SECRET)
    sender = Deliverer(App(APP_ID, APP_SECRET), clock)
    event = Events(oa, clock, lambda: "1").text(oa.meet(Person("Hà")), "chào")

    letter = sender.sealed(oa, event, {})

    assert replace(letter, tries=0) == sender.sealed(oa, event, {})
