"""A stage on all three platforms at once: strict simulators of Messenger, Zalo and Zalo's bots around `chophien up`.

They live by our own clock until a test moves theirs, deliver over HTTP, echo what was sent, and note every call that
they refused.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bot import inbox
from bot.outbox import OutboxRow
from bot.run.roof import keep_accounts
from bot.run.settings import Settings
from catalog.account import Account, ensure_account, keep_pair
from catalog.organisation import organisation_by_code
from tests.e2e.stage import APP_ID, APP_SECRET, OTHER_PAGE, PAGE, PROGRAM, Stage, eventually
from tests.simulators.graph import Graph
from tests.simulators.graph_clock import Clock as GraphClock
from tests.simulators.graph_deliverer import Deliverer as Meta
from tests.simulators.graph_page import Page
from tests.simulators.server import Answer, Request
from tests.simulators.zalo import Zalo
from tests.simulators.zalo_clock import Clock as ZaloClock
from tests.simulators.zalo_world import App, Oa, Package, Switches
from tests.simulators.zalobot import ZaloBot

ZALO_APP, ZALO_SECRET, OA_SECRET = "3608465249400000001", "app-secret-for-tests", "oa-secret-for-tests"
OA, OTHER_OA = "388613280878808645", "388613280878808646"
BOT_TOKEN, BOT_SECRET = "123456:token-for-tests", "secret-for-tests"
LONG_S = 300.0
REFRESH = ("POST", "/v4/oa/access_token")
CONSULT = ("POST", "/v3.0/oa/message/cs")


class StrictGraph(Graph):
    """Remembers what it refused: method, path and the error's numbers, and the moment."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(strict=True, **arguments)
        self.refusals: list[str] = []

    def _answer(self, request: Request) -> Answer:
        answer = super()._answer(request)
        error = answer.body.get("error") if isinstance(answer.body, dict) else None
        if error is not None or answer.status >= 400:
            named = f"{error.get('code')}/{error.get('error_subcode')}" if isinstance(error, dict) else "?"
            self.refusals.append(f"{request.method} {request.path.rpartition('/')[2]} {named}")
        return answer


class StrictZalo(Zalo):
    """Remembers what it refused: method, path and the error's number."""

    def __init__(self, **arguments: Any) -> None:
        self.refusals: list[str] = []
        super().__init__(**arguments)

    def _answer(self, request: Request) -> Answer:
        answer = super()._answer(request)
        error = answer.body.get("error", 0) if isinstance(answer.body, dict) else 0
        if error or answer.status >= 400:
            self.refusals.append(f"{request.method} {request.path} {error}")
        return answer


@dataclass(frozen=True, slots=True)
class Case:
    """One line of `chophien inbox --json`."""

    case: int
    kind: str
    subject: str
    files: int
    note: str


class Platforms(Stage):
    """pages: both of Messenger. The rest as in `Stage`, whose lenient stand-in gives way to strict ones.

    brisk: every pause is a second long; else `chophien up` as it is. packages: of the two OAs. switches: of Zalo.
    default_app: an app id, where conversation routing at Meta has one.
    """

    def __init__(
        self,
        folder: Path,
        database_url: str,
        *,
        brisk: bool = True,
        packages: tuple[Package, Package] = (Package.WHOLE, Package.WHOLE),
        switches: Switches | None = None,
        default_app: str = "",
        **settings: str,
    ) -> None:
        super().__init__(folder, database_url, patient=not brisk, **settings)
        if brisk:
            self._command = [sys.executable, "-m", "tests.e2e.brisk"]
        self.graph.stop()
        now = datetime.now(UTC)
        self.graph_clock = GraphClock(now, speed=1.0)
        self.graph = self.strict_graph = StrictGraph(
            app_secret=APP_SECRET,
            tokens={PAGE: "a token", OTHER_PAGE: "a token of the other"},
            clock=self.graph_clock,
            app_id=APP_ID,
            echoes=True,
            default_app=default_app,
        )
        self.graph.start()
        self.meta = Meta(self.graph, f"http://127.0.0.1:{self.port}/webhooks/messenger", APP_SECRET)
        self.pages: tuple[Page, Page] = (self.meta.page(PAGE), self.meta.page(OTHER_PAGE))
        self.zalo_clock = ZaloClock(now, speed=1.0)
        self.oas = (
            Oa(OA, ZALO_APP, OA_SECRET, "HTX Suối Mơ", packages[0]),
            Oa(OTHER_OA, ZALO_APP, OA_SECRET, "HTX Buôn Trấp", packages[1]),
        )
        app = App(ZALO_APP, ZALO_SECRET)
        self.zalo = StrictZalo(apps=[app], oas=self.oas, clock=self.zalo_clock, switches=switches).start()
        self.bots = ZaloBot(clock=self.zalo_clock).start()
        self.bot = self.bots.bot(BOT_TOKEN)
        pair = self.zalo.grant(OA)
        self._settings = {
            "ZALO_APP_ID": ZALO_APP,
            "ZALO_APP_SECRET": ZALO_SECRET,
            "ZALO_OA_SECRET": OA_SECRET,
            "ZALO_OA_ID": OA,
            "ZALO_ACCESS_TOKEN": pair.access_token,
            "ZALO_REFRESH_TOKEN": pair.refresh_token,
            "ZALO_API_URL": self.zalo.url,
            "ZALO_OAUTH_URL": self.zalo.url,
            "ZALO_ZBS_URL": self.zalo.url,
            "ZALO_CALLS_A_MINUTE": "2000",
            "ZALOBOT_TOKEN": BOT_TOKEN,
            "ZALOBOT_SECRET": BOT_SECRET,
            "ZALOBOT_API_URL": self.bots.url,
            "MEDIA_HOSTS": "127.0.0.1",
            **settings,
        }
        keep_accounts(self.database, Settings.read(self.environ))
        with self.database.writing() as db:
            coop = organisation_by_code(db, "SM")
            assert coop is not None
            ensure_account(db, "messenger", OTHER_PAGE, coop.id, "a token of the other")
            other = ensure_account(db, "zalo", OTHER_OA, coop.id, None)
            pair = self.zalo.grant(OTHER_OA)
            keep_pair(db, other, pair.access_token, pair.refresh_token, None)

    # The program

    def open(self) -> None:
        """Start it, enter its webhook where each platform wants it, and wait until it has settled with them."""
        self.start()
        assert self.zalo.save_webhook(ZALO_APP, f"http://127.0.0.1:{self.port}/webhooks/zalo")
        self.bot.webhook, self.bot.secret = f"http://127.0.0.1:{self.port}/webhooks/zalobot", BOT_SECRET
        eventually(lambda: all(self.graph.fields_of(page.page_id) for page in self.pages), "both pages are subscribed")

    def close(self) -> None:
        super().close()
        self.zalo.stop()
        self.bots.stop()

    def waiting(self) -> tuple[int, int]:
        """Events that wait for their turn, replies that wait to be sent and are not held; on all platforms."""
        unsent = select(func.count(OutboxRow.id)).where(
            OutboxRow.sent_at.is_(None), OutboxRow.dead_at.is_(None), OutboxRow.held_at.is_(None)
        )
        with self.database.reading() as db:
            pending, _ = inbox.oldest_pending(db)
            return pending, db.scalar(unsent.where(OutboxRow.channel.in_(("messenger", "zalo", "zalobot")))) or 0

    def rest(self) -> None:
        """Wait until nothing waits, and every echo and receipt of what was sent has come back."""
        for _ in range(2):  # an echo is an event as well
            eventually(lambda: self.waiting() == (0, 0), "quiet", LONG_S)
            self.graph.settle(LONG_S)
            self.zalo.settle()

    # What staff do and see

    def chophien(self, *arguments: str, **environ: str) -> str:
        """What a command prints. AssertionError where it fails."""
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, *arguments],
            cwd=self.folder,
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def cases(self, kind: str = "") -> list[Case]:
        """Those that are open, of that kind or of all, oldest first."""
        lines = [json.loads(line) for line in self.chophien("inbox", "--json").splitlines()]
        wanted = [line for line in lines if kind in ("", line["kind"])]
        return [Case(*(line[name] for name in ("case", "kind", "subject", "files", "note"))) for line in wanted]

    def account(self, channel: str, external_id: str) -> Account:
        """As it stands in the table, cut off from it."""
        wanted = select(Account).where(Account.channel == channel, Account.external_id == external_id)
        with self.database.reading() as db:
            account = db.scalars(wanted).one()
            db.expunge(account)
            return account

    def refreshes(self) -> int:
        """How often Zalo was asked for a new pair."""
        return self.zalo.requests.count(REFRESH)

    def consulted(self) -> int:
        """How often a message was handed to Zalo, taken or refused."""
        return self.zalo.requests.count(CONSULT)


@contextmanager
def on_stage(folder: Path, today: Callable[[str, str], str], **more: Any) -> Iterator[Platforms]:
    """Open, on a SQLite database of the demo; at the end it must stop in order. more: as `Platforms` takes it."""
    stage = Platforms(folder, today("sqlite", folder.name), **more)
    try:
        stage.open()
        yield stage
        stage.stop()
    finally:
        stage.close()
