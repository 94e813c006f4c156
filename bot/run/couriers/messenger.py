"""Replies to Messenger: the page's token, pictures by id, dots while she waits, echoes that clear up doubts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.inbox import InboxRow
from bot.outbox import Outgoing
from bot.permit import Terms, Way
from bot.reply import Bubble, Reason, SendError
from bot.run.courier import Message, Sending
from bot.run.couriers.documents import PDF, Documents, no_documents, send_document
from bot.run.couriers.pictures import Pictures
from bot.run.couriers.templates import template_of
from bot.run.couriers.tokens import Tokens
from catalog.db import Database
from handlers.calling import Answered, Call
from handlers.channels.messenger.client import MAX_FILE, MessengerClient
from handlers.channels.messenger.codec import (
    echo_key,
    file_message,
    image_message,
    is_receipt,
    render,
    template_message,
)

ID_LIVES = timedelta(days=90)  # send-messages/saving-assets

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class MessengerCourier:
    """typing: "auto" shows the dots where she has to wait for an upload, "always" before every reply, "never".

    public_url: where the platform fetches a card's picture; not https, no picture. Another picture is uploaded.
    documents: where the files have their bytes.
    """

    client: MessengerClient
    database: Database
    tokens: Tokens
    pictures: Pictures
    terms: Terms
    public_url: str = ""
    typing: str = "auto"
    calls_a_minute: int | None = None
    documents: Documents = no_documents

    def render(self, reply: Outgoing, way: Way) -> Sequence[Message]:
        notice = reply.bubble.notice
        if way is not Way.TEMPLATE or notice is None:
            return render(self._with_address(reply.bubble), way=way)
        template = template_of(self.database, reply)
        if template is None:
            return []
        return [template_message(notice, template.external_id, template.language, template.parameters.split(","))]

    def send(self, sending: Sending) -> None:
        if self.typing == "always" and sending.place == 0:
            self._sign(sending.reply)
        if "image" in sending.message:
            self._send_picture(sending)
        elif "file" in sending.message:
            self._send_document(sending)
        else:
            self._send(sending)

    def ready(self, sending: Sending) -> Call | None:
        if not sending.message.keys().isdisjoint(("image", "file")) or (self.typing == "always" and sending.place == 0):
            return None
        known = self.tokens.known(sending.reply.account_id)
        return None if known is None else self._call(sending, *known)

    def settle(self, sending: Sending, answered: Answered) -> None:
        try:
            self.client.settle(answered, sending.way)
        except SendError as error:
            if error.reason is not Reason.SHAPE or not is_receipt(sending.message):
                raise
            log.warning("receipt_refused", outbox_id=sending.reply.id)  # the words beside it say all of it

    def mend(self, sending: Sending, call: Call, error: SendError) -> Call | None:
        """A token may have been replaced a moment ago. Where Meta's inbox still has a thread that is ours again, it is
        taken back; only a default app may."""
        account_id = sending.reply.account_id
        if error.reason is Reason.TOKEN:
            self.tokens.forget(account_id)
            other = self._call(sending, *self.tokens.of(account_id))
            return other if other != call else None
        if error.reason is Reason.HELD and sending.reply.reclaims:
            try:
                self.client.take_thread(*self.tokens.of(account_id), sending.reply.address)
            except SendError as refused:
                log.info("thread_not_taken", outbox_id=sending.reply.id, reason=refused.reason.value)
                return None
            return call
        return None

    def arrived(self, db: Session, sending: Sending) -> bool:
        """By the echo of our own message, whose key holds what we gave along."""
        known = select(InboxRow.id).where(
            InboxRow.account_id == sending.reply.account_id, InboxRow.key == echo_key(sending.metadata)
        )
        return db.scalar(known) is not None

    def has_template(self, reply: Outgoing) -> bool:
        return template_of(self.database, reply) is not None

    def _with_address(self, bubble: Bubble) -> Bubble:
        if not self.public_url.startswith("https://"):
            return bubble
        image = self.public_url + bubble.image if bubble.image and bubble.card_title else bubble.image
        return replace(bubble, image=image, carousel=bubble.carousel and bubble.carousel.pictured_at(self.public_url))

    def _call(self, sending: Sending, page_id: str, token: str) -> Call:
        address, way = sending.reply.address, sending.way
        return self.client.message(page_id, token, address, sending.message, sending.metadata, way=way)

    def _send(self, sending: Sending) -> None:
        call = self._call(sending, *self.tokens.of(sending.reply.account_id))
        try:
            self.settle(sending, self.client.make(call))
        except SendError as error:
            other = self.mend(sending, call, error)
            if other is None:
                raise
        else:
            return
        self.settle(sending, self.client.make(other))

    def _send_picture(self, sending: Sending) -> None:
        page_id, token = self.tokens.of(sending.reply.account_id)

        def upload(content: bytes) -> str:
            if self.typing == "auto":
                self._sign(sending.reply)
            return self.client.upload(page_id, token, content, "image/png", "picture.png")

        def send(external_id: str) -> None:
            self._send(replace(sending, message=image_message(external_id)))

        path = str(sending.message["image"])
        self.pictures.send(sending.reply.account_id, path, ID_LIVES, upload=upload, send=send)

    def _send_document(self, sending: Sending) -> None:
        page_id, token = self.tokens.of(sending.reply.account_id)
        paper = sending.message["file"]
        beside = {name: value for name, value in sending.message.items() if name != "file"}

        def upload(content: bytes) -> str:
            if self.typing == "auto":
                self._sign(sending.reply)
            return self.client.upload(page_id, token, content, PDF, paper.name)

        def put(message: Message) -> None:
            self._send(replace(sending, message=message | beside))

        send_document(
            paper,
            self.documents,
            MAX_FILE,
            upload=upload,
            send=lambda attachment_id: put(file_message(attachment_id)),
            tell=lambda words: put({"text": words}),
        )

    def _sign(self, reply: Outgoing) -> None:
        """She sees that somebody is at it. The reply goes on where that does not work."""
        for action in ("mark_seen", "typing_on"):
            try:
                self.client.sign(*self.tokens.of(reply.account_id), reply.address, action)
            except SendError as error:
                log.info("sign_failed", outbox_id=reply.id, reason=error.reason.value)
