"""The goods of a co-op, or of all co-ops of an Alliance; and the search index over their names."""

from collections.abc import Callable, Hashable, Sequence
from datetime import date
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from bot.ports import Fee, Found, Goods
from bot.run.reading.goods import goods_columns, goods_of, left
from catalog.db import once
from catalog.delivery import fees_for
from catalog.organisation import Organisation, sellers_shown_by
from catalog.product import Product, search_entry
from catalog.search import Index

_NAMES = (
    Product.id,
    Product.name_vi,
    Product.name_en,
    Product.label_vi,
    Product.label_en,
    Product.short_vi,
    Product.short_en,
    Product.aliases,
)


class IndexCache:
    """Search indexes that outlive a turn, one for each set of sellers. One is built anew when any name in it changed.

    The names themselves are what is compared: they cost one short SELECT, and whoever changes a product, by whatever
    road, need not think of this.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[int, ...], tuple[Sequence[Any], Index]] = {}

    def index(self, db: Session, seller_ids: Sequence[int]) -> Index:
        scope = tuple(seller_ids)
        shown = select(*_NAMES).where(Product.organisation_id.in_(scope)).order_by(Product.id)
        names: Sequence[Any] = db.execute(shown).all()
        kept = self._kept.get(scope)
        if kept is None or kept[0] != names:
            kept = names, Index(search_entry(Product(**row._mapping)) for row in names)
            self._kept[scope] = kept
        return kept[1]


class ShelfReading:
    """`bot.ports.Shelf` for one organisation. Stock and prices are read when they are asked for."""

    def __init__(
        self, db: Session, organisation_id: int, *, language: str, ready_on: date, index_cache: IndexCache
    ) -> None:
        self._db = db
        self._organisation_id = organisation_id
        self._language = language
        self._ready_on = ready_on
        self._index_cache = index_cache

    @cached_property
    def sellers(self) -> list[int]:
        shown_by = self._organisation_id
        return once(self._db, (sellers_shown_by, shown_by), lambda: sellers_shown_by(self._db, shown_by))

    @cached_property
    def _index(self) -> Index:
        sellers = self.sellers
        return once(self._db, (Index, *sellers), lambda: self._index_cache.index(self._db, sellers))

    def on_sale(self) -> Sequence[Goods]:
        return self._once("on sale", lambda: self._goods(left(self._ready_on) > 0))

    def get(self, product_id: int) -> Goods | None:
        goods = self._once(product_id, lambda: self._goods(Product.id == product_id))
        return goods[0] if goods else None

    def search(self, words: str, limit: int = 4) -> Sequence[Found]:
        scores = dict(self._index.search(words, limit))
        if not scores:
            return ()
        found = self._once(frozenset(scores), lambda: self._goods(Product.id.in_(scores)))
        goods = {one.id: one for one in found}
        return tuple(Found(goods[product_id], score) for product_id, score in scores.items())

    def fees(self, seller_id: int, weight_g: int) -> Sequence[Fee]:
        table = fees_for(self._db, seller_id, weight_g)
        return tuple(Fee(row.carrier, row.fee_vnd, row.days_min, row.days_max) for row in table)

    def _once(self, which: Hashable, read: Callable[[], list[Goods]]) -> list[Goods]:
        return once(self._db, (Goods, self._organisation_id, self._language, self._ready_on, which), read)

    def _goods(self, *wanted: ColumnElement[bool]) -> list[Goods]:
        columns = goods_columns(self._language, self._ready_on)
        shown = (
            select(*columns)
            .join_from(Product, Organisation, Organisation.id == Product.organisation_id)
            .where(Product.organisation_id.in_(self.sellers), *wanted)
            .order_by(Product.organisation_id, Product.position, Product.id)
        )
        return [goods_of(row) for row in self._db.execute(shown)]
