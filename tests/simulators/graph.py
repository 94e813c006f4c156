"""A stand-in for graph.facebook.com on loopback: it keeps what each person received, and fails when told to.

    with Graph() as graph:
        MessengerClient(graph.url, "v25.0", "app-secret").send(...)
        graph.to("7012345678901234")

By hand: `python -m tests.simulators.graph --port 9100` prints every bubble as it arrives.
"""

import contextlib
import hashlib
import hmac
import json
import re
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import click

from tests.simulators.graph_rules import Refused, Shown, shown

PATH = re.compile(r"/v[0-9]+\.[0-9]+/([^/]+)/messages")


class Mode(Enum):
    OK = "ok"
    ERROR = "500"
    THROTTLED = "429"  # with `Retry-After` if Behaviour.retry_after is set
    RESET = "reset"  # the connection is torn, nothing delivered
    SILENCE = "silence"  # no answer for `seconds`, nothing delivered
    LATE = "late"  # delivered, but no answer for `seconds`
    HALF = "half"  # delivered, and the answer breaks off
    SLOW = "slow"  # delivered, and answered after `seconds`
    MOVED = "moved"  # a redirect to the same address
    REFUSING = "refusing"  # Behaviour.refusal is the answer


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the next calls are answered. `in_200`: the refusal comes with HTTP 200."""

    mode: Mode
    seconds: float = 0.0
    retry_after: str = ""
    refusal: Refused | None = None
    in_200: bool = False


@dataclass(frozen=True, slots=True)
class Delivered:
    """One bubble on one phone, in order of arrival."""

    page_id: str
    psid: str
    message_id: str
    bubble: Shown


class Graph:
    """tokens: page id → its token; empty: any token is right. people: who may be written to; None: anybody.

    app_secret: if set, `appsecret_proof` must be right. on_delivery: called for each bubble, after it is kept.
    """

    def __init__(
        self,
        *,
        tokens: Mapping[str, str] | None = None,
        app_secret: str = "",
        people: Collection[str] | None = None,
        port: int = 0,
        on_delivery: Callable[[Delivered], None] = lambda delivered: None,
    ) -> None:
        self.tokens = dict(tokens or {})
        self.app_secret = app_secret
        self.people = people
        self.calls: Counter[Mode] = Counter()
        self._on_delivery = on_delivery
        self._delivered: list[Delivered] = []
        self._plans: dict[str, tuple[Behaviour, int | None]] = {}
        self._arrived = threading.Condition()
        self.stopping = threading.Event()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.graph = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def delivered(self) -> list[Delivered]:
        with self._arrived:
            return list(self._delivered)

    def start(self) -> Self:
        self._thread.start()
        return self

    def stop(self) -> None:
        """End every open connection, also those that hang, and wait for their threads."""
        self.stopping.set()
        self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def behave(self, behaviour: Behaviour | Mode, times: int | None = None, page_id: str = "") -> None:
        """From now on, or for that many calls and then well again; a page with a plan of its own keeps to that."""
        with self._arrived:
            self._plans[page_id] = (behaviour if isinstance(behaviour, Behaviour) else Behaviour(behaviour), times)

    def to(self, psid: str, page_id: str | None = None) -> list[Shown]:
        """What this person received, oldest first."""
        return [one.bubble for one in self.delivered if one.psid == psid and page_id in (None, one.page_id)]

    def wait_for(self, psid: str, count: int, seconds: float = 10.0) -> list[Shown]:
        """Her bubbles once there are that many; raises TimeoutError with those that came."""
        with self._arrived:
            if self._arrived.wait_for(lambda: sum(one.psid == psid for one in self._delivered) >= count, seconds):
                return [one.bubble for one in self._delivered if one.psid == psid]
        raise TimeoutError(f"{count} bubbles wanted, came: {self.to(psid)}")

    def next_behaviour(self, page_id: str) -> Behaviour:
        """How this call is to be answered; counts it."""
        with self._arrived:
            planned = page_id if page_id in self._plans else ""
            behaviour, left = self._plans.get(planned, (Behaviour(Mode.OK), None))
            if left is not None:
                self._plans[planned] = (behaviour, left - 1)
                if left <= 1:
                    del self._plans[planned]
            self.calls[behaviour.mode] += 1
            return behaviour

    def judge(self, page_id: str, query: Mapping[str, str], body: object) -> tuple[str, Shown | None]:
        """PSID and bubble of a good request. Raises Refused."""
        token = query.get("access_token", "")
        if not token or (self.tokens and self.tokens.get(page_id) != token):
            raise Refused(190, "Invalid OAuth access token.", 463)
        if self.app_secret:
            proof = hmac.new(self.app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
            if query.get("appsecret_proof") != proof:
                raise Refused(100, "Invalid appsecret_proof provided in the API argument")
        if not isinstance(body, dict):
            raise Refused(100, "(#100) The body must be a JSON object")
        bubble = shown(body)
        psid = str(body["recipient"]["id"])
        if self.people is not None and psid not in self.people:
            raise Refused(100, "(#100) No matching user found", 2018001)
        return psid, bubble

    def deliver(self, page_id: str, psid: str, bubble: Shown) -> str:
        """Put the bubble on the phone and return its message id."""
        with self._arrived:
            delivered = Delivered(page_id, psid, f"m_out{len(self._delivered) + 1}", bubble)
            self._delivered.append(delivered)
            self._arrived.notify_all()
        self._on_delivery(delivered)
        return delivered.message_id


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True
    request_queue_size = 128
    graph: Graph

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Wake the threads that wait for another request on a kept connection."""
        with self._open_lock:
            for connection in self._open:
                with contextlib.suppress(OSError):  # the other side was faster
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that goes away is part of the play, so nothing is printed."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_POST(self) -> None:
        graph = self.server.graph
        url = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = PATH.fullmatch(url.path)
        behaviour = graph.next_behaviour(path[1] if path else "")
        match behaviour.mode:
            case Mode.ERROR:
                return self._answer(500, _error(Refused(1, "An unknown error has occurred.")))
            case Mode.THROTTLED:
                headers = {"Retry-After": behaviour.retry_after} if behaviour.retry_after else {}
                refusal = Refused(613, "(#613) Calls to this api have exceeded the rate limit.")
                return self._answer(429, _error(refusal), headers)
            case Mode.RESET:
                return self._tear()
            case Mode.SILENCE:
                graph.stopping.wait(behaviour.seconds)
                return self._leave()
            case Mode.MOVED:
                return self._answer(307, {}, {"Location": self.path})
            case Mode.REFUSING if behaviour.refusal:
                status = 200 if behaviour.in_200 else behaviour.refusal.status
                return self._answer(status, _error(behaviour.refusal))
        if path is None:
            return self._answer(404, _error(Refused(2500, "Unknown path components")))
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        try:
            psid, bubble = graph.judge(path[1], query, _decoded(raw))
        except Refused as refusal:
            return self._answer(refusal.status, _error(refusal))
        answer = {"recipient_id": psid}
        if bubble is not None:
            answer["message_id"] = graph.deliver(path[1], psid, bubble)
        if behaviour.mode is Mode.HALF:
            return self._break_off(answer)
        if behaviour.mode in (Mode.LATE, Mode.SLOW):
            graph.stopping.wait(behaviour.seconds)
        if behaviour.mode is Mode.LATE:
            return self._leave()
        return self._answer(200, answer)

    def _answer(self, status: int, body: object, headers: Mapping[str, str] | None = None) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _break_off(self, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2])
        self._leave()

    def _leave(self) -> None:
        self.close_connection = True

    def _tear(self) -> None:
        """Close with RST instead of FIN."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self._leave()

    def log_message(self, *args: Any, **kwargs: Any) -> None:
        """Say nothing: the request line holds the token."""


def _decoded(raw: bytes) -> object:
    try:
        return json.loads(raw)
    except ValueError:
        return None


def _error(refusal: Refused) -> dict[str, Any]:
    error: dict[str, Any] = {
        "message": refusal.text,
        "type": "OAuthException",
        "code": refusal.code,
        "fbtrace_id": "A_standin",
    }
    if refusal.subcode is not None:
        error["error_subcode"] = refusal.subcode
    return {"error": error}


def _echo(delivered: Delivered) -> None:
    bubble = delivered.bubble
    cards = [f"▤ {card.title} · {card.subtitle}" for card in bubble.cards]
    titles = " ".join(f"[{title}]" for title in bubble.titles)
    click.echo("\n".join(line for line in (f"→ {delivered.psid}", bubble.text, *cards, titles) if line))


@click.command()
@click.option("--port", default=9100, show_default=True)
@click.option("--mode", type=click.Choice([mode.value for mode in Mode if mode is not Mode.REFUSING]), default="ok")
@click.option("--seconds", default=0.0, help="For late, silence and slow.")
def main(port: int, mode: str, seconds: float) -> None:
    """Play Graph's Send API on loopback and print what people receive, until Ctrl-C."""
    with Graph(port=port, on_delivery=_echo) as graph:
        graph.behave(Behaviour(Mode(mode), seconds=seconds))
        click.echo(f"MESSENGER_API_URL={graph.url}")
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
