"""What Graph's Send API takes and refuses, and what a person then sees on her phone.

Limits: "reference/send-api" and "send-messages/…" of the Messenger Platform, mid 2026.
"""

from typing import Any, Protocol

from tests.simulators.graph_fields import Refused, link, listed, record, words
from tests.simulators.graph_receipt import receipt
from tests.simulators.graph_shown import Button, Card, Shown

__all__ = ["Button", "Card", "Refused", "Shelf", "Shown", "recipient", "shown"]

MAX_TEXT, MAX_TEMPLATE_TEXT, MAX_METADATA = 2000, 640, 999
MAX_QUICK_REPLIES, MAX_TEMPLATE_BUTTONS, MAX_ELEMENTS, MAX_PICTURES = 13, 3, 10, 30
MAX_TITLE, MAX_PAYLOAD, MAX_CARD_LINE = 20, 1000, 80
KINDS = ("image", "audio", "video", "file")
ACTIONS = ("typing_on", "typing_off", "mark_seen", "react", "unreact")
DEAD_TAGS = ("CONFIRMED_EVENT_UPDATE", "ACCOUNT_UPDATE", "POST_PURCHASE_UPDATE")  # since 27 April 2026


class Shelf(Protocol):
    """What a page has stored and a message may refer to. Both raise Refused."""

    def media(self, kind: str, payload: dict[str, Any]) -> str:
        """What an attachment by address or by id shows."""
        ...

    def utility(self, template: dict[str, Any]) -> Shown:
        """An approved template with its parameters put in."""
        ...


class AnyShelf:
    """Takes an attachment at its word; has no templates."""

    def media(self, kind: str, payload: dict[str, Any]) -> str:
        return f"{kind} {payload.get('url') or payload.get('attachment_id')}"

    def utility(self, template: dict[str, Any]) -> Shown:
        raise Refused(100, "(#100) Template does not exist or is not approved")


def recipient(body: dict[str, Any]) -> tuple[str, str]:
    """("id", PSID), or `user_ref`, `comment_id`, `post_id` with theirs. Raises Refused."""
    asked = body.get("recipient")
    named = asked if isinstance(asked, dict) else {}
    given = [(kind, str(named[kind])) for kind in ("id", "user_ref", "comment_id", "post_id") if named.get(kind)]
    if len(given) != 1:
        raise Refused(100, "(#100) The parameter recipient is required")
    return given[0]


def shown(body: dict[str, Any], shelf: Shelf | None = None) -> Shown | None:
    """The bubble that a request makes; None for a sender action. Raises Refused."""
    kind, _ = recipient(body)
    if "sender_action" in body:
        _check_action(body)
        return None
    message = record(body.get("message"), "message")
    if kind in ("id", "user_ref"):
        _check_type(body, message)
    if body.get("notification_type", "REGULAR") not in ("REGULAR", "SILENT_PUSH", "NO_PUSH"):
        raise Refused(100, "(#100) Param notification_type must be one of REGULAR, SILENT_PUSH, NO_PUSH")
    if "reply_to" in body:
        words(record(body["reply_to"], "reply_to"), "mid", 1000)
    return _bubble(message, shelf or AnyShelf())


def _check_action(body: dict[str, Any]) -> None:
    if "message" in body:
        raise Refused(100, "(#100) message and sender_action together", 2018014)
    if body["sender_action"] not in ACTIONS:
        raise Refused(100, f"(#100) Param sender_action must be one of {', '.join(ACTIONS)}")
    if body["sender_action"] in ("react", "unreact"):
        words(record(body.get("payload"), "payload"), "message_id", 1000)


def _check_type(body: dict[str, Any], message: dict[str, Any]) -> None:
    match body.get("messaging_type"):
        case "RESPONSE" | "UPDATE" if "template" not in message:
            return
        case "UTILITY" if "template" in message:
            return
        case "MESSAGE_TAG" if body.get("tag") in DEAD_TAGS:
            raise Refused(100, f"(#100) Message tag {body['tag']} is no longer supported")
        case "MESSAGE_TAG" if body.get("tag") == "HUMAN_AGENT":
            return
        case "MESSAGE_TAG":
            raise Refused(100, "(#100) Param tag must be one of HUMAN_AGENT")
        case "UTILITY" | "RESPONSE" | "UPDATE":
            raise Refused(100, "(#100) A template goes with messaging_type UTILITY, and only that")
        case _:
            raise Refused(100, "(#100) Param messaging_type must be one of RESPONSE, UPDATE, MESSAGE_TAG, UTILITY")


def _bubble(message: dict[str, Any], shelf: Shelf) -> Shown:
    metadata = words(message, "metadata", MAX_METADATA, required=False)
    replies = tuple(_quick_reply(reply) for reply in listed(message, "quick_replies", MAX_QUICK_REPLIES))
    given = [name for name in ("text", "attachment", "attachments", "sticker_id", "template") if name in message]
    match given:
        case ["text"]:
            return Shown(words(message, "text", MAX_TEXT), quick_replies=replies, metadata=metadata)
        case ["attachment"]:
            return _attached(record(message["attachment"], "attachment"), replies, metadata, shelf)
        case ["attachments"]:
            pictures = [_picture(one, shelf) for one in listed(message, "attachments", MAX_PICTURES, least=1)]
            return Shown(attachment="\n".join(pictures), quick_replies=replies, metadata=metadata)
        case ["sticker_id"]:
            return Shown(attachment=f"sticker {message['sticker_id']}", quick_replies=replies, metadata=metadata)
        case ["template"]:
            bubble = shelf.utility(record(message["template"], "template"))
            return Shown(bubble.text, bubble.buttons, metadata=metadata)
        case _:
            raise Refused(100, "(#100) Either text or attachment is required in message")


def _picture(attachment: object, shelf: Shelf) -> str:
    """One of several in a message; only pictures come in numbers."""
    if record(attachment, "attachment").get("type") != "image":
        raise Refused(100, "(#100) Param attachments may hold images")
    return _media(record(attachment, "attachment"), shelf)


def _media(attachment: dict[str, Any], shelf: Shelf) -> str:
    kind = str(attachment.get("type"))
    if kind not in KINDS:
        raise Refused(100, f"(#100) Unknown attachment type {kind}")
    payload = record(attachment.get("payload"), "payload")
    if ("url" in payload) and ("attachment_id" in payload):
        raise Refused(100, "(#100) Either url or attachment_id, not both")
    if "attachment_id" in payload and not isinstance(payload["attachment_id"], str):
        raise Refused(100, "(#100) Param attachment_id must be a string")
    return shelf.media(kind, payload)


def _attached(attachment: dict[str, Any], replies: tuple[Button, ...], metadata: str, shelf: Shelf) -> Shown:
    if attachment.get("type") != "template":
        return Shown(attachment=_media(attachment, shelf), quick_replies=replies, metadata=metadata)
    payload = record(attachment.get("payload"), "payload")
    match payload.get("template_type"):
        case "button":
            text = words(payload, "text", MAX_TEMPLATE_TEXT)
            return Shown(text, _buttons(payload, least=1), replies, metadata=metadata)
        case "generic":
            elements = listed(payload, "elements", MAX_ELEMENTS, least=1)
            cards = tuple(_card(record(element, "element")) for element in elements)
            return Shown(cards=cards, quick_replies=replies, metadata=metadata)
        case "media":
            [element] = listed(payload, "elements", 1, least=1)
            return _media_card(record(element, "element"), replies, metadata, shelf)
        case "receipt":
            return Shown(quick_replies=replies, metadata=metadata, receipt=receipt(payload))
        case other:
            raise Refused(100, f"(#100) Unknown template_type {other}")


def _media_card(element: dict[str, Any], replies: tuple[Button, ...], metadata: str, shelf: Shelf) -> Shown:
    """A picture with buttons: by id, or by an address at Facebook itself."""
    kind, url = str(element.get("media_type")), str(element.get("url") or "")
    if kind not in ("image", "video") or (not url) == ("attachment_id" not in element):
        raise Refused(100, "(#100) A media element has media_type and either attachment_id or url")
    if url and not url.startswith(("https://www.facebook.com/", "https://facebook.com/")):
        raise Refused(100, "(#100) The media url must be of Facebook", 2018185)
    seen = f"{kind} {url}" if url else _media({"type": kind, "payload": element}, shelf)
    return Shown(buttons=_buttons(element), quick_replies=replies, attachment=seen, metadata=metadata)


def _card(element: dict[str, Any]) -> Card:
    title = words(element, "title", MAX_CARD_LINE)
    subtitle = words(element, "subtitle", MAX_CARD_LINE, required=False)
    image = link(element, "image_url", required=False)
    buttons = _buttons(element)
    if "default_action" in element:
        action = record(element["default_action"], "default_action")
        link(action, "url")
        if action.get("type") != "web_url" or "title" in action:
            raise Refused(100, "(#100) Param default_action must be a web_url without title")
    if not (subtitle or image or buttons or element.get("default_action")):
        raise Refused(100, "(#100) Incomplete element data: at least one property besides title")
    return Card(title, subtitle, image, buttons)


def _buttons(holder: dict[str, Any], *, least: int = 0) -> tuple[Button, ...]:
    return tuple(
        _button(record(button, "button")) for button in listed(holder, "buttons", MAX_TEMPLATE_BUTTONS, least=least)
    )


def _button(button: dict[str, Any]) -> Button:
    match button.get("type"):
        case "postback" | "phone_number" as kind:
            return Button(words(button, "title", MAX_TITLE), words(button, "payload", MAX_PAYLOAD), str(kind))
        case "web_url":
            return Button(words(button, "title", MAX_TITLE), link(button, "url"), "web_url")
        case "account_link":
            return Button("Log In", link(button, "url"), "account_link")
        case "account_unlink":
            return Button("Log Out", "", "account_unlink")
        case kind:
            raise Refused(100, f"(#100) Unknown button type {kind}")


def _quick_reply(reply: object) -> Button:
    """A title that is too long is cut, not refused. Phone and e-mail are the person's own; Messenger writes them."""
    fields = record(reply, "quick_reply")
    match fields.get("content_type"):
        case "text":
            link(fields, "image_url", required=False)
            return Button(
                words(fields, "title", 10_000)[:MAX_TITLE], words(fields, "payload", MAX_PAYLOAD), "quick_reply"
            )
        case "user_phone_number" | "user_email" as kind:
            return Button(str(kind), str(kind), str(kind))
        case _:
            raise Refused(100, "(#100) Param content_type must be text, user_phone_number or user_email")
