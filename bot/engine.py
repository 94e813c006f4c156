"""A turn: an inbound event is answered, and all of it happens, or none.

`think` finds out what a turn comes to and writes nothing, so that many turns can be kept in one short transaction;
`take_turn` does the same with its own hands in the caller's transaction, for a turn that has to write on its way.
"""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot import inbox, outbox, thread
from bot.conversation import Conversation, conversation_by, conversation_of
from bot.effect import say
from bot.event import SAID, AccountNews, Event, Overheard, Silent
from bot.hearing import Hearing, Jot, Outcome, World
from bot.heed import heed
from catalog.case import open_case
from catalog.db import WouldWrite, vault_of

__all__ = ["MESSAGES_A_MINUTE", "Jot", "Lost", "Outcome", "World", "give_up", "take_turn", "think"]

MESSAGES_A_MINUTE = 30


class Lost(Exception):
    """Somebody else took this turn: roll back and look again."""


def think(
    db: Session, row: inbox.Pending, world: World, conversation: Conversation, memory: bytes | None = None
) -> Outcome:
    """What answering this row comes to; the conversation's columns are changed in memory only.

    db: a session that only thinks. memory: what an earlier turn of this conversation left that is not in its row yet.
    Raises `WouldWrite` where a turn needs hands, and whatever a broken step raises.
    """
    event = inbox.event_of(db, row)
    if isinstance(event, Silent):
        return Outcome()
    now = world.now()
    if isinstance(event, AccountNews):
        raise WouldWrite
    return _hear(db, row, event, world, conversation, now=now, memory=memory, jots=None if world.jot is None else [])


def take_turn(db: Session, row: inbox.Pending, world: World) -> None:
    """Answer one row. Raises `Lost` if it was taken already, and whatever a broken step raises."""
    now = world.now()
    taken = inbox.take(db, row, now)
    if taken is None:
        raise Lost
    row = taken
    event = inbox.event_of(db, row)
    if isinstance(event, Silent):
        return
    if isinstance(event, AccountNews):
        heed(db, row.account_id, event, now, world.language)
        return
    conversation = conversation_of(db, row.account_id, row.sender, now)
    _keep(db, conversation, _hear(db, row, event, world, conversation, now=now))


def give_up(db: Session, row: inbox.Pending, world: World, error: str) -> None:
    """A row that failed too often: it is put aside, and a person of the co-op gets a case.

    She gets an apology where she said something herself and nobody of the co-op speaks with her just now.
    """
    now = world.now()
    inbox.finish(db, row, now, error=error)
    known = conversation_by(db, row.account_id, row.sender)
    said = isinstance(inbox.event_of(db, row), SAID)
    if not said or (known is not None and thread.is_taken(known, now)):
        open_case(db, row.account_id, known.id if known else None, "poison", subject=f"inbox {row.id}", note="", at=now)
        return
    conversation = conversation_of(db, row.account_id, row.sender, now)
    hearing = Hearing(db, row, world, conversation, now)
    hearing.apologise()
    _keep(db, conversation, hearing.outcome(by_a_person=False))


def _hear(
    db: Session,
    row: inbox.Pending,
    event: Event,
    world: World,
    conversation: Conversation,
    *,
    now: datetime,
    memory: bytes | None = None,
    jots: list[Jot] | None = None,
) -> Outcome:
    thread.touch(conversation, row, event)
    event = thread.addressed(conversation, event, row.received_at)
    thread.keep_files(db, conversation, row, event)
    if conversation.owed and thread.opens_window(event):
        taken = thread.is_taken(conversation, now) or isinstance(event, Overheard)
        conversation.owed = not outbox.take_up(db, conversation.id, now, taken=taken)
    if thread.is_for_a_colleague(db, conversation, row, event, lasts=world.takeover):
        return Outcome()
    by_a_person = isinstance(event, SAID)
    allowance = _allowance(conversation, row.received_at) if by_a_person else 1
    if allowance < 0:
        return Outcome()
    hearing = Hearing(db, row, world, conversation, now, memory=memory, jots=jots)
    if allowance == 0:
        hearing.speech.speak(say("That was a lot at once. Please give me a minute, then write again."))
    else:
        hearing.hear(event)
    return hearing.outcome(by_a_person=by_a_person)


def _keep(db: Session, conversation: Conversation, outcome: Outcome) -> None:
    if outcome.memory is not None:
        conversation.memory = vault_of(db).seal_message(outcome.memory)
    db.flush()  # the fence first: whoever lost the race promises nothing
    outbox.promise(db, outcome.promises)


def _allowance(conversation: Conversation, at: datetime) -> int:
    """How many more messages this minute allows: 0 for the first one too many, below that for the others."""
    if conversation.minute_at is None or not timedelta(0) <= at - conversation.minute_at < timedelta(minutes=1):
        conversation.minute_at, conversation.minute_count = at, 0
    conversation.minute_count += 1
    return MESSAGES_A_MINUTE + 1 - conversation.minute_count
