"""What a consultation message may hold, and what a person then sees of it on her phone.

Forms and limits: "Official Account API / Gửi tin tư vấn" and Zalo's PHP builder; 2,000 characters are counted as code
points of what was sent, so a text in decomposed Unicode is longer than it looks.
"""

import re
from dataclasses import dataclass
from typing import Any

from tests.simulators.zalo_errors import Refused, invalid, too_much

MAX_TEXT, MAX_BUTTONS, MAX_TITLE, MAX_PAYLOAD, MAX_SMS = 2000, 5, 100, 1000, 160
MAX_CARDS, MAX_SUBTITLE = 5, 500
WEB_ADDRESS = re.compile(r"https?://[^\s/]+\S*")
PHONE_CODE = re.compile(r"\+?[0-9]{3,15}")


@dataclass(frozen=True, slots=True)
class Button:
    """type: `oa.open.url`, `oa.query.show`, `oa.query.hide`, `oa.open.phone` or `oa.open.sms`.

    payload: the address, the query's words, the number; for an SMS the number, a space and the words.
    """

    title: str
    type: str
    payload: str

    @property
    def answers(self) -> bool:
        """Whether pressing it sends us something."""
        return self.type in ("oa.query.show", "oa.query.hide")


@dataclass(frozen=True, slots=True)
class Card:
    title: str
    subtitle: str = ""
    image: str = ""


@dataclass(frozen=True, slots=True)
class File:
    """What opens when she presses it."""

    name: str
    content: bytes

    @property
    def size(self) -> int:
        """In bytes."""
        return len(self.content)


@dataclass(frozen=True, slots=True)
class Shown:
    """A bubble on the phone.

    kind: text, image, gif, sticker, file, request_user_info, list, zbs. image: an address, or the attachment id or the
    file token of an upload. file: what is behind that token. quote: the message that it answers.
    """

    text: str = ""
    buttons: tuple[Button, ...] = ()
    image: str = ""
    kind: str = "text"
    cards: tuple[Card, ...] = ()
    quote: str = ""
    file: File | None = None

    @property
    def titles(self) -> tuple[str, ...]:
        return tuple(button.title for button in self.buttons)


@dataclass(frozen=True, slots=True)
class Request:
    """A well-formed message. upload: the kind of upload that `bubble.image` names, "" where it names none."""

    bubble: Shown
    upload: str = ""


def read(message: object, *, buttons: int = 0, lists: int = 0) -> Request:
    """The message of a request. buttons, lists: 0, or the code with which this OA's package refuses them.

    Raises Refused.
    """
    fields = _object(message, "message")
    quote = _words(fields, "quote_message_id", 100, required=False)
    attachment = fields.get("attachment")
    if attachment is None:
        return Request(Shown(_words(fields, "text", MAX_TEXT), quote=quote))
    payload = _object(_object(attachment, "attachment").get("payload"), "payload")
    caption = _words(fields, "text", MAX_TEXT, required=False)
    match attachment.get("type"), payload.get("template_type"):
        case "file", _:
            return Request(Shown(caption, image=_words(payload, "token", 1000), kind="file", quote=quote), "file")
        case "template", None:
            found = _buttons(payload)
            if not found:
                raise invalid("buttons")
            if buttons:
                raise Refused(buttons)
            return Request(Shown(_words(fields, "text", MAX_TEXT), found, quote=quote))
        case "template", "media":
            return _media(payload, caption, quote)
        case "template", "request_user_info":
            card = _only_card(payload)
            return Request(Shown(caption, kind="request_user_info", cards=(card,), quote=quote))
        case "template", "list":
            if lists:
                raise Refused(lists)
            return Request(Shown(caption, _buttons(payload), kind="list", cards=_cards(payload), quote=quote))
        case "template", _:
            raise Refused(-233)
        case _:
            raise invalid("attachment")


def _media(payload: dict[str, Any], caption: str, quote: str) -> Request:
    if "buttons" in payload:
        raise Refused(-233)
    elements = _list(payload, "elements", 1)
    if not elements:
        raise invalid("elements")
    element = _object(elements[0], "elements")
    kind = element.get("media_type")
    if kind not in ("image", "gif", "sticker"):
        raise invalid("media_type")
    if ("url" in element) == ("attachment_id" in element):
        raise invalid("attachment_id")
    if kind == "gif" and not all(_positive(element.get(side)) for side in ("width", "height")):
        raise invalid("width" if not _positive(element.get("width")) else "height")
    if "url" in element:
        return Request(Shown(caption, image=_address(element, "url"), kind=kind, quote=quote))
    # A sticker's id comes from Zalo's own shelf, not from an upload.
    image = _words(element, "attachment_id", 1000)
    return Request(Shown(caption, image=image, kind=kind, quote=quote), "" if kind == "sticker" else kind)


def _only_card(payload: dict[str, Any]) -> Card:
    elements = payload.get("elements")
    if not isinstance(elements, list) or len(elements) != 1:
        raise invalid("elements")
    element = _object(elements[0], "elements")
    return Card(
        _words(element, "title", MAX_TITLE), _words(element, "subtitle", MAX_SUBTITLE), _address(element, "image_url")
    )


def _cards(payload: dict[str, Any]) -> tuple[Card, ...]:
    cards = []
    for number, value in enumerate(_list(payload, "elements", MAX_CARDS)):
        element = _object(value, "elements")
        image = _address(element, "image_url") if element.get("image_url") else ""
        subtitle = _words(element, "subtitle", MAX_SUBTITLE, required=number == 0)
        cards.append(Card(_words(element, "title", MAX_TITLE), subtitle, image))
    if not cards:
        raise invalid("elements")
    return tuple(cards)


def _buttons(payload: dict[str, Any]) -> tuple[Button, ...]:
    return tuple(_button(_object(value, "buttons")) for value in _list(payload, "buttons", MAX_BUTTONS))


def _button(button: dict[str, Any]) -> Button:
    title, kind = _words(button, "title", MAX_TITLE), button.get("type")
    match kind:
        case "oa.query.show" | "oa.query.hide":
            return Button(title, kind, _words(button, "payload", MAX_PAYLOAD))
        case "oa.open.url":
            return Button(title, kind, _address(_object(button.get("payload"), "payload"), "url"))
        case "oa.open.phone":
            return Button(title, kind, _phone_code(button))
        case "oa.open.sms":
            content = _words(_object(button.get("payload"), "payload"), "content", MAX_SMS)
            return Button(title, kind, f"{_phone_code(button)} {content}")
        case _:
            raise invalid("type")


def _phone_code(button: dict[str, Any]) -> str:
    number = _words(_object(button.get("payload"), "payload"), "phone_code", 20)
    if not PHONE_CODE.fullmatch(number):
        raise invalid("phone_code")
    return number


def _address(holder: dict[str, Any], name: str) -> str:
    address = _words(holder, name, 2000)
    if not WEB_ADDRESS.fullmatch(address):
        raise invalid(name)
    return address


def _words(holder: dict[str, Any], name: str, most: int, *, required: bool = True) -> str:
    value = holder.get(name, None if required else "")
    if not isinstance(value, str) or (required and not value.strip()):
        raise invalid(name)
    if len(value) > most:
        raise too_much(name)
    return value


def _list(holder: dict[str, Any], name: str, most: int) -> list[Any]:
    value = holder.get(name, [])
    if not isinstance(value, list):
        raise invalid(name)
    if len(value) > most:
        raise too_much(name)
    return value


def _positive(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _object(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise invalid(name)
    return value
