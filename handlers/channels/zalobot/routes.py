"""Where a Zalo bot's deliveries come in: answered with 200 once they are stored."""

from collections.abc import Callable, Sequence
from datetime import datetime

from flask import Blueprint, Response, abort, request

from bot.inbox import Door, Down
from handlers.channels.zalobot import codec
from handlers.channels.zalobot.verify import known
from handlers.wire import events_in

CHANNEL = "zalobot"
PATH = "/webhooks/zalobot"
MAX_BODY = 1024 * 1024
SECRET_HEADER = "X-Bot-Api-Secret-Token"  # noqa: S105 (the header's name)
ANSWERS = {200: "ok", 403: "wrong secret", 413: "too large", 503: "try again"}


def receive(raw: bytes, header: str | None, door: Door, secrets: Sequence[str], *, account: str, now: datetime) -> int:
    """Take one delivery and return the HTTP status: 200 stored, 403 not from Zalo, 413 too large, 503 not stored.

    What comes with the secret but cannot be read, or is no update, is kept as it came: an error would only bring it
    back.
    """
    if len(raw) > MAX_BODY:
        return 413
    if not known(header, secrets):
        return 403
    try:
        door.accept(CHANNEL, events_in(raw, now, lambda payload: codec.parse(payload, account, now)))
    except Down:
        return 503
    return 200


def blueprint(
    door: Door, secrets: Sequence[str], account: str, now: Callable[[], datetime], refused: Callable[[], None]
) -> Blueprint:
    """The one route. secrets: what was given with `setWebhook`, and during a rotation the one before.

    account: the bot's own id, which a delivery does not carry. Without it or a secret the channel is off, 404.
    refused: called for every wrong secret, for a counter.
    """
    routes = Blueprint(CHANNEL, __name__)

    @routes.before_request
    def only_if_set_up() -> None:
        if not any(secrets) or not account:
            abort(404)

    @routes.post(PATH)
    def hear() -> Response:
        request.max_content_length = MAX_BODY + 1  # without Content-Length the body silently ends here
        raw = request.get_data(cache=False)
        status = receive(raw, request.headers.get(SECRET_HEADER), door, secrets, account=account, now=now())
        if status == 403:
            refused()
        return Response(ANSWERS[status], status, content_type="text/plain; charset=utf-8")

    return routes
