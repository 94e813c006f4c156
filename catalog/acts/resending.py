"""A sheet that somebody printed, once more: the same codes behind a fresh link."""

from sqlalchemy import or_, select, true
from sqlalchemy.orm import Session

from catalog.acts import Refused, Result, Who
from catalog.acts.stamps import SendSheetAgain, SheetSent
from catalog.acts.standing import desk_of, household_of, name_of, person_of
from catalog.audit import record
from catalog.lot import OPEN, Lot
from catalog.product import Product
from catalog.sheet import StampSheet, make_link


def send_again(db: Session, who: Who, command: SendSheetAgain) -> Result:
    """SheetSent; Refused where there is none: of her own, of the co-op that she still works or grows for, not spoilt,
    and of no lot that was recalled or closed meanwhile.
    """
    person_id = person_of(db, who)
    desk, household = desk_of(db, who), household_of(db, who)
    sellers = {one for one in (desk and desk.organisation_id, household and household.seller_id) if one is not None}
    if person_id is None or not sellers:
        return Refused()
    hers = (
        select(StampSheet, Product.label_vi, Lot.number)
        .join(Product, Product.id == StampSheet.product_id)
        .outerjoin(Lot, Lot.id == StampSheet.lot_id)
        .where(
            StampSheet.who == name_of(who, person_id),
            StampSheet.organisation_id.in_(sellers),
            StampSheet.spoilt_at.is_(None),
            StampSheet.product_id.in_(command.product_ids) if command.product_ids else true(),
            or_(Lot.id.is_(None), Lot.state.in_(OPEN)),
        )
    )
    found = db.execute(hers.order_by(StampSheet.id.desc()).limit(1)).first()
    if found is None:
        return Refused()
    sheet, goods, number = found
    record(db, name_of(who, person_id), "print again", f"sheet:{sheet.id}", who.now)
    return SheetSent(sheet.id, goods, number or "", sheet.count, make_link(db, sheet, who.now))
