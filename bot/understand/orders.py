"""What a customer wants: lines of an order, changes to a cart, how it is paid, where it goes."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, get_args

from bot.understand.clauses import MOST_LINES, Find, Group, Reader, reader
from bot.understand.cues import cues_in
from bot.understand.phrases import Phrases
from bot.understand.tokens import Token, read
from bot.understand.units import UNITS
from bot.understand.vocabulary import word_set
from bot.understand.wordlists import words_of

Op = Literal["add", "subtract", "remove", "set"]
Payment = Literal["cod", "transfer"]

_PAYMENTS: Phrases[Payment] = Phrases(
    [(w, "cod") for w in words_of("cod")] + [(w, "transfer") for w in words_of("transfer")]
)
_BUYS = word_set("before_a_count")
_NOT: Phrases[int] = Phrases((w, 1) for w in ("không", "không muốn", "khỏi", "đừng"))
_SAVED = word_set("saved_address")
_NEGATED_SAVED = word_set("other_address")

_OPS: Phrases[Op] = Phrases((word, op) for op in get_args(Op) for word in words_of(f"op_{op}"))
_LATE_OPS = frozenset(
    {"thoi", "nua", "moi dung", "bo ra", "bo di", "khoi lay", "khong lay", "dung lay", "khong can"}
)  # these may stand after the amount
_EARLY, _LATE = 12, 4  # tokens before and behind the goods in which a verb still counts
_BECOMES = {"thanh", "xuong", "len", "con"}  # may stand between the goods and the amount, which then is what remains
_JOINING = {"va", "voi", "and"}
_UNMARKED_RISKS = frozenset({"con"})  # còn, or the counter of animals


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is wanted. words: the product as typed. quantity and unit are None where they were not said.

    product_id: None when the search is not sure or two products are as likely; score: of the best, 0…100.
    Weights are in kg.
    """

    words: str
    product_id: int | None
    score: float
    quantity: Decimal | None
    unit: str | None


@dataclass(frozen=True, slots=True)
class Edit:
    """One change to a cart. Empty words: the thing that is spoken of."""

    op: Op
    words: str
    product_id: int | None
    score: float
    quantity: Decimal | None
    unit: str | None


def read_lines(text: str, find: Find) -> list[Line]:
    """The order lines of a message: `lay 3 can cam voi 2 chai mat ong, chuc trung nua` has three.

    A line without a product's words is none; a question for a price orders nothing (`mật ong bn 1 chai`). Of a range
    (`2-3 kg`) the quantity is None, to be asked for.
    """
    read_message = reader(text, find)
    if "asks_price_surely" in cues_in(read_message.tokens) and not _BUYS.find(read_message.tokens):
        return []
    return [_line(read_message, group) for group in read_message.groups() if group.words][:MOST_LINES]


def read_edit(text: str, find: Find) -> list[Edit]:
    """The changes to a cart in a message: `bot 1 chai mat, them 5 qua buoi`. Empty if nothing says that it is one.

    A clause without a verb goes on with the one before it. `nhầm, 3 ký thôi` sets the amount of nothing named.
    """
    read_message = reader(text, find)
    return edits_of(read_message, read_message.groups())


def edits_of(read_message: Reader, groups: Sequence[Group]) -> list[Edit]:
    """`read_edit` of a message that is being read already."""
    edits: list[Edit] = []
    op: Op | None = None
    for group in groups:
        op = _op_of(read_message, group) or op
        if op is None or (group.quantity is None and not (group.words and op in ("add", "remove"))):
            continue
        line = _line(read_message, group)
        taken_off = op == "remove" and line.quantity is not None
        said = "subtract" if taken_off else op
        edits.append(Edit(said, line.words, line.product_id, line.score, line.quantity, line.unit))
    return _without_overridden(edits)


def wants_saved_address(text: str) -> bool:
    """Whether it shall go where it went before: `giao ve dia chi cu`."""
    tokens = read(text).tokens
    return bool(_SAVED.find(tokens)) and not _NEGATED_SAVED.find(tokens)


def payment(text: str) -> Payment | None:
    """How it will be paid, if the text says one way only. `không chuyển khoản` says none."""
    tokens = read(text).tokens
    ways = {m.values[0] for m in _PAYMENTS.find(tokens) if not (m.start and _NOT.at(tokens[: m.start], m.start - 1))}
    return ways.pop() if len(ways) == 1 else None


def _line(read_message: Reader, group: Group) -> Line:
    words, picked = read_message.said(group.words), read_message.pick(group.words)
    amount = group.quantity
    said = amount.quantity if amount else None
    quantity = said.value if said and amount and amount.ceiling is None and said.value > 0 else None
    return Line(words, picked.product_id, picked.score, quantity, said.unit if said else None)


def _op_of(read_message: Reader, group: Group) -> Op | None:
    """The verb of the group's clause: before its goods, or one of the few that stand behind them."""
    tokens = read_message.tokens
    spans = [group.words] if group.words else []
    if group.quantity:
        spans.append((group.quantity.first, group.quantity.last))
    if not spans:
        return None
    first, last = min(s[0] for s in spans), max(s[1] for s in spans)
    ahead = tokens[max(_clause_start(tokens, first), first - _EARLY) : first]
    before = [m for m in _OPS.find(ahead) if not _risky(ahead[m.start : m.end])]
    behind = tokens[last : last + _LATE]
    after = [
        m
        for m in _OPS.find(behind)
        if not _is_half(behind, m.start) and " ".join(t.plain for t in behind[m.start : m.end]) in _LATE_OPS
    ]
    values = [m.values[0] for m in (*before, *after)]
    if group.words and group.quantity and group.words[1] < group.quantity.first:
        between = tokens[group.words[1] : group.quantity.first]
        values += [m.values[0] for m in _OPS.find(between)]
        if any(t.plain in _BECOMES and (t.plain != "con" or t.text != "con") for t in between):
            return "set"
    for op in ("subtract", "remove", "add", "set"):
        if op in values:
            return op
    return None


def _is_half(tokens: Sequence[Token], i: int) -> bool:
    """`nua kg`: half a kilo, and not `nữa`."""
    return tokens[i].plain == "nua" and UNITS.at(tokens, i + 1) is not None


def _clause_start(tokens: Sequence[Token], i: int) -> int:
    while i > 0 and tokens[i - 1].kind != "sign" and tokens[i - 1].plain not in _JOINING:
        i -= 1
    return i


def _risky(verb: Sequence[Token]) -> bool:
    return len(verb) == 1 and verb[0].plain in _UNMARKED_RISKS and not verb[0].marked


def _without_overridden(edits: list[Edit]) -> list[Edit]:
    """`bớt một cân, còn bốn cân thôi` says one thing twice: what remains counts."""
    last = edits[-1] if edits else None
    before = edits[-2] if len(edits) > 1 else None
    if last and before and (before.op, last.op) == ("subtract", "set") and not (last.words and before.words):
        words = last if last.words else before
        final = Edit("set", words.words, words.product_id, words.score, last.quantity, last.unit)
        return [*edits[:-2], final]
    return edits
