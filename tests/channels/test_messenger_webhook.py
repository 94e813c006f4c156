"""What Meta gets for an answer, and what is in the letter box afterwards: SQLite, a real door, a real stand-in."""

from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from bot.event import Event, HandedBack, Overheard, Referral, Silent, Start, TakenOver, Tap, Text, load_event
from bot.inbox import Door, InboxRow
from bot.reply import Bubble, Button, Reason, SendError
from catalog.account import ensure_account
from catalog.db import Database
from catalog.organisation import Organisation, OrganisationKind
from catalog.tables import METADATA
from catalog.vault import Vault
from handlers.channels.messenger import codec
from handlers.channels.messenger.client import MessengerClient
from handlers.channels.messenger.routes import MAX_BODY, PATH, SIGNATURE_HEADER, blueprint, receive
from tests.simulators.graph import Graph
from tests.simulators.graph_page import Page, Phone, signature, wire

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
PAGE, PSID, SECRET, TOKEN = "112233445566778", "7012345678901234", "test-app-secret", "xin-chao"
APP = "1517776481860111"


class Office:
    """A co-op with a page: its letter box, and how often the bell rang and a signature was refused."""

    def __init__(self, folder: Path) -> None:
        self.database = Database(f"sqlite:///{folder / 'chophien.db'}", Vault(["s"]))
        METADATA.create_all(self.database.engine)
        with self.database.writing() as db:
            coop = Organisation(kind=OrganisationKind.COOP, code="SM", name="HTX Suối Mây", short_name="HTX Suối Mây")
            db.add(coop)
            db.flush()
            ensure_account(db, "messenger", PAGE, coop.id, "page-token")
        self.rings = 0
        self.refusals = 0
        self.door = Door(self.database, self._ring, lambda: NOW)

    def _ring(self) -> None:
        self.rings += 1

    def refused(self) -> None:
        self.refusals += 1

    def receive(self, raw: bytes, header: str | None) -> int:
        return receive(raw, header, self.door, [SECRET], NOW, app_id=APP)

    @property
    def rows(self) -> list[tuple[str, str, bool]]:
        """Sender, key and whether it waits, of every row."""
        with self.database.reading() as db:
            return [(row.sender, row.key, row.done_at is None) for row in db.scalars(select(InboxRow))]

    @property
    def bodies(self) -> list[bytes]:
        with self.database.reading() as db:
            return [self.database.vault.open(body) for body in db.scalars(select(InboxRow.body)) if body]

    @property
    def events(self) -> list[Event]:
        return [load_event(body) for body in self.bodies]

    def lose_the_table(self) -> None:
        InboxRow.__table__.drop(self.database.engine)  # type: ignore[attr-defined]

    def restore_the_table(self) -> None:
        InboxRow.__table__.create(self.database.engine)  # type: ignore[attr-defined]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.database.close()


@pytest.fixture
def page(office: Office) -> Page:
    return Page(PAGE, SECRET, office.receive, lambda: NOW)


def browser(office: Office, secrets: list[str]) -> FlaskClient:
    app = Flask(__name__)
    app.register_blueprint(blueprint(office.door, secrets, TOKEN, lambda: NOW, office.refused, app_id=APP))
    return app.test_client()


@pytest.fixture
def http(office: Office) -> FlaskClient:
    return browser(office, [SECRET])


def test_a_message_is_stored_before_the_answer_and_the_bell_rings(office: Office, page: Page) -> None:
    assert page.deliver(page.text(PSID, "2kg cam 👍")) == 200

    assert office.rows == [(PSID, "message:m_in1", True)]
    assert office.events == [Text("2kg cam 👍")]
    assert office.rings == 1


def test_a_repeated_webhook_is_one_message(office: Office, page: Page) -> None:
    assert page.deliver(page.text(PSID, "2"), times=3) == 200

    assert office.events == [Text("2")]


def test_the_same_words_twice_are_two_messages(office: Office, page: Page) -> None:
    page.deliver(page.text(PSID, "2"))
    page.deliver(page.text(PSID, "2"))

    assert office.events == [Text("2"), Text("2")]


def test_a_batch_is_stored_in_its_order_and_a_repeat_in_it_counts_once(office: Office, page: Page) -> None:
    first, second = page.text(PSID, "một"), page.text("7012345678905678", "hai")

    assert page.deliver(first, second, first, page.referral(PSID, "t-483920176504")) == 200

    assert office.events == [Text("một"), Text("hai"), Referral("t-483920176504")]


def test_echoes_of_ours_and_receipts_are_kept_and_never_wait(office: Office, page: Page) -> None:
    ours = page.echo(PSID, "Chào", APP, metadata="out:8841.1")

    assert page.deliver(ours, page.delivery(PSID, "m_9"), page.read(PSID), times=2) == 200

    assert office.rows[0] == (PSID, codec.echo_key("out:8841.1"), False)
    assert [waits for _, _, waits in office.rows] == [False, False, False]
    assert office.events == [Silent("echo"), Silent("delivery"), Silent("read")]


def test_a_colleague_at_the_inbox_takes_the_thread_over_http_too(office: Office, http: FlaskClient, page: Page) -> None:
    body = wire(page.body(page.echo(PSID, "Em Hoa đây ạ"), page.echo(PSID, "Chào", APP)))

    assert http.post(PATH, data=body, headers={SIGNATURE_HEADER: signature(body, SECRET)}).status_code == 200

    assert office.events == [TakenOver("263902037430900", "Em Hoa đây ạ"), Silent("echo")]


def test_what_she_writes_to_a_colleague_is_overheard_and_counts_again_when_it_is_for_us(
    office: Office, page: Page
) -> None:
    item = page.text(PSID, "còn cam không em")
    entry = {"id": PAGE, "standby": [item]}

    assert page.deliver_raw(wire({"object": "page", "entry": [entry]}), times=2) == 200
    assert page.deliver(item) == 200

    assert office.events == [Overheard("còn cam không em"), Text("còn cam không em")]


@pytest.mark.parametrize("header", [None, "", "sha256=" + "0" * 64, "sha1=" + "0" * 40])
def test_a_wrong_signature_stores_nothing_and_is_counted(office: Office, http: FlaskClient, header: str | None) -> None:
    body = wire({"object": "page", "entry": []})
    headers = {} if header is None else {SIGNATURE_HEADER: header}

    assert http.post(PATH, data=body, headers=headers).status_code == 403
    assert (office.rows, office.rings, office.refusals) == ([], 0, 1)


@pytest.mark.parametrize(
    "raw", [b"", b"\xff", b"[]", b"{", b"[" * 100_000, b'{"a":NaN}', b'{"object":"page","entry":"\xe0"}']
)
def test_signed_nonsense_is_kept_as_it_came(office: Office, page: Page, raw: bytes) -> None:
    assert page.deliver_raw(raw, times=2) == 200

    assert [(sender, key.split(":")[0], waits) for sender, key, waits in office.rows] == [("", "unreadable", False)]
    assert [load_event(body) for body in office.bodies] == [Silent("unreadable")]


def test_what_is_not_about_a_page_is_kept_as_strange(office: Office, page: Page) -> None:
    raw = wire({"object": "instagram", "entry": [{"id": "1"}]})

    assert page.deliver_raw(raw) == 200

    assert [(key.split(":")[0], waits) for _, key, waits in office.rows] == [("strange", False)]
    assert office.bodies == [raw]


@pytest.mark.parametrize("depth", range(900, 1001, 4))
def test_no_depth_of_nesting_is_an_error(office: Office, page: Page, depth: int) -> None:
    nested = b'{"object":"page","entry":[{"standby":[{"sender":{"id":"7"},"x":%s%s}]}]}'

    assert page.deliver_raw(nested % (b"[" * depth, b"]" * depth)) == 200

    assert [waits for _, _, waits in office.rows] == [False]


def test_a_database_that_is_gone_asks_to_send_again_and_then_nothing_is_lost(office: Office, page: Page) -> None:
    item = page.text(PSID, "2kg cam")
    office.lose_the_table()

    assert page.deliver(item) == 503
    assert office.rings == 0

    office.restore_the_table()
    assert page.deliver(item) == 200
    assert office.events == [Text("2kg cam")]


def test_over_the_web_a_signed_message_is_received(office: Office, http: FlaskClient, page: Page) -> None:
    body = wire(page.body(page.text(PSID, "Cà phê 5 kg 👍 http://x.vn/a")))

    answer = http.post(PATH, data=body, headers={SIGNATURE_HEADER: signature(body, SECRET)})

    assert (answer.status_code, answer.text) == (200, "EVENT_RECEIVED")
    assert office.events == [Text("Cà phê 5 kg 👍 http://x.vn/a")]
    assert office.refusals == 0


def test_a_form_body_is_read_as_bytes_too(office: Office, http: FlaskClient, page: Page) -> None:
    body = wire(page.body(page.text(PSID, "alo")))
    headers = {SIGNATURE_HEADER: signature(body, SECRET), "Content-Type": "application/x-www-form-urlencoded"}

    assert http.post(PATH, data=body, headers=headers).status_code == 200
    assert office.events == [Text("alo")]


def test_more_than_a_mebibyte_is_refused_unread(office: Office, http: FlaskClient, page: Page) -> None:
    fits, too_large = b" " * MAX_BODY, b" " * (MAX_BODY + 1)

    assert http.post(PATH, data=fits, headers={SIGNATURE_HEADER: signature(fits, SECRET)}).status_code == 200
    assert http.post(PATH, data=too_large, headers={SIGNATURE_HEADER: signature(too_large, SECRET)}).status_code == 413
    assert page.deliver_raw(too_large) == 413
    assert len(office.rows) == 1


def test_a_body_without_a_length_is_read_up_to_the_cap_only(office: Office, http: FlaskClient) -> None:
    endless = BytesIO(b" " * (8 * MAX_BODY))

    answer = http.post(
        PATH,
        input_stream=endless,
        headers={"Transfer-Encoding": "chunked", SIGNATURE_HEADER: "sha256=" + "0" * 64},
        environ_overrides={"wsgi.input_terminated": True},
    )

    assert answer.status_code == 413
    assert endless.tell() <= 2 * MAX_BODY
    assert office.rows == []


def test_the_handshake_echoes_the_challenge_as_plain_text(http: FlaskClient) -> None:
    asked = {"hub.mode": "subscribe", "hub.verify_token": TOKEN, "hub.challenge": "<b>1158201444</b>"}

    answer = http.get(PATH, query_string=asked)

    assert (answer.status_code, answer.text, answer.mimetype) == (200, "<b>1158201444</b>", "text/plain")
    assert http.get(PATH, query_string=asked | {"hub.verify_token": "other"}).status_code == 403
    assert http.get(PATH, query_string=asked | {"hub.mode": "other"}).status_code == 403
    assert http.get(PATH).status_code == 403


@pytest.mark.parametrize("secrets", [[], [""]])
def test_a_channel_that_is_not_set_up_is_not_there(office: Office, secrets: list[str]) -> None:
    http = browser(office, secrets)
    body = wire({"object": "page", "entry": []})

    assert http.post(PATH, data=body, headers={SIGNATURE_HEADER: signature(body, "")}).status_code == 404
    assert http.get(PATH, query_string={"hub.mode": "subscribe", "hub.verify_token": TOKEN}).status_code == 404
    assert office.rows == []


def test_a_person_sees_a_bubble_and_what_she_presses_comes_back(office: Office, page: Page) -> None:
    with Graph() as graph:
        client = MessengerClient(graph.url, "v25.0", SECRET)
        her = Phone(page, graph, PSID)

        her.start()
        her.scan("t-483920176504")
        stays = Bubble("Xem gì ạ?", (Button("q1.1", "Xem hành trình"), Button("q1.2", "Mã khác")))
        vanishes = Bubble("a" * 641, (Button("q2.1", "Đúng"),))
        for message in codec.render(stays) + codec.render(vanishes):
            client.send(PAGE, "page-token", PSID, message, "")
        her.tap("Đúng")
        her.tap("Mã khác")
        client.send(PAGE, "page-token", PSID, {"text": "Dạ"}, "")
        with pytest.raises(LookupError):
            her.tap("Đúng")
        client.close()

        assert [bubble.text for bubble in her.wait_for(3)] == ["Xem gì ạ?", "a" * 641, "Dạ"]
        assert her.bubbles == graph.to(PSID)

    assert office.events == [Start(), Referral("t-483920176504"), Tap("q2.1", "Đúng"), Tap("q1.2", "Mã khác")]


def test_a_new_person_who_scans_starts_with_the_link(office: Office, page: Page) -> None:
    with Graph() as graph:
        Phone(page, graph, PSID).scan("t-483920176504")

    assert office.events == [Referral("t-483920176504")]


def test_a_talk_with_its_echoes_a_colleague_and_the_way_back(office: Office) -> None:
    """A strict page: what we send comes back as ours, what she writes to a colleague goes past us, then it is ours."""
    with Graph(strict=True, echoes=True, app_id=APP, app_secret=SECRET, clock=lambda: NOW) as graph:
        client = MessengerClient(graph.url, "v25.0", SECRET)
        client.subscribe(PAGE, "page-token")
        page = Page(PAGE, SECRET, office.receive, lambda: NOW, graph)
        page.deliver(page.text(PSID, "alo"))
        for place, message in enumerate(codec.render(Bubble("Chào bác", (Button("q1.1", "Đúng"),), image="/tem.png"))):
            picture = "image" in message
            sent = codec.image_message(client.upload(PAGE, "t", b"x", "image/png", "t.png")) if picture else message
            client.send(PAGE, "page-token", PSID, sent, f"out:7.{place}")
        graph.settle()
        page.colleague(PSID, "Em Hoa đây ạ")
        page.deliver(page.text(PSID, "chị Hoa ơi"))
        with pytest.raises(SendError) as held:
            client.send(PAGE, "page-token", PSID, {"text": "Dạ"}, "out:8.0")
        page.hand_back(PSID)
        page.deliver(page.text(PSID, "còn cam không"))
        client.send(PAGE, "page-token", PSID, {"text": "Dạ còn"}, "out:9.0")
        graph.settle()
        client.close()

        assert len(graph.to(PSID)) == 3

    assert (held.value.reason, held.value.waits) == (Reason.HELD, True)
    assert [event for event in office.events if event not in (Silent("read"), Silent("delivery"))] == [
        Text("alo"),
        Silent("echo"),
        Silent("echo"),
        TakenOver("263902037430900", "Em Hoa đây ạ"),
        TakenOver("263902037430900", speaks=False),
        Overheard("chị Hoa ơi"),
        HandedBack("263902037430900"),
        Text("còn cam không"),
        Silent("echo"),
    ]
    assert [key for _, key, _ in office.rows if key.startswith("echo:out")] == [
        codec.echo_key(f"out:{sent}") for sent in ("7.0", "7.1", "9.0")
    ]
