"""Every change of stock: one guarded UPDATE and one row in the ledger, together. It never goes below zero.

Callers that touch several products go through them in ascending id, and offers of one product are taken in ascending
id here, so that two orders never wait for each other.
"""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Select, String, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.orm.util import identity_key

from catalog.db import Base, BigId
from catalog.offer import Offer


class StockMove(Base):
    """The sum of an offer's moves is its `left`."""

    __tablename__ = "stock_move"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"), index=True)
    delta: Mapped[Decimal]
    reason: Mapped[str] = mapped_column(String(20))  # posted, sold, returned, corrected, withdrawn
    ref: Mapped[str] = mapped_column(default="")  # of what: an order's draft, a draft
    moved_at: Mapped[datetime]


def put_on_sale(db: Session, offer: Offer, ref: str, at: datetime) -> None:
    """Add a new offer and move what it posts onto the shelf."""
    offer.left = Decimal(0)
    db.add(offer)
    db.flush()
    move(db, offer.id, offer.posted, "posted", ref=ref, at=at)


def move(db: Session, offer_id: int, delta: Decimal, reason: str, *, ref: str, at: datetime) -> bool:
    """Add `delta` (negative: take away). False, and nothing changed, where there is less than that left."""
    enough = (Offer.id == offer_id, Offer.left + delta >= 0)
    change = update(Offer).where(*enough).values(left=Offer.left + delta).returning(Offer.id)
    if db.scalar(change, execution_options={"synchronize_session": False}) is None:
        return False
    held = db.identity_map.get(identity_key(Offer, offer_id))
    if held is not None:
        db.expire(held, ["left"])
    db.add(StockMove(offer_id=offer_id, delta=delta, reason=reason, ref=ref, moved_at=at))
    db.flush()
    return True


def take(
    db: Session, product_id: int, quantity: Decimal, ready_on: date, *, ref: str, at: datetime
) -> list[tuple[int, Decimal]] | None:
    """Take `quantity` from the offers that are there by `ready_on`, oldest first: (offer id, how much) of each.

    None, and nothing taken, if there is not enough. What somebody else takes at the same moment is never taken twice.
    """
    taken: list[tuple[int, Decimal]] = []
    missing, last_id = quantity, 0
    with db.begin_nested() as savepoint:
        while missing > 0:
            row = db.execute(_next_offer(product_id, ready_on, last_id)).first()
            if row is None:
                savepoint.rollback()
                return None
            offer_id, left = row
            part = min(left, missing)
            if move(db, offer_id, -part, "sold", ref=ref, at=at):
                taken.append((offer_id, part))
                missing, last_id = missing - part, offer_id
            # Otherwise somebody was faster: the same offer is read again, or the one after it.
    return taken


def withdraw(db: Session, offer: Offer, ref: str, at: datetime) -> Decimal:
    """Take the offer off sale; gives what had not been sold yet. Doing it again gives 0."""
    if offer.withdrawn_at is None:
        offer.withdrawn_at = at
    gone = Decimal(0)
    while (left := db.scalars(select(Offer.left).where(Offer.id == offer.id)).one()) > 0:
        if move(db, offer.id, -left, "withdrawn", ref=ref, at=at):
            gone += left
    return gone


def ledger_sum(db: Session, offer_id: int) -> Decimal:
    """What the ledger says is left of an offer."""
    total = select(func.sum(StockMove.delta, type_=StockMove.delta.type)).where(StockMove.offer_id == offer_id)
    return db.scalar(total) or Decimal(0)


def _next_offer(product_id: int, ready_on: date, after_id: int) -> Select[int, Decimal]:
    return (
        select(Offer.id, Offer.left)
        .where(
            Offer.product_id == product_id,
            Offer.available_from <= ready_on,
            Offer.withdrawn_at.is_(None),
            Offer.left > 0,
            Offer.id > after_id,
        )
        .order_by(Offer.id)
        .limit(1)
    )
