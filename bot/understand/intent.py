"""What an unprompted sentence wants, and the values that it brings along.

Rules over the words, the numbers and the products in it, in the order of how sure they are. Anything that no rule
claims is `unknown`: nothing is ever written because of a guess.
"""

import re
from dataclasses import replace
from typing import Literal

from bot.understand.clauses import Find
from bot.understand.codes import LENGTH, find_trace_code, looks_like_code
from bot.understand.customer import wish_of_customer
from bot.understand.people import find_phone
from bot.understand.producer import wish_of_producer
from bot.understand.said import BARELY, CERTAIN, LIKELY, PERHAPS, UNKNOWN, Intent, Said
from bot.understand.slots import beside, gs1_slots, product_slots

__all__ = ["Intent", "Role", "read", "read_alone"]

Role = Literal["customer", "producer"]

_PART_OF_A_CODE = re.compile(r"(?<![0-9A-Za-z])[0-9](?:[ .-]?[0-9]){4,9}(?![0-9A-Za-z])")
_MAY_BE_NONE = ("cart_edit", "update_stock")
_SHORT = 6  # words: a greeting this short wants nothing else
_MORE_THAN_HELLO = (
    "asks_price",
    "browse",
    "asks_how",
    "status_strong",
    "complains",
    "cancel",
    "checkout",
    "cart",
    "trace",
    "asks_stock",
    "asks_sales",
    "sold_out",
    "preorder",
    "haggles_strong",
    "off_topic",
)


def read(text: str, role: Role, find: Find | None = None) -> Intent:
    """The wish of a message that answers no open question.

    find: the catalogue's search; without it products are those of the lexicon. Abuse and small talk are `unknown`.
    """
    said = Said(text, find)
    if not said.words:
        return UNKNOWN
    wish = _code(said) or _everybody(said) or (wish_of_producer(said) if role == "producer" else wish_of_customer(said))
    if wish is None or wish is UNKNOWN:
        return replace(UNKNOWN, confidence=LIKELY if said.idle or said.has("off_topic", "abuse") else BARELY)
    slots = wish.slots | beside(said, wish.name)
    if slots.get("quantity") == 0 and wish.name not in _MAY_BE_NONE:
        del slots["quantity"]  # nobody orders or sells nothing
    return replace(wish, slots=slots)


def read_alone(text: str, role: Role, find: Find | None = None) -> Intent:
    """`read` of a message without the talk around it: who asks there who grew something has a stamp in her hand."""
    found = read(text, role, find)
    if found.name == "lot_question" and found.slots["topic"] in ("grower", "harvest"):
        return replace(found, name="trace", slots={k: v for k, v in found.slots.items() if k != "topic"})
    return found


def _code(said: Said) -> Intent | None:
    """A scan wins over everything. A code with wrong check digits is still a wish to trace."""
    if code := find_trace_code(said.text):
        return Intent("trace", {"trace_code": code} | product_slots(said), CERTAIN)
    if gs1 := gs1_slots(said.text):
        return Intent("trace", gs1 | product_slots(said), CERTAIN)
    if near := looks_like_code(said.text):
        name = "trace_code" if len(near) == LENGTH else "partial_code"
        return Intent("trace", {name: near} | product_slots(said))
    part = _PART_OF_A_CODE.search(said.text) if said.has("origin", "trace") and not said.has("asks_how") else None
    if part and not said.measured and len(digits := "".join(filter(str.isdecimal, part.group()))) < LENGTH:
        return Intent("trace", {"partial_code": digits} | product_slots(said), LIKELY)
    return None


def _everybody(said: Said) -> Intent | None:
    """What customers and producers say alike."""
    if said.has("data_rights", "opts_out") and not said.counted:
        return Intent("data_rights")
    if said.has("abuse") and not said.counted:
        return UNKNOWN
    trade = said.has("checkout", "trace", "cancel", "status_strong") or bool(said.goods and said.counted)
    asked = said.measured or said.priced or said.has("asks_price_surely", "complains")
    trade = trade or bool(said.mentions and asked)
    if said.has("off_topic") and not trade and not find_phone(said.text):
        return UNKNOWN
    if said.has("language") and not said.measured:
        if said.word("english", "anh"):
            return Intent("language", {"language": "en"})
        return Intent("language", {"language": "vi"} if said.word("viet", "vietnamese", "vn", "kinh") else {})
    if said.has("human") and not said.measured and not said.has("status_strong"):
        return Intent("human")
    if said.has("thanks") and not said.counted and not said.has("complains", "status_strong"):
        return Intent("thanks")
    only = not said.measured and not said.priced and not said.has(*_MORE_THAN_HELLO)
    short = len(said.words) <= _SHORT and not said.counted and not said.product
    if (
        said.has("greets")
        and only
        and (short or (said.has("introduces") and not said.product and said.begins_with_hello))
    ):
        return Intent("greet", {}, LIKELY if short else PERHAPS)
    return None
