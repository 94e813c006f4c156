"""A co-op's own table of what a delivery costs."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalog.db import Base, BigId


class DeliveryFee(Base):
    __tablename__ = "delivery_fee"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    zone: Mapped[str] = mapped_column(default="")  # empty: everywhere
    up_to_g: Mapped[int | None]  # None: however heavy
    carrier: Mapped[str]  # GHN
    fee_vnd: Mapped[int] = mapped_column(BigInteger)
    days_min: Mapped[int]
    days_max: Mapped[int]
    position: Mapped[int] = mapped_column(default=0)


def fees_for(db: Session, organisation_id: int, weight_g: int, zone: str = "") -> list[DeliveryFee]:
    """The rows of the lightest step that carries `weight_g`, cheapest first. Empty: it can only be picked up."""
    table = select(DeliveryFee).where(DeliveryFee.organisation_id == organisation_id, DeliveryFee.zone == zone)
    return carrying(db.scalars(table), weight_g)


def carrying(table: Iterable[Any], weight_g: int) -> list[Any]:
    """The same out of rows of a co-op's table for one zone that were read already, as objects or as columns."""
    enough = [row for row in table if row.up_to_g is None or row.up_to_g >= weight_g]
    bounds = [row.up_to_g for row in enough if row.up_to_g is not None]
    step = min(bounds, default=None)
    return sorted((row for row in enough if row.up_to_g == step), key=lambda row: (row.fee_vnd, row.position))
