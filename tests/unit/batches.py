"""What a batch of turns leaves behind, and what it took: for the tests of `bot.run.thoughts` and `bot.run.turns`."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from bot import inbox
from bot.conversation import Conversation, load_memory
from bot.engine import World, take_turn
from bot.inbox import InboxRow
from bot.outbox import OutboxRow, opened
from catalog.db import Base, Database

THEIR_OWN = {"id", "conversation_id", "inbox_id", "body", "memory", "version", "note", "url"}
"""Columns that count or seal: two databases that hold the same need not agree in them."""


def by_hand(database: Database, world: World) -> int:
    """Take every turn that waits one by one, each in a transaction of its own, as if there were no batches."""
    taken = 0
    while True:
        with database.reading() as db:
            rows = inbox.pending(db, world.now(), 1000)
        if not rows:
            return taken
        for row in rows:
            with database.writing() as db:
                take_turn(db, row, world)
            taken += 1


def remembered(database: Database) -> dict[str, Any]:
    """By address: all that is known of a conversation, its memory opened."""
    with database.reading() as db:
        talks = db.scalars(select(Conversation).order_by(Conversation.address)).all()
        return {talk.address: (load_memory(db, talk), _columns(talk, THEIR_OWN)) for talk in talks}


def promised(database: Database) -> dict[str, list[Any]]:
    """By address: every reply in order, with the key of what it answers."""
    with database.reading() as db:
        keys = dict(db.execute(select(InboxRow.id, InboxRow.key)).all())
        replies: dict[str, list[Any]] = defaultdict(list)
        for row in db.scalars(select(OutboxRow).order_by(OutboxRow.id)):
            replies[row.address].append((keys[row.inbox_id], opened(db, row).bubble, _columns(row, THEIR_OWN)))
    return dict(replies)


def counted(database: Database) -> dict[str, int]:
    """By table: how many rows it has."""
    with database.reading() as db:
        tables = Base.metadata.sorted_tables
        return {table.name: db.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


def dumped(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, as it lies there."""
    with database.reading() as db:
        return {
            table.name: [tuple(row) for row in db.execute(select(table).order_by(*table.primary_key))]
            for table in Base.metadata.sorted_tables
        }


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """What is sent to the database meanwhile: verb and table; many rows at once are one. Where a transaction begins
    or ends is left out, and where PostgreSQL is asked for the turn to write."""
    sent: list[str] = []

    def keep(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE", "SELECT pg_advisory_xact_lock")):
            sent.append(_shortly(statement))

    event.listen(database.engine, "before_cursor_execute", keep)
    yield sent
    event.remove(database.engine, "before_cursor_execute", keep)


def _shortly(statement: str) -> str:
    verb, *words = statement.split()
    if "nextval" in statement:
        return "SELECT sqlite_sequence"  # the same question in PostgreSQL's words
    table = words[0] if verb == "UPDATE" else words[words.index("INTO" if verb == "INSERT" else "FROM") + 1]
    return f"{verb} {table}"


def _columns(row: Base, but: set[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__table__.c.keys() if name not in but}  # noqa: SIM118


class NotingLedger:
    """Arrivals with what became of them. on_take, on_write: what else happens at that moment.

    on_take: while nothing is written yet, so that another process can write. on_write: inside the turns' transaction.
    """

    def __init__(self, *arrivals: str) -> None:
        self.waiting = list(arrivals)
        self.story: list[tuple[str, tuple[object, ...]]] = []
        self.on_take: Callable[[], object] = lambda: None
        self.on_write: Callable[[Session], object] = lambda db: None
        self.on_settled: Callable[[], object] = lambda: None

    def take(self) -> Sequence[object]:
        taken, self.waiting = tuple(self.waiting), []
        self.story.append(("take", taken))
        self.on_take()
        return taken

    def write(self, db: Session, arrivals: Sequence[object]) -> None:
        self.story.append(("write", tuple(arrivals)))
        self.on_write(db)

    def settled(self, arrivals: Sequence[object]) -> None:
        self.story.append(("settled", tuple(arrivals)))
        self.on_settled()

    def put_back(self, arrivals: Sequence[object]) -> None:
        self.story.append(("put_back", tuple(arrivals)))
        self.waiting += [str(one) for one in arrivals]
