"""Many calls at once to a platform that may do anything: each ends in time and tells whether anything can have arrived.

Tried: an error, nobody listening, a line nobody takes off, a torn connection, silence, half an answer, one that drips
or never ends, endless headers, no HTTP at all, a broken header, a packed answer, "go on" before the answer, a redirect,
cookies, a proxy in the environment, wrong certificates, a kept connection that is closed between two calls or instead
of an answer, addresses that are none.
"""

import contextlib
import gzip
import ipaddress
import logging
import select
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.reply import Reason, SendError
from handlers.calling import Answered, Call, Caller
from handlers.curling import Curls, Headers
from tests.simulators.server import Answer, Fault, Loopback, Request

SECRET = "a-token-that-nobody-may-see"
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
PATIENCE_S = 10.0


class Asking:
    """Curls in a thread, asked as a plain function."""

    def __init__(self, curls: Curls) -> None:
        self.curls = curls
        self.thread = threading.Thread(target=curls.run)
        self.thread.start()

    def __call__(self, url: str, body: bytes = b"{}") -> Answered | SendError:
        (outcome,) = self.many([Call(url, body)])
        return outcome

    def many(self, calls: list[Call]) -> list[Answered | SendError]:
        """All at once; the outcomes as they come in."""
        outcomes: list[Answered | SendError] = []
        complete = threading.Event()

        def note(outcome: Answered | SendError) -> None:
            outcomes.append(outcome)
            if len(outcomes) == len(calls):
                complete.set()

        for call in calls:
            self.curls.submit(call, note)
        assert complete.wait(PATIENCE_S), f"{len(outcomes)} of {len(calls)} ended"
        return outcomes

    def stop(self) -> None:
        self.curls.stop(0.0)
        self.thread.join(PATIENCE_S)
        assert not self.thread.is_alive()


@pytest.fixture
def ask() -> Iterator[Asking]:
    asking = Asking(Curls((0.3, 0.6)))
    yield asking
    asking.stop()


Line = Callable[[socket.socket, int], None]


@contextlib.contextmanager
def lines(serve: Line) -> Iterator[str]:
    """A server that gives each connection, and its number from 0, to a function in a thread of its own."""
    listening = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []

    def one(line: socket.socket, number: int) -> None:
        with line, contextlib.suppress(OSError):  # the caller has gone
            serve(line, number)

    def accept() -> None:
        with contextlib.suppress(OSError):  # closed: the test is over
            while True:
                line, _ = listening.accept()
                threads.append(threading.Thread(target=one, args=(line, len(threads))))
                threads[-1].start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/?access_token={SECRET}"
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    accepting.join(PATIENCE_S)
    for thread in threads:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def saying(*pieces: bytes, pause: float = 0.0) -> Line:
    def serve(line: socket.socket, _number: int) -> None:
        line.recv(65536)
        for piece in pieces:
            line.sendall(piece)
            time.sleep(pause)

    return serve


def failure(outcome: Answered | SendError) -> SendError:
    assert isinstance(outcome, SendError)
    assert (outcome.reason, outcome.permanent, outcome.whole_account) == (Reason.UNREACHABLE, False, False)
    assert SECRET not in repr(outcome) + repr(outcome.__dict__)
    return outcome


def answer(outcome: Answered | SendError) -> Answered:
    assert isinstance(outcome, Answered), outcome
    return outcome


# What comes back


def test_a_call_goes_out_as_requests_would_send_it_and_its_answer_comes_whole(ask: Asking) -> None:
    heard: list[Request] = []

    def teapot(request: Request) -> Answer:
        heard.append(request)
        return Answer(418, b"short and stout", {"X-Kind": "teapot"})

    call = Call("/v25.0/11/messages?access_token=a%2Bb&x=1", '{"text":"Chào bác"}'.encode())
    caller = Caller()
    with Loopback(teapot) as server:
        got = answer(ask(server.url + call.url, call.body))
        caller.make(Call(server.url + call.url, call.body))
    caller.close()

    assert (got.status, got.content) == (418, b"short and stout")
    assert (got.headers["x-kind"], got.headers.get("X-KIND"), got.headers.get("none", "-")) == ("teapot", "teapot", "-")
    one, other = heard
    assert (one.method, one.path, one.query, one.body) == (other.method, other.path, other.query, other.body)
    kept = {"content-type", "content-length", "accept-encoding", "accept", "host"}
    assert {name: one.headers[name] for name in kept} == {name: other.headers[name] for name in kept}
    assert one.headers.keys() - kept == {"user-agent"}


@pytest.mark.parametrize("status", [201, 302, 404, 429, 500, 503])
def test_every_status_is_an_answer_and_a_redirect_is_not_followed(ask: Asking, status: int) -> None:
    paths: list[str] = []

    def moved(request: Request) -> Answer:
        paths.append(request.path)
        return Answer(status, b"{}", {"Location": "/elsewhere", "Retry-After": "7"})

    with Loopback(moved) as server:
        got = answer(ask(server.url + "/here"))

    assert (got.status, got.headers["retry-after"], paths) == (status, "7", ["/here"])


def test_cookies_are_not_kept_and_no_proxy_is_taken_from_the_environment(
    ask: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    sent: list[str | None] = []

    def cookie(request: Request) -> Answer:
        sent.append(request.headers.get("cookie"))
        return Answer(200, b"{}", {"Set-Cookie": "who=you; Path=/"})

    with Loopback(cookie) as server:
        assert [answer(ask(server.url)).status for _ in range(2)] == [200, 200]

    assert sent == [None, None]


def test_go_on_before_the_answer_is_passed_over(ask: Asking) -> None:
    early = b"HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\nHTTP/1.1 103 Early Hints\r\nX-Early: 2\r\n\r\n"
    with lines(saying(early + GOOD)) as url:
        got = answer(ask(url))

    assert (got.status, got.content, dict(got.headers)) == (200, b"{}", {"content-length": "2"})


def test_a_large_body_does_not_wait_for_leave(ask: Asking) -> None:
    heard: list[tuple[str | None, int]] = []

    def note(request: Request) -> Answer:
        heard.append((request.headers.get("expect"), len(request.body)))
        return Answer()

    with Loopback(note) as server:
        answer(ask(server.url, b" " * 3_000_000))

    assert heard == [(None, 3_000_000)]


def test_headers_of_one_name_are_joined_and_trailing_ones_count() -> None:
    head = b"HTTP/1.1 200 OK\r\nX-A: 1\r\nbroken\r\nx-a:  2 \r\n\r\nX-Late: 3\r\n"

    assert dict(Headers(head)) == {"x-a": "1, 2", "x-late": "3"}
    assert len(Headers(b"")) == 0


# What goes wrong


def test_nobody_listening_means_that_nothing_arrived(ask: Asking) -> None:
    with socket.socket() as taken:  # bound and not listening: every connection is refused
        taken.bind(("127.0.0.1", 0))
        error = failure(ask(f"http://127.0.0.1:{taken.getsockname()[1]}/?access_token={SECRET}"))

    assert (str(error), error.unknown) == ("curl COULDNT_CONNECT", False)


def test_a_line_that_nobody_takes_off_means_that_nothing_arrived(ask: Asking) -> None:
    with socket.socket() as full, contextlib.ExitStack() as waiting:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(3):  # more than the system queues
            caller = waiting.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(full.getsockname())
        error = failure(ask(f"http://127.0.0.1:{full.getsockname()[1]}/?access_token={SECRET}"))

    assert (str(error), error.unknown) == ("curl OPERATION_TIMEDOUT", False)


@pytest.mark.parametrize(
    "wrong",
    [
        "http://",
        f"http://127.0.0.1:1/ü?access_token={SECRET}",
        f"http://127.0.0.1:1/\0?access_token={SECRET}",
        f"http://no-such-host.invalid/?access_token={SECRET}",
        f"ftp://127.0.0.1/?access_token={SECRET}",
        "file:///etc/passwd",
    ],
)
def test_an_address_that_is_none_is_a_failure_that_did_not_leave(ask: Asking, wrong: str) -> None:
    assert not failure(ask(wrong)).unknown


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Answer(fault=Fault.RESET), "RECV_ERROR"),
        (Answer(fault=Fault.SILENCE, seconds=30.0), "OPERATION_TIMEDOUT"),
        (Answer(fault=Fault.SLOW, seconds=30.0), "OPERATION_TIMEDOUT"),
        (Answer(200, b"x" * 100, fault=Fault.HALF), "PARTIAL_FILE"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_breaks_after_it_left_may_have_arrived(ask: Asking, fault: Answer, words: str) -> None:
    with Loopback(lambda request: fault) as server:
        error = failure(ask(f"{server.url}/?access_token={SECRET}"))

    assert (str(error), error.unknown) == (f"curl {words}", True)


@pytest.mark.parametrize(
    "pieces",
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", *[b"x"] * 40),
        (b"HTTP/1.1 200 OK\r\n", *[b"X-Drop: 1\r\n"] * 40),
    ],
    ids=["body", "headers"],
)
def test_an_answer_that_drips_ends_in_time(ask: Asking, pieces: tuple[bytes, ...]) -> None:
    with lines(saying(*pieces, pause=0.05)) as url:  # two seconds, were it let
        error = failure(ask(url))

    assert (str(error), error.unknown) == ("curl OPERATION_TIMEDOUT", True)


@pytest.mark.parametrize(
    ("head", "piece", "words"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536, "FILESIZE_EXCEEDED"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"10000\r\n" + b"x" * 65536 + b"\r\n",
            "FILESIZE_EXCEEDED",
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", b"x" * 65536, "FILESIZE_EXCEEDED"),
        (b"HTTP/1.1 200 OK\r\n", b"X-A: " + b"y" * 1000 + b"\r\n", "RECV_ERROR"),
    ],
    ids=["body", "chunks", "announced", "headers"],
)
def test_an_answer_that_never_ends_is_cut(ask: Asking, head: bytes, piece: bytes, words: str) -> None:
    def serve(line: socket.socket, _number: int) -> None:
        line.recv(65536)
        line.sendall(head)
        for _ in range(4000):
            line.sendall(piece)

    with lines(serve) as url:
        error = failure(ask(url))

    assert (str(error), error.unknown) == (f"curl {words}", True)


@pytest.mark.parametrize("said", [b"hello", b"", b"HTTP/1.1 200 OK\r\nbroken header\r\nContent-Length: 2\r\n\r\n{}"])
def test_what_is_no_answer_leaves_open_whether_it_arrived(
    ask: Asking, said: bytes, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with lines(saying(said)) as url:
        assert failure(ask(url)).unknown

    assert SECRET not in caplog.text + "".join(capfd.readouterr())


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "br", "identity, gzip"])
def test_an_answer_that_is_packed_is_not_unpacked(ask: Asking, encoding: str) -> None:
    packed = Answer(200, gzip.compress(b"x" * 1000), {"Content-Encoding": encoding})
    with Loopback(lambda request: packed) as server:
        error = failure(ask(server.url))

    assert (str(error), error.unknown) == ("curl BAD_CONTENT_ENCODING", True)


# Connections that are kept


def test_calls_share_kept_connections(ask: Asking) -> None:
    seen: Counter[int] = Counter()

    def serve(line: socket.socket, number: int) -> None:
        while line.recv(65536):
            seen[number] += 1
            line.sendall(GOOD)

    with lines(serve) as url:
        for _ in range(20):
            answer(ask(url))
        ask.stop()

    assert seen == {0: 20}


@pytest.mark.parametrize("torn", [False, True])
def test_a_kept_connection_that_ends_instead_of_an_answer_is_told_and_not_tried_again(ask: Asking, torn: bool) -> None:
    """libcurl would send it once more by itself, though the platform has it already."""
    heard: list[int] = []

    def serve(line: socket.socket, number: int) -> None:
        while line.recv(65536):
            heard.append(number)
            if heard == [0, 0]:
                if torn:
                    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            line.sendall(GOOD)

    with lines(serve) as url:
        answer(ask(url))
        error = failure(ask(url))
        assert (str(error), error.unknown, heard) == ("curl SEND_FAIL_REWIND", True, [0, 0])
        answer(ask(url))
        assert heard == [0, 0, 1]
        ask.stop()


def test_a_connection_that_was_closed_while_nobody_called_is_not_used_again(ask: Asking) -> None:
    heard: list[int] = []
    closed = threading.Event()

    def serve(line: socket.socket, number: int) -> None:
        line.recv(65536)
        heard.append(number)
        line.sendall(GOOD)
        line.close()
        closed.set()

    with lines(serve) as url:
        answer(ask(url))
        assert closed.wait(PATIENCE_S)
        time.sleep(1.1)  # libcurl looks at most once a second whether an idle connection lives
        answer(ask(url))

    assert heard == [0, 1]


def test_a_silent_platform_holds_up_its_own_calls_only(ask: Asking) -> None:
    with Loopback(lambda request: Answer(fault=Fault.SILENCE, seconds=30.0)) as silent, Loopback(well) as other:
        ended: list[str] = []
        all_ended = threading.Event()

        def note(which: str) -> Callable[[object], None]:
            def on_done(outcome: object) -> None:
                ended.append(which if isinstance(outcome, Answered) else f"{which} failed")
                if len(ended) == 70:
                    all_ended.set()

            return on_done

        for _ in range(50):
            ask.curls.submit(Call(silent.url, b"{}"), note("silent"))
        for _ in range(20):
            ask.curls.submit(Call(other.url, b"{}"), note("well"))
        assert all_ended.wait(PATIENCE_S)

    assert ended == ["well"] * 20 + ["silent failed"] * 50


def well(_request: Request) -> Answer:
    return Answer()


def test_hundreds_of_calls_are_on_their_way_at_once(ask: Asking) -> None:
    most, now, lock = [0], [0], threading.Lock()
    enough = threading.Event()

    def serve(line: socket.socket, _number: int) -> None:
        line.recv(65536)
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
            if now[0] == 300:
                enough.set()
        enough.wait(PATIENCE_S)
        line.sendall(GOOD)

    slow = Asking(Curls((PATIENCE_S, PATIENCE_S)))
    with lines(serve) as url:
        outcomes = slow.many([Call(url, b"{}") for _ in range(300)])
        slow.stop()

    assert (most, {answer(one).status for one in outcomes}) == ([300], {200})


# The thread


def test_stopping_lets_what_is_on_its_way_arrive() -> None:
    asked, go = threading.Event(), threading.Event()

    def serve(line: socket.socket, _number: int) -> None:
        line.recv(65536)
        asked.set()
        go.wait(PATIENCE_S)
        line.sendall(GOOD)

    outcomes: list[Answered | SendError] = []
    asking = Asking(Curls())
    with lines(serve) as url:
        asking.curls.submit(Call(url, b"{}"), outcomes.append)
        assert asked.wait(PATIENCE_S)
        asking.curls.stop(PATIENCE_S)
        go.set()
        asking.thread.join(PATIENCE_S)

    assert not asking.thread.is_alive()
    assert [answer(one).content for one in outcomes] == [b"{}"]


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_stopping_does_not_wait_for_ever_and_leaves_nothing_open() -> None:
    opened = open_files()
    outcomes: list[object] = []
    asking = Asking(Curls())
    asked = threading.Event()

    def serve(line: socket.socket, _number: int) -> None:
        line.recv(65536)
        asked.set()
        select.select([line], [], [], PATIENCE_S)  # until the caller hangs up

    with lines(serve) as url:
        asking.curls.submit(Call(url, b"{}"), outcomes.append)
        assert asked.wait(PATIENCE_S)
        asking.stop()
    asking.curls.submit(Call(url, b"{}"), outcomes.append)  # too late: nobody is there to hear it

    assert outcomes == []
    assert open_files() == opened


def test_an_answer_may_be_followed_by_another_call_from_the_same_thread(ask: Asking) -> None:
    got: list[int] = []
    finished = threading.Event()
    with Loopback(well) as server:

        def again(outcome: Answered | SendError) -> None:
            got.append(answer(outcome).status)
            if len(got) < 50:
                ask.curls.submit(Call(server.url, b"{}"), again)
            else:
                finished.set()

        ask.curls.submit(Call(server.url, b"{}"), again)
        assert finished.wait(PATIENCE_S)

    assert got == [200] * 50


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and certificate for 127.0.0.1, signed by itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(plain + made.public_bytes(serialization.Encoding.PEM))
    return file


def sealed(certificate: Path, heard: list[bytes]) -> Line:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def serve(line: socket.socket, _number: int) -> None:
        with context.wrap_socket(line, server_side=True) as secret:
            while request := secret.recv(65536):
                heard.append(request)
                secret.sendall(GOOD)

    return serve


@pytest.mark.parametrize(
    ("host", "trusted", "believed"),
    [("127.0.0.1", True, True), ("127.0.0.1", False, False), ("localhost", True, False)],
)
def test_only_a_known_issuer_and_the_right_name_are_believed(
    certificate: Path, host: str, trusted: bool, believed: bool
) -> None:
    heard: list[bytes] = []
    asking = Asking(Curls(trusted=str(certificate) if trusted else None))
    with lines(sealed(certificate, heard)) as url:
        outcomes = [asking(url.replace("http://127.0.0.1", f"https://{host}")) for _ in range(2)]
        asking.stop()

    if believed:
        assert [answer(one).content for one in outcomes] == [b"{}", b"{}"]
        assert len(heard) == 2
    else:
        assert [(str(failure(one)), failure(one).unknown) for one in outcomes] == [
            ("curl PEER_FAILED_VERIFICATION", False)
        ] * 2
        assert heard == []


def test_a_platform_that_speaks_no_tls_gets_nothing() -> None:
    heard: list[bytes] = []

    def serve(line: socket.socket, _number: int) -> None:
        heard.append(line.recv(65536))
        line.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    asking = Asking(Curls())
    with lines(serve) as url:
        error = failure(asking(url.replace("http://", "https://")))
        asking.stop()

    assert not error.unknown
    assert SECRET.encode() not in heard[0]
