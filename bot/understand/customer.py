"""What a customer may want, the surest signs first."""

from dataclasses import replace

from bot.understand.addresses import find_address
from bot.understand.codes import find_order_code
from bot.understand.orders import edits_of, payment
from bot.understand.people import find_phone
from bot.understand.phrases import Phrases
from bot.understand.said import BARELY, LIKELY, PERHAPS, Intent, Said
from bot.understand.slots import (
    Slots,
    asked_price_slots,
    category_slot,
    changed_price_slots,
    goods_slots,
    lot_slots,
    order_number,
    product_slots,
    quantity_slots,
    size_slots,
    usual_unit,
)
from bot.understand.vocabulary import word_set
from bot.understand.wordlists import words_of

TOPICS = ("spray", "best_before", "certificate", "grower", "harvest")
_ON_THE_STAMP = ("grower", "harvest")
_STRONG_VERBS = ("lay", "mua", "dat", "chot", "order", "buy", "xin")
_QUESTIONS = ("asks_if", "asks_price")
_SHORT = 2  # words beside a product's name: more of them say something about it
_A_FEW, _LONG = 7, 14  # words of a message
_WISHING = ("duoc", "ok", "nha", "nhe", "di", "thoi", "lay", "chiu", "nghen", "chot", "mua", "please", "deal")
_LONGEST_NAME = 4  # words
_ON_THE_WAY = ("don", "hang", "ship", "giao", "gui", "kien", "shipper", "order", "package", "parcel", "delivery")
_WHEN_OR_WHERE = ("chua", "dau", "gio", "nao", "lau", "mo", "when", "where", "may")
_NOT_MONEY = ("nguoi", "tuoi", "gio", "km", "lau", "diem", "nam")
_NO_FEE = ("ngay", "lau", "gio", "hom", "tieng")
# Messages which are nothing but these words; inside a sentence they say little.
_ALONE: Phrases[str] = Phrases(
    (word, wish) for wish in ("browse", "checkout", "order_status") for word in words_of(f"alone_{wish}")
)
_TALK = word_set("around_an_answer")


def wish_of_customer(said: Said) -> Intent | None:
    """The first rule that claims the message; None if none does."""
    rules = (_alone, sure_help_wish, _whole_cart, _lot_question, _stamp, _address, help_wish, _replace, _not_come,
             _complaint, _cancel, _preorder, _edit, _group_buying, _negotiate, _status, _delivery_fee, _checkout,
             _order, _browse, _search, _weak_status, _guess)  # fmt: skip
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
    about_goods = said.has("asks_price_surely") and said.product
    if said.has("asks_how_surely") and not said.measured and not about_goods and not said.has("complains", "spray"):
        return Intent("help")
    asked = said.has("asks_how") and (said.has("does_with") or len(said.words) <= 4)
    elsewhere = said.has("complains", "spray", "off_topic", "status_strong", "asks_price_surely", "cancel")
    return Intent("help") if asked and not said.measured and not elsewhere else None


def sure_help_wish(said: Said) -> Intent | None:
    """`help_wish` where the words can hardly mean anything else; asked before the other rules."""
    return help_wish(said) if said.has("asks_how_surely") else None


def _alone(said: Said) -> Intent | None:
    """`dat hang`, `don hang nhe`: two words that are the whole message."""
    for i in range(len(said.words)):
        match = _ALONE.at(said.words, i)
        around = [said.words[:i], said.words[match.end :]] if match else []
        if match and all(not words or _TALK.whole(words) for words in around):
            return Intent(match.values[0])
    return None


def _stamp(said: Said) -> Intent | None:
    """A stamp, a lot, where something comes from; not where she asks how to do it, complains or orders."""
    if said.measured or said.priced or said.idle or said.has("stamp_broken", "spray", "certificate"):
        return None
    if help_wish(said) or (said.has("complains") and not said.word("tem", "ma", "stamp")):
        return None
    return trace_wish(said)


def _lot_question(said: Said) -> Intent | None:
    topic = next((t for t in TOPICS if said.has(t)), None)
    if topic in _ON_THE_STAMP and (lot_slots(said.text) or said.has("origin")):
        return None
    if (
        topic is None
        or said.measured
        or said.idle
        or said.has("preorder")
        or (said.has("asks_how") and said.has("does_with"))
    ):
        return None
    if topic == "harvest" and not (said.has("asks_if") or said.word("nao", "gio", "may", "when")):
        return None
    return Intent("lot_question", {"topic": topic} | product_slots(said))


def _address(said: Said) -> Intent | None:
    return Intent("change_address") if said.has("changes_address") and not said.measured else None


def _whole_cart(said: Said) -> Intent | None:
    """Something about all that she has chosen."""
    if said.counted and said.goods:
        return None
    if said.has("clears_cart") and said.word("gio", "lai", "chon"):
        return Intent("cart_edit", {"op": "clear"})
    if said.has("cart") and len(said.words) <= 4 and not said.counted:
        return Intent("cart_edit", {"op": "view"})
    if said.has("status_strong") or (said.has("cancel") and not said.word("gio", "chon", "lua") and not said.product):
        return None
    if said.has("edits_cart") and not said.word("don"):
        return Intent("cart_edit", {"op": "remove"} | product_slots(said))
    for cue, op in (("views_cart", "view"), ("clears_cart", "clear"), ("doubles", "double")):
        if said.has(cue):
            return Intent("cart_edit", {"op": op} | (product_slots(said) if op == "double" else {}))
    return (
        Intent("cart_edit", {"op": "view"}, PERHAPS)
        if said.has("cart") and not said.counted and not said.goods
        else None
    )


def _replace(said: Said) -> Intent | None:
    """`thay gạo st25 bằng séng cù`."""
    if (
        said.has("replaces")
        and len(said.mentions) == 2
        and said.word("bang", "thanh", "sang", "qua", "cho", "vi", "lay", "with", "for")
    ):
        old, new = (m.primary.name if m.primary else m.named[0].name for m in said.mentions)
        words = said.read.tokens[: said.mentions[0].first]
        if any(t.plain == "lay" for t in words) and not any(t.plain in ("doi", "thay") for t in words):
            old, new = new, old  # lấy nếp nương thay cho nếp cẩm
        return Intent("cart_edit", {"op": "replace", "product": old, "replace_with": new})
    return None


def _complaint(said: Said) -> Intent | None:
    if not said.has("complains", "stamp_broken") or said.has("haggles_strong", "views_cart", "off_topic", "not_come"):
        return None
    ordering = said.measured and said.goods and said.has("buys") and not said.has("asks_if")
    if ordering or (said.idle and not said.product and not said.word("hang", "don", "giao", "shop", "nhan")):
        return None
    counted = next((g for g in said.groups if g.quantity), None)
    missing = quantity_slots(counted, usual_unit(said)) if counted else {}
    return Intent("complaint", order_slots(said) | product_slots(said) | missing)


def _cancel(said: Said) -> Intent | None:
    if not said.has("cancel") or said.idle:
        return None
    if said.product and not said.word("don", "order"):
        return None  # `không lấy mè đen nữa`: one line of several
    return Intent("cancel", order_slots(said) | product_slots(said))


def _group_buying(said: Said) -> Intent | None:
    return Intent("group_buying") if said.has("group_buying") and not said.measured else None


def _negotiate(said: Said) -> Intent | None:
    """A price is haggled over or offered: who only buys names none, unless she says how much for."""
    if (said.idle and not said.product and not said.has("haggles_surely")) or (said.has("lists") and not said.priced):
        return None
    asks = said.has("haggles") and (said.priced or said.has("asks_if")) and not said.goods
    buying = said.measured and said.goods and said.has("buys") and not said.has("names_own_price")
    offers = said.priced and not buying and not said.has("checkout", "off_topic")
    plain = len(said.words) <= _A_FEW and not said.strange and said.word(*_WISHING)
    named = said.product or (said.everyday and said.measured) or (said.measured and not said.strange)
    offers = offers and bool(named or said.has("haggles") or plain)
    surely = said.has("haggles_surely") or said.product or said.everyday or said.priced or said.counted or plain
    if said.has("names_price_limit") and said.product and not said.has("haggles_strong"):
        return None
    if not ((said.has("haggles_strong") and surely) or asks or offers):
        return None
    slots = product_slots(said)
    for group in said.groups:
        weighed = not group.words or usual_unit(said) == "kg"  # of 100 trứng so many are wanted
        bare = group.quantity if group.quantity and group.quantity.is_bare and weighed else None
        offered = replace(group, price=bare, quantity=None) if bare and not group.price else group
        changed = changed_price_slots(said, offered) if offered.price else {}
        slots |= changed | (quantity_slots(offered, usual_unit(said)) if offered.quantity else {})
    if said.has("free_delivery") and "price_vnd" in slots:
        slots["order_value_vnd"] = slots.pop("price_vnd")
    if not any(g.per for g in said.groups):
        slots.pop("price_unit", None)
    sure = LIKELY if said.has("haggles_strong") or said.has("haggles") else PERHAPS
    return Intent("negotiate", slots, sure)


def _preorder(said: Said) -> Intent | None:
    ahead = said.has("preorder") or (said.has("later") and said.counted and said.has("buys"))
    if (
        not ahead
        or not (said.product or said.everyday or said.counted or said.word("hang"))
        or said.has("status_strong")
    ):
        return None
    counted = next((g for g in said.groups if g.quantity), None)
    slots = product_slots(said) | (quantity_slots(counted) if counted else {})
    return Intent("preorder", goods_slots(said) if said.goods else slots)


def _not_come(said: Said) -> Intent | None:
    """`đặt từ hôm kia mà chưa thấy ai gọi giao`"""
    waits = (
        said.has("not_come") and not said.measured and not said.has("off_topic", "cancel", "stamp_broken", "checkout")
    )
    about = said.word(*_ON_THE_WAY, "dat", "mua", "doi", "cho")
    return Intent("order_status", order_slots(said) | product_slots(said)) if waits and about else None


def _status(said: Said) -> Intent | None:
    slots = order_slots(said)
    named = bool(slots) and not said.measured
    theirs = said.word(*_ON_THE_WAY) and not said.has("off_topic")
    if named or (said.has("status_strong") and not said.measured and (theirs or not said.idle)):
        return Intent("order_status", slots | product_slots(said))
    return None


def _edit(said: Said) -> Intent | None:
    """A change to what is in the cart. `chục trứng nữa` at the end of an order makes no edit of it."""
    haggling = said.has("haggles_strong") and not (said.measured and said.goods and not said.has("asks_if"))
    if said.idle or said.priced or said.has("asks_price") or haggling:
        return None
    if (said.has("edits") or said.has("replaces")) and said.counted and not said.goods:
        group = next(g for g in reversed(said.groups) if g.quantity)
        return Intent("cart_edit", quantity_slots(group) | {"op": "set"})
    edits = edits_of(said.read, said.groups)
    wanted = [g for g in said.groups if g.words or g.quantity]
    if not edits or (len(edits) < len(wanted) and edits[0].op != "set"):
        return None
    first = edits[0]
    if first.op == "set" and first.words and not said.has("edits_surely"):
        return None  # `3 bó rau muống thôi` is an order like any other
    if first.words and not said.goods and not said.counted:
        return None
    slots = goods_slots(said) if len(edits) == len(wanted) else {}
    if len(edits) == 1:
        counted = [g for g in said.groups if g.quantity]
        slots = product_slots(said) | (quantity_slots(counted[-1]) if counted else {})
    return Intent("cart_edit", slots | {"op": first.op})


def _delivery_fee(said: Said) -> Intent | None:
    """`ship bao nhieu`, `phí giao hàng`."""
    asks = said.word("ship", "giao") and said.has("asks_price") and not said.product and not said.word(*_NO_FEE)
    return Intent("delivery_fee") if (asks or said.has("delivery_fee")) and not said.counted else None


def _checkout(said: Said) -> Intent | None:
    if said.measured and (said.goods or (said.has("buys") and any(g.words for g in said.groups))):
        return None
    phone, paid = find_phone(said.text), payment(said.text)
    address = find_address(said.text) if not said.has("off_topic") else None
    told = said.word("giao", "gui", "ship", "chi", "nha", "ve", "toi", "den", "o", "deliver", "send", "dc", "duoc")
    delivers = address is not None and (told or any(char.isdigit() for char in address.words))
    if not (said.has("checkout") or paid or delivers or phone) or said.has("status_strong"):
        return None
    if said.idle and not (phone or paid or delivers):
        return None
    return Intent("checkout", {"payment": paid} if paid else {})


def _order(said: Said) -> Intent | None:
    if said.idle:
        return None
    asks = said.has("asks_price") or (said.has("asks_if") and not said.has("buys"))
    asks = asks and not said.word(*_STRONG_VERBS)
    counted = said.goods and any(g.quantity for g in said.goods) and not asks
    named_only = said.goods and said.word(*_STRONG_VERBS) and not said.has(*_QUESTIONS, "looks_for", "browse")
    some = said.goods and said.vague and not said.has(*_QUESTIONS)
    unheard_of = said.measured and said.has("buys") and any(g.words for g in said.groups) and not asks
    if not (counted or named_only or some or unheard_of) or (said.has("off_topic") and not said.has("buys")):
        return None
    if said.strange > 1 and not said.has("buys") and not said.priced:
        return None  # a song about một con vịt
    paid = payment(said.text)
    sure = LIKELY if counted and (said.measured or said.has("buys")) else PERHAPS if counted or some else BARELY
    return Intent("order", goods_slots(said, priced=said.priced) | ({"payment": paid} if paid else {}), sure)


def _browse(said: Said) -> Intent | None:
    if not said.has("browse") or (said.has("asks_price_surely", "names_price_limit") and said.product) or said.idle:
        return None
    return Intent("browse", category_slot(said) | product_slots(said))


def _search(said: Said) -> Intent | None:
    if said.idle and not (said.mentions and said.has(*_QUESTIONS)):
        return None
    asks = said.has(*_QUESTIONS, "looks_for", "names_price_limit")
    if said.has("asks_price") and not said.product and said.word(*_NOT_MONEY):
        return None
    few = len(said.words) <= _A_FEW and not said.strange
    if said.product or (said.everyday and asks and few) or (said.has("asks_price") and not said.counted and few):
        asked = said.has("asks_price", "names_price_limit")
        size = next((size_slots(said.read, g) for g in said.groups if g.size), {})
        slots = product_slots(said) | size | (asked_price_slots(said) if asked else {})
        if not said.product and not said.read.product_runs((0, len(said.read.tokens)), set()):
            return Intent("browse", {}, PERHAPS)
        if not asks and (said.beside_goods > _SHORT or said.strange or said.has("off_topic")):
            return None
        return Intent("search", slots, LIKELY if asks else PERHAPS)
    return None


def _weak_status(said: Said) -> Intent | None:
    weak = said.has("status") and said.has("asks_if") and not said.idle
    return Intent("order_status", {}, PERHAPS) if weak else None


def _guess(said: Said) -> Intent | None:
    """What is left: a question with words of one kind of talk in it. Nothing of this writes anything."""
    if said.has("off_topic") or len(said.words) > _LONG or said.counted or said.priced:
        return None
    if said.has("origin") and not said.idle:
        return Intent("trace", lot_slots(said.text) | product_slots(said), BARELY)
    if said.word(*_ON_THE_WAY) and said.word(*_WHEN_OR_WHERE) and not said.idle:
        return Intent("order_status", product_slots(said), BARELY)
    if said.word("gi", "chi", "nao") and said.word("mon", "loai", "hang", "thu", "ban", "co") and not said.idle:
        return Intent("browse", category_slot(said), BARELY)
    return _unheard_of(said)


def _unheard_of(said: Said) -> Intent | None:
    """`shop có sá sùng khô không`: goods that no list of ours has."""
    if not (said.has("asks_if") and said.word("co", "con", "ban")) or said.strange > _LONGEST_NAME:
        return None
    runs = said.read.product_runs((0, len(said.read.tokens)), set())
    if len(runs) != 1 or runs[0][1] - runs[0][0] > _LONGEST_NAME:
        return None
    return Intent("search", {"product": said.read.said(runs[0])}, BARELY)
