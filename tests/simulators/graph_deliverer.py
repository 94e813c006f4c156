"""Meta's delivering side over HTTP: signatures, the time limit, the same bytes again, and giving a page up.

Source: "webhooks": a few tries at once, an alert after 15 minutes of failure, after an hour the app is unsubscribed
from that page. What happens between those is not published: here a body comes again after 1, 2, 4, 8 and then every
15 minutes.
"""

import json
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Self
from urllib.parse import urlencode

from tests.simulators.graph import Graph
from tests.simulators.graph_page import Page
from tests.simulators.graph_platform import NO_FIELD
from tests.simulators.graph_wire import ask, old_signature, signature, signed_request

ALERT, GIVE_UP = timedelta(minutes=15), timedelta(minutes=60)
LONGEST_PAUSE = 15  # minutes


class Signing(Enum):
    BOTH = "SHA-256 and beside it SHA-1"
    NO_SHA1 = "SHA-256 alone"
    WRONG = "of another secret"
    MISSING = "none"
    UPPER = "upper-case prefix and digits"
    TRUNCATED = "its last digits are missing"


@dataclass(frozen=True, slots=True)
class Try:
    """status: 0 where nobody answered in time."""

    body: bytes
    status: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Alert:
    """unsubscribed: the second one, after which nothing comes any more."""

    page_id: str
    unsubscribed: bool
    at: datetime


@dataclass(slots=True)
class _Waiting:
    body: bytes
    header: str
    pages: frozenset[str]
    due: datetime
    rounds: int = field(default=0)


class Deliverer:
    """A `Post` for pages of one app. at_once: how often a body is tried before it has to wait.

    seconds: how long an answer may take. With the graph's clock standing still, `catch_up` does what time would;
    started as a context, it does so by itself.
    """

    def __init__(self, graph: Graph, url: str, secret: str, *, seconds: float = 5.0, at_once: int = 3) -> None:
        self.graph, self.url = graph, url
        self.signing = Signing.BOTH
        self.tries: list[Try] = []
        self.alerts: list[Alert] = []
        self._secret, self._seconds, self._at_once = secret, seconds, at_once
        self._waiting: list[_Waiting] = []
        self._failing_since: dict[str, datetime] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def page(self, page_id: str) -> Page:
        """A page that delivers this way and keeps the platform's rules."""
        return Page(page_id, self._secret, self, self.graph.clock, self.graph)

    def __call__(self, body: bytes, header: str) -> int:
        """Deliver, and after a failure again at once; the last status, 0 if nobody answered or nobody is subscribed."""
        pages = _pages(body)
        if pages and all(self.graph.fields_of(page_id) == NO_FIELD for page_id in pages):
            return 0
        status = 0
        for _ in range(self._at_once):
            status = self._try(body, header, pages)
            if status == 200:
                return status
        now = self.graph.clock()
        with self._lock:
            self._waiting.append(_Waiting(body, header, pages, now + timedelta(minutes=1)))
        self._watch(now)
        return status

    def catch_up(self) -> None:
        """Try again what is due by now, then raise the alerts that are due."""
        now = self.graph.clock()
        with self._lock:
            due = [one for one in self._waiting if one.due <= now]
        for one in due:
            done = self._try(one.body, one.header, one.pages) == 200
            with self._lock:
                one.rounds += 1
                one.due = now + timedelta(minutes=min(2**one.rounds, LONGEST_PAUSE))
                if done:
                    self._waiting = [other for other in self._waiting if other is not one]
        self._watch(now)

    def handshake(self, token: str, challenge: str = "1158201444", mode: str = "subscribe") -> tuple[int, bytes]:
        """Status and body of the verification request. Raises OSError."""
        query = urlencode({"hub.mode": mode, "hub.verify_token": token, "hub.challenge": challenge})
        reply = ask("GET", f"{self.url}?{query}", seconds=self._seconds)
        return reply.status, reply.body

    def ask_deletion(self, url: str, user_id: str, *, forged: bool = False) -> tuple[int, bytes]:
        """Somebody removes the app in her settings: status and body of the data-deletion callback. Raises OSError."""
        secret = "another secret" if forged else self._secret
        form = urlencode({"signed_request": signed_request(user_id, int(self.graph.clock().timestamp()), secret)})
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        reply = ask("POST", url, form.encode(), headers, self._seconds)
        return reply.status, reply.body

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(0.2):
            self.catch_up()

    def _try(self, body: bytes, header: str, pages: frozenset[str]) -> int:
        try:
            headers = {"Content-Type": "application/json", **self._signatures(body, header)}
            status = ask("POST", self.url, body, headers, self._seconds).status
        except OSError:
            status = 0
        now = self.graph.clock()
        with self._lock:
            self.tries.append(Try(body, status, now))
            for page_id in pages:
                if status == 200:
                    self._failing_since.pop(page_id, None)
                else:
                    self._failing_since.setdefault(page_id, now)
        return status

    def _signatures(self, body: bytes, header: str) -> dict[str, str]:
        older = {"X-Hub-Signature": old_signature(body, self._secret)}
        match self.signing:
            case Signing.BOTH:
                return {"X-Hub-Signature-256": header, **older}
            case Signing.NO_SHA1:
                return {"X-Hub-Signature-256": header}
            case Signing.WRONG:
                return {"X-Hub-Signature-256": signature(body, "another secret"), **older}
            case Signing.MISSING:
                return {}
            case Signing.UPPER:
                return {"X-Hub-Signature-256": header.upper(), **older}
            case Signing.TRUNCATED:
                return {"X-Hub-Signature-256": header[:-8], **older}

    def _watch(self, now: datetime) -> None:
        """Alerts, once for each stretch of failure."""
        with self._lock:
            for page_id, since in list(self._failing_since.items()):
                raised = {one.unsubscribed for one in self.alerts if one.page_id == page_id and one.at >= since}
                if now - since >= ALERT and not raised:
                    self.alerts.append(Alert(page_id, unsubscribed=False, at=now))
                if now - since >= GIVE_UP:
                    self.alerts.append(Alert(page_id, unsubscribed=True, at=now))
                    self._give_up(page_id)

    def _give_up(self, page_id: str) -> None:
        self.graph.unsubscribe(page_id)
        del self._failing_since[page_id]
        self._waiting = [one for one in self._waiting if page_id not in one.pages]


def _pages(body: bytes) -> frozenset[str]:
    """The pages that a body is about; none where it cannot be read."""
    try:
        entries = json.loads(body)["entry"]
        return frozenset(str(entry["id"]) for entry in entries)
    except (ValueError, KeyError, TypeError):
        return frozenset()
