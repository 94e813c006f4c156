"""A wish to print stamps: `in tem cam 100`, `in 100 tem cam`, `in tem lô cam 50`. Words: `data/printing.json`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.understand.days import day_spans
from bot.understand.lexicon import mentions
from bot.understand.numbers import Counted, number_at, scaled_at
from bot.understand.phrases import Phrases
from bot.understand.text import clean
from bot.understand.tokens import Token, read
from bot.understand.units import UNITS
from bot.understand.vocabulary import word_set
from bot.understand.wordlists import table

_LISTS = table("printing.json")


def _words(name: str) -> Phrases[int]:
    return Phrases((words, 0) for words in _LISTS[name])


_PRINT, _STAMPS, _WHOLE, _BETWEEN = _words("print"), _words("stamps"), _words("whole_lot"), _words("between")
_COUNTS_LABELS, _GRADE, _BEFORE_A_LOT = _words("counts_labels"), _words("before_a_grade"), _words("before_a_lot_number")
_REFUSES, _TOLD_OF, _OVER = _words("refuses"), _words("told_of"), _words("over")
_AGAIN, _SHEET, _GONE = _words("again"), _words("sheet"), _words("gone")
_POLITE = word_set("polite")
_LOT_NUMBER = re.compile(r"(?<![\w-])[A-Za-z]{2,}-[0-9A-Za-z]+(?:-[0-9A-Za-z]+)*(?![\w-])")
_FIRST_WORDS = 5
_BEFORE_STAMPS = 8  # tokens between `in` and `tem`


@dataclass(frozen=True, slots=True)
class PrintWish:
    """kind: "lot" for one code on all labels. count: None where she named none. products: her words for the goods."""

    kind: Literal["unit", "lot"]
    count: int | None
    products: tuple[str, ...] = ()


def count_in(text: str) -> int | None:
    """How many stamps, where that is all that is asked: `50`, `50 tem thôi`; 0 for no whole number."""
    tokens = read(text).tokens
    found = (scaled_at(tokens, i) or number_at(tokens, i) for i in range(len(tokens)))
    number = next((one for one in found if one is not None), None)
    return _whole(number) if number is not None else None


def read_printing(text: str) -> PrintWish | None:
    """None where nothing is to be printed."""
    message = read(_LOT_NUMBER.sub(" , ", clean(text)))
    tokens = message.tokens
    begins = _print_at(tokens)
    if begins is None or _refused(tokens, begins) or _is_told_of(tokens):
        return None
    stamps = next((m for m in _STAMPS.find(tokens) if begins < m.start <= begins + _BEFORE_STAMPS), None)
    if stamps is None or any(t.text == "?" for t in tokens):
        return None
    goods = [m for m in mentions(tokens) if not m.everyday and m.first > begins]
    covered = {i for m in goods for i in range(m.first, m.last)} | set(range(stamps.start, stamps.end))
    covered |= set(range(begins + 1))
    covered |= {i for first, last in day_spans(tokens) for i in range(first, last)}
    count, of_numbers, names_lot = _count(tokens, begins + 1, covered)
    products = [message.words(m.first, m.last) for m in goods]
    if not products:
        covered |= of_numbers
        rest = [i for i in range(begins + 1, len(tokens)) if i not in covered and tokens[i].kind == "word"]
        rest = [i for i in rest if not (_BETWEEN.at(tokens, i) or _POLITE.at(tokens, i))]
        products = [message.words(rest[0], rest[-1] + 1)] if rest else []
    names_lot = names_lot or _LOT_NUMBER.search(clean(text)) is not None  # `tem lô CAM-261122-1` names the lot
    whole_lot = bool(_WHOLE.find(tokens)) and not names_lot
    return PrintWish("lot" if whole_lot else "unit", count, tuple(products))


def calls_off_printing(text: str) -> bool:
    """`thôi không in nữa`, `hủy in tem`"""
    tokens = read(text).tokens
    begins = _print_at(tokens)
    return begins is not None and _refused(tokens, begins)


def asks_for_sheet_again(text: str) -> bool:
    """`gửi lại tờ tem`, `in lại tem cam`, `link tem hết hạn rồi`; a number of stamps asks for new ones."""
    tokens = read(text).tokens
    stamps = _STAMPS.find(tokens)
    if not stamps or any(t.text == "?" for t in tokens):
        return False
    again = next(iter(_AGAIN.find(tokens)), None)
    if again is not None and any(again.end <= one.start <= again.end + _BEFORE_STAMPS for one in stamps):
        wish = read_printing(text)
        return not _undone(tokens, again.start) and (wish is None or wish.count is None)
    sheets, gone = _SHEET.find(tokens), _GONE.find(tokens)
    return bool(sheets and gone) and sheets[0].start < stamps[0].start < gone[0].start


def _print_at(tokens: Sequence[Token]) -> int | None:
    """Where somebody says that something is printed, near the beginning."""
    begins = next((i for i in range(min(_FIRST_WORDS, len(tokens))) if _PRINT.at(tokens, i)), None)
    return begins if begins is not None and tokens[begins].key in ("in", "print") else None


def _refused(tokens: Sequence[Token], begins: int) -> bool:
    """Whether the clause says that nothing is to be printed."""
    return _undone(tokens, begins) or any(m.end == begins + 1 for m in _REFUSES.find(tokens[: begins + 1]))


def _undone(tokens: Sequence[Token], place: int) -> bool:
    """Whether a word before this place denies it, in the same clause."""
    return any(all(t.kind != "sign" for t in tokens[match.end : place]) for match in _REFUSES.find(tokens[:place]))


def _is_told_of(tokens: Sequence[Token]) -> bool:
    """`tôi in tem rồi`, `máy in hết tem`: it is done, or of the printer."""
    words = [t for t in tokens if t.kind != "sign"]
    while len(words) > 1 and _POLITE.at(words, len(words) - 1):
        words.pop()
    return bool(_TOLD_OF.find(tokens)) or (bool(words) and _OVER.at(words, len(words) - 1) is not None)


def _count(tokens: Sequence[Token], first: int, covered: set[int]) -> tuple[int | None, set[int], bool]:
    """How many labels: the last number that is no measure, grade, day or lot. With all places of numbers, and whether
    one of them is the lot's."""
    count, places, names_lot, i = None, set[int](), False, first
    while i < len(tokens):
        number = None if i in covered else scaled_at(tokens, i) or number_at(tokens, i)
        if number is None:
            i += 1
            continue
        places |= set(range(i, number.end))
        of_lot = any(match.end == i for match in _BEFORE_A_LOT.find(tokens[:i]))
        measured = UNITS.at(tokens, number.end)
        if measured is not None and not _COUNTS_LABELS.at(tokens, number.end):
            places |= set(range(measured.start, measured.end))
        elif of_lot:
            names_lot = True
        elif not _GRADE.at(tokens, i - 1):
            count = _whole(number)
        i = number.end
    return count, places, names_lot


def _whole(number: Counted) -> int:
    return int(number.value) if number.value == number.value.to_integral_value() else 0
