"""A stage for faults: `chophien up` as a real family of processes, a stand-in for Graph, and people who write to it.

Everything is on loopback, every wait is bounded.
"""

import http.client
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from redis import Redis
from sqlalchemy import func, select

from bot import inbox
from bot.outbox import OutboxRow
from bot.run.settings import valkey_socket
from catalog.account import ensure_account
from catalog.db import Database
from catalog.offer import Offer
from catalog.organisation import organisation_by_code
from catalog.stock import move
from tests.conftest import SECRET, opened
from tests.simulators.graph import Delivered, Graph
from tests.simulators.graph_page import Page
from tests.simulators.graph_rules import Shown

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0
APP_SECRET = "the secret of an app that there is not"
APP_ID = "900000000000001"
VERIFY_TOKEN = "a word that Meta repeats"
PAGE, OTHER_PAGE = "104857600000001", "104857600000002"
PROGRAM = "from bot.run.cli import main; main(prog_name='chophien')"


def eventually(holds: Callable[[], object], what: str, seconds: float = PATIENCE_S) -> None:
    """Look until it holds; AssertionError where it never does."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, f"never: {what}"
        time.sleep(0.02)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


class Deliveries:
    """Meta's side of the webhook: a kept connection for each thread; what is not answered with 200 comes again."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._lines = threading.local()
        self._all: list[http.client.HTTPConnection] = []

    def __call__(self, body: bytes, signature: str) -> int:
        """Deliver until it is taken. AssertionError where it never is."""
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                status, _ = self.post(body, {"X-Hub-Signature-256": signature})
            except (OSError, http.client.HTTPException):
                status = 0
            if status == 200:
                return status
            assert time.monotonic() < until, f"the webhook answers {status}"
            time.sleep(0.1)

    def post(self, body: bytes | Iterable[bytes], headers: Mapping[str, str]) -> tuple[int, str]:
        """Status and answer of one POST. An iterator is sent in chunks. Raises OSError or HTTPException."""
        line = self._line()
        try:
            line.request("POST", "/webhooks/messenger", body, {"Content-Type": "application/json", **headers})
            response = line.getresponse()
            return response.status, response.read().decode()
        except (OSError, http.client.HTTPException):
            line.close()  # it connects anew with the next request
            raise

    def close(self) -> None:
        for line in self._all:
            line.close()

    def _line(self) -> http.client.HTTPConnection:
        if not hasattr(self._lines, "line"):
            self._lines.line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
            self._all.append(self._lines.line)
        line: http.client.HTTPConnection = self._lines.line
        return line


class NotingPage(Page):
    """Remembers the id of everything that it ever sent."""

    def __init__(self, page_id: str, post: Deliveries) -> None:
        super().__init__(page_id, APP_SECRET, post, lambda: datetime.now(UTC))
        self.mids: list[str] = []

    def mid(self) -> str:
        self.mids.append(f"{self.page_id}.{super().mid()}")
        return self.mids[-1]


class Letterboxes:
    """What arrives at the stand-in, sorted by person."""

    def __init__(self) -> None:
        self._of: defaultdict[str, queue.SimpleQueue[Shown]] = defaultdict(queue.SimpleQueue)

    def keep(self, delivered: Delivered) -> None:
        self._of[delivered.psid].put(delivered.bubble)

    def of(self, psid: str) -> "queue.SimpleQueue[Shown]":
        return self._of[psid]


class Stage:
    """One VAR_DIR with its program. kills: for each one, how many bubbles had arrived when the next life began.

    may_be_silent: people whom the oracle does not expect to be answered. refused: replies that may be dead.
    patient: run `chophien up` itself, not the supervisor that starts what falls at once. settings: more variables.
    """

    def __init__(self, folder: Path, database_url: str, *, patient: bool, **settings: str) -> None:
        self.letterboxes = Letterboxes()
        self.graph = Graph(app_secret=APP_SECRET, on_delivery=self.letterboxes.keep).start()
        self.folder = folder
        self.var_dir = folder / "var"
        self.port = free_port()
        self.url = database_url
        self._settings = settings
        self.database: Database = opened(database_url)
        self.kills: list[int] = []
        self.may_be_silent: set[str] = set()
        self.refused = 0
        self.deliveries = Deliveries(self.port)
        self.page = NotingPage(PAGE, self.deliveries)
        self.other_page = NotingPage(OTHER_PAGE, self.deliveries)
        self.program: psutil.Popen | None = None
        self._command = [sys.executable, *(["-c", PROGRAM, "up"] if patient else ["-m", "tests.e2e.impatient"])]
        with self.database.writing() as db:
            coop = organisation_by_code(db, "SM")
            assert coop is not None
            for page in (PAGE, OTHER_PAGE):
                ensure_account(db, "messenger", page, coop.id, "a token")

    @property
    def environ(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "VAR_DIR": str(self.var_dir),
            "PORT": str(self.port),
            "DATABASE_URL": self.url,
            "SECRET_KEY": SECRET,
            "WEB_THREADS": "16",
            "MESSENGER_APP_ID": APP_ID,
            "MESSENGER_APP_SECRET": APP_SECRET,
            "MESSENGER_VERIFY_TOKEN": VERIFY_TOKEN,
            "MESSENGER_PAGE_ID": PAGE,
            "MESSENGER_PAGE_TOKEN": "a token",
            "MESSENGER_API_URL": self.graph.url,
            **self._settings,
        }

    # The program

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self.folder / "log").open("a") as log:
            self.program = psutil.Popen(
                self._command,
                cwd=self.folder,
                env=self.environ,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )
        eventually(self._answers, "up")

    def stop(self) -> None:
        """End it in order, and see that nothing is left."""
        members = self.members()
        assert self.program is not None
        self.program.send_signal(signal.SIGTERM)
        assert self.program.wait(PATIENCE_S) == 0
        eventually(lambda: not alive(members), "all processes are gone")

    def close(self) -> None:
        if self.program is not None and self.program.poll() is None:
            self.program.terminate()
            self.program.wait(PATIENCE_S)
        self.deliveries.close()
        self.graph.stop()
        self.database.close()

    def members(self) -> list[psutil.Process]:
        assert self.program is not None
        return [psutil.Process(self.program.pid), *self.program.children(recursive=True)]

    def pid(self, name: str) -> int:
        """The newest life of that child, as the supervisor's log has it."""
        lives = [line["pid"] for line in self._log() if line.get("process") == name and line["event"] == "started"]
        return int(lives[-1])

    def kill(self, name: str) -> None:
        """`kill -9` of a child; returns when its next life has begun."""
        last = self.pid(name)
        os.kill(last, signal.SIGKILL)
        eventually(lambda: self.pid(name) != last, f"another {name}")
        if name == "worker":
            self.kills.append(len(self.graph.delivered))

    def kill_all(self) -> None:
        """`kill -9` of the supervisor: the whole family goes with it. Then `up` again."""
        members = self.members()
        assert self.program is not None
        self.program.kill()
        self.program.wait(PATIENCE_S)
        eventually(lambda: not alive(members), "nobody outlives the supervisor")
        self.kills.append(len(self.graph.delivered))
        self.start()

    def redis(self) -> Redis:
        return Redis(unix_socket_path=str(valkey_socket(self.var_dir)))

    def restock(self) -> None:
        """Put back on the shelf what was sold, so that the next ones find some."""
        with self.database.writing() as db:
            for offer in db.scalars(select(Offer).where(Offer.left < Offer.posted).order_by(Offer.id)):
                move(db, offer.id, offer.posted - offer.left, "corrected", ref="restock", at=datetime.now(UTC))

    def rest(self) -> None:
        """Wait until nothing waits: neither an event for its turn nor a reply for its way."""
        eventually(lambda: self.waiting() == (0, 0), "quiet")

    def waiting(self) -> tuple[int, int]:
        """Events that wait for their turn, replies that wait to be sent."""
        unsent = select(func.count(OutboxRow.id)).where(OutboxRow.sent_at.is_(None), OutboxRow.dead_at.is_(None))
        with self.database.reading() as db:
            pending, _ = inbox.oldest_pending(db)
            return pending, db.scalar(unsent.where(OutboxRow.channel == "messenger")) or 0

    def _answers(self) -> bool:
        assert self.program is not None
        assert self.program.poll() is None, (self.folder / "log").read_text(encoding="utf-8")[-3000:]
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=0.5):
                return True
        except OSError:
            return False

    def _log(self) -> list[dict[str, Any]]:
        lines = (self.folder / "log").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]


def alive(members: Iterable[psutil.Process]) -> bool:
    return any(member.is_running() and member.status() != psutil.STATUS_ZOMBIE for member in members)
