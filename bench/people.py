"""Who writes what: people who each type some of the demo's trace codes, every one as a signed delivery of Meta."""

import hashlib
import hmac
import itertools
import json
import time
from dataclasses import dataclass

CODES = ("483920176504", "715038629415", "260471835924", "937264058112", "582916407307", "346195720851")
"""Stamps of the demo. Nobody types one twice, so a reply that holds a code belongs to one message."""


@dataclass(slots=True)
class Message:
    """One message and what became of it; moments are of the monotonic clock, in ns, 0 where there was none."""

    psid: str
    code: str
    request: bytes
    due: int = 0  # when it should have left; the same as `left` in a closed loop
    left: int = 0
    answered: int = 0
    status: int = 0  # of HTTP; 0: no answer


class Page:
    """A Facebook page, and the people who write to it; nobody is met twice."""

    def __init__(self, page_id: str, app_secret: str) -> None:
        self.page_id = page_id
        self._secret = app_secret.encode()
        self._psids = itertools.count(time.time_ns() // 1000)

    def messages(self, people: int, each: int, port: int) -> list[Message]:
        """`each` messages, at most six, from each of so many new people; everybody's first, then everybody's second."""
        psids = [str(next(self._psids)) for _ in range(people)]
        now_ms = time.time_ns() // 1_000_000
        return [
            Message(psid, code, self._delivery(psid, code, now_ms + turn, port))
            for turn in range(each)
            for number, psid in enumerate(psids)
            for code in [CODES[(number + turn) % len(CODES)]]
        ]

    def _delivery(self, psid: str, words: str, at_ms: int, port: int) -> bytes:
        item = {
            "sender": {"id": psid},
            "recipient": {"id": self.page_id},
            "timestamp": at_ms,
            "message": {"mid": f"m_{psid}_{words}", "text": words},
        }
        payload = {"object": "page", "entry": [{"id": self.page_id, "time": at_ms, "messaging": [item]}]}
        body = json.dumps(payload).encode()
        signature = hmac.new(self._secret, body, hashlib.sha256).hexdigest()
        head = (
            f"POST /webhooks/messenger HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: facebookexternalua\r\n"
            f"Content-Type: application/json\r\nX-Hub-Signature-256: sha256={signature}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body
