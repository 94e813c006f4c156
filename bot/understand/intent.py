"""What an unprompted sentence wants, and the values that it brings along.

Rules over the words, the numbers and the products in it, in the order of how sure they are. Anything that no rule
claims is `unknown`: nothing is ever written because of a guess.
"""

from typing import Literal

from bot.understand.clauses import Find
from bot.understand.codes import LENGTH, find_trace_code, looks_like_code
from bot.understand.customer import wish_of_customer
from bot.understand.producer import wish_of_producer
from bot.understand.said import CERTAIN, UNKNOWN, Intent, Said
from bot.understand.slots import gs1_slots, product_slots

__all__ = ["Intent", "Role", "read"]

Role = Literal["customer", "producer"]

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
    return wish or UNKNOWN


def _code(said: Said) -> Intent | None:
    """A scan wins over everything. A code with wrong check digits is still a wish to trace."""
    if code := find_trace_code(said.text):
        return Intent("trace", {"trace_code": code} | product_slots(said), CERTAIN)
    if gs1 := gs1_slots(said.text):
        return Intent("trace", gs1, CERTAIN)
    if (near := looks_like_code(said.text)) and not said.measured:
        name = "trace_code" if len(near) == LENGTH else "partial_code"
        return Intent("trace", {name: near} | product_slots(said))
    return None


def _everybody(said: Said) -> Intent | None:
    """What customers and producers say alike."""
    if said.has("data_rights") and not said.counted:
        return Intent("data_rights")
    if said.has("abuse") and not said.counted:
        return UNKNOWN
    if said.has("off_topic") and not said.has("browse") and not said.mentions and not (said.goods and said.counted):
        return UNKNOWN
    if said.has("language") and not said.measured:
        if said.word("english", "anh"):
            return Intent("language", {"language": "en"})
        return Intent("language", {"language": "vi"} if said.word("viet", "vietnamese", "vn", "kinh") else {})
    if said.has("human") and not said.measured:
        return Intent("human")
    if said.has("thanks") and not said.counted and not said.has("complains", "status_strong"):
        return Intent("thanks")
    short = len(said.words) <= _SHORT and not said.counted and not said.product
    if said.has("greets") and short and not said.has(*_MORE_THAN_HELLO):
        return Intent("greet")
    return None
