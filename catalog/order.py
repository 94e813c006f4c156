"""Orders, their lines, and their life: `NEXT` is all of it."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalog.db import Base, BigId

CODE_LETTERS = "23456789ACDEFGHJKMNPQRTVWXY"  # none that is read or heard as another


class Status(StrEnum):
    PLACED = "placed"
    CONFIRMED = "confirmed"  # all producers said yes, or a person of the co-op did
    PACKED = "packed"
    SENT = "sent"
    DELIVERED = "delivered"  # or picked up
    CANCELLED = "cancelled"


NEXT: dict[tuple[Status, str], Status] = {
    (Status.PLACED, "confirm"): Status.CONFIRMED,
    (Status.PLACED, "cancel"): Status.CANCELLED,
    (Status.CONFIRMED, "pack"): Status.PACKED,
    (Status.CONFIRMED, "cancel"): Status.CANCELLED,
    (Status.PACKED, "send"): Status.SENT,
    (Status.PACKED, "pick_up"): Status.DELIVERED,
    (Status.PACKED, "cancel"): Status.CANCELLED,
    (Status.SENT, "deliver"): Status.DELIVERED,
}


class Order(Base):
    """A purchase from exactly one seller of record. A draft over two sellers makes two."""

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("draft_id", "seller_id"),
        Index(None, "seller_id", "placed_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(String(6), unique=True)  # DH8M3Q
    draft_id: Mapped[str] = mapped_column(String(80))
    seller_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    conversation_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id"), index=True)
    way: Mapped[str] = mapped_column(String(20))  # delivery, pickup
    carrier: Mapped[str] = mapped_column(default="")  # GHN
    status: Mapped[str] = mapped_column(String(20), default=Status.PLACED)
    status_at: Mapped[datetime]
    goods_vnd: Mapped[int] = mapped_column(BigInteger)
    fee_vnd: Mapped[int] = mapped_column(BigInteger)
    total_vnd: Mapped[int] = mapped_column(BigInteger)
    note: Mapped[bytes | None]  # sealed
    source_code: Mapped[str] = mapped_column(String(12), default="")  # the stamp it began with
    placed_at: Mapped[datetime]
    expected_on: Mapped[date]


class OrderLine(Base):
    __tablename__ = "order_line"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    quantity: Mapped[Decimal]  # in the product's unit
    price_vnd: Mapped[int] = mapped_column(BigInteger)  # then, per unit
    total_vnd: Mapped[int] = mapped_column(BigInteger)
    trace_code: Mapped[str] = mapped_column(String(12), default="")  # the stamp it was bought from


def order_by_code(db: Session, code: str) -> Order | None:
    """Whoever asks must still be checked: a code is shown only to its own conversation or phone."""
    return db.scalar(select(Order).where(Order.code == code.upper()))


def orders_of_draft(db: Session, draft_id: str) -> list[Order]:
    return list(db.scalars(select(Order).where(Order.draft_id == draft_id).order_by(Order.seller_id)))


def orders_of(db: Session, conversation_id: int, person_id: int | None) -> list[Order]:
    """The orders of a conversation and of its person, newest first."""
    mine = Order.conversation_id == conversation_id
    if person_id is not None:
        mine = mine | (Order.person_id == person_id)
    return list(db.scalars(select(Order).where(mine).order_by(Order.placed_at.desc(), Order.id.desc())))


def advance(db: Session, order: Order, event: str, at: datetime) -> bool:
    """Let `event` happen to the order; False, and nothing changed, if it cannot in the order's state of now."""
    before = Status(order.status)
    after = NEXT.get((before, event))
    if after is None:
        return False
    unchanged = (Order.id == order.id, Order.status == before)
    change = update(Order).where(*unchanged).values(status=after, status_at=at).returning(Order.id)
    moved = db.scalar(change, execution_options={"synchronize_session": False})
    db.expire(order, ["status", "status_at"])
    return moved is not None
