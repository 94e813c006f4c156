"""Messenger's JSON into our events, and our bubbles into its messages. Pure: no clock, no network, no product.

Sources: developers.facebook.com/documentation/business-messaging/messenger-platform, pages
"webhooks/webhook-events/…" and "send-messages/…" as of mid 2026.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from bot.event import Event, Inbound, Other, Photo, Referral, Silent, Start, Sticker, Tap, Text, Voice
from bot.reply import Bubble, Button, Limits
from bot.understand.text import clean
from handlers.channels.messenger.fit import shorten, split, units
from handlers.channels.messenger.shapes import Attachment, Edit, Item, Link, Message, Postback, Reaction

GET_STARTED = "GET_STARTED"
"""The payload of the Get Started button, as `account add` sets it."""

LIMITS = Limits(
    max_text=2000,  # reference/send-api: message.text
    max_text_with_buttons=640,  # send-messages/template/button: text
    max_buttons=3,  # the same page; template/generic has the same number
    max_title=20,  # send-messages/buttons; longer is error 100
)
SPLIT_AT = 1990  # one page of the reference says "less than 2000"
MAX_PAYLOAD = 1000  # send-messages/buttons and send-messages/quick-replies
MAX_QUICK_REPLIES = 13  # send-messages/quick-replies; a longer title is cut there
MAX_CARD_LINE = 80  # send-messages/template/generic: title, subtitle

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ID = re.compile(r"[!-~]{1,128}")
MID = re.compile(r"[!-~]{1,1024}")
REF = re.compile(r"[A-Za-z0-9_=-]{1,2083}")  # discovery/m-me-links
TIMESTAMP = re.compile(r"[1-9](?:[0-9]{0,10}|[0-9]{12,13})")  # seconds, or milliseconds from 2001 on
ESCAPE = re.compile(  # group 1: half a surrogate pair
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)

SILENT = {
    "delivery": "delivery",
    "read": "read",
    "reaction": "reaction",
    "message_edit": "edit",
    "optin": "optin",
    "account_linking": "account_linking",
    "pass_thread_control": "handover",
    "take_thread_control": "handover",
    "request_thread_control": "handover",
    "app_roles": "handover",
    "policy_enforcement": "policy",
    "policy-enforcement": "policy",
}
"""Keys of items that the bot never answers, and what we call them. Any other key is "unknown"."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A body that is no JSON object that we can hold; `why` names no content."""

    why: str


def read_body(raw: bytes) -> object | Unreadable:
    """The JSON object of a request body. Half a surrogate pair becomes U+FFFD; of a repeated name the last one counts.

    Not readable: bytes that are not UTF-8, NaN and numbers out of range, nesting beyond the interpreter's depth, and
    anything but an object at the top. Raises nothing.
    """
    try:
        payload = msgspec.json.decode(raw)
    except RecursionError:
        return Unreadable("nested too deeply")
    except (msgspec.MsgspecError, UnicodeDecodeError):
        try:
            payload = msgspec.json.decode(ESCAPE.sub(_mended, raw))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return Unreadable("not JSON")
    return payload if isinstance(payload, dict) else Unreadable("not an object")


def kept(raw: bytes, kind: str, now: datetime) -> Inbound:
    """A whole body that is stored as it came because nothing in it could be read."""
    return Inbound("", "", f"{kind}:{hashlib.sha256(raw).hexdigest()}", now, Silent(kind), raw)


def parse(payload: object, now: datetime) -> list[Inbound]:
    """Everything that happened, in the order of the body; [] for what is not about a page.

    `now` stands in for a missing timestamp. An item that cannot be read becomes `Silent("unreadable")` with its JSON,
    and its neighbours stay. Raises RecursionError where an item is nested nearly as deep as the interpreter allows.
    """
    if not isinstance(payload, dict) or payload.get("object") != "page":
        return []
    found: list[Inbound] = []
    for entry in _items(payload.get("entry")):
        if not isinstance(entry, dict):
            found.append(_unreadable("", entry, now))
            continue
        account = _id(entry.get("id"))
        for item in _items(entry.get("messaging")):
            found += _messaging(account, item, now)
        found += [_standby(account, item, now) for item in _items(entry.get("standby"))]
        found += [
            Inbound(account, "", f"change:{_digest(item)}", now, Silent("change"))
            for item in _items(entry.get("changes"))
        ]
    return found


def _messaging(account: str, raw: object, now: datetime) -> list[Inbound]:
    try:
        item = msgspec.convert(raw, Item)
    except msgspec.ValidationError:
        return [_unreadable(account, raw, now)]
    sender = _id(item.sender.id) if item.sender else ""
    at = _moment(item.timestamp, now)
    happened = _happened(item, raw)
    if not sender:
        happened = [(key, event if isinstance(event, Silent) else Silent("no_sender")) for key, event in happened]
    elif sender == account:  # the page's own words: answering them would never end
        happened = [(key, event if isinstance(event, Silent) else Silent("echo")) for key, event in happened]
    return [Inbound(account, sender, key, at, event) for key, event in happened]


def _standby(account: str, raw: object, now: datetime) -> Inbound:
    """What somebody else is answering at present: only who it is about."""
    first = _messaging(account, raw, now)[0]
    return replace(first, key=f"standby:{_digest(raw)}", event=Silent("standby"), raw=b"")


def _happened(item: Item, raw: object) -> list[tuple[str, Event]]:
    """Key and event of each thing that one item tells: usually one, two where a link came together with words."""
    match item:
        case Item(message=Message(is_echo=True, mid=mid)):
            return [(_key("echo", mid, raw), Silent("echo"))]
        case Item(message=Message(mid=mid) as message):
            return [*_came_by(message.referral, mid, raw), (_key("message", mid, raw), _said(message))]
        case Item(postback=Postback(mid=mid) as postback):
            came = _came_by(postback.referral, mid, raw)
            if postback.payload == GET_STARTED:
                return came or [(_key("postback", mid, raw), Start())]
            title = clean(postback.title or "")
            event: Event = Tap(postback.payload, title) if postback.payload else Other("postback")
            return [*came, (_key("postback", mid, raw), event)]
        case Item(referral=Link() as link):
            return _came_by(link, "", raw) or [(_key("referral", "", raw), Start())]
        case Item(message_edit=Edit(mid=mid, num_edit=number)) if mid:
            return [(_key("edit", f"{mid}:{number}", raw), Silent("edit"))]
        case Item(reaction=Reaction(mid=mid, action=action)) if mid:
            return [(_key("reaction", f"{mid}:{action}:{item.timestamp}", raw), Silent("reaction"))]
    names = raw if isinstance(raw, dict) else {}
    kind = next((SILENT[name] for name in names if name in SILENT), "unknown")
    return [(_key(kind, "", raw), Silent(kind))]


def _came_by(link: Link | None, mid: str | None, raw: object) -> list[tuple[str, Event]]:
    """The link that led here, if it carries a `ref` of the form that Meta allows (an advertisement carries none)."""
    if link is None or not REF.fullmatch(link.ref or ""):
        return []
    return [(_key("referral", mid, raw), Referral(link.ref or ""))]


def _said(message: Message) -> Event:
    """A button's payload wins over its title; pictures take the words as caption; else words win over attachments."""
    words = clean(message.text or "")
    if message.quick_reply is not None and message.quick_reply.payload:
        return Tap(message.quick_reply.payload, words)
    attachments = message.attachments or []
    stickers = [a for a in attachments if a.type == "sticker" or (a.type == "image" and _inside(a, "sticker_id"))]
    pictures = tuple(_inside(a, "url") for a in attachments if a.type == "image" and a not in stickers)
    if any(pictures):
        return Photo(tuple(url for url in pictures if url), words)
    if words:
        return Text(words)
    if stickers:
        return Sticker(_inside(stickers[0], "sticker_id"))
    voices = [url for a in attachments if a.type == "audio" and (url := _inside(a, "url"))]
    if voices:
        return Voice(voices[0])
    return Other(attachments[0].type or "attachment") if attachments else Other("empty")


def _inside(attachment: Attachment, name: str) -> str:
    """A string or a number of the payload, as a string; empty where there is none."""
    value = attachment.payload.get(name) if isinstance(attachment.payload, dict) else None
    return str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""


def _moment(timestamp: int | float | str | None, now: datetime) -> datetime:
    """Milliseconds as a rule, seconds on some pages, a string on others."""
    if not TIMESTAMP.fullmatch(str(timestamp)):
        return now
    number = int(timestamp or 0)
    return EPOCH + (timedelta(milliseconds=number) if number >= 10**12 else timedelta(seconds=number))


def _id(value: object) -> str:
    """An id as a string of visible ASCII (the database takes no NUL), empty for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return ""
    return str(value) if ID.fullmatch(str(value)) else ""


def _key(kind: str, mid: str | None, raw: object) -> str:
    """What makes it the same event next time: kind and message id, or a hash of the whole item, never of the words."""
    return f"{kind}:{mid}" if MID.fullmatch(mid or "") else f"{kind}:{_digest(raw)}"


def _digest(item: object) -> str:
    return hashlib.sha256(msgspec.json.encode(item, order="sorted")).hexdigest()


def _unreadable(account: str, item: object, now: datetime) -> Inbound:
    return Inbound(
        account, "", f"unreadable:{_digest(item)}", now, Silent("unreadable"), msgspec.json.encode(item, order="sorted")
    )


def _items(value: object) -> Iterable[object]:
    return value if isinstance(value, list) else []


def _mended(escape: re.Match[bytes]) -> bytes:
    return rb"\ufffd" if escape[1] else escape[0]


def render(bubble: Bubble) -> list[dict[str, Any]]:
    """The `message` objects of the Send API, in order; [] for an empty bubble.

    Buttons stand under the last words (or on the card), as a template because that stays; quick replies vanish and so
    only serve where a template may not: over 640 characters, or beside choices that had to be printed as numbered lines
    because there are more than three or one of them does not fit a button.
    """
    text = _tidy(bubble.text)
    buttons = [Button(button.id, _tidy(button.title)) for button in bubble.buttons]
    card = _card(bubble)
    if card is None:
        text = "\n".join(line for line in (text, _tidy(bubble.card_title), _tidy(bubble.card_subtitle)) if line)
    printed = len(buttons) > LIMITS.max_buttons or not all(map(_fits_a_button, buttons))
    if printed or (buttons and not text and card is None):
        lines = [f"{number}. {button.title}" for number, button in enumerate(buttons, bubble.offset + 1)]
        pieces = split("\n".join([text, *lines]), SPLIT_AT)
        return [*_cards(card, []), *_texts(pieces[:-1]), _with_quick_replies(pieces[-1], buttons)]
    pieces = split(text, SPLIT_AT)
    if card is not None or not buttons:
        return [*_texts(pieces), *_cards(card, buttons)]
    if units(pieces[-1]) > LIMITS.max_text_with_buttons:
        return [*_texts(pieces[:-1]), _with_quick_replies(pieces[-1], buttons)]
    template = {"template_type": "button", "text": pieces[-1], "buttons": [_postback(button) for button in buttons]}
    return [*_texts(pieces[:-1]), {"attachment": {"type": "template", "payload": template}}]


def _card(bubble: Bubble) -> dict[str, Any] | None:
    """The element of a generic template, or None where there is no card or its lines are too long for one.

    A title alone is refused by the platform; then the card is left to the words as well.
    """
    title, subtitle = _tidy(bubble.card_title), _tidy(bubble.card_subtitle)
    if not title or max(units(title), units(subtitle)) > MAX_CARD_LINE:
        return None
    card = {"title": title}
    if subtitle:
        card["subtitle"] = subtitle
    if bubble.image.startswith("https://"):
        card["image_url"] = bubble.image
    return card if len(card) > 1 else None


def _cards(card: dict[str, Any] | None, buttons: list[Button]) -> list[dict[str, Any]]:
    if card is None:
        return []
    element = card | ({"buttons": [_postback(button) for button in buttons]} if buttons else {})
    return [{"attachment": {"type": "template", "payload": {"template_type": "generic", "elements": [element]}}}]


def _texts(pieces: list[str]) -> list[dict[str, Any]]:
    return [{"text": piece} for piece in pieces]


def _with_quick_replies(text: str, buttons: list[Button]) -> dict[str, Any]:
    replies = [
        {"content_type": "text", "title": shorten(button.title, LIMITS.max_title), "payload": button.id}
        for button in buttons
        if button.title and 0 < units(button.id) <= MAX_PAYLOAD
    ]
    return {"text": text} | ({"quick_replies": replies[:MAX_QUICK_REPLIES]} if replies else {})


def _fits_a_button(button: Button) -> bool:
    return 0 < units(button.title) <= LIMITS.max_title and 0 < units(button.id) <= MAX_PAYLOAD


def _postback(button: Button) -> dict[str, str]:
    return {"type": "postback", "title": button.title, "payload": button.id}


def _tidy(text: str) -> str:
    """In NFC, where a Vietnamese letter is one character, and without blank ends: a blank text is refused."""
    return unicodedata.normalize("NFC", text).strip()
