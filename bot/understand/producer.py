"""What a producer may want, the surest signs first. She also traces and asks how."""

from collections.abc import Sequence
from dataclasses import replace

from bot.understand.clauses import Group
from bot.understand.customer import help_wish, sure_help_wish, trace_wish
from bot.understand.orders import edits_of
from bot.understand.said import BARELY, LIKELY, PERHAPS, Intent, Said
from bot.understand.slots import changed_price_slots, goods_slots, product_slots, quantity_slots, usual_unit
from bot.understand.tokens import Token

_OPS = {"add": "add", "subtract": "subtract", "set": "set", "remove": "set"}
_ABOUT = ("chung", "khoang", "dung", "tam", "co", "dau", "do", "moi")  # between `còn` and the amount
_ASKING = ("gi", "may", "nhieu", "nao", "xem", "coi", "kiem", "check", "kt", "danh", "chi", "what", "how",
           "list", "my", "show")  # fmt: skip


def wish_of_producer(said: Said) -> Intent | None:
    """The first rule that claims the message; None if none does."""
    rules = (_diary, sure_help_wish, _help, _my_sales, _pause, _sold_out, _stock_query, _update_price, _update_stock,
             _post_stock, trace_wish)  # fmt: skip
    return next((intent for rule in rules if (intent := rule(said))), None)


def _diary(said: Said) -> Intent | None:
    """What was done in the garden; where she has something to sell, that counts."""
    return Intent("diary") if said.has("diary") and not said.measured and not said.priced else None


def _help(said: Said) -> Intent | None:
    return None if said.goods else help_wish(said)


def _stock_query(said: Said) -> Intent | None:
    if not said.has("asks_stock", "asks_stock_surely") or said.measured or said.priced or said.idle:
        return None
    asks = said.has("asks_if", "asks_price", "browse", "asks_stock_surely") or said.word(*_ASKING)
    return Intent("stock_query", product_slots(said)) if asks else None


def _my_sales(said: Said) -> Intent | None:
    if not said.has("asks_sales") or said.counted or said.priced or said.has("off_topic"):
        return None
    return None if said.idle else Intent("my_sales", product_slots(said))


def _pause(said: Said) -> Intent | None:
    """She stops selling something for a while."""
    if not said.has("pauses") or said.measured or said.priced or not (said.product or said.everyday):
        return None
    return Intent("update_stock", product_slots(said) | {"op": "pause"})


def _sold_out(said: Said) -> Intent | None:
    if not said.has("sold_out") or said.measured or said.priced or said.idle or not _speaks_of_goods(said):
        return None
    if said.has("asks_stock") and said.word("hay", "chua"):
        return None
    return Intent("update_stock", product_slots(said) | {"quantity": 0, "op": "set"})


def _speaks_of_goods(said: Said) -> bool:
    return bool(said.product or said.everyday or said.word("hang", "kho", "vuon"))


def _update_price(said: Said) -> Intent | None:
    """`xoài xuống còn 15 ngàn`, `cam len 280`; `lon hoi 64.000d` too, where nothing says that she has any to sell."""
    if said.measured or said.idle or said.has("off_topic"):
        return None
    group = next((g for g in reversed(said.groups) if (g.price or g.number) and not _refused(said, g)), None)
    bare = next((g for g in said.groups if g.quantity), None)
    corrected = group and group.price and said.has("corrects_strong")
    mended = bare is not None and said.has("corrects_strong") and usual_unit(said) == "kg"
    if corrected or mended or (said.has("reprices") and (group or bare)):
        slots = changed_price_slots(said, group or _as_price(bare))
        return Intent("update_price", product_slots(said) | slots)
    if group and said.product and not said.counted and not said.has("posts"):
        return Intent("update_price", product_slots(said) | changed_price_slots(said, group), PERHAPS)
    return None


def _refused(said: Said, group: Group) -> bool:
    """`chứ không phải 80`, `đừng để 65k nữa`: the price that it is not."""
    amount = group.price or group.number
    before = said.read.tokens[max(0, amount.first - 2) : amount.first] if amount else ()
    words = [t.plain for t in before if t.kind == "word"]
    return words[-1:] == ["phai"] or "dung" in words


def _update_stock(said: Said) -> Intent | None:
    if not said.counted or said.priced or said.idle or said.has("off_topic"):
        return None
    if not said.measured and usual_unit(said) == "kg" and not said.word("luong", "kho", "ton", "con", "them", "bot"):
        return None  # `chỉnh lại chè búp một trăm hai`: a price
    edits = edits_of(said.read, said.groups)
    remains = _remains(said)
    if not (edits or said.has("corrects_strong") or remains):
        return None
    op = "set" if remains else _OPS[edits[-1].op] if edits else ""
    if op in ("", "set") and not remains:
        op = "subtract" if said.has("takes_off") else "add" if said.has("puts_on") else "set"
    counted = [g for g in said.groups if g.quantity]
    if len(counted) > 1 and all(g.words for g in counted):
        return Intent("update_stock", goods_slots(said) | {"op": op})
    return Intent("update_stock", product_slots(said) | quantity_slots(counted[-1]) | {"op": op})


def _post_stock(said: Said) -> Intent | None:
    """Known goods with an amount or a price; others only with both, or with a word of selling and a measure."""
    if said.idle:
        return None
    named = [g for g in said.groups if g.words]
    amount = said.counted or said.priced or said.vague
    known = said.goods and (amount or said.has("posts"))
    unheard_of = named and said.measured and (said.priced or any(g.number for g in named) or said.has("posts"))
    if known or unheard_of:
        if said.has("off_topic") and not (said.measured and (said.priced or said.has("posts"))):
            return None
        sure = LIKELY if known and said.measured else PERHAPS if known else BARELY
        return Intent("post_stock", goods_slots(said, priced=True), sure)
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
    return any(_is_left(tokens, first) for first in firsts)


def _is_left(tokens: Sequence[Token], i: int) -> bool:
    while i > 1 and tokens[i - 1].plain in _ABOUT:
        i -= 1
    return i > 0 and tokens[i - 1].plain == "con" and tokens[i - 1].text in ("con", "còn")
