"""Both ends of a test over real HTTP: a webhook that keeps what it gets, and a caller of Graph's API."""

import json
import threading
from collections import deque
from typing import Any, Self

import requests

from tests.simulators.graph import Graph
from tests.simulators.server import Answer, Fault, Loopback, Request


class Hook:
    """statuses: what to answer next, then 200. A status of 0 is silence."""

    def __init__(self) -> None:
        self.statuses: deque[int] = deque()
        self.requests: list[Request] = []
        self._lock = threading.Condition()
        self._server = Loopback(self._answer)

    @property
    def url(self) -> str:
        return f"{self._server.url}/webhooks/messenger"

    @property
    def items(self) -> list[dict[str, Any]]:
        """Everything in `messaging` of every POST, in order of arrival."""
        return [item for entry in self.entries for item in entry.get("messaging", [])]

    @property
    def entries(self) -> list[dict[str, Any]]:
        with self._lock:
            return [entry for one in self.requests for entry in json.loads(one.body)["entry"]]

    @property
    def shapes(self) -> list[tuple[str, list[str]]]:
        """Of each entry its list and what its items tell: ("messaging", ["message"])."""
        return [(key, [_told(item) for item in entry[key]]) for entry in self.entries for key in entry if key in LISTS]

    def wait_for(self, count: int, seconds: float = 10.0) -> None:
        """Until that many requests have come. Raises TimeoutError."""
        with self._lock:
            if not self._lock.wait_for(lambda: len(self.requests) >= count, seconds):
                raise TimeoutError(f"{count} requests wanted, came: {len(self.requests)}")

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.stop()

    def _answer(self, request: Request) -> Answer:
        with self._lock:
            self.requests.append(request)
            self._lock.notify_all()
            status = self.statuses.popleft() if self.statuses else 200
        if status == 0:
            return Answer(fault=Fault.SILENCE, seconds=30)
        return Answer(status, b"EVENT_RECEIVED", content_type="text/plain")


LISTS = ("messaging", "standby", "changes")
ENVELOPE = ("sender", "recipient", "timestamp")


def _told(item: dict[str, Any]) -> str:
    if item.get("message", {}).get("is_echo"):
        return "echo"
    return next(key for key in item if key not in ENVELOPE)


class Api:
    """One page's caller. The token goes into the query, as most do it."""

    def __init__(self, graph: Graph, page_id: str, token: str = "EAAtestPageToken123") -> None:
        self.page_id = page_id
        self._root = f"{graph.url}/v25.0"
        self._query = {"access_token": token}
        self._session = requests.Session()
        self._session.trust_env = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._session.close()

    def call(self, method: str, edge: str, body: object = None, node: str = "", **query: str) -> requests.Response:
        path = "/".join(part for part in (self._root, node or self.page_id, edge) if part)
        return self._session.request(method, path, params={**self._query, **query}, json=body, timeout=5)

    def raw(self, edge: str, *, query: dict[str, str] | None = None, **more: Any) -> requests.Response:
        """more: as `requests` takes it: data, files, headers."""
        asked = self._query if query is None else query
        return self._session.post(f"{self._root}/{self.page_id}/{edge}", params=asked, timeout=5, **more)

    def send(self, psid: str, message: object, messaging_type: str = "RESPONSE", **more: object) -> Any:
        """The answer's JSON, be it a success or an error."""
        body = {"recipient": {"id": psid}, "messaging_type": messaging_type, "message": message, **more}
        return self.call("POST", "messages", body).json()

    def act(self, psid: str, action: str, **more: object) -> Any:
        return self.call("POST", "messages", {"recipient": {"id": psid}, "sender_action": action, **more}).json()


def refusal(answer: Any) -> tuple[int, int | None]:
    """Code and subcode of an answer; raises KeyError where it is a success."""
    return answer["error"]["code"], answer["error"].get("error_subcode")
