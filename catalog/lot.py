"""A harvest or packing of one product by one producer, and its diary."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Float, ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalog.db import Base, BigId


class LotState(StrEnum):
    DRAFT = "draft"  # posted by a producer, no stamps yet
    ACTIVE = "active"
    RECALLED = "recalled"
    CLOSED = "closed"  # a draft whose posting was taken back


OPEN = (LotState.DRAFT, LotState.ACTIVE)
"""What stamps are printed for, and a diary is written for."""

KINDS = (
    "fertilise", "spray", "stop_spray", "water", "weed", "prune", "sow", "harvest", "dry", "pack", "inspect", "note",
)  # fmt: skip
"""Of a diary's lines."""


class Lot(Base):
    __tablename__ = "lot"
    __table_args__ = (UniqueConstraint("product_id", "number"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[str] = mapped_column(String(20))  # GS1 AI (10)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)  # household or co-op
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)  # the producer, where known
    place: Mapped[str] = mapped_column(default="")  # xã Đà Bắc
    plot: Mapped[str] = mapped_column(default="")  # vườn sau đồi, 0,4 ha: which field or how large
    latitude: Mapped[float | None] = mapped_column(Float)  # both rounded to 0.1°, some 11 km: nobody's house is shown
    longitude: Mapped[float | None] = mapped_column(Float)
    harvested_on: Mapped[date | None]  # or packed, as the product's verb says
    best_before: Mapped[date | None]
    amount: Mapped[str] = mapped_column(default="")  # 120 kg
    state: Mapped[str] = mapped_column(String(20), default=LotState.DRAFT)
    recalled_at: Mapped[datetime | None]
    recall_reason: Mapped[str] = mapped_column(default="")
    recall_advice: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    activated_at: Mapped[datetime | None]  # when staff put it into the book


class LotEvent(Base):
    """One line of the diary. Only ever added to: it is what the producer or the co-op wrote down, not a test report."""

    __tablename__ = "lot_event"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    happened_on: Mapped[date]
    kind: Mapped[str] = mapped_column(String(20))  # fertilise, spray, stop_spray, harvest, pack, inspect
    words: Mapped[str]  # cắt quả – 120 kg
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # who wrote it
    channel: Mapped[str] = mapped_column(String(20), default="")
    recorded_at: Mapped[datetime]
    wait_days: Mapped[int | None]  # of a spraying: how long to wait before the harvest, as its label says
    draft_key: Mapped[str | None] = mapped_column(String(80), unique=True, index=True)
    """So that a command that is repeated writes one line."""
    dates_lot: Mapped[bool] = mapped_column(default=False)  # a harvest from which the lot has its day
    struck_at: Mapped[datetime | None]  # taken back: kept, and not shown


def diary_of(db: Session, lot_id: int) -> list[LotEvent]:
    """In the order in which it happened, without what was taken back."""
    events = select(LotEvent).where(LotEvent.lot_id == lot_id, LotEvent.struck_at.is_(None))
    return list(db.scalars(events.order_by(LotEvent.happened_on, LotEvent.id)))
