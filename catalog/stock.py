"""Every change of stock: one guarded UPDATE and one row in the ledger, together. It never goes below zero.

Callers that touch several products go through them in ascending id, and offers of one product are taken in ascending
id here, so that two orders never wait for each other.

The statements are made once and go past the session's objects, which cost more than the database itself: 0.07 ms of CPU
a move where it was 0.6 on SQLite. What the session was going to write goes first, and what it holds of an offer is read
again when it is asked for.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, String, bindparam, func, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.orm.util import identity_key

from catalog.db import Base, BigId, Quantity
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


@dataclass(frozen=True, slots=True)
class Share:
    """So much of an offer, as it was taken, in the product's unit; and what whoever packs it has to know of it."""

    product_id: int
    offer_id: int
    quantity: Decimal
    organisation_id: int
    person_id: int | None
    lot_id: int | None
    price_vnd: int  # what the producer gets per unit


_OFFER, _LEDGER = (Base.metadata.tables[one.__tablename__] for one in (Offer, StockMove))

_ON_SALE = (
    select(
        _OFFER.c.product_id,
        _OFFER.c.id.label("offer_id"),
        _OFFER.c.left,
        _OFFER.c.organisation_id,
        _OFFER.c.person_id,
        _OFFER.c.lot_id,
        _OFFER.c.price_vnd,
    )
    .where(
        _OFFER.c.product_id.in_(bindparam("product_ids", expanding=True)),
        _OFFER.c.available_from <= bindparam("ready_on"),
        _OFFER.c.withdrawn_at.is_(None),
        _OFFER.c.left > 0,
    )
    .order_by(_OFFER.c.product_id, _OFFER.c.id)
)
_MOVE = (
    update(_OFFER)
    .where(_OFFER.c.id == bindparam("offer_id"), _OFFER.c.left + bindparam("delta", type_=Quantity()) >= 0)
    .values(left=_OFFER.c.left + bindparam("delta", type_=Quantity()))
)
_NOTE = insert(_LEDGER)


def put_on_sale(db: Session, offer: Offer, ref: str, at: datetime) -> None:
    """Add a new offer and move what it posts onto the shelf."""
    offer.left = Decimal(0)
    db.add(offer)
    db.flush()
    move(db, offer.id, offer.posted, "posted", ref=ref, at=at)


def move(db: Session, offer_id: int, delta: Decimal, reason: str, *, ref: str, at: datetime) -> bool:
    """Add `delta` (negative: take away). False, and nothing changed, where there is less than that left."""
    db.flush()
    if not _add(db, offer_id, delta):
        return False
    db.execute(_NOTE, _entry(offer_id, delta, reason, ref, at))
    return True


def take(
    db: Session, product_id: int, quantity: Decimal, ready_on: date, *, ref: str, at: datetime
) -> list[tuple[int, Decimal]] | None:
    """Take `quantity` from the offers that are there by `ready_on`, oldest first: (offer id, how much) of each.

    None, and nothing taken, if there is not enough. What somebody else takes at the same moment is never taken twice.
    """
    shares, short = take_all(db, {product_id: quantity}, ready_on, ref=ref, at=at)
    return None if short else [(share.offer_id, share.quantity) for share in shares]


def take_all(
    db: Session, wanted: Mapping[int, Decimal], ready_on: date, *, ref: str, at: datetime
) -> tuple[Sequence[Share], dict[int, Decimal]]:
    """Take so much of each product, as `take` does: what was taken, in ascending id of product and offer.

    Or nothing at all, and of which products there is too little, with how much of them is left.
    """
    db.flush()
    while True:
        offers = db.execute(_ON_SALE, {"product_ids": sorted(wanted), "ready_on": ready_on}).all()
        shares, short = _shared_out(wanted, offers)
        if short:
            return (), short
        taken = _take_off(db, shares)
        if len(taken) == len(shares):
            break
        for share in taken:  # somebody was faster with one of them: give the others back and look again
            _add(db, share.offer_id, share.quantity)
    if shares:
        db.execute(_NOTE, [_entry(share.offer_id, -share.quantity, "sold", ref, at) for share in shares])
    return shares, {}


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


def _shared_out(wanted: Mapping[int, Decimal], offers: Iterable[Any]) -> tuple[Sequence[Share], dict[int, Decimal]]:
    """From which offers all of it would come; or, of what there is too little, how much there is. Nothing is changed.

    offers: rows of `_ON_SALE`, in the order in which they are to be used up.
    """
    missing, left = dict(wanted), defaultdict[int, Decimal](Decimal)
    shares = []
    for offer in offers:
        left[offer.product_id] += offer.left
        part = min(offer.left, missing[offer.product_id])
        if part > 0:
            missing[offer.product_id] -= part
            shares.append(
                Share(
                    offer.product_id,
                    offer.offer_id,
                    part,
                    offer.organisation_id,
                    offer.person_id,
                    offer.lot_id,
                    offer.price_vnd,
                )
            )
    return shares, {product_id: left[product_id] for product_id in sorted(missing) if missing[product_id] > 0}


def _take_off(db: Session, shares: Sequence[Share]) -> Sequence[Share]:
    """Those that were still there: all, or those before the first one that was not."""
    for place, share in enumerate(shares):
        if not _add(db, share.offer_id, -share.quantity):
            return shares[:place]
    return shares


def _add(db: Session, offer_id: int, delta: Decimal) -> bool:
    """On the shelf alone, not in the ledger. False, and nothing changed, where there is less than that left."""
    moved = db.execute(_MOVE, {"offer_id": offer_id, "delta": delta})
    held = db.identity_map.get(identity_key(Offer, offer_id))
    if held is not None:
        db.expire(held, ["left"])
    return bool(moved.rowcount == 1)  # type: ignore[attr-defined]


def _entry(offer_id: int, delta: Decimal, reason: str, ref: str, at: datetime) -> dict[str, Any]:
    return {"offer_id": offer_id, "delta": delta, "reason": reason, "ref": ref, "moved_at": at}
