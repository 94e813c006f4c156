"""What is printed: a trace code for a whole lot or for one package of it, and who looked at it."""

import secrets
from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalog import trace
from catalog.db import Base, BigId
from catalog.lot import Lot, LotState
from catalog.product import Product


class TraceCode(Base):
    __tablename__ = "trace_code"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(String(12), unique=True)
    kind: Mapped[str] = mapped_column(String(10))  # lot: meant to be scanned often; unit: one package
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    created_at: Mapped[datetime]
    voided_at: Mapped[datetime | None]  # lost or spoilt stamps: answered as unknown


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


def code_of(db: Session, code: str) -> TraceCode | None:
    """The stamp with these 12 digits, unless it is void."""
    return db.scalar(select(TraceCode).where(TraceCode.code == code, TraceCode.voided_at.is_(None)))


def lot_codes(db: Session, lot_ids: Collection[int]) -> dict[int, str]:
    """The newest code of each lot as a whole; lots without one are left out."""
    whole = select(TraceCode.lot_id, TraceCode.code).where(
        TraceCode.lot_id.in_(lot_ids), TraceCode.kind == "lot", TraceCode.voided_at.is_(None)
    )
    return dict(db.execute(whole.order_by(TraceCode.id)).all())


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


def add_code(db: Session, lot_id: int, kind: str, at: datetime) -> TraceCode:
    """A stamp with a fresh code."""
    code = trace.make()
    while db.scalar(select(TraceCode.id).where(TraceCode.code == code)) is not None:
        code = trace.make()
    stamp = TraceCode(code=code, kind=kind, lot_id=lot_id, created_at=at)
    db.add(stamp)
    db.flush()
    return stamp


def near(db: Session, code: str, seller_ids: Collection[int]) -> str | None:
    """The one active lot code of these sellers that is one slip away from `code`; None if there are none or several.

    Codes of single packages are never suggested: nobody shall fish for them.
    """
    candidates = (
        select(TraceCode.code)
        .join(Lot, Lot.id == TraceCode.lot_id)
        .join(Product, Product.id == Lot.product_id)
        .where(
            TraceCode.code.in_(trace.slips(code)),
            TraceCode.kind == "lot",
            TraceCode.voided_at.is_(None),
            Lot.state == LotState.ACTIVE,
            Product.organisation_id.in_(seller_ids),
        )
    )
    found = db.scalars(candidates.limit(2)).all()
    return found[0] if len(found) == 1 else None
