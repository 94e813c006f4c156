"""The lots that a producer or the staff of a co-op keep."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cached_property

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import Session

from bot.ports import DiaryEntry, LotName, LotView
from bot.run.reading.goods import goods_columns, goods_of
from catalog.acts.passports import facts_of
from catalog.lot import OPEN, Lot, diary_of
from catalog.offer import Offer
from catalog.organisation import Organisation
from catalog.passport import lacks, wrong_dates
from catalog.person import Role
from catalog.product import Product
from catalog.stamp import lot_codes

MOST = 20
"""Lots of a list that is shown."""
KEPT_BY_STAFF = ("staff", "manager")
_NEWEST_FIRST = (Lot.harvested_on.desc().nulls_last(), Lot.id.desc())


class LotsReading:
    """`bot.ports.Lots`. now: in the co-op's zone."""

    def __init__(self, db: Session, person_id: int | None, *, language: str, now: datetime) -> None:
        self._db = db
        self._person_id = person_id
        self._language = language
        self._now = now
        self._lists: dict[int | None, Sequence[LotView]] = {}
        self._lots: dict[int, LotView | None] = {}

    def open(self, product_id: int | None = None) -> Sequence[LotView]:
        if product_id not in self._lists:
            of_it = true() if product_id is None else Lot.product_id == product_id
            self._lists[product_id] = self._read(of_it, MOST)
        return self._lists[product_id]

    def names(self) -> Sequence[LotName]:
        hers = self._hers
        if hers is None:
            return ()
        of_lots = select(Lot.id, Lot.number, Lot.product_id).join(Product, Product.id == Lot.product_id)
        lots = self._db.execute(of_lots.where(hers, *self._still_open()).order_by(*_NEWEST_FIRST)).all()
        columns = goods_columns(self._language, self._now.date() + timedelta(days=1))
        of_goods = select(*columns).join_from(Product, Organisation, Organisation.id == Product.organisation_id)
        rows = self._db.execute(of_goods.where(Product.id.in_({lot.product_id for lot in lots}))).all()
        goods = {one.id: one for one in map(goods_of, rows)}
        return [LotName(lot.id, lot.number, goods[lot.product_id]) for lot in lots]

    def get(self, lot_id: int) -> LotView | None:
        if lot_id not in self._lots:
            self._lots[lot_id] = next(iter(self._read(Lot.id == lot_id, 1)), None)
        return self._lots[lot_id]

    def _read(self, which: ColumnElement[bool], most: int) -> Sequence[LotView]:
        hers = self._hers
        if hers is None:
            return ()
        columns = goods_columns(self._language, self._now.date() + timedelta(days=1))
        wanted = (
            select(*columns, Lot, Product)
            .join_from(Lot, Product, Product.id == Lot.product_id)
            .join(Organisation, Organisation.id == Product.organisation_id)
            .where(hers, *self._still_open(), which)
            .order_by(*_NEWEST_FIRST)
            .limit(most)
        )
        rows = self._db.execute(wanted, execution_options={"populate_existing": True}).all()
        codes = lot_codes(self._db, [row[-2].id for row in rows])
        return [self._view(row, row[-2], row[-1], codes.get(row[-2].id, "")) for row in rows]

    def _still_open(self) -> tuple[ColumnElement[bool], ...]:
        return (Lot.state.in_(OPEN), or_(Lot.best_before.is_(None), Lot.best_before >= self._now.date()))

    @cached_property
    def _hers(self) -> ColumnElement[bool] | None:
        """What she may write to, by the rules of `catalog.acts.standing`: of one household, and of one desk."""
        if self._person_id is None:
            return None
        held = select(Role.organisation_id).where(Role.person_id == self._person_id).limit(1)
        household_id = self._db.scalar(held.where(Role.role == "producer").order_by(Role.id))
        desk_id = self._db.scalar(held.where(Role.role.in_(KEPT_BY_STAFF)).order_by(Role.role, Role.id))
        if household_id is None and desk_id is None:
            return None
        return or_(Lot.organisation_id == household_id, Product.organisation_id == desk_id)

    def _view(self, row: Sequence[object], lot: Lot, product: Product, code: str) -> LotView:
        today = self._now.date()
        facts = facts_of(self._db, lot, product, today)
        called = self._db.scalar(select(Offer.called).where(Offer.lot_id == lot.id).order_by(Offer.id.desc()).limit(1))
        goods = goods_of(row)
        return LotView(
            id=lot.id,
            number=lot.number,
            state=lot.state,
            goods=goods,
            called=called or goods.label,
            producer=facts.producer,
            place=lot.place,
            harvested_on=lot.harvested_on,
            best_before=lot.best_before,
            amount=lot.amount,
            code=code,
            diary=tuple(DiaryEntry(line.happened_on, line.kind, line.words) for line in diary_of(self._db, lot.id)),
            lacks=lacks(facts),
            wrong=wrong_dates(facts, today),
            harvest_verb=product.harvest_verb,
        )
