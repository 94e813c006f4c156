"""What tests of the stand-in share: two co-ops on one app, a caller with a token, and a webhook that writes down."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

import requests

from tests.simulators.server import Answer, Loopback, Request
from tests.simulators.zalo import Zalo
from tests.simulators.zalo_clock import Clock
from tests.simulators.zalo_deliver import mac
from tests.simulators.zalo_world import App, Oa

APP_ID, APP_SECRET, OA_SECRET = "3608465249400000001", "app-secret-for-tests", "oa-secret-for-tests"
COOP, OTHER = "388613280878808645", "388613280878808646"
CALLBACK = "https://chophien.example/oauth/zalo/callback"
VERIFIER = "a" * 43


def two_coops(clock: Clock) -> Zalo:
    """One app with two OAs, not yet started."""
    app = App(APP_ID, APP_SECRET, CALLBACK)
    oas = [Oa(COOP, APP_ID, OA_SECRET), Oa(OTHER, APP_ID, OA_SECRET, "HTX Buôn Trấp")]
    return Zalo(apps=[app], oas=oas, clock=clock)


class Caller:
    """Calls the API as a program would, with one access token."""

    def __init__(self, url: str, token: str, session: requests.Session) -> None:
        self.url, self.token, self.session = url, token, session

    def post(self, path: str, body: object = None, **more: Any) -> requests.Response:
        headers = {"access_token": self.token, **more.pop("headers", {})}
        return self.session.post(self.url + path, json=body, headers=headers, timeout=10, **more)

    def get(self, path: str, data: object = None, **query: str) -> requests.Response:
        params = {**query, **({"data": json.dumps(data)} if data is not None else {})}
        return self.session.get(self.url + path, params=params, headers={"access_token": self.token}, timeout=10)

    def say(self, user_id: str, message: object) -> dict[str, Any]:
        """A consultation message; the answer's body."""
        body = {"recipient": {"user_id": user_id}, "message": message}
        answer: dict[str, Any] = self.post("/v3.0/oa/message/cs", body).json()
        return answer

    def text(self, user_id: str, words: str) -> dict[str, Any]:
        return self.say(user_id, {"text": words})

    def error(self, user_id: str, message: object) -> tuple[int, str]:
        """Number and words of a refusal; (0, "Success") if there was none."""
        answer = self.say(user_id, message)
        return answer["error"], answer["message"]

    def upload(self, kind: str, name: str, content: bytes) -> dict[str, Any]:
        answer: dict[str, Any] = self.post(f"/v2.0/oa/upload/{kind}", files={"file": (name, content)}).json()
        return answer

    def form(self, fields: dict[str, str], secret: str = APP_SECRET) -> requests.Response:
        """At the address that gives tokens."""
        url = f"{self.url}/v4/oa/access_token"
        return self.session.post(url, data=fields, headers={"secret_key": secret}, timeout=10)

    def refresh(self, token: str) -> dict[str, Any]:
        fields = {"app_id": APP_ID, "grant_type": "refresh_token", "refresh_token": token}
        answer: dict[str, Any] = self.form(fields).json()
        return answer


@dataclass(slots=True)
class Hook:
    """A web server that keeps every POST; `answer` decides what Zalo gets. `root` is the domain, `url` the webhook."""

    answer: Callable[[Request], Answer] = lambda request: Answer()
    requests: list[Request] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)
    server: Loopback = field(init=False)

    def __post_init__(self) -> None:
        self.server = Loopback(self._keep)

    def __enter__(self) -> Self:
        self.server.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.server.stop()

    @property
    def root(self) -> str:
        return self.server.url

    @property
    def url(self) -> str:
        return f"{self.server.url}/webhooks/zalo"

    @property
    def events(self) -> list[dict[str, Any]]:
        """The bodies, without the probe."""
        return [json.loads(one.body) for one in self.requests if one.method == "POST" and one.body != b"{}"]

    @property
    def names(self) -> list[str]:
        return [event["event_name"] for event in self.events]

    def _keep(self, request: Request) -> Answer:
        with self.changed:
            self.requests.append(request)
            self.changed.notify_all()
        return self.answer(request)


def rightly_signed(request: Request, first: str = APP_ID, secret: str = OA_SECRET) -> bool:
    """Whether the signature is the documented one over the bytes that came."""
    timestamp = str(json.loads(request.body)["timestamp"])
    return request.headers.get("x-zevent-signature") == "mac=" + mac(first, request.body, timestamp, secret)
