"""What a producer may want, the surest signs first. She also traces, asks how, and says hello."""

from dataclasses import replace

from bot.understand.clauses import Group
from bot.understand.customer import help_wish, trace_wish
from bot.understand.orders import edits_of
from bot.understand.said import LIKELY, PERHAPS, Intent, Said
from bot.understand.slots import goods_slots, price_slots, product_slots, quantity_slots

_OPS = {"add": "add", "subtract": "subtract", "set": "set", "remove": "set"}


def wish_of_producer(said: Said) -> Intent | None:
    """The first rule that claims the message; None if none does."""
    rules = (_help, _stock_query, _my_sales, _sold_out, _update_price, _update_stock, _post_stock, trace_wish)
    return next((intent for rule in rules if (intent := rule(said))), None)


def _help(said: Said) -> Intent | None:
    return None if said.goods else help_wish(said)


def _stock_query(said: Said) -> Intent | None:
    if not said.has("asks_stock") or said.measured or said.priced:
        return None
    return Intent("stock_query", product_slots(said))


def _my_sales(said: Said) -> Intent | None:
    return Intent("my_sales") if said.has("asks_sales") and not said.measured else None


def _sold_out(said: Said) -> Intent | None:
    if not said.has("sold_out") or said.measured or said.priced:
        return None
    day = next((g.day for g in said.groups if g.day), None)
    slots = product_slots(said) | {"quantity": 0, "op": "set"}
    return Intent("update_stock", slots | ({"available_from": said.read.said(day)} if day else {}))


def _update_price(said: Said) -> Intent | None:
    """`xoài xuống còn 15 ngàn`, `cam len 280`; `lon hoi 64.000d` too, where nothing says that she has any to sell."""
    if said.measured:
        return None
    group = next((g for g in reversed(said.groups) if g.price or g.number), None)
    bare = next((g for g in said.groups if g.quantity), None)
    corrected = group and group.price and said.has("corrects_strong")
    if corrected or (said.has("reprices") and (group or bare)):
        slots = price_slots(group or _as_price(bare))
        return Intent("update_price", product_slots(said) | slots)
    if group and said.product and not said.counted and not said.has("posts"):
        return Intent("update_price", product_slots(said) | price_slots(group), PERHAPS)
    return None


def _update_stock(said: Said) -> Intent | None:
    if not said.counted or said.priced:
        return None
    edits = edits_of(said.read, said.groups)
    remains = _remains(said)
    if not (edits or said.has("corrects_strong") or remains):
        return None
    group = next(g for g in reversed(said.groups) if g.quantity)
    op = _OPS[edits[-1].op] if edits and not remains else "set"
    return Intent("update_stock", product_slots(said) | quantity_slots(group) | {"op": op})


def _post_stock(said: Said) -> Intent | None:
    named = [g for g in said.groups if g.words]
    known = said.goods and (said.counted or said.priced or said.has("posts"))
    unheard_of = named and said.measured and (said.priced or said.has("posts"))
    if known or unheard_of:
        return Intent("post_stock", goods_slots(said, priced=True), LIKELY if known else PERHAPS)
    if said.goods and all(len(said.words) == g.words[1] - g.words[0] for g in said.goods if g.words):
        return Intent("post_stock", goods_slots(said), PERHAPS)
    return None


def _as_price(group: Group | None) -> Group:
    """A bare number after `lên` is no quantity."""
    return replace(group, price=group.quantity, quantity=None) if group else Group(0)


def _remains(said: Said) -> bool:
    """`còn` right before the amount: that much is left. `con` after a number only counts animals."""
    tokens = said.read.tokens
    firsts = [g.quantity.first for g in said.groups if g.quantity]
    return any(i > 0 and tokens[i - 1].plain == "con" and tokens[i - 1].text in ("con", "còn") for i in firsts)
