"""What becomes of a stamp after it was printed: sold, used up, or void."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from catalog.audit import record
from catalog.quota import AccountKind, account, move
from catalog.sheet import StampSheet
from catalog.stamp import Life, TraceCode, life_of

Step = Literal["sold", "used", "void"]
NEXT: dict[tuple[Life, Step], bool] = {
    ("active", "sold"): True,
    ("active", "used"): True,
    ("sold", "used"): True,
    ("printed", "void"): True,
    ("active", "void"): True,
    ("sold", "void"): True,
    ("used", "void"): True,
}
"""What may come after what. A stamp that was never activated is not sold, and what is void stays so."""


def take_step(db: Session, code: str, step: Step, who: str, at: datetime) -> Life | None:
    """Let one stamp go a step on; its life then. None if it is in nobody's book.

    Raises ValueError, and nothing is changed, for a step that cannot be, or a lot's stamp that is to be sold: it is on
    many packages.
    """
    found = select(TraceCode).where(TraceCode.code == code).with_for_update()
    stamp = db.scalar(found, execution_options={"populate_existing": True})
    if stamp is None:
        return None
    life = life_of(stamp)
    if life == step:
        return life
    if not NEXT.get((life, step)) or (stamp.kind == "lot" and step != "void"):
        raise ValueError(f"a {stamp.kind} stamp that is {life} cannot be {step}")
    if step == "void":
        _spoil(db, stamp, who, at)
        stamp.voided_at = at
    elif step == "used":
        stamp.used_at, stamp.sold_at = at, stamp.sold_at or at
    else:
        stamp.sold_at = at
    record(db, who, step, f"stamp:{stamp.id}", at)
    db.flush()
    return life_of(stamp)


def void_sheet(db: Session, sheet: StampSheet, who: str, at: datetime) -> int:
    """Void all stamps of a sheet that was lost or spoilt, but those of a lot that are on other sheets too.

    How many labels are void by this; 0 if they were before.
    """
    unspoilt = (StampSheet.id == sheet.id, StampSheet.spoilt_at.is_(None))
    if db.scalar(update(StampSheet).where(*unspoilt).values(spoilt_at=at).returning(StampSheet.id)) is None:
        return 0
    if sheet.kind == "lot":
        gone = sheet.count
    else:
        gone = db.execute(
            update(TraceCode)
            .where(TraceCode.sheet_id == sheet.id, TraceCode.voided_at.is_(None))
            .values(voided_at=at)
            .execution_options(synchronize_session=False)
        ).rowcount  # type: ignore[attr-defined]
    if gone:
        _to_spoilt(db, sheet.organisation_id, sheet.lot_id, gone, ref=f"sheet:{sheet.id}", who=who, at=at)
    record(db, who, "void", f"sheet:{sheet.id}", at)
    return int(gone)


def lives_of(db: Session, sheet_ids: Sequence[int]) -> dict[int, dict[Life, int]]:
    """How many stamps of each sheet are how far."""
    counted: dict[int, dict[Life, int]] = {sheet_id: {} for sheet_id in sheet_ids}
    moments = (
        TraceCode.voided_at.is_not(None),
        TraceCode.activated_at.is_not(None),
        TraceCode.sold_at.is_not(None),
        TraceCode.used_at.is_not(None),
    )
    rows = select(TraceCode.sheet_id, *moments, func.count()).where(TraceCode.sheet_id.in_(sheet_ids))
    for sheet_id, void, active, sold, used, count in db.execute(rows.group_by(TraceCode.sheet_id, *moments)):
        if sheet_id is None:
            continue
        life: Life = "void" if void else "printed" if not active else "used" if used else "sold" if sold else "active"
        counted[sheet_id][life] = counted[sheet_id].get(life, 0) + count
    return counted


def _spoil(db: Session, stamp: TraceCode, who: str, at: datetime) -> None:
    """Out of the books goes what was drawn for it: one label, or of a lot's stamp all that were printed."""
    if stamp.kind == "unit":
        sheet = None if stamp.sheet_id is None else db.get(StampSheet, stamp.sheet_id)
        if sheet is not None:
            _to_spoilt(db, sheet.organisation_id, stamp.lot_id, 1, ref=stamp.code, who=who, at=at)
        return
    sheets = db.scalars(
        select(StampSheet).where(
            StampSheet.lot_id == stamp.lot_id, StampSheet.kind == "lot", StampSheet.spoilt_at.is_(None)
        )
    ).all()
    for sheet in sheets:
        sheet.spoilt_at = at
        _to_spoilt(db, sheet.organisation_id, stamp.lot_id, sheet.count, ref=stamp.code, who=who, at=at)


def _to_spoilt(
    db: Session, organisation_id: int, lot_id: int | None, count: int, *, ref: str, who: str, at: datetime
) -> None:
    held = (
        account(db, AccountKind.LOOSE, organisation_id)
        if lot_id is None
        else account(db, AccountKind.LOT, organisation_id, lot_id)
    )
    spoilt = account(db, AccountKind.SPOILT, organisation_id)
    if not move(db, held, spoilt, count, "voided", ref=ref, who=who, at=at):
        raise LookupError(f"the books hold fewer than {count} stamps for {ref}")
