"""All we remember of one person at one account: one row, fenced by its version."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ForeignKey, String, UniqueConstraint, bindparam, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from bot.reply import Bubble
from catalog.db import Base, BigId, vault_of
from catalog.vault import Unsealable

MAX_PARKED = 3
MAX_HISTORY = 8


class Conversation(Base):
    """`version` is the fence: of two turns over the same version one commits, the other rolls back whole."""

    __tablename__ = "conversation"
    __table_args__ = (UniqueConstraint("account_id", "address"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    address: Mapped[str] = mapped_column(String(128))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    memory: Mapped[bytes]
    version: Mapped[int] = mapped_column()
    created_at: Mapped[datetime]
    heard_at: Mapped[datetime]  # platform time of the newest event that was handled
    seen_at: Mapped[datetime | None] = mapped_column(index=True)  # when we last got something from her
    touched_at: Mapped[datetime | None]  # platform time of her last action that lets us write to her
    taken_until: Mapped[datetime | None] = mapped_column(index=True)  # till then somebody of the co-op has the thread
    taken_by: Mapped[str] = mapped_column(String(64), default="")
    handed_at: Mapped[datetime | None]  # platform time of when it was last given back to the bot
    owed: Mapped[bool] = mapped_column(default=False)  # replies wait until she has written again
    left_alone: Mapped[bool] = mapped_column(default=False)  # she wrote last while somebody had the thread
    remind_at: Mapped[datetime | None] = mapped_column(index=True)  # when the open talk wants a nudge
    minute_at: Mapped[datetime | None]
    minute_count: Mapped[int] = mapped_column(default=0)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 (SQLAlchemy's own protocol)


@dataclass(frozen=True, slots=True)
class OpenChoice:
    """A choice that was put to her: see `bot.effect.Choice`; the title as she saw it."""

    key: str
    arg: str
    title: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """The question that is open, as it was asked.

    choices: all that can be picked, a printed list first. asked_at: our clock when it was asked; cause_at: the
    platform's time of the message it answered. Both tell an answer from words that were typed before it.
    """

    id: int
    bubble: Bubble
    choices: tuple[OpenChoice, ...]
    expects: str
    weighty: bool
    asked_at: datetime
    cause_at: datetime
    rests: bool = False


@dataclass(slots=True)
class Past:
    state: dict[str, Any]
    question: Question | None


@dataclass(slots=True)
class Talk:
    """One purpose that is under way: its dialogue, what it knows, what it asked last, and how it came there."""

    dialogue: str
    state: dict[str, Any]
    question: Question | None = None
    history: list[Past] = field(default_factory=list)


@dataclass(slots=True)
class Memory:
    """What a conversation keeps between turns. talks: the open one is the last, below it up to three parked ones."""

    talks: list[Talk] = field(default_factory=list)
    question: Question | None = None
    questions: int = 0  # how many were asked, which makes their ids
    misses: int = 0  # messages in a row that were not understood
    lot: str = ""
    language: str = ""
    you: str = ""
    suggested: list[datetime] = field(default_factory=list)  # when we named a code that she might have meant
    missed: list[datetime] = field(default_factory=list)  # when she gave a code that is in nobody's book
    quiet: bool = False  # she wants no messages that she did not ask for


def conversation_by(db: Session, account_id: int, address: str) -> Conversation | None:
    """The row of this person at this account, if she was ever here."""
    return db.scalar(_BY_ADDRESS, {"account_id": account_id, "address": address})


def conversation_of(db: Session, account_id: int, address: str, now: datetime) -> Conversation:
    """The row of this person at this account, made if she is new. A race for a new one ends in IntegrityError."""
    row = conversation_by(db, account_id, address)
    if row is None:
        row = Conversation(
            account_id=account_id,
            address=address,
            memory=dump_memory(db, Memory()),
            created_at=now,
            heard_at=datetime.fromtimestamp(0, now.tzinfo),
        )
        db.add(row)
        db.flush()
    return row


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides whether we may write to her: see the columns of `Conversation`."""

    touched_at: datetime | None
    taken_until: datetime | None


def standings(db: Session, ids: Collection[int]) -> dict[int, Standing]:
    """By conversation id."""
    rows = db.execute(
        select(Conversation.id, Conversation.touched_at, Conversation.taken_until).where(Conversation.id.in_(ids))
    )
    return {number: Standing(touched_at, taken_until) for number, touched_at, taken_until in rows}


def take_over(db: Session, conversation_id: int, by: str, *, now: datetime, until: datetime) -> bool:
    """Somebody of the co-op has the thread though she waits for an answer. False if it is known already."""
    known = Conversation.taken_until.is_not(None) & (Conversation.taken_until > now)
    taken = db.execute(
        update(Conversation)
        .where(Conversation.id == conversation_id, ~known)
        .values(taken_by=by[:64], taken_until=until, left_alone=True, version=Conversation.version + 1)
        .execution_options(synchronize_session=False)
    )
    return bool(taken.rowcount)  # type: ignore[attr-defined]


def owe(db: Session, conversation_id: int) -> None:
    """A reply of hers is held: it goes when she has written again."""
    db.execute(
        update(Conversation)
        .where(Conversation.id == conversation_id)
        .values(owed=True, version=Conversation.version + 1)
        .execution_options(synchronize_session=False)
    )


def is_owed(db: Session, conversation_id: int) -> bool:
    """Whether a reply of hers is held still."""
    return bool(db.scalar(select(Conversation.owed).where(Conversation.id == conversation_id)))


class Whereabouts(NamedTuple):
    """A conversation, as far as one has to know it to put something into its inbox."""

    id: int
    account_id: int
    address: str


def last_seen_of(db: Session, person_ids: Collection[int]) -> dict[int, Whereabouts]:
    """Where each of these people wrote last, on whatever channel; by person's id."""
    found = db.execute(_LAST_SEEN, {"person_ids": list(person_ids)})
    return {person_id: Whereabouts(*where) for person_id, *where in found}  # the last one of hers stays


def load_memory(db: Session, row: Conversation) -> Memory | None:
    """What we remember; None if it was written by other code or with another key, so that we must start over."""
    try:
        return read_memory(vault_of(db).open(row.memory))
    except Unsealable:
        return None


def dump_memory(db: Session, memory: Memory) -> bytes:
    return vault_of(db).seal_message(write_memory(memory))


def read_memory(written: bytes) -> Memory | None:
    """None if it was written by other code."""
    try:
        return _READER.decode(written)
    except msgspec.MsgspecError:
        return None


def write_memory(memory: Memory) -> bytes:
    """As JSON, not sealed."""
    return _WRITER.encode(memory)


_TALKS = Base.metadata.tables[Conversation.__tablename__]
_LAST_SEEN = (
    select(_TALKS.c.person_id, _TALKS.c.id, _TALKS.c.account_id, _TALKS.c.address)
    .where(_TALKS.c.person_id.in_(bindparam("person_ids", expanding=True)))
    .order_by(_TALKS.c.seen_at.nulls_first())
)
_BY_ADDRESS = select(Conversation).where(
    Conversation.account_id == bindparam("account_id"), Conversation.address == bindparam("address")
)
_READER, _WRITER = msgspec.json.Decoder(Memory), msgspec.json.Encoder()
