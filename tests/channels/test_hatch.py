"""The hatch before Flask answers what the view would answer, byte for byte, and leaves behind the same rows."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from bot.inbox import InboxRow
from bot.run.hatch import MAX_BODY
from catalog.db import Database
from catalog.vault import Vault
from tests.channels.hatch_twins import Twin, message, signature, zalo_message, zalo_signature

MESSENGER, ZALO = "/webhooks/messenger", "/webhooks/zalo"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def twins(tmp_path: Path) -> Iterator[tuple[Twin, Twin]]:
    """With the hatch, and without."""
    pair = (
        Twin(f"sqlite:///{tmp_path / 'hatch.db'}", hatch=True),
        Twin(f"sqlite:///{tmp_path / 'view.db'}", hatch=False),
    )
    yield pair
    for twin in pair:
        twin.database.close()


def request(path: str, body: bytes, **changes: Any) -> dict[str, Any]:
    """A POST as Granian hands it on, well signed; a change to None takes that part away."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.input_terminated": True,
        "wsgi.body": body,
        "HTTP_X_HUB_SIGNATURE_256": signature(body),
    }
    if path == ZALO:
        environ["HTTP_X_ZEVENT_SIGNATURE"] = zalo_signature(body)
    environ |= changes
    return {name: value for name, value in environ.items() if value is not None}


def asked(twin: Twin, environ: dict[str, Any]) -> Any:
    """What a server gets to send, or the name of what it gets to see."""
    body = environ["wsgi.body"]
    stream = body if hasattr(body, "read") else BytesIO(body)
    try:
        return twin.ask({**environ, "wsgi.input": stream})
    except Exception as error:  # noqa: BLE001 (both twins must raise the same)
        return type(error).__name__


class Cut(BytesIO):
    """A connection that breaks when it is read."""

    def read(self, size: int | None = -1, /) -> bytes:
        raise ConnectionResetError("cut")

    def readinto(self, buffer: object, /) -> int:
        raise ConnectionResetError("cut")


PLAIN = message("m_1")
FIT = b" " * MAX_BODY
HOSTILE: dict[str, tuple[dict[str, Any], int | None]] = {
    # what comes in, and the status where it is ours to choose
    "a message": (request(MESSENGER, PLAIN), 200),
    "with a query": (request(MESSENGER, PLAIN, QUERY_STRING="hub.mode=subscribe&a=1"), 200),
    "under a form's type": (request(MESSENGER, PLAIN, CONTENT_TYPE="application/x-www-form-urlencoded"), 200),
    "without a type": (request(MESSENGER, PLAIN, CONTENT_TYPE=None), 200),
    "an empty body, signed": (request(MESSENGER, b""), 200),
    "not JSON, signed": (request(MESSENGER, b"\xff{"), 200),
    "nested without end, signed": (request(MESSENGER, b"[" * 100_000), 200),
    "the longest body": (request(MESSENGER, FIT), 200),
    "one byte too long": (request(MESSENGER, FIT + b" "), 413),
    "far too long": (request(MESSENGER, FIT + b" " * 70_000), 413),
    "announced far too long": (request(MESSENGER, PLAIN, CONTENT_LENGTH="99999999999999999999"), 413),
    "no signature": (request(MESSENGER, PLAIN, HTTP_X_HUB_SIGNATURE_256=None), 403),
    "a wrong signature": (request(MESSENGER, PLAIN, HTTP_X_HUB_SIGNATURE_256="sha256=" + "0" * 64), 403),
    "another secret's": (request(MESSENGER, PLAIN, HTTP_X_HUB_SIGNATURE_256=signature(PLAIN, "x")), 403),
    "two signatures": (
        request(MESSENGER, PLAIN, HTTP_X_HUB_SIGNATURE_256=f"{signature(PLAIN)},{signature(PLAIN)}"),
        403,
    ),
    "a signature that is not ASCII": (request(MESSENGER, PLAIN, HTTP_X_HUB_SIGNATURE_256="sha256=\xe1\xbb\x87"), 403),
    "digits that are not ASCII": (request(MESSENGER, PLAIN, HTTP_X_HUB_SIGNATURE_256="sha256=" + "٣" * 64), 403),
    "no length": (request(MESSENGER, PLAIN, CONTENT_LENGTH=None), 200),
    "an empty length": (request(MESSENGER, PLAIN, CONTENT_LENGTH=""), None),
    "no length, no end": (request(MESSENGER, PLAIN, CONTENT_LENGTH=None, **{"wsgi.input_terminated": None}), 403),
    "in chunks": (request(MESSENGER, PLAIN, CONTENT_LENGTH=None, HTTP_TRANSFER_ENCODING="chunked"), 200),
    "in chunks with a length": (request(MESSENGER, PLAIN, HTTP_TRANSFER_ENCODING="chunked"), 200),
    "a negative length": (request(MESSENGER, PLAIN, CONTENT_LENGTH="-1"), None),
    "a length in words": (request(MESSENGER, PLAIN, CONTENT_LENGTH="five"), None),
    "a length with a plus": (request(MESSENGER, PLAIN, CONTENT_LENGTH=f"+{len(PLAIN)}"), None),
    "a length with underscores": (request(MESSENGER, PLAIN, CONTENT_LENGTH="1_0"), None),
    "a length in other digits": (request(MESSENGER, PLAIN, CONTENT_LENGTH="١٢"), None),
    "shorter than announced": (request(MESSENGER, PLAIN, CONTENT_LENGTH=str(len(PLAIN) + 9)), None),
    "shorter, and it never ends": (
        request(MESSENGER, PLAIN, CONTENT_LENGTH=str(len(PLAIN) + 9), **{"wsgi.input_terminated": None}),
        400,
    ),
    "cut off": (request(MESSENGER, PLAIN, **{"wsgi.body": Cut()}), 400),
    "a strange host": (request(MESSENGER, PLAIN, HTTP_HOST="[::1"), None),
    "a slash too many": (request(MESSENGER + "/", PLAIN), 404),
    "GET": (request(MESSENGER, PLAIN, REQUEST_METHOD="GET"), 403),
    "GET, the handshake": (
        request(
            MESSENGER,
            b"",
            REQUEST_METHOD="GET",
            QUERY_STRING="hub.mode=subscribe&hub.verify_token=hello&hub.challenge=42",
        ),
        200,
    ),
    "HEAD": (request(MESSENGER, PLAIN, REQUEST_METHOD="HEAD"), 403),
    "PUT": (request(MESSENGER, PLAIN, REQUEST_METHOD="PUT"), 405),
    "OPTIONS": (request(MESSENGER, PLAIN, REQUEST_METHOD="OPTIONS"), 200),
    "post in small letters": (request(MESSENGER, PLAIN, REQUEST_METHOD="post"), None),
    "Zalo: a message": (request(ZALO, zalo_message("z_1")), 200),
    "Zalo: the probe": (request(ZALO, b"{}", HTTP_X_ZEVENT_SIGNATURE=None), 200),
    "Zalo: no signature": (request(ZALO, zalo_message("z_1"), HTTP_X_ZEVENT_SIGNATURE=None), 403),
    "Zalo: Messenger's signature": (request(ZALO, PLAIN, HTTP_X_ZEVENT_SIGNATURE=signature(PLAIN)), 403),
    "Zalo: too long": (request(ZALO, FIT + b" "), 413),
    "Zalo: GET": (request(ZALO, b"", REQUEST_METHOD="GET"), 405),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_the_hatch_answers_what_the_view_answers(twins: tuple[Twin, Twin], name: str) -> None:
    environ, status = HOSTILE[name]
    hatch, view = twins

    answers = [asked(hatch, environ), asked(view, environ)]

    assert answers[0] == answers[1]
    assert status is None or answers[0][0].startswith(f"{status} ")
    assert hatch.rows() == view.rows()
    assert hatch.refusals == view.refusals
    assert hatch.firsts == view.firsts


def test_a_plain_delivery_never_meets_flask_and_one_with_a_flaw_does(tmp_path: Path) -> None:
    twin = Twin(f"sqlite:///{tmp_path / 'one.db'}", hatch=True)
    met: list[str] = []
    twin.app.before_request(lambda: met.append("Flask"))

    assert asked(twin, request(MESSENGER, PLAIN))[0] == "200 OK"
    assert asked(twin, request(ZALO, zalo_message("z_1")))[0] == "200 OK"
    assert (met, len(twin.rows()), twin.firsts) == ([], 2, 2)
    assert asked(twin, request(MESSENGER, message("m_2"), HTTP_TRANSFER_ENCODING="chunked"))[0] == "200 OK"
    assert (met, len(twin.rows()), twin.firsts) == (["Flask"], 3, 3)
    twin.database.close()


def test_a_channel_that_is_off_is_not_found_and_has_no_hatch(tmp_path: Path) -> None:
    twin = Twin(f"sqlite:///{tmp_path / 'off.db'}", hatch=True, on=False)

    answers = [asked(twin, request(path, PLAIN))[0] for path in (MESSENGER, ZALO)]

    assert (answers, twin.takes, twin.rows()) == (["404 NOT FOUND"] * 2, {}, [])
    twin.database.close()


def test_the_same_delivery_twice_is_one_row(twins: tuple[Twin, Twin]) -> None:
    for twin in twins:
        assert [asked(twin, request(MESSENGER, PLAIN))[0] for _ in range(3)] == ["200 OK"] * 3
        assert len(twin.rows()) == 1


def test_without_a_database_both_ask_to_come_again(twins: tuple[Twin, Twin]) -> None:
    for twin in twins:
        InboxRow.__table__.drop(twin.database.engine)  # type: ignore[attr-defined]

    answers = [asked(twin, request(path, body)) for twin in twins for path, body in ((MESSENGER, PLAIN),)]

    assert answers[0] == answers[1]
    assert (answers[0][0], answers[0][2]) == ("503 SERVICE UNAVAILABLE", b"try again")


def test_what_breaks_is_logged_and_shows_nothing_of_itself(twins: tuple[Twin, Twin]) -> None:
    for twin in twins:
        twin.broken = RuntimeError("the inside of the house")

    with capture_logs() as logs:
        answers = [asked(twin, request(MESSENGER, PLAIN)) for twin in twins]

    assert answers[0] == answers[1]
    assert answers[0][0] == "500 INTERNAL SERVER ERROR"
    assert b"inside" not in answers[0][2]
    assert [(line["event"], line["path"], line["exc_info"]) for line in logs] == [("hatch_failed", MESSENGER, True)]
    assert [twin.rows() for twin in twins] == [[], []]


# On the real server


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """Granian with the hatch, and without."""
    running, found = [], []
    for name in ("hatch", "view"):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            found.append(probe.getsockname()[1])
        url = f"sqlite:///{tmp_path / name}.db"
        command = [sys.executable, "-m", "tests.channels.hatch_twins", str(found[-1]), url, name]
        running.append(subprocess.Popen(command, cwd=ROOT, start_new_session=True))
    for port in found:
        until_it_listens(port)
    yield found[0], found[1]
    for process in running:
        process.send_signal(signal.SIGTERM)
    for process in running:
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise


def until_it_listens(port: int) -> None:
    nap = threading.Event()
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            nap.wait(0.05)
        else:
            return
    raise AssertionError("nobody listens")


def wired(port: int, data: bytes, *, shut: bool = False) -> tuple[int, list[tuple[str, str]], bytes]:
    """Send raw bytes and read one answer; 0 where the server only hung up. shut: say that nothing more will come."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        line.sendall(data)
        if shut:
            line.shutdown(socket.SHUT_WR)
        answer = http.client.HTTPResponse(line)
        try:
            answer.begin()
            headers = [
                (name.lower(), ", ".join(sorted(value.split(", "))))  # methods are allowed in any order
                for name, value in answer.getheaders()
                if name.lower() not in ("date", "connection")  # the server's own, by how much of the body it has seen
            ]
            return answer.status, sorted(headers), answer.read()
        except (http.client.HTTPException, ConnectionError):
            return 0, [], b""
        finally:
            answer.close()


def wire(mid: str, *lines: str, body: bytes | None = None, signed: bool = True, method: str = "POST") -> bytes:
    told = message(mid) if body is None else body
    head = [f"{method} {MESSENGER} HTTP/1.1", "Host: x", *lines]
    if signed:
        head.append(f"X-Hub-Signature-256: {signature(told)}")
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + told


def in_chunks(mid: str) -> bytes:
    body = message(mid)
    head = wire(mid, "Transfer-Encoding: chunked", body=body).removesuffix(body)
    return head + b"5\r\n" + body[:5] + b"\r\n%x\r\n" % len(body[5:]) + body[5:] + b"\r\n0\r\n\r\n"


def length(mid: str) -> str:
    return f"Content-Length: {len(message(mid))}"


def test_on_the_real_server_both_answer_the_same_raw_bytes_alike(ports: tuple[int, int], tmp_path: Path) -> None:
    """No length, chunks, huge, negative, garbled and doubled lengths and signatures, a body that ends too early."""
    raws: dict[str, tuple[bytes, bool, int | None]] = {
        "plain": (wire("m_1", length("m_1")), False, 200),
        "again": (wire("m_1", length("m_1")), False, 200),
        "in chunks": (in_chunks("m_2"), False, 200),
        "no length": (wire("m_3"), False, 403),
        "no length, shut": (wire("m_4"), True, 403),
        "length and chunks": (in_chunks("m_5").replace(b"Host: x", b"Host: x\r\nContent-Length: 4"), False, None),
        "negative": (wire("m_6", "Content-Length: -5"), False, None),
        "garbled": (wire("m_7", "Content-Length: 5x"), False, None),
        "two lengths": (wire("m_8", length("m_8"), "Content-Length: 3"), False, None),
        "huge": (wire("m_9", "Content-Length: 1073741824"), False, 413),
        "too large": (
            wire("", f"Content-Length: {MAX_BODY + 1}", body=b" " * (MAX_BODY + 1)),
            False,
            413,
        ),
        "ends too early": (wire("m_10", "Content-Length: 4000"), True, None),
        "unsigned": (wire("m_11", length("m_11"), signed=False), False, 403),
        "signed twice": (wire("m_12", length("m_12"), "X-Hub-Signature-256: sha256=" + "0" * 64), False, None),
        "not ASCII": (
            wire("m_13", length("m_13"), "X-Hub-Signature-256: sha256=\xe1\xbb\x87", signed=False),
            False,
            403,
        ),
        "GET": (wire("m_14", length("m_14"), method="GET"), False, 403),
        "PUT": (wire("m_15", length("m_15"), method="PUT"), False, 405),
    }
    answers = {name: [wired(port, raw, shut=shut) for port in ports] for name, (raw, shut, _) in raws.items()}

    assert {name: pair[0] for name, pair in answers.items()} == {name: pair[1] for name, pair in answers.items()}
    wanted = {name: status for name, (_, _, status) in raws.items() if status is not None}
    assert {name: answers[name][0][0] for name in wanted} == wanted
    assert {pair[0][0] // 100 for pair in answers.values()} <= {0, 2, 4}
    assert keys(tmp_path / "hatch.db") == keys(tmp_path / "view.db")
    assert {"message:m_1", "message:m_2"} <= set(keys(tmp_path / "hatch.db"))


def keys(file: Path) -> list[str]:
    database = Database(f"sqlite:///{file}", Vault(["s"]))
    with database.reading() as db:
        found = list(db.scalars(select(InboxRow.key).order_by(InboxRow.id)))
    database.close()
    return found
