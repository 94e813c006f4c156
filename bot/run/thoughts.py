"""Thinks a batch of turns through over one snapshot of the database, and writes nothing but the rows of new people.

The next turn of a conversation starts from what the one before it came to. A turn that would write, or breaks, leaves
its person's later rows untouched as well: those are taken by hand, where writing is allowed and failures are counted.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import structlog
from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot import inbox
from bot.conversation import Conversation, Memory, Standing, dump_memory
from bot.engine import Jot, Lost, Outcome, World, think
from bot.event import AccountNews, Silent
from bot.inbox import InboxRow, Pending, insert_new
from bot.outbox import Promise
from catalog.db import Database, WouldWrite, vault_of

TALKLESS = {AccountNews.__name__, Silent.__name__}
"""Kinds of events that are in nobody's conversation."""
KEPT = (
    *("heard_at", "seen_at", "touched_at", "taken_until", "taken_by", "handed_at", "owed", "left_alone", "remind_at"),
    *("minute_at", "minute_count"),
)
"""The columns of a conversation that a turn without hands may change, beside its memory and version."""
NEVER = datetime.fromtimestamp(0, UTC)

log = structlog.get_logger(__name__)

Person = tuple[int, str]


@dataclass(slots=True)
class _Mind:
    """What a conversation has come to. columns: after its last turn that was thought out to the end."""

    talk: Conversation
    seen_version: int
    memory: bytes | None = None
    columns: dict[str, Any] | None = None


@dataclass(slots=True)
class Thoughts:
    """A batch. kept: rows whose turns are thought out. for_hands: the others, in order. count: of all rows."""

    count: int = 0
    kept: list[Pending] = field(default_factory=list)
    for_hands: list[Pending] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)
    jots: list[Jot] = field(default_factory=list)
    minds: dict[Person, _Mind] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return self.count > 0

    @property
    def standings(self) -> dict[int, Standing]:
        """By conversation id: what decides whether she may be written to."""
        return {mind.talk.id: _standing(mind.columns) for mind in self.minds.values() if mind.columns is not None}

    def give_back(self) -> None:
        """Nothing of it could be kept: all rows are for hands."""
        self.for_hands = sorted([*self.kept, *self.for_hands], key=lambda row: row.id)
        self.kept, self.promises, self.jots, self.minds = [], [], [], {}


def think_through(database: Database, world: World, most: int, *, but: Collection[int] = ()) -> Thoughts:
    """The oldest rows that wait, thought out. but: rows that were undone before; their people go by hand."""
    thoughts = Thoughts()
    with database.thinking() as db:
        rows = _up_to_news(inbox.pending(db, world.now(), most))
        thoughts.count = len(rows)
        if not rows:
            return thoughts
        talks = _talks(database, db, rows, world.now())
        by_hand = {(row.account_id, row.sender) for row in rows if row.id in but}
        for row in rows:
            person = (row.account_id, row.sender)
            mind = None if person in by_hand else thoughts.minds.get(person) or _mind(talks.get(person))
            try:
                outcome = None if mind is None else _thought(db, row, world, mind)
            except SQLAlchemyError as error:  # on PostgreSQL the session answers nothing more
                log.info("thought_broke", inbox_id=row.id, error=type(error).__name__)
                thoughts.for_hands.append(row)
                break
            if mind is None or outcome is None:
                by_hand.add(person)
                thoughts.for_hands.append(row)
                continue
            thoughts.minds[person] = mind
            mind.memory = outcome.memory or mind.memory
            mind.columns = {name: getattr(mind.talk, name) for name in KEPT}
            thoughts.kept.append(row)
            thoughts.promises += outcome.promises
            thoughts.jots += outcome.jots
    return thoughts


def _up_to_news(rows: list[Pending]) -> list[Pending]:
    """News of a whole account is heard in its place: what came before it is kept first, what comes after it waits."""
    news = next((place for place, row in enumerate(rows) if row.kind == AccountNews.__name__), None)
    return rows if news is None else rows[: news or 1]


def _mind(talk: Conversation | None) -> _Mind | None:
    return None if talk is None else _Mind(talk, talk.version)


def _thought(db: Session, row: Pending, world: World, mind: _Mind) -> Outcome | None:
    """None where it needs hands. Raises SQLAlchemyError."""
    try:
        return think(db, row, world, mind.talk, mind.memory)
    except WouldWrite:
        return None
    except SQLAlchemyError:
        raise
    except Exception as error:  # noqa: BLE001 (whatever it is, it is met again by hand, where it is counted)
        log.info("thought_broke", inbox_id=row.id, error=type(error).__name__)
        return None


def _talks(database: Database, db: Session, rows: Sequence[Pending], now: datetime) -> dict[Person, Conversation]:
    """The conversations of these people. Those of new ones are made before anything is thought: without a word, they
    change nothing."""
    people = {(row.account_id, row.sender) for row in rows if row.kind not in TALKLESS}
    talks = _known(db, people)
    new = people - talks.keys()
    if not new:
        return talks
    db.commit()  # end the snapshot, which would not see them
    with database.writing() as writing:
        memory = dump_memory(writing, Memory())
        columns = {"memory": memory, "version": 1, "created_at": now, "heard_at": NEVER}
        plain = {"taken_by": "", "owed": False, "left_alone": False, "minute_count": 0}
        writing.connection().execute(
            insert_new(writing, Conversation),
            [{"account_id": account_id, "address": address, **columns, **plain} for account_id, address in sorted(new)],
        )
    return talks | _known(db, new)


def _known(db: Session, people: Collection[Person]) -> dict[Person, Conversation]:
    addresses: dict[int, list[str]] = defaultdict(list)
    for account_id, address in people:
        addresses[account_id].append(address)
    found: dict[Person, Conversation] = {}
    for account_id, wanted in addresses.items():
        hers = select(Conversation).where(Conversation.account_id == account_id, Conversation.address.in_(wanted))
        found |= {(account_id, talk.address): talk for talk in db.scalars(hers)}
    return found


def fence(db: Session, thoughts: Thoughts, now: datetime) -> None:
    """Write what became of the conversations and mark the rows as done. Raises `Lost` if anything moved meanwhile."""
    seal = vault_of(db).seal_message
    changed = [
        {
            "b_id": mind.talk.id,
            "b_version": mind.seen_version,
            "version": mind.seen_version + 1,
            "memory": mind.talk.memory if mind.memory is None else seal(mind.memory),
            **(mind.columns or {}),
        }
        for mind in sorted(thoughts.minds.values(), key=lambda mind: mind.talk.id)  # two that lock wait in one order
    ]
    done = [{"b_id": row.id, "done_at": now} for row in thoughts.kept]
    connection = db.connection()
    for statement, rows in ((_CHANGED, changed), (_DONE, done)):
        if rows and connection.execute(statement, rows).rowcount != len(rows):
            raise Lost


def _standing(columns: dict[str, Any]) -> Standing:
    return Standing(columns["touched_at"], columns["taken_until"])


_talk, _row = Conversation.__table__.c, InboxRow.__table__.c
_CHANGED = (
    update(Conversation.__table__)  # type: ignore[arg-type]
    .where(_talk.id == bindparam("b_id"), _talk.version == bindparam("b_version"))
    .values({name: bindparam(name) for name in ("version", "memory", *KEPT)})
)
_DONE = (
    update(InboxRow.__table__)  # type: ignore[arg-type]
    .where(_row.id == bindparam("b_id"), _row.done_at.is_(None))
    .values(done_at=bindparam("done_at"), error=None)  # of a try that failed before
)
