"""A small HTTP server on loopback for every simulator: it hands requests to one function, and can fail like a network.

def answer(request: Request) -> Answer: ...
with Loopback(answer) as server:
    requests.get(server.url)
"""

import contextlib
import json
import signal
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit


@contextlib.contextmanager
def until_told() -> Iterator[None]:
    """Ends quietly at Ctrl-C or SIGTERM, also where a shell started us in the background with SIGINT ignored."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        yield


class Fault(Enum):
    """How the connection ends. `SILENCE` and `LATE` wait for `Answer.seconds` (or the end of the server) first."""

    NONE = "none"
    RESET = "reset"  # torn with RST, no answer
    SILENCE = "silence"  # no answer at all
    HALF = "half"  # the answer breaks off
    SLOW = "slow"  # the answer comes after `seconds`


@dataclass(frozen=True, slots=True)
class Request:
    """query, headers: the first value of each name; header names in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """body: bytes go out as they are, anything else as JSON."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    fault: Fault = Fault.NONE
    seconds: float = 0.0

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body, ensure_ascii=False).encode()


class Loopback:
    """A server with a thread for each connection. `stop` ends every open one, also those that hang."""

    def __init__(self, answer: Callable[[Request], Answer], port: int = 0) -> None:
        self.stopping = threading.Event()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.answer, self._server.stopping = answer, self.stopping
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> Self:
        self._thread.start()
        return self

    def stop(self) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_exc: object) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True
    request_queue_size = 128
    answer: Callable[[Request], Answer]
    stopping: threading.Event

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

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _serve(self) -> None:
        url = urlsplit(self.path)
        request = Request(
            self.command,
            url.path,
            {name: values[0] for name, values in parse_qs(url.query, keep_blank_values=True).items()},
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(int(self.headers.get("Content-Length") or 0)),
        )
        answer = self.server.answer(request)
        match answer.fault:
            case Fault.RESET:
                self._tear()
            case Fault.SILENCE:
                self.server.stopping.wait(answer.seconds)
                self.close_connection = True
            case Fault.HALF:
                self._write(answer, answer.content[: len(answer.content) // 2])
                self.close_connection = True
            case Fault.SLOW:
                self.server.stopping.wait(answer.seconds)
                self._write(answer, answer.content)
            case Fault.NONE:
                self._write(answer, answer.content)

    def _write(self, answer: Answer, content: bytes) -> None:
        self.send_response(answer.status)
        for name, value in {"Content-Type": answer.content_type, **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(content)

    def _tear(self) -> None:
        """Close with RST instead of FIN."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def log_message(self, *args: Any, **kwargs: Any) -> None:
        """Say nothing: the request line may hold a token."""
