"""What an answer of Graph says: it is done, or a `Refused`. Sources: those of `verdict`; RFC 9110 for `Retry-After`."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from bot.reply import Reason, SendError
from handlers.channels.messenger.verdict import FORBIDDEN, LATER, THROTTLED, UNABLE, verdict

SECONDS = re.compile(r"[0-9]{1,6}")
TRACE = re.compile(r"[\w+/=.-]{1,64}", re.ASCII)
LONGEST = 1_000_000.0
UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class GraphError(msgspec.Struct, frozen=True):
    code: int = 0
    error_subcode: int | None = None
    is_transient: bool = False
    fbtrace_id: Any = ""


class Answer(msgspec.Struct, frozen=True):
    error: GraphError | None = None


class Usage(msgspec.Struct, frozen=True):
    estimated_time_to_regain_access: float = 0  # minutes


class Refused(SendError):
    """Graph's own no: its code and subcode (0 for none), and what they mean as a `SendError`."""

    def __init__(self, message: str, *, code: int, subcode: int, **meaning: Any) -> None:
        super().__init__(message, **meaning)
        self.code = code
        self.subcode = subcode


def refuse(status: int, headers: Mapping[str, str], content: bytes, *, ordinary: bool = True) -> None:
    """Return if an answer says that it is done, raise SendError if not.

    An answer that is not Graph's own (a proxy's page, half a body, a redirect) leaves open whether it was done, and so
    does a passing failure with a 5xx. ordinary: a plain reply; what needs a right of its own (a staff tag, a template)
    may be refused without the page losing all.
    """
    try:
        error = msgspec.convert(msgspec.json.decode(content), Answer, strict=False).error
    except UNREADABLE:
        raise unanswered(status, "an answer", headers) from None
    if error is None:
        if status == 200:
            return
        raise unanswered(status, "an error", headers)
    subcode = error.error_subcode or 0
    found = verdict(error.code, subcode, passing=error.is_transient or status >= 500, throttled=status == 429)
    if found is None:
        return
    if found is UNABLE and not ordinary:
        found = FORBIDDEN
    trace = error.fbtrace_id if isinstance(error.fbtrace_id, str) and TRACE.fullmatch(error.fbtrace_id) else "-"
    advice = f": {found.advice}" if found.advice else ""
    raise Refused(
        f"{found.reason.value} {error.code}/{subcode} trace {trace}{advice}",
        code=error.code,
        subcode=subcode,
        reason=found.reason,
        permanent=found.permanent,
        waits=found.waits,
        retry_after=pause(headers) if found in (LATER, THROTTLED) else None,
        unknown=found is LATER and status >= 500,
        whole_account=found.whole_account,
        pauses=found.pauses,
    )


def unanswered(status: int, wanted: str, headers: Mapping[str, str]) -> SendError:
    """The error for an answer that does not say what became of the request."""
    return SendError(
        f"HTTP {status} without {wanted}", reason=Reason.UNREACHABLE, unknown=True, retry_after=pause(headers)
    )


def pause(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait by `Retry-After`, else the longest wait in `X-Business-Use-Case-Usage`; None without either."""
    asked = headers.get("Retry-After", "")
    if SECONDS.fullmatch(asked):
        return float(asked)
    until, sent = _moment(asked), _moment(headers.get("Date", ""))
    if until is not None and sent is not None:  # both by the platform's own clock
        return min(max((until - sent).total_seconds(), 0.0), LONGEST)
    try:
        usage = msgspec.json.decode(
            headers.get("X-Business-Use-Case-Usage", "{}"), type=dict[str, list[Usage]], strict=False
        )
    except UNREADABLE:
        return None
    return _longest(minutes for uses in usage.values() for minutes in uses)


def _longest(uses: Iterable[Usage]) -> float | None:
    longest = max((use.estimated_time_to_regain_access for use in uses), default=0.0) * 60
    return min(longest, LONGEST) if longest > 0 else None


def _moment(value: str) -> datetime | None:
    """An HTTP date, aware; None for anything else."""
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else None
