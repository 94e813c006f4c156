"""A small co-op on a real loopback server: the web channel and the pages over SQLite, without the engine."""

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from flask import Flask
from werkzeug.serving import make_server

from bot.effect import Param
from bot.event import Event
from bot.i18n import sentence
from bot.inbox import Door, InboxRow, event_of, finish, pending
from bot.outbox import OutboxRow, put
from bot.ports import Certificate, DiaryEntry, Goods, Stamp
from bot.reply import Bubble
from catalog.account import ensure_account
from catalog.db import Base, Database
from catalog.organisation import Organisation
from catalog.vault import Vault
from handlers.channels.web.routes import Site, blueprint
from handlers.channels.web.stream import Pace
from handlers.pages.privacy import Asked, privacy
from handlers.pages.routes import pages
from handlers.pages.views import Coop

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
SECRETS = ["a new secret", "an old secret"]
QUICK = Pace(max_streams=3, lifetime=20, heartbeat=1, look_again=0.5, watch=0.02)


def goods(number: int, name: str, emoji: str, price_vnd: int, unit: str) -> Goods:
    return Goods(
        id=number,
        name=name,
        label=name,
        short=name,
        emoji=emoji,
        unit=unit,
        pieces=1,
        step=Decimal(1),
        price_vnd=price_vnd,
        left=Decimal(40),
        code="",
        category="",
        weight_g=1000,
        seller_id=1,
        seller="HTX Nông sản Suối Mây",
        image="",
    )


GOODS = (
    goods(1, "Cam sành loại 1", "🍊", 28_000, "kg"),
    goods(2, "Mật ong rừng 500 ml", "🍯", 180_000, "chai"),
    goods(3, "Trứng gà đồi", "🥚", 45_000, "chục"),
    goods(4, "Bưởi đỏ", "🍈", 35_000, "quả"),
)
ORANGES = Stamp(
    code="483920176504",
    kind="lot",
    state="active",
    goods=GOODS[0],
    number="SM-261118-01",
    producer="bà Bùi Thị Mến",
    place="xã Đà Bắc",
    harvest_verb="cắt",
    harvested_on=date(2026, 11, 18),
    best_before=date(2026, 12, 2),
    fresh=True,
    diary=(
        DiaryEntry(date(2026, 3, 2), "fertilise", "bón phân hữu cơ"),
        DiaryEntry(date(2026, 10, 5), "stop_spray", "ngưng phun, kiểm tra vườn"),
        DiaryEntry(date(2026, 11, 18), "harvest", "cắt quả – 120 kg"),
    ),
    certificates=(Certificate("VietGAP", date(2027, 8, 31)),),
    recall_reason="",
    recall_advice="",
    seller="HTX Nông sản Suối Mây",
)
NOODLES = Stamp(
    code="609735841277",
    kind="lot",
    state="recalled",
    goods=goods(6, "Miến dong 500 g", "🍜", 55_000, "gói"),
    number="SM-261102-03",
    producer="ông Lường Văn Inh",
    place="xã Mường Chiềng",
    harvest_verb="đóng gói",
    harvested_on=date(2026, 11, 2),
    best_before=None,
    fresh=False,
    diary=(),
    certificates=(),
    recall_reason="bao gói hở, có thể bị ẩm mốc",
    recall_advice="Anh/chị giữ lại gói, HTX đổi gói mới hoặc trả lại tiền.",
    seller="HTX Nông sản Suối Mây",
)


class Shelf:
    """A `handlers.pages.views.Reader` that holds its goods in a tuple."""

    def __init__(self, demo: bool = True) -> None:
        self._demo = demo

    def coop(self, language: str) -> Coop:
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

    def stamp(self, code: str, language: str) -> Stamp | None:
        return {stamp.code: stamp for stamp in (ORANGES, NOODLES)}.get(code)

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
        self.app.register_blueprint(pages(Shelf(demo), translate))
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
