"""What a customer may want, the surest signs first."""

from bot.understand.codes import find_order_code
from bot.understand.orders import edits_of, payment
from bot.understand.people import find_phone
from bot.understand.phrases import Phrases
from bot.understand.said import LIKELY, PERHAPS, Intent, Said
from bot.understand.slots import (
    Slots,
    day_slot,
    goods_slots,
    lot_slots,
    order_number,
    price_slots,
    product_slots,
    quantity_slots,
)
from bot.understand.vocabulary import word_set, words_of

TOPICS = ("spray", "best_before", "certificate", "grower", "harvest")
_ADDRESS = ("duong", "phuong", "ngo", "so", "pho", "quan", "xa", "thon", "xom", "q")
_STRONG_VERBS = ("lay", "mua", "dat", "chot", "order", "buy", "xin")
_QUESTIONS = ("asks_if", "asks_price")
_NO_FEE = ("ngay", "lau", "gio", "hom", "tieng")
# Messages which are nothing but these words; inside a sentence they say little.
_ALONE: Phrases[str] = Phrases(
    (word, wish) for wish in ("browse", "checkout", "order_status") for word in words_of(f"alone_{wish}")
)
_TALK = word_set("around_an_answer")


def wish_of_customer(said: Said) -> Intent | None:
    """The first rule that claims the message; None if none does."""
    rules = (_alone, _lot_question, _help, _complaint, _trace, _cancel, _negotiate, _preorder, _status, _cart, _replace,
             _edit, _delivery_fee, _checkout, _order, _browse, _search, _weak_status)  # fmt: skip
    return next((intent for rule in rules if (intent := rule(said))), None)


def order_slots(said: Said) -> Slots:
    """`order_code`, or the number that she calls her order by."""
    if code := find_order_code(said.text):
        return {"order_code": code}
    found = order_number(said.text)
    return {"order_id": found} if found else {}


def trace_wish(said: Said) -> Intent | None:
    """She wants to trace something and did not give the code; perhaps the number of a lot."""
    lot = lot_slots(said.text)
    return Intent("trace", lot | product_slots(said)) if lot or said.has("trace") else None


def help_wish(said: Said) -> Intent | None:
    """How something is done here."""
    asked = said.has("asks_how") and (said.has("does_with") or len(said.words) <= 4)
    return Intent("help") if asked and not said.measured and not said.has("complains", "spray", "off_topic") else None


def _alone(said: Said) -> Intent | None:
    """`dat hang`, `don hang nhe`: two words that are the whole message."""
    for i in range(len(said.words)):
        match = _ALONE.at(said.words, i)
        around = [said.words[:i], said.words[match.end :]] if match else []
        if match and all(not words or _TALK.whole(words) for words in around):
            return Intent(match.values[0])
    return None


def _lot_question(said: Said) -> Intent | None:
    topic = next((t for t in TOPICS if said.has(t)), None)
    if topic is None or said.measured or (said.has("asks_how") and said.has("does_with")):
        return None
    if topic == "harvest" and not (said.has("asks_if") or said.word("nao", "gio", "may", "when")):
        return None
    return Intent("lot_question", {"topic": topic} | product_slots(said))


def _help(said: Said) -> Intent | None:
    return help_wish(said)


def _complaint(said: Said) -> Intent | None:
    if not said.has("complains", "stamp_broken") or said.has("haggles_strong"):
        return None
    return Intent("complaint", order_slots(said) | product_slots(said))


def _trace(said: Said) -> Intent | None:
    return None if said.measured else trace_wish(said)


def _cancel(said: Said) -> Intent | None:
    return Intent("cancel", order_slots(said) | day_slot(said, "date")) if said.has("cancel") else None


def _negotiate(said: Said) -> Intent | None:
    asks = said.has("haggles") and (said.priced or said.has("asks_if")) and not said.goods
    offers = said.priced and said.has("asks_if") and not said.measured
    if not (said.has("haggles_strong") or asks or offers):
        return None
    slots = product_slots(said)
    for group in said.groups:
        slots |= price_slots(group) | quantity_slots(group)
    return Intent("negotiate", slots)


def _preorder(said: Said) -> Intent | None:
    ahead = said.has("preorder") or (said.has("later") and said.counted and said.has("buys"))
    if not ahead or not (said.product or said.counted or said.word("hang")):
        return None
    return Intent("preorder", goods_slots(said) if said.goods else product_slots(said))


def _status(said: Said) -> Intent | None:
    slots = order_slots(said)
    named = bool(slots) and not said.measured
    if named or (said.has("status_strong") and not said.measured):
        return Intent("order_status", slots | product_slots(said))
    return None


def _cart(said: Said) -> Intent | None:
    return Intent("cart_edit", {"op": "view"}) if said.has("cart") and not said.counted and not said.goods else None


def _replace(said: Said) -> Intent | None:
    """`thay gạo st25 bằng séng cù`."""
    if said.has("replaces") and said.word("bang", "thanh", "sang") and len(said.mentions) == 2:
        old, new = (m.named[0].name for m in said.mentions)
        return Intent("cart_edit", {"op": "replace", "product": old, "replace_with": new})
    return None


def _edit(said: Said) -> Intent | None:
    """A change to what is in the cart. `chục trứng nữa` at the end of an order makes no edit of it."""
    edits = edits_of(said.read, said.groups)
    wanted = [g for g in said.groups if g.words or g.quantity]
    if not edits or (len(edits) < len(wanted) and edits[0].op != "set"):
        return None
    first = edits[0]
    if first.op == "set" and first.words and said.word(*_STRONG_VERBS):
        return None
    if first.words and not said.goods and not said.counted:
        return None
    slots = goods_slots(said) if len(edits) == len(wanted) else {}
    if len(edits) == 1:
        group = next((g for g in reversed(said.groups) if g.quantity), None)
        slots = product_slots(said) | (quantity_slots(group) if group else {})
    return Intent("cart_edit", slots | {"op": first.op})


def _delivery_fee(said: Said) -> Intent | None:
    """`ship bao nhieu`, `phí giao hàng`."""
    asks = said.word("ship", "giao") and said.has("asks_price") and not said.product and not said.word(*_NO_FEE)
    return Intent("delivery_fee") if (asks or said.has("delivery_fee")) and not said.counted else None


def _checkout(said: Said) -> Intent | None:
    if said.measured:
        return None
    phone, paid = find_phone(said.text), payment(said.text)
    delivers = said.word("giao", "gui", "ship") and (phone is not None or said.word(*_ADDRESS))
    if not (said.has("checkout") or paid or delivers) or said.has("status_strong"):
        return None
    slots: Slots = {"payment": paid} if paid else {}
    return Intent("checkout", slots | ({"phone": phone} if phone else {}))


def _order(said: Said) -> Intent | None:
    asks = said.has("asks_price") and not said.word(*_STRONG_VERBS)
    counted = said.goods and any(g.quantity for g in said.goods) and not asks
    named_only = said.goods and said.word(*_STRONG_VERBS) and not said.has(*_QUESTIONS, "looks_for", "browse")
    some = said.goods and said.vague and not said.has(*_QUESTIONS)
    unheard_of = said.measured and said.has("buys") and any(g.words for g in said.groups) and not asks
    if not (counted or named_only or some or unheard_of):
        return None
    paid = payment(said.text)
    return Intent("order", goods_slots(said) | ({"payment": paid} if paid else {}), LIKELY if counted else PERHAPS)


def _browse(said: Said) -> Intent | None:
    if not said.has("browse") or (said.has("asks_price") and said.product):
        return None
    categories = {named.category for m in said.mentions for named in m.named}
    return Intent("browse", product_slots(said) | ({"category": categories.pop()} if len(categories) == 1 else {}))


def _search(said: Said) -> Intent | None:
    if said.product or (said.has("asks_price") and not said.counted):
        each = next((g.quantity.quantity.unit for g in said.groups if g.quantity and g.quantity.quantity), None)
        slots = product_slots(said) | ({"price_unit": each} if each and said.has("asks_price") else {})
        if not said.product and not said.read.product_runs((0, len(said.read.tokens)), set()):
            return Intent("browse")
        return Intent("search", slots, LIKELY if said.has(*_QUESTIONS, "looks_for") else PERHAPS)
    return None


def _weak_status(said: Said) -> Intent | None:
    return Intent("order_status", {}, PERHAPS) if said.has("status") and said.has("asks_if") else None
