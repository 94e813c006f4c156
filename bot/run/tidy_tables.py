"""How each table is cleaned up: generators that do one small transaction, give the number of rows, and go on.

What is old is found by reading along the primary key, which follows time, and not by an index that every message would
pay for; each transaction then touches one short stretch of ids, so that a webhook that comes meanwhile waits for
milliseconds. `Marks` remembers how far a table has been seen to, so that the next round begins there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Executable, and_, delete, or_, select, update
from sqlalchemy.orm import Session

from bot import figure
from bot.attachment import Attachment
from bot.conversation import Conversation, Memory, dump_memory, load_memory
from bot.inbox import InboxRow
from bot.outbox import OutboxRow
from bot.reply import Reason
from bot.run.figures_named import NAMES
from bot.run.media import forget_strays, wipe
from bot.run.tally import BEAT
from bot.upload import Upload
from catalog.case import Case
from catalog.counting import count_scans
from catalog.db import Database
from catalog.scan import forget_scan_keys

NEVER = datetime.fromtimestamp(0, UTC)


@dataclass(slots=True)
class Marks:
    """How far the last round came. inbox_id: no finished row up to it has a body. idle: the last conversation."""

    inbox_id: int = 0
    idle: tuple[datetime, int] = (NEVER, 0)


def events(database: Database, before: datetime, rows: int) -> Iterator[int]:
    """Delete what was received before then and is finished, with its key."""
    for first, last, _ in _stretches(database, InboxRow, InboxRow.received_at, before, rows):
        gone = delete(InboxRow).where(InboxRow.id.between(first, last), InboxRow.done_at.is_not(None))
        yield _write(database, gone.where(InboxRow.received_at < before))


def bodies(database: Database, before: datetime, rows: int, marks: Marks) -> Iterator[int]:
    """Drop what was said in finished rows from before then; their keys stay, so that an old event still counts once."""
    whole = True
    for first, last, all_old in _stretches(database, InboxRow, InboxRow.received_at, before, rows, marks.inbox_id):
        stretch = (InboxRow.id.between(first, last), InboxRow.body.is_not(None), InboxRow.received_at < before)
        with database.reading() as db:
            done = {moment is not None for moment in db.scalars(select(InboxRow.done_at).where(*stretch))}
        forget = update(InboxRow).where(*stretch, InboxRow.done_at.is_not(None)).values(body=None)
        count = _write(database, forget) if True in done else 0
        whole = whole and False not in done and all_old
        if whole:
            marks.inbox_id = last
        yield count


def replies(database: Database, before: datetime, now: datetime, rows: int) -> Iterator[int]:
    """Delete replies from before then. One that was never sent is given up first, and goes with the next round."""
    for first, last, _ in _stretches(database, OutboxRow, OutboxRow.created_at, before, rows):
        stretch = (OutboxRow.id.between(first, last), OutboxRow.created_at < before)
        unsent = (OutboxRow.sent_at.is_(None), OutboxRow.dead_at.is_(None))
        finished = delete(OutboxRow).where(*stretch, OutboxRow.sent_at.is_not(None) | OutboxRow.dead_at.is_not(None))
        late = {"dead_at": now, "body": None, "error": "kept too long", "reason": Reason.TOO_LATE.value}
        yield _write(database, finished, update(OutboxRow).where(*stretch, *unsent).values(**late))


def unfetched(database: Database, channels: Sequence[str], before: datetime, now: datetime, rows: int) -> Iterator[int]:
    """Replies that no browser came back for wait no longer."""
    waits = (OutboxRow.channel.in_(channels), OutboxRow.sent_at.is_(None), OutboxRow.dead_at.is_(None))
    yield from _by_id(
        database, OutboxRow, (*waits, OutboxRow.created_at < before), rows, dead_at=now, error="never fetched"
    )


def held(database: Database, before: datetime, now: datetime, rows: int) -> Iterator[int]:
    """What was held since before then: nobody wrote again, and it is no news any more."""
    waits = (OutboxRow.held_at < before, OutboxRow.held_at.is_not(None), OutboxRow.dead_at.is_(None))
    yield from _by_id(
        database, OutboxRow, (*waits, OutboxRow.sent_at.is_(None)), rows, dead_at=now, error="nobody wrote again"
    )


def drafts(database: Database, before: datetime, rows: int, marks: Marks) -> Iterator[int]:
    """Forget what people who have not written since then were about to do; how we speak with them stays."""
    seen_at, after_id = Conversation.seen_at, Conversation.id
    while True:
        behind = or_(seen_at > marks.idle[0], and_(seen_at == marks.idle[0], after_id > marks.idle[1]))
        idle = select(Conversation).where(seen_at >= marks.idle[0], behind, seen_at < before)
        with database.reading() as db:  # opening what is sealed takes longer than writing may
            people = db.scalars(idle.order_by(seen_at, after_id).limit(rows)).all()
            emptied = [(one.id, one.version, memory) for one in people if (memory := _without_draft(db, one))]
        if not people:
            return
        count = _write(database, *(_remembering(*one) for one in emptied)) if emptied else 0
        assert people[-1].seen_at is not None
        marks.idle = (people[-1].seen_at, people[-1].id)
        yield count


def scans(database: Database, before: datetime, zone: ZoneInfo, rows: int) -> Iterator[int]:
    """Looks at a stamp become a number for each day."""
    while True:
        with database.writing() as db:
            count = count_scans(db, before, zone, rows)
        if not count:
            return
        yield count


def notes(database: Database, before: datetime, rows: int) -> Iterator[int]:
    """Drop what people wrote in cases that were closed before then."""
    yield from _by_id(database, Case, (Case.closed_at < before, Case.note.is_not(None)), rows, note=None)


def cases(database: Database, before: datetime, rows: int) -> Iterator[int]:
    """Delete the cases themselves."""
    yield from _by_id(database, Case, (Case.closed_at < before,), rows)


def uploads(database: Database, now: datetime, rows: int) -> Iterator[int]:
    """Ids under which a platform had a picture, and which have lapsed."""
    yield from _by_id(database, Upload, (Upload.lapses_at < now,), rows)


def media(database: Database, var_dir: Path, before: datetime, now: datetime, rows: int) -> Iterator[int]:
    """Files that people sent before then, a portion at a time; then those that no row names."""
    while True:
        with database.reading() as db:
            oldest = db.scalars(select(Attachment.created_at).order_by(Attachment.id).limit(rows))
            due = [at for at in oldest if at < before]
        if not due:
            break
        with database.writing() as db:
            count = wipe(db, var_dir, max(due) + timedelta(microseconds=1))
        yield count
    with database.reading() as db:
        yield forget_strays(db, var_dir, now)


def keys_of_the_day(database: Database, now: datetime) -> Iterator[int]:
    """With the key of yesterday's scans goes who was who."""
    with database.writing() as db:
        forget_scan_keys(db, now.date())
    yield 0


def figures(database: Database, before: datetime) -> Iterator[int]:
    """What a process said that is gone; wrong signatures are counted anew after a day without any."""
    gauges = [name for name, named in NAMES.items() if named.kept and named.kind == "gauge"]
    with database.writing() as db:
        gone = figure.drop(db, [*gauges, BEAT, "chophien_refused_signatures"], before)
    yield gone


def _without_draft(db: Session, conversation: Conversation) -> bytes | None:
    """Her memory, sealed; None if there is nothing to forget."""
    memory = load_memory(db, conversation) or Memory(lot="?")  # what cannot be read any more is forgotten too
    if not (memory.talks or memory.question or memory.lot or memory.suggested or memory.missed):
        return None
    memory.talks, memory.question, memory.lot, memory.misses = [], None, "", 0
    memory.suggested, memory.missed = [], []
    return dump_memory(db, memory)


def _remembering(conversation_id: int, version: int, memory: bytes) -> Executable:
    """Nothing happens where she has written meanwhile."""
    fenced = update(Conversation).where(Conversation.id == conversation_id, Conversation.version == version)
    return fenced.values(memory=memory, remind_at=None, version=version + 1)


def _stretches(  # noqa: PLR0917 (table and column belong together)
    database: Database, table: Any, moment: Any, before: datetime, rows: int, after_id: int = 0
) -> Iterator[tuple[int, int, bool]]:
    """First and last id of so many rows in a row, as long as their first is older than that, and whether all are."""
    while True:
        with database.reading() as db:
            read = db.execute(select(table.id, moment).where(table.id > after_id).order_by(table.id).limit(rows)).all()
        if not read or read[0][1] >= before:
            return
        after_id = read[-1][0]
        yield read[0][0], after_id, all(at < before for _, at in read)


def _by_id(
    database: Database, table: Any, which: Sequence[ColumnElement[bool]], rows: int, **values: object
) -> Iterator[int]:
    """Change these rows, or delete them where no values are given, as many at a time."""
    while True:
        with database.reading() as db:
            ids = db.scalars(select(table.id).where(*which).order_by(table.id).limit(rows)).all()
        if not ids:
            return
        change = update(table).values(**values) if values else delete(table)
        yield _write(database, change.where(table.id.in_(ids), *which))


def _write(database: Database, *statements: Executable) -> int:
    """In one transaction; how many rows in all."""
    with database.writing() as db:
        count = 0
        for one in statements:
            done: Any = db.execute(one, execution_options={"synchronize_session": False})
            count += done.rowcount
        return count
