"""The web chat's own JSON: what the page sends becomes an event, a reply becomes what the page draws. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.event import Event, Inbound, Other, Referral, Start, Tap, Text
from bot.reply import Bubble, Button, Card, Limits
from bot.understand.text import clean

LIMITS = Limits(max_text=2000, max_text_with_buttons=2000, max_buttons=10, max_title=80)
"""Our own page draws anything; these are the bubble's own bounds, so that nothing is ever split for it."""

MAX_ID = 100
MAX_CHOICE = 200
KINDS = ("text", "choice", "ref", "start")


def parse(body: Any, visitor: str, account: str, now: datetime) -> Inbound:
    """One message of the page: `{"id": …}` with exactly one of `text`, `choice` (and `title`), `ref`, `start`.

    `visitor` is the address that replies go to. The id is the page's own: sending it again is the same message.
    Raises ValueError, with words for whoever wrote the client, if the body is anything else.
    """
    given = [kind for kind in KINDS if kind in body] if isinstance(body, dict) else []
    if len(given) != 1:
        raise ValueError("Send a JSON object with an id and exactly one of text, choice, ref or start.")
    return Inbound(account, visitor, f"web:{visitor}:{_id(body)}", now, _event(given[0], body))


def parse_ack(body: Any) -> int | None:
    """The newest reply that the browser has, from `{"ack": <outbox id>}`; None if this is no such body.

    0 says hello: nothing was received yet. Raises ValueError for an ack that is no outbox id.
    """
    if not isinstance(body, dict) or "ack" not in body:
        return None
    ack = body["ack"]
    if type(ack) is not int or not 0 <= ack < 2**63:
        raise ValueError("An ack is the id of a reply, a whole number.")
    return ack


def render(bubble: Bubble) -> dict[str, Any]:
    """What the page draws: `text`, `choices`, and where there is one a `card`, an `image` and the `link` to a file.

    A carousel takes the place of the list that it draws: `cards`, each with choices of its own.
    """
    reply = _drawn(bubble)
    if bubble.file is not None:
        reply["link"] = {"title": bubble.file.name, "href": bubble.file.link, "words": bubble.file.by_link}
    return reply


def _drawn(bubble: Bubble) -> dict[str, Any]:
    if bubble.carousel is not None:
        row = bubble.carousel
        return {"text": row.text, "choices": _choices(row.buttons), "cards": [_card(card) for card in row.cards]}
    reply: dict[str, Any] = {"text": bubble.text, "choices": _choices(bubble.buttons)}
    if bubble.card_title:
        reply["card"] = {"title": bubble.card_title, "subtitle": bubble.card_subtitle}
    if bubble.image:
        reply["image"] = bubble.image
    return reply


def _choices(buttons: Sequence[Button]) -> list[dict[str, str]]:
    return [{"id": button.id, "title": button.title} for button in buttons]


def _card(card: Card) -> dict[str, Any]:
    drawn: dict[str, Any] = {"title": card.title, "subtitle": card.subtitle, "choices": _choices(card.buttons)}
    return drawn | {"image": card.image} if card.image else drawn


def _id(body: dict[str, Any]) -> str:
    given = body.get("id")
    if type(given) is int:
        given = str(given) if abs(given) < 2**63 else ""
    if not isinstance(given, str) or not 1 <= len(given) <= MAX_ID or not (given.isascii() and given.isprintable()):
        raise ValueError(f"Every message needs an id of its own: 1 to {MAX_ID} plain letters, digits or signs.")
    return given


def _event(kind: str, body: dict[str, Any]) -> Event:
    if kind == "start":
        if body["start"] is not True:
            raise ValueError("start is true or not there.")
        return Start()
    words = _words(body, kind)
    if not words:
        return Other("empty")
    match kind:
        case "choice":
            title = _words(body, "title") if "title" in body else ""
            return Tap(words[:MAX_CHOICE], title[:MAX_CHOICE])
        case "ref":
            return Referral(words[:MAX_CHOICE])
        case _:
            return Text(words)


def _words(body: dict[str, Any], name: str) -> str:
    match body[name]:
        case str(words):
            return clean(words)
        case _:
            raise ValueError(f"{name} is a string.")
