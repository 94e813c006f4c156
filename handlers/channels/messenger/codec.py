"""Messenger's JSON into our events. Pure: no clock, no network, no product. The way back is `render`.

Sources: developers.facebook.com/documentation/business-messaging/messenger-platform, pages
"webhooks/webhook-events/…", "conversation-routing" and "send-messages/…" as of mid 2026.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from bot.event import Inbound
from handlers.channels.messenger.changes import changed
from handlers.channels.messenger.echo import echo_key
from handlers.channels.messenger.items import GET_STARTED, heard, overheard
from handlers.channels.messenger.receipt import is_receipt
from handlers.channels.messenger.render import LIMITS, file_message, image_message, render, template_message
from handlers.wire import MOST_ITEMS, id_of, items_of, moment, unreadable

__all__ = [
    "GET_STARTED",
    "LIMITS",
    "echo_key",
    "file_message",
    "image_message",
    "is_receipt",
    "parse",
    "render",
    "template_message",
]


def parse(payload: object, now: datetime, app_id: str = "") -> list[Inbound]:
    """Everything that happened, in the order of the body; [] for what is not about a page.

    `now` stands in for a missing timestamp. app_id: of our own app, empty if we do not know it. An item that cannot be
    read becomes `Silent("unreadable")` with its JSON, and its neighbours stay; so does all that is more than
    `MOST_ITEMS`, together. Raises RecursionError where an item is
    nested nearly as deep as the interpreter allows.
    """
    if not isinstance(payload, dict) or payload.get("object") != "page":
        return []
    found: list[Inbound] = []
    parts = _parts(payload)
    for account, time, kind, item in islice(parts, MOST_ITEMS):
        match kind:
            case "messaging":
                found += heard(account, item, now, app_id)
            case "standby":
                found.append(overheard(account, item, now, app_id))
            case "changes":
                found.append(changed(account, item, time, moment(time, now)))
            case _:
                found.append(unreadable("", item, now))
    rest = list(parts)
    if rest:
        found.append(unreadable("", rest, now))
    return found


def _parts(payload: dict[str, object]) -> Iterator[tuple[str, object, str, object]]:
    """Every item of the body: the page, the time of its entry, in which list it was, and the item."""
    for entry in items_of(payload.get("entry")):
        if not isinstance(entry, dict):
            yield "", None, "entry", entry
            continue
        account, time = id_of(entry.get("id")), entry.get("time")
        for kind in ("messaging", "standby", "changes"):
            for item in items_of(entry.get(kind)):
                yield account, time, kind, item
