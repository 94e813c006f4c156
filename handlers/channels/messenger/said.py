"""What she says with one message: words, a tap, pictures, a place; and the link that led her here.

Sources: "webhooks/webhook-events/messages", "discovery/m-me-links".
"""

import re

import msgspec

from bot.event import Event, Location, Other, Photo, Referral, Sticker, Tap, Text, Voice
from bot.understand.text import clean
from handlers.channels.messenger.shapes import Attachment, Link, Message
from handlers.wire import items_of

REF = re.compile(r"[A-Za-z0-9_=-]{1,2083}")  # discovery/m-me-links
MOST_ATTACHMENTS = 30
"""Her app lets her choose no more pictures at once; what comes after so many is left alone."""
KIND = re.compile(r"[a-z_]{1,40}")


def said(message: Message) -> Event:
    """A button's payload wins over its title; pictures and a voice note take the words as caption; else words win
    over attachments.

    A shared link is a word of hers where there is no other. What we cannot read is `Other` by its type, and nothing at
    all (what Messenger does not show to apps) is `Other("empty")`.
    """
    words = clean(message.text or "")
    if message.quick_reply is not None and message.quick_reply.payload:
        return Tap(message.quick_reply.payload, words)
    attachments = _attachments(message.attachments)
    pictures = [url for a in attachments if a.type == "image" and not _is_sticker(a) and (url := _inside(a, "url"))]
    if pictures:
        return Photo(tuple(pictures), words)
    voices = [url for a in attachments if a.type == "audio" and (url := _inside(a, "url"))]
    if voices:
        return Voice(voices[0], words)
    if words:
        return Text(words)
    stickers = [a for a in attachments if _is_sticker(a)]
    if stickers:
        return Sticker(_inside(stickers[0], "sticker_id"))
    for attachment in attachments:
        found = _meant(attachment)
        if found is not None:
            return found
    return Other(_kind(attachments[0])) if attachments else Other("empty")


def came_by(link: Link | None) -> Referral | None:
    """The link, if it carries a `ref` of the form that Meta allows (an advertisement carries none)."""
    ref = (link.ref if link is not None else None) or ""
    return Referral(ref) if REF.fullmatch(ref) else None


def _attachments(value: object) -> list[Attachment]:
    """An odd one spoils no other."""
    found = []
    for one in items_of(value)[:MOST_ATTACHMENTS]:
        if one is not None:
            try:
                found.append(msgspec.convert(one, Attachment))
            except msgspec.ValidationError:
                found.append(Attachment())
    return found


def _is_sticker(attachment: Attachment) -> bool:
    """The thumb of the composer is one too."""
    return attachment.type == "sticker" or (attachment.type == "image" and _inside(attachment, "sticker_id") != "")


def _meant(attachment: Attachment) -> Event | None:
    match attachment.type:
        case "location":
            return _place(attachment)
        case "fallback" if link := clean(_inside(attachment, "url") or _string(attachment.url)):
            return Text(link)
    return None


def _place(attachment: Attachment) -> Location | None:
    """The reference of 2026 knows no places any more; clients of 2020 put the coordinates into the payload."""
    payload = attachment.payload if isinstance(attachment.payload, dict) else {}
    for held in (payload.get("coordinates"), attachment.coordinates):
        if isinstance(held, dict):
            latitude, longitude = _degrees(held.get("lat"), 90), _degrees(held.get("long"), 180)
            if latitude is not None and longitude is not None:
                return Location(latitude, longitude)
    return None


def _degrees(value: object, most: int) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool) or not -most <= value <= most:
        return None
    return float(value)


def _inside(attachment: Attachment, name: str) -> str:
    """A string or a number of the payload, as a string; empty where there is none."""
    return _string(attachment.payload.get(name)) if isinstance(attachment.payload, dict) else ""


def _string(value: object) -> str:
    return str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""


def _kind(attachment: Attachment) -> str:
    return attachment.type if attachment.type and KIND.fullmatch(attachment.type) else "attachment"
