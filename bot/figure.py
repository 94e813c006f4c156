"""What the processes count: a row for each figure, added up by all of them. It outlives each of them, and Redis.

Every process keeps its own counts in memory and brings here, some seconds later, what came to them meanwhile
(`bot.run.tally`). A row says how much, since when, and when it last changed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import Double, Insert, String, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalog.db import Base

Labels = Mapping[str, str]


class FigureRow(Base):
    """labels: a JSON object, its names in order; nothing in it ever names a person."""

    __tablename__ = "figure"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    labels: Mapped[str] = mapped_column(String(200), primary_key=True)
    value: Mapped[float] = mapped_column(Double)
    since: Mapped[datetime]
    at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Kept:
    """A row as it is read. since: nothing had come before that; at: when the last came."""

    name: str
    labels: Labels
    value: float
    since: datetime
    at: datetime


def written(labels: Labels) -> str:
    """The same labels are the same words, in whatever order they were given."""
    return msgspec.json.encode(dict(labels), order="sorted").decode()


def read(labels: str) -> dict[str, str]:
    """What was `written`."""
    return msgspec.json.decode(labels, type=dict[str, str])


def add_up(db: Session, counts: Mapping[tuple[str, str], float], since: datetime, at: datetime) -> None:
    """Add what came between these two moments to what all processes have counted, by name and written labels."""
    _upsert(db, counts, since, at, adding=True)


def put(db: Session, values: Mapping[tuple[str, str], float], at: datetime) -> None:
    """What is so just now, by name and written labels: it takes the place of what was said before."""
    _upsert(db, values, at, at, adding=False)


def kept(db: Session) -> list[Kept]:
    """All rows, by name."""
    rows = db.execute(
        select(FigureRow.name, FigureRow.labels, FigureRow.value, FigureRow.since, FigureRow.at).order_by(
            FigureRow.name, FigureRow.labels
        )
    )
    return [Kept(name, read(labels), value, since, at) for name, labels, value, since, at in rows]


def drop(db: Session, names: Sequence[str], before: datetime) -> int:
    """Forget figures of these names that have not changed since then: they begin again at nothing. How many."""
    gone = db.execute(
        delete(FigureRow)
        .where(FigureRow.name.in_(names), FigureRow.at < before)
        .execution_options(synchronize_session=False)
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]


def _upsert(
    db: Session, values: Mapping[tuple[str, str], float], since: datetime, at: datetime, *, adding: bool
) -> None:
    if not values:
        return
    rows = [
        {"name": name, "labels": labels, "value": value, "since": since, "at": at}
        for (name, labels), value in sorted(values.items())  # in one order: two that lock rows do not wait in a ring
    ]
    db.execute(_statement(db, adding=adding), rows)


def _statement(db: Session, *, adding: bool) -> Insert:
    """In the words of this session's database."""
    if db.get_bind().dialect.name == "sqlite":
        lite = sqlite.insert(FigureRow)
        value = FigureRow.value + lite.excluded.value if adding else lite.excluded.value
        return lite.on_conflict_do_update(
            index_elements=[FigureRow.name, FigureRow.labels], set_={"value": value, "at": lite.excluded.at}
        )
    new = postgresql.insert(FigureRow)
    value = FigureRow.value + new.excluded.value if adding else new.excluded.value
    return new.on_conflict_do_update(
        index_elements=[FigureRow.name, FigureRow.labels], set_={"value": value, "at": new.excluded.at}
    )
