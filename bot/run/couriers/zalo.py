"""Replies to a Zalo OA: a token that is renewed on the way, pictures by id, numbers where buttons are refused."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.event import Silent
from bot.inbox import InboxRow, event_of
from bot.outbox import Outgoing
from bot.permit import Terms, Way
from bot.reply import Paper, Reason, SendError
from bot.run.courier import Message, Sending
from bot.run.couriers.documents import PDF, Documents, no_documents, send_document
from bot.run.couriers.pictures import Pictures
from bot.run.couriers.templates import template_of
from bot.run.grants import Grants
from bot.run.pace import Pace
from catalog.db import Database
from handlers.channels.zalo.client import MAX_FILE, ZaloClient
from handlers.channels.zalo.codec import (
    document,
    echo_words,
    is_echo_of_a_file,
    numbered_only,
    picture,
    render,
)
from handlers.channels.zalo.verdict import BUTTONS_REFUSED, Refused

ID_LIVES = timedelta(days=7)
APART = timedelta(seconds=1)  # Zalo's clock and ours; an earlier reply of the same words must not count for this one
BUTTONS_REST = 3600.0  # seconds between two tries of buttons where an OA's package refused them

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class ZaloCourier:
    """buttons: whether to send any. Where a package refuses them, numbers alone go, and an hour later both again.

    documents: where the files have their bytes.
    """

    client: ZaloClient
    database: Database
    grants: Grants
    pictures: Pictures
    terms: Terms
    calls_a_minute: int | None
    buttons: bool = True
    pace: Pace | None = None
    documents: Documents = no_documents
    _without: dict[int, float] = field(default_factory=dict)

    def render(self, reply: Outgoing, way: Way) -> Sequence[Message]:
        notice = reply.bubble.notice
        if way is not Way.TEMPLATE or notice is None:
            return render(reply.bubble, buttons=self.buttons)
        template = template_of(self.database, reply)
        if template is None:
            return []
        wanted = template.parameters.split(",")
        values = {name: value for name, value in notice.values.items() if name in wanted}
        return [{"template_id": template.external_id, "template_data": values}]

    def send(self, sending: Sending) -> None:
        account_id, address, message = sending.reply.account_id, sending.reply.address, sending.message
        if "template_id" in message:
            template, values = str(message["template_id"]), message["template_data"]
            self._call(account_id, lambda token: self.client.send_template_by_uid(token, address, template, values))
        elif "image" in message:
            self._send_picture(account_id, address, str(message["image"]))
        elif "file" in message:
            self._send_document(account_id, address, message["file"])
        else:
            self._send(account_id, address, message)

    def arrived(self, db: Session, sending: Sending) -> bool:
        """By the echo of our own message, which tells its words alone; of a file, that there was one."""
        paper = sending.message.get("file")
        told = (sending.message,) if paper is None else ({"text": paper.linked}, {"text": paper.gone})
        known = {Silent("echo", words) for message in told if (words := echo_words(message))}
        echoes = db.scalars(
            select(InboxRow).where(
                InboxRow.account_id == sending.reply.account_id,
                InboxRow.sender == sending.reply.address,
                InboxRow.kind == Silent.__name__,
                InboxRow.id > sending.reply.inbox_id,  # along the primary key; the echo comes after its cause
                InboxRow.at >= sending.since - APART,
            )
        )
        return bool(known) and any(
            event_of(db, echo) in known or (paper is not None and is_echo_of_a_file(echo.key)) for echo in echoes
        )

    def has_template(self, reply: Outgoing) -> bool:
        return template_of(self.database, reply) is not None

    def _send(self, account_id: int, address: str, message: Message) -> None:
        plain = numbered_only(message)
        if plain == message or self._without.get(account_id, 0.0) > time.monotonic():
            self._call(account_id, lambda token: self.client.send(token, address, plain))
            return
        try:
            self._call(account_id, lambda token: self.client.send(token, address, message))
        except SendError as error:
            if not (isinstance(error, Refused) and error.code in BUTTONS_REFUSED):
                raise
            self._call(account_id, lambda token: self.client.send(token, address, plain))
            self._without[account_id] = time.monotonic() + BUTTONS_REST
            log.info("buttons_refused", account_id=account_id)

    def _send_picture(self, account_id: int, address: str, path: str) -> None:
        def upload(content: bytes) -> str:
            return self._call(
                account_id, lambda token: self.client.upload(token, "image", "picture.png", content, "image/png")
            )

        def send(external_id: str) -> None:
            message = picture(external_id)
            self._call(account_id, lambda token: self.client.send(token, address, message))

        self.pictures.send(account_id, path, ID_LIVES, upload=upload, send=send)

    def _send_document(self, account_id: int, address: str, paper: Paper) -> None:
        def upload(content: bytes) -> str:
            return self._call(account_id, lambda token: self.client.upload(token, "file", paper.name, content, PDF))

        def put(message: Message) -> None:
            self._call(account_id, lambda token: self.client.send(token, address, message))

        send_document(
            paper,
            self.documents,
            MAX_FILE,
            upload=upload,
            send=lambda external_id: put(document(external_id)),
            tell=lambda words: put({"text": words}),
        )

    def _counted(self, account_id: int, token: str, call: Callable[[str], str]) -> str:
        """One call; afterwards the pace knows what Zalo says of its own minute."""
        done = call(token)
        left = self.client.remaining(token)
        if self.pace is not None and self.calls_a_minute is not None and left is not None:
            self.pace.learn(account_id, self.calls_a_minute, left)
        return done

    def _call(self, account_id: int, call: Callable[[str], str]) -> str:
        """Once more with a renewed token where the platform calls it expired. Raises SendError."""
        token = self.grants.token(account_id)
        try:
            return self._counted(account_id, token, call)
        except SendError as error:
            if error.reason is not Reason.EXPIRED:
                raise
        try:
            return self._counted(account_id, self.grants.renew(account_id, token), call)
        except SendError as error:
            if error.reason is not Reason.EXPIRED:
                raise
        raise SendError("a fresh token is refused as well", reason=Reason.TOKEN, pauses=True)
