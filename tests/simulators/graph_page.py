"""The other half of the stand-in: Meta delivering events to a webhook, and a person with her phone in her hand."""

import hashlib
import hmac
import http.client
import itertools
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from tests.simulators.graph import Graph
from tests.simulators.graph_rules import Button, Shown

Item = dict[str, Any]
Post = Callable[[bytes, str], int]
"""Delivers a body with its signature header and returns the status."""


def wire(payload: object) -> bytes:
    """JSON as Meta writes it: ASCII only, lower-case escapes, surrogate pairs, and `\\/` for a slash."""
    return json.dumps(payload, ensure_ascii=True, separators=(",", ":")).replace("/", "\\/").encode("ascii")


def signature(body: bytes, secret: str) -> str:
    """The value of `X-Hub-Signature-256`."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def to_webhook(url: str, seconds: float = 5.0) -> Post:
    """Deliveries over HTTP, a connection each, waiting as long as Meta does. Raises OSError where nobody answers."""
    target = urlsplit(url)

    def post(body: bytes, header: str) -> int:
        connection = http.client.HTTPConnection(target.hostname or "127.0.0.1", target.port, timeout=seconds)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "facebookexternalua",
            "X-Hub-Signature-256": header,
        }
        try:
            connection.request("POST", target.path or "/", body, headers)
            response = connection.getresponse()
            response.read()
            return response.status
        finally:
            connection.close()

    return post


class Page:
    """A page with a webhook: makes items of every kind and delivers them, signed.

    now: the moment that events carry. Message ids count up from 1, `m_in1`.
    """

    def __init__(self, page_id: str, secret: str, post: Post, now: Callable[[], datetime]) -> None:
        self.page_id = page_id
        self._secret = secret
        self._post = post
        self._now = now
        self._numbers = itertools.count(1)

    def deliver(self, *items: Item, times: int = 1) -> int:
        """All items in one POST, sent that many times over; the last status."""
        return self.deliver_raw(wire(self.body(*items)), times=times)

    def deliver_raw(self, body: bytes, header: str | None = None, times: int = 1) -> int:
        """Any bytes, under a right signature or under this header."""
        statuses = [self._post(body, signature(body, self._secret) if header is None else header) for _ in range(times)]
        return statuses[-1]

    def body(self, *items: Item) -> dict[str, Any]:
        """The envelope, an item per `messaging` list entry."""
        return {"object": "page", "entry": [{"id": self.page_id, "time": self._timestamp(), "messaging": list(items)}]}

    def item(self, psid: str, **content: object) -> Item:
        """From a person to the page."""
        return {
            "sender": {"id": psid},
            "recipient": {"id": self.page_id},
            "timestamp": self._timestamp(),
            **content,
        }

    def text(self, psid: str, words: str, **more: object) -> Item:
        return self.item(psid, message={"mid": self.mid(), "text": words, **more})

    def quick_reply(self, psid: str, button: Button) -> Item:
        return self.text(psid, button.title, quick_reply={"payload": button.payload})

    def postback(self, psid: str, title: str, payload: str, ref: str = "") -> Item:
        referral = {"referral": _link(ref)} if ref else {}
        return self.item(psid, postback={"mid": self.mid(), "title": title, "payload": payload, **referral})

    def get_started(self, psid: str, ref: str = "") -> Item:
        return self.postback(psid, "Bắt đầu", "GET_STARTED", ref)

    def referral(self, psid: str, ref: str) -> Item:
        return self.item(psid, referral=_link(ref))

    def photo(self, psid: str, *urls: str) -> Item:
        pictures = [{"type": "image", "payload": {"url": url}} for url in urls]
        return self.item(psid, message={"mid": self.mid(), "attachments": pictures})

    def echo(self, psid: str, words: str, app_id: int = 263902037430900) -> Item:
        """The page's own message; as it stands, one that staff wrote in Meta's inbox."""
        return {
            "sender": {"id": self.page_id},
            "recipient": {"id": psid},
            "timestamp": self._timestamp(),
            "message": {"mid": self.mid(), "text": words, "is_echo": True, "app_id": app_id},
        }

    def delivery(self, psid: str, *mids: str) -> Item:
        return self.item(psid, delivery={"mids": list(mids), "watermark": self._timestamp()})

    def read(self, psid: str) -> Item:
        return self.item(psid, read={"watermark": self._timestamp()})

    def mid(self) -> str:
        return f"m_in{next(self._numbers)}"

    def _timestamp(self) -> int:
        return int(self._now().timestamp() * 1000)


class Phone:
    """One person in Messenger: what she does goes to the webhook, what she sees comes from Graph.

    psid: her id at this page, digits.
    """

    def __init__(self, page: Page, graph: Graph, psid: str) -> None:
        self.page, self.graph, self.psid = page, graph, psid
        self._known = False

    @property
    def bubbles(self) -> list[Shown]:
        """What she received from this page, oldest first."""
        return self.graph.to(self.psid, self.page.page_id)

    def type(self, words: str) -> int:
        return self._do(self.page.text(self.psid, words))

    def tap(self, title: str) -> int:
        """Press the newest button of that title, or a quick reply of the last bubble. LookupError if she sees none."""
        bubbles = self.bubbles
        for button in bubbles[-1].quick_replies if bubbles else ():
            if button.title == title:
                return self._do(self.page.quick_reply(self.psid, button))
        for bubble in reversed(bubbles):
            for button in bubble.pressable:
                if button.title == title:
                    return self._do(self.page.postback(self.psid, title, button.payload))
        raise LookupError(f"no button {title!r}; the last bubble has {bubbles[-1].titles if bubbles else ()}")

    def scan(self, ref: str) -> int:
        """Follow an m.me link: the first time she has to press Get Started, later the chat just opens."""
        if self._known:
            return self._do(self.page.referral(self.psid, ref))
        return self._do(self.page.get_started(self.psid, ref))

    def start(self) -> int:
        """Press Get Started."""
        return self._do(self.page.get_started(self.psid))

    def send_photo(self, *urls: str) -> int:
        return self._do(self.page.photo(self.psid, *urls))

    def wait_for(self, count: int, seconds: float = 10.0) -> list[Shown]:
        """Her bubbles once there are that many. Raises TimeoutError."""
        return self.graph.wait_for(self.psid, count, seconds)

    def _do(self, item: Item) -> int:
        self._known = True
        return self.page.deliver(item)


def _link(ref: str) -> dict[str, str]:
    return {"ref": ref, "source": "SHORTLINK", "type": "OPEN_THREAD"}
