"""The Alliance, its co-ops, and the groups and households that sell through a co-op."""

from datetime import time
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalog.db import Base, BigId


class OrganisationKind(StrEnum):
    ALLIANCE = "alliance"  # shows the goods of all its co-ops, sells nothing itself
    COOP = "coop"
    COMPANY = "company"
    GROUP = "group"  # tổ hợp tác: no legal status, sells through a co-op
    HOUSEHOLD = "household"


class FeeKind(StrEnum):
    """How the co-op earns: on top of the producer's price, or as a share of what she sold."""

    MARKUP = "markup"
    PERCENT = "percent"


class Organisation(Base):
    __tablename__ = "organisation"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    code: Mapped[str] = mapped_column(String(20), unique=True)  # SM
    name: Mapped[str]  # HTX Nông sản Suối Mây
    short_name: Mapped[str]  # HTX Suối Mây
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    """Of whom it is a member: of the Alliance, or of a co-op."""
    seller_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    """The seller of record of its goods: itself, or the co-op it sells through. None for an Alliance."""
    tax_code: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    province: Mapped[str] = mapped_column(default="")
    province_before: Mapped[str] = mapped_column(default="")  # before the mergers of July 2025
    shop: Mapped[str] = mapped_column(default="")  # 12 Lê Lợi: where orders are picked up
    clerk: Mapped[str] = mapped_column(default="")  # chị Hoa: who answers for the co-op
    clerk_phone: Mapped[str] = mapped_column(default="")
    opens_at: Mapped[time | None]  # at the lips, not UTC
    closes_at: Mapped[time | None]
    collector: Mapped[str] = mapped_column(default="")  # anh Nam: who fetches goods from producers
    collects_at: Mapped[time | None]
    pays_on_day: Mapped[int | None]  # day of the month on which producers are paid
    sales_policy: Mapped[str] = mapped_column(default="")  # exchange, return, delivery
    fee_kind: Mapped[str] = mapped_column(String(20), default=FeeKind.MARKUP)
    fee_percent: Mapped[Decimal] = mapped_column(default=Decimal(0))
    ten: Mapped[int] = mapped_column(default=10)  # how many pieces a chục is here: 12 in Bến Tre, 14 in Cái Bè
    demo: Mapped[bool] = mapped_column(default=False)


def organisation_by_code(db: Session, code: str) -> Organisation | None:
    return db.scalar(select(Organisation).where(Organisation.code == code))


def sellers_shown_by(db: Session, organisation_id: int) -> list[int]:
    """Ids of the sellers whose goods this organisation's account shows: its own, or those of all its co-ops."""
    organisation = db.get_one(Organisation, organisation_id)
    if organisation.kind != OrganisationKind.ALLIANCE:
        return [] if organisation.seller_id is None else [organisation.seller_id]
    members = select(Organisation.id).where(
        Organisation.parent_id == organisation_id, Organisation.seller_id == Organisation.id
    )
    return list(db.scalars(members.order_by(Organisation.id)))
