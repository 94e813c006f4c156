"""Calls to a stand-in for Zalo over real connections, well and ill."""

import json
import logging
import socket
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bot.reply import Bubble, Button, Reason, SendError
from handlers.channels.zalo import codec
from handlers.channels.zalo.answers import Account, Parameter, Quota, TemplateInfo, UserDetail
from handlers.channels.zalo.client import ZaloClient, appsecret_proof
from handlers.channels.zalo.verdict import BUTTONS_REFUSED, Refused
from tests.simulators.server import Answer, Loopback, Request
from tests.simulators.zalo import Zalo
from tests.simulators.zalo_caller import APP_ID, APP_SECRET, COOP, two_coops
from tests.simulators.zalo_clock import Clock
from tests.simulators.zalo_errors import Refused as Refusal
from tests.simulators.zalo_faults import Behaviour, Mode
from tests.simulators.zalo_grants import proof
from tests.simulators.zalo_phone import Phone
from tests.simulators.zalo_rules import Button as ShownButton
from tests.simulators.zalo_rules import Shown
from tests.simulators.zalo_world import Package
from tests.simulators.zalo_zbs_template import Parameter as Wanted
from tests.simulators.zalo_zbs_template import Template

HELLO = {"text": "Chào bác"}
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
CS = "/v3.0/oa/message/cs"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def zalo(clock: Clock) -> Iterator[Zalo]:
    with two_coops(clock) as zalo:
        yield zalo


@pytest.fixture
def client(zalo: Zalo, clock: Clock) -> Iterator[ZaloClient]:
    client = ZaloClient(zalo.url, zalo.url, APP_SECRET, timeouts=(1.0, 0.3), now=clock)
    yield client
    client.close()


@pytest.fixture
def token(zalo: Zalo) -> str:
    return zalo.grant(COOP).access_token


@pytest.fixture
def her(zalo: Zalo) -> Phone:
    """Somebody who wrote just now."""
    phone = zalo.phone(COOP, "Hà", "84905000111")
    zalo.connect(APP_ID, lambda body, headers: 200)
    phone.type("chào")
    return phone


def refused(call: Callable[[], object]) -> SendError:
    with pytest.raises(SendError) as caught:
        call()
    return caught.value


def test_a_bubble_arrives_with_its_buttons_and_the_id_of_its_echo(
    client: ZaloClient, zalo: Zalo, token: str, her: Phone
) -> None:
    bubble = Bubble("Đúng chưa ạ?", (Button("7:yes:", "Đúng"), Button("7:no:", "Sửa")))

    [message] = codec.render(bubble, buttons=True)
    message_id = client.send(token, her.user_id, message)

    buttons = (ShownButton("Đúng", "oa.query.hide", "#7.yes"), ShownButton("Sửa", "oa.query.hide", "#7.no"))
    assert her.bubbles == [Shown("Đúng chưa ạ?\n1. Đúng\n2. Sửa", buttons)]
    assert [one.message_id for one in zalo.delivered] == [message_id]


def test_a_picture_is_uploaded_and_then_named(client: ZaloClient, token: str, her: Phone) -> None:
    uploaded = client.upload(token, "image", "cam.png", PNG, "image/png")

    client.send(token, her.user_id, codec.picture(uploaded))

    assert her.bubbles == [Shown(image=uploaded, kind="image")]


def test_a_picture_that_is_none_is_refused(client: ZaloClient, token: str) -> None:
    error = refused(lambda: client.upload(token, "image", "cam.png", b"GIF89a", "image/png"))

    assert (error.reason, error.permanent, str(error)) == (Reason.SHAPE, True, "shape -201")


def test_an_upload_that_has_lapsed_asks_for_another(
    client: ZaloClient, zalo: Zalo, clock: Clock, token: str, her: Phone
) -> None:
    uploaded = client.upload(token, "image", "cam.png", PNG, "image/png")
    clock.advance(days=7, hours=1)
    her.type("còn cam không")

    fresh = zalo.grant(COOP).access_token
    error = refused(lambda: client.send(fresh, her.user_id, codec.picture(uploaded)))

    assert (error.reason, error.permanent, error.waits) == (Reason.MEDIA, False, False)


def test_many_threads_share_one_client(client: ZaloClient, token: str, her: Phone) -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda n: client.send(token, her.user_id, {"text": str(n)}), range(60)))

    assert sorted(int(bubble.text) for bubble in her.bubbles) == list(range(60))
    assert len(set(ids)) == 60


@pytest.mark.parametrize(
    ("behaviour", "reason", "arrived"),
    [
        (Behaviour(Mode.ERROR), Reason.LATER, 0),
        (Behaviour(Mode.BAD_GATEWAY), Reason.UNREACHABLE, 0),
        (Behaviour(Mode.RESET), Reason.UNREACHABLE, 0),
        (Behaviour(Mode.SILENCE, seconds=30), Reason.UNREACHABLE, 0),
        (Behaviour(Mode.LATE, seconds=30), Reason.UNREACHABLE, 1),
        (Behaviour(Mode.LOST), Reason.UNREACHABLE, 1),
        (Behaviour(Mode.HALF), Reason.UNREACHABLE, 1),
        (Behaviour(Mode.TRUNCATED), Reason.UNREACHABLE, 1),
        (Behaviour(Mode.EMPTY), Reason.UNREACHABLE, 1),
        (Behaviour(Mode.FAILED), Reason.LATER, 1),
    ],
    ids=lambda value: value.mode.value if isinstance(value, Behaviour) else None,
)
def test_after_a_passing_failure_it_is_unknown_whether_she_has_it(
    client: ZaloClient, zalo: Zalo, token: str, her: Phone, *, behaviour: Behaviour, reason: Reason, arrived: int
) -> None:
    zalo.behave(behaviour, times=1, call=CS)

    error = refused(lambda: client.send(token, her.user_id, HELLO))

    assert (error.reason, error.unknown) == (reason, True)
    assert (error.permanent, error.waits, error.whole_account) == (False, False, False)
    assert len(her.bubbles) == arrived
    client.send(token, her.user_id, HELLO)
    assert len(her.bubbles) == arrived + 1


def test_a_slow_answer_is_still_an_answer(client: ZaloClient, zalo: Zalo, token: str, her: Phone) -> None:
    zalo.behave(Behaviour(Mode.SLOW, seconds=0.05), call=CS)

    client.send(token, her.user_id, HELLO)

    assert her.bubbles == [Shown("Chào bác")]


def test_nobody_listening_is_known_not_to_have_arrived() -> None:
    with socket.socket() as taken:  # bound and not listening: every connection is refused
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        client = ZaloClient(url, url, APP_SECRET)
        error = refused(lambda: client.send("t", "7", HELLO))
        client.close()

    assert (error.reason, error.unknown, error.permanent) == (Reason.UNREACHABLE, False, False)


def test_a_dead_or_unknown_token_is_to_be_renewed(
    client: ZaloClient, zalo: Zalo, clock: Clock, token: str, her: Phone
) -> None:
    unknown = refused(lambda: client.send("another", her.user_id, HELLO))
    clock.advance(hours=26)
    dead = refused(lambda: client.send(token, her.user_id, HELLO))
    zalo.switches.token_status = 401
    dead_401 = refused(lambda: client.send(token, her.user_id, HELLO))

    assert [str(error) for error in (unknown, dead, dead_401)] == ["expired -216", "expired -220", "expired -220"]
    assert [(error.reason, error.pauses, error.permanent) for error in (unknown, dead, dead_401)] == [
        (Reason.EXPIRED, False, False)
    ] * 3
    assert her.bubbles == []


@pytest.mark.parametrize("token", ["", "a b", "t\r\nx: y", "tối"])
def test_what_cannot_be_a_token_is_not_sent(client: ZaloClient, zalo: Zalo, token: str) -> None:
    error = refused(lambda: client.send(token, "7", HELLO))

    assert (error.reason, error.pauses) == (Reason.TOKEN, True)
    assert zalo.requests == []


@pytest.mark.parametrize(("code", "told"), [(-233, Reason.SHAPE), (-224, Reason.PACKAGE)])
def test_a_package_without_buttons_takes_the_words_alone(
    client: ZaloClient, zalo: Zalo, token: str, her: Phone, *, code: int, told: Reason
) -> None:
    zalo.switches.buttons = code
    [message] = codec.render(Bubble("Đúng chưa ạ?", (Button("7:yes:", "Đúng"),)), buttons=True)

    error = refused(lambda: client.send(token, her.user_id, message))
    client.send(token, her.user_id, codec.numbered_only(message))

    assert isinstance(error, Refused)
    assert (error.reason, error.code in BUTTONS_REFUSED) == (told, True)
    assert her.bubbles == [Shown("Đúng chưa ạ?\n1. Đúng")]


def test_each_state_of_the_person_and_the_account_has_its_reason(
    client: ZaloClient, zalo: Zalo, clock: Clock, her: Phone
) -> None:
    def send(user_id: str = her.user_id) -> Reason:
        fresh = zalo.grant(COOP).access_token
        return refused(lambda: client.send(fresh, user_id, HELLO)).reason

    coop = zalo.oa(COOP)
    assert send("246845883529197999") is Reason.WINDOW
    her.block()
    assert send() is Reason.GONE
    her.unblock()
    coop.package = Package.FREE
    assert send() is Reason.PACKAGE
    coop.package, coop.verified = Package.GROWTH, False
    assert send() is Reason.UNVERIFIED
    coop.verified, coop.money = True, 0
    clock.advance(days=3)
    assert send() is Reason.MONEY
    clock.advance(days=5)
    assert send() is Reason.WINDOW


def test_the_rate_is_told_and_its_end_is_the_next_minute(
    client: ZaloClient, clock: Clock, token: str, her: Phone
) -> None:
    assert client.remaining(token) is None
    for _ in range(100):
        client.send(token, her.user_id, HELLO)
    assert client.remaining(token) == 0
    clock.advance(seconds=20)

    error = refused(lambda: client.send(token, her.user_id, HELLO))

    assert (error.reason, error.whole_account, error.retry_after) == (Reason.THROTTLED, True, 40.0)
    clock.advance(seconds=40)
    assert client.remaining(token) is None
    client.send(token, her.user_id, HELLO)
    assert client.remaining(token) == 99


def test_the_proof_of_the_app_goes_along_where_it_is_set(zalo: Zalo, token: str, her: Phone) -> None:
    zalo.state.apps[APP_ID].demand_proof = True
    without = ZaloClient(zalo.url, zalo.url, APP_SECRET)
    proving = ZaloClient(zalo.url, zalo.url, APP_SECRET, appsecret_proof=True)

    error = refused(lambda: without.send(token, her.user_id, HELLO))
    proving.send(token, her.user_id, HELLO)
    without.close()
    proving.close()

    assert (error.reason, error.pauses, str(error)) == (Reason.RIGHTS, True, "rights -242")
    assert her.bubbles == [Shown("Chào bác")]
    assert appsecret_proof(token, APP_SECRET) == proof(token, APP_SECRET)


def test_a_reaction_reaches_her_message(client: ZaloClient, zalo: Zalo, token: str, her: Phone) -> None:
    [line] = her.window

    client.react(token, her.user_id, line.message_id)

    assert zalo.state.reactions[(COOP, line.message_id)] == 1


def test_a_person_is_described_as_far_as_she_shared(client: ZaloClient, token: str, her: Phone) -> None:
    assert client.user_detail(token, her.user_id) == UserDetail(
        her.user_id, "Hà", "", "", "", is_follower=False, is_sensitive=False
    )
    her.submit_info(name="Hà", phone="84905000111", city="Đắk Lắk", ward="Cư M'gar", address="Buôn Trấp")

    found = client.user_detail(token, her.user_id)

    assert (found.phone, found.address) == ("0905000111", "Buôn Trấp, Đắk Lắk")
    assert "0905000111" not in repr(found)


@pytest.mark.parametrize("field", ["oaid", "oa_id"])
def test_an_account_without_a_package_still_says_who_it_is(
    client: ZaloClient, zalo: Zalo, token: str, field: str
) -> None:
    zalo.switches.oa_field, zalo.oa(COOP).package = field, Package.FREE

    assert client.get_oa(token) == Account(
        COOP, "HTX Chợ Phiên", is_verified=True, package="Dùng thử", package_until="", linked_zca=True
    )


def test_the_quota_says_when_she_was_last_there(client: ZaloClient, clock: Clock, token: str, her: Phone) -> None:
    assert client.quota(token, her.user_id).last_interaction_at == clock()


TEMPLATE = Template(
    "12345",
    "Đơn mới",
    "Đơn <code> của <name>",
    (Wanted("code", "CODE"), Wanted("name", "NAME", require=False)),
)


def test_a_template_tells_its_parameters(client: ZaloClient, zalo: Zalo, token: str) -> None:
    zalo.oa(COOP).templates["12345"] = TEMPLATE

    found = client.template_info(token, "12345")

    parameters = (
        Parameter("code", required=True, kind="CODE", most=30),
        Parameter("name", required=False, kind="NAME", most=30),
    )
    assert found == TemplateInfo("12345", "Đơn mới", "ENABLE", parameters, price_by_phone=300, price_by_user=200)
    assert found.approved
    assert str(refused(lambda: client.template_info(token, "9"))) == "shape -109"


def test_a_template_goes_by_user_id_long_after_the_window(
    client: ZaloClient, zalo: Zalo, clock: Clock, her: Phone
) -> None:
    zalo.oa(COOP).templates["12345"] = TEMPLATE
    clock.advance(days=20)

    message_id = client.send_template_by_uid(
        zalo.grant(COOP).access_token, her.user_id, "12345", {"code": "DH2345", "name": "Hà"}
    )

    assert [(one.message_id, one.bubble.text) for one in zalo.delivered] == [(message_id, "Đơn DH2345 của Hà")]


@pytest.mark.parametrize("phone", ["0905000111", "84905000111", "+84905000111"])
def test_a_template_goes_by_telephone_and_its_receipt_names_ours(
    client: ZaloClient, zalo: Zalo, token: str, her: Phone, phone: str
) -> None:
    bodies: list[dict[str, Any]] = []

    def post(body: bytes, headers: object) -> int:
        bodies.append(json.loads(body))
        return 200

    zalo.oa(COOP).templates["12345"] = TEMPLATE
    zalo.connect(APP_ID, post)

    client.send_template_by_phone(token, phone, "12345", {"code": "DH2345"}, "out:12")
    zalo.settle()

    assert [bubble.text for bubble in her.bubbles] == ["Đơn DH2345 của "]
    [receipt] = [one for body in bodies for one in codec.parse(body, zalo.clock())]
    assert (receipt.key, receipt.sender) == (codec.receipt_key("out:12"), "")


@pytest.mark.parametrize(
    ("data", "phone", "reason"),
    [
        ({"code": "x" * 31}, "0905000111", Reason.SHAPE),
        ({}, "0905000111", Reason.SHAPE),
        ({"code": "DH2345"}, "0905", Reason.GONE),
        ({"code": "DH2345"}, "0905000999", Reason.GONE),
    ],
)
def test_what_a_template_refuses_has_its_reason(
    client: ZaloClient, zalo: Zalo, token: str, *, data: dict[str, str], phone: str, reason: Reason
) -> None:
    zalo.oa(COOP).templates["12345"] = TEMPLATE

    error = refused(lambda: client.send_template_by_phone(token, phone, "12345", data, "out:1"))

    assert (error.reason, error.pauses) == (reason, False)


def test_on_the_other_host_a_dead_token_has_a_number_of_its_own(client: ZaloClient, zalo: Zalo) -> None:
    zalo.oa(COOP).templates["12345"] = TEMPLATE

    assert str(refused(lambda: client.template_info("dead", "12345"))) == "expired -124"


ANSWERS = [
    (200, b"", Reason.UNREACHABLE, True),
    (200, b'{"error":0,"mess', Reason.UNREACHABLE, True),
    (200, b"<html>", Reason.UNREACHABLE, True),
    (200, b"[]", Reason.UNREACHABLE, True),
    (200, b"{}", Reason.UNREACHABLE, True),
    (200, b'{"error":null}', Reason.UNREACHABLE, True),
    (200, b'{"error":{}}', Reason.UNREACHABLE, True),
    (200, b'{"message":"Success","data":{"message_id":"m"}}', Reason.UNREACHABLE, True),
    (200, b"[" * 100_000, Reason.UNREACHABLE, True),
    (302, b'{"error":0}', Reason.UNREACHABLE, True),
    (502, b"<html>Bad gateway</html>", Reason.UNREACHABLE, True),
    (500, b'{"error":-1,"message":"Internal Server Error"}', Reason.LATER, True),
    (401, b"", Reason.EXPIRED, False),
    (429, b"slow down", Reason.THROTTLED, False),
    (404, b'{"error":404,"message":"You are accessing an empty or invalid API"}', Reason.SHAPE, False),
    (200, b'{"error":"-230","message":"x"}', Reason.WINDOW, False),
]


@pytest.mark.parametrize(("status", "content", "reason", "unknown"), ANSWERS)
def test_an_answer_that_is_not_zalos_own_leaves_it_unknown(
    clock: Clock, status: int, content: bytes, reason: Reason, unknown: bool
) -> None:
    with Loopback(lambda request: Answer(status, content)) as server:
        client = ZaloClient(server.url, server.url, APP_SECRET, now=clock)
        error = refused(lambda: client.send("t", "7", HELLO))
        client.close()

    assert (error.reason, error.unknown) == (reason, unknown)


@pytest.mark.parametrize(
    ("content", "message_id"),
    [(b'{"error":0}', ""), (b'{"error":"0","data":{"message_id":12}}', "12"), (b'{"error":0,"data":[]}', "")],
)
def test_success_is_success_whatever_else_is_missing(content: bytes, message_id: str) -> None:
    with Loopback(lambda request: Answer(200, content)) as server:
        client = ZaloClient(server.url, server.url, APP_SECRET)
        assert client.send("t", "7", HELLO) == message_id
        client.close()


@pytest.mark.parametrize("data", [None, [], "x", {"cs_reply": 5, "shared_info": [], "listParams": [5, {"name": 5}]}])
def test_odd_details_are_read_as_far_as_they_go(data: object) -> None:
    assert UserDetail.read(data) == UserDetail("", "", "", "", "", is_follower=False, is_sensitive=False)
    assert Account.read(data) == Account("", "", is_verified=False, package="", package_until="", linked_zca=False)
    assert Quota.read(data) == Quota(None, None, None)
    assert TemplateInfo.read(data).template_id == ""


def test_what_goes_over_the_wire_is_what_the_manual_shows() -> None:
    seen: list[Request] = []

    def answer(request: Request) -> Answer:
        seen.append(request)
        return Answer(200, {"error": 0, "data": {"attachment_id": "a1"}})

    with Loopback(answer) as server:
        client = ZaloClient(server.url + "/", server.url + "/zbs/", APP_SECRET)
        client.send("tok", "246845883529197922", HELLO)
        client.user_detail("tok", "246845883529197922")
        client.upload("tok", "image", "cam.png", PNG, "image/png")
        client.template_info("tok", "12345")
        client.close()

    assert [(one.method, one.path) for one in seen] == [
        ("POST", CS),
        ("GET", "/v3.0/oa/user/detail"),
        ("POST", "/v2.0/oa/upload/image"),
        ("GET", "/zbs/template/info/v2"),
    ]
    assert [one.headers["access_token"] for one in seen] == ["tok"] * 4
    assert not any("authorization" in one.headers or "appsecret_proof" in one.headers for one in seen)
    assert json.loads(seen[0].body) == {"recipient": {"user_id": "246845883529197922"}, "message": HELLO}
    assert json.loads(seen[1].query["data"]) == {"user_id": "246845883529197922"}
    assert b'name="file"; filename="cam.png"\r\nContent-Type: image/png\r\n\r\n' + PNG in seen[2].body
    assert seen[3].query == {"template_id": "12345"}


def test_zalos_words_are_never_repeated(client: ZaloClient, zalo: Zalo, token: str, her: Phone) -> None:
    zalo.behave(Behaviour(Mode.REFUSING, refusal=Refusal(-201, "user_id 0905000111 is invalid!")), call=CS)

    assert str(refused(lambda: client.send(token, her.user_id, HELLO))) == "shape -201"


def test_no_token_is_ever_logged_or_shown_in_a_traceback(
    client: ZaloClient, zalo: Zalo, token: str, her: Phone, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client.send(token, her.user_id, HELLO)
    zalo.behave(Behaviour(Mode.SILENCE, seconds=30), times=1)

    error = refused(lambda: client.send(token, her.user_id, HELLO))

    assert str(error) == "ReadTimeout"
    assert token not in "".join(traceback.format_exception(error)) + caplog.text
