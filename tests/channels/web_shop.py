"""A small co-op on a real loopback server: the web channel and the pages over SQLite, without the engine."""

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask
from werkzeug.serving import make_server

from bot.effect import Param
from bot.event import Event
from bot.i18n import sentence
from bot.inbox import Door, InboxRow, event_of, finish, pending
from bot.outbox import OutboxRow, put
from bot.ports import Goods
from bot.reply import Bubble
from catalog.account import ensure_account
from catalog.db import Base, Database
from catalog.organisation import Organisation
from catalog.vault import Vault
from handlers.channels.web.routes import Site, blueprint
from handlers.channels.web.stream import Pace
from handlers.pages.privacy import Asked, privacy
from handlers.pages.routes import pages
from handlers.pages.views import Coop, Gate, Passport, PinAnswer
from tests.channels.web_stamps import GOODS, PASSPORTS

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
SECRETS = ["a new secret", "an old secret"]
QUICK = Pace(max_streams=3, lifetime=20, heartbeat=1, look_again=0.5, watch=0.02)


class Shelf:
    """A `handlers.pages.views.Reader` that holds its goods in a tuple, its stamps and their PINs in dicts.

    read: what it was asked for, by the methods' names. looks: (code, address) of each look that it counted.
    """

    TRIES = 5

    def __init__(self, demo: bool = True, *more: Passport, pins: dict[str, str] | None = None) -> None:
        self._demo = demo
        self._passports = {passport.stamp.code: passport for passport in (*PASSPORTS, *more)}
        self._pins = dict(pins or {})
        self._wrong: Counter[str] = Counter()
        self.read: list[str] = []
        self.looks: list[tuple[str, str]] = []

    def keep(self, passport: Passport) -> None:
        """From now on this is what the book says of its stamp."""
        self._passports[passport.stamp.code] = passport

    def coop(self, language: str) -> Coop:
        self.read.append("coop")
        return Coop(
            name="HTX Nông sản Suối Mây",
            short_name="HTX Suối Mây",
            tax_code="5400123456",
            address="Xóm Mây, xã Đà Bắc, tỉnh Phú Thọ",
            phone="0218 3555 017",
            complaints="Gọi chị Hoa 0912 555 017, hoặc viết “khiếu nại” vào khung chat.",
            shop="12 Lê Lợi",
            demo=self._demo,
        )

    def goods(self, language: str) -> tuple[Goods, ...]:
        return GOODS

    def passport(self, code: str, language: str) -> Passport | None:
        self.read.append("passport")
        return self._passports.get(code)

    def looked(self, passport: Passport, address: str) -> None:
        self.looks.append((passport.stamp.code, address))

    def check_pin(self, code: str, pin: str) -> PinAnswer:
        self.read.append("check_pin")
        passport = self._passports.get(code)
        if passport is None or code not in self._pins:
            return "none"
        if self._wrong[code] >= self.TRIES:
            return "locked"
        if pin.replace(" ", "") != self._pins[code]:
            self._wrong[code] += 1
            return "wrong"
        if passport.pin_right_at is not None:
            return "again"
        self._passports[code] = replace(passport, pin_right_at=NOW)
        return "right"

    def asked(self, code: str) -> Asked | None:
        return None


class Shop:
    """The application, and the two tables as a worker would use them."""

    def __init__(
        self,
        folder: Path,
        *,
        demo: bool = True,
        secure: bool = False,
        pace: Pace = QUICK,
        translate: Callable[..., str] = sentence,
        shelf: Shelf | None = None,
        gate: Gate | None = None,
    ) -> None:
        self.database = Database(f"sqlite:///{folder / 'shop.db'}", Vault(["sealing"]))
        Base.metadata.create_all(self.database.engine)
        with self.database.writing() as db:
            coop = Organisation(kind="coop", code="SM", name="HTX Nông sản Suối Mây", short_name="HTX Suối Mây")
            db.add(coop)
            db.flush()
            self.account_id = ensure_account(db, "web", "SM", coop.id, None).id
        self.rings = 0
        ids = itertools.count(1)
        self.app = Flask(__name__, static_folder=None)
        self.app.register_blueprint(
            blueprint(
                Door(self.database, self._ring, lambda: NOW),
                self.database,
                lambda: Site("SM", self.account_id, demo),
                SECRETS,
                secure=secure,
                now=lambda: NOW,
                new_id=lambda: f"visitor-{next(ids)}",
                pace=pace,
            )
        )
        self.app.register_blueprint(pages(shelf or Shelf(demo), translate, gate=gate))
        self.app.register_blueprint(privacy(Shelf(demo), translate))

    def _ring(self) -> None:
        self.rings += 1

    def inbox(self) -> list[tuple[str, str, Event]]:
        """(sender, key, event) of every row, in order."""
        with self.database.reading() as db:
            rows = db.query(InboxRow).order_by(InboxRow.id).all()
            return [(row.sender, row.key, event_of(db, row)) for row in rows]

    def reply(self, address: str, bubble: Bubble) -> int:
        """A worker's answer, committed; its id."""
        with self.database.writing() as db:
            row = OutboxRow(
                account_id=self.account_id,
                channel="web",
                address=address,
                conversation_id=1,
                inbox_id=1,
                created_at=NOW,
            )
            put(db, row, bubble)
            db.flush()
            return row.id

    def sent(self) -> list[int]:
        """Ids of the replies that a browser has said it has."""
        with self.database.reading() as db:
            rows = db.query(OutboxRow).filter(OutboxRow.sent_at.is_not(None)).order_by(OutboxRow.id)
            return [row.id for row in rows]

    @contextmanager
    def served(self) -> Iterator[str]:
        """The address of a real threaded server."""
        server = make_server("127.0.0.1", 0, self.app, threaded=True)
        server.daemon_threads = True  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    @contextmanager
    def answering(self, answer: Callable[[str, Event], list[Bubble]]) -> Iterator[None]:
        """A worker that answers each event with these bubbles."""
        stop = threading.Event()

        def work() -> None:
            while not stop.wait(0.02):
                with self.database.writing() as db:
                    for row in pending(db, NOW, 50):
                        for bubble in answer(row.sender, event_of(db, row)):
                            reply = OutboxRow(
                                account_id=row.account_id,
                                channel="web",
                                address=row.sender,
                                conversation_id=1,
                                inbox_id=row.id,
                                created_at=NOW,
                            )
                            put(db, reply, bubble)
                        finish(db, row, NOW)

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


def plain(msgid: str, language: str, **params: Param) -> str:
    """The msgid itself, for tests that ask what a page says rather than in which words."""
    return sentence(msgid, "en", **params)
