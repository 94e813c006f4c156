"""A Zalo bot's JSON into our events, and our bubbles into its messages. Pure: no clock, no network, no product.

Sources: docs.zaloplatforms.com/docs/BOT, pages "webhook", "apis/sendMessage" and "apis/sendPhoto", as of autumn 2026.
There are no buttons: what she picks comes back as the number or the words that she typed.
"""

import re
import unicodedata
from datetime import datetime
from typing import Any

import msgspec

from bot.event import Event, Inbound, Other, Photo, Silent, Sticker, Text, Voice
from bot.reply import Bubble, Limits
from bot.understand.text import clean
from handlers.fit import choices_in_lines, split
from handlers.wire import id_of, key_of, moment, unreadable

LIMITS = Limits(
    max_text=2000,  # apis/sendMessage: text; apis/sendPhoto: caption
    max_text_with_buttons=2000,
    max_buttons=0,
    max_title=0,
)
EVENT_NAME = re.compile(r"message\.([a-z]{1,40})\.received")
ANSWERED = {"text", "link", "image", "sticker", "voice", "unsupported"}
"""Kinds of messages that a person sends. `link` is not on the page, but comes."""


class Party(msgspec.Struct, frozen=True):
    id: int | str | None = None
    is_bot: bool = False


class Chat(msgspec.Struct, frozen=True):
    id: int | str | None = None
    chat_type: str | None = None


class Message(msgspec.Struct, frozen=True, rename={"sender": "from"}):
    sender: Party | None = None
    chat: Chat | None = None
    message_id: int | str | None = None
    date: int | float | str | None = None
    text: str | None = None
    caption: str | None = None
    photo: str | None = None
    photo_url: str | None = None
    sticker: int | str | None = None
    voice_url: str | None = None
    url: str | None = None


def parse(payload: object, account: str, now: datetime) -> list[Inbound]:
    """The one thing that a delivery tells; [] for what is no update at all.

    The body does not say to which bot it was sent, so `account` (the bot's own id) is handed in. It comes as
    `{"ok": true, "result": {…}}`, as the page has it, or as the bare inner object. `now` stands in for a missing date.
    """
    item = payload.get("result", payload) if isinstance(payload, dict) else None
    if not isinstance(item, dict) or not isinstance(item.get("event_name"), str):
        return []
    try:
        # `unsupported` may come without a message; if it names anybody then, it is there.
        message = msgspec.convert(item.get("message") or item, Message)
    except msgspec.ValidationError:
        return [unreadable(account, item, now)]
    named = EVENT_NAME.fullmatch(item["event_name"])
    sender = _answered_at(message)
    message_id = None if message.message_id is None else str(message.message_id)
    key = key_of(named[0] if named else "unknown", message_id, item)
    event = _heard(named[1] if named else "", message, sender, account)
    return [Inbound(account, sender, key, moment(message.date, now), event)]


def _answered_at(message: Message) -> str:
    """Where an answer goes: the chat, which in a private one has the person's own id."""
    chat = id_of(message.chat.id) if message.chat else ""
    return chat or (id_of(message.sender.id) if message.sender else "")


def _heard(kind: str, message: Message, sender: str, account: str) -> Event:
    """What she did, or why the bot is silent. A group mixes many people into one chat."""
    if kind not in ANSWERED:
        return Silent("reaction" if kind == "reaction" else "unknown")
    if not sender:
        return Silent("no_sender")
    if message.chat is not None and message.chat.chat_type not in (None, "PRIVATE"):
        return Silent("group")
    if message.sender is not None and (message.sender.is_bot or id_of(message.sender.id) == account):
        return Silent("echo")  # a bot's words: answering them would never end
    return _said(kind, message)


def _said(kind: str, message: Message) -> Event:
    """What she sent. All that a protected account sends comes as `unsupported` and without content, as files and
    contact cards do: that too gets an answer.
    """
    words = clean(message.text or "")
    link = clean(message.url or "")
    picture = message.photo or message.photo_url
    match kind:
        case "text" | "link" if words:
            return Text(words)
        case "link" if link:
            return Text(link)
        case "image" if picture:
            return Photo((picture,), clean(message.caption or "") or words)
        case "sticker":
            return Sticker("" if message.sticker is None else str(message.sticker))
        case "voice" if message.voice_url:
            return Voice(message.voice_url)
        case _:
            return Other(kind)


def render(bubble: Bubble) -> list[dict[str, Any]]:
    """The bodies of `sendMessage` and `sendPhoto` (those with `photo`) but for the chat; [] for an empty bubble.

    Choices are printed as lines that go on with the numbers of the text's own list, a card as words, a file as a link:
    the platform has no method for one. No `parse_mode`: what people typed and we read back is never formatting.
    """
    link = bubble.file.linked if bubble.file is not None else ""
    told = [_tidy(part) for part in (bubble.text, bubble.card_title, bubble.card_subtitle, link)]
    words = [*told, *choices_in_lines(bubble)]
    pieces = split("\n".join(line for line in words if line), LIMITS.max_text)
    if not bubble.image.startswith("https://"):
        return [{"text": piece} for piece in pieces]
    caption = {"caption": pieces[0]} if pieces else {}
    return [{"photo": bubble.image} | caption, *({"text": piece} for piece in pieces[1:])]


def _tidy(text: str) -> str:
    """In NFC, where a Vietnamese letter is one character, and without blank ends: a blank text is refused."""
    return unicodedata.normalize("NFC", text).strip()
