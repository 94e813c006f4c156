"""The letter box: one row for every event that was answered with 200, and the door that puts it there."""

import hashlib
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Index, Insert, String, UniqueConstraint, exc, func, select, text, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, Session, mapped_column

from bot.event import Event, Inbound, Silent, dump_event, load_event
from catalog.account import first_account, ids_of_channel
from catalog.db import Base, BigId, Database, vault_of
from catalog.vault import Unsealable

MAX_TRIES = 5
PATIENCE = 4.0  # seconds until a delivery that waits for its commit is answered with 503
GONE = (exc.OperationalError, exc.InterfaceError, exc.TimeoutError)
KEY_LENGTH = 255


class Down(Exception):
    """The database did not take the event: the platform must be told to send it again."""


class InboxRow(Base):
    """An inbound event: waiting while `done_at` is empty; given up when `error` is set and it is done."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("account_id", "key", name="uq_inbox_account_id_key"),
        Index("ix_inbox_pending", "id", sqlite_where=text("done_at IS NULL"), postgresql_where=text("done_at IS NULL")),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    sender: Mapped[str] = mapped_column(String(128))
    key: Mapped[str] = mapped_column(String(KEY_LENGTH))
    kind: Mapped[str] = mapped_column(String(24))
    at: Mapped[datetime]
    received_at: Mapped[datetime]
    body: Mapped[bytes | None]
    tries: Mapped[int] = mapped_column(default=0)
    retry_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(String(200))


@dataclass(slots=True)
class _Ticket:
    """One delivery that waits to be stored."""

    channel: str
    inbounds: Sequence[Inbound]
    stored: bool = False
    failure: Exception | None = None


class Door:
    """What a channel's route hands its events to: they are durable when `accept` returns."""

    def __init__(self, database: Database, ring: Callable[[], None], now: Callable[[], datetime]) -> None:
        self._database = database
        self._ring = ring
        self._now = now
        self._waiting: deque[_Ticket] = deque()
        self._writer = threading.Lock()
        self._accounts: dict[tuple[str, str], int] = {}

    def accept(self, channel: str, inbounds: Sequence[Inbound]) -> None:
        """Store the events in one transaction, each key once, then ring the bell. Raises `Down`.

        An event for a page that we do not know is kept, in silence, under the channel's first account, or the first of
        all: a platform that is told to come again switches the webhook off in the end.
        """
        if not inbounds:
            return
        ticket = _Ticket(channel, inbounds)
        self._waiting.append(ticket)
        if not self._writer.acquire(timeout=PATIENCE):
            raise Down("the one before is stuck")  # it may still be stored; then it is a known key when it comes again
        try:  # who comes first stores for all that wait by now: one commit for many deliveries
            if not ticket.stored and ticket.failure is None:
                self._store([self._waiting.popleft() for _ in range(len(self._waiting))])
        finally:
            self._writer.release()
        if not ticket.stored:
            raise Down from ticket.failure
        self._ring()

    def _store(self, tickets: Sequence[_Ticket]) -> None:
        """In one transaction; one by one if that fails for a reason of one of them. Without a database all fail."""
        failure: Exception | None = None
        try:
            with self._database.writing() as db:
                together = [self._addressed(db, one.channel, inbound) for one in tickets for inbound in one.inbounds]
                receive(db, together, self._now())
        except (SQLAlchemyError, Down) as error:
            failure = error
        if failure is not None and len(tickets) > 1 and not isinstance(failure, GONE):
            for one in tickets:
                self._store([one])
            return
        for one in tickets:
            one.stored, one.failure = failure is None, failure

    def _addressed(self, db: Session, channel: str, inbound: Inbound) -> tuple[int, Inbound]:
        known = self._accounts.get((channel, inbound.account))
        if known is None:
            ids = ids_of_channel(db, channel)
            self._accounts |= {(channel, external): number for external, number in ids.items()}
            known = ids.get(inbound.account)
        if known is None:
            event = inbound.event if isinstance(inbound.event, Silent) else Silent("strange")
            keeper = min(ids.values()) if ids else first_account(db)
            if keeper is None:
                raise Down("there is no account yet")
            return keeper, replace(inbound, event=event)
        return known, inbound


def receive(db: Session, arrivals: Sequence[tuple[int, Inbound]], now: datetime) -> None:
    """Insert (account id, event) pairs, leaving out those whose key is there already."""
    vault = vault_of(db)
    rows = [
        {
            "account_id": account_id,
            "sender": inbound.sender[:128],
            "key": _short(inbound.key),
            "kind": type(inbound.event).__name__,
            "at": inbound.at,
            "received_at": now,
            "body": vault.seal(inbound.raw or dump_event(inbound.event)),
            "tries": 0,
            "done_at": now if isinstance(inbound.event, Silent) else None,
        }
        for account_id, inbound in arrivals
    ]
    db.execute(insert_new(db, InboxRow), rows)


def insert_new(db: Session, table: type[Base]) -> Insert:
    """`INSERT … ON CONFLICT DO NOTHING` in the words of this session's database."""
    if db.get_bind().dialect.name == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing()
    return postgresql.insert(table).on_conflict_do_nothing()


def pending(db: Session, now: datetime, limit: int) -> Sequence[InboxRow]:
    """The oldest rows that wait, by id. People whose oldest row waits for another try are left out whole."""
    waiting = select(InboxRow.account_id, InboxRow.sender).where(InboxRow.done_at.is_(None), InboxRow.retry_at > now)
    return db.scalars(
        select(InboxRow)
        .where(InboxRow.done_at.is_(None), tuple_(InboxRow.account_id, InboxRow.sender).not_in(waiting))
        .order_by(InboxRow.id)
        .limit(limit)
    ).all()


def oldest_pending(db: Session) -> tuple[int, datetime | None]:
    """How many rows wait, and since when the oldest does."""
    count, since = db.execute(
        select(func.count(), func.min(InboxRow.received_at)).where(InboxRow.done_at.is_(None))
    ).one()
    return count, since


def event_of(db: Session, row: InboxRow) -> Event:
    """What happened; `Silent` where the body is gone, or sealed with a key that we no longer have."""
    if row.body is None:
        return Silent("forgotten")
    try:
        return load_event(vault_of(db).open(row.body))
    except Unsealable:
        return Silent("unsealable")


def finish(db: Session, row: InboxRow, now: datetime, error: str = "") -> bool:
    """Mark the row as handled. False if somebody else did so first: then this turn must be rolled back."""
    done = db.execute(
        update(InboxRow)
        .where(InboxRow.id == row.id, InboxRow.done_at.is_(None))
        .values(done_at=now, error=error[:200] or None)
        .execution_options(synchronize_session=False)
    )
    return bool(done.rowcount == 1)  # type: ignore[attr-defined]


def put_back(db: Session, row: InboxRow, now: datetime, error: str) -> bool:
    """Count a failed try. True if that was the last one, so that the row has to be given up."""
    tries = row.tries + 1
    db.execute(
        update(InboxRow)
        .where(InboxRow.id == row.id)
        .values(tries=tries, error=error[:200], retry_at=now + timedelta(seconds=0.2 * 3**tries))
        .execution_options(synchronize_session=False)
    )
    return tries >= MAX_TRIES


def forget_bodies(db: Session, before: datetime) -> int:
    """Drop what was said in rows older than that; the keys stay, so that an old event still counts once."""
    gone = db.execute(
        update(InboxRow)
        .where(InboxRow.received_at < before, InboxRow.body.is_not(None), InboxRow.done_at.is_not(None))
        .values(body=None)
        .execution_options(synchronize_session=False)
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]


def _short(key: str) -> str:
    if len(key) <= KEY_LENGTH:
        return key
    return key[:128] + hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
