"""What Graph's Send API takes and refuses, and what a person then sees on her phone.

Limits: "reference/send-api" and "send-messages/…" of the Messenger Platform, mid 2026. Characters are counted as UTF-16
units, the strictest reading of a page that does not say.
"""

from dataclasses import dataclass
from typing import Any

MAX_TEXT, MAX_TEMPLATE_TEXT, MAX_METADATA = 2000, 640, 999
MAX_QUICK_REPLIES, MAX_TEMPLATE_BUTTONS, MAX_ELEMENTS = 13, 3, 10
MAX_TITLE, MAX_PAYLOAD, MAX_CARD_LINE = 20, 1000, 80


class Refused(Exception):
    """An answer with `error`: code, subcode and words as Graph gives them."""

    def __init__(self, code: int, text: str, subcode: int | None = None, status: int = 400) -> None:
        super().__init__(text)
        self.code, self.text, self.subcode, self.status = code, text, subcode, status


@dataclass(frozen=True, slots=True)
class Button:
    """What can be pressed; a link has its address as payload."""

    title: str
    payload: str
    kind: str = "postback"


@dataclass(frozen=True, slots=True)
class Card:
    title: str
    subtitle: str = ""
    image: str = ""
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """A bubble on the phone. Buttons stay for ever, quick replies until something else is shown."""

    text: str = ""
    buttons: tuple[Button, ...] = ()
    quick_replies: tuple[Button, ...] = ()
    cards: tuple[Card, ...] = ()
    attachment: str = ""
    metadata: str = ""

    @property
    def pressable(self) -> tuple[Button, ...]:
        """All that stays: buttons below the text and on the cards."""
        return self.buttons + tuple(button for card in self.cards for button in card.buttons)

    @property
    def titles(self) -> tuple[str, ...]:
        """What stands on everything that can be pressed."""
        return tuple(button.title for button in self.pressable + self.quick_replies)


def shown(body: dict[str, Any]) -> Shown | None:
    """The bubble that a request makes; None for a sender action. Raises Refused."""
    if not str((body.get("recipient") or {}).get("id") or ""):
        raise Refused(100, "(#100) The parameter recipient is required")
    if "sender_action" in body:
        if "message" in body:
            raise Refused(100, "(#100) message and sender_action together", 2018014)
        return None
    if body.get("messaging_type") not in ("RESPONSE", "UPDATE"):
        raise Refused(100, "(#100) Param messaging_type must be one of RESPONSE, UPDATE")
    return _bubble(_object(body.get("message"), "message"))


def _bubble(message: dict[str, Any]) -> Shown:
    metadata = _words(message, "metadata", MAX_METADATA, required=False)
    replies = tuple(_quick_reply(reply) for reply in _list(message, "quick_replies", MAX_QUICK_REPLIES))
    if ("text" in message) == ("attachment" in message):
        raise Refused(100, "(#100) Either text or attachment is required in message")
    if "text" in message:
        return Shown(_words(message, "text", MAX_TEXT), quick_replies=replies, metadata=metadata)
    attachment = _object(message["attachment"], "attachment")
    payload = _object(attachment.get("payload"), "payload")
    if attachment.get("type") != "template":
        return Shown(attachment=f"{attachment.get('type')} {payload.get('url') or payload.get('attachment_id')}")
    match payload.get("template_type"):
        case "button":
            text = _words(payload, "text", MAX_TEMPLATE_TEXT)
            buttons = _buttons(payload)
            if not buttons:
                raise Refused(100, "(#100) Param buttons must not be empty")
            return Shown(text, buttons, replies, metadata=metadata)
        case "generic":
            cards = tuple(_card(_object(element, "element")) for element in _list(payload, "elements", MAX_ELEMENTS))
            if not cards:
                raise Refused(100, "(#100) Param elements must not be empty")
            return Shown(cards=cards, quick_replies=replies, metadata=metadata)
        case other:
            raise Refused(100, f"(#100) Unknown template_type {other}")


def _card(element: dict[str, Any]) -> Card:
    title = _words(element, "title", MAX_CARD_LINE)
    subtitle = _words(element, "subtitle", MAX_CARD_LINE, required=False)
    image = str(element.get("image_url") or "")
    if image and not image.startswith(("https://", "http://")):
        raise Refused(100, "(#100) Param image_url should represent a valid URL")
    buttons = _buttons(element)
    if not (subtitle or image or buttons or element.get("default_action")):
        raise Refused(100, "(#100) Incomplete element data: at least one property besides title")
    return Card(title, subtitle, image, buttons)


def _buttons(holder: dict[str, Any]) -> tuple[Button, ...]:
    found = []
    for button in _list(holder, "buttons", MAX_TEMPLATE_BUTTONS):
        title = _words(_object(button, "button"), "title", MAX_TITLE)
        kind = str(button.get("type"))
        if kind not in ("postback", "web_url", "phone_number"):
            raise Refused(100, f"(#100) Unknown button type {kind}")
        found.append(Button(title, _words(button, "url" if kind == "web_url" else "payload", MAX_PAYLOAD), kind))
    return tuple(found)


def _quick_reply(reply: object) -> Button:
    """A title that is too long is cut, not refused."""
    fields = _object(reply, "quick_reply")
    if fields.get("content_type") != "text":
        raise Refused(100, "(#100) Param content_type must be text")
    return Button(_words(fields, "title", 10_000)[:MAX_TITLE], _words(fields, "payload", MAX_PAYLOAD), "quick_reply")


def _words(holder: dict[str, Any], name: str, most: int, *, required: bool = True) -> str:
    value = holder.get(name, "" if not required else None)
    if not isinstance(value, str) or (required and not value.strip()):
        raise Refused(100, f"(#100) Param {name} must be a non-empty string")
    if len(value.encode("utf-16-le")) // 2 > most:
        raise Refused(100, f"(#100) Length of param {name} must be less than or equal to {most}")
    return value


def _list(holder: dict[str, Any], name: str, most: int) -> list[Any]:
    value = holder.get(name, [])
    if not isinstance(value, list):
        raise Refused(100, f"(#100) Param {name} must be an array")
    if len(value) > most:
        raise Refused(100, f"(#100) Param {name} has too many elements")
    return value


def _object(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Refused(100, f"(#100) Param {name} must be an object")
    return value
