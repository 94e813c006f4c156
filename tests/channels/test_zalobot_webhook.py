"""What Zalo gets for an answer, and what is in the letter box afterwards: SQLite, a real door, real deliveries."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.serving import make_server

from bot.event import Event, Other, Photo, Silent, Sticker, Text, Voice, load_event
from bot.inbox import Door, InboxRow
from bot.reply import Bubble, Button
from catalog.account import ensure_account
from catalog.db import Database
from catalog.organisation import Organisation, OrganisationKind
from catalog.tables import METADATA
from catalog.vault import Vault
from handlers.calling import Caller
from handlers.channels.zalobot import codec
from handlers.channels.zalobot.client import ZaloBotClient
from handlers.channels.zalobot.routes import MAX_BODY, PATH, SECRET_HEADER, blueprint
from tests.simulators.zalo_clock import Clock
from tests.simulators.zalobot import BotPhone, Shown, ZaloBot

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
BOT_ID, SECRET, BEFORE = "1459232241454765289", "bi-mat-cua-bot", "bi-mat-truoc-do"
TOKEN, CHAT = f"{BOT_ID}:Kx", "6ede9afa66b88fe6d6a9"


class Office:
    """A co-op with a bot: its letter box, and how often the bell rang and a secret was refused."""

    def __init__(self, folder: Path) -> None:
        self.database = Database(f"sqlite:///{folder / 'chophien.db'}", Vault(["s"]))
        METADATA.create_all(self.database.engine)
        with self.database.writing() as db:
            coop = Organisation(kind=OrganisationKind.COOP, code="SM", name="HTX Suối Mây", short_name="HTX Suối Mây")
            db.add(coop)
            db.flush()
            ensure_account(db, "zalobot", BOT_ID, coop.id, TOKEN)
        self.rings = 0
        self.refusals = 0
        self.door = Door(self.database, self._ring, lambda: NOW)

    def _ring(self) -> None:
        self.rings += 1

    def refused(self) -> None:
        self.refusals += 1

    def app(self, secrets: list[str], account: str = BOT_ID) -> Flask:
        app = Flask(__name__)
        app.register_blueprint(blueprint(self.door, secrets, account, lambda: NOW, self.refused))
        return app

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


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.database.close()


@pytest.fixture
def http(office: Office) -> FlaskClient:
    return office.app([SECRET, BEFORE]).test_client()


def body(words: str = "Cam còn không?", message_id: str = "m1") -> bytes:
    message = {"from": {"id": CHAT}, "chat": {"id": CHAT, "chat_type": "PRIVATE"}, "text": words, "date": 1795258800001}
    result = {"event_name": "message.text.received", "message": {**message, "message_id": message_id}}
    return json.dumps({"ok": True, "result": result}, ensure_ascii=False).encode()


def post(http: FlaskClient, raw: bytes, secret: str | None = SECRET) -> int:
    return http.post(PATH, data=raw, headers={} if secret is None else {SECRET_HEADER: secret}).status_code


def test_a_message_is_stored_before_the_answer_and_the_bell_rings(office: Office, http: FlaskClient) -> None:
    assert post(http, body()) == 200

    assert office.rows == [(CHAT, "message.text.received:m1", True)]
    assert office.events == [Text("Cam còn không?")]
    assert (office.rings, office.refusals) == (1, 0)


def test_a_repeated_webhook_is_one_message_and_the_same_words_again_are_two(office: Office, http: FlaskClient) -> None:
    assert [post(http, body("2")), post(http, body("2")), post(http, body("2", "m2"))] == [200, 200, 200]

    assert office.events == [Text("2"), Text("2")]


def test_the_secret_before_still_counts(office: Office, http: FlaskClient) -> None:
    assert post(http, body(), BEFORE) == 200
    assert len(office.rows) == 1


@pytest.mark.parametrize("secret", [None, "", "sai", SECRET.upper(), f"{SECRET}x"])
def test_a_wrong_secret_stores_nothing_and_is_counted(office: Office, http: FlaskClient, secret: str | None) -> None:
    assert post(http, body(), secret) == 403
    assert (office.rows, office.rings, office.refusals) == ([], 0, 1)


@pytest.mark.parametrize("raw", [b"", b"\xff", b"[]", b"{", b"[" * 100_000, b'{"ok":NaN}'])
def test_nonsense_with_the_secret_is_kept_as_it_came(office: Office, http: FlaskClient, raw: bytes) -> None:
    assert [post(http, raw), post(http, raw)] == [200, 200]

    assert [(sender, key.split(":")[0], waits) for sender, key, waits in office.rows] == [("", "unreadable", False)]


def test_what_is_no_update_is_kept_as_strange(office: Office, http: FlaskClient) -> None:
    assert post(http, b"{}") == 200

    assert [(key.split(":")[0], waits) for _, key, waits in office.rows] == [("strange", False)]
    assert office.bodies == [b"{}"]


def test_no_depth_of_nesting_is_an_error(office: Office, http: FlaskClient) -> None:
    """Some depth is read and then too deep to be written again: every one counts, or that one is missed."""
    nested = b'{"event_name":"message.text.received","message":{"text":%s%s}}'
    depths = range(900, 1001)

    assert [post(http, nested % (b"[" * depth, b"]" * depth)) for depth in depths] == [200] * len(depths)

    assert [waits for _, _, waits in office.rows] == [False] * len(depths)


def test_a_database_that_is_gone_asks_to_send_again_and_then_nothing_is_lost(office: Office, http: FlaskClient) -> None:
    InboxRow.__table__.drop(office.database.engine)  # type: ignore[attr-defined]

    assert post(http, body()) == 503
    assert office.rings == 0

    InboxRow.__table__.create(office.database.engine)  # type: ignore[attr-defined]
    assert post(http, body()) == 200
    assert office.events == [Text("Cam còn không?")]


def test_more_than_a_mebibyte_is_refused_unread(office: Office, http: FlaskClient) -> None:
    assert post(http, b" " * MAX_BODY) == 200
    assert post(http, b" " * (MAX_BODY + 1)) == 413
    assert len(office.rows) == 1


@pytest.mark.parametrize(("secrets", "account"), [([], BOT_ID), ([""], BOT_ID), ([SECRET], "")])
def test_a_channel_that_is_not_set_up_is_not_there(office: Office, secrets: list[str], account: str) -> None:
    assert post(office.app(secrets, account).test_client(), body()) == 404
    assert (office.rows, office.refusals) == ([], 0)


@contextmanager
def served(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("bare", [False, True])
def test_all_that_a_person_sends_over_the_wire_is_in_the_letter_box(office: Office, bare: bool) -> None:
    with ZaloBot(clock=Clock()) as platform, served(office.app([SECRET])) as url:
        her = phone_of(platform, url, bare=bare)

        statuses = [
            her.type("ổi chín chưa?", times=3),
            her.send_photo("https://f.zdn.vn/a.jpg", "ổi nhà em"),
            her.send_photo("https://f.zdn.vn/b.jpg", field="photo_url"),
            her.send_sticker("bfe458"),
            her.send_voice("https://f.zdn.vn/a.aac"),
            her.send_contact(),
            her.send_contact(bare=True),
        ]

    assert statuses == [200] * 7
    assert office.events == [
        Text("ổi chín chưa?"),
        Photo(("https://f.zdn.vn/a.jpg",), "ổi nhà em"),
        Photo(("https://f.zdn.vn/b.jpg",)),
        Sticker("bfe458"),
        Voice("https://f.zdn.vn/a.aac"),
        Other("unsupported"),
        Silent("no_sender"),
    ]
    assert [waits for _, _, waits in office.rows] == [True] * 6 + [False]


def test_a_protected_person_can_be_answered(office: Office) -> None:
    with ZaloBot(clock=Clock()) as platform, served(office.app([SECRET])) as url:
        her = phone_of(platform, url, protected=True)
        her.type("cam")
        caller = Caller()
        for message in codec.render(Bubble("Bác gọi giúp cháu ạ.", (Button("q1.1", "Gọi người"),))):
            ZaloBotClient(platform.url, caller).send(TOKEN, office.rows[0][0], message)
        caller.close()

        assert office.events == [Other("unsupported")]
        assert her.bubbles == [Shown("Bác gọi giúp cháu ạ.\n1. Gọi người")]


def phone_of(platform: ZaloBot, url: str, **how: Any) -> BotPhone:
    """A person's phone, and a bot whose deliveries come to `url`."""
    bot = platform.bot(TOKEN, bare=how.pop("bare", False))
    caller = Caller()
    ZaloBotClient(platform.url, caller).set_webhook(TOKEN, url + PATH, SECRET)
    caller.close()
    return platform.phone(bot, "Mến", CHAT, **how)
