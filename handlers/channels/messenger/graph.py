"""One call to the Graph API, with the token, the proof and the answer that every call has in common."""

import hmac
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from bot.reply import Reason, SendError
from handlers.calling import CONNECT_SECONDS, READ_SECONDS, Answered, Call, Caller
from handlers.channels.messenger.answer import refuse


class Graph:
    """Calls for any page of one app; threads may share it.

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
        self._caller = Caller(pool_size=pool_size, timeouts=timeouts)

    def close(self) -> None:
        self._caller.close()

    def ask(
        self,
        method: str,
        path: str,
        token: str,
        *,
        query: Mapping[str, str] | None = None,
        body: object = None,
        ordinary: bool = False,
        **parts: Any,
    ) -> dict[str, Any]:
        """The JSON object of a good answer. body: sent as JSON. parts: a multipart body. Raises SendError."""
        proof = {"access_token": token, "appsecret_proof": appsecret_proof(token, self._app_secret)}
        if body is not None:
            parts = {"data": msgspec.json.encode(body), "headers": {"Content-Type": "application/json"}}
        answered = self._caller.call(method, f"{self._root}/{path}", params={**(query or {}), **proof}, **parts)
        refuse(answered.status, answered.headers, answered.content, ordinary=ordinary)
        return msgspec.json.decode(answered.content, type=dict[str, Any])

    def ready(self, path: str, token: str, body: object) -> Call:
        """A POST of this body, for whoever makes it."""
        return Call(_address(self._root, path, token, self._app_secret), msgspec.json.encode(body))

    def make(self, call: Call) -> Answered:
        """Make a call that is ready, through `requests`. Raises SendError."""
        return self._caller.make(call)

    def done(self, path: str, token: str, *, query: Mapping[str, str] | None = None, body: object = None) -> None:
        """A POST whose answer only says that it worked, in one of Graph's spellings. Raises SendError."""
        answer = self.ask("POST", path, token, query=query, body=body)
        if answer.get("success") not in (True, "true") and answer.get("result") != "success":
            raise SendError("Graph does not say that it is done", reason=Reason.UNREACHABLE, unknown=True)


@lru_cache(maxsize=256)
def _address(root: str, path: str, token: str, app_secret: str) -> str:
    """The same for all messages of a page. Kept: the proof and the quoting cost more than the message's JSON."""
    query = {"access_token": token, "appsecret_proof": appsecret_proof(token, app_secret)}
    return f"{root}/{path}?{urlencode(query)}"


def appsecret_proof(token: str, app_secret: str) -> str:
    """What shows Graph that the token is used by the app itself."""
    return hmac.digest(app_secret.encode(), token.encode(), "sha256").hex()


@lru_cache(maxsize=256)
def path_of(external_id: str) -> str:
    """An id as one part of a path."""
    return quote(external_id, safe="")
