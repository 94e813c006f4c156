"""One way to call a platform over HTTP: bounded, without redirects or cookies, and without a URL in any exception."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

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


class Caller:
    """A tuned session; threads may share it. Tokens may travel in queries, so no URL is logged or raised."""

    def __init__(self, *, pool_size: int = 8, timeouts: tuple[float, float] = (CONNECT_SECONDS, READ_SECONDS)) -> None:
        self._timeouts = timeouts
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # the only state threads would share
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, HTTPAdapter(pool_connections=4, pool_maxsize=pool_size))
        logging.getLogger("urllib3").setLevel(logging.ERROR)  # what it logs of less holds the whole address

    def call(self, method: str, url: str, **arguments: Any) -> Answered:
        """`requests`' own arguments. Raises SendError: `unknown` unless it is sure that nothing has arrived."""
        failure, unknown, content = "", True, b""
        try:
            with self._session.request(
                method, url, timeout=self._timeouts, allow_redirects=False, stream=True, **arguments
            ) as response:
                content = _read(response, time.monotonic() + sum(self._timeouts))
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            failure, unknown = type(error).__name__, not _never_left(error)
        if failure:  # raised outside of the handler: the library's message, and so any traceback, holds the URL
            raise SendError(failure, reason=Reason.UNREACHABLE, unknown=unknown)
        return Answered(response.status_code, response.headers, content)

    def close(self) -> None:
        self._session.close()


def _read(response: requests.Response, until: float) -> bytes:
    """The whole answer, as it comes: `requests` alone would wait for ever on one that drips.

    Raises ReadTimeout at `until`, ContentDecodingError for one that is longer than `MAX_ANSWER`.
    """
    content = bytearray()
    while piece := response.raw.read1(65536, decode_content=True):
        content += piece
        if len(content) > MAX_ANSWER:
            raise requests.exceptions.ContentDecodingError("too long")
        if time.monotonic() > until:
            raise requests.exceptions.ReadTimeout("too slow")
    return bytes(content)


def _never_left(error: Exception) -> bool:
    """Whether no connection was made, so that the other side cannot have it."""
    return isinstance(error, NOT_SENT) or "NewConnectionError" in repr(error.args)
