"""What the producer in this conversation grows."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from bot.ports import Goods, Grown
from bot.run.reading.goods import goods_columns, goods_of
from catalog.offer import Offer
from catalog.organisation import Organisation
from catalog.person import Role
from catalog.product import Product


class GardenReading:
    """`bot.ports.Garden`: one SELECT over the newest posting of each product that her household ever sold, and one over
    those that stand."""

    def __init__(self, db: Session, person_id: int | None, *, language: str, now: datetime) -> None:
        self._db = db
        self._person_id = person_id
        self._language = language
        self._now = now
        self._seen: Sequence[Grown] | None = None

    def grown(self) -> Sequence[Grown]:
        if self._seen is None:
            self._seen = self._look()
        return self._seen

    def _look(self) -> Sequence[Grown]:
        if self._person_id is None:
            return ()
        household = select(Role.organisation_id).where(Role.person_id == self._person_id, Role.role == "producer")
        newest_standing = func.max(case((Offer.withdrawn_at.is_(None), Offer.id)))
        newest = (
            select(func.coalesce(newest_standing, func.max(Offer.id)))
            .where(Offer.organisation_id.in_(household))
            .group_by(Offer.product_id)
        )
        columns = goods_columns(self._language, self._now.date() + timedelta(days=1))
        postings = (
            select(*columns, Offer, Product.markup_vnd)
            .join_from(Offer, Product, Product.id == Offer.product_id)
            .join(Organisation, Organisation.id == Product.organisation_id)
            .where(Offer.id.in_(newest))
            .order_by(Offer.id.desc())
        )
        rows = self._db.execute(postings, execution_options={"populate_existing": True}).all()
        standing = self._standing(household)
        return [self._grown(goods_of(row), *row[len(columns) :], standing=standing) for row in rows]

    def _standing(self, household: Select[int]) -> dict[int, list[tuple[int, Decimal]]]:
        """Offer and what is left of it, by product, oldest first."""
        found: dict[int, list[tuple[int, Decimal]]] = {}
        rows = self._db.execute(
            select(Offer.product_id, Offer.id, Offer.left)
            .where(Offer.organisation_id.in_(household), Offer.withdrawn_at.is_(None), Offer.left > 0)
            .order_by(Offer.id)
        )
        for product_id, offer_id, left in rows:
            found.setdefault(product_id, []).append((offer_id, left))
        return found

    def _grown(
        self, goods: Goods, offer: Offer, fee_vnd: int, *, standing: dict[int, list[tuple[int, Decimal]]]
    ) -> Grown:
        """A posting that she took back still tells what she grows and at what price, and nothing else."""
        on_sale = offer.withdrawn_at is None
        return Grown(
            goods=goods,
            called=offer.called or goods.label,
            price_vnd=offer.price_vnd,
            shown_vnd=goods.price_vnd,
            fee_vnd=fee_vnd,
            offer_id=offer.id if on_sale else None,
            posted=offer.posted if on_sale else Decimal(0),
            left=offer.left if on_sale else Decimal(0),
            posted_at=offer.created_at.astimezone(self._now.tzinfo) if on_sale else None,
            available_from=offer.available_from if on_sale else None,
            standing=tuple(standing.get(goods.id, ())),
        )
