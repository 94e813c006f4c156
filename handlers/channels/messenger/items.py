"""One item of `messaging` or `standby`: what happened, and to whom it belongs.

Which key is present decides, never the order. Sources: "webhooks/webhook-events/…", "conversation-routing".
"""

from datetime import datetime

import msgspec

from bot.event import (
    AccountNews,
    Edited,
    Event,
    HandedBack,
    Inbound,
    Other,
    Overheard,
    Silent,
    Start,
    TakenOver,
    Tap,
    Touched,
)
from bot.understand.text import clean
from handlers.channels.messenger.echo import echo
from handlers.channels.messenger.said import came_by, said
from handlers.channels.messenger.shapes import Edit, Handover, Item, Link, Message, Policy, Postback, Reaction
from handlers.wire import id_of, key_of, moment, salvaged, tells, unreadable

GET_STARTED = "GET_STARTED"
"""The payload of the Get Started button, as `account add` sets it."""

INBOX_APP = "263902037430900"
"""Meta's own inbox, where staff write by hand (conversation-routing)."""

POLICY = {"block": "blocked", "unblock": "unblocked", "warning": "warned"}
SILENT = {
    "delivery": "delivery",
    "read": "read",
    "optin": "optin",
    "account_linking": "account_linking",
    "request_thread_control": "handover",
    "app_roles": "handover",
    "order": "order",
    "messaging_customer_information": "form",
    "messaging_feedback": "feedback",
    "response_feedback": "feedback",
}
"""Keys of items that the bot never answers, and what we call them. Any other key is "unknown"."""

Happened = tuple[str, Event]


def heard(account: str, raw: object, now: datetime, app_id: str) -> list[Inbound]:
    """An item of `messaging`: usually one event, two where a link came together with words."""
    try:
        item = msgspec.convert(raw, Item)
    except msgspec.ValidationError:
        rest = salvaged(raw, Item)
        found = [] if rest is None else _heard(account, rest, raw, now, app_id)
        return found if any(map(tells, found)) else [unreadable(account, raw, now)]
    return _heard(account, item, raw, now, app_id)


def _heard(account: str, item: Item, raw: object, now: datetime, app_id: str) -> list[Inbound]:
    person, by_page = _parties(item, account)
    at = moment(item.timestamp, now)
    found = _happened(item, raw, app_id, by_page=by_page)
    return [_addressed(account, person, key, at, event, by_page=by_page) for key, event in found]


def overheard(account: str, raw: object, now: datetime, app_id: str) -> Inbound:
    """An item of `standby`: somebody else has the thread, and whatever it is, the bot only takes note.

    Its key is not that of the same event in `messaging`; only our own echo is the same fact wherever it is told.
    """
    try:
        item = msgspec.convert(raw, Item)
    except msgspec.ValidationError:
        rest = salvaged(raw, Item)
        found = None if rest is None else _overheard(account, rest, raw, now, app_id)
        return found if found is not None and tells(found) else unreadable(account, raw, now)
    return _overheard(account, item, raw, now, app_id)


def _overheard(account: str, item: Item, raw: object, now: datetime, app_id: str) -> Inbound:
    person, by_page = _parties(item, account)
    key, event = _happened(item, raw, app_id, by_page=by_page)[-1]
    match event:
        case Silent("echo"):
            return _addressed(account, person, key, moment(item.timestamp, now), event, by_page=by_page)
        case TakenOver() | HandedBack() | AccountNews():
            pass
        case _ if item.message is not None and event != Silent("deleted"):
            event = Overheard(clean(item.message.text or ""))
        case _:
            event = TakenOver("standby", speaks=False)
    key = f"standby:{key}"
    return _addressed(account, person, key, moment(item.timestamp, now), event, by_page=by_page)


def _parties(item: Item, account: str) -> tuple[str, bool]:
    """The person whom it is about, empty if it names none, and whether the page did it and not she.

    What may be an echo is one, however oddly it says so: answering our own words would never end.
    """
    sender = id_of(item.sender.id) if item.sender else ""
    is_echo = item.message is not None and item.message.is_echo not in (None, False)
    by_page = is_echo or (bool(sender) and sender == account)
    if by_page:
        sender = id_of(item.recipient.get("id")) if isinstance(item.recipient, dict) else ""
    return ("" if sender == account else sender), by_page


def _addressed(account: str, person: str, key: str, at: datetime, event: Event, *, by_page: bool) -> Inbound:
    """What nobody did is for nobody, and what the page did is never hers: answering it would not end."""
    match event:
        case AccountNews():
            person = ""
        case Silent():
            pass
        case _ if not person:
            event = Silent("no_sender")
        case _ if by_page and not isinstance(event, TakenOver | HandedBack):
            event = Silent("echo")
    return Inbound(account, person, key, at, event)


def _happened(item: Item, raw: object, app_id: str, *, by_page: bool) -> list[Happened]:
    """Key and event of each thing that the item tells, at least one; the last is the main one."""
    match item:
        case Item(message=Message() as message) if by_page:
            return [echo(message, raw, app_id)]
        case Item(message=Message(is_deleted=True, mid=mid)):
            return [(key_of("deleted", mid, raw), Silent("deleted"))]
        case Item(message=Message(mid=mid) as message):
            return [*_came(message.referral, mid, raw), (key_of("message", mid, raw), said(message))]
        case Item(postback=Postback() as postback):
            return _pressed(postback, raw)
        case Item(referral=Link() as link):
            return _came(link, "", raw) or [(key_of("referral", "", raw), Start())]
        case Item(message_edit=Edit() as edit):
            return [_edited(edit, raw)]
        case Item(reaction=Reaction() as reaction):
            return [_reacted(reaction, item.timestamp, raw)]
        case Item(pass_thread_control=Handover() as passed):
            return [(key_of("handover", "", raw), _handed(passed, app_id, passed=True))]
        case Item(take_thread_control=Handover() as taken):
            return [(key_of("handover", "", raw), _handed(taken, app_id, passed=False))]
        case Item(policy_enforcement=Policy() as policy) | Item(policy_with_hyphen=Policy() as policy):
            return [(key_of("policy", "", raw), _ruled(policy))]
    names = raw if isinstance(raw, dict) else {}
    kind = next((SILENT[name] for name in names if name in SILENT), "unknown")
    return [(key_of(kind, "", raw), Silent(kind))]


def _came(link: Link | None, mid: str | None, raw: object) -> list[Happened]:
    referral = came_by(link)
    return [(key_of("referral", mid, raw), referral)] if referral else []


def _pressed(postback: Postback, raw: object) -> list[Happened]:
    """A link that led to the button goes first; beside it Get Started says nothing more."""
    came, key = _came(postback.referral, postback.mid, raw), key_of("postback", postback.mid, raw)
    if postback.payload == GET_STARTED:
        return came or [(key, Start())]
    if not postback.payload:
        return [*came, (key, Other("postback"))]
    return [*came, (key, Tap(postback.payload, clean(postback.title or "")))]


def _edited(edit: Edit, raw: object) -> Happened:
    """An edit carries the id of the message, so its number makes the key."""
    numbered = edit.mid and edit.num_edit not in (None, "")
    key = key_of("edit", f"{edit.mid}:{edit.num_edit}" if numbered else "", raw)
    words = clean(edit.text or "")
    return key, Edited(words) if words else Silent("edit")


def _reacted(reaction: Reaction, timestamp: object, raw: object) -> Happened:
    """A reaction lets us write to her (send-messages), and is no answer to anything."""
    known = reaction.mid and timestamp is not None
    key = key_of("reaction", f"{reaction.mid}:{reaction.action}:{timestamp}" if known else "", raw)
    return key, Touched("reaction") if reaction.action == "react" else Silent("reaction")


def _handed(handover: Handover, app_id: str, *, passed: bool) -> Event:
    """Who has the thread now. Without an owner nothing is told.

    Where we do not know our own app id, what is passed and not to the inbox counts as passed to us: if that is wrong,
    the platform refuses the next reply with "another app controls the thread", and nobody is left without an answer.
    """
    owner, before = id_of(handover.new_owner_app_id), id_of(handover.previous_owner_app_id)
    if not owner:
        return Silent("handover")
    ours = owner == app_id if app_id else passed and owner != INBOX_APP
    return HandedBack(before) if ours else TakenOver(owner, speaks=False)


def _ruled(policy: Policy) -> Event:
    """The reason is missing where the page is free again."""
    kind = POLICY.get(policy.action or "")
    return AccountNews(kind, words=clean(policy.reason or "")) if kind else Silent("policy")
