"""Who has a person's thread, and until when we may write to her. Nothing here speaks.

A colleague who answers by hand, in Meta's inbox or from the OA's app, takes the thread over; the bot is silent there
until it is handed back, or so many hours after the colleague's last words.
"""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import inbox
from bot.attachment import keep_attachments
from bot.conversation import Conversation
from bot.event import (
    SAID,
    ContactCard,
    Due,
    Edited,
    Event,
    Inbound,
    Location,
    Other,
    Overheard,
    Photo,
    Sticker,
    TakenOver,
    Tap,
    Text,
    Touched,
    Voice,
)
from catalog.case import open_case

CASE = "taken over"
"""The kind of case that says that somebody answers by hand; closing it hands the thread back."""
NOTICE = timedelta(minutes=30)
"""So long before the bot speaks again where she waits for an answer, staff are told."""
ENDS, OVER = "takeover_ends", "takeover_over"


def touch(conversation: Conversation, row: inbox.InboxRow, event: Event) -> None:
    """Note an action of hers that lets us write to her: by the platform's own clock, since a redelivery comes late."""
    if isinstance(event, (*SAID, Touched, Overheard)) and not isinstance(event, Edited):
        at = min(row.at, row.received_at)
        conversation.touched_at = at if conversation.touched_at is None else max(conversation.touched_at, at)


def is_taken(conversation: Conversation, now: datetime) -> bool:
    return conversation.taken_until is not None and conversation.taken_until > now


def keep_files(db: Session, conversation: Conversation, row: inbox.InboxRow, event: Event) -> None:
    """Pictures and voice notes are fetched soon: a platform's links die."""
    kind, urls = "", tuple[str, ...]()
    if isinstance(event, Photo):
        kind, urls = "photo", event.urls
    elif isinstance(event, Voice):
        kind, urls = "voice", (event.url,)
    if urls:
        keep_attachments(db, conversation.account_id, conversation.id, row.id, kind, urls, row.received_at)


def addressed(conversation: Conversation, event: Event, now: datetime) -> Event:
    """What she wrote beside us is for us after all where the colleague's time is over: the platform cannot know."""
    if isinstance(event, Overheard) and event.words and came_back(conversation, now):
        return Text(event.words)
    return event


def is_for_a_colleague(
    db: Session, conversation: Conversation, row: inbox.InboxRow, event: Event, *, lasts: timedelta
) -> bool:
    """Whether the bot has nothing to say to this: a colleague has the thread, or takes it now, or she only reacted.

    lasts: how long the bot is silent after a colleague's words.
    """
    now = row.received_at
    match event:
        case Touched():
            return True
        case TakenOver():
            take(db, conversation, row, event, lasts)
        case Overheard():
            take(db, conversation, row, TakenOver("standby", speaks=False), lasts)
            listen(db, conversation, row, event)
        case Due(name) if name not in {ENDS, OVER}:
            return is_taken(conversation, now)
        case _ if isinstance(event, SAID) and is_taken(conversation, now):
            listen(db, conversation, row, event)
            conversation.seen_at = now
            conversation.heard_at = max(conversation.heard_at, min(row.at, now))
        case _:
            return False
    db.flush()
    return True


def take(db: Session, conversation: Conversation, row: inbox.InboxRow, event: TakenOver, lasts: timedelta) -> None:
    """Keep silent from now on. That somebody only has the thread does not make it longer, that she writes does."""
    now = row.received_at
    if not event.speaks and is_taken(conversation, now):
        return
    conversation.taken_until = max(min(row.at, now), now - lasts) + lasts  # a redelivery may come late
    conversation.taken_by = event.by[:64] or "?"
    if event.speaks:
        conversation.left_alone = False
    _note(db, conversation, row, f"👩‍💼 {event.words}" if event.words else "")


def listen(db: Session, conversation: Conversation, row: inbox.InboxRow, event: Event) -> None:
    """She says something to the colleague who has the thread: kept with the case."""
    conversation.left_alone = True
    words = spoken(event)
    if words:
        _note(db, conversation, row, f"👤 {words}")


def free(conversation: Conversation) -> None:
    """The thread is the bot's again; `taken_by` stays until it has said so (`came_back`)."""
    conversation.taken_until = None
    conversation.left_alone = False


def came_back(conversation: Conversation, now: datetime) -> bool:
    """Whether somebody had the thread and the bot has not spoken since."""
    return conversation.taken_by != "" and not is_taken(conversation, now)


def spoken(event: Event) -> str:
    """What she said, as a line for a colleague."""
    match event:
        case Text(words) | Overheard(words) | Edited(words):
            return words
        case Tap(choice, title):
            return title or choice
        case ContactCard(name, phone, address):
            return ", ".join(part for part in (name, phone, address) if part)
        case Photo(_, caption):
            return f"🖼 {caption}".rstrip()
        case Voice():
            return "🎧"
        case Location():
            return "📍"
        case Sticker() | Other():
            return "…"
        case _:
            return ""


def alarms(db: Session, now: datetime) -> int:
    """Put what is due into the inboxes: staff hear first that she waits, then the bot is back. How many threads."""
    due = db.scalars(
        select(Conversation).where(Conversation.taken_until <= now + NOTICE).order_by(Conversation.id).limit(200)
    ).all()
    for conversation in due:
        until = conversation.taken_until
        name = OVER if until is not None and until <= now else ENDS
        if name == ENDS and not conversation.left_alone:
            continue
        key = f"due:{name}:{conversation.id}:{until:%Y%m%d%H%M%S}"
        arrival = Inbound("", conversation.address, key, now, Due(name, ""))
        inbox.receive(db, [(conversation.account_id, arrival)], now)
    return len(due)


def _note(db: Session, conversation: Conversation, row: inbox.InboxRow, words: str) -> None:
    open_case(db, conversation.account_id, conversation.id, CASE, subject="", note=words, at=row.received_at)
