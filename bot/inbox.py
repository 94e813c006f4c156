"""The letter box: one row for every event that was answered with 200, and the door that puts it there."""

import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import structlog
from sqlalchemy import (
    ForeignKey,
    Index,
    Insert,
    Integer,
    Select,
    String,
    Table,
    UniqueConstraint,
    bindparam,
    exc,
    func,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, Session, mapped_column

from bot.event import Event, Inbound, Silent, dump_event, load_event
from bot.group_commit import GroupCommit, NotKept, Start, Stuck, daemon
from catalog.account import first_account, ids_of_channel
from catalog.db import Base, BigId, Database, vault_of
from catalog.vault import Unsealable, Vault

MAX_TRIES = 5
PATIENCE = 4.0
"""Seconds until a delivery that waits for its commit is answered with 503."""
GONE = (exc.OperationalError, exc.InterfaceError, exc.TimeoutError)
DEADLOCK = "40P01"  # PostgreSQL, "Error Codes"
FAR = timedelta(minutes=1)
"""Longer than any pause between two tries: what would wait longer was put back by a clock that was ahead."""
KEY_LENGTH = 255

log = structlog.get_logger(__name__)


class Down(Exception):
    """The database did not take the event: the platform must be told to send it again."""


class InboxRow(Base):
    """An inbound event: waiting while `done_at` is empty; given up when `error` is set and it is done."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("account_id", "key", name="uq_inbox_account_id_key"),
        Index("ix_inbox_pending", "id", sqlite_where=text("done_at IS NULL"), postgresql_where=text("done_at IS NULL")),
        Index(
            "ix_inbox_error",
            "id",
            sqlite_where=text("error IS NOT NULL"),
            postgresql_where=text("error IS NOT NULL"),
        ),
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


@dataclass(frozen=True, slots=True)
class Pending:
    """A row that waits for its turn, as it is read: nothing that is done to it is kept."""

    id: int
    account_id: int
    sender: str
    key: str
    kind: str
    at: datetime
    received_at: datetime
    body: bytes | None
    tries: int


@dataclass(frozen=True, slots=True)
class _Delivery:
    """One delivery that waits to be stored: its events, each with the account that it is for."""

    channel: str
    arrivals: Sequence[tuple[int, Inbound]]
    received_at: datetime


class Door:
    """What a channel's route hands its events to: they are durable when `accept` returns.

    thread: makes the writer's thread. measure: is told how many events each commit held.
    """

    def __init__(
        self,
        database: Database,
        ring: Callable[[], None],
        now: Callable[[], datetime],
        *,
        patience_s: float = PATIENCE,
        thread: Start = daemon,
        measure: Callable[[int], None] | None = None,
    ) -> None:
        self._database = database
        self._ring = ring
        self._now = now
        self._measure = measure
        self._accounts: dict[tuple[str, str], int] = {}
        table = Base.metadata.tables[InboxRow.__tablename__]
        insert = _new_only(database.engine.dialect.name, table)
        self._insert = insert.execution_options(preserve_rowcount=True)  # psycopg's cursor forgets it when it is closed
        self._group = GroupCommit(self._store, _blames_one, patience_s=patience_s, thread=thread)
        self._counts: Counter[str] = Counter()
        self._counting = threading.Lock()

    def accept(self, channel: str, inbounds: Sequence[Inbound]) -> None:
        """Store the events, those of many deliveries in one transaction, each key once, then ring. Raises `Down`.

        An event for a page that we do not know is kept, in silence, under the channel's first account, or the first of
        all: a platform that is told to come again switches the webhook off in the end.
        """
        if not inbounds:
            return
        try:
            arrivals = [self._addressed(channel, inbound) for inbound in inbounds]
            self._group.keep(_Delivery(channel, arrivals, self._now()))
        except Stuck as stuck:  # it may still be stored; then it is a known key when it comes again
            raise self._refused(channel, "stuck") from stuck
        except SQLAlchemyError as error:
            raise self._refused(channel, "database") from error
        except NotKept as failed:
            if isinstance(failed.__cause__, SQLAlchemyError):
                raise self._refused(channel, "database") from failed
            raise

    def snapshot(self) -> dict[str, int]:
        """What was counted since the process began.

        By channel `deliveries` (kept), `events` (new ones) and `refused`; by reason `down`; `batches`, the `biggest` of
        them in events, and how many deliveries are `waiting` just now.
        """
        with self._counting:
            return {**self._counts, "waiting": self._group.waiting}

    def _store(self, deliveries: Sequence[_Delivery]) -> None:
        """All in one transaction; only the writer comes here, so that sealing needs no turn of each thread."""
        vault = self._database.vault
        rows: dict[str, list[dict[str, Any]]] = {}
        for one in deliveries:
            of_channel = rows.setdefault(one.channel, [])
            of_channel += [_row(vault, account_id, inbound, one.received_at) for account_id, inbound in one.arrivals]
        try:
            with self._database.writing() as db:
                connection = db.connection()
                new = {channel: connection.execute(self._insert, some).rowcount for channel, some in rows.items()}
        except SQLAlchemyError as error:
            log.warning("deliveries_not_kept", error=type(error).__name__, deliveries=len(deliveries))
            raise
        self._ring()
        self._count(Counter(one.channel for one in deliveries), new, sum(map(len, rows.values())))

    def _count(self, deliveries: Mapping[str, int], new: Mapping[str, int], size: int) -> None:
        with self._counting:
            self._counts["batches"] += 1
            self._counts["biggest"] = max(self._counts["biggest"], size)
            for channel, number in deliveries.items():
                self._counts[f"deliveries:{channel}"] += number
                self._counts[f"events:{channel}"] += new[channel]
        if self._measure is not None:
            self._measure(size)

    def _refused(self, channel: str, reason: str) -> Down:
        with self._counting:
            self._counts[f"refused:{channel}"] += 1
            self._counts[f"down:{reason}"] += 1
        return Down(reason)

    def _addressed(self, channel: str, inbound: Inbound) -> tuple[int, Inbound]:
        known = self._accounts.get((channel, inbound.account))
        if known is not None:
            return known, inbound
        with self._database.reading() as db:
            ids = ids_of_channel(db, channel)
            keeper = min(ids.values()) if ids else first_account(db)
        self._accounts.update({(channel, external): number for external, number in ids.items()})
        known = ids.get(inbound.account)
        if known is not None:
            return known, inbound
        if keeper is None:
            raise self._refused(channel, "no account")
        return keeper, replace(inbound, event=inbound.event if isinstance(inbound.event, Silent) else Silent("strange"))


def _blames_one(failure: Exception) -> bool:
    """Without a database all fail. Two that insert the same keys in different order may lock each other out: alone
    they have one key, or few."""
    cause = getattr(failure, "orig", None)
    return not isinstance(failure, GONE) or getattr(cause, "sqlstate", "") == DEADLOCK


def receive(db: Session, arrivals: Sequence[tuple[int, Inbound]], now: datetime) -> None:
    """Insert (account id, event) pairs, leaving out those whose key is there already."""
    vault = vault_of(db)
    db.execute(insert_new(db, InboxRow), [_row(vault, account_id, inbound, now) for account_id, inbound in arrivals])


def _row(vault: Vault, account_id: int, inbound: Inbound, received_at: datetime) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "sender": inbound.sender[:128],
        "key": _short(inbound.key),
        "kind": type(inbound.event).__name__,
        "at": inbound.at,
        "received_at": received_at,
        "body": vault.seal_message(inbound.raw or dump_event(inbound.event)),
        "tries": 0,
        "done_at": received_at if isinstance(inbound.event, Silent) else None,
    }


def insert_new(db: Session, table: type[Base]) -> Insert:
    """`INSERT … ON CONFLICT DO NOTHING` in the words of this session's database."""
    return _new_only(db.get_bind().dialect.name, table)


@cache
def _new_only(dialect: str, table: type[Base] | Table) -> Insert:
    """Made once for each: to put it together costs as much as a small transaction's commit. A `Table` is inserted into
    without the ORM, which looks at every row."""
    if dialect == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing()
    return postgresql.insert(table).on_conflict_do_nothing()


def _oldest_first() -> Select[Any]:
    """Made once: to put it together takes longer than to run it."""
    put_off = select(InboxRow.account_id, InboxRow.sender).where(
        InboxRow.done_at.is_(None),
        InboxRow.retry_at > bindparam("now", type_=InboxRow.received_at.type),
        InboxRow.retry_at <= bindparam("far", type_=InboxRow.received_at.type),
    )
    return (
        select(*(getattr(InboxRow, name) for name in Pending.__dataclass_fields__))
        .where(InboxRow.done_at.is_(None), tuple_(InboxRow.account_id, InboxRow.sender).not_in(put_off))
        .order_by(InboxRow.id)
        .limit(bindparam("most", type_=Integer()))
    )


_OLDEST_FIRST = _oldest_first()


def pending(db: Session, now: datetime, limit: int) -> list[Pending]:
    """The oldest rows that wait, by id. People whose oldest row waits for another try are left out whole."""
    return [Pending(*row) for row in db.execute(_OLDEST_FIRST, {"now": now, "far": now + FAR, "most": limit})]


def oldest_pending(db: Session) -> tuple[int, datetime | None]:
    """How many rows wait, and since when the oldest does."""
    count, since = db.execute(
        select(func.count(), func.min(InboxRow.received_at)).where(InboxRow.done_at.is_(None))
    ).one()
    return count, since


def event_of(db: Session, row: Pending | InboxRow) -> Event:
    """What happened; `Silent` where the body is gone, or sealed with a key that we no longer have."""
    if row.body is None:
        return Silent("forgotten")
    try:
        return load_event(vault_of(db).open(row.body))
    except Unsealable:
        return Silent("unsealable")


def take(db: Session, row: Pending, now: datetime) -> Pending | None:
    """Mark the row as handled and give it as it is now: she may have been forgotten since it was read.

    None if somebody else did so first.
    """
    taken = db.execute(_TAKE, {"row_id": row.id, "now": now, "why": None}).first()
    return None if taken is None else replace(row, body=taken.body, tries=taken.tries)


def finish(db: Session, row: Pending, now: datetime, error: str = "") -> bool:
    """Mark the row as handled. False if somebody else did so first: then this turn must be rolled back."""
    done = db.execute(_FINISH, {"row_id": row.id, "now": now, "why": error[:200] or None})
    return bool(done.rowcount == 1)  # type: ignore[attr-defined]


_ROWS = Base.metadata.tables[InboxRow.__tablename__]
_FINISH = (
    update(_ROWS)
    .where(_ROWS.c.id == bindparam("row_id"), _ROWS.c.done_at.is_(None))
    .values(done_at=bindparam("now"), error=bindparam("why"))
)
_TAKE = _FINISH.returning(_ROWS.c.body, _ROWS.c.tries)


def put_back(db: Session, row: Pending, now: datetime, error: str) -> bool:
    """Count a failed try. True if that was the last one, so that the row has to be given up."""
    tries = row.tries + 1
    db.execute(
        update(InboxRow)
        .where(InboxRow.id == row.id, InboxRow.done_at.is_(None))
        .values(tries=tries, error=error[:200], retry_at=now + timedelta(seconds=0.2 * 3**tries))
        .execution_options(synchronize_session=False)
    )
    return tries >= MAX_TRIES


def _short(key: str) -> str:
    if len(key) <= KEY_LENGTH:
        return key
    return key[:128] + hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
