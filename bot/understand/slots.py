"""The values of an intent, by the names that `chophien understand` prints."""

import re
from decimal import Decimal
from typing import Any

from bot.understand.clauses import Group, Reader
from bot.understand.lexicon import mentions
from bot.understand.postings import price_of
from bot.understand.said import Said
from bot.understand.units import TEN

Slots = dict[str, Any]

_GS1 = re.compile(r"/01/([0-9]{8,14})(?:/10/([A-Za-z0-9._-]{1,20}))?")
_LOT = re.compile(r"(?i)(?<!\w)l[ôo]\s{1,3}((?=[a-z0-9]*[0-9])[a-z][a-z0-9]{2,19})(?!\w)")
_ORDER_NUMBER = re.compile(r"(?i)(?<!\w)(?:đơn|don|order)(?:\s{1,2}(?:hàng|hang|số|so|#))?\s{0,2}#?([0-9]{1,8})(?!\w)")
_PIECES = {TEN: (10, "quả")}


def number(value: Decimal) -> int | float:
    """As JSON has numbers: whole where it is whole."""
    return int(value) if value == int(value) else float(value)


def gs1_slots(text: str) -> Slots:
    """`gtin` and `lot` of a GS1 Digital Link; empty if there is none."""
    found = _GS1.search(text)
    return {"gtin": found.group(1)} | ({"lot": found.group(2)} if found.group(2) else {}) if found else {}


def lot_slots(text: str) -> Slots:
    found = _LOT.search(text)
    return {"lot": found.group(1).upper()} if found else {}


def order_number(text: str) -> str | None:
    """The 455 of `đơn 455`."""
    found = _ORDER_NUMBER.search(text)
    return found.group(1) if found else None


def product_slots(said: Said) -> Slots:
    """The product spoken of, when it is one: from the goods beside numbers, else wherever it is named."""
    if said.goods:
        return _product(said.read, said.goods[0]) if len(said.goods) == 1 else {}
    names = {named.name for m in said.mentions for named in m.named}
    return {"product": names.pop()} if len(names) == 1 else {}


def goods_slots(said: Said, *, priced: bool = False) -> Slots:
    """Values of all goods: flat for one, `items` for more. priced: with the prices and days of a producer."""
    groups = [g for g in said.groups if g.words] or said.groups
    items = [_item(said.read, group, priced) for group in groups]
    slots = {"items": items} if len(items) > 1 else items[0] if items else {}
    return slots if priced else slots | day_slot(said, "date")


def price_slots(group: Group) -> Slots:
    """`price_vnd` for one `price_unit`, by default the unit of the quantity; of a range both ends."""
    price = group.price or group.number
    if price is None:
        return {}
    if price.ceiling is not None:
        slots: Slots = {"price_vnd": price.price_vnd, "price_max_vnd": int(price.ceiling)}
    elif (vnd := price_of(group)) is None:
        return {}
    else:
        slots = {"price_vnd": vnd}
    unit = group.per.name if group.per else group.quantity and group.quantity.quantity and group.quantity.quantity.unit
    if unit in _PIECES:
        count, piece = _PIECES[unit]
        if slots["price_vnd"] % count:
            return {}
        slots |= {"price_stated": {"amount": slots["price_vnd"], "per": unit}, "price_vnd": slots["price_vnd"] // count}
        unit = piece
    return slots | ({"price_unit": unit} if unit else {})


def quantity_slots(group: Group) -> Slots:
    """`quantity` and `unit`, a chục as 10 quả; `quantity_max` for a range."""
    amount = group.quantity
    if amount is None or amount.quantity is None:
        return {}
    count, unit = _PIECES.get(amount.quantity.unit or "", (1, amount.quantity.unit))
    slots: Slots = {"quantity": number(amount.quantity.value * count)}
    if amount.ceiling is not None:
        slots["quantity_max"] = number(amount.ceiling * count)
    return slots | ({"unit": unit} if unit else {})


def day_slot(said: Said, name: str) -> Slots:
    """The first day, as said."""
    day = next((g.day for g in said.groups if g.day), None)
    return {name: said.read.said(day)} if day else {}


def _item(read: Reader, group: Group, priced: bool) -> Slots:
    slots = _product(read, group) | quantity_slots(group)
    if priced:
        slots |= price_slots(group)
        slots |= {"available_from": read.said(group.day)} if group.day else {}
    return slots


def _product(read: Reader, group: Group) -> Slots:
    """The canonical name where the lexicon knows one, else the words; and the product that the search is sure of."""
    if group.words is None:
        return {}
    words = read.said(group.words)
    tokens = read.tokens[slice(*group.words)]
    known = [m for m in mentions(tokens) if len(m.named) == 1]
    whole = len(known) == 1 and known[0].first == 0 and known[0].last == len(tokens)
    slots: Slots = {"product": known[0].named[0].name if whole else words}
    product_id = read.pick(words).product_id
    return slots | ({"product_id": product_id} if product_id is not None else {})
