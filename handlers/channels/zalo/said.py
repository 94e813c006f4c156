"""What a person put into one message to the OA: words, a button, pictures, a place, a contact.

Forms of attachments: "Webhook / Sự kiện người dùng gửi tin nhắn". Zalo has no callback for buttons: what they carry
comes back as words, hidden from her or not.
"""

import re

import msgspec

from bot.event import ContactCard, Event, Location, Other, Photo, Sticker, Tap, Text, Voice
from bot.understand.text import clean
from handlers.channels.zalo.shapes import Attachment, Info, Message
from handlers.wire import items_of, read_body

TAP = re.compile(r"#([0-9]{1,9})\.([a-z_]+(?:\.[a-z_]+)?)(?:-([A-Za-z0-9_:=-]{1,40}))?")
CHOICE = re.compile(r"([0-9]{1,9}):([a-z_]+(?:\.[a-z_]+)?):([A-Za-z0-9_:=-]{0,40})")
PICTURES = ("image", "gif", "photo")
MOST_ATTACHMENTS, MOST_LINKS = 30, 10  # far more than her app sends at once; the rest is left alone
KIND = re.compile(r"[a-z_]{1,40}")
DEGREES = re.compile(r"-?[0-9]{1,3}(?:\.[0-9]{1,20})?")
PHONE = re.compile(r"\+?[0-9]{3,15}")
FROM_ABROAD = re.compile(r"\+?84([1-9][0-9]{8,9})")
BETWEEN_DIGITS = re.compile(r"[ .()-]")


def said(message: Message, beside: object = None) -> Event:
    """What she says by a message. `beside`: attachments that some senders put beside the message and not into it.

    Pictures take the words as caption, and so does a voice note; a contact or a place goes before words, which then
    only name it; words go before what we could not answer.
    """
    words = clean(message.text or "")
    attachments = [_attachment(one) for one in _some(message.attachments, beside)]
    pictures = tuple(url for one in attachments if one.type in PICTURES and (url := _inside(one, "url")))
    if pictures:
        return Photo(pictures, words)
    for one in attachments:
        card = _contact(one, words)
        if card is not None:
            return card
        place = _place(one)
        if place is not None:
            return place
    for one in attachments:
        if one.type == "audio" and (voice := _inside(one, "url")):
            return Voice(voice, words)
    links = [_inside(one, name) for one in attachments if one.type == "link" for name in ("url", "description")]
    words = _together(words, *links[:MOST_LINKS])
    if words:
        return pressed(words) or Text(words)
    for one in attachments:
        if one.type == "sticker":
            return Sticker(_inside(one, "id"))
    if not attachments:
        return Other("empty")
    kind = attachments[0].type
    return Other(kind if KIND.fullmatch(kind) else "attachment")


def payload_of(choice: str) -> str:
    """What a button carries for one of our ids, `7:order.lot:12` → `#7.order.lot-12`; "" for an id of another form."""
    match = CHOICE.fullmatch(choice)
    if match is None:
        return ""
    return f"#{match[1]}.{match[2]}" + (f"-{match[3]}" if match[3] else "")


def pressed(words: str) -> Tap | None:
    """The button whose words these are, None if they are nobody's. She may have typed them: never trusted."""
    match = TAP.fullmatch(words)
    return Tap(f"{match[1]}:{match[2]}:{match[3] or ''}") if match else None


def handed_over(info: Info) -> ContactCard:
    """The form in which she gave her own name, phone and address; both shapes."""
    where = info.full_address
    if where is not None:
        parts = [where.user_address, where.user_ward, where.user_city]
    else:
        parts = [info.address, info.ward, info.district, info.city]
    address = ", ".join(part for part in (clean(part or "") for part in parts) if part)
    return ContactCard(clean(info.name or ""), phone_of(info.phone), address)


def phone_of(value: object) -> str:
    """A phone as it is dialled here, `84912345678` → `0912345678`; "" for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return ""
    digits = BETWEEN_DIGITS.sub("", clean(str(value)[:40]))
    if not PHONE.fullmatch(digits):
        return ""
    home = FROM_ABROAD.fullmatch(digits)
    return f"0{home[1]}" if home else digits


def _some(*lists: object) -> list[object]:
    return [one for value in lists for one in items_of(value)[:MOST_ATTACHMENTS]]


def _attachment(value: object) -> Attachment:
    try:
        return msgspec.convert(value, Attachment)
    except msgspec.ValidationError:
        return Attachment()


def _contact(attachment: Attachment, name: str) -> ContactCard | None:
    """Somebody's business card: a link whose description is JSON with a phone. The words beside it are the name."""
    description = attachment.payload.get("description") if isinstance(attachment.payload, dict) else None
    if attachment.type != "link" or description is None:
        return None
    found = read_body(description.encode("utf-8", "replace")) if isinstance(description, str) else description
    if not isinstance(found, dict) or not ("phone" in found or "qrCodeUrl" in found):
        return None
    return ContactCard(name, phone_of(found.get("phone")), hers=False)


def _place(attachment: Attachment) -> Location | None:
    """Degrees come as strings. None for what is nowhere on earth."""
    if attachment.type != "location" or not isinstance(attachment.payload, dict):
        return None
    coordinates = attachment.payload.get("coordinates")
    if not isinstance(coordinates, dict):
        return None
    latitude, longitude = (_degrees(coordinates.get(name)) for name in ("latitude", "longitude"))
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return Location(latitude, longitude)


def _degrees(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    return float(value) if DEGREES.fullmatch(str(value)) else None


def _together(*parts: str) -> str:
    """The parts in one line, each once: a link's address often stands in the words as well."""
    whole = ""
    for part in map(clean, parts):
        if part not in whole:
            whole = f"{whole} {part}".strip()
    return clean(whole)


def _inside(attachment: Attachment, name: str) -> str:
    """A string or a number of the payload, as a string; empty where there is none."""
    value = attachment.payload.get(name) if isinstance(attachment.payload, dict) else None
    return str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
