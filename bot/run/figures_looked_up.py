"""The figures that are looked up when somebody asks: the tables say what waits, for how long, and what went wrong.

Every look at a big table goes through a partial index that holds only what is unfinished or failed, so that a million
finished rows cost nothing: over 10⁶ events and 10⁶ replies the whole page took 3 ms on SQLite, 7 ms on PostgreSQL.
"""

import fcntl
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from sqlalchemy import case, func, select, text
from sqlalchemy.orm import Session

from bot.attachment import Attachment
from bot.figure import Labels
from bot.inbox import InboxRow
from bot.outbox import OutboxRow
from bot.run.kin import OWNER_LOCK, WORKER_LOCK
from catalog.account import Account
from catalog.case import Case

FETCHED = ("web", "console")
"""Channels whose replies are fetched by a browser, not pushed by us."""
LAST_BACKUP = "last_backup"
"""In VAR_DIR, touched by every backup that came to a good end."""


NONE: Labels = MappingProxyType({})


class Sample(NamedTuple):
    """One line of the page. since: when a counter began."""

    name: str
    value: float
    labels: Labels = NONE
    since: datetime | None = None


def age(since: datetime | None, now: datetime) -> float:
    """Seconds; 0 where there is nothing, or the clock was put back."""
    return max(0.0, (now - since).total_seconds()) if since else 0.0


def in_tables(db: Session, now: datetime, var_dir: Path | None) -> Iterator[Sample]:
    """Raises SQLAlchemyError where the database does not answer. var_dir: where the worker's lock lies on SQLite."""
    yield from _inbox(db, now)
    yield from _unsent(db, now)
    yield from _stuck(db)
    yield from _accounts(db, now)
    yield from _people(db, now)
    yield Sample("chophien_database_bytes", _size(db))
    yield Sample("chophien_worker_alive", _owned(db, var_dir))


def on_disk(var_dir: Path, now: datetime) -> Iterator[Sample]:
    """Raises OSError where the folder is gone."""
    yield Sample("chophien_disk_free_bytes", shutil.disk_usage(var_dir).free)
    backup = var_dir / LAST_BACKUP
    if backup.exists():
        yield Sample("chophien_backup_seconds", max(0.0, now.timestamp() - backup.stat().st_mtime))


def _inbox(db: Session, now: datetime) -> Iterator[Sample]:
    retrying = func.sum(case((InboxRow.tries > 0, 1), else_=0))
    waiting = select(func.count(), func.min(InboxRow.received_at), retrying).where(InboxRow.done_at.is_(None))
    pending, oldest, again = db.execute(waiting).one()
    yield Sample("chophien_inbox_pending", pending)
    yield Sample("chophien_inbox_oldest_seconds", age(oldest, now))
    yield Sample("chophien_inbox_retrying", again or 0)
    dead = select(func.count()).where(InboxRow.error.is_not(None), InboxRow.done_at.is_not(None))
    yield Sample("chophien_inbox_dead", db.scalar(dead) or 0)


def _unsent(db: Session, now: datetime) -> Iterator[Sample]:
    """One look: by account and why the last try failed."""
    groups = db.execute(
        select(OutboxRow.account_id, OutboxRow.reason, func.count(), func.min(OutboxRow.created_at))
        .where(
            OutboxRow.sent_at.is_(None),
            OutboxRow.dead_at.is_(None),
            OutboxRow.held_at.is_(None),
            OutboxRow.channel.not_in(FETCHED),
        )
        .group_by(OutboxRow.account_id, OutboxRow.reason)
    ).all()
    of_account: Counter[int] = Counter()
    for account_id, reason, count, _ in groups:
        of_account[account_id] += count
        if reason:
            yield Sample("chophien_outbox_failing", count, {"account": str(account_id), "reason": reason})
    for account_id, count in of_account.items():
        yield Sample("chophien_outbox_account_unsent", count, {"account": str(account_id)})
    yield Sample("chophien_outbox_unsent", of_account.total())
    yield Sample("chophien_outbox_oldest_seconds", age(min((row[3] for row in groups), default=None), now))


def _stuck(db: Session) -> Iterator[Sample]:
    held = select(func.count()).where(
        OutboxRow.held_at.is_not(None), OutboxRow.dead_at.is_(None), OutboxRow.sent_at.is_(None)
    )
    yield Sample("chophien_outbox_held", db.scalar(held) or 0)
    dead = (
        select(OutboxRow.account_id, OutboxRow.reason, func.count())
        .where(OutboxRow.dead_at.is_not(None), OutboxRow.held_at.is_(None), OutboxRow.reason != "")
        .group_by(OutboxRow.account_id, OutboxRow.reason)
    )
    for account_id, reason, count in db.execute(dead):
        yield Sample("chophien_outbox_dead", count, {"account": str(account_id), "reason": reason})


def _accounts(db: Session, now: datetime) -> Iterator[Sample]:
    paused = 0
    wanted = select(
        Account.id, Account.channel, Account.paused_at, Account.pause_reason, Account.token_expires_at
    ).order_by(Account.id)
    for account_id, channel, paused_at, reason, ends in db.execute(wanted):
        of = {"account": str(account_id)}
        yield Sample("chophien_account", 1, {"channel": channel, **of})
        if paused_at is not None:
            paused += 1
            yield Sample("chophien_account_paused_seconds", age(paused_at, now), {**of, "reason": reason})
        if ends is not None:
            yield Sample("chophien_token_days_left", (ends - now).total_seconds() / 86_400, of)
    yield Sample("chophien_accounts_paused", paused)


def _people(db: Session, now: datetime) -> Iterator[Sample]:
    oldest: datetime | None = None
    cases = select(Case.kind, func.count(), func.min(Case.opened_at)).where(Case.closed_at.is_(None))
    for kind, count, since in db.execute(cases.group_by(Case.kind).order_by(Case.kind)):
        oldest = min(oldest or since, since)
        yield Sample("chophien_cases_open", count, {"kind": kind})
    yield Sample("chophien_cases_oldest_seconds", age(oldest, now))
    waits = (Attachment.fetched_at.is_(None), Attachment.failed_at.is_(None))
    count, since = db.execute(select(func.count(), func.min(Attachment.created_at)).where(*waits)).one()
    yield Sample("chophien_media_waiting", count)
    yield Sample("chophien_media_oldest_seconds", age(since, now))


def _size(db: Session) -> int:
    """In bytes. On SQLite with what is free inside the file, without the log beside it."""
    if db.get_bind().dialect.name == "sqlite":
        pages, each = (db.scalar(text(f"PRAGMA {name}")) or 0 for name in ("page_count", "page_size"))
        return int(pages * each)
    return int(db.scalar(text("SELECT pg_database_size(current_database())")) or 0)


def _owned(db: Session, var_dir: Path | None) -> bool:
    """Whether a process holds the lock of who takes turns: it is free the moment its holder dies."""
    if db.get_bind().dialect.name == "sqlite":
        return var_dir is not None and _is_locked(var_dir / WORKER_LOCK)
    held = text(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = 0 AND objid = :number"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    return bool(db.scalar(held, {"number": OWNER_LOCK}))


def _is_locked(path: Path) -> bool:
    """A worker that tries for it in this very moment tries again 0.2 s later."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False
