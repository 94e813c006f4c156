"""Replies that were promised: one row each, in the words that were truly said, until the platform has it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import ForeignKey, Index, String, bindparam, func, insert, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from bot.reply import Bubble
from catalog.db import Base, BigId, reserve_ids, vault_of
from catalog.vault import Unsealable

PAGE = 500


class OutboxRow(Base):
    """A reply: waiting while `sent_at` and `dead_at` are empty; `dead_at` with `error` where it can never go."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_unsent",
            "channel",
            "id",
            sqlite_where=text("sent_at IS NULL AND dead_at IS NULL"),
            postgresql_where=text("sent_at IS NULL AND dead_at IS NULL"),
        ),
        Index(
            "ix_outbox_held",
            "conversation_id",
            sqlite_where=text("held_at IS NOT NULL AND dead_at IS NULL"),
            postgresql_where=text("held_at IS NOT NULL AND dead_at IS NULL"),
        ),
        Index(
            "ix_outbox_dead",
            "account_id",
            "reason",
            sqlite_where=text("dead_at IS NOT NULL AND held_at IS NULL"),
            postgresql_where=text("dead_at IS NOT NULL AND held_at IS NULL"),
        ),
        Index("ix_outbox_address", "account_id", "address", "id"),
        Index("ix_outbox_channel", "channel", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    channel: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(128))
    conversation_id: Mapped[int] = mapped_column(BigId)
    inbox_id: Mapped[int] = mapped_column(BigId)
    body: Mapped[bytes | None]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(String(16), default="")  # of bot.reply.Reason: why the last try failed
    held_at: Mapped[datetime | None]  # since when it waits until she has written again, or the thread is ours
    by_person: Mapped[bool] = mapped_column(default=False)  # somebody of the co-op typed it
    notice: Mapped[bool] = mapped_column(default=False)  # news that she did not ask for: replies go first
    reclaims: Mapped[bool] = mapped_column(default=False)  # with it the bot comes back after a colleague
    again: Mapped[bool] = mapped_column(default=False)  # it was held, and promised anew
    way: Mapped[str] = mapped_column(String(12), default="")  # of bot.permit.Way: as what it went


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A waiting reply, opened."""

    id: int
    account_id: int
    channel: str
    address: str
    conversation_id: int
    inbox_id: int
    bubble: Bubble
    created_at: datetime
    tries: int = 0
    next_at: datetime | None = None
    reason: str = ""  # of the last try
    by_person: bool = False
    notice: bool = False
    reclaims: bool = False
    again: bool = False


def put(db: Session, row: OutboxRow, bubble: Bubble) -> None:
    """Keep a reply to be sent; its id, and so its place, is given at the flush."""
    row.body = vault_of(db).seal_message(msgspec.json.encode(bubble))
    db.add(row)


@dataclass(frozen=True, slots=True)
class Promise:
    """A reply that is about to be kept. See the columns of `OutboxRow`."""

    account_id: int
    channel: str
    address: str
    conversation_id: int
    inbox_id: int
    bubble: Bubble
    created_at: datetime
    by_person: bool = False
    notice: bool = False
    reclaims: bool = False


_INSERT = insert(OutboxRow.__table__)  # type: ignore[arg-type]


def promise(db: Session, promises: Sequence[Promise]) -> list[Outgoing]:
    """Keep replies to be sent, in this order: one INSERT for many."""
    if not promises:
        return []
    seal = vault_of(db).seal_message
    ids = reserve_ids(db, OutboxRow.__tablename__, len(promises))
    rows = [
        {
            "id": number,
            "account_id": one.account_id,
            "channel": one.channel,
            "address": one.address,
            "conversation_id": one.conversation_id,
            "inbox_id": one.inbox_id,
            "body": seal(msgspec.json.encode(one.bubble)),
            "created_at": one.created_at,
            "tries": 0,
            "reason": "",
            "by_person": one.by_person,
            "notice": one.notice,
            "reclaims": one.reclaims,
            "again": False,
            "way": "",
        }
        for number, one in zip(ids, promises, strict=True)
    ]
    db.connection().execute(_INSERT, rows)
    return [
        Outgoing(
            number,
            one.account_id,
            one.channel,
            one.address,
            one.conversation_id,
            one.inbox_id,
            one.bubble,
            one.created_at,
            by_person=one.by_person,
            notice=one.notice,
            reclaims=one.reclaims,
        )
        for number, one in zip(ids, promises, strict=True)
    ]


def unsent(
    db: Session, channels: Iterable[str], after_id: int = 0, at_once: int = PAGE
) -> Iterator[Sequence[OutboxRow]]:
    """Rows of these channels that may go and have a higher id, in order, `at_once` at a time."""
    page: Sequence[OutboxRow] = ()
    while not page or len(page) == at_once:
        page = db.scalars(
            select(OutboxRow)
            .where(
                OutboxRow.sent_at.is_(None),
                OutboxRow.dead_at.is_(None),
                OutboxRow.held_at.is_(None),
                OutboxRow.channel.in_(list(channels)),
                OutboxRow.id > after_id,
            )
            .order_by(OutboxRow.id)
            .limit(at_once)
        ).all()
        if not page:
            return
        yield page
        after_id = page[-1].id


def waiting(db: Session, channels: Iterable[str], after_id: int = 0) -> list[Outgoing]:
    """Unsent replies of these channels with a higher id, in order."""
    return [opened(db, row) for page in unsent(db, channels, after_id) for row in page]


def waiting_for(db: Session, account_id: int, address: str, after_id: int = 0) -> list[Outgoing]:
    """One person's replies in order: those with a higher id, or the unsent ones if `after_id` is 0."""
    query = select(OutboxRow).where(OutboxRow.account_id == account_id, OutboxRow.address == address)
    if after_id:
        query = query.where(OutboxRow.id > after_id)
    else:
        query = query.where(OutboxRow.sent_at.is_(None), OutboxRow.dead_at.is_(None))
    rows = db.scalars(query.order_by(OutboxRow.id)).all()
    return [opened(db, row) for row in rows if row.body is not None]


def newest_id(db: Session, channel: str) -> int:
    """The id of the newest reply on a channel, 0 if there is none: what a watcher compares."""
    return db.scalar(select(func.max(OutboxRow.id)).where(OutboxRow.channel == channel)) or 0


def mark_sent(db: Session, ids: Sequence[int], at: datetime, way: str = "") -> None:
    """The platform has these; as what they went, where it was not a plain reply."""
    db.connection().execute(_SENT, {"ids": list(ids), "at": at, "as_way": way})


_outbox = OutboxRow.__table__.c
_SENT = (
    update(OutboxRow.__table__)  # type: ignore[arg-type]
    .where(_outbox.id.in_(bindparam("ids", expanding=True)), _outbox.sent_at.is_(None))
    .values(sent_at=bindparam("at"), error=None, way=bindparam("as_way"))
)


def mark_seen(db: Session, account_id: int, address: str, up_to_id: int, at: datetime) -> None:
    """A person's browser has all of hers up to this id."""
    db.execute(
        update(OutboxRow)
        .where(
            OutboxRow.account_id == account_id,
            OutboxRow.address == address,
            OutboxRow.id <= up_to_id,
            OutboxRow.sent_at.is_(None),
        )
        .values(sent_at=at)
        .execution_options(synchronize_session=False)
    )


def mark_failed(
    db: Session, outbox_id: int, at: datetime, error: str, next_at: datetime | None, *, reason: str = ""
) -> None:
    """A try failed: again at `next_at`, or never if that is None."""
    _note(db, outbox_id, error, reason, next_at=next_at, dead_at=None if next_at else at)


def hold(db: Session, outbox_id: int, at: datetime, error: str, *, reason: str) -> None:
    """It may not go now: it waits until `take_up`."""
    _note(db, outbox_id, error, reason, held_at=at)


def _note(db: Session, outbox_id: int, error: str, reason: str, **values: datetime | None) -> None:
    db.execute(
        update(OutboxRow)
        .where(OutboxRow.id == outbox_id, OutboxRow.sent_at.is_(None), OutboxRow.dead_at.is_(None))
        .values(tries=OutboxRow.tries + 1, error=error[:200], reason=reason, **values)
        .execution_options(synchronize_session=False)
    )


def is_open(db: Session, outbox_id: int) -> bool:
    """Whether it still waits to be sent: neither sent, nor given up, nor held, nor forgotten."""
    still = select(OutboxRow.id).where(
        OutboxRow.id == outbox_id,
        OutboxRow.sent_at.is_(None),
        OutboxRow.dead_at.is_(None),
        OutboxRow.held_at.is_(None),
        OutboxRow.body.is_not(None),
    )
    return db.scalar(still) is not None


def held_after(db: Session, moment: datetime) -> Sequence[int]:
    """Conversations with a reply that was held later than that. Of a moment to come: a clock that was ahead did it."""
    held = select(OutboxRow.conversation_id).where(
        OutboxRow.held_at > moment, OutboxRow.sent_at.is_(None), OutboxRow.dead_at.is_(None)
    )
    return db.scalars(held.distinct().order_by(OutboxRow.conversation_id)).all()


def take_up(db: Session, conversation_id: int, at: datetime, *, taken: bool = False) -> bool:
    """What was held may go: promised anew, in the old order, before all that is promised after this.

    taken: a colleague has the thread, so only what people typed, and news. Whether nothing is held any more.
    """
    held = db.scalars(
        select(OutboxRow)
        .where(
            OutboxRow.conversation_id == conversation_id,
            OutboxRow.held_at.is_not(None),
            OutboxRow.sent_at.is_(None),
            OutboxRow.dead_at.is_(None),
            OutboxRow.body.is_not(None),
        )
        .order_by(OutboxRow.id)
    ).all()
    for row in held:
        if taken and not (row.by_person or row.notice):
            continue
        again = OutboxRow(
            account_id=row.account_id,
            channel=row.channel,
            address=row.address,
            conversation_id=row.conversation_id,
            inbox_id=row.inbox_id,
            body=row.body,
            created_at=at,
            by_person=row.by_person,
            notice=row.notice,
            reclaims=row.reclaims,
            again=True,
        )
        db.add(again)
        row.dead_at = at
        db.flush()
        row.error = f"promised again as {again.id}"
    return all(row.dead_at is not None for row in held)


def opened(db: Session, row: OutboxRow) -> Outgoing:
    """The row with its bubble; an empty bubble where the body is gone or cannot be read any more."""
    try:
        bubble = msgspec.json.decode(vault_of(db).open(row.body), type=Bubble) if row.body else Bubble("")
    except (Unsealable, msgspec.MsgspecError, UnicodeDecodeError):
        bubble = Bubble("")
    return Outgoing(
        row.id,
        row.account_id,
        row.channel,
        row.address,
        row.conversation_id,
        row.inbox_id,
        bubble,
        row.created_at,
        row.tries,
        row.next_at,
        row.reason,
        row.by_person,
        row.notice,
        row.reclaims,
        row.again,
    )
