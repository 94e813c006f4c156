"""Who has a person's thread, and until when we may write to her. Nothing here speaks.

A colleague who answers by hand, in Meta's inbox or from the OA's app, takes the thread over; the bot is silent there
until it is handed back, or so many hours after the colleague's last words.
"""

from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot import inbox
from bot.attachment import keep_attachments
from bot.conversation import Conversation, load_memory
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


def opens_window(event: Event) -> bool:
    """Whether this action of hers lets us write to her."""
    return isinstance(event, (*SAID, Touched, Overheard)) and not isinstance(event, Edited)


def touch(conversation: Conversation, row: inbox.Pending, event: Event) -> None:
    """Note an action of hers that lets us write to her: by the platform's own clock, since a redelivery comes late."""
    if opens_window(event):
        at = min(row.at, row.received_at)
        conversation.touched_at = at if conversation.touched_at is None else max(conversation.touched_at, at)


def is_taken(conversation: Conversation, now: datetime) -> bool:
    return conversation.taken_until is not None and conversation.taken_until > now


def keep_files(db: Session, conversation: Conversation, row: inbox.Pending, event: Event) -> None:
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
    db: Session, conversation: Conversation, row: inbox.Pending, event: Event, *, lasts: timedelta
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
        case _:
            return False
    db.flush()
    return True


def take(db: Session, conversation: Conversation, row: inbox.Pending, event: TakenOver, lasts: timedelta) -> None:
    """Keep silent from now on. A colleague's words make it longer; that somebody only has the thread does not."""
    now, at = row.received_at, min(row.at, row.received_at)  # a redelivery may come late
    handed_at, until = conversation.handed_at, at + lasts
    if (not event.speaks and is_taken(conversation, now)) or (handed_at is not None and at < handed_at):
        return
    if until > now:
        conversation.taken_until = max(until, conversation.taken_until or until)
        conversation.taken_by = event.by[:64] or "?"
        if event.speaks and at >= conversation.heard_at:
            conversation.left_alone = False
    elif not is_taken(conversation, now):
        return  # so old that its time is over
    _note(db, conversation, row, f"👩‍💼 {event.words}" if event.words else "")


def listen(db: Session, conversation: Conversation, row: inbox.Pending, event: Event) -> None:
    """She says something to the colleague who has the thread: kept with the case."""
    conversation.heard_at = max(conversation.heard_at, min(row.at, row.received_at))
    words = _title(db, conversation, event) if isinstance(event, Tap) and not event.title else spoken(event)
    if words:
        conversation.left_alone = True
        _note(db, conversation, row, f"👤 {words}")


def free(conversation: Conversation, at: datetime) -> None:
    """The thread is the bot's again since then; `taken_by` stays until it has said so (`came_back`)."""
    conversation.taken_until = None
    conversation.left_alone = False
    conversation.handed_at = at


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
        case Voice(_, caption):
            return f"🎧 {caption}".rstrip()
        case Location():
            return "📍"
        case Sticker() | Other():
            return "…"
        case _:
            return ""


def alarms(db: Session, now: datetime) -> int:
    """Put what is due into the inboxes: staff hear first that she waits, then the bot is back. How many threads."""
    due = db.scalars(
        select(Conversation)
        .where(Conversation.taken_until <= now + NOTICE, or_(Conversation.taken_until <= now, Conversation.left_alone))
        .order_by(Conversation.taken_until)
        .limit(200)
    ).all()
    for conversation in due:
        until = conversation.taken_until
        name = OVER if until is not None and until <= now else ENDS
        key = f"due:{name}:{conversation.id}:{until:%Y%m%d%H%M%S}"
        if name == OVER:  # as long as it is due, should the first one have come to nothing
            key += f":{now:%Y%m%d%H}"
        arrival = Inbound("", conversation.address, key, now, Due(name, ""))
        inbox.receive(db, [(conversation.account_id, arrival)], now)
    return len(due)


def _title(db: Session, conversation: Conversation, tap: Tap) -> str:
    """What stood on the button that she pressed, as far as its question is still known."""
    memory = load_memory(db, conversation)
    questions = [talk.question for talk in memory.talks] + [memory.question] if memory else []
    for question in questions:
        for button in question.bubble.buttons if question else ():
            if button.id == tap.choice:
                return button.title
    return "…"


def _note(db: Session, conversation: Conversation, row: inbox.Pending, words: str) -> None:
    open_case(db, conversation.account_id, conversation.id, CASE, subject="", note=words, at=row.received_at)
