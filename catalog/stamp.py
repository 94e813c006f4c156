"""What is printed: a trace code for a whole lot or for one package of it, and what becomes of it.

A stamp's life is told by moments: printed (it exists), activated (bound to a lot), sold, used up; or void, from any of
them. A recall is the lot's: one row changes and all its stamps say so.
"""

from collections.abc import Collection
from datetime import date, datetime
from typing import Literal

from sqlalchemy import ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalog import trace
from catalog.db import Base, BigId
from catalog.lot import Lot, LotState
from catalog.product import Product

Life = Literal["printed", "active", "sold", "used", "void"]


class TraceCode(Base):
    __tablename__ = "trace_code"
    __table_args__ = (Index(None, "lot_id", "kind"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(String(12), unique=True)
    kind: Mapped[str] = mapped_column(String(10))  # lot: meant to be scanned often; unit: one package
    lot_id: Mapped[int | None] = mapped_column(ForeignKey("lot.id"))  # None: bound to none yet
    sheet_id: Mapped[int | None] = mapped_column(ForeignKey("stamp_sheet.id"), index=True)  # on which it was printed
    created_at: Mapped[datetime]
    activated_at: Mapped[datetime | None]
    sold_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    voided_at: Mapped[datetime | None]  # lost, spoilt, or of a posting that was taken back
    alarmed_at: Mapped[datetime | None]  # when staff were last told that something is odd about it
    pin: Mapped[bytes | None]  # sealed: six digits under a scratch field
    pin_tries: Mapped[int] = mapped_column(default=0)  # wrong ones
    pin_right_at: Mapped[datetime | None]  # when somebody had it right, which counts once


def life_of(stamp: TraceCode) -> Life:
    """How far it is. What its lot says, a recall above all, is told before this: `state_told`."""
    return life_told(
        voided=stamp.voided_at is not None,
        activated=stamp.activated_at is not None and stamp.lot_id is not None,
        used=stamp.used_at is not None,
        sold=stamp.sold_at is not None,
    )


def life_told(*, voided: bool, activated: bool, used: bool, sold: bool) -> Life:
    """activated: and bound to a lot."""
    if voided:
        return "void"
    if not activated:
        return "printed"
    if used:
        return "used"
    return "sold" if sold else "active"


def state_told(life: Life, lot_state: str | None, best_before: date | None, today: date) -> str:
    """What is said of a stamp: what must be known first comes first. lot_state: None for one that is bound to none."""
    if lot_state == LotState.RECALLED:
        return LotState.RECALLED
    if life in ("void", "printed") or lot_state is None:
        return life
    if lot_state != LotState.ACTIVE:
        return lot_state
    return "expired" if best_before is not None and best_before < today else life


def code_of(db: Session, code: str) -> TraceCode | None:
    """The stamp with these 12 digits, unless it is void."""
    return db.scalar(select(TraceCode).where(TraceCode.code == code, TraceCode.voided_at.is_(None)))


def lot_codes(db: Session, lot_ids: Collection[int]) -> dict[int, str]:
    """The newest code of each lot as a whole; lots without one are left out."""
    whole = select(TraceCode.lot_id, TraceCode.code).where(
        TraceCode.lot_id.in_(lot_ids), TraceCode.kind == "lot", TraceCode.voided_at.is_(None)
    )
    return {lot_id: code for lot_id, code in db.execute(whole.order_by(TraceCode.id)) if lot_id is not None}


def add_code(db: Session, lot_id: int, kind: str, at: datetime) -> TraceCode:
    """A stamp with a fresh code, bound to its lot."""
    code = trace.make()
    while db.scalar(select(TraceCode.id).where(TraceCode.code == code)) is not None:
        code = trace.make()
    stamp = TraceCode(code=code, kind=kind, lot_id=lot_id, created_at=at, activated_at=at)
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
