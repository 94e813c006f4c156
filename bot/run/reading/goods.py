"""A product as a customer sees it now, in one SELECT: its words and price, what is left, its newest lot's code."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Row, func, select

from bot.ports import Goods
from catalog.lot import Lot, LotState
from catalog.offer import Offer
from catalog.organisation import Organisation
from catalog.product import Product
from catalog.stamp import TraceCode

NAMED_IN = ("vi", "en")


def goods_columns(language: str, ready_on: date | BindParameter[date]) -> tuple[ColumnElement[Any], ...]:
    """The columns of `Goods`, in its order; the statement must join `Product` with the `Organisation` that sells it.

    ready_on: the day for which an order can be filled: an offer of a later day is not on sale yet.
    """
    spoken = language if language in NAMED_IN else NAMED_IN[0]
    name, label, short, unit = (getattr(Product, f"{word}_{spoken}") for word in ("name", "label", "short", "unit"))
    return (
        Product.id.expression,
        name,
        label,
        short,
        Product.emoji.expression,
        unit,
        Product.pieces.expression,
        Product.step.expression,
        Product.price_vnd.expression,
        left(ready_on),
        _newest_code(ready_on),
        Product.category.expression,
        Product.weight_g.expression,
        Organisation.id.expression,
        Organisation.short_name.expression,
        Product.image.expression,
        Product.markup_vnd.expression,
        Organisation.ten.expression,
    )


def goods_of(row: Row[Any] | Sequence[Any]) -> Goods:
    """The value in the first columns of a row that was selected with `goods_columns`."""
    return Goods(*row[: len(Goods.__dataclass_fields__)])


def left(ready_on: date | BindParameter[date]) -> ColumnElement[Any]:
    """How much of the statement's `Product` can be ordered for that day, in its unit."""
    total = func.coalesce(func.sum(Offer.left, type_=Offer.left.type), 0)
    return select(total).where(*_on_sale(ready_on)).correlate(Product).scalar_subquery()


def _newest_code(ready_on: date | BindParameter[date]) -> ColumnElement[Any]:
    code = (
        select(TraceCode.code)
        .join(Lot, Lot.id == TraceCode.lot_id)
        .join(Offer, Offer.lot_id == Lot.id)
        .where(
            *_on_sale(ready_on),
            Offer.left > 0,
            Lot.state == LotState.ACTIVE,
            TraceCode.kind == "lot",
            TraceCode.voided_at.is_(None),
        )
        .order_by(Offer.id.desc(), TraceCode.id.desc())
        .limit(1)
        .correlate(Product)
        .scalar_subquery()
    )
    return func.coalesce(code, "")


def _on_sale(ready_on: date | BindParameter[date]) -> tuple[ColumnElement[bool], ...]:
    return (Offer.product_id == Product.id, Offer.available_from <= ready_on, Offer.withdrawn_at.is_(None))
