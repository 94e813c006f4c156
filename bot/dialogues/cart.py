"""What is in a cart, and whether an amount fits the way a product is sold. Plain arithmetic, no talk."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from bot.effect import Amount, Lines, Listed, Money, Say, say
from bot.ports import Goods, Ports, Shelf
from catalog.acts.order import Wanted
from catalog.money import grams, worth

MOST = Decimal(100_000)
BY_WEIGHT = "kg"


@dataclass(frozen=True, slots=True)
class Line:
    """One product of a cart, in its own unit, at the price we said, and when. `code`: the stamp it is bought from."""

    product_id: int
    quantity: Decimal
    price_vnd: int
    code: str = ""
    said_at: datetime | None = None


Cart = tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class UnitUnsure:
    """`2 cam`: two kilos or two pieces?"""

    quantity: Decimal


@dataclass(frozen=True, slots=True)
class OtherUnit:
    """She named a unit that this is not sold by, and that cannot be turned into it."""


@dataclass(frozen=True, slots=True)
class OffStep:
    """It is sold in steps, and this is between two of them."""


@dataclass(frozen=True, slots=True)
class TooMuch:
    """More than there is."""


@dataclass(frozen=True, slots=True)
class Absurd:
    """So much that it must be a slip."""

    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Nothing:
    """None of it at all."""


Misfit = UnitUnsure | OtherUnit | OffStep | TooMuch | Absurd | Nothing


def fit(goods: Goods, quantity: Decimal, unit: str | None) -> Decimal | Misfit:
    """The quantity in the product's own unit, or what has to be asked first."""
    if quantity <= 0:
        return Nothing()
    single = goods.unit == BY_WEIGHT or goods.pieces > 1
    if unit is None and single:
        return UnitUnsure(quantity) if quantity == quantity.to_integral_value() else _stepped(goods, quantity)
    if unit is None or unit == goods.unit:
        return _stepped(goods, quantity)
    if goods.pieces > 1 and unit in {"quả", "cái"}:
        return _stepped(goods, quantity / goods.pieces)
    if unit == "chục":
        return _stepped(goods, quantity * goods.ten) if goods.unit in {"quả", "cái", "con"} else OtherUnit()
    return OtherUnit()


def _stepped(goods: Goods, quantity: Decimal) -> Decimal | Misfit:
    if quantity > MOST:
        return Absurd(quantity)
    step = goods.step if goods.unit != BY_WEIGHT or goods.step > 1 else Decimal("0.1")
    if quantity % step:
        return OffStep()
    return TooMuch() if quantity > goods.left else quantity


def put(cart: Cart, line: Line) -> Cart:
    """Add to the line of the same product, or behind the others."""
    if not any(old.product_id == line.product_id for old in cart):
        return (*cart, line)
    return tuple(
        replace(old, quantity=old.quantity + line.quantity, code=line.code or old.code)
        if old.product_id == line.product_id
        else old
        for old in cart
    )


def set_to(cart: Cart, product_id: int, quantity: Decimal) -> Cart:
    """Another amount; none at all takes the line out."""
    changed = tuple(replace(line, quantity=quantity) if line.product_id == product_id else line for line in cart)
    return tuple(line for line in changed if line.quantity > 0)


def quantity_of(cart: Cart, product_id: int) -> Decimal:
    return sum((line.quantity for line in cart if line.product_id == product_id), Decimal(0))


def spoken_of(cart: Cart, before: Cart, unit: str | None, shelf: Shelf) -> int | None:
    """The product that `3 ký thôi` is about: the only one that is sold so, or of those the one changed last."""
    units = {line.product_id: goods.unit for line in cart if (goods := shelf.get(line.product_id)) is not None}
    fitting = [product_id for product_id, own in units.items() if unit in (None, own)]
    if len(fitting) == 1:
        return fitting[0]
    changed = [number for number in fitting if quantity_of(cart, number) != quantity_of(before, number)]
    return changed[0] if len(changed) == 1 else None


def total(cart: Cart) -> int:
    """What the goods cost, in đồng."""
    return sum(worth(line.price_vnd, line.quantity) for line in cart)


def wanted(cart: Cart) -> tuple[Wanted, ...]:
    return tuple(Wanted(line.product_id, line.quantity, line.price_vnd, line.code, line.said_at) for line in cart)


def at_prices(cart: Cart, prices: Iterable[tuple[int, int]], now: datetime) -> Cart:
    """The same cart at other prices, given as (product id, đồng), as they are said now."""
    new = dict(prices)
    return tuple(
        replace(line, price_vnd=new[line.product_id], said_at=now) if line.product_id in new else line for line in cart
    )


def priced_today(cart: Cart, shelf: Shelf, now: datetime) -> Cart:
    """The cart at today's prices, said now, without what is no longer sold."""
    found = ((line, shelf.get(line.product_id)) for line in cart)
    return tuple(replace(line, price_vnd=goods.price_vnd, said_at=now) for line, goods in found if goods is not None)


def at_most(cart: Cart, shelf: Shelf) -> Cart:
    """The cart with no more of anything than there is left."""
    found = ((line, shelf.get(line.product_id)) for line in cart)
    least = (replace(line, quantity=min(line.quantity, goods.left)) for line, goods in found if goods is not None)
    return tuple(line for line in least if line.quantity > 0)


def weights(cart: Cart, shelf: Shelf) -> dict[int, int]:
    """Grams of each seller's share, by seller id, in the order of the cart."""
    shares: dict[int, list[tuple[int, Decimal]]] = {}
    for line in cart:
        goods = shelf.get(line.product_id)
        if goods is not None:
            shares.setdefault(goods.seller_id, []).append((goods.weight_g, line.quantity))
    return {seller_id: grams(share) for seller_id, share in shares.items()}


def sellers(cart: Cart, shelf: Shelf) -> list[str]:
    """Who sells what is in the cart, in the order of `weights`."""
    found = (shelf.get(line.product_id) for line in cart)
    return list(dict.fromkeys(goods.seller for goods in found if goods is not None))


# How a cart is told


def lines(cart: Cart, ports: Ports, *, pieces: bool = False) -> Lines:
    """`• Trứng gà đồi 1 chục (10 quả) = 45.000đ`, one under the other."""
    return Lines(tuple(_line(line, ports, pieces=pieces) for line in cart), bullet="• ")


def _line(line: Line, ports: Ports, *, pieces: bool) -> Say:
    goods = ports.shelf.get(line.product_id)
    label, unit = (goods.label, goods.unit) if goods else ("?", "")
    params: dict[str, Any] = {
        "label": label,
        "amount": Amount(line.quantity, unit),
        "total": Money(worth(line.price_vnd, line.quantity)),
    }
    if pieces and goods is not None and goods.pieces > 1:
        return say(
            "%(label)s %(amount)s (%(pieces)s pieces) = %(total)s", pieces=line.quantity * goods.pieces, **params
        )
    return say("%(label)s %(amount)s = %(total)s", **params)


def in_a_row(cart: Cart, ports: Ports) -> Listed:
    """`cam 3 kg, mật 1 chai`."""
    return Listed(tuple(_short(line, ports) for line in cart))


def _short(line: Line, ports: Ports) -> Say:
    goods = ports.shelf.get(line.product_id)
    return say(
        "%(short)s %(amount)s",
        short=goods.short if goods else "?",
        amount=Amount(line.quantity, goods.unit if goods else ""),
    )


def names(goods: Sequence[Goods]) -> Listed:
    return Listed(tuple(product.label[:1].lower() + product.label[1:] for product in goods))
