"""The Send API: one reply out, and what its refusal means."""

import hashlib
import hmac
import logging
import re
from collections.abc import Iterable, Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import quote

import msgspec
import requests
from requests.adapters import HTTPAdapter

from bot.reply import SendError
from handlers.channels.messenger.verdict import Verdict, verdict

CONNECT_SECONDS, READ_SECONDS = 3.0, 10.0
SECONDS = re.compile(r"[0-9]{1,6}")
UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class GraphError(msgspec.Struct, frozen=True):
    code: int = 0
    error_subcode: int | None = None
    is_transient: bool = False
    fbtrace_id: str = ""


class Answer(msgspec.Struct, frozen=True):
    error: GraphError | None = None


class Usage(msgspec.Struct, frozen=True):
    estimated_time_to_regain_access: float = 0  # minutes


class MessengerClient:
    """Sends for any page of one app; threads may share it.

    The token travels in the query, as Graph wants it, so no URL is ever logged or put into an exception.
    """

    def __init__(
        self,
        api_url: str,
        version: str,
        app_secret: str,
        *,
        pool_size: int = 8,
        timeouts: tuple[float, float] = (CONNECT_SECONDS, READ_SECONDS),
    ) -> None:
        self._root = f"{api_url.rstrip('/')}/{version}"
        self._app_secret = app_secret
        self._timeouts = timeouts
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # the only state threads would share
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, HTTPAdapter(pool_connections=2, pool_maxsize=pool_size))
        logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)  # its debug lines hold the whole query

    def send(self, page_id: str, token: str, address: str, message: Mapping[str, Any], metadata: str) -> None:
        """Send one `message` of `codec.render` inside the 24-hour window; `metadata` comes back in its echo.

        Raises SendError. After a time-out, a reset or half an answer she may have it already: Graph knows no key that
        would make a second try harmless.
        """
        body = {
            "recipient": {"id": address},
            "messaging_type": "RESPONSE",
            "message": {**message, "metadata": metadata},
        }
        failure = ""
        try:
            response = self._session.post(
                f"{self._root}/{quote(page_id, safe='')}/messages",
                params={"access_token": token, "appsecret_proof": appsecret_proof(token, self._app_secret)},
                data=msgspec.json.encode(body),
                headers={"Content-Type": "application/json"},
                timeout=self._timeouts,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            failure = type(error).__name__
        if failure:  # raised outside of the handler: the library's message, and so any traceback, holds the URL
            raise SendError(failure)
        refuse(response.status_code, response.headers, response.content)

    def close(self) -> None:
        self._session.close()


def appsecret_proof(token: str, app_secret: str) -> str:
    """What shows Graph that the token is used by the app itself."""
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def refuse(status: int, headers: Mapping[str, str], content: bytes) -> None:
    """Return if an answer says that the message went out, raise SendError if not.

    An answer that is not Graph's own (a proxy's page, half a body, a redirect) is a passing failure.
    """
    try:
        error = msgspec.convert(msgspec.json.decode(content), Answer, strict=False).error
    except UNREADABLE:
        raise SendError(f"HTTP {status} without an answer", retry_after=pause(headers)) from None
    if error is None:
        if status == requests.codes.ok:
            return
        raise SendError(f"HTTP {status} without an error", retry_after=pause(headers))
    found = verdict(error.code, error.error_subcode, passing=error.is_transient or status >= 500)
    if found is Verdict.SENT:
        return
    raise SendError(
        f"{found.value} {error.code}/{error.error_subcode or 0} trace {error.fbtrace_id}",
        permanent=found not in (Verdict.LATER, Verdict.THROTTLED, Verdict.EXPIRED),
        retry_after=pause(headers) if found in (Verdict.LATER, Verdict.THROTTLED) else None,
        whole_account=found in (Verdict.THROTTLED, Verdict.EXPIRED),
        pauses=found is Verdict.EXPIRED,
    )


def pause(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait by `Retry-After`, else the longest wait in `X-Business-Use-Case-Usage`; None without either."""
    if SECONDS.fullmatch(headers.get("Retry-After", "")):
        return float(headers["Retry-After"])
    try:
        usage = msgspec.json.decode(headers.get("X-Business-Use-Case-Usage", "{}"), type=dict[str, list[Usage]])
    except UNREADABLE:
        return None
    return _longest(minutes for uses in usage.values() for minutes in uses)


def _longest(uses: Iterable[Usage]) -> float | None:
    return max((use.estimated_time_to_regain_access for use in uses), default=0.0) * 60 or None
