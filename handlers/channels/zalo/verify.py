"""Is it really Zalo that calls? A plain SHA-256 over `app_id + raw body + timestamp + secret`, no HMAC.

Source: "Official Account API / Webhook" ("X-ZEvent-Signature"). People report deliveries that begin with the OA's id
instead of the app's, and that end with the time of the header `X-ZEvent-Timestamp` instead of the body's. So there are
four variants, and the setting names one or lets any of them count.
"""

import hashlib
import hmac
import re
from collections.abc import Collection, Sequence
from typing import Any

from handlers.wire import Unreadable, id_of, read_body

VARIANTS = ("app-body", "app-header", "oa-body", "oa-header")
SIGNATURE = re.compile(r"(?:mac ?= ?)?([0-9a-f]{64})")
PROBE = re.compile(rb"[ \t\r\n]*\{[ \t\r\n]*\}[ \t\r\n]*")
TIME = re.compile(r"[0-9]{1,20}")
TIME_IN_RUINS = re.compile(rb'"timestamp"[ \t\r\n]*:[ \t\r\n]*"?([0-9]{1,20})')
MOST_TIMES = 4


def signed(
    raw: bytes,
    signature_header: str | None,
    timestamp_header: str | None,
    secrets: Sequence[str],
    app_ids: Collection[str],
    *,
    variant: str = "auto",
) -> str:
    """Which variant the signature fits, "" if none: over these very bytes, under any of the secrets.

    app_ids: ours. A body that names another app is refused; one that names none, or cannot be read, may be of any.
    variant: one of `VARIANTS`, or "auto" for all, in that order.
    """
    match = SIGNATURE.fullmatch(signature_header or "")
    if match is None:
        return ""
    claimed = bytes.fromhex(match[1])
    body = read_body(raw)
    fields = body if isinstance(body, dict) else {}
    named = id_of(fields.get("app_id"))
    if named and named not in app_ids:
        return ""
    firsts = {"app": [named] if named else list(app_ids), "oa": _oa_ids(fields)}
    at_header = timestamp_header or ""
    times = {"body": _times(body, raw), "header": [at_header] if TIME.fullmatch(at_header) else []}
    for name in VARIANTS if variant == "auto" else [variant]:
        first, _, time = name.partition("-")
        if any(_fits(claimed, begin, raw, times[time], secrets) for begin in firsts[first]):
            return name
    return ""


def is_probe(raw: bytes) -> bool:
    """Whether it is the empty object that the console posts, unsigned, before it keeps a new address."""
    return PROBE.fullmatch(raw) is not None


def _fits(claimed: bytes, begin: str, raw: bytes, times: Sequence[str], secrets: Sequence[str]) -> bool:
    hashed = hashlib.sha256(begin.encode())
    hashed.update(raw)
    for time in times:
        for secret in filter(None, secrets):
            whole = hashed.copy()
            whole.update(f"{time}{secret}".encode())
            if hmac.compare_digest(claimed, whole.digest()):
                return True
    return False


def _oa_ids(fields: dict[str, Any]) -> list[str]:
    """Whatever in the body may be the id of the OA."""
    ends = [end.get("id") for end in (fields.get("recipient"), fields.get("sender")) if isinstance(end, dict)]
    ids = map(id_of, (fields.get("oa_id"), fields.get("oaId"), *ends))
    return list(dict.fromkeys(filter(None, ids)))


def _times(body: object, raw: bytes) -> list[str]:
    """The body's own timestamp as text, as far as a broken body still shows one; "" where there is none."""
    if isinstance(body, Unreadable):
        found = TIME_IN_RUINS.findall(raw)
        return [time.decode() for time in dict.fromkeys(found[:MOST_TIMES])] or [""]
    time = body.get("timestamp") if isinstance(body, dict) else None
    return [str(time)] if isinstance(time, str | int) and not isinstance(time, bool) else [""]
