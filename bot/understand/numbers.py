"""Numbers in digits and in Vietnamese words.

What a person typed passes an ASCII pattern of bounded length before it becomes a number.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from bot.understand.phrases import Phrases
from bot.understand.tokens import Token, read
from bot.understand.units import UNITS

_WHOLE = re.compile(r"(?:0|[0-9]{1,2}|[1-9][0-9]{2,8})")
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}(?:\.[0-9]{3}){1,2}|[1-9][0-9]{0,2}(?:,[0-9]{3}){1,2}")
_DECIMAL = re.compile(r"[0-9]{1,6}[.,][0-9]{1,2}|0[.,][0-9]{3}")

_DIGITS: Phrases[int] = Phrases(
    [("một", 1), ("hai", 2), ("ba", 3), ("bốn", 4), ("tư", 4), ("năm", 5), ("sáu", 6), ("bảy", 7), ("bẩy", 7),
     ("tám", 8), ("chín", 9), ("one", 1), ("two", 2), ("three", 3), ("four", 4), ("five", 5), ("six", 6), ("seven", 7),
     ("eight", 8), ("nine", 9)]
)  # fmt: skip
_LAST_DIGITS: Phrases[int] = Phrases([("mốt", 1), ("tư", 4), ("lăm", 5), ("nhăm", 5), ("rưỡi", 5)])
_TEN: Phrases[int] = Phrases([("mười", 10), ("hăm", 20)])
_TIMES_TEN: Phrases[int] = Phrases([("mươi", 10)])
_HUNDRED: Phrases[int] = Phrases([("trăm", 100)])
_AND: Phrases[int] = Phrases([("lẻ", 0), ("linh", 0)])
_SCALES: Phrases[int] = Phrases(
    [("tỷ", 10**9), ("tỉ", 10**9), ("triệu", 10**6), ("tr", 10**6), ("nghìn", 1000), ("ngàn", 1000), ("ngìn", 1000),
     ("k", 1000)]
)  # fmt: skip
_CHUC: Phrases[int] = Phrases([("chục", 10)])
_HALF: Phrases[int] = Phrases([("rưỡi", 1), ("rưởi", 1)])
_AFTER_A_PRICE = {"mot", "moi", "1", "nhe", "nha", "a", "chau", "em", "thoi", "nghen", "dong"}
_THOUSAND = 1000
_MOST = 10**12
_HUNDREDS = 100
_TENS = 10


@dataclass(frozen=True, slots=True)
class Counted:
    """A number that ends before token `end`. in_words: spelled out, at least in part."""

    value: Decimal
    end: int
    in_words: bool


def bare_number(text: str) -> Decimal | None:
    """The number, if the whole message is one: `50`, `2,5`, `1.200`, `hai mươi`, `nam muoi`; otherwise None."""
    tokens = read(text).tokens
    words = [t for t in tokens if not (t.kind == "sign" and t.text in ".!")]
    if not words or any(t.kind == "sign" for t in words):
        return None
    counted = scaled_at(words, 0) or number_at(words, 0)
    return counted.value if counted and counted.end == len(words) else None


def digits(typed: str) -> Decimal | None:
    """ASCII digits as people write them, at most 9: 12,5 and 12.5 have a decimal, 1.200 and 1,200 are thousands."""
    if _WHOLE.fullmatch(typed):
        return Decimal(typed)
    if _THOUSANDS.fullmatch(typed):
        return Decimal(typed.replace(".", "").replace(",", ""))
    if _DECIMAL.fullmatch(typed):
        return Decimal(typed.replace(",", "."))
    return None


def number_first_words() -> frozenset[str]:
    """Folded words that a number in words may begin with."""
    return _DIGITS.first_words | _TEN.first_words | _HUNDRED.first_words


def number_at(tokens: Sequence[Token], i: int) -> Counted | None:
    """The number that begins at token `i`, below a thousand if in words. `nghìn` and above belong to `scaled_at`."""
    if i >= len(tokens):
        return None
    if tokens[i].kind == "number":
        value = None if _is_negative(tokens, i) else digits(tokens[i].text)
        if value is None:
            return None
        if has(_HUNDRED, tokens, i + 1) and value < _TENS:
            return _after_hundred(tokens, i + 2, value * _HUNDREDS)
        return Counted(value, i + 1, False)
    if has(_HUNDRED, tokens, i):
        rest = _after_hundred(tokens, i + 1, Decimal(_HUNDREDS))
        return rest if tokens[i].marked or rest.end > i + 1 or has(_SCALES, tokens, i + 1) else None
    below = _below_hundred(tokens, i)
    if below and below.value < _TENS and has(_HUNDRED, tokens, below.end):
        return _after_hundred(tokens, below.end + 1, below.value * _HUNDREDS)
    return below


def scaled_at(tokens: Sequence[Token], i: int) -> Counted | None:
    """A number with `k`, `nghìn`, `triệu`, `tỷ` that begins at token `i`; None if there is no such word.

    `7k5` 7,500 · `1tr2` 1,200,000 · `13 nghìn rưỡi` 13,500 · `triệu hai` 1,200,000 · `bốn chục ngàn` 40,000.
    """
    total, end, last, in_words = Decimal(0), i, 10**12, False
    while end < len(tokens):
        head = number_at(tokens, end)
        value, at = (head.value, head.end) if head else (Decimal(1), end)
        if has(_CHUC, tokens, at) and (head or end == i) and value < _TENS:
            value, at = value * _TENS, at + 1
            if digit := _digit(tokens, at, _DIGITS):
                value, at = value + digit, at + 1
        scale = _value(_SCALES, tokens, at)
        if scale and at == i and tokens[at].plain == "ngan" and not tokens[at].marked:
            break  # the duck; a thousand has a number before it
        if scale is None or scale >= last or (at == end and (end != i or tokens[at].text in ("k", "tr"))):
            if head and end > i and _goes_on(tokens, head, last):
                total, end = total + head.value * (last // _THOUSAND if last > _THOUSAND else 1), head.end
            break
        total, end, last, in_words = total + value * scale, at + 1, scale, in_words or bool(head and head.in_words)
        if has(_HALF, tokens, end):
            return Counted(total + scale // 2, end + 1, True)
        if (tail := _tail(tokens, end, scale)) is not None:
            return Counted(total + tail, end + 1, in_words) if total < _MOST else None
    return Counted(total, end, in_words) if i < end and total < _MOST else None


def has(phrases: Phrases[int], tokens: Sequence[Token], i: int) -> bool:
    return i < len(tokens) and phrases.at(tokens, i) is not None


def half_at(tokens: Sequence[Token], i: int) -> bool:
    """Whether token `i` is `rưỡi`: and a half of the unit before it."""
    return has(_HALF, tokens, i)


def single_digit(tokens: Sequence[Token], i: int) -> int | None:
    """A lone digit at token `i`, as in `tạ hai`, `một tạ tư`; not where a longer number begins."""
    counted = number_at(tokens, i)
    if counted and counted.end == i + 1 and counted.value == int(counted.value) and 1 <= counted.value < _TENS:
        return int(counted.value)
    last = _digit(tokens, i, _LAST_DIGITS)
    return last if last and not half_at(tokens, i) else None


def _tail(tokens: Sequence[Token], i: int, scale: int) -> Decimal | None:
    """The `2` of 1tr2, the `250` of 1tr250, the `hai` of `triệu hai`: parts of the scale before it."""
    if i >= len(tokens) or has(_SCALES, tokens, i + 1):
        return None
    token = tokens[i]
    if token.kind == "number" and token.glued and token.text.isdecimal() and len(token.text) <= 3:
        return Decimal(scale) * Decimal(token.text).scaleb(-len(token.text))
    followed = i + 1 < len(tokens) and tokens[i + 1].kind != "sign" and tokens[i + 1].plain not in _AFTER_A_PRICE
    digit = None if followed else single_digit(tokens, i)
    return Decimal(scale * digit) / _TENS if digit else None


def _goes_on(tokens: Sequence[Token], rest: Counted, scale: int) -> bool:
    """The `hai trăm` of `một triệu hai trăm`, which are thousands; the `năm trăm` of `hai nghìn năm trăm`."""
    return scale in (10**6, _THOUSAND) and _HUNDREDS <= rest.value < _THOUSAND and _ends(tokens, rest.end)


def _after_hundred(tokens: Sequence[Token], i: int, hundreds: Decimal) -> Counted:
    """`trăm hai` is 120, `trăm lẻ năm` 105, `trăm rưỡi` 150, `trăm hai mươi` 120."""
    if has(_HALF, tokens, i):
        return Counted(hundreds + 50, i + 1, True)
    if has(_AND, tokens, i) and (digit := _digit(tokens, i + 1, _DIGITS)):
        return Counted(hundreds + digit, i + 2, True)
    rest = _below_hundred(tokens, i)
    if rest and rest.value == 1 and i + 1 < len(tokens) and UNITS.at(tokens, i + 1):
        rest = None  # ba trăm một ký: each
    if rest:
        return Counted(hundreds + rest.value * (_TENS if rest.value < _TENS else 1), rest.end, True)
    if (digit := _digit(tokens, i, _LAST_DIGITS)) is not None:
        return Counted(hundreds + digit * _TENS, i + 1, True)
    if i < len(tokens) and tokens[i].kind == "number" and tokens[i].text in "23456789" and _ends(tokens, i + 1):
        return Counted(hundreds + int(tokens[i].text) * _TENS, i + 1, True)  # 4 trăm 2
    return Counted(hundreds, i, True)


def _below_hundred(tokens: Sequence[Token], i: int) -> Counted | None:
    ten = _value(_TEN, tokens, i)
    digit = _digit(tokens, i, _DIGITS)
    if ten is None and digit is None:
        return None
    if ten is not None:
        tens, end = ten, i + 1
    elif digit is not None and has(_TIMES_TEN, tokens, i + 1):
        tens, end = digit * _TENS, i + 2
    elif (
        digit is not None and digit > 1 and (last := _digit(tokens, i + 1, _LAST_DIGITS)) and not half_at(tokens, i + 1)
    ) or (
        digit is not None
        and digit > 1
        and (last := _digit(tokens, i + 1, _DIGITS))
        and last != digit + 1  # hai ba nghìn: two or three
        and has(_SCALES, tokens, i + 2)
        and last != 1
    ):
        return Counted(Decimal(digit * _TENS + last), i + 2, True)
    else:
        return Counted(Decimal(digit or 0), i + 1, True)
    ones = _digit(tokens, end, _DIGITS) or (None if half_at(tokens, end) else _digit(tokens, end, _LAST_DIGITS))
    return Counted(Decimal(tens + (ones or 0)), end + bool(ones), True)


def _ends(tokens: Sequence[Token], i: int) -> bool:
    return i >= len(tokens) or tokens[i].kind == "sign" or tokens[i].plain in _AFTER_A_PRICE


def _digit(tokens: Sequence[Token], i: int, phrases: Phrases[int]) -> int | None:
    """`mot` before a unit is `một`, each, and not the end of a number: hai trăm tám một ký."""
    if phrases is _LAST_DIGITS and i + 1 < len(tokens) and tokens[i].plain == "mot" and not tokens[i].marked:
        return None if UNITS.at(tokens, i + 1) else _value(phrases, tokens, i)
    return _value(phrases, tokens, i)


def _value(phrases: Phrases[int], tokens: Sequence[Token], i: int) -> int | None:
    match = phrases.at(tokens, i) if i < len(tokens) else None
    return match.values[0] if match else None


def _is_negative(tokens: Sequence[Token], i: int) -> bool:
    """`-5`: a minus before the digits with nothing before it; `15-18k` is a range."""
    before = tokens[i - 1] if i else None
    return before is not None and before.text == "-" and tokens[i].glued and not (before.glued and i > 1)
