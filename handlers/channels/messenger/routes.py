"""Where Meta knocks: the handshake, deliveries that are answered with 200 once they are stored, and wishes to be
forgotten."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from flask import Blueprint, Response, abort, request

from bot.inbox import Door, Down
from handlers.channels.messenger import codec
from handlers.channels.messenger.deletion import signed_request
from handlers.channels.messenger.verify import handshake, signed
from handlers.wire import events_in

CHANNEL = "messenger"
PATH = "/webhooks/messenger"
DELETION_PATH = "/privacy/messenger-deletion"
MAX_BODY = 1024 * 1024
MAX_FORM = 64 * 1024
SIGNATURE_HEADER = "X-Hub-Signature-256"
SIGNATURE = "HTTP_X_HUB_SIGNATURE_256"  # the same in a WSGI environment
ANSWERS = {200: "EVENT_RECEIVED", 403: "wrong signature", 413: "too large", 503: "try again"}


def receive(
    raw: bytes, signature: str | None, door: Door, secrets: Sequence[str], now: datetime, *, app_id: str = ""
) -> int:
    """Take one delivery and return the HTTP status: 200 stored, 403 not from Meta, 413 too large, 503 not stored.

    What is signed but cannot be read, or is not about a page, is kept as it came: an error would only bring it back.
    app_id: of our own app, empty if we do not know it.
    """
    if len(raw) > MAX_BODY:
        return 413
    if not signed(raw, signature, secrets):
        return 403
    try:
        door.accept(CHANNEL, events_in(raw, now, lambda payload: codec.parse(payload, now, app_id)))
    except Down:
        return 503
    return 200


def make_take(
    door: Door, secrets: Sequence[str], now: Callable[[], datetime], refused: Callable[[], None], *, app_id: str = ""
) -> Callable[[bytes, Mapping[str, Any]], tuple[int, str]]:
    """What answers a delivery, whoever read its body: from the body and its WSGI environment the status and the words.

    refused: called for every wrong signature, for a counter.
    """

    def take(raw: bytes, environ: Mapping[str, Any]) -> tuple[int, str]:
        status = receive(raw, environ.get(SIGNATURE), door, secrets, now(), app_id=app_id)
        if status == 403:
            refused()
        return status, ANSWERS[status]

    return take


def blueprint(
    door: Door,
    secrets: Sequence[str],
    verify_token: str,
    now: Callable[[], datetime],
    refused: Callable[[], None],
    *,
    app_id: str = "",
    asked_to_forget: Callable[[str], tuple[str, str]] | None = None,
    takes: dict[str, Callable[[bytes, Mapping[str, Any]], tuple[int, str]]] | None = None,
) -> Blueprint:
    """The routes. secrets: the app's secret, and during a rotation the one before; none: the channel is off, 404.

    refused: called for every wrong signature, for a counter. app_id: of our own app, empty if we do not know it.
    asked_to_forget: keeps a person's request by the app's own id of her, the same one for the same person, and returns
    where she reads what became of it, and her code; raises `Down` if it could not be kept. None: no such route.
    takes: is given what the webhook's view calls, by its path, for whoever may answer before Flask.
    """
    routes = Blueprint(CHANNEL, __name__)
    take = make_take(door, secrets, now, refused, app_id=app_id)
    if takes is not None and any(secrets):
        takes[PATH] = take

    @routes.before_request
    def only_if_set_up() -> None:
        if not any(secrets):
            abort(404)

    @routes.get(PATH)
    def greet() -> Response:
        asked = request.args
        challenge = handshake(
            asked.get("hub.mode"), asked.get("hub.verify_token"), asked.get("hub.challenge"), verify_token
        )
        return _plain("wrong token", 403) if challenge is None else _plain(challenge, 200)

    @routes.post(PATH)
    def hear() -> Response:
        request.max_content_length = MAX_BODY + 1  # without Content-Length the body silently ends here
        status, words = take(request.get_data(cache=False), request.environ)
        return _plain(words, status)

    if asked_to_forget is not None:

        @routes.post(DELETION_PATH)
        def forget() -> Response:
            request.max_content_length = MAX_FORM
            asked = request.form.get("signed_request")
            if not asked:
                return _plain("no signed_request", 400)
            person = signed_request(asked, secrets)
            if person is None:
                refused()
                return _plain("wrong signature", 403)
            try:
                url, code = asked_to_forget(person)
            except Down:
                return _plain("try again", 503)
            return _json({"url": url, "confirmation_code": code})

    return routes


def _plain(text: str, status: int) -> Response:
    """Never HTML: the challenge is a stranger's text."""
    return Response(text, status, {"X-Content-Type-Options": "nosniff"}, content_type="text/plain; charset=utf-8")


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), 200, {"X-Content-Type-Options": "nosniff"}, mimetype="application/json")
