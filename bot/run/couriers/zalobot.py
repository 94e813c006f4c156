"""Replies by Zalo's bot platform, which knows neither windows nor templates nor echoes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from bot.outbox import Outgoing
from bot.permit import ANY_TIME, Terms, Way
from bot.run.courier import Message, Sending
from bot.run.couriers.tokens import Tokens
from handlers.channels.zalobot.client import ZaloBotClient
from handlers.channels.zalobot.codec import render


@dataclass(slots=True)
class ZaloBotCourier:
    """public_url: where the platform fetches pictures; not https, no picture."""

    client: ZaloBotClient
    tokens: Tokens
    public_url: str = ""
    terms: Terms = ANY_TIME
    calls_a_minute: int | None = None

    def render(self, reply: Outgoing, _way: Way) -> Sequence[Message]:
        bubble = reply.bubble
        return render(replace(bubble, image=self.public_url + bubble.image) if bubble.image else bubble)

    def send(self, sending: Sending) -> None:
        _, token = self.tokens.of(sending.reply.account_id)
        self.client.send(token, sending.reply.address, sending.message)

    def arrived(self, _db: Session, _sending: Sending) -> bool:
        return False

    def has_template(self, _reply: Outgoing) -> bool:
        return False
