"""One call to a platform that may do anything: it ends in time, and tells whether anything can have arrived.

Tried: nobody listening, a torn connection, silence, half an answer, an answer that drips or never ends, a redirect, a
broken header, an address that is none.
"""

import gzip
import logging
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from bot.reply import Reason, SendError
from handlers.calling import Answered, Caller
from tests.simulators.server import Answer, Fault, Loopback, Request

SECRET = "a token that nobody may see"


@pytest.fixture
def caller() -> Iterator[Caller]:
    one = Caller(timeouts=(0.3, 0.3))
    yield one
    one.close()


def raw_server(*pieces: bytes, pause: float = 0.0) -> tuple[str, threading.Thread]:
    """Answers one connection with these bytes, with a pause after each."""
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]

    def serve() -> None:
        with listening, listening.accept()[0] as line:
            line.recv(65536)
            try:
                for piece in pieces:
                    line.sendall(piece)
                    time.sleep(pause)
            except OSError:
                return  # the caller has gone

    thread = threading.Thread(target=serve)
    thread.start()
    return f"http://127.0.0.1:{port}/", thread


def failure(caller: Caller, url: str) -> SendError:
    with pytest.raises(SendError) as caught:
        caller.call("GET", url, params={"access_token": SECRET})
    assert SECRET not in repr(caught.value.__dict__) + str(caught.value)
    assert caught.value.__cause__ is None
    return caught.value


def test_an_answer_comes_whole_whatever_its_status(caller: Caller) -> None:
    def answer(request: Request) -> Answer:
        return Answer(418, b"short and stout", {"X-Kind": "teapot"})

    with Loopback(answer) as server:
        got = caller.call("POST", server.url, data=b"{}")

    assert (got.status, got.content, got.headers["x-kind"]) == (418, b"short and stout", "teapot")


def test_a_redirect_is_an_answer_and_is_not_followed(caller: Caller) -> None:
    paths = []

    def answer(request: Request) -> Answer:
        paths.append(request.path)
        return Answer(302, b"", {"Location": "/elsewhere"})

    with Loopback(answer) as server:
        assert caller.call("GET", server.url + "/here").status == 302

    assert paths == ["/here"]


def test_nobody_listening_means_that_nothing_arrived(caller: Caller) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]

    error = failure(caller, f"http://127.0.0.1:{port}/")

    assert (error.reason, error.unknown, error.permanent) == (Reason.UNREACHABLE, False, False)


@pytest.mark.parametrize(
    "answer",
    [Answer(fault=Fault.RESET), Answer(fault=Fault.SILENCE, seconds=5.0), Answer(200, b"x" * 100, fault=Fault.HALF)],
)
def test_what_breaks_after_it_left_may_have_arrived(caller: Caller, answer: Answer) -> None:
    with Loopback(lambda request: answer) as server:
        error = failure(caller, server.url)

    assert (error.reason, error.unknown) == (Reason.UNREACHABLE, True)


def test_an_answer_that_drips_ends_in_time(caller: Caller) -> None:
    url, thread = raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", *[b"x"] * 1000, pause=0.05)
    began = time.monotonic()

    error = failure(caller, url)

    assert error.unknown
    assert time.monotonic() - began < 5
    thread.join(5)


def test_headers_that_drip_end_in_time(caller: Caller) -> None:
    url, thread = raw_server(b"HTTP/1.1 200 OK\r\n", *[b"X-Drop: 1\r\n"] * 90, pause=0.05)
    began = time.monotonic()

    error = failure(caller, url)

    assert error.unknown
    assert time.monotonic() - began < 1
    thread.join(10)


def test_a_connection_that_is_used_again_has_its_whole_time_again(caller: Caller) -> None:
    with Loopback(lambda request: Answer(200, b"{}", fault=Fault.SLOW, seconds=0.2)) as server:
        assert [caller.call("GET", server.url).content for _ in range(3)] == [b"{}"] * 3


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "GZIP", "identity, gzip"])
def test_an_answer_that_is_packed_is_not_unpacked(caller: Caller, encoding: str) -> None:
    asked = []

    def answer(request: Request) -> Answer:
        asked.append(request.headers.get("accept-encoding"))
        return Answer(200, gzip.compress(b"x" * 1000), {"Content-Encoding": encoding})

    with Loopback(answer) as server:
        error = failure(caller, server.url)

    assert (error.unknown, asked) == (True, ["identity"])


def test_an_answer_that_never_ends_is_cut(caller: Caller) -> None:
    url, thread = raw_server(b"HTTP/1.1 200 OK\r\n\r\n", *[b"x" * 65536] * 64)

    assert failure(caller, url).unknown
    thread.join(5)


def test_a_broken_header_leaves_no_address_in_the_log(caller: Caller, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    url, thread = raw_server(b"HTTP/1.1 200 OK\r\nbroken header\r\nContent-Length: 2\r\n\r\n{}")

    got = caller.call("GET", url, params={"access_token": SECRET})

    assert isinstance(got, Answered)
    assert SECRET not in caplog.text
    assert "access_token" not in caplog.text
    thread.join(5)


def test_an_address_that_is_none_is_a_failure_that_did_not_leave(caller: Caller) -> None:
    assert not failure(caller, "http://").unknown
