"""Who looked at a stamp. People are told apart within a day only, by a hash whose key goes with the day."""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, delete, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalog.db import Base, BigId


class Scan(Base):
    """One look at a code that was found. Kept 90 days, then counted."""

    __tablename__ = "scan"
    __table_args__ = (Index(None, "code", "scanned_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(String(12))
    channel: Mapped[str] = mapped_column(String(20))
    scanned_at: Mapped[datetime]
    person_hash: Mapped[str] = mapped_column(String(64))  # under a key of that day: tells people apart, names nobody


class ScanKey(Base):
    """The random key under which one day's scans are hashed. Gone with the day, and with it who was who."""

    __tablename__ = "scan_key"

    day: Mapped[date] = mapped_column(primary_key=True)
    key: Mapped[bytes]


class ScanLimit(Base):
    """How many people a co-op takes for too many: see `catalog.signs` for what it is else."""

    __tablename__ = "scan_limit"
    __table_args__ = (UniqueConstraint("organisation_id", "kind", "sign"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    kind: Mapped[str] = mapped_column(String(10))  # of the stamp: lot, unit
    sign: Mapped[str] = mapped_column(String(20))
    people: Mapped[int]


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody looked at a code that is in somebody's book. at: in the co-op's zone, whose day parts people.

    person: whatever tells her from others on this channel; only its keyed hash is kept.
    """

    code: str
    channel: str
    person: str
    at: datetime


def count_looks(db: Session, looks: Sequence[Look]) -> None:
    """Many looks at once: one INSERT; the day's key is asked once."""
    keys: dict[date, bytes] = {}
    rows = []
    for look in looks:
        day = look.at.date()
        key = keys.get(day) or keys.setdefault(day, scan_key(db, day))
        person = hmac.digest(key, look.person.encode(), "sha256").hex()
        rows.append({"code": look.code, "channel": look.channel, "scanned_at": look.at, "person_hash": person})
    if rows:
        db.connection().execute(_INSERT, rows)


def scan_key(db: Session, day: date) -> bytes:
    """The key of that day, drawn if there is none yet; those of other days are thrown away then."""
    kept = db.get(ScanKey, day)
    if kept is None:
        forget_scan_keys(db, day)
        kept = ScanKey(day=day, key=secrets.token_bytes(32))
        db.add(kept)
        db.flush()
    return kept.key


def forget_scan_keys(db: Session, today: date) -> None:
    """Throw away the keys of days that are over."""
    db.execute(delete(ScanKey).where(ScanKey.day < today))


_INSERT = insert(Scan.__table__)  # type: ignore[arg-type]
