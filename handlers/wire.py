"""What every platform's JSON has in common: bodies, ids and moments that may look like anything, and keys.

Pure: no clock, no network, no product.
"""

import hashlib
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, get_args

import msgspec

from bot.event import Inbound, Other, Silent

T = TypeVar("T", bound=msgspec.Struct)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST_ITEMS = 1000
"""Of one body; "webhooks": at most so many updates come together."""
ID = re.compile(r"[!-~]{1,128}")
MESSAGE_ID = re.compile(r"[!-~]{1,1024}")
TIMESTAMP = re.compile(r"[1-9](?:[0-9]{0,10}|[0-9]{12,13})")  # seconds, or milliseconds from 2001 on
ESCAPE = re.compile(  # group 1: half a surrogate pair
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A body that is no JSON object that we can hold; `why` names no content."""

    why: str


def read_body(raw: bytes) -> object | Unreadable:
    """The JSON object of a request body. Half a surrogate pair becomes U+FFFD; of a repeated name the last one counts.

    Not readable: bytes that are not UTF-8, NaN and numbers out of range, nesting beyond the interpreter's depth, and
    anything but an object at the top. Raises nothing.
    """
    try:
        payload = msgspec.json.decode(raw)
    except RecursionError:
        return Unreadable("nested too deeply")
    except (msgspec.MsgspecError, UnicodeDecodeError):
        try:
            payload = msgspec.json.decode(ESCAPE.sub(_mended, raw))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return Unreadable("not JSON")
    return payload if isinstance(payload, dict) else Unreadable("not an object")


def kept(raw: bytes, kind: str, now: datetime) -> Inbound:
    """A whole body that is stored as it came because nothing in it could be read."""
    return Inbound("", "", f"{kind}:{hashlib.sha256(raw).hexdigest()}", now, Silent(kind), raw)


def events_in(raw: bytes, now: datetime, parse: Callable[[object], list[Inbound]]) -> list[Inbound]:
    """Everything that a body tells, at least one: what cannot be read, or is about nothing of ours, is kept as it came.

    An error would only bring it back. parse: a codec's; a RecursionError of it is caught here.
    """
    payload = read_body(raw)
    if isinstance(payload, Unreadable):
        return [kept(raw, "unreadable", now)]
    try:
        return parse(payload) or [kept(raw, "strange", now)]
    except RecursionError:
        return [kept(raw, "unreadable", now)]


def unreadable(account: str, item: object, now: datetime) -> Inbound:
    """One part of a body that could not be read, with its JSON."""
    raw = msgspec.json.encode(item, order="sorted")
    return Inbound(account, "", f"unreadable:{digest(item)}", now, Silent("unreadable"), raw)


def salvaged(value: object, kind: type[T]) -> T | None:
    """What can be read of a value that `msgspec.convert` refuses for this kind: the odd parts are left out.

    None if nothing can be read.
    """
    with suppress(msgspec.ValidationError):
        found: T = _salvaged(value, kind)
        return found
    return None


def tells(found: Inbound) -> bool:
    """Whether what was salvaged is worth more than its JSON: silence and an empty message are not, but an echo is."""
    if isinstance(found.event, Silent):
        return found.event.kind == "echo"
    return found.event != Other("empty")


def _salvaged(value: object, kind: Any) -> Any:
    """Raises ValidationError."""
    with suppress(msgspec.ValidationError):
        return msgspec.convert(value, kind)
    for one in get_args(kind) or (kind,):  # of `Party | None` each
        if isinstance(value, dict) and isinstance(one, type) and issubclass(one, msgspec.Struct):
            found = {}
            for field in msgspec.structs.fields(one):
                with suppress(msgspec.ValidationError):
                    if field.encode_name in value:
                        found[field.name] = _salvaged(value[field.encode_name], field.type)
            if found:
                return one(**found)
    raise msgspec.ValidationError


def id_of(value: object) -> str:
    """An id as a string of visible ASCII (the database takes no NUL), empty for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return ""
    return str(value) if ID.fullmatch(str(value)) else ""


def moment(timestamp: object, now: datetime) -> datetime:
    """Seconds or milliseconds, as a number or a string; `now` where it is neither."""
    if isinstance(timestamp, bool) or not TIMESTAMP.fullmatch(str(timestamp)):
        return now
    number = int(str(timestamp))
    return EPOCH + (timedelta(milliseconds=number) if number >= 10**12 else timedelta(seconds=number))


def key_of(kind: str, message_id: str | None, raw: object) -> str:
    """What makes it the same event next time: kind and message id, or a hash of the whole item, never of the words."""
    return f"{kind}:{message_id}" if MESSAGE_ID.fullmatch(message_id or "") else f"{kind}:{digest(raw)}"


def digest(item: object) -> str:
    return hashlib.sha256(msgspec.json.encode(item, order="sorted")).hexdigest()


def items_of(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _mended(escape: re.Match[bytes]) -> bytes:
    return rb"\ufffd" if escape[1] else escape[0]
