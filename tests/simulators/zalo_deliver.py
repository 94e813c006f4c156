"""Zalo's delivering side: signed events to a webhook, tried again when nobody opens, and switched off in the end.

Signature, time limit, redelivery: "Official Account API / Webhook". Where sources disagree, a field of `Wire` decides.
"""

import hashlib
import http.client
import json
import random
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from tests.simulators.zalo_clock import milliseconds
from tests.simulators.zalo_events import Event
from tests.simulators.zalo_world import App, Oa

RETRIES = tuple(timedelta(seconds=seconds) for seconds in (30, 300, 900, 1800, 3600))
Post = Callable[[bytes, Mapping[str, str]], int]
"""Delivers a body with headers and returns the status. Raises OSError where nobody opens or answers in time."""


@dataclass(frozen=True, slots=True)
class Wire:
    """How bytes, headers and signature are written.

    escaped: `\\u` for everything beyond ASCII. spaces: after `,` and `:`. shuffled: keys in any order.
    first: what the signature begins with, `app` or `oa`. signed_by: the `oa` secret or the `app` secret.
    header_time: milliseconds that the header `X-ZEvent-Timestamp` is later than the body; None, no such header.
    time_from: the timestamp that is signed, `body` or `header`. prefix: `mac=`, `mac = ` or nothing.
    """

    escaped: bool = False
    spaces: bool = False
    shuffled: bool = False
    first: str = "app"
    signed_by: str = "oa"
    header_time: int | None = None
    time_from: str = "body"
    prefix: str = "mac="

    def bytes_of(self, event: Event, dice: random.Random) -> bytes:
        separators = (", ", ": ") if self.spaces else (",", ":")
        whole = shuffled(event, dice) if self.shuffled else event
        return json.dumps(whole, ensure_ascii=self.escaped, separators=separators).encode()


@dataclass(frozen=True, slots=True)
class Letter:
    """A body with its headers, on its way. tries: deliveries so far. due: when the next one is."""

    name: str
    body: bytes
    headers: Mapping[str, str]
    tries: int = 0
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One delivery: which event, the how manieth redelivery (0: the first), and the status; None: no connection."""

    name: str
    num_retry: int
    status: int | None


class Deliverer:
    """The webhook of one app. Events come back as statuses; None where nothing was delivered.

    retry_unwell: any answer but a timely 200 is tried again like a refused connection; if not, it is lost.
    muted: names whose switch in the console is off. syntax_filter: only texts that begin with `#` pass.
    """

    def __init__(
        self,
        app: App,
        clock: Callable[[], datetime],
        post: Post | None = None,
        *,
        wire: Wire | None = None,
        retry_unwell: bool = True,
        seconds: float = 2.0,
        seed: int = 1,
    ) -> None:
        self.app, self.wire, self.retry_unwell, self.seconds = app, wire or Wire(), retry_unwell, seconds
        self.enabled, self.syntax_filter = True, False
        self.muted: set[str] = set()
        self.notices: list[str] = []
        self.attempts: list[Attempt] = []
        self.lost: list[bytes] = []
        self._clock, self._post, self._dice = clock, post, random.Random(seed)
        self._waiting: list[Letter] = []
        self._held: list[Letter] | None = None
        self._lock = threading.RLock()

    @property
    def waiting(self) -> list[Letter]:
        """What is to be tried again, the next one first."""
        with self._lock:
            return sorted(self._waiting, key=lambda letter: letter.due or self._clock())

    def save_url(self, url: str) -> bool:
        """Enter the address in the console: kept only if an unsigned `{}` gets 200."""
        post = to_webhook(url, self.seconds)
        try:
            status = post(b"{}", {"Content-Type": "application/json"})
        except OSError:
            return False
        if status == 200:
            self._post, self.enabled = post, True
        return status == 200

    def connect(self, post: Post) -> None:
        """Deliver through this function from now on, without a probe."""
        self._post = post

    def verify_domain(self, root: str, code: str) -> bool:
        """Look for `/zalo_verifier<code>.html`, then for the meta tag on the first page."""
        tag = rf'<meta\s+name="zalo-platform-site-verification"\s+content="{re.escape(code)}"\s*/?>'
        status, page = _get(f"{root}/zalo_verifier{code}.html")
        found = status == 200 and code in page
        if not found:
            status, page = _get(f"{root}/")
            found = status == 200 and re.search(tag, page) is not None
        if found:
            self.app.domains.append(urlsplit(root).netloc)
        return found

    def enable(self) -> None:
        """Switch the webhook on again in the console. What was lost stays lost."""
        self.enabled = True

    def deliver(self, oa: Oa, event: Event, *, times: int = 1, headers: Mapping[str, str] | None = None) -> int | None:
        """Sign the event and deliver it, that many times over; the last status."""
        name = str(event.get("event_name"))
        if name in self.muted or (self.syntax_filter and not _begins_with_sign(event)):
            return None
        letter = self.sealed(oa, event, headers or {})
        status = None
        for _ in range(times):
            status = self._hand_over(letter)
        return status

    def deliver_raw(self, body: bytes, headers: Mapping[str, str]) -> int | None:
        """Any bytes under any headers, once; for forgers."""
        return self._attempt(Letter("raw", body, {"Content-Type": "application/json", **headers}))

    def sealed(self, oa: Oa, event: Event, headers: Mapping[str, str]) -> Letter:
        """The letter that carries the event: bytes and signature."""
        body, wire = self.wire.bytes_of(event, self._dice), self.wire
        timestamp = str(event.get("timestamp", milliseconds(self._clock())))
        own = {"Content-Type": "application/json"}
        if wire.header_time is not None:
            own["X-ZEvent-Timestamp"] = str(int(timestamp) + wire.header_time)
        signed_time = own["X-ZEvent-Timestamp"] if wire.time_from == "header" else timestamp
        first = oa.oa_id if wire.first == "oa" else self.app.app_id
        secret = self.app.secret if wire.signed_by == "app" else oa.secret
        own["X-ZEvent-Signature"] = wire.prefix + mac(first, body, signed_time, secret)
        return Letter(str(event.get("event_name")), body, {**own, **headers})

    def hold(self) -> None:
        """Keep events back until `release`."""
        with self._lock:
            self._held = []

    def release(self, order: Callable[[list[Letter]], list[Letter]] = list) -> list[int | None]:
        """Deliver what was held back, in the order that `order` makes of it."""
        with self._lock:
            held, self._held = self._held or [], None
        return [self._first_try(letter) for letter in order(held)]

    def redeliver_due(self) -> list[int | None]:
        """Try again whatever is due by the clock, the earliest first."""
        with self._lock:
            now = self._clock()
            due = [letter for letter in self.waiting if letter.due is not None and letter.due <= now]
            self._waiting = [letter for letter in self._waiting if letter not in due]
        return [self._again(letter) for letter in due]

    def _hand_over(self, letter: Letter) -> int | None:
        with self._lock:
            if self._held is not None:
                self._held.append(letter)
                return None
        return self._first_try(letter)

    def _first_try(self, letter: Letter) -> int | None:
        if self._post is None:
            return None
        if not self.enabled:
            self.lost.append(letter.body)
            return None
        return self._judged(letter, self._attempt(letter))

    def _again(self, letter: Letter) -> int | None:
        if not self.enabled:
            self.lost.append(letter.body)
            return None
        status = self._attempt(letter)
        return self._judged(letter, status)

    def _judged(self, letter: Letter, status: int | None) -> int | None:
        """Plan the next delivery of a letter that was not taken; after the fifth, switch the webhook off."""
        if status == 200:
            return status
        with self._lock:
            self.notices.append(f"{self._clock():%Y-%m-%d %H:%M:%S} webhook of app {self.app.app_id} is not working")
            if status is not None and not self.retry_unwell:
                self.lost.append(letter.body)
            elif letter.tries < len(RETRIES):
                due = self._clock() + RETRIES[letter.tries]
                self._waiting.append(replace(letter, tries=letter.tries + 1, due=due))
            else:
                self.enabled = False
                self.notices.append(f"{self._clock():%Y-%m-%d %H:%M:%S} webhook of app {self.app.app_id} is disabled")
                self.lost += [letter.body, *(one.body for one in self._waiting)]
                self._waiting = []
        return status

    def _attempt(self, letter: Letter) -> int | None:
        """One delivery; 0 for an answer that was late."""
        assert self._post is not None, "no webhook address was saved"
        status: int | None
        headers = {**letter.headers, **({"num_retry": str(letter.tries)} if letter.tries else {})}
        try:
            status = self._post(letter.body, headers)
        except TimeoutError:
            status = 0
        except OSError:
            status = None
        with self._lock:
            self.attempts.append(Attempt(letter.name, letter.tries, status))
        return status


def mac(first: str, body: bytes, timestamp: str, secret: str) -> str:
    """Zalo's signature, which is a plain SHA-256: 64 lower-case hexadecimal digits."""
    return hashlib.sha256(first.encode() + body + timestamp.encode() + secret.encode()).hexdigest()


def to_webhook(url: str, seconds: float = 2.0) -> Post:
    """Deliveries over HTTP, a connection each. The limit is on the whole exchange, connecting included."""
    target = urlsplit(url)

    def post(body: bytes, headers: Mapping[str, str]) -> int:
        connection = http.client.HTTPConnection(target.hostname or "127.0.0.1", target.port, timeout=seconds)
        started = time.monotonic()
        try:
            connection.request("POST", target.path or "/", body, dict(headers))
            response = connection.getresponse()
            response.read()
        except http.client.HTTPException as error:
            raise ConnectionError("the webhook hung up") from error
        finally:
            connection.close()
        if time.monotonic() - started > seconds:
            raise TimeoutError("the webhook was late")
        return response.status

    return post


def shuffled(value: Any, dice: random.Random) -> Any:
    """The same JSON with the keys of every object in another order."""
    if isinstance(value, dict):
        keys = dice.sample(list(value), len(value))
        return {key: shuffled(value[key], dice) for key in keys}
    if isinstance(value, list):
        return [shuffled(part, dice) for part in value]
    return value


def _begins_with_sign(event: Event) -> bool:
    return event.get("event_name") != "user_send_text" or str(event["message"].get("text", "")).startswith("#")


def _get(url: str) -> tuple[int, str]:
    target = urlsplit(url)
    connection = http.client.HTTPConnection(target.hostname or "127.0.0.1", target.port, timeout=5.0)
    try:
        connection.request("GET", target.path)
        response = connection.getresponse()
        return response.status, response.read().decode(errors="replace")
    except OSError:
        return 0, ""
    finally:
        connection.close()
