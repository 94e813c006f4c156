"""Where Meta knocks: the handshake, and deliveries that are answered with 200 once they are stored."""

from collections.abc import Callable, Sequence
from datetime import datetime

from flask import Blueprint, Response, abort, request

from bot.inbox import Door, Down
from handlers.channels.messenger import codec
from handlers.channels.messenger.verify import handshake, signed

CHANNEL = "messenger"
PATH = "/webhooks/messenger"
MAX_BODY = 1024 * 1024
SIGNATURE_HEADER = "X-Hub-Signature-256"
ANSWERS = {200: "EVENT_RECEIVED", 403: "wrong signature", 413: "too large", 503: "try again"}


def receive(raw: bytes, signature: str | None, door: Door, secrets: Sequence[str], now: datetime) -> int:
    """Take one delivery and return the HTTP status: 200 stored, 403 not from Meta, 413 too large, 503 not stored.

    What is signed but cannot be read, or is not about a page, is kept as it came: an error would only bring it back.
    """
    if len(raw) > MAX_BODY:
        return 413
    if not signed(raw, signature, secrets):
        return 403
    payload = codec.read_body(raw)
    if isinstance(payload, codec.Unreadable):
        inbounds = [codec.kept(raw, "unreadable", now)]
    else:
        try:
            inbounds = codec.parse(payload, now) or [codec.kept(raw, "strange", now)]
        except RecursionError:
            inbounds = [codec.kept(raw, "unreadable", now)]
    try:
        door.accept(CHANNEL, inbounds)
    except Down:
        return 503
    return 200


def blueprint(
    door: Door,
    secrets: Sequence[str],
    verify_token: str,
    now: Callable[[], datetime],
    refused: Callable[[], None],
) -> Blueprint:
    """The two routes. secrets: the app's secret, and during a rotation the one before; none: the channel is off, 404.

    refused: called for every wrong signature, for a counter.
    """
    routes = Blueprint(CHANNEL, __name__)

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
        raw = request.get_data(cache=False)
        status = receive(raw, request.headers.get(SIGNATURE_HEADER), door, secrets, now())
        if status == 403:
            refused()
        return _plain(ANSWERS[status], status)

    return routes


def _plain(text: str, status: int) -> Response:
    """Never HTML: the challenge is a stranger's text."""
    return Response(text, status, {"X-Content-Type-Options": "nosniff"}, content_type="text/plain; charset=utf-8")
