"""The lots that a producer or the staff of a co-op keep."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import Session

from bot.ports import DiaryEntry, LotView
from bot.run.reading.goods import goods_columns, goods_of
from catalog.acts.passports import facts_of
from catalog.lot import Lot, LotState, diary_of
from catalog.offer import Offer
from catalog.organisation import Organisation
from catalog.passport import lacks, wrong_dates
from catalog.person import Role
from catalog.product import Product
from catalog.stamp import lot_codes

MOST = 20
KEPT_BY_STAFF = ("staff", "manager")


class LotsReading:
    """`bot.ports.Lots`. now: in the co-op's zone."""

    def __init__(self, db: Session, person_id: int | None, *, language: str, now: datetime) -> None:
        self._db = db
        self._person_id = person_id
        self._language = language
        self._now = now
        self._read: dict[int | None, Sequence[LotView]] = {}

    def open(self, product_id: int | None = None) -> Sequence[LotView]:
        if self._person_id is None:
            return ()
        if product_id not in self._read:
            self._read[product_id] = self._open(self._person_id, product_id)
        return self._read[product_id]

    def _open(self, person_id: int, product_id: int | None) -> Sequence[LotView]:
        today = self._now.date()
        columns = goods_columns(self._language, today + timedelta(days=1))
        wanted = (
            select(*columns, Lot, Product)
            .join_from(Lot, Product, Product.id == Lot.product_id)
            .join(Organisation, Organisation.id == Product.organisation_id)
            .where(
                self._mine(person_id),
                Lot.state != LotState.RECALLED,
                or_(Lot.best_before.is_(None), Lot.best_before >= today),
                true() if product_id is None else Lot.product_id == product_id,
            )
            .order_by(Lot.harvested_on.desc().nulls_first(), Lot.id.desc())
            .limit(MOST)
        )
        rows = self._db.execute(wanted, execution_options={"populate_existing": True}).all()
        codes = lot_codes(self._db, [row[-2].id for row in rows])
        return [self._view(row, row[-2], row[-1], codes.get(row[-2].id, "")) for row in rows]

    def _mine(self, person_id: int) -> ColumnElement[bool]:
        roles = select(Role.organisation_id).where(Role.person_id == person_id)
        return or_(
            Lot.organisation_id.in_(roles.where(Role.role == "producer")),
            Product.organisation_id.in_(roles.where(Role.role.in_(KEPT_BY_STAFF))),
        )

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
