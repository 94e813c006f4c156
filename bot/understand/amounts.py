"""How much and for how much: quantities with their units and prices, wherever they stand in a sentence."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from bot.understand.codes import code_spans
from bot.understand.days import day_spans, parse_day
from bot.understand.lexicon import mention_at
from bot.understand.numbers import Counted, half_at, number_at, scaled_at, single_digit
from bot.understand.phrases import Phrases
from bot.understand.tokens import Message, Token, is_sign, read
from bot.understand.units import NAMES_LIKE_UNITS, TEN, UNITS, Unit
from bot.understand.vocabulary import word_set

__all__ = [
    "Amount",
    "Quantity",
    "amounts_in",
    "as_price",
    "find_amounts",
    "parse_day",
    "parse_price",
    "parse_quantity",
    "vague_amounts",
]

_HALF_A: Phrases[int] = Phrases([("nửa", 1), ("half", 1)])
_DONG: Phrases[int] = Phrases([("đ", 1), ("d", 1), ("đồng", 1), ("vnd", 1), ("vnđ", 1), ("₫", 1)])
_MILLIONS: Phrases[int] = Phrases([("củ", 10**6)])
_UNSURE: Phrases[int] = Phrases([("xị", 1), ("lít", 1), ("vài", 1), ("mấy", 1)])
# After these a number is a day, an hour, a house, a rank: never an amount.
_NOT_AMOUNTS = word_set("before_no_amount")
_NOT_COUNTED = word_set("counted_but_not_sold")
_VERBS = word_set("before_a_count")
_WISHES = word_set("after_chuc_a_wish")
_TALK = word_set("around_an_answer")
_PRICE_WORDS = word_set("before_a_price")
_SOME = word_set("some")
_PHONES = re.compile(r"(?<![0-9])(?:\+?84|0)[0-9]{1,3}[ .-]?[0-9]{3}[ .-]?[0-9]{3,4}(?![0-9])")
# A unit that stands for one of it before goods, with no number: `cặp vịt xiêm`.
_ONE_IS_MEANT = ("cặp", "đôi", "thùng", "bao", "túi", "hộp", "chai", "gói", "bó", "hũ", "lọ", "lít", "kg")
_A_FEW = 6  # tokens
_KIN = {"chi", "anh", "bac", "co", "chu", "ong", "ba", "di", "cau", "mo", "thim", "em", "thu"}
_THOUSAND = 1000
_LEAST_PRICE = 100
HIGHEST_PRICE = 10**10
_LEAST = Decimal("0.001")  # a gram
_MOST = 10**9  # of anything; what is merely absurd is read, and asked about where it is used


@dataclass(frozen=True, slots=True)
class Quantity:
    """So many of a unit. Weights are in kg whatever was said; None where no unit was."""

    value: Decimal
    unit: str | None


@dataclass(frozen=True, slots=True)
class Amount:
    """A quantity or a price, and where it stands.

    start, end: places in the cleaned text. first, last: its tokens, `last` not with it.
    ceiling: the upper end of a range ("2-3 kg", "15-18k"); the quantity or price is its lower end then.
    """

    start: int
    end: int
    first: int
    last: int
    quantity: Quantity | None = None
    price_vnd: int | None = None
    ceiling: Decimal | None = None

    @property
    def is_bare(self) -> bool:
        """A number with neither unit nor money: a count, or a price with `nghìn` left out."""
        return self.quantity is not None and self.quantity.unit is None

    @property
    def is_measured(self) -> bool:
        """A quantity with its unit."""
        return self.quantity is not None and self.quantity.unit is not None


@dataclass(frozen=True, slots=True)
class _Read:
    end: int
    quantity: Quantity | None = None
    price_vnd: int | None = None
    ceiling: Decimal | None = None


def find_amounts(text: str) -> list[Amount]:
    """Every quantity and price in the text, from left to right. Days, house numbers and ages are none."""
    return amounts_in(read(text))


def amounts_in(message: Message) -> list[Amount]:
    """`find_amounts` of a text that is cut into tokens already."""
    tokens = message.tokens
    taken = _digits_of_codes(message) | {i for span in vague_amounts(tokens) for i in range(*span)}
    taken |= {i for first, last in day_spans(tokens) if not _fraction_at(tokens, first) for i in range(first, last)}
    amounts, i = [], 0
    while i < len(tokens):
        found = None if i in taken else _amount_at(tokens, i)
        if found is None or any(j in taken for j in range(i, found.end)):
            i += 1
            continue
        amounts.append(
            Amount(
                start=tokens[i].start,
                end=tokens[found.end - 1].end,
                first=i,
                last=found.end,
                quantity=found.quantity,
                price_vnd=found.price_vnd,
                ceiling=found.ceiling,
            )
        )
        i = found.end
    return amounts


def vague_amounts(tokens: Sequence[Token]) -> list[tuple[int, int]]:
    """Where an amount without a number stands, first token and the one after the last: `vài cân`, `mấy chục`."""
    return [(some.start, unit[1]) for some in _SOME.find(tokens) if (unit := _unit_at(tokens, some.end)) is not None]


def parse_quantity(text: str) -> Quantity | None:
    """The one quantity that the text names: `hai ky ruoi` is 2.5 kg, `50` is 50 of nothing said.

    None if there is none or more than one, a range, or a bare number among words that we do not know.
    """
    message = read(text)
    found = [a for a in amounts_in(message) if a.quantity]
    named = [a for a in found if not a.is_bare] or found
    if len(named) != 1 or named[0].ceiling is not None:
        return None
    if named[0].is_bare and not _only_talk_beside(message, named[0]):
        return None
    return named[0].quantity


def parse_price(text: str) -> int | None:
    """Whole đồng from the answer to a question for a price: `25 nghìn`, `25.000đ`, `hai lăm`, `25 rưỡi`, `trăm hai`.

    A bare number, `25`, below a thousand means thousands. None if there is no price or more than one, or a range.
    """
    message = read(text)
    tokens = message.tokens
    found = [a for a in amounts_in(message) if a.price_vnd is not None]
    if len(found) == 1 and found[0].ceiling is None:
        return found[0].price_vnd
    if found:
        return None
    bare = []
    i = 0
    while i < len(tokens):
        counted = number_at(tokens, i)
        if counted is None or (counted.in_words and counted.end == i + 1 and _beside_words(tokens, i)):
            i += 1
            continue
        bare.append((i, counted))
        i = counted.end
    bare = [(i, c) for i, c in bare if not (c.value == 1 and c.end < len(tokens) and UNITS.at(tokens, c.end))] or bare
    if len(bare) != 1:
        return None
    first, counted = bare[0]
    return _price_of_number(message, first, counted)


def as_price(value: Decimal) -> int | None:
    """Đồng for a bare number said as a price: below a thousand, thousands are meant. None if it is no whole đồng."""
    vnd = value * _THOUSAND if value < _THOUSAND else value
    return int(vnd) if vnd == int(vnd) and 0 < vnd < HIGHEST_PRICE else None


def _price_of_number(message: Message, first: int, counted: Counted) -> int | None:
    tokens, end, value = message.tokens, counted.end, counted.value
    if end < len(tokens) and _UNSURE.at(tokens, end):
        return None
    if end < len(tokens) and (millions := _MILLIONS.at(tokens, end)):
        return as_price(value * millions.values[0])
    if half_at(tokens, end):
        value, end = value + Decimal("0.5"), end + 1
    if not _only_talk(tokens[:first]) or not _only_talk(tokens[end:]):
        return None
    return as_price(value)


def _beside_words(tokens: Sequence[Token], i: int) -> bool:
    """Whether a lone number word has neighbours, so that it may be no number at all (`bà ba`, `một cân`)."""
    return len([t for t in tokens if t.kind != "sign"]) > 1 and not half_at(tokens, i + 1)


def _only_talk_beside(message: Message, amount: Amount) -> bool:
    return _only_talk(message.tokens[: amount.first]) and _only_talk(message.tokens[amount.last :])


def _only_talk(tokens: Sequence[Token]) -> bool:
    words = [t for t in tokens if not (t.kind == "sign" and t.text in ",.!…/")]
    return not words or (_TALK.whole(words) and all(t.kind == "word" for t in words))


def _amount_at(tokens: Sequence[Token], i: int) -> _Read | None:
    if tokens[i].kind == "sign":
        return None
    if _after_a_rank(tokens, i):
        return _price_at(tokens, i)
    return _range_at(tokens, i) or _price_at(tokens, i) or _quantity_at(tokens, i)


def _after_a_rank(tokens: Sequence[Token], i: int) -> bool:
    return (
        i > 0
        and tokens[i].kind in ("number", "word")
        and _NOT_AMOUNTS.at(tokens, i - 1) is not None
        and (tokens[i - 1].kind == "word" and UNITS.at(tokens, min(i + 1, len(tokens) - 1)) is None)
    )


def _price_at(tokens: Sequence[Token], i: int) -> _Read | None:
    scaled = scaled_at(tokens, i)
    if scaled and _LEAST_PRICE <= scaled.value < HIGHEST_PRICE and scaled.value == int(scaled.value):
        if tokens[i].kind == "word" and not scaled.in_words and scaled.end == i + 1:
            return None  # Bà Triệu
        end = scaled.end + (1 if scaled.end < len(tokens) and _DONG.at(tokens, scaled.end) else 0)
        return _Read(end, price_vnd=int(scaled.value))
    counted = number_at(tokens, i)
    if counted and counted.end < len(tokens) and _DONG.at(tokens, counted.end):
        sign = tokens[counted.end]
        if counted.value >= _LEAST_PRICE and (sign.text != "d" or sign.glued) and counted.value == int(counted.value):
            return _Read(counted.end + 1, price_vnd=int(counted.value))
    if counted and half_at(tokens, counted.end) and _after_a_price_word(tokens, i):
        vnd = as_price(counted.value + Decimal("0.5"))
        return _Read(counted.end + 1, price_vnd=vnd) if vnd else None
    return None


def _after_a_price_word(tokens: Sequence[Token], i: int) -> bool:
    """Whether `giá` or `giá là` ends right before token `i`."""
    return any(match.end == i for back in (1, 2) if i >= back and (match := _PRICE_WORDS.at(tokens, i - back)))


def _range_at(tokens: Sequence[Token], i: int) -> _Read | None:
    """`15-18k`, `2 - 3 kg`, `hai ba cân`: two numbers and one unit."""
    low = number_at(tokens, i)
    if low is None or low.end >= len(tokens):
        return None
    if low.in_words:
        high_at = low.end
    elif is_sign(tokens[low.end], "-–—~") or tokens[low.end].plain in ("den", "toi"):
        high_at = low.end + 1
    else:
        return None
    high = number_at(tokens, high_at)
    if high is None or high.value <= low.value or (low.in_words and high.value != low.value + 1):
        return None
    price = _price_at(tokens, high_at)
    if price and price.price_vnd and low.value <= 0:
        return None
    if price and price.price_vnd:
        scale = price.price_vnd / high.value
        return _Read(price.end, price_vnd=int(low.value * scale), ceiling=Decimal(price.price_vnd))
    many = _quantity_at(tokens, high_at)
    if many and many.quantity and many.quantity.unit:
        factor = many.quantity.value / high.value
        return _Read(many.end, Quantity(_tidy(low.value * factor), many.quantity.unit), ceiling=many.quantity.value)
    return None


def _quantity_at(tokens: Sequence[Token], i: int) -> _Read | None:
    if (half := _HALF_A.at(tokens, i)) and (unit := _unit_at(tokens, half.end)):
        if tokens[i].marked or tokens[i].plain == "half" or unit[0].weighs or unit[0].name in (TEN, "lít"):
            return _made(Decimal("0.5"), unit[0], unit[1])
        return None
    if tokens[i].text in ("a", "an", "cả") and (unit := _unit_at(tokens, i + 1)):
        return _made(Decimal(1), *unit) if tokens[i].text != "cả" or unit[0].factor > 1 else None
    fraction = _fraction_at(tokens, i)
    counted = fraction or number_at(tokens, i)
    if counted is None:
        return _numberless_at(tokens, i)
    value, end = counted.value, counted.end
    unit = _unit_at(tokens, end)
    if unit and unit[0].name == TEN:
        if half_at(tokens, end + 1):
            value, end = value + Decimal("0.5"), end + 1
        inner = _unit_at(tokens, end + 1)
        if inner and inner[0].name != TEN:
            return _with_rest(tokens, value * 10, inner[0], inner[1])
        return _made(value, unit[0], end + 1)
    if unit:
        return _with_rest(tokens, value, unit[0], unit[1])
    if end < len(tokens) and (_NOT_COUNTED.at(tokens, end) or tokens[end].text == "%" or _runs_on(tokens[end])):
        return None
    alone = counted.in_words and end == i + 1
    if alone and len(tokens) > 1 and not ((i > 0 and _VERBS.at(tokens, i - 1)) or _counts_goods(tokens, i, end)):
        return None
    if not counted.in_words and (value > 99_999 or half_at(tokens, end)):
        return None
    return _Read(end, Quantity(value, None))  # also 0: sold out, where that is asked for


def _counts_goods(tokens: Sequence[Token], i: int, end: int) -> bool:
    """`hai cam`: a lone number word right before goods, which are not named with it (ba chỉ) nor a person (chị Hai)."""
    named = mention_at(tokens, end)
    person = i > 0 and tokens[i - 1].plain in _KIN and not (i > 1 and _VERBS.at(tokens, i - 2))
    return named is not None and not named.everyday and mention_at(tokens, i) is None and not person


def _runs_on(token: Token) -> bool:
    """`12abc`, `2²`: what is stuck to a number makes it no count of anything."""
    return token.glued and (token.kind == "word" or token.text.isnumeric())


def _digits_of_codes(message: Message) -> set[int]:
    """Tokens of phone numbers and trace codes."""
    spans = [found.span() for found in _PHONES.finditer(message.text)] + code_spans(message.text)
    return (
        {i for i, t in enumerate(message.tokens) if any(begin <= t.start < end for begin, end in spans)}
        if spans
        else set()
    )


def _numberless_at(tokens: Sequence[Token], i: int) -> _Read | None:
    """`tạ rưỡi`, `chục rưỡi`, `tạ hai`, and `chục` before a product: one is meant."""
    unit = _unit_at(tokens, i)
    if unit is None:
        return None
    measure, end = unit
    if half_at(tokens, end) and (measure.weighs or measure.name == TEN):
        return _made(Decimal("1.5"), measure, end + 1)
    after_goods = i > 0 and tokens[i - 1].kind == "word" and (end >= len(tokens) or tokens[end].kind == "sign")
    if measure.name == TEN and after_goods:
        return _made(Decimal(1), measure, end)  # trứng gà chục
    first = tokens[i].start == 0 and len(tokens) <= _A_FEW and (tokens[i].marked or tokens[i].plain != "bo")
    if measure.name in _ONE_IS_MEANT and (first or (i and _VERBS.at(tokens, i - 1))) and mention_at(tokens, end):
        return _made(Decimal(1), measure, end)  # cặp vịt xiêm
    if measure.name == TEN and end < len(tokens) and tokens[end].kind == "word" and not _WISHES.at(tokens, end):
        inner = _unit_at(tokens, end)
        return _made(Decimal(10), *inner) if inner and inner[0].name != TEN else _made(Decimal(1), measure, end)
    large = measure.weighs and (measure.factor > 1 or (measure.factor == 1 and tokens[i].plain != "can"))
    digit = _tenth_at(tokens, end) if large else None
    at_an_end = end + 1 >= len(tokens) or tokens[end + 1].kind == "sign"
    if digit is None or not (at_an_end or (tokens[i].marked and measure.factor > 1)):
        return None
    return _made(1 + Decimal(digit) / 10, measure, end + 1)


def _with_rest(tokens: Sequence[Token], value: Decimal, unit: Unit, end: int) -> _Read | None:
    """What may follow a unit: `rưỡi`, the 5 of 2kg5, the `hai` of `một tạ hai`, the `3 lạng` of `2 cân 3 lạng`."""
    if half_at(tokens, end):
        return _made(value + Decimal("0.5"), unit, end + 1)
    if not unit.weighs or end >= len(tokens):
        return _made(value, unit, end)
    token = tokens[end]
    if token.kind == "number" and token.glued and token.text.isdecimal() and len(token.text) <= 3:
        return _made(value + Decimal(token.text) / 10 ** len(token.text), unit, end + 1)
    less = number_at(tokens, end)
    smaller = _unit_at(tokens, less.end) if less else None
    if less and smaller and smaller[0].weighs and less.value * smaller[0].factor < unit.factor:
        return _made(value + less.value * smaller[0].factor / unit.factor, unit, smaller[1])
    if (digit := _tenth_at(tokens, end)) is not None:
        return _made(value + Decimal(digit) / 10, unit, end + 1)
    return _made(value, unit, end)


def _tenth_at(tokens: Sequence[Token], i: int) -> int | None:
    """The `hai` of `một cân hai thịt ba chỉ`: a tenth of the unit before it, not the count of what follows."""
    digit = single_digit(tokens, i)
    if digit is None or _unit_at(tokens, i + 1) or scaled_at(tokens, i) or mention_at(tokens, i):
        return None
    if i + 1 == len(tokens) or tokens[i + 1].kind == "sign":
        return digit
    counted = number_at(tokens, i + 1)
    alone = tokens[i].plain in ("mot", "tu") or mention_at(tokens, i + 1) is not None or counted is not None
    each = tokens[i].plain in ("mot", "1") and tokens[i].text != "mốt"
    return digit if alone and not each else None


def _fraction_at(tokens: Sequence[Token], i: int) -> Counted | None:
    """`1/2` or `1/4` before a unit."""
    typed = [t.text for t in tokens[i : i + 3]]
    if typed in (["1", "/", "2"], ["1", "/", "4"]) and _unit_at(tokens, i + 3):
        return Counted(Decimal(1) / Decimal(typed[2]), i + 3, False)
    return None


def _unit_at(tokens: Sequence[Token], i: int) -> tuple[Unit, int] | None:
    match = UNITS.at(tokens, i) if i < len(tokens) else None
    if match and tokens[i].text in ("can", "cans") and (full := number_at(tokens, match.end)):
        held = UNITS.at(tokens, full.end)
        if held and held.values[0].name in ("lít", "ml"):
            return Unit("can"), match.end
    if match is None or NAMES_LIKE_UNITS.at(tokens, i):
        return None
    return match.values[0], match.end


def _made(value: Decimal, unit: Unit, end: int) -> _Read | None:
    many = value * unit.factor
    pieces = many * 10 if unit.name == TEN else many
    return _Read(end, Quantity(_tidy(many), unit.name)) if many >= _LEAST and pieces < _MOST else None


def _tidy(value: Decimal) -> Decimal:
    """Without trailing zeros, and never as 1E+2."""
    short = value.normalize()
    return short.quantize(Decimal(1)) if short == short.to_integral_value() else short
