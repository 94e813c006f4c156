"""One way to call a platform over HTTP: bounded, without redirects or cookies, and without a URL in any exception.

A call lasts at most the time to connect (for each address of the host), the time to read for handing the request over,
and once more the time to read for the whole answer, headers and all. Only the look-up of the host's name is not bounded
by us.
"""

import io
import logging
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPResponse
from http.cookiejar import DefaultCookiePolicy
from typing import Any, cast

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from bot.reply import Reason, SendError

CONNECT_SECONDS, READ_SECONDS = 3.0, 10.0
MAX_ANSWER = 1024 * 1024
NOT_SENT = (requests.exceptions.ConnectTimeout, requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema)


@dataclass(frozen=True, slots=True)
class Answered:
    """An HTTP answer; header names in any case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """A POST of JSON, whole and ready to go. It says nothing of itself: the URL may carry a token, the body words."""

    url: str = field(repr=False)
    body: bytes = field(repr=False)


class _Hurried(io.RawIOBase):
    """The bytes of an answer, none after the time is up: a timeout of the socket alone begins anew with each byte."""

    def __init__(self, connection: socket.socket, stream: io.RawIOBase) -> None:
        self._connection, self._stream = connection, stream
        self._until = time.monotonic() + (connection.gettimeout() or READ_SECONDS)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int | None:  # type: ignore[override] # typeshed: any buffer
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        return cast("int | None", self._stream.readinto(buffer))

    def close(self) -> None:
        self._stream.close()
        super().close()


class _Answer(HTTPResponse):
    def __init__(self, sock: socket.socket, *arguments: Any, **named: Any) -> None:
        super().__init__(sock, *arguments, **named)
        self.fp = io.BufferedReader(_Hurried(sock, self.fp.detach()))


class _Connection(HTTPConnection):
    response_class = _Answer


class _TlsConnection(HTTPSConnection):
    response_class = _Answer


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        super().init_poolmanager(*arguments, **named)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}


class Caller:
    """A tuned session; threads may share it. Tokens may travel in queries, so no URL is logged or raised."""

    def __init__(self, *, pool_size: int = 8, timeouts: tuple[float, float] = (CONNECT_SECONDS, READ_SECONDS)) -> None:
        self._timeouts = timeouts
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Accept-Encoding"] = "identity"  # what is packed may be a thousand times as long
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # the only state threads would share
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, _Adapter(pool_connections=4, pool_maxsize=pool_size))
        logging.getLogger("urllib3").setLevel(logging.ERROR)  # what it logs of less holds the whole address

    def call(self, method: str, url: str, **arguments: Any) -> Answered:
        """`requests`' own arguments. Raises SendError: `unknown` unless it is sure that nothing has arrived."""
        failure, unknown, content = "", True, b""
        try:
            with self._session.request(
                method, url, timeout=self._timeouts, allow_redirects=False, stream=True, **arguments
            ) as response:
                content = _read(response)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            failure, unknown = type(error).__name__, not _never_left(error)
        if failure:  # raised outside of the handler: the library's message, and so any traceback, holds the URL
            raise SendError(failure, reason=Reason.UNREACHABLE, unknown=unknown)
        return Answered(response.status_code, response.headers, content)

    def make(self, call: Call) -> Answered:
        """As `call` does."""
        return self.call("POST", call.url, data=call.body, headers={"Content-Type": "application/json"})

    def close(self) -> None:
        self._session.close()


def _read(response: requests.Response) -> bytes:
    """The whole answer. Raises ContentDecodingError for one that is packed or longer than `MAX_ANSWER`."""
    if response.headers.get("Content-Encoding", "").strip().lower() not in {"", "identity"}:
        raise requests.exceptions.ContentDecodingError("packed")
    content = bytearray()
    while piece := response.raw.read1(65536, decode_content=False):
        content += piece
        if len(content) > MAX_ANSWER:
            raise requests.exceptions.ContentDecodingError("too long")
    return bytes(content)


def _never_left(error: Exception) -> bool:
    """Whether no connection was made, so that the other side cannot have it."""
    return isinstance(error, NOT_SENT) or "NewConnectionError" in repr(error.args)
