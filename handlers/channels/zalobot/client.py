"""A Zalo bot's API: replies out, what a refusal means, and the few calls that set a bot up.

Sources: docs.zaloplatforms.com/docs/BOT, pages "apis/…" and the table of error codes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from bot.reply import Reason, SendError
from handlers.calling import Answered, Caller

SECONDS = re.compile(r"[0-9]{1,6}")
UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Bot:
    """Who a token speaks for."""

    id: str
    name: str


class Answer(msgspec.Struct, frozen=True):
    ok: bool
    result: Any = None
    error_code: int | None = None
    description: str | None = None


class Identity(msgspec.Struct, frozen=True):
    id: str
    account_name: str = ""


class Hook(msgspec.Struct, frozen=True):
    url: str = ""


Shape = TypeVar("Shape", Identity, Hook)


class ZaloBotClient:
    """Calls for any bot; threads may share it. The token is part of every address, so none is ever shown."""

    def __init__(self, api_url: str, caller: Caller) -> None:
        self._root = api_url.rstrip("/")
        self._caller = caller

    def send(self, token: str, chat_id: str, message: Mapping[str, Any]) -> None:
        """Send one message of `codec.render`. Raises SendError; after a time-out or half an answer she may have it.

        A picture that is refused takes no words with it: they go alone.
        """
        if "photo" not in message:
            self._call(token, "sendMessage", {"chat_id": chat_id, **message})
            return
        try:
            self._call(token, "sendPhoto", {"chat_id": chat_id, **message})
        except SendError as error:
            if error.reason is not Reason.SHAPE:
                raise
            if "caption" not in message:
                raise SendError(f"media: {error}", reason=Reason.MEDIA, permanent=True) from error
            self._call(token, "sendMessage", {"chat_id": chat_id, "text": message["caption"]})

    def get_me(self, token: str) -> Bot:
        """Raises SendError."""
        identity = _read(self._call(token, "getMe", {}), Identity)
        return Bot(identity.id, identity.account_name)

    def set_webhook(self, token: str, url: str, secret: str) -> None:
        """Let deliveries come to `url`, each with `secret` (8 to 256 characters). Raises SendError."""
        self._call(token, "setWebhook", {"url": url, "secret_token": secret})

    def webhook_info(self, token: str) -> str:
        """Where deliveries go; empty if nowhere. Raises SendError."""
        answer = self._ask(token, "getWebhookInfo", {})
        if _code(*answer) == 404:  # the answer while none is set
            return ""
        return _read(_granted(*answer), Hook).url

    def _call(self, token: str, method: str, body: Mapping[str, Any]) -> Any:
        return _granted(*self._ask(token, method, body))

    def _ask(self, token: str, method: str, body: Mapping[str, Any]) -> tuple[Answered, Answer | None]:
        """The answer, and what is in it; None where that is not the platform's own."""
        answered = self._caller.call(
            "POST",
            f"{self._root}/bot{quote(token, safe=':')}/{method}",
            data=msgspec.json.encode(body),
            headers={"Content-Type": "application/json"},
        )
        try:
            return answered, msgspec.json.decode(answered.content, type=Answer, strict=False)
        except UNREADABLE:
            return answered, None


def _granted(answered: Answered, answer: Answer | None) -> Any:
    """The `result` of a call that was carried out. Raises SendError for any other."""
    if answer is not None and answer.ok and answered.status < 300:
        return answer.result
    raise _refusal(answered, answer)


def _refusal(answered: Answered, answer: Answer | None) -> SendError:
    """What a refusal means. The description is read and not told: it may repeat what we sent."""
    code = _code(answered, answer)
    if code == 401:
        return SendError("token 401", reason=Reason.TOKEN, pauses=True)
    if answer is None or answer.ok:
        return SendError(f"HTTP {answered.status} without an answer", reason=Reason.UNREACHABLE, unknown=True)
    wait = _pause(answered.headers)
    match code:
        case 403:  # she blocked the bot, or never wrote to it
            return SendError("gone 403", reason=Reason.GONE, waits=True)
        case 404:
            return SendError("stranger 404", reason=Reason.STRANGER, waits=True)
        case 408:
            return SendError("later 408", reason=Reason.LATER, unknown=True, retry_after=wait)
        case 429:
            spent = wait is None and "quota" in (answer.description or "").lower()
            reason = Reason.QUOTA if spent else Reason.THROTTLED
            return SendError(f"{reason.value} 429", reason=reason, whole_account=True, retry_after=wait)
        case _ if code >= 500:
            return SendError(f"later {code}", reason=Reason.LATER, unknown=True, retry_after=wait)
        case _:
            return SendError(f"shape {code}", reason=Reason.SHAPE, permanent=True)


def _code(answered: Answered, answer: Answer | None) -> int:
    """Its own error code, which may come with HTTP 200; else the HTTP status."""
    return answer.error_code if answer is not None and not answer.ok and answer.error_code else answered.status


def _pause(headers: Mapping[str, str]) -> float | None:
    seconds = headers.get("Retry-After", "")
    return float(seconds) if SECONDS.fullmatch(seconds) else None


def _read(result: Any, shape: type[Shape]) -> Shape:
    try:
        return msgspec.convert(result, shape, strict=False)
    except msgspec.ValidationError:
        raise SendError("an answer of another shape", reason=Reason.UNREACHABLE) from None
