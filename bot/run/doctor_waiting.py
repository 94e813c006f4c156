"""What waits, for whom, and since when: events, replies, files, and people of the co-op who are asked for."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from bot import inbox
from bot.attachment import FORGOTTEN, Attachment
from bot.outbox import OutboxRow
from bot.run.doctor_finding import Finding
from bot.run.media import FOLDER
from bot.run.settings import Settings
from catalog.account import Account
from catalog.case import Case
from catalog.db import Database

INBOX, OUTBOX, MEDIA = timedelta(minutes=2), timedelta(minutes=10), timedelta(minutes=10)
CASES = timedelta(days=1)
FAILED = timedelta(days=7)
WORKER = "is a worker running? chophien up, or chophien worker"


def waiting(settings: Settings, database: Database, now: datetime) -> Iterator[Finding]:
    """Of the inbox always; of the rest only what there is."""
    zone = ZoneInfo(settings.timezone)
    with database.reading() as db:
        yield _inbox(db, now)
        yield from _unsent(db, now, zone)
        yield from _held(db, zone)
        yield from _cases(db, now, zone)
        yield from _files(db, now, zone)
        yield from _folder(db, settings.var_dir / FOLDER)


def _inbox(db: Session, now: datetime) -> Finding:
    count, since = inbox.oldest_pending(db)
    if not count or since is None:
        return Finding("fine", "inbox", "nothing waits")
    age = now - since
    words = f"{count} waiting, the oldest since {age.total_seconds():.0f} s"
    if age > INBOX:
        return Finding("broken", "inbox", words, WORKER)
    return Finding("fine", "inbox", words)


def _unsent(db: Session, now: datetime, zone: ZoneInfo) -> Iterator[Finding]:
    """Replies that could go now and do not. Those of a paused account are its own line."""
    before = now - OUTBOX
    overdue = (
        OutboxRow.held_at.is_(None),
        OutboxRow.created_at < before,
        or_(OutboxRow.next_at.is_(None), OutboxRow.next_at < before),
        OutboxRow.channel.not_in(["web", "console"]),
        OutboxRow.account_id.not_in(select(Account.id).where(Account.paused_at.is_not(None))),
    )
    count, since = _count(db, OutboxRow.created_at, *_open(), *overdue)
    if since is not None:
        yield Finding("broken", "replies", f"{count} should have gone by now, since {_moment(since, zone)}", WORKER)


def _held(db: Session, zone: ZoneInfo) -> Iterator[Finding]:
    count, since = _count(db, OutboxRow.held_at, *_open(), OutboxRow.held_at.is_not(None))
    if since is not None:
        words = f"{count} held until the person writes again, since {_moment(since, zone)}"
        yield Finding("look", "replies", words, "chophien inbox shows them and why; call whom it is urgent for")


def _cases(db: Session, now: datetime, zone: ZoneInfo) -> Iterator[Finding]:
    count, since = _count(db, Case.opened_at, Case.closed_at.is_(None), Case.opened_at < now - CASES)
    if since is not None:
        words = f"{count} wait for a person for more than a day, since {_moment(since, zone)}"
        yield Finding("look", "cases", words, "chophien inbox lists, answers and closes them")


def _files(db: Session, now: datetime, zone: ZoneInfo) -> Iterator[Finding]:
    undone = (Attachment.fetched_at.is_(None), Attachment.failed_at.is_(None))
    count, since = _count(db, Attachment.created_at, *undone, Attachment.created_at < now - MEDIA)
    if since is not None:
        words = f"{count} not fetched, since {_moment(since, zone)}: the links to them die"
        yield Finding("broken", "media", words, "is it running? chophien up, or chophien media")
    failed = (Attachment.failed_at > now - FAILED, Attachment.error != FORGOTTEN)
    count, since = _count(db, Attachment.failed_at, *failed)
    if since is not None:
        common = select(Attachment.error).where(*failed).group_by(Attachment.error)
        why = db.scalars(common.order_by(func.count().desc(), Attachment.error).limit(1)).one()
        words = f"{count} could not be fetched in the last {FAILED.days} days, mostly: {why}"
        yield Finding("look", "media", words, "ask for them again: chophien inbox names the people")


def _folder(db: Session, folder: Path) -> Iterator[Finding]:
    """The files themselves; nothing where none was ever kept."""
    paths = db.scalars(select(Attachment.path).where(Attachment.path != "", Attachment.error != FORGOTTEN)).all()
    if not paths and not folder.exists():
        return
    try:
        if folder.exists() and folder.stat().st_mode & 0o077:
            yield Finding("broken", "media", f"others can read {folder}", f"chmod 700 {folder}")
        gone = sum(not (folder / path).is_file() for path in paths)
    except OSError as error:
        yield Finding("broken", "media", f"{folder}: {error.strerror}", "give it to the user that chophien runs as")
        return
    if gone:
        words = f"{gone} of {len(paths)} files are gone from {folder}"
        yield Finding(
            "look", "media", words, "is VAR_DIR that of the other processes? a backup has them: chophien restore"
        )
    else:
        yield Finding("fine", "media", f"kept, sealed: {len(paths)}")


def _open() -> tuple[ColumnElement[bool], ...]:
    return OutboxRow.sent_at.is_(None), OutboxRow.dead_at.is_(None)


def _count(db: Session, moment: InstrumentedAttribute[Any], *which: ColumnElement[bool]) -> tuple[int, datetime | None]:
    """How many rows, and the earliest `moment` among them; None without any."""
    count, since = db.execute(select(func.count(), func.min(moment)).where(*which)).one()
    return count, since


def _moment(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%d/%m %H:%M")
