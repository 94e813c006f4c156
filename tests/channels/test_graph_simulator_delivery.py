"""Meta's delivering side: bytes, signatures, patience, and giving a page up."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random

import pytest

from handlers.channels.messenger.verify import handshake, signed
from tests.simulators.graph import Graph
from tests.simulators.graph_clock import Clock
from tests.simulators.graph_deliverer import Deliverer, Signing
from tests.simulators.graph_hook import Api, Hook
from tests.simulators.graph_page import Page, old_signature, proof_of, signature, to_webhook, wire
from tests.simulators.graph_wire import signed_request
from tests.simulators.server import Answer, Loopback, Request

PAGE, OTHER_PAGE, PSID, SECRET = "112233445566778", "104857600000001", "7012345678901234", "test-app-secret"
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
VECTOR = (
    b'{"object":"page","entry":[{"id":"112233445566778","time":1795258800123,"messaging":[{"sender":{"id":'
    b'"7012345678901234"},"recipient":{"id":"112233445566778"},"timestamp":1795258800001,"message":{"mid":"m_Vec1",'
    b'"text":"C\\u00e0 ph\\u00ea 5 kg \\ud83d\\udc4d http:\\/\\/x.vn\\/a"}}]}]}'
)


@pytest.fixture
def hook() -> Iterator[Hook]:
    with Hook() as hook:
        yield hook


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def graph(clock: Clock) -> Iterator[Graph]:
    with Graph(clock=clock) as graph:
        yield graph


@pytest.fixture
def deliverer(graph: Graph, hook: Hook) -> Deliverer:
    return Deliverer(graph, hook.url, SECRET, seconds=0.3)


@pytest.fixture
def page(deliverer: Deliverer) -> Page:
    return deliverer.page(PAGE)


# Bytes and proofs


def test_the_wire_is_ascii_with_lower_case_escapes_surrogate_pairs_and_escaped_slashes() -> None:
    assert wire(json.loads(VECTOR)) == VECTOR


def test_signatures_and_proofs_are_those_of_the_published_vectors() -> None:
    assert signature(VECTOR, SECRET) == "sha256=36e4f2718c39dd1ab530df108b9d325a156680c2facb305783dba7ba2928c1d7"
    assert old_signature(VECTOR, SECRET) == "sha1=1848b247f4df3874b019164880cf9728094fc9ed"
    assert proof_of("EAAtestPageToken123", SECRET) == "23eb413c1752c176b537f4b5f77fd56bb35e9e924947355b8ee8b7440da301da"
    assert signed_request("10220001112223334", 1795258800, SECRET) == (
        "FrAEngYq6Cn9_dRIdEqAoLpKYKVv2SkJq2R0XzbUW9c."
        "eyJhbGdvcml0aG0iOiJITUFDLVNIQTI1NiIsImlzc3VlZF9hdCI6MTc5NTI1ODgwMCwidXNlcl9pZCI6IjEwMjIwMDAxMTEyMjIzMzM0In0"
    )


def test_a_signature_over_json_written_again_is_another_one() -> None:
    again = json.dumps(json.loads(VECTOR), ensure_ascii=False, separators=(",", ":")).encode()

    assert signature(again, SECRET) == "sha256=38c5dc878f405cab1e153cd6826db25b19b9efb70d0f45747879041097b4aef8"


def test_both_signatures_come_and_belong_to_the_raw_bytes(hook: Hook, page: Page) -> None:
    assert page.deliver(page.text(PSID, "Cà phê còn hàng không? 👍")) == 200
    [request] = hook.requests

    assert request.headers["x-hub-signature-256"] == signature(request.body, SECRET)
    assert request.headers["x-hub-signature"] == old_signature(request.body, SECRET)
    assert (request.headers["user-agent"], request.headers["content-type"]) == (
        "facebookexternalua",
        "application/json",
    )
    assert b"c\\u00f2n h\\u00e0ng" in request.body
    assert b"\\ud83d\\udc4d" in request.body


@pytest.mark.parametrize(
    ("signing", "good", "older"),
    [
        (Signing.BOTH, True, True),
        (Signing.NO_SHA1, True, False),
        (Signing.WRONG, False, True),
        (Signing.MISSING, False, False),
        (Signing.UPPER, False, True),
        (Signing.TRUNCATED, False, True),
    ],
)
def test_a_signature_can_be_wrong_in_every_way(
    hook: Hook, deliverer: Deliverer, page: Page, *, signing: Signing, good: bool, older: bool
) -> None:
    deliverer.signing = signing
    page.deliver(page.text(PSID, "x"))
    [request] = hook.requests

    assert signed(request.body, request.headers.get("x-hub-signature-256"), [SECRET]) == good
    assert ("x-hub-signature" in request.headers) == older


def test_a_plain_page_delivers_to_a_webhook_without_a_platform(hook: Hook) -> None:
    page = Page(PAGE, SECRET, to_webhook(hook.url), lambda: NOW)

    assert page.deliver(page.text(PSID, "x"), times=2) == 200
    assert [one["message"]["mid"] for one in hook.items] == ["m_in1", "m_in1"]


# Handshake and deletion


def test_the_handshake_sends_mode_token_and_challenge(graph: Graph) -> None:
    def answer(request: Request) -> Answer:
        query = request.query
        said = handshake(query["hub.mode"], query["hub.verify_token"], query["hub.challenge"], "verify-me")
        return Answer(403, b"") if said is None else Answer(200, said.encode(), content_type="text/plain")

    with Loopback(answer) as server:
        deliverer = Deliverer(graph, server.url, SECRET)
        assert deliverer.handshake("verify-me", "1158201444") == (200, b"1158201444")
        assert deliverer.handshake("verify-me", mode="unsubscribe") == (403, b"")
        assert deliverer.handshake("guess") == (403, b"")


def test_a_deletion_request_is_signed_and_can_be_forged(hook: Hook, deliverer: Deliverer) -> None:
    deliverer.ask_deletion(hook.url, "10220001112223334")
    deliverer.ask_deletion(hook.url, "10220001112223334", forged=True)

    good = []
    for request in hook.requests:
        proof, _, said = request.body.decode().removeprefix("signed_request=").partition(".")
        expected = signed_request("10220001112223334", int(NOW.timestamp()), SECRET).partition(".")
        assert said == expected[2]
        good.append(hmac.compare_digest(proof, expected[0]))
    assert good == [True, False]


# Patience


def test_what_is_not_answered_with_200_comes_again_with_the_same_bytes(hook: Hook, page: Page) -> None:
    hook.statuses.extend([503, 500])

    assert page.deliver(page.text(PSID, "x")) == 200
    assert len({hashlib.sha256(one.body).digest() for one in hook.requests}) == 1
    assert len(hook.requests) == 3


def test_a_late_answer_counts_as_none(hook: Hook, deliverer: Deliverer, page: Page) -> None:
    hook.statuses.append(0)

    assert page.deliver(page.text(PSID, "x")) == 200
    assert [one.status for one in deliverer.tries] == [0, 200]
    assert len(hook.requests) == 2


def test_after_a_failure_order_is_not_kept(hook: Hook, deliverer: Deliverer, page: Page, clock: Clock) -> None:
    hook.statuses.extend([503] * 3)
    assert page.deliver(page.text(PSID, "một")) == 503
    assert page.deliver(page.text(PSID, "hai")) == 200
    deliverer.catch_up()  # too early
    clock.advance(minutes=1)
    deliverer.catch_up()
    deliverer.catch_up()

    taken = [one.body for one in deliverer.tries if one.status == 200]
    assert [json.loads(body)["entry"][0]["messaging"][0]["message"]["text"] for body in taken] == ["hai", "một"]


def test_an_hour_of_failure_brings_an_alert_and_then_silence_until_somebody_subscribes_again(
    hook: Hook, deliverer: Deliverer, page: Page, graph: Graph, clock: Clock
) -> None:
    hook.statuses.extend([500] * 100)
    page.deliver(page.text(PSID, "một"))
    for _ in range(14):
        clock.advance(minutes=1)
        deliverer.catch_up()
    assert deliverer.alerts == []
    for _ in range(45):
        clock.advance(minutes=1)
        deliverer.catch_up()
    assert [(one.page_id, one.unsubscribed, one.at.minute) for one in deliverer.alerts] == [(PAGE, False, 15)]
    clock.advance(minutes=1)
    deliverer.catch_up()
    assert [one.unsubscribed for one in deliverer.alerts] == [False, True]

    hook.statuses.clear()
    before = len(hook.requests)
    clock.advance(hours=2)
    deliverer.catch_up()
    assert page.deliver(page.text(PSID, "hai")) == 0
    assert page.deliver_raw(wire(page.body(page.text(PSID, "ba")))) == 0
    assert len(hook.requests) == before

    with Api(graph, PAGE) as api:
        assert api.call("GET", "subscribed_apps").json() == {"data": []}
        api.call("POST", "subscribed_apps", subscribed_fields="messages")
    assert page.deliver(page.text(PSID, "bốn")) == 200
    assert len(hook.requests) == before + 1


def test_one_good_answer_starts_the_hour_anew(hook: Hook, deliverer: Deliverer, page: Page, clock: Clock) -> None:
    hook.statuses.extend([500] * 3)
    page.deliver(page.text(PSID, "một"))
    clock.advance(minutes=50)
    deliverer.catch_up()
    hook.statuses.extend([500] * 3)
    page.deliver(page.text(PSID, "hai"))
    clock.advance(minutes=14)
    hook.statuses.append(500)
    deliverer.catch_up()

    assert deliverer.alerts == []


def test_only_the_failing_page_is_given_up(
    hook: Hook, deliverer: Deliverer, page: Page, graph: Graph, clock: Clock
) -> None:
    hook.statuses.extend([500] * 4)
    page.deliver(page.text(PSID, "x"))
    clock.advance(minutes=61)
    deliverer.catch_up()
    other = deliverer.page(OTHER_PAGE)

    assert (graph.fields_of(PAGE), graph.fields_of(OTHER_PAGE)) == (frozenset(), None)
    assert other.deliver(other.text("7012345678905678", "x")) == 200


def test_a_clock_can_run_faster_than_ours() -> None:
    seconds = iter([0.0, 1.0, 2.5])
    clock = Clock(NOW, speed=3600, ticks=lambda: next(seconds))

    assert [(clock() - NOW).total_seconds() for _ in range(2)] == [3600, 9000]


def test_by_itself_it_tries_again_as_time_goes_by(hook: Hook) -> None:
    with Graph(clock=Clock(NOW, speed=3600)) as graph, Deliverer(graph, hook.url, SECRET, at_once=1) as deliverer:
        page = deliverer.page(PAGE)
        hook.statuses.append(503)
        assert page.deliver(page.text(PSID, "x")) == 503
        hook.wait_for(2)

    assert [one.status for one in deliverer.tries] == [503, 200]


# Envelopes


def test_a_post_can_hold_items_of_two_people_and_entries_of_two_pages(
    hook: Hook, deliverer: Deliverer, page: Page
) -> None:
    other = deliverer.page(OTHER_PAGE)
    page.deliver(page.text(PSID, "một"), page.text("7012345678905678", "hai"))
    page.deliver_entries(page.entry(page.text(PSID, "ba")), other.entry(other.text("703", "bốn")))

    assert len(hook.requests) == 2
    assert [(entry["id"], len(entry["messaging"])) for entry in hook.entries] == [
        (PAGE, 2),
        (PAGE, 1),
        (OTHER_PAGE, 1),
    ]
    assert [item["sender"]["id"] for item in hook.items] == [PSID, "7012345678905678", PSID, "703"]


def test_entries_can_be_standby_only_changes_only_or_about_something_else(hook: Hook, page: Page) -> None:
    page.deliver_entries(page.entry(page.text(PSID, "x"), key="standby"))
    page.deliver_changes(page.comment("900_77", PSID, "giá?"))
    page.deliver_entries(page.entry(page.text(PSID, "x")), of="instagram")

    lists = [sorted(entry.keys() - {"id", "time"}) for entry in hook.entries]
    assert lists == [["standby"], ["changes"], ["messaging"]]
    assert [json.loads(one.body)["object"] for one in hook.requests] == ["page", "page", "instagram"]


def test_copies_come_in_any_order(hook: Hook, page: Page) -> None:
    items = [page.text(PSID, str(n)) for n in range(5)]

    assert page.scatter(items, Random(7), copies=2) == [200] * 10
    texts = [item["message"]["text"] for item in hook.items]
    assert sorted(texts) == sorted("0123401234")
    assert texts != sorted(texts)
