"""A sentence about goods, cut into groups: the words of a product with the quantity, the price and the day beside them.

People put them in any order ("2kg cam", "gà 10 con 120"), several in one breath, with greetings and addresses around.
Nothing is deleted from the sentence; the spans that are known are taken out, and product words are what remains.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bot.understand.amounts import Amount, amounts_in, vague_amounts
from bot.understand.days import day_spans
from bot.understand.lexicon import mention_at, mentions
from bot.understand.phrases import Phrases
from bot.understand.tokens import Message, Token, is_sign, read
from bot.understand.units import UNITS, Unit
from bot.understand.vocabulary import word_set

# The catalogue's search: product id and score 0…100, best first.
Find = Callable[[str], list[tuple[int, float]]]

SURE = 80.0  # below this score a product is asked for, not taken
KNOWN = 90.0  # the words are some product's very name: a search that is less sure has found another (mận, măng)
CLEAR = 2.0  # and also when the next best is nearer than this
_STRONG = 90.0  # words without any number are a product only from here on

Span = tuple[int, int]

_JOINS = word_set("joins")
# From here to the end of the clause it is about where and how it is delivered or paid, not what.
_LOGISTICS = word_set("delivery_and_payment")
_FILLERS = word_set("never_a_product")
_PRICE_WORDS = word_set("before_a_price")
_EACH: Phrases[int] = Phrases((w, 1) for w in ("mỗi", "một", "1", "per"))
_BECOMES: Phrases[int] = Phrases([("thành", 1)])
_WEIGHED = ("kg", "ml")
_PACKAGES = word_set("packages")
_SEARCHED = 80  # characters; a longer text names no product and is slow to compare
_LONGEST = 8  # tokens; no product has a longer name
_ITEM_ORDER = {"words": 0, "amount": 1, "day": 2}


@dataclass(slots=True)
class Group:
    """What belongs to one product. words, day: spans of tokens; number: one more bare number, most likely a price.

    clause: which clause it stands in. per: the unit that the price is for, if it was said.
    disputed: a second price was named for the same goods.
    """

    clause: int
    words: Span | None = None
    quantity: Amount | None = None
    price: Amount | None = None
    number: Amount | None = None
    day: Span | None = None
    per: Unit | None = None
    disputed: bool = False


@dataclass(frozen=True, slots=True)
class Picked:
    """A product taken from the search: None where it is not sure enough or two are as likely."""

    product_id: int | None
    score: float


@dataclass(slots=True)
class Reader:
    """Groups of one message; remembers what the search said, so that each piece of text is searched for once."""

    message: Message
    find: Find | None
    _searched: dict[str, Picked] = field(default_factory=dict)
    _days: list[Span] = field(default_factory=list)

    @property
    def tokens(self) -> Sequence[Token]:
        return self.message.tokens

    def said(self, span: Span | None) -> str:
        return self.message.words(*span) if span else ""

    def pick(self, words: str) -> Picked:
        """What the search takes the words for."""
        if words not in self._searched:
            found = self.find(words[:_SEARCHED]) if self.find and words else []
            best = found[0][1] if found else 0.0
            alone = len(found) < 2 or best - found[1][1] >= CLEAR
            sure = best >= (KNOWN if _is_a_name(words) else SURE)
            self._searched[words] = Picked(found[0][0] if found and alone and sure else None, best)
        return self._searched[words]

    def is_product(self, span: Span, least: float = SURE) -> bool:
        """Whether these words name a product, known to the lexicon or sold here."""
        named = any(not m.everyday for m in mentions(self.tokens[span[0] : span[1]]))
        return named or self.pick(self.said(span)).score >= least

    def groups(self) -> list[Group]:
        """From left to right. A clause with nothing but a price, a day or a quantity completes the group before it."""
        groups: list[Group] = []
        amounts = amounts_in(self.message)
        self._days = day_spans(self.tokens)
        for number, clause in enumerate(self._clauses(amounts)):
            for group in self._groups_of(number, clause, amounts):
                if group.words is None and groups and _complete(groups[-1], group):
                    continue
                if group.words or group.quantity or group.price:
                    groups.append(group)
        return groups

    def product_runs(self, span: Span, taken: set[int]) -> list[Span]:
        """Stretches of words that may name a product: what is neither taken nor a word of every sentence."""
        runs, i = [], span[0]
        while i < span[1]:
            begin = i
            while i < span[1] and i not in taken and (end := self._product_word_end(i, span[1], i == begin)):
                i = end
            if i > begin:
                runs.append((begin, i))
            else:
                i += 1
        return runs

    def _product_word_end(self, i: int, end: int, first: bool) -> int | None:
        """The end of the word or known name at `i`; None for fillers and signs."""
        if self.tokens[i].kind == "sign":
            return None
        ahead = self.tokens[i : min(end, i + _LONGEST)]
        mention = mention_at(ahead, 0)
        if mention and not mention.everyday:
            return i + mention.last
        if first and self.tokens[i].kind == "number":
            return None
        filler = _FILLERS.at(ahead, 0) or _PACKAGES.at(ahead, 0) or (first and self._measures(i))
        return None if filler else i + 1

    def _measures(self, i: int) -> bool:
        """`cân` right before a product's name: the word belongs to an amount."""
        unit = UNITS.at(self.tokens, i)
        named = mention_at(self.tokens, unit.end) if unit and unit.values[0].weighs else None
        return named is not None and not named.everyday

    def _clauses(self, amounts: list[Amount]) -> Iterator[Span]:
        inside = {i for a in amounts for i in range(a.first, a.last)}
        begin = 0
        for i, token in enumerate(self.tokens):
            joins = _JOINS.at(self.tokens, i)
            if (is_sign(token, ",;+&.!?\n") and i not in inside) or joins:
                if i > begin:
                    yield begin, i
                begin = joins.end if joins else i + 1
        if len(self.tokens) > begin:
            yield begin, len(self.tokens)

    def _groups_of(self, number: int, clause: Span, amounts: list[Amount]) -> list[Group]:
        groups = [Group(number)]
        for kind, span, amount in self._items(clause, amounts):
            group = groups[-1]
            if kind == "day":
                group.day = group.day or span
            elif kind == "words":
                if group.words is None:
                    group.words = span
                elif group.quantity and self.is_product(span):
                    groups.append(Group(number, words=span))
            elif amount and group.quantity and self._replaces(amount, clause):
                group.quantity = amount
            elif amount:
                groups.extend(_place(group, amount, self._is_price(amount)))
        self._set_units_of_prices(groups)
        return [g for g in groups if g.words or g.quantity or g.price or g.day or g.number]

    def _items(
        self, clause: Span, amounts: list[Amount]
    ) -> list[tuple[Literal["words", "amount", "day"], Span, Amount | None]]:
        here = [a for a in amounts if clause[0] <= a.first < clause[1]]
        days = [d for d in self._days if clause[0] <= d[0] < clause[1]]
        taken = {i for a in here for i in range(a.first, a.last)} | {i for d in days for i in range(*d)}
        per = self._units_after_prices(here)
        here = [a for a in here if a.first not in per]
        taken |= per
        taken |= {a.first - 1 for a in here if self._becomes(a)}
        taken |= {i for vague in vague_amounts(self.tokens) for i in range(*vague)}
        taken |= self._logistics(clause, taken)
        runs = self._best_runs(self.product_runs(clause, taken), here)
        if self.tokens[clause[0]].plain == "moi" and not any(a.price_vnd for a in here):
            here, runs = [], []
        items: list[tuple[Literal["words", "amount", "day"], Span, Amount | None]] = []
        items += [("words", run, None) for run in runs]
        items += [("amount", (a.first, a.last), a) for a in self._without_packs(here)]
        items += [("day", day, None) for day in days]
        return sorted(items, key=lambda item: (item[1][0], _ITEM_ORDER[item[0]]))

    def _best_runs(self, runs: list[Span], amounts: list[Amount]) -> list[Span]:
        """Where known products are named, only those; otherwise the words beside the number, and none without one."""
        known = [run for run in runs if self.is_product(run)]
        if known:
            return known
        if not any(a.quantity for a in amounts):
            return [run for run in runs if self.is_product(run, _STRONG)]
        after = [run for run in runs if run[0] >= amounts[0].last]
        return after[:1] or runs[-1:] or self._everyday_names(amounts)

    def _everyday_names(self, amounts: list[Amount]) -> list[Span]:
        """`toi` is mostly tôi, but right after `2kg` it is tỏi."""
        beside = [a.last for a in amounts if a.quantity and a.quantity.unit and a.last < len(self.tokens)]
        return [(i, i + m.last) for i in beside if (m := mention_at(self.tokens[i:], 0))][:1]

    def _units_after_prices(self, amounts: list[Amount]) -> set[int]:
        taken: set[int] = set()
        for amount in amounts:
            if self._is_price(amount) and (span := self._unit_after(amount.last)):
                taken.update(range(*span))
        return taken

    def _unit_after(self, i: int) -> Span | None:
        """`/kg`, `bó`, `một cân` right after a price."""
        if i < len(self.tokens) and is_sign(self.tokens[i], "/"):
            i += 1
        begin = i
        if i + 1 < len(self.tokens) and _EACH.at(self.tokens, i) and UNITS.at(self.tokens, i + 1):
            i += 1
        if i >= len(self.tokens) or not (unit := UNITS.at(self.tokens, i)):
            return None
        return begin, unit.end

    def _logistics(self, clause: Span, taken: set[int]) -> set[int]:
        for i in range(*clause):
            if i not in taken and _LOGISTICS.at(self.tokens, i):
                return set(range(i, clause[1]))
        return set()

    def _without_packs(self, amounts: list[Amount]) -> list[Amount]:
        """Without `hộp 200g` and `ba lạng một túi`: what one piece weighs is no quantity."""
        kept: list[Amount] = []
        for amount in amounts:
            small = (
                amount.quantity
                and amount.quantity.unit in _WEIGHED
                and (amount.quantity.unit == "ml" or amount.quantity.value < 1)
            )
            if small and amount.first and _PACKAGES.at(self.tokens, amount.first - 1):
                continue
            one_box = amount.quantity and amount.quantity.value == 1 and amount.quantity.unit not in (*_WEIGHED, None)
            before = kept[-1] if kept else None
            if (
                one_box
                and before
                and before.last == amount.first
                and before.quantity
                and before.quantity.unit in _WEIGHED
            ):
                kept.pop()
                continue
            kept.append(amount)
        return kept

    def _becomes(self, amount: Amount) -> bool:
        return amount.first > 0 and _BECOMES.at(self.tokens, amount.first - 1) is not None

    def _replaces(self, amount: Amount, clause: Span) -> bool:
        """The 3 kg of `đổi 2kg cam thành 3kg`, where no other product follows."""
        return self._becomes(amount) and not self.product_runs((amount.last, clause[1]), set())

    def _is_price(self, amount: Amount) -> bool:
        """Money, and a bare number after `giá` or before `một cân`, `/kg`."""
        if amount.price_vnd is not None or not amount.is_bare:
            return amount.price_vnd is not None
        before = self.tokens[amount.first - 1 : amount.first]
        if before and _PRICE_WORDS.at(before, 0):
            return True
        after = self.tokens[amount.last : amount.last + 1]
        each = bool(after) and (is_sign(after[0], "/") or _EACH.at(after, 0) is not None)
        return each and self._unit_after(amount.last) is not None

    def _set_units_of_prices(self, groups: list[Group]) -> None:
        for group in groups:
            if group.price is None:
                continue
            if span := self._unit_after(group.price.last):
                group.per = UNITS.find(self.tokens[span[0] : span[1]])[-1].values[0]
            elif group.price.first and (unit := UNITS.at(self.tokens, group.price.first - 1)):
                each = group.price.first >= 2 and _EACH.at(self.tokens, group.price.first - 2)
                group.per = unit.values[0] if each else None


def _is_a_name(words: str) -> bool:
    tokens = read(words).tokens
    mention = mention_at(tokens, 0)
    return mention is not None and mention.last == len(tokens) and not mention.everyday


MOST_LINES = 20
"""Of one message: each costs a search of the shelf."""


def reader(text: str, find: Find | None) -> Reader:
    return Reader(read(text), find)


def _place(group: Group, amount: Amount, is_price: bool) -> list[Group]:
    """Put an amount where it fits in the group; a second quantity opens a new group."""
    if is_price:
        if group.price is None:
            group.price = amount
        return []
    if group.quantity is None:
        group.quantity = amount
    elif amount.is_bare:
        group.number = group.number or amount
    elif group.quantity.is_bare:
        group.number, group.quantity = group.quantity, amount
    else:
        return [Group(group.clause, quantity=amount)]
    return []


def _complete(before: Group, group: Group) -> bool:
    """Let a group without words fill what the one before it lacks. False if it has something of its own."""
    if group.quantity and not group.price and group.clause == before.clause:
        return before.words is not None
    if group.quantity and before.quantity:
        if group.quantity.is_bare and before.price is None and before.number is None:
            before.number = group.quantity
            return True
        return False
    if group.price and before.price:
        before.disputed = True
        return False
    before.quantity = before.quantity or group.quantity
    if before.price is None:
        before.price, before.per = group.price, group.per
    before.number = before.number or group.number
    before.day = before.day or group.day
    return True
