"""Where Zalo knocks: deliveries, answered with 200 once they are stored, and the proof that the domain is ours."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any

import structlog
from flask import Blueprint, Response, abort, request
from markupsafe import escape

from bot.event import Inbound, Silent
from bot.inbox import Door, Down
from handlers.channels.zalo import codec
from handlers.channels.zalo.verify import is_probe, signed
from handlers.wire import events_in

CHANNEL = "zalo"
PATH = "/webhooks/zalo"
MAX_BODY = 1024 * 1024
SIGNATURE_HEADER, TIMESTAMP_HEADER = "X-ZEvent-Signature", "X-ZEvent-Timestamp"
SIGNATURE, TIMESTAMP = "HTTP_X_ZEVENT_SIGNATURE", "HTTP_X_ZEVENT_TIMESTAMP"  # the same in a WSGI environment
ANSWERS = {200: "OK", 403: "wrong signature", 413: "too large", 503: "try again"}

log = structlog.get_logger(__name__)


def nobody(_user_id: str) -> str:
    """An `oa_of` that knows no one."""
    return ""


def receive(
    raw: bytes,
    signature: str | None,
    timestamp_header: str | None,
    door: Door,
    *,
    secrets: Sequence[str],
    app_ids: Collection[str],
    variant: str,
    now: datetime,
    matched: Callable[[str], None],
    oa_of: Callable[[str], str] = nobody,
) -> int:
    """Take one delivery and return the HTTP status: 200 stored, 403 not from Zalo, 413 too large, 503 not stored.

    The console's probe gets 200 and nothing is stored. What is signed but cannot be read is kept as it came: an error
    would only bring it back. matched: called with the variant that the signature fitted. oa_of: the OA that knows a
    user, "" for none; for `user_withdraw`, which names no OA. It may raise `Down`.
    """
    if len(raw) > MAX_BODY:
        return 413
    if is_probe(raw):
        return 200
    fitted = signed(raw, signature, timestamp_header, secrets, app_ids, variant=variant)
    if not fitted:
        return 403
    matched(fitted)
    try:
        door.accept(CHANNEL, [_placed(one, oa_of) for one in _read(raw, now)])
    except Down:
        return 503
    return 200


def make_take(
    door: Door,
    *,
    secrets: Sequence[str],
    app_ids: Collection[str],
    variant: str,
    now: Callable[[], datetime],
    matched: Callable[[str], None],
    refused: Callable[[], None],
    oa_of: Callable[[str], str] = nobody,
) -> Callable[[bytes, Mapping[str, Any]], tuple[int, str]]:
    """What answers a delivery, whoever read its body: from the body and its WSGI environment the status and the words.

    refused: called for every wrong signature, for a counter.
    """

    def take(raw: bytes, environ: Mapping[str, Any]) -> tuple[int, str]:
        status = receive(
            raw,
            environ.get(SIGNATURE),
            environ.get(TIMESTAMP),
            door,
            secrets=secrets,
            app_ids=app_ids,
            variant=variant,
            now=now(),
            matched=matched,
            oa_of=oa_of,
        )
        if status == 403:
            refused()
        return status, ANSWERS[status]

    return take


def blueprint(
    door: Door,
    *,
    secrets: Sequence[str],
    app_ids: Collection[str],
    variant: str,
    verifier: str,
    now: Callable[[], datetime],
    matched: Callable[[str], None],
    refused: Callable[[], None],
    oa_of: Callable[[str], str] = nobody,
    takes: dict[str, Callable[[bytes, Mapping[str, Any]], tuple[int, str]]] | None = None,
) -> Blueprint:
    """The webhook and the verifier's page. secrets, app_ids: without one of each the channel is off, 404.

    verifier: the code of the file by which Zalo proves the domain, "" for none; it is asked for before anything else is
    set up. refused: called for every wrong signature, for a counter. takes: is given what the webhook's view calls, by
    its path, for whoever may answer before Flask.
    """
    routes = Blueprint(CHANNEL, __name__)
    is_on = any(secrets) and any(app_ids)
    take = make_take(
        door,
        secrets=secrets,
        app_ids=app_ids,
        variant=variant,
        now=now,
        matched=matched,
        refused=refused,
        oa_of=oa_of,
    )
    if takes is not None and is_on:
        takes[PATH] = take

    @routes.post(PATH)
    def hear() -> Response:
        if not is_on:
            abort(404)
        request.max_content_length = MAX_BODY + 1  # without Content-Length the body silently ends here
        status, words = take(request.get_data(cache=False), request.environ)
        return _answer(words, status, "text/plain")

    @routes.get("/zalo_verifier<code>.html")
    def prove(code: str) -> Response:
        if not verifier or code != verifier:
            abort(404)
        shown = escape(verifier)
        page = (
            '<!DOCTYPE html>\n<html lang="vi"><head><meta charset="utf-8"><title>Zalo</title>\n'
            f'<meta property="zalo-platform-site-verification" content="{shown}" />\n'
            f"</head><body>{shown}</body></html>\n"
        )
        return _answer(page, 200, "text/html")

    return routes


def _read(raw: bytes, now: datetime) -> list[Inbound]:
    found = events_in(raw, now, lambda payload: codec.parse(payload, now))
    for one in found:
        if isinstance(one.event, Silent) and one.event.kind not in OURS and not codec.is_known(one.event.kind):
            _tell_once(one.event.kind)
    return found


OURS = ("echo", "no_sender", "reaction", "strange", "unreadable")
"""Kinds of silence that are no names of Zalo's."""


@lru_cache(maxsize=256)
def _tell_once(name: str) -> None:
    """New kinds of events appear without notice: somebody should hear of each once."""
    log.warning("zalo_event_unknown", event_name=name)


def _placed(one: Inbound, oa_of: Callable[[str], str]) -> Inbound:
    return replace(one, account=oa_of(one.sender)) if one.sender and not one.account else one


def _answer(text: str, status: int, mimetype: str) -> Response:
    return Response(text, status, {"X-Content-Type-Options": "nosniff"}, content_type=f"{mimetype}; charset=utf-8")
