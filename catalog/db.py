"""The database: how a connection is made, and the column types that every table uses.

SQLite and PostgreSQL alike. On SQLite a writing transaction is `BEGIN IMMEDIATE` (a transaction that reads first and
writes later meets "database is locked" at once, whatever the busy timeout), in WAL mode with `synchronous=FULL`.
"""

import fcntl
import os
import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar, TypeVar

from sqlalchemy import BigInteger, DateTime, Dialect, Engine, Integer, LargeBinary, MetaData, create_engine, event, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import TimeoutError as TookTooLong
from sqlalchemy.orm import DeclarativeBase, ORMExecuteState, Session, sessionmaker
from sqlalchemy.types import TypeDecorator

from catalog.vault import Vault

T = TypeVar("T")

PATIENCE = 5.0  # seconds that a writer waits for its turn
VANISHED = {
    "connect_timeout": 3,
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}
"""Of PostgreSQL's client: a server that is gone without a word is given up after seconds, not after minutes."""


class Moment(TypeDecorator[datetime]):
    """An aware moment, kept as UTC. A naive one is a bug and raises ValueError."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Quantity(TypeDecorator[Decimal]):
    """An amount of goods, kept in thousandths of its unit, so that both databases add and compare exactly."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, _dialect: Dialect) -> int | None:
        if value is None:
            return None
        scaled = Decimal(value) * 1000
        if scaled != scaled.to_integral_value():
            raise ValueError(f"finer than a thousandth: {value}")
        return int(scaled)

    def process_result_value(self, value: int | None, _dialect: Dialect) -> Decimal | None:
        if value is None:
            return None
        exact = (Decimal(value) / 1000).normalize()
        return exact.quantize(Decimal(1)) if exact == exact.to_integral_value() else exact


BigId = BigInteger().with_variant(Integer, "sqlite")
"""A primary key: 64 bits on PostgreSQL; on SQLite INTEGER, which is the row id."""

Sealed = LargeBinary
"""Bytes that only the `Vault` can read."""


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {datetime: Moment, Decimal: Quantity, bytes: Sealed}


class Database:
    """One database and the vault for what it must not show. Opened by the roof, handed down."""

    def __init__(self, url: str, vault: Vault, *, pool_size: int = 8) -> None:
        self.url = url
        self.vault = vault
        self.engine = make_engine(url, pool_size=pool_size)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._one_at_a_time = threading.Lock()
        file = self.engine.url.database
        self._gate = (
            os.open(f"{file}-turnstile", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            if self.is_sqlite and file
            else None
        )
        info = {"vault": vault}
        self._reading = sessionmaker(self.engine, expire_on_commit=False, info=info)
        self._writing = sessionmaker(self.engine.execution_options(writes=True), expire_on_commit=False, info=info)
        self._thinking = sessionmaker(self.engine, expire_on_commit=False, autoflush=False, info=info)
        event.listen(self._thinking, "after_begin", _remember)
        event.listen(self._thinking, "before_flush", _refuse_to_flush)
        event.listen(self._thinking, "do_orm_execute", _refuse_to_change)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session in one transaction that may write: committed at the end, rolled back on any exception."""
        with self._turnstile(), self._writing.begin() as session:
            yield session

    @contextmanager
    def _turnstile(self) -> Iterator[None]:
        """On SQLite writers wait here, and not in its busy handler: that sleeps up to 100 ms a time and forgets who
        came first, so a worker that writes all the time starved every webhook. Freed by the system if we are killed;
        while a process is frozen inside a write, one thread of each other process waits here, the rest give up.
        """
        if self._gate is None:
            yield
            return
        if not self._one_at_a_time.acquire(timeout=PATIENCE):  # an flock belongs to the open file, not to a thread
            raise TookTooLong(f"no turn to write within {PATIENCE} s: another process is stuck in a write")
        try:
            fcntl.flock(self._gate, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._gate, fcntl.LOCK_UN)
        finally:
            self._one_at_a_time.release()

    @contextmanager
    def thinking(self) -> Iterator[Session]:
        """A session for what is only thought out: whatever would write in it raises `WouldWrite` instead.

        Objects may be changed in it; that is nobody's business but of who keeps them. What was read may be remembered
        in `once` for as long as the session lives.
        """
        with self._thinking() as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only reads; nothing of it is kept."""
        with self._reading() as session:
            yield session

    def close(self) -> None:
        self.engine.dispose()
        if self._gate is not None:
            os.close(self._gate)


def vault_of(db: Session) -> Vault:
    vault: Vault = db.info["vault"]
    return vault


def once(db: Session, key: Hashable, read: Callable[[], T]) -> T:
    """What `read` gives: in a thinking session it is asked once for each key, in any other one each time."""
    known: dict[Hashable, T] | None = db.info.get("known")
    if known is None:
        return read()
    if key not in known:
        known[key] = read()
    return known[key]


def reserve_ids(db: Session, table: str, count: int) -> Sequence[int]:
    """So many ids for new rows of a table with an autoincremented `id`, ascending, nobody else's.

    To be called in a transaction that writes. On SQLite, where nobody else writes then, the next ones are taken
    without saying so: the rows themselves have to be inserted in this transaction.
    """
    if db.get_bind().dialect.name == "sqlite":
        last = db.scalar(_LAST_ID, {"table": table}) or 0
        return range(last + 1, last + 1 + count)
    return db.scalars(_NEXT_IDS, {"sequence": f"{table}_id_seq", "count": count}).all()


_LAST_ID = text("SELECT seq FROM sqlite_sequence WHERE name = :table")
_NEXT_IDS = text("SELECT nextval(CAST(:sequence AS regclass)) FROM generate_series(1, :count)")


class WouldWrite(Exception):
    """Something wanted to write while it was only being thought out."""


def _remember(db: Session, _transaction: object, _connection: Connection) -> None:
    db.info["known"] = {}


def _refuse_to_flush(_db: Session, _context: object, _instances: object) -> None:
    raise WouldWrite


def _refuse_to_change(asked: ORMExecuteState) -> None:
    if not asked.is_select:
        raise WouldWrite


def make_engine(url: str, *, pool_size: int = 8) -> Engine:
    """An engine with our settings for SQLite, or with a short connect time-out and pre-ping for PostgreSQL.

    Its errors never hold the values of a statement: they end up in logs.
    """
    if not url.startswith("sqlite"):
        return create_engine(
            url,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args=VANISHED,
        )
    engine = create_engine(
        url, pool_size=pool_size, max_overflow=pool_size, hide_parameters=True, connect_args={"timeout": 5}
    )

    @event.listens_for(engine, "connect")
    def _connect(dbapi: Any, _record: Any) -> None:
        dbapi.isolation_level = None  # we say BEGIN ourselves, in `_begin`
        cursor = dbapi.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA busy_timeout=5000")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
