"""What Zalo gets for an answer, and what is in the letter box afterwards: SQLite, a real door, a real stand-in."""

from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from structlog.testing import capture_logs

from bot.event import Event, Follow, Photo, Silent, TakenOver, Tap, Text, Withdrawn, load_event
from bot.inbox import Door, InboxRow
from bot.reply import Bubble, Button
from catalog.account import ensure_account
from catalog.db import Database
from catalog.organisation import Organisation, OrganisationKind
from catalog.tables import METADATA
from catalog.vault import Vault
from handlers.channels.zalo import codec, routes
from handlers.channels.zalo.client import ZaloClient
from handlers.channels.zalo.routes import MAX_BODY, PATH, SIGNATURE_HEADER, TIMESTAMP_HEADER, blueprint, receive
from tests.simulators import zalo_relations
from tests.simulators.zalo import Zalo
from tests.simulators.zalo_caller import APP_ID, APP_SECRET, COOP, OA_SECRET, OTHER, two_coops
from tests.simulators.zalo_clock import Clock
from tests.simulators.zalo_deliver import Wire, mac
from tests.simulators.zalo_phone import Phone

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
CODE = "Rd-cw_01"


class Office:
    """Two co-ops with an OA each: their letter box, and what was counted."""

    def __init__(self, folder: Path) -> None:
        self.database = Database(f"sqlite:///{folder / 'chophien.db'}", Vault(["s"]))
        METADATA.create_all(self.database.engine)
        with self.database.writing() as db:
            coop = Organisation(kind=OrganisationKind.COOP, code="SM", name="HTX Suối Mây", short_name="HTX Suối Mây")
            db.add(coop)
            db.flush()
            self.ids = {oa: ensure_account(db, "zalo", oa, coop.id, "t").id for oa in (COOP, OTHER)}
        self.rings = 0
        self.refusals = 0
        self.matched: list[str] = []
        self.homes: dict[str, str] = {}
        self.door = Door(self.database, self._ring, lambda: NOW)

    def _ring(self) -> None:
        self.rings += 1

    def refused(self) -> None:
        self.refusals += 1

    def oa_of(self, user_id: str) -> str:
        return self.homes.get(user_id, "")

    def receive(self, raw: bytes, header: str | None, time: str | None = None, *, variant: str = "auto") -> int:
        return receive(
            raw,
            header,
            time,
            self.door,
            secrets=[OA_SECRET],
            app_ids=[APP_ID],
            variant=variant,
            now=NOW,
            matched=self.matched.append,
            oa_of=self.oa_of,
        )

    def browser(self, *, secrets: tuple[str, ...] = (OA_SECRET,), app_ids: tuple[str, ...] = (APP_ID,)) -> FlaskClient:
        app = Flask(__name__)
        app.register_blueprint(
            blueprint(
                self.door,
                secrets=secrets,
                app_ids=app_ids,
                variant="auto",
                verifier=CODE,
                now=lambda: NOW,
                matched=self.matched.append,
                refused=self.refused,
                oa_of=self.oa_of,
            )
        )
        return app.test_client()

    @property
    def rows(self) -> list[tuple[int, str, str, bool]]:
        """Account, sender, key and whether it waits, of every row."""
        with self.database.reading() as db:
            rows = db.scalars(select(InboxRow).order_by(InboxRow.id))
            return [(row.account_id, row.sender, row.key, row.done_at is None) for row in rows]

    @property
    def events(self) -> list[Event]:
        with self.database.reading() as db:
            bodies = db.scalars(select(InboxRow.body).order_by(InboxRow.id))
            return [load_event(self.database.vault.open(body)) for body in bodies if body]

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
def http(office: Office) -> FlaskClient:
    return office.browser()


@pytest.fixture
def zalo(http: FlaskClient) -> Iterator[Zalo]:
    """Delivers to the real route, without a network."""
    with two_coops(Clock()) as zalo:
        zalo.connect(APP_ID, lambda body, headers: http.post(PATH, data=body, headers=dict(headers)).status_code)
        yield zalo


@pytest.fixture
def her(zalo: Zalo) -> Phone:
    return zalo.phone(COOP, "Hà", "84905000111")


def sealed(raw: bytes, time: str = "") -> str:
    return "mac=" + mac(APP_ID, raw, time, OA_SECRET)


def test_a_message_is_stored_before_the_answer_and_the_bell_rings(office: Office, her: Phone) -> None:
    assert her.type("2kg cam 👍") == 200

    [(account, sender, key, waits)] = office.rows
    assert (account, sender, key.split(":")[0], waits) == (office.ids[COOP], her.user_id, "user_send_text", True)
    assert office.events == [Text("2kg cam 👍")]
    assert (office.rings, office.matched, office.refusals) == (1, ["app-body"], 0)


def test_a_repeated_delivery_is_one_message(office: Office, zalo: Zalo, her: Phone) -> None:
    event = her.events.text(her.user, "2")

    assert zalo.deliverer(COOP).deliver(her.oa, event, times=3, headers={"num_retry": "1"}) == 200

    assert office.events == [Text("2")]


def test_the_same_words_twice_are_two_messages(office: Office, her: Phone) -> None:
    her.type("2")
    her.type("2")

    assert office.events == [Text("2"), Text("2")]


def test_each_co_op_gets_its_own(office: Office, zalo: Zalo, her: Phone) -> None:
    elsewhere = zalo.phone(OTHER, "Hà", "84905000111")

    her.type("một")
    elsewhere.type("hai")

    assert [(account, sender) for account, sender, _, _ in office.rows] == [
        (office.ids[COOP], her.user_id),
        (office.ids[OTHER], elsewhere.user_id),
    ]


@pytest.mark.parametrize(
    "wire",
    [
        Wire(escaped=True),
        Wire(spaces=True, prefix=""),
        Wire(shuffled=True, prefix="mac = "),
        Wire(first="oa"),
        Wire(header_time=1500, time_from="header"),
        Wire(first="oa", header_time=1500, time_from="header"),
        Wire(header_time=1500),
    ],
)
def test_however_zalo_writes_and_signs_it_is_heard(office: Office, zalo: Zalo, her: Phone, wire: Wire) -> None:
    zalo.deliverer(COOP).wire = wire

    assert her.type("cà phê 5 kg 👍 http://x.vn/a") == 200

    assert office.events == [Text("cà phê 5 kg 👍 http://x.vn/a")]


def test_a_fixed_variant_admits_no_other(office: Office) -> None:
    raw = b'{"event_name":"follow","app_id":"%s","timestamp":"1"}' % APP_ID.encode()

    assert office.receive(raw, sealed(raw, "1"), variant="app-header") == 403
    assert office.receive(raw, sealed(raw, "1"), variant="app-body") == 200
    assert office.matched == ["app-body"]


@pytest.mark.parametrize("header", [None, "", "mac=" + "0" * 64, "sha256=" + "0" * 64])
def test_a_wrong_signature_stores_nothing_and_is_counted(office: Office, http: FlaskClient, header: str | None) -> None:
    headers = {} if header is None else {SIGNATURE_HEADER: header}

    answer = http.post(PATH, data=b'{"event_name":"user_send_text"}', headers=headers)

    assert answer.status_code == 403
    assert (office.rows, office.rings, office.refusals, office.matched) == ([], 0, 1, [])


def test_the_app_secret_is_not_the_oa_secret(office: Office, zalo: Zalo, her: Phone) -> None:
    zalo.deliverer(COOP).wire = Wire(signed_by="app")

    assert her.type("2") == 403
    assert (office.rows, office.refusals) == ([], 1)


def test_the_unsigned_probe_is_answered_and_stores_nothing(office: Office, http: FlaskClient) -> None:
    for probe in (b"{}", b" { }\n"):
        assert http.post(PATH, data=probe).status_code == 200

    assert (office.rows, office.rings, office.refusals, office.matched) == ([], 0, 0, [])


@pytest.mark.parametrize(
    "raw", [b"", b"\xff", b"[]", b"{", b"[" * 100_000, b'{"a":NaN}', b'{"event_name":"follow","oa_id":"\xe0"}']
)
def test_signed_nonsense_is_kept_as_it_came(office: Office, raw: bytes) -> None:
    assert [office.receive(raw, sealed(raw)) for _ in range(2)] == [200, 200]

    assert [(sender, key.split(":")[0], waits) for _, sender, key, waits in office.rows] == [("", "unreadable", False)]
    assert office.events == [Silent("unreadable")]


def test_what_is_no_event_is_kept_as_strange(office: Office) -> None:
    raw = b'{"hello":"world"}'

    assert office.receive(raw, sealed(raw)) == 200

    assert [(key.split(":")[0], waits) for _, _, key, waits in office.rows] == [("strange", False)]


@pytest.mark.parametrize("depth", range(880, 1001, 8))
def test_no_depth_of_nesting_is_an_error(office: Office, depth: int) -> None:
    raw = b'{"event_name":"add_user_to_tag","tag":%s%s}' % (b"[" * depth, b"]" * depth)

    assert office.receive(raw, sealed(raw)) == 200

    assert [waits for _, _, _, waits in office.rows] == [False]


def test_a_database_that_is_gone_asks_to_send_again_and_then_nothing_is_lost(
    office: Office, zalo: Zalo, her: Phone
) -> None:
    office.lose_the_table()

    assert her.type("2kg cam") == 503
    assert office.rings == 0

    office.restore_the_table()
    assert isinstance(zalo.clock, Clock)
    zalo.clock.advance(seconds=31)
    assert zalo.deliverer(COOP).redeliver_due() == [200]
    assert office.events == [Text("2kg cam")]


def test_everything_that_zalo_documents_is_answered_with_200_and_stored_once(
    office: Office, zalo: Zalo, her: Phone
) -> None:
    everything = zalo_relations.every(her.events, her.user)

    statuses = {zalo.deliverer(COOP).deliver(her.oa, event) for event in everything}
    before = office.rows
    again = {zalo.deliverer(COOP).deliver(her.oa, event) for event in everything}

    assert (statuses, again, office.rows) == ({200}, {200}, before)
    assert {account for account, _, _, _ in before} == {office.ids[COOP]}
    assert {sender for _, sender, _, _ in before} == {her.user_id, ""}
    assert all(sender for _, sender, key, waits in before if waits and not key.startswith("change_"))


def test_receipts_echoes_and_unknown_events_never_wait(office: Office, zalo: Zalo, her: Phone) -> None:
    events = her.events
    for event in (
        events.received(her.user, "m1"),
        events.seen(her.user, "m1"),
        events.sent(her.user, "text", {"msg_id": "m1", "text": "Dạ"}),
        events.notice_received("84905000111", "m2", "out:1"),
        events.about("user_dreamt_of_durian"),
        zalo_relations.unfollow(events, her.user),
    ):
        assert zalo.tell(her.oa, event) == 200

    assert [waits for _, _, _, waits in office.rows] == [False] * 6


def test_a_new_kind_of_event_is_told_once(office: Office) -> None:
    routes._tell_once.cache_clear()
    raw, other = b'{"event_name":"user_dreamt"}', b'{"event_name":"user_woke"}'

    with capture_logs() as lines:
        for body in (raw, raw + b" ", other, b'{"event_name":"user_seen_message"}'):
            assert office.receive(body, sealed(body)) == 200

    assert [(line["event"], line["event_name"]) for line in lines] == [
        ("zalo_event_unknown", "user_dreamt"),
        ("zalo_event_unknown", "user_woke"),
    ]


def test_a_withdrawal_finds_the_oa_that_knows_her(office: Office, zalo: Zalo) -> None:
    her = zalo.phone(OTHER, "Hà", "84905000111")
    office.homes[her.user_id] = OTHER
    nameless = zalo_relations.without(zalo_relations.withdrawn(her.events, her.user), "oa_id")

    assert zalo.tell(her.oa, nameless) == 200

    assert office.events == [Withdrawn()]
    assert [(account, sender) for account, sender, _, _ in office.rows] == [(office.ids[OTHER], her.user_id)]


def test_more_than_a_mebibyte_is_refused_unread(office: Office, http: FlaskClient) -> None:
    fits, too_large = b"1" * MAX_BODY, b"1" * (MAX_BODY + 1)

    assert http.post(PATH, data=fits, headers={SIGNATURE_HEADER: sealed(fits)}).status_code == 200
    assert http.post(PATH, data=too_large, headers={SIGNATURE_HEADER: sealed(too_large)}).status_code == 413
    assert office.receive(too_large, sealed(too_large)) == 413
    assert len(office.rows) == 1


def test_a_body_without_a_length_is_read_up_to_the_cap_only(office: Office, http: FlaskClient) -> None:
    endless = BytesIO(b" " * (8 * MAX_BODY))

    answer = http.post(
        PATH,
        input_stream=endless,
        headers={"Transfer-Encoding": "chunked", SIGNATURE_HEADER: "mac=" + "0" * 64},
        environ_overrides={"wsgi.input_terminated": True},
    )

    assert answer.status_code == 413
    assert endless.tell() <= 2 * MAX_BODY
    assert office.rows == []


@pytest.mark.parametrize(("secrets", "app_ids"), [((), (APP_ID,)), (("",), (APP_ID,)), ((OA_SECRET,), ())])
def test_a_channel_that_is_not_set_up_is_not_there(
    office: Office, secrets: tuple[str, ...], app_ids: tuple[str, ...]
) -> None:
    http = office.browser(secrets=secrets, app_ids=app_ids)

    assert http.post(PATH, data=b"{}").status_code == 404
    assert http.get(f"/zalo_verifier{CODE}.html").status_code == 200
    assert office.rows == []


def test_the_domain_is_proved_for_the_right_code_only(http: FlaskClient) -> None:
    page = http.get(f"/zalo_verifier{CODE}.html")

    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert f'<meta property="zalo-platform-site-verification" content="{CODE}" />' in page.text
    assert page.text.count(CODE) == 2
    for path in ("/zalo_verifierother.html", "/zalo_verifier.html", f"/zalo_verifier{CODE}"):
        assert http.get(path).status_code == 404
    assert http.get(PATH).status_code == 405


def test_the_time_of_the_header_is_used_where_the_body_has_none(office: Office, http: FlaskClient) -> None:
    raw = b'{"event_name":"follow","oa_id":"%s","follower":{"id":"246845883529197922"}}' % COOP.encode()
    headers = {SIGNATURE_HEADER: sealed(raw, "1795219200000"), TIMESTAMP_HEADER: "1795219200000"}

    assert http.post(PATH, data=raw, headers=headers).status_code == 200
    assert (office.events, office.matched) == ([Follow()], ["app-header"])


def test_what_she_presses_comes_back_even_weeks_later_and_an_officer_is_heard(
    office: Office, zalo: Zalo, her: Phone
) -> None:
    client = ZaloClient(zalo.url, zalo.url, APP_SECRET)
    her.type("chào")
    token = zalo.grant(COOP).access_token
    bubble = Bubble("Xem gì ạ?", (Button("0:trace.ask:", "Tra mã"), Button("3:order.lot:12", "Mua lô này")))
    for message in codec.render(bubble, buttons=True):
        client.send(token, her.user_id, message)
    zalo.settle()
    zalo.officer(COOP, her.user_id, "Để em gọi bác")
    assert isinstance(zalo.clock, Clock)
    zalo.clock.advance(days=20)
    her.tap("Tra mã")
    her.tap("Mua lô này")
    her.send_photo("http://f6.photo.talk.zdn.vn/oi.jpg", text="ổi nhà em")
    client.close()

    assert office.events == [
        Text("chào"),
        Silent("echo", "Xem gì ạ? 1. Tra mã 2. Mua lô này"),
        TakenOver("4713478301", "Để em gọi bác"),
        Tap("0:trace.ask:"),
        Tap("3:order.lot:12"),
        Photo(("http://f6.photo.talk.zdn.vn/oi.jpg",), "ổi nhà em"),
    ]
