"""What one producer packs of an order, and from which of her offers and lots."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from catalog.db import Base, BigId


class PartStatus(StrEnum):
    ASKED = "asked"
    ACCEPTED = "accepted"
    SHORT = "short"
    HANDED_OVER = "handed_over"
    CANCELLED = "cancelled"


class Part(Base):
    __tablename__ = "part"
    __table_args__ = (UniqueConstraint("order_id", "organisation_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)  # household or co-op
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)  # the producer to tell
    status: Mapped[str] = mapped_column(String(20), default=PartStatus.ASKED)
    status_at: Mapped[datetime]
    total_vnd: Mapped[int] = mapped_column(BigInteger)  # what she gets for it


class Allocation(Base):
    """So much of a line comes from this offer. The lot is fixed at packing at the latest."""

    __tablename__ = "allocation"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    part_id: Mapped[int] = mapped_column(ForeignKey("part.id"), index=True)
    order_line_id: Mapped[int] = mapped_column(ForeignKey("order_line.id"), index=True)
    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"), index=True)
    lot_id: Mapped[int | None] = mapped_column(ForeignKey("lot.id"), index=True)
    quantity: Mapped[Decimal]  # in the product's unit
    price_vnd: Mapped[int] = mapped_column(BigInteger)  # what she gets per unit
