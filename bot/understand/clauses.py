"""A sentence about goods, cut into groups: the words of a product with the quantity, the price and the day beside them.

People put them in any order ("2kg cam", "gà 10 con 120"), several in one breath, with greetings and addresses around.
Nothing is deleted from the sentence; the spans that are known are taken out, and product words are what remains.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Literal

from bot.understand.amounts import Amount, amounts_in, vague_amounts
from bot.understand.days import day_spans
from bot.understand.lexicon import FUNCTION_WORDS, Mention, mention_at, mentions
from bot.understand.phrases import Phrases
from bot.understand.tokens import Message, Token, is_sign, read
from bot.understand.units import UNITS, Unit
from bot.understand.vocabulary import word_set

# The catalogue's search: product id and score 0…100, best first.
Find = Callable[[str], list[tuple[int, float]]]

SURE = 80.0  # below this score a product is asked for, not taken
CLEAR = 2.0  # and also when the next best is nearer than this
KNOWN = 90.0  # the words are some product's very name: a search that is less sure has found another (mận, măng)
_STRONG = 90.0  # words without any number are a product only from here on

Span = tuple[int, int]

_JOINS = word_set("joins")
# From here to the end of the clause it is about where and how it is delivered or paid, not what.
_LOGISTICS = word_set("delivery_and_payment")
_FILLERS = word_set("never_a_product")
_VERBS = word_set("verbs_before_goods")
_PRICE_WORDS = word_set("before_a_price")
_EACH: Phrases[int] = Phrases((w, 1) for w in ("mỗi", "một", "1", "per"))
_BECOMES: Phrases[int] = Phrases((w, 1) for w in ("thành", "xuống", "lên"))
_EACH_OF: Phrases[int] = Phrases((w, 1) for w in ("mỗi", "từng", "each", "per"))
_FILL = ("kg", "ml", "lít")
_BOXES = ("hộp", "gói", "túi", "chai", "hũ", "lọ", "bao", "lon", "can", "thùng", "bịch", "khay", "vỉ", "giỏ")
_OF_ALL: Phrases[int] = Phrases(
    (w, 1)
    for w in (
        "mỗi thứ",
        "mỗi loại",
        "mỗi món",
        "mỗi cái",
        "mỗi giống",
        "mỗi hàng",
        "đều",
        "cùng giá",
        "đồng giá",
        "tất cả đều",
    )
)
_COUNTED, _NESTS = ("con", "quả"), ("ổ", "lứa", "chuồng", "bầy", "lồng", "rổ", "khay", "vỉ", "thùng")
_PACKAGES = word_set("packages")
_SEARCHED = 80  # characters; a longer text names no product and is slow to compare
_LONGEST = 8  # tokens; no product has a longer name
MOST_LINES = 20  # of one message: each costs a search of the shelf
_ITEM_ORDER = {"words": 0, "amount": 1, "day": 2}


@dataclass(slots=True)
class Group:
    """What belongs to one product. words, day: spans of tokens; number: one more bare number, most likely a price.

    clause: which clause it stands in. per: the unit that the price is for, if it was said.
    disputed: a second price was named for the same goods. size: what one piece or package holds (`hộp 200g`, `mỗi con 3
    ký`), with the unit of the piece where it was said.
    """

    clause: int
    words: Span | None = None
    quantity: Amount | None = None
    price: Amount | None = None
    number: Amount | None = None
    day: Span | None = None
    per: Unit | None = None
    disputed: bool = False
    size: Amount | None = None
    sized: Unit | None = None


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
    _amounts: list[Amount] | None = None
    _sizes: dict[int, Unit | None] = field(default_factory=dict)
    _each: dict[int, Unit] = field(default_factory=dict)
    _named: list[Mention] | None = None
    _word_ends: dict[tuple[int, int, bool], int | None] = field(default_factory=dict)

    @property
    def tokens(self) -> Sequence[Token]:
        return self.message.tokens

    def said(self, span: Span | None) -> str:
        return self.message.words(*span) if span else ""

    def meant(self, span: Span | None) -> str:
        """The words to look up."""
        return self.message.meant(*span) if span else ""

    def pick(self, span: Span | None) -> Picked:
        """What the search takes the words for."""
        words = self.meant(span)
        if words not in self._searched:
            found = self.find(words[:_SEARCHED]) if self.find and words else []
            best = found[0][1] if found else 0.0
            alone = len(found) < 2 or best - found[1][1] >= CLEAR
            sure = best >= (KNOWN if _is_a_name(words) else SURE)
            self._searched[words] = Picked(found[0][0] if found and alone and sure else None, best)
        return self._searched[words]

    def is_product(self, span: Span, least: float = SURE) -> bool:
        """Whether these words name a product, known to the lexicon or sold here."""
        named = any(not m.everyday and span[0] <= m.first < span[1] for m in self.named())
        return named or self.pick(span).score >= least

    def named(self) -> list[Mention]:
        """Every product's name in the message."""
        if self._named is None:
            self._named = mentions(self.tokens)
        return self._named

    def amounts(self) -> list[Amount]:
        if self._amounts is None:
            self._amounts = amounts_in(self.message)
        return self._amounts

    def groups(self) -> list[Group]:
        """From left to right. A clause with nothing but a price, a day or a quantity completes the group before it."""
        groups: list[Group] = []
        amounts = self.amounts()
        self._days = day_spans(self.tokens)
        for number, clause in enumerate(self._clauses(amounts)):
            for group in self._groups_of(number, clause, amounts):
                if group.words is None and groups and _complete(groups[-1], group):
                    continue
                if group.words and groups and _begun(groups[-1], group):
                    groups[-1] = _joined(groups[-1], group)
                elif group.words or group.quantity or group.price:
                    groups.append(group)
        _share(groups, self._each_of_all())
        return groups

    def _each_of_all(self) -> set[int]:
        """First tokens of amounts that hold for all goods named: `mỗi thứ hai tạ`, `đều sáu nghìn`."""
        return {match.end for match in _OF_ALL.find(self.tokens)}

    def places_of_delivery(self) -> Iterator[int]:
        """Tokens of the clauses' ends that say where it goes and how it is paid."""
        amounts = self.amounts()
        for clause in self._clauses(amounts):
            yield from self._logistics(clause, set(), amounts)

    def product_runs(self, span: Span, taken: set[int]) -> list[Span]:
        """Stretches of words that may name a product: what is neither taken nor a word of every sentence."""
        runs, i = [], span[0]
        while i < span[1]:
            begin = i
            while i < span[1] and i not in taken and (end := self._product_word_end(i, span[1], i == begin)):
                i = end
            if i > begin:
                runs.append((self._without_verbs(begin, i), i))
            else:
                filler = _FILLERS.at(self.tokens, i) if i not in taken else None
                i = min(span[1], filler.end) if filler else i + 1
        return runs

    def _without_verbs(self, begin: int, end: int) -> int:
        """Where the goods begin in `giam khoai mon`: behind verbs right before a name that we know."""
        at = begin
        named = mention_at(self.tokens[:end], begin)
        if named and not named.everyday:
            return begin  # hột gà
        while at < end - 1 and (verb := _VERBS.at(self.tokens[:end], at)):
            at = verb.end
            mention = mention_at(self.tokens[:end], at) if at < end else None
            if mention and not mention.everyday:
                return at
        return begin

    def _product_word_end(self, i: int, end: int, first: bool) -> int | None:
        """The end of the word or known name at `i`; None for fillers and signs."""
        key = (i, min(end, i + _LONGEST), first)
        if key not in self._word_ends:
            self._word_ends[key] = self._find_word_end(*key)
        return self._word_ends[key]

    def _find_word_end(self, i: int, end: int, first: bool) -> int | None:
        if self.tokens[i].kind == "sign":
            return None
        ahead = self.tokens[i:end]
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
            if amount and amount.first in self._sizes:
                group.size, group.sized = amount, self._sizes[amount.first]
            elif kind == "day":
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
        return [g for g in groups if g.words or g.quantity or g.price or g.day or g.number or g.size]

    def _items(
        self, clause: Span, amounts: list[Amount]
    ) -> list[tuple[Literal["words", "amount", "day"], Span, Amount | None]]:
        here = [a for a in amounts if clause[0] <= a.first < clause[1]]
        days = [d for d in self._days if clause[0] <= d[0] < clause[1]]
        taken = {i for a in here for i in range(a.first, a.last)} | {i for d in days for i in range(*d)}
        taken |= self._unit_ahead(clause, here)
        per = self._units_after_prices(here)
        here = [a for a in here if a.first not in per]
        taken |= per
        taken |= {a.first - 1 for a in here if self._becomes(a)}
        taken |= {i for vague in vague_amounts(self.tokens) for i in range(*vague)}
        delivery = self._logistics(clause, taken, here)
        here = [a for a in here if a.first not in delivery or not a.is_bare]  # 22 Hoàng Diệu
        taken |= delivery
        runs = self._best_runs(self.product_runs(clause, taken), here)
        items: list[tuple[Literal["words", "amount", "day"], Span, Amount | None]] = []
        items += [("words", run, None) for run in runs]
        items += [("amount", (a.first, a.last), a) for a in self._with_sizes(self._without_each(here, clause))]
        items += [("day", day, None) for day in days]
        return sorted(items, key=lambda item: (item[1][0], _ITEM_ORDER[item[0]]))

    def _best_runs(self, runs: list[Span], amounts: list[Amount]) -> list[Span]:
        """Where known products are named, only those; otherwise the words beside the number, and none without one."""
        known = [run for run in runs if self.is_product(run) or self._everyday_beside(run, amounts)]
        if known:
            return known
        if not any(a.quantity for a in amounts):
            return [run for run in runs if self.is_product(run, _STRONG)]
        after = [run for run in runs if run[0] >= amounts[0].last]
        return after[:1] or runs[-1:] or self._everyday_names(amounts)

    def _everyday_names(self, amounts: list[Amount]) -> list[Span]:
        """`toi` is mostly tôi, but right after `2kg` it is tỏi."""
        beside = [a.last for a in amounts if a.quantity and a.quantity.unit and a.last < len(self.tokens)]
        after = [(i, i + m.last) for i in beside if (m := mention_at(self.tokens[i:], 0))]
        ahead = [a.first - 1 for a in amounts if a.is_measured and a.first]
        return (after or [(i, i + 1) for i in ahead if self._stands_for_goods(i)])[:1]

    def _stands_for_goods(self, i: int) -> bool:
        """The `oi` of `chuoi 2 nai, oi 3 ky`, not the `roi` of `nham roi 15 can`."""
        token = self.tokens[i]
        first = i == 0 or self.tokens[i - 1].kind == "sign"
        likely = token.plain not in FUNCTION_WORDS or (first and token.plain != "roi")
        return token.kind == "word" and likely and mention_at(self.tokens[: i + 1], i) is not None

    def _everyday_beside(self, run: Span, amounts: list[Amount]) -> bool:
        """The `mien` of `mien 4 bo moc nhi 3 lang`: nothing but a name, right beside an amount with its unit."""
        mention = mention_at(self.tokens[: run[1]], run[0])
        beside = any(a.is_measured and run[1] == a.first for a in amounts)
        return mention is not None and mention.last == run[1] and beside

    def _unit_ahead(self, clause: Span, here: list[Amount]) -> set[int]:
        """The `cặp` of `10 cặp bồ câu, cặp trăm tư`: alone before a price it says what that is for."""
        begun = next((a for a in here if a.first == clause[0] + 1 and (a.price_vnd is not None or a.is_bare)), None)
        unit = UNITS.at(self.tokens, clause[0]) if begun else None
        if begun is None or unit is None or not any(a.is_measured and a.first < clause[0] for a in self.amounts()):
            return set()
        self._each[begun.first] = unit.values[0]
        return {clause[0]}

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

    def _logistics(self, clause: Span, taken: set[int], amounts: Sequence[Amount]) -> set[int]:
        """From the first such word on, unless an amount with its unit comes later: `ck e lấy 1 cặp gà tre`."""
        counted = max((a.first for a in amounts if clause[0] <= a.first < clause[1] and a.is_measured), default=-1)
        for i in range(*clause):
            if i not in taken and i > counted and _LOGISTICS.at(self.tokens, i):
                return set(range(i, clause[1]))
        return set()

    def _without_each(self, here: list[Amount], clause: Span) -> list[Amount]:
        """Without the `1 cân` of `30 cân, 1 cân 55`: it says what the price is for, where the quantity came before."""
        kept = []
        for amount, after in zip_longest(here, here[1:]):
            said = amount.quantity
            one = said is not None and said.unit is not None and self._one_of(amount)
            priced = after is not None and after.first == amount.last and (after.price_vnd is not None or after.is_bare)
            counted = any(a.is_measured and a.first < amount.first for a in self.amounts())
            counted = counted and not self.product_runs((clause[0], amount.first), set())
            if one and priced and counted and after is not None:
                self._each[after.first] = UNITS.find(self.tokens[amount.first : amount.last])[-1].values[0]
            else:
                kept.append(amount)
        return kept

    def _one_of(self, amount: Amount) -> bool:
        """`1 cân`, `một yến`: one of a unit and not a word more."""
        words = self.tokens[amount.first : amount.last]
        return len(words) == 2 and words[0].plain in ("1", "mot", "moi")

    def _with_sizes(self, amounts: list[Amount]) -> list[Amount]:
        """The amounts without the `một túi` of `ba lạng một túi`; which of them are sizes is kept in `_sizes`.

        What one piece holds is no quantity: `hộp 200g`, `3 chai 1 lít`, `3kg/con`, `mỗi con ba chục ký`.
        """
        kept: list[Amount] = []
        for amount in amounts:
            said = amount.quantity
            before = kept[-1] if kept else None
            if said is None or said.unit is None:
                kept.append(amount)
                continue
            fills = said.unit in _FILL
            if not fills and amount.last + 1 < len(self.tokens) and is_sign(self.tokens[amount.last], "/"):
                weighed = UNITS.at(self.tokens, amount.last + 1)
                if weighed and weighed.values[0].weighs:
                    continue  # size 30 con/kg
            if before and not fills and said.value == 1 and before.last == amount.first and self._fills(before):
                self._sizes[before.first] = UNITS.find(self.tokens[amount.first : amount.last])[-1].values[0]
                continue
            if fills and (piece := self._piece_of(amount, before)):
                self._sizes[amount.first] = piece
            kept.append(amount)
        return kept

    def _fills(self, amount: Amount) -> bool:
        return amount.quantity is not None and amount.quantity.unit in _FILL

    def _piece_of(self, amount: Amount, before: Amount | None) -> Unit | None:
        """What holds so much: the package counted or named right before, or `/con`, `mỗi túi` right behind."""
        i, end = amount.first, amount.last
        times = end < len(self.tokens) and self.tokens[end].text in ("x", "×", "*")
        if times or (i and self.tokens[i - 1].text in ("x", "×", "*")):
            return Unit("gói")
        small = amount.quantity is not None and (amount.quantity.unit == "ml" or amount.quantity.value < 1)
        if i and (package := UNITS.at(self.tokens, i - 1)) and _PACKAGES.at(self.tokens, i - 1):
            counted = before is not None and before.last == i and before.quantity is not None
            return package.values[0] if small or counted else None
        if small and before and before.quantity and before.quantity.unit in _BOXES and before.last < i:
            return Unit(before.quantity.unit)  # 20 hộp dâu tây 500g
        each_of = _EACH_OF.at(self.tokens, self._clause_of(i))
        if each_of and (piece := UNITS.at(self.tokens, each_of.end)) and piece.values[0].name not in _FILL:
            return piece.values[0]
        behind = end + 1 if end < len(self.tokens) and is_sign(self.tokens[end], "/") else None
        if behind is None and (each_of := _EACH_OF.at(self.tokens, end)):
            behind = each_of.end
        piece = UNITS.at(self.tokens, behind) if behind is not None else None
        return piece.values[0] if piece and piece.values[0].name not in _FILL else None

    def _clause_of(self, i: int) -> int:
        while i and not is_sign(self.tokens[i - 1], ",;.!?"):
            i -= 1
        return i

    def _becomes(self, amount: Amount) -> bool:
        return amount.first > 0 and _BECOMES.at(self.tokens, amount.first - 1) is not None

    def _replaces(self, amount: Amount, clause: Span) -> bool:
        """The 3 kg of `đổi 2kg cam thành 3kg`, where no other product follows."""
        return self._becomes(amount) and not self.product_runs((amount.last, clause[1]), set())

    def _is_price(self, amount: Amount) -> bool:
        """Money, and a bare number after `giá` or before `một cân`, `/kg`."""
        if amount.price_vnd is not None or not amount.is_bare or amount.first in self._each:
            return amount.price_vnd is not None or amount.first in self._each
        if amount.first >= 2 and _EACH_OF.at(self.tokens, amount.first - 2) and UNITS.at(self.tokens, amount.first - 1):
            return True  # mỗi buồng trăm rưỡi
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
            if unit_said := self._each.get(group.price.first):
                group.per = unit_said
            elif span := self._unit_after(group.price.last):
                group.per = UNITS.find(self.tokens[span[0] : span[1]])[-1].values[0]
            elif group.price.first and (unit := UNITS.at(self.tokens, group.price.first - 1)):
                counted = group.quantity is not None and group.quantity.last == group.price.first  # 1 tấn 28k5
                each = group.price.first >= 2 and not counted and _EACH.at(self.tokens, group.price.first - 2)
                group.per = unit.values[0] if each else None


def _is_a_name(words: str) -> bool:
    tokens = read(words).tokens
    mention = mention_at(tokens, 0)
    return mention is not None and mention.last == len(tokens) and not mention.everyday


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
    before.size, before.sized = before.size or group.size, before.sized or group.sized
    if group.quantity and not group.price and group.clause == before.clause:
        if before.words and before.quantity and _more_exact(group.quantity, before.quantity):
            before.quantity = group.quantity  # 2 ổ gà con 40 con
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


def _more_exact(amount: Amount, before: Amount) -> bool:
    """Whether so many pieces were counted after so many nests or cages of them."""
    return bool(
        amount.quantity
        and before.quantity
        and amount.quantity.unit in _COUNTED
        and before.quantity.unit in _NESTS
        and amount.quantity.value > before.quantity.value
    )


def _begun(before: Group, group: Group) -> bool:
    """Whether an amount or a price without goods stood first and these are its goods: `tạ rưỡi, giá 18 nghìn, hồng`."""
    return before.words is None and not (before.quantity and group.quantity) and not (before.price and group.price)


def _joined(before: Group, group: Group) -> Group:
    return replace(
        group,
        quantity=group.quantity or before.quantity,
        price=group.price or before.price,
        per=group.per if group.price else before.per,
        number=group.number or before.number,
        day=group.day or before.day,
        size=group.size or before.size,
        sized=group.sized or before.sized,
    )


def _share(groups: list[Group], of_all: set[int]) -> None:
    """Give all goods what was said of all: an amount after `mỗi thứ`, and a price at the end of several without one."""
    if len(groups) < 2:
        return
    quantity = next((g.quantity for g in groups if g.quantity and g.quantity.first in of_all), None)
    last = groups[-1]
    unpriced = all(g.price is None and g.number is None for g in groups[:-1])
    common = last.price if last.price and (last.price.first in of_all or (unpriced and _same_units(groups))) else None
    for group in groups:
        if quantity and group.words and group.quantity is None:
            group.quantity = quantity
        if common and group.words and group.price is None:
            group.price, group.per = common, last.per
    if quantity and groups[0].words is None:
        del groups[0]


def _same_units(groups: list[Group]) -> bool:
    """Whether the price at the end is for the very unit that all were counted in: `2 mớ dền, mớ tơi, 4k một mớ`."""
    units = {g.quantity.quantity.unit if g.quantity and g.quantity.quantity else None for g in groups}
    return len(units) == 1 and groups[-1].per is not None and groups[-1].per.name in units
