"""How an order is cancelled before it leaves: its stock goes back to where it came from."""

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from catalog.acts import News, Refused, Result, Who
from catalog.acts.order import Cancelled, CancelOrder, TooLate
from catalog.acts.standing import is_mine, name_of, person_of
from catalog.audit import record
from catalog.offer import Offer
from catalog.order import advance, order_by_code
from catalog.part import Allocation, Part, PartStatus
from catalog.stock import move


def cancel(db: Session, who: Who, command: CancelOrder) -> tuple[Result, Sequence[News]]:
    """Cancelled, TooLate, or Refused for an order of somebody else. Its producers hear of it."""
    person_id = person_of(db, who)
    order = order_by_code(db, command.code)
    if order is None or not is_mine(order, who, person_id):
        return Refused(), ()
    if not advance(db, order, "cancel", who.now):
        return TooLate(order.code, order.status), ()
    # In the order in which stock is taken, so that two orders never wait for each other.
    packed = (
        select(Allocation.offer_id, Allocation.quantity)
        .join(Part, Part.id == Allocation.part_id)
        .join(Offer, Offer.id == Allocation.offer_id)
        .where(Part.order_id == order.id)
        .order_by(Offer.product_id, Offer.id)
    )
    for offer_id, quantity in db.execute(packed).all():
        move(db, offer_id, quantity, "returned", ref=order.code, at=who.now)
    db.execute(
        update(Part)
        .where(Part.order_id == order.id)
        .values(status=PartStatus.CANCELLED, status_at=who.now)
        .execution_options(synchronize_session="fetch")
    )
    record(db, name_of(who, person_id), "cancel", f"order:{order.id}", who.now)
    parts = db.execute(select(Part.person_id, Part.id).where(Part.order_id == order.id).order_by(Part.id))
    news = [News(producer_id, "cancelled", part_id) for producer_id, part_id in parts if producer_id is not None]
    return Cancelled(order.code), news
