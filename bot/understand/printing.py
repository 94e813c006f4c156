"""A wish to print stamps: `in tem cam 100`, `in 100 tem cam`, `in tem lô cam 50`. Words: `data/printing.json`."""

import re
from dataclasses import dataclass
from typing import Literal

from bot.understand.lexicon import mentions
from bot.understand.numbers import Counted, number_at, scaled_at
from bot.understand.phrases import Phrases
from bot.understand.text import clean
from bot.understand.tokens import read
from bot.understand.vocabulary import word_set
from bot.understand.wordlists import table

_LISTS = table("printing.json")


def _words(name: str) -> Phrases[int]:
    return Phrases((words, 0) for words in _LISTS[name])


_PRINT, _STAMPS, _WHOLE, _BETWEEN = _words("print"), _words("stamps"), _words("whole_lot"), _words("between")
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
    message = read(_LOT_NUMBER.sub(" ", clean(text)))
    tokens = message.tokens
    begins = next((i for i in range(min(_FIRST_WORDS, len(tokens))) if _PRINT.at(tokens, i)), None)
    if begins is None or tokens[begins].key not in ("in", "print"):
        return None
    stamps = next((m for m in _STAMPS.find(tokens) if begins < m.start <= begins + _BEFORE_STAMPS), None)
    if stamps is None or any(t.text == "?" for t in tokens):
        return None
    goods = [m for m in mentions(tokens) if not m.everyday and m.first > begins]
    covered = {i for m in goods for i in range(m.first, m.last)} | set(range(stamps.start, stamps.end))
    covered |= set(range(begins + 1))
    count = None
    for i in range(begins + 1, len(tokens)):
        if i in covered or (number := scaled_at(tokens, i) or number_at(tokens, i)) is None:
            continue
        count = _whole(number)
        covered |= set(range(i, number.end))
        break
    products = [message.words(m.first, m.last) for m in goods]
    if not products:
        rest = [i for i in range(begins + 1, len(tokens)) if i not in covered and tokens[i].kind == "word"]
        rest = [i for i in rest if not (_BETWEEN.at(tokens, i) or _POLITE.at(tokens, i))]
        products = [message.words(rest[0], rest[-1] + 1)] if rest else []
    whole_lot = bool(_WHOLE.find(tokens)) and not _LOT_NUMBER.search(clean(text))  # `tem lô CAM-261122-1` names the lot
    return PrintWish("lot" if whole_lot else "unit", count, tuple(products))


def _whole(number: Counted) -> int:
    return int(number.value) if number.value == number.value.to_integral_value() else 0
