"""The values of an intent, by the names that `chophien understand` prints."""

import re
from decimal import Decimal
from typing import Any

from bot.understand.addresses import find_address
from bot.understand.clauses import MOST_LINES, Group, Reader
from bot.understand.days import day_words
from bot.understand.lexicon import Mention, mention_at
from bot.understand.people import find_phone
from bot.understand.phrases import Phrases
from bot.understand.postings import price_of
from bot.understand.said import Said
from bot.understand.units import NAMES_LIKE_UNITS, TEN, UNITS
from bot.understand.wordlists import table

Slots = dict[str, Any]

_GS1 = re.compile(r"/01/([0-9]{8,14})(?:/10/([A-Za-z0-9._-]{1,20}))?")
_LOT = re.compile(
    r"(?i)(?<!\w)l[ôo](?:\s{1,2}(?:hàng|hang|số|so))?\s{1,3}((?=[a-z0-9-]*[0-9])[a-z][a-z0-9-]{2,19})(?![\w-])"
)
_ORDER_NUMBER = re.compile(r"(?i)(?<!\w)(?:đơn|don|order)(?:\s{1,2}(?:hàng|hang|số|so|#))?\s{0,2}#?([0-9]{1,8})(?!\w)")
_PIECES = {TEN: (10, "quả")}
_BEINGS = ("con", "quả", "cái", "củ", "cây", "bắp", "buồng")
_STATED = {"0.1": "lạng", "10": "yến", "100": "tạ", "1000": "tấn", "12": "tá"}
_CATEGORIES: Phrases[str] = Phrases((word, name) for name, words in table("categories.json").items() for word in words)
_AT_MOST: Phrases[int] = Phrases((w, 1) for w in ("dưới", "không quá", "tối đa", "under", "below", "less than", "max"))
_TO, _DOWN = {"con", "thanh", "xuong", "len", "gia"}, {"bot", "giam", "ha", "tru"}
_UP = {"tang", "them", "cong", "len"}
_VERB_AHEAD = 6  # tokens
_DAYS = dict.fromkeys(("order", "preorder", "cancel", "my_sales", "order_status"), "date") | dict.fromkeys(
    ("post_stock", "update_stock"), "available_from"
)
_DELIVERED = ("order", "preorder", "checkout", "change_address")


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
        named = [_product(said.read, group) for group in said.goods]
        return named[0] if all(other["product"] == named[0]["product"] for other in named) else {}
    if said.mentions:
        return {"product": _name(said.read, said.mentions[0])}
    return {"product": _name(said.read, said.everyday[0])} if len(said.everyday) == 1 else {}


def goods_slots(said: Said, *, priced: bool = False) -> Slots:
    """Values of all goods: flat for one, `items` for more. priced: with their prices."""
    groups = [g for g in said.groups if g.words] or said.groups
    items = [_item(said.read, group, priced) for group in groups[:MOST_LINES]]
    for item in items:
        if item.get("quantity") == 0:  # nobody orders or sells nothing
            del item["quantity"]
    return {"items": items} if len(items) > 1 else items[0] if items else {}


def price_slots(group: Group, usual: str = "") -> Slots:
    """`price_vnd` for one `price_unit`, by default the unit of the quantity; of a range both ends.

    usual: the unit of the product, which counts where none was said and it is sold by weight.
    """
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
    measured = group.quantity is not None and group.quantity.is_measured
    if unit is None and ((usual in _BEINGS and group.quantity) or (usual == "kg" and not measured)):
        unit = usual
    if unit in _PIECES:
        count, piece = _PIECES[unit]
        if slots["price_vnd"] % count:
            return {}
        slots |= {"price_stated": {"amount": slots["price_vnd"], "per": unit}, "price_vnd": slots["price_vnd"] // count}
        unit = piece
    elif group.per and (stated := _STATED.get(str(group.per.factor))):
        slots["price_stated"] = {"amount": int(slots["price_vnd"] * group.per.factor), "per": stated}
    return slots | ({"price_unit": unit} if unit else {})


def quantity_slots(group: Group, usual: str = "") -> Slots:
    """`quantity` and `unit`, a chục as 10 quả; `quantity_max` for a range.

    usual: the unit of the product, which a bare number means where it is counted one by one: 25 trứng.
    """
    amount = group.quantity
    if amount is None or amount.quantity is None:
        return {}
    count, unit = _PIECES.get(amount.quantity.unit or "", (1, amount.quantity.unit))
    slots: Slots = {"quantity": number(amount.quantity.value * count)}
    if amount.ceiling is not None:
        slots["quantity_max"] = number(amount.ceiling * count)
    unit = unit or (usual if usual in _BEINGS else None)
    return slots | ({"unit": unit} if unit else {})


def size_slots(read: Reader, group: Group) -> Slots:
    """What one of them holds: `weight_per_unit_kg` of animals and fruit, else `pack`, as typed where it has digits."""
    size = group.size
    if size is None or size.quantity is None:
        return {}
    if group.sized and group.sized.name in _BEINGS and size.quantity.unit == "kg":
        return {"weight_per_unit_kg": number(size.quantity.value)}
    typed = read.said((size.first, size.last))
    return {"pack": typed if typed[0].isdigit() else f"{number(size.quantity.value)}{size.quantity.unit}"}


def category_slot(said: Said) -> Slots:
    """The kind of goods that she asks for, by its name in `data/categories.json`."""
    found = _CATEGORIES.find(said.read.tokens)
    return {"category": found[0].values[0]} if found else {}


def asked_price_slots(said: Said) -> Slots:
    """Of a question for a price: the unit that it is asked for, and what it may cost at most."""
    slots: Slots = {}
    group = next((g for g in said.groups if g.price), None)
    if group and group.price and group.price.ceiling is None and _AT_MOST.find(said.read.tokens[: group.price.first]):
        slots["max_price_vnd"] = price_of(group)
    elif group:
        slots |= price_slots(group)
    inside = {i for m in (*said.mentions, *said.everyday) for i in range(m.first, m.last)}
    tokens = said.read.tokens
    units = {
        m.values[0] for m in UNITS.find(tokens) if m.start not in inside and not NAMES_LIKE_UNITS.at(tokens, m.start)
    }
    if len(units) == 1 and "price_unit" not in slots:
        unit = units.pop()
        slots["price_unit"] = _PIECES[unit.name][1] if unit.name in _PIECES else unit.name
    return slots


def changed_price_slots(said: Said, group: Group) -> Slots:
    """`price_delta_vnd` of `bớt 2 nghìn`, `tăng thêm 3k`; of `giảm còn 18k`, `lên 152k` the price itself."""
    slots = price_slots(group, usual_unit(said))
    price = group.price
    if price is None or "price_vnd" not in slots:
        return slots
    tokens, sign = said.read.tokens, 0
    more = any(t.plain == "nua" for t in tokens[price.last : price.last + 2])
    for token in reversed(tokens[max(0, price.first - _VERB_AHEAD) : price.first]):
        if token.kind == "sign" or (token.plain in _TO and not more and not sign):
            break
        if token.plain in _DOWN or token.plain in _UP:
            sign = -1 if token.plain in _DOWN else 1
    if sign:
        slots["price_delta_vnd"] = sign * slots.pop("price_vnd")
        slots.pop("price_stated", None)
    return slots


def beside(said: Said, name: str) -> Slots:
    """What a wish may bring along whatever it is: the day, the address and the phone number, as said."""
    slots: Slots = {}
    if key := _DAYS.get(name):
        days = day_words(said.text)
        first, last = (days[-1] if key == "available_from" else days[0]) if days else (0, 0)
        slots |= {key: said.text[first:last]} if days else {}
    if name in _DELIVERED and (address := find_address(said.text)):
        slots["address"] = address.words
    if phone := find_phone(said.text):
        slots["phone"] = phone
    return slots


def usual_unit(said: Said) -> str:
    """The unit that the product spoken of is mostly sold in; empty where the lexicon does not know it."""
    named = next((g for g in said.goods if g.words), None)
    mention = _mention(said.read, named) if named else next(iter(said.mentions or said.everyday), None)
    return _unit_of(mention)


def _mention(read: Reader, group: Group) -> Mention | None:
    """The name that the group's words begin with."""
    return mention_at(read.tokens[slice(*group.words)], 0) if group.words else None


def _unit_of(mention: Mention | None) -> str:
    """Of several candidates the unit that they share."""
    units = {named.unit for named in mention.named} if mention else set()
    return units.pop() if len(units) == 1 else ""


def _name(read: Reader, mention: Mention) -> str:
    return mention.primary.name if mention.primary else read.said((mention.first, mention.last))


def _item(read: Reader, group: Group, priced: bool) -> Slots:
    usual = _unit_of(_mention(read, group))
    slots = _product(read, group) | quantity_slots(group, usual) | size_slots(read, group)
    if priced:
        slots |= price_slots(group, usual)
    return slots


def _product(read: Reader, group: Group) -> Slots:
    """The canonical name where the lexicon knows one, with what was said behind it; else the words."""
    if group.words is None:
        return {}
    mention = _mention(read, group)
    whole = mention and mention.primary and mention.last == group.words[1] - group.words[0]
    slots: Slots = {"product": read.said(group.words)}
    if mention and mention.primary:
        rest = read.said((group.words[0] + mention.last, group.words[1]))  # mè đen rang is vừng đen, rang
        slots["product"] = mention.primary.name if whole else f"{mention.primary.name} {rest}"
    return slots
