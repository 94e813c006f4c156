"""One producer's product for sale: how much, at what price to her, from which day.

The stock lives here: `left` is the sum of the offer's moves, and only `catalog.stock` changes it.
"""

from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalog.db import Base, BigId


class Offer(Base):
    __tablename__ = "offer"
    __table_args__ = (
        CheckConstraint('"left" >= 0', name="left_not_negative"),
        Index(None, "product_id", "available_from"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)  # household or co-op
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)  # the producer, where known
    lot_id: Mapped[int | None] = mapped_column(ForeignKey("lot.id"), index=True)
    called: Mapped[str] = mapped_column(default="")  # Cam: what she calls it
    posted: Mapped[Decimal]  # in all, sold included
    left: Mapped[Decimal] = mapped_column(default=Decimal(0))
    price_vnd: Mapped[int] = mapped_column(BigInteger)  # what she gets per unit
    available_from: Mapped[date]
    draft_key: Mapped[str | None] = mapped_column(String(80), unique=True)
    """`<draft id>:<n>`, so that a command that is repeated makes one offer."""
    created_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


def offer_by_draft_key(db: Session, draft_key: str) -> Offer | None:
    return db.scalar(select(Offer).where(Offer.draft_key == draft_key))


def left_of(db: Session, product_ids: Collection[int], ready_on: date) -> dict[int, Decimal]:
    """How much of each product can be ordered for that day, in its unit; every asked id has an entry."""
    sums = (
        select(Offer.product_id, func.sum(Offer.left, type_=Offer.left.type))
        .where(Offer.product_id.in_(product_ids), Offer.available_from <= ready_on, Offer.withdrawn_at.is_(None))
        .group_by(Offer.product_id)
    )
    return dict.fromkeys(product_ids, Decimal(0)) | dict(db.execute(sums).all())
