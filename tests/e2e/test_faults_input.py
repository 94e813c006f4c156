"""Bad input over HTTP: what is refused leaves no trace, what is kept never comes back, and people get an answer."""

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import func, select

from bot.engine import MESSAGES_A_MINUTE
from bot.event import Silent
from bot.inbox import InboxRow, event_of
from bot.outbox import OutboxRow
from tests.e2e.conftest import OpenStage
from tests.e2e.people import Person
from tests.e2e.stage import APP_ID, APP_SECRET, PAGE, Stage
from tests.simulators.graph_page import signature, wire
from tests.simulators.graph_rules import Button

pytestmark = pytest.mark.e2e

MIB = 1024 * 1024
LAN = "7012345678000001"
CART = Button("Giỏ hàng", "0:order.show:")
TRAPS = [
    "e\u0301\u0323" * 50_000,  # normalising these would take seconds
    "1e1000000 kg cam",
    "9" * 2_000 + " kg cam",
    "NaN kg cam",
    "1_000 kg cam",
    "٣ kg cam",
    "² kg cam",
    "[" * 100_000,
    "cam\x00cam",
    "\ud800 cam \udfff",
    "\u202e cam \u200b\u200d\ufeff",
    "cam " * 10_000,
    "100% tươi %(name)s {0} %s",
    "<script>alert(1)</script>",
    "'; DROP TABLE offer; --",
    '=HYPERLINK("http://example.org")',
    "\r\nX-Header: 1",
    "👍🏿" * 500,
    "-5 kg cam",
    "0 kg cam",
    "   ",
    "\u0301\u0301\u0301",
]


@pytest.fixture
def stage(open_stage: OpenStage) -> Stage:
    return open_stage("sqlite")


def rows(stage: Stage) -> int:
    with stage.database.reading() as db:
        return db.scalar(select(func.count(InboxRow.id))) or 0


def signed(body: bytes) -> dict[str, str]:
    return {"X-Hub-Signature-256": signature(body, APP_SECRET)}


def test_what_is_not_signed_is_refused_and_leaves_no_trace(stage: Stage) -> None:
    body = wire(stage.page.body(stage.page.item(LAN, message={"mid": "m_1", "text": "0"})))
    wrong: list[dict[str, str]] = [
        {},
        {"X-Hub-Signature-256": ""},
        {"X-Hub-Signature-256": signature(body, "another secret")},
        {"X-Hub-Signature-256": signature(body + b" ", APP_SECRET)},
        {"X-Hub-Signature-256": signature(body, APP_SECRET).removeprefix("sha256=")},
        {"X-Hub-Signature-256": signature(body, APP_SECRET).replace("sha256", "sha1")},
        {"X-Hub-Signature-256": "sha256=" + "é" * 32},
        {"X-Hub-Signature": signature(body, APP_SECRET)},
    ]

    statuses = [
        stage.deliveries.post(body, {k: v.encode("latin-1").decode("latin-1") for k, v in one.items()})[0]
        for one in wrong
    ]

    assert statuses == [403] * len(wrong)
    assert rows(stage) == 0
    assert stage.deliveries.post(body, signed(body))[0] == 200


def test_what_is_too_large_is_refused_in_one_piece_and_in_chunks(stage: Stage) -> None:
    fits = b'{"object":"page","entry":[]}'.ljust(MIB)
    large = fits + b" "

    assert stage.deliveries.post(large, signed(large))[0] == 413
    assert stage.deliveries.post(_chunks(large), signed(large))[0] == 413
    assert rows(stage) == 0
    assert stage.deliveries.post(fits, signed(fits))[0] == 200
    assert stage.deliveries.post(_chunks(fits), signed(fits))[0] == 200


def test_signed_nonsense_is_kept_once_and_answered_with_200(stage: Stage) -> None:
    nonsense = [
        b"",
        b"\xff\xfe",
        b"not json",
        b"[]",
        b"null",
        b'"page"',
        b"{",
        b'{"object":"page","entry":NaN}',
        b'{"object":"page","entry":1e999}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"object":"user","entry":[{"id":"1"}]}',
        wire({"object": "page", "entry": [None, 7, {"messaging": 7}, {"id": PAGE, "messaging": [None, 7, "x", []]}]}),
        wire({"object": "page", "entry": [{"id": PAGE, "messaging": [{"sender": {"id": LAN}, "message": 7}]}]}),
    ]
    statuses = [stage.deliveries.post(body, signed(body))[0] for body in nonsense]
    kept = rows(stage)
    again = [stage.deliveries.post(body, signed(body))[0] for body in nonsense]

    assert statuses == again == [200] * len(nonsense)
    assert rows(stage) == kept >= len(nonsense)
    with stage.database.reading() as db:
        assert all(isinstance(event_of(db, row), Silent) for row in db.scalars(select(InboxRow)))
        assert db.scalar(select(func.count(OutboxRow.id))) == 0


def test_unknown_events_and_receipts_are_kept_and_the_bot_stays_silent(stage: Stage) -> None:
    page = stage.page
    page.deliver(
        page.echo(LAN, "words of our own", app_id=int(APP_ID)),
        page.delivery(LAN, "m_out1"),
        page.read(LAN),
        page.item(LAN, something_new={"that": "nobody knows"}),
        page.item(LAN, optin={"type": "one_time_notif_req"}),
    )
    assert rows(stage) == 5
    stage.rest()

    assert stage.graph.delivered == []
    assert Person(stage, LAN).says("0")


def test_hostile_words_get_one_kind_answer_each_and_the_cart_stays(stage: Stage) -> None:
    """Each in its own talk, in the middle of an order."""
    people = [Person(stage, str(7_012_345_678_000_000 + number)) for number in range(len(TRAPS))]
    for person, trap in zip(people, TRAPS, strict=True):
        person.type("2 goi mien")
        item = stage.page.text(person.psid, "")
        item["message"]["text"] = trap
        body = json.dumps(stage.page.body(item), ensure_ascii=True).encode()
        assert stage.deliveries(body, signature(body, APP_SECRET)) == 200
    stage.rest()

    for number, person in enumerate(people):
        told = stage.graph.to(person.psid)
        assert len(told) in (2, 3), f"trap {number}"
        person.take_in()
        person.tap(CART)
    stage.rest()
    for number, person in enumerate(people):
        assert any("miến" in shown.text.lower() for shown in person.take_in()), f"trap {number}"


def test_thirty_messages_a_minute_then_one_polite_line_then_silence(stage: Stage) -> None:
    for _ in range(MESSAGES_A_MINUTE + 10):
        stage.page.deliver(stage.page.text(LAN, "?"))
    stage.rest()
    stage.may_be_silent.add(LAN)

    told = [shown.text for shown in stage.graph.to(LAN)]
    assert len(told) == MESSAGES_A_MINUTE + 1
    assert len(set(told[1:])) == 2
    assert told[-1] not in told[:-1]


def _chunks(body: bytes) -> Iterator[bytes]:
    for at in range(0, len(body), 65_536):
        yield body[at : at + 65_536]
