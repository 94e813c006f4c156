"""The web chat's two addresses: messages come in, replies go out as server-sent events."""

import hashlib
import json
import secrets as dice
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, Request, Response, jsonify, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import RequestEntityTooLarge

from bot.inbox import Door, Down
from bot.outbox import Outgoing, mark_seen, newest_id, waiting_for
from catalog.db import Database
from handlers.channels.web.codec import parse, parse_ack
from handlers.channels.web.stream import Pace, Streams
from handlers.channels.web.verify import COOKIE, COOKIE_DAYS, Visitors

MAX_BODY = 64 * 1024
PRODUCER = ".p"
"""Ends the address of a visitor who speaks as the demo's producer; a visitor's id holds no dot."""


@dataclass(frozen=True, slots=True)
class Site:
    """The account that the page speaks for. demo: a visitor may also speak as the demo's producer."""

    external_id: str
    account_id: int
    demo: bool


@dataclass(frozen=True, slots=True)
class Visit:
    site: Site
    visitor: str
    address: str


class Refusal(Exception):
    """Answered as JSON `{"error": …}` with this status."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


class Chat:
    """What both addresses share: who is asking, and what her browser has."""

    def __init__(
        self,
        door: Door,
        database: Database,
        site: Callable[[], Site],
        visitors: Visitors,
        now: Callable[[], datetime],
        *,
        secure: bool,
        pace: Pace,
    ) -> None:
        self._door = door
        self._database = database
        self._site = site
        self._visitors = visitors
        self._now = now
        self._secure = secure
        self._streams = Streams(self._newest, pace)

    def messages(self) -> Response:
        body = _json(request)
        who = self._visit()
        try:
            ack = parse_ack(body)
            inbound = parse(body, who.address, who.site.external_id, self._now()) if ack is None else None
        except ValueError as error:
            raise Refusal(400, str(error)) from error
        try:
            if inbound is not None:
                self._door.accept("web", [inbound])
            elif ack:
                self._seen(who, ack)
        except (Down, SQLAlchemyError) as error:
            raise _down() from error
        response = jsonify(visitor=_tag(who.address))
        response.status_code = 202
        return self._remembered(response, who)

    def stream(self) -> Response:
        who = self._visit()
        last = _last_id(request)
        if last:
            try:
                self._seen(who, last)
            except SQLAlchemyError as error:
                raise _down() from error

        def replies() -> list[Outgoing]:
            with self._database.reading() as db:
                return waiting_for(db, who.site.account_id, who.address, last)

        stay = request.args.get("once") != "1"
        response = Response(self._streams.follow(replies, stay), mimetype="text/event-stream")
        response.headers["X-Accel-Buffering"] = "no"
        return self._remembered(response, who)

    def _visit(self) -> Visit:
        try:
            here = self._site()
        except SQLAlchemyError as error:
            raise _down() from error
        visitor = self._visitors.known(request.cookies.get(COOKIE)) or self._visitors.newcomer()
        if request.args.get("as") != "producer":
            return Visit(here, visitor, visitor)
        if not here.demo:
            raise Refusal(403, "Only the demo lets a visitor speak as a producer.")
        return Visit(here, visitor, visitor + PRODUCER)

    def _seen(self, who: Visit, up_to_id: int) -> None:
        """Her browser has these. Writes only where there is something to write."""
        with self._database.reading() as db:
            unsent = waiting_for(db, who.site.account_id, who.address)
        if any(reply.id <= up_to_id for reply in unsent):
            with self._database.writing() as db:
                mark_seen(db, who.site.account_id, who.address, up_to_id, self._now())

    def _remembered(self, response: Response, who: Visit) -> Response:
        response.set_cookie(
            COOKIE,
            self._visitors.cookie(who.visitor),
            max_age=COOKIE_DAYS * 24 * 3600,
            secure=self._secure,
            httponly=True,
            samesite="Lax",
        )
        response.headers["Cache-Control"] = "no-store, no-transform"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    def _newest(self) -> int:
        with self._database.reading() as db:
            return newest_id(db, "web")


def blueprint(
    door: Door,
    database: Database,
    site: Callable[[], Site],
    secrets: Sequence[str],
    *,
    secure: bool,
    now: Callable[[], datetime],
    new_id: Callable[[], str] = lambda: dice.token_urlsafe(16),
    pace: Pace | None = None,
) -> Blueprint:
    """`POST /chat/messages` and `GET /chat/stream`.

    site: looked up at every request; may raise SQLAlchemyError. secrets: newest first. secure: the cookie goes over
    https only. new_id: see `Visitors`.
    """
    chat = Chat(door, database, site, Visitors(secrets, new_id), now, secure=secure, pace=pace or Pace())
    web = Blueprint("web_chat", __name__)
    web.add_url_rule("/chat/messages", "messages", chat.messages, methods=["POST"])
    web.add_url_rule("/chat/stream", "stream", chat.stream)
    web.register_error_handler(Refusal, _refused)
    return web


def _refused(refusal: Refusal) -> Response:
    response = jsonify(error=str(refusal))
    response.status_code = refusal.status
    response.headers["Cache-Control"] = "no-store"
    if refusal.status == 503:
        response.headers["Retry-After"] = "1"
    return response


def _json(asked: Request) -> Any:
    too_long = Refusal(413, "That is too long: at most 64 KiB.")
    asked.max_content_length = MAX_BODY + 1  # a chunked body is cut off at this limit without a word
    try:
        raw = asked.get_data(cache=False)
    except RequestEntityTooLarge as error:
        raise too_long from error
    if len(raw) > MAX_BODY:
        raise too_long
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Refusal(400, "Send JSON.") from error


def _last_id(asked: Request) -> int:
    """The newest reply that this browser has, 0 if it has none. The header wins: `last` stays in an old address."""
    for given in (asked.headers.get("Last-Event-ID"), asked.args.get("last")):
        if given and given.isascii() and given.isdigit() and len(given) <= 18:
            return int(given)
    return 0


def _tag(address: str) -> str:
    """Tells a page whether it still is the same visitor, whose cookie it cannot read."""
    return hashlib.sha256(address.encode()).hexdigest()[:16]


def _down() -> Refusal:
    return Refusal(503, "We cannot take your message right now. Please send it again in a moment.")
