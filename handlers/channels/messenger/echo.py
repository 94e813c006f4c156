"""Messages of the page itself that come back: ours, or those of a person or an app that speaks in our place.

Source: "webhooks/webhook-events/message-echoes".
"""

import re

from bot.event import Silent, TakenOver
from bot.understand.text import clean
from handlers.channels.messenger.shapes import Message
from handlers.wire import id_of, key_of

OURS = re.compile(r"out:[0-9]{1,19}(?:\.[0-9]{1,4})?")
"""What our sends carry as metadata: the reply's number in the outbox, and which of its messages."""

INBOX = "263902037430900"
"""Meta's own app: somebody at the page's inbox ("conversation-routing"; one page has it a digit short)."""


def echo_key(metadata: str) -> str:
    """The key under which the echo of a message of ours is kept, by what the message carried as metadata."""
    return f"echo:{metadata}"


def echo(message: Message, raw: object, app_id: str) -> tuple[str, Silent | TakenOver]:
    """Key and event of a message that the page sent. app_id: ours, empty if we do not know it.

    Ours by its app or by its metadata; but what a foreign app says is foreign, whatever metadata it carries. An echo
    that names no app proves nothing, and as long as we do not know our own app only the inbox is surely somebody else.
    """
    by = id_of(message.app_id)
    metadata = message.metadata if isinstance(message.metadata, str) and OURS.fullmatch(message.metadata) else ""
    if metadata and (by == app_id or not by or not app_id):
        return echo_key(metadata), Silent("echo")
    key = key_of("echo", message.mid, raw)
    foreign = by != app_id if app_id else by.startswith(INBOX[:-2])
    if not by or not foreign:
        return key, Silent("echo")
    return key, TakenOver(by, clean(message.text or ""))
