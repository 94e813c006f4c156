"""Our bubbles into the messages of the Send API. Pure. Sources: "reference/send-api", "send-messages/…"."""

import unicodedata
from collections.abc import Sequence
from typing import Any

from bot.permit import Way
from bot.reply import Bubble, Button, Card, Carousel, Limits, Notice, Reason, SendError
from handlers.channels.messenger.receipt import receipt
from handlers.fit import shorten, split, units

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
MAX_CARDS = 10  # the same page: elements
WIDE = str.maketrans({"#": "＃", "$": "＄", "%": "％"})
"""Signs that a template's parameter may not hold (send-messages/utility-messages), and those that read the same."""


def render(bubble: Bubble, *, way: Way = Way.REPLY) -> list[dict[str, Any]]:
    """The `message` objects of the Send API, in order; [] for an empty bubble.

    Buttons stand under the last words (or on the card), as a template because that stays; quick replies vanish and so
    only serve where a template may not: over 640 characters, or beside choices that had to be printed as numbered lines
    because there are more than three or one of them does not fit a button.

    A picture without a card goes first, as `{"image": path}`: who sends it uploads the file and puts `image_message` in
    its place. A document goes last in the same way, as `{"file": paper}` for `file_message`. A receipt goes below the
    words. A carousel takes the place of the list that it draws, and stands under its sentence. What a person typed goes
    without these two: it would not be her words.
    Raises SendError for `Way.TEMPLATE`: there only `template_message` goes.
    """
    if way is Way.TEMPLATE:
        raise SendError("free words do not go as a template", reason=Reason.SHAPE, permanent=True)
    messages = _drawn(bubble, way)
    return _with_last(messages, {"file": bubble.file}) if bubble.file is not None else messages


def image_message(attachment_id: str) -> dict[str, Any]:
    """The message that shows an uploaded picture."""
    return {"attachment": {"type": "image", "payload": {"attachment_id": attachment_id}}}


def file_message(attachment_id: str) -> dict[str, Any]:
    """The message that hands over an uploaded file."""
    return {"attachment": {"type": "file", "payload": {"attachment_id": attachment_id}}}


def template_message(notice: Notice, template_name: str, language: str, parameters: Sequence[str]) -> dict[str, Any]:
    """The message that fills an approved template (send-messages/utility-messages).

    parameters: the names that the template has; a blank one is none. Raises SendError where the notice has no value for
    one of them.
    """
    names = [name for name in parameters if name]
    missing = [name for name in names if not notice.values.get(name, "").strip()]
    if missing:
        raise SendError(f"no value for {', '.join(missing)}", reason=Reason.SHAPE, permanent=True)
    values = {name: " ".join(_tidy(notice.values[name]).translate(WIDE).split()) for name in names}
    body = [{"type": "text", "parameter_name": name, "text": value} for name, value in values.items()]
    components = [{"type": "body", "parameters": body}] if body else []
    return {"template": {"name": template_name, "language": {"code": language}, "components": components}}


def _drawn(bubble: Bubble, way: Way) -> list[dict[str, Any]]:
    if bubble.carousel is not None and way is not Way.HUMAN and (row := _row(bubble.carousel)):
        lead = _worded(Bubble(bubble.carousel.text, bubble.carousel.buttons), None)
        return _with_last(lead, {"attachment": _generic(row)})
    card = _card(bubble)
    picture = [{"image": bubble.image}] if bubble.image and card is None else []
    messages = [*picture, *_worded(bubble, card)]
    paper = receipt(bubble.receipt) if bubble.receipt is not None and way is not Way.HUMAN else None
    return _with_last(messages, {"attachment": paper}) if paper is not None else messages


def _worded(bubble: Bubble, card: dict[str, Any] | None) -> list[dict[str, Any]]:
    text = _tidy(bubble.text)
    buttons = [Button(button.id, _tidy(button.title)) for button in bubble.buttons]
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


def _with_last(messages: list[dict[str, Any]], drawn: dict[str, Any]) -> list[dict[str, Any]]:
    """Quick replies vanish under the next message, so they move on to what is drawn last."""
    if not messages or "quick_replies" not in messages[-1]:
        return [*messages, drawn]
    last = {name: value for name, value in messages[-1].items() if name != "quick_replies"}
    return [*messages[:-1], last, drawn | {"quick_replies": messages[-1]["quick_replies"]}]


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
    return [{"attachment": _generic([element])}]


def _row(carousel: Carousel) -> list[dict[str, Any]]:
    return [element for card in carousel.cards if (element := _element(card))][:MAX_CARDS]


def _element(card: Card) -> dict[str, Any] | None:
    """One card of several: lines that are too long are shortened. None where it would be a title alone, or none."""
    title, subtitle = (shorten(_tidy(line), MAX_CARD_LINE) for line in (card.title, card.subtitle))
    buttons = [Button(button.id, shorten(_tidy(button.title), LIMITS.max_title)) for button in card.buttons]
    beside = {
        "subtitle": subtitle,
        "image_url": card.image if card.image.startswith("https://") else "",
        "buttons": [_postback(button) for button in buttons if _fits_a_button(button)][: LIMITS.max_buttons],
    }
    given = {name: value for name, value in beside.items() if value}
    return {"title": title, **given} if title and given else None


def _generic(elements: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "template", "payload": {"template_type": "generic", "elements": elements}}


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
