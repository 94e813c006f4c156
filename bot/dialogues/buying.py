"""Buying: what the talk knows at each of its stages, and how a cart is said back. The steps are in `order`
(the cart) and `checkout` (from the cart to the order)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal

from bot.dialogue import Dialogue, Turn
from bot.dialogues import cart as basket
from bot.dialogues.cart import Cart, Line
from bot.effect import Amount, Choice, Lines, Money, Say, choice, say
from bot.ports import Fee, Ports
from catalog.money import worth

CONSENT_VERSION = "order-2026-11"


UNDO_STEPS = 8
BUYS = ("đặt", "đặt hàng", "đặt tiếp", "đặt luôn", "mua", "mua tiếp", "mua luôn", "chốt", "chốt đơn", "chốt luôn")
"""What people say for yes to an order."""


order = Dialogue("order", nudge_after=timedelta(hours=3))


@dataclass(frozen=True, slots=True)
class Basket:
    """The cart was said back. `past`: the carts before the last changes, newest last.

    editing: she was asked what to change, so that `cam 5kg` is the new amount and not so much more.
    """

    draft_id: str
    cart: Cart
    past: tuple[Cart, ...] = ()
    editing: bool = False


@dataclass(frozen=True, slots=True)
class HowMuch:
    """One product is meant, the amount is not clear. `guess` is what her number would be in the product's unit."""

    draft_id: str
    cart: Cart
    product_id: int
    code: str = ""
    guess: Decimal = Decimal(0)
    past: tuple[Cart, ...] = ()


@dataclass(frozen=True, slots=True)
class Which:
    """Her words fit several products. names: what they may mean, where that is not the same everywhere: `củ sắn`."""

    draft_id: str
    cart: Cart
    product_ids: tuple[int, ...]
    quantity: Decimal
    unit: str
    past: tuple[Cart, ...] = ()
    words: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Consenting:
    draft_id: str
    cart: Cart


@dataclass(frozen=True, slots=True)
class Naming:
    """She agreed; whose name and phone? What came alone is kept until the others are there."""

    draft_id: str
    cart: Cart
    name: str = ""
    phone: str = ""
    address: str = ""
    title: str = ""  # chị, anh, bác, …, as she put it herself


@dataclass(frozen=True, slots=True)
class Addressing:
    draft_id: str
    cart: Cart


@dataclass(frozen=True, slots=True)
class CheckingAddress:
    draft_id: str
    cart: Cart
    address: str


@dataclass(frozen=True, slots=True)
class Reviewing:
    """All was said back: one yes places it."""

    draft_id: str
    cart: Cart
    way: Literal["delivery", "pickup"]
    fee_vnd: int


@dataclass(frozen=True, slots=True)
class Changing:
    """She wants something different in what was said back."""

    draft_id: str
    cart: Cart
    way: Literal["delivery", "pickup"]


@dataclass(frozen=True, slots=True)
class Returned:
    """She came back after days, or was reminded: go on?"""

    draft_id: str
    cart: Cart


AnyState = (
    Basket | HowMuch | Which | Consenting | Naming | Addressing | CheckingAddress | Reviewing | Changing | Returned
)


Filling = Basket | HowMuch | Which


def under_way(at: AnyState | None, ports: Ports) -> tuple[Cart, str, tuple[Cart, ...]]:
    if at is None:
        return (), ports.fresh_id, ()
    return at.cart, at.draft_id, remembering(at) if isinstance(at, Filling) else ()


def remembering(at: Filling) -> tuple[Cart, ...]:
    return (*at.past, at.cart)[-UNDO_STEPS:] if at.cart else at.past


def known(ports: Ports) -> bool:
    contact = ports.me.contact
    return "order" in ports.me.consents and contact is not None and bool(contact.phone and contact.address)


def enough(line: Line, ports: Ports) -> bool:
    goods = ports.shelf.get(line.product_id)
    return goods is not None and goods.left >= line.quantity


def tell(at: Basket, ports: Ports) -> Turn[Basket]:
    return at, [ask_basket(at, ports)]


def ask_basket(at: Basket, ports: Ports) -> Say:
    if len(at.cart) == 1:
        line = at.cart[0]
        goods = ports.shelf.get(line.product_id)
        return say(
            "I note %(label)s %(amount)s = %(total)s. Would you like anything else?",
            label=lower(goods.label) if goods else "?",
            amount=Amount(line.quantity, goods.unit if goods else ""),
            total=Money(worth(line.price_vnd, line.quantity)),
            choices=[choice("yes", say("Order it"), words=BUYS), more(), edit()],
        )
    return say(
        "I note:\n%(lines)s\nGoods: %(total)s (delivery not included)\nIs that right?",
        lines=basket.lines(at.cart, ports, pieces=True),
        total=Money(basket.total(at.cart)),
        choices=[right(), edit(), more()],
    )


def fees(cart: Cart, ports: Ports) -> list[Fee | None]:
    """The cheapest way to deliver each seller's share; None where there is none."""
    rows = (ports.shelf.fees(seller_id, grams) for seller_id, grams in basket.weights(cart, ports.shelf).items())
    return [found[0] if found else None for found in rows]


def fee_line(row: Fee) -> Say:
    sums: dict[str, Any] = {"carrier": row.carrier, "days": row.days_max, "fee": Money(row.fee_vnd)}
    if row.days_min == row.days_max:
        return say("Delivery %(carrier)s %(days)s days = %(fee)s", **sums)
    return say("Delivery %(carrier)s %(from_days)s to %(days)s days = %(fee)s", from_days=row.days_min, **sums)


def fee_lines(cart: Cart, ports: Ports) -> list[Say]:
    found = [fee_line(row) for row in fees(cart, ports) if row is not None]
    return found or [say("This can only be picked up, which costs nothing.")]


def changes(before: Cart, after: Cart, sold_out: Sequence[Line], ports: Ports) -> Lines:
    """Which price or stock changed, and by how much."""
    now = {line.product_id: line for line in after}
    said: list[Say] = []
    for line in before:
        goods = ports.shelf.get(line.product_id)
        label = lower(goods.label) if goods else "?"
        if line.product_id not in now:
            said.append(say("%(label)s is not sold any more.", label=label))
        elif now[line.product_id].price_vnd != line.price_vnd:
            said.append(
                say(
                    "%(label)s is now %(new)s instead of %(old)s.",
                    label=label,
                    new=Money(now[line.product_id].price_vnd),
                    old=Money(line.price_vnd),
                )
            )
    for line in sold_out:
        goods = ports.shelf.get(line.product_id)
        if goods is not None:
            said.append(
                say(
                    "Of %(label)s only %(left)s is left.",
                    label=lower(goods.label),
                    left=Amount(goods.left, goods.unit),
                )
            )
    return Lines(tuple(said) or (say("The delivery fee is another one now."),))


def right() -> Choice:
    return choice("yes", say("Right, go on"), words=BUYS)


def more() -> Choice:
    return choice("more", say("Add something"))


def edit() -> Choice:
    return choice("edit", say("Change the cart"), words=("sửa giỏ hàng", "sửa lại giỏ", "sửa hàng", "sửa món"))


def go_on() -> list[Choice]:
    return [choice("order.show", say("See the cart")), choice("shop.browse", say("See what there is"))]


def lower(label: str) -> str:
    return label[:1].lower() + label[1:]
