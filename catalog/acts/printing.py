"""How stamps are printed: whether she may, whether enough are left, and then all of it, or nothing."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from catalog.acts import Refused, Result, Who
from catalog.acts.passports import lacking
from catalog.acts.stamps import ActivateLot, LotActivated, NoRight, Printed, PrintStamps, TooFewStamps
from catalog.acts.standing import desk_of, manages, name_of, person_of
from catalog.audit import record
from catalog.lot import OPEN, Lot, LotState
from catalog.product import Product
from catalog.quota import AccountKind, account, left, move
from catalog.sheet import StampSheet, draw_codes, make_link, sheet_by_draft_key, use_right
from catalog.stamp import TraceCode, lot_codes

MOST_LABELS = 50_000
"""Of one sheet: more would hold the one writer for seconds."""


@dataclass(frozen=True, slots=True)
class By:
    """In whose name stamps are printed. right_id: of what she was given; None: she needs none."""

    who: str
    right_id: int | None
    at: datetime


class Short(Exception):
    """She may not, or too few are left. What was begun has to be rolled back."""

    def __init__(self, result: Result) -> None:
        super().__init__()
        self.result = result


def print_stamps(db: Session, who: Who, command: PrintStamps) -> Result:
    """Printed, with a link; TooFewStamps, NoRight; Refused for a lot that is not her co-op's or is recalled."""
    person_id = person_of(db, who)
    lot, product = _lot(db, command.lot_id)
    if person_id is None or lot is None or product is None or not 0 < command.count <= MOST_LABELS:
        return Refused()
    if is_over(lot, who.today):
        return Refused()
    before = sheet_by_draft_key(db, command.draft_id)
    if before is not None:
        return _printed(db, before, lot, token="") if before.lot_id == lot.id else Refused()
    try:
        with db.begin_nested():
            sheet = _allowed_sheet(db, who, command, person_id, product)
    except Short as short:
        return short.result
    except IntegrityError:  # the same message, twice at once
        same = sheet_by_draft_key(db, command.draft_id)
        if same is None:
            raise
        return _printed(db, same, lot, token="")
    return _printed(db, sheet, lot, make_link(db, sheet, who.now))


def print_sheet(db: Session, command: PrintStamps, by: By, *, product_id: int | None = None) -> StampSheet:
    """Draw the stamps and note the sheet, for whoever may. lot_id 0: of this product, to be bound to a lot later.

    Raises `Short` where too few are left; LookupError for a lot or product that is not there or is recalled, ValueError
    for a number that is too large. Whoever catches one of them rolls back.
    """
    lot, product = _lot(db, command.lot_id) if command.lot_id else (None, db.get(Product, product_id))
    if product is None or (lot is None and command.lot_id):
        raise LookupError("no such lot, or it is recalled")
    if not 0 < command.count <= MOST_LABELS or (lot is None and command.kind == "lot"):
        raise ValueError(f"1 to {MOST_LABELS} labels")
    seller_id = product.organisation_id
    source = account(db, AccountKind.COOP, seller_id)
    target = (
        account(db, AccountKind.LOOSE, seller_id) if lot is None else account(db, AccountKind.LOT, seller_id, lot.id)
    )
    sheet = StampSheet(
        organisation_id=seller_id,
        product_id=product.id,
        lot_id=None if lot is None else lot.id,
        kind=command.kind,
        count=command.count,
        geometry=command.geometry,
        start=command.start,
        damp=command.damp,
        right_id=by.right_id,
        draft_key=command.draft_id or None,
        who=by.who,
        made_at=by.at,
    )
    db.add(sheet)
    db.flush()
    if not move(db, source, target, command.count, "drawn", ref=f"sheet:{sheet.id}", who=by.who, at=by.at):
        raise Short(TooFewStamps(left(db, seller_id)))
    if command.kind == "unit" or command.lot_id not in lot_codes(db, [command.lot_id]):
        draw_codes(db, sheet, pins=command.pins)
    record(db, by.who, "print", f"sheet:{sheet.id}", by.at)
    return sheet


def activate(db: Session, who: Who, command: ActivateLot) -> Result:
    """LotActivated, also where it was before; Refused to everybody but staff of its co-op."""
    desk = desk_of(db, who)
    lot, product = _lot(db, command.lot_id)
    if desk is None or lot is None or product is None or product.organisation_id != desk.organisation_id:
        return Refused()
    activate_lot(db, lot, name_of(who, desk.person_id), who.now)
    return LotActivated(lot.id, lot.number, lacking(db, lot, product, who.today).lacks)


def activate_lot(db: Session, lot: Lot, who: str, at: datetime) -> None:
    """From now on its stamps, those that were printed before too, speak for it."""
    if lot.state == LotState.DRAFT:
        lot.state, lot.activated_at = LotState.ACTIVE, at
        record(db, who, "activate", f"lot:{lot.id}", at)
    db.execute(
        update(TraceCode)
        .where(TraceCode.lot_id == lot.id, TraceCode.activated_at.is_(None))
        .values(activated_at=at)
        .execution_options(synchronize_session=False)
    )
    db.flush()


def bind_sheet(db: Session, sheet: StampSheet, lot: Lot, who: str, at: datetime) -> bool:
    """Bind what was printed without a lot to this one, and activate it. False if it was bound or spoilt before.

    at: in the co-op's zone. Raises ValueError for a lot of another product, or one that stamps are not printed for.
    """
    if lot.product_id != sheet.product_id or lot.state not in OPEN or is_over(lot, at.date()):
        raise ValueError("another product, or nothing is printed for that lot any more")
    free = (StampSheet.id == sheet.id, StampSheet.lot_id.is_(None), StampSheet.spoilt_at.is_(None))
    if db.scalar(update(StampSheet).where(*free).values(lot_id=lot.id).returning(StampSheet.id)) is None:
        return False
    living = (TraceCode.sheet_id == sheet.id, TraceCode.voided_at.is_(None))
    bound = db.execute(
        update(TraceCode)
        .where(*living, TraceCode.lot_id.is_(None))
        .values(lot_id=lot.id, activated_at=at)
        .execution_options(synchronize_session=False)
    ).rowcount  # type: ignore[attr-defined]
    loose = account(db, AccountKind.LOOSE, sheet.organisation_id)
    target = account(db, AccountKind.LOT, sheet.organisation_id, lot.id)
    if bound:
        move(db, loose, target, bound, "bound", ref=f"sheet:{sheet.id}", who=who, at=at)
    record(db, who, "bind", f"sheet:{sheet.id}", at)
    return True


def is_over(lot: Lot, today: date) -> bool:
    """Whether it is past its last good day."""
    return lot.best_before is not None and lot.best_before < today


def _lot(db: Session, lot_id: int) -> tuple[Lot | None, Product | None]:
    """A lot that may be printed for, with its product."""
    found = db.execute(
        select(Lot, Product).join(Product, Product.id == Lot.product_id).where(Lot.id == lot_id),
        execution_options={"populate_existing": True},
    ).first()
    if found is None or found[0].state not in OPEN:
        return None, None
    return found[0], found[1]


def _allowed_sheet(db: Session, who: Who, command: PrintStamps, person_id: int, product: Product) -> StampSheet:
    """Raises `Short`."""
    right_id = None
    if not manages(db, person_id, product.organisation_id):
        right_id = use_right(
            db,
            person_id,
            product.organisation_id,
            product_id=product.id,
            lot_id=command.lot_id,
            count=command.count,
            today=who.today,
        )
        if right_id is None:
            raise Short(NoRight())
    return print_sheet(db, command, By(name_of(who, person_id), right_id, who.now))


def _printed(db: Session, sheet: StampSheet, lot: Lot, token: str) -> Printed:
    return Printed(sheet.id, lot.id, lot.number, lot.state, sheet.count, left(db, sheet.organisation_id), token)
