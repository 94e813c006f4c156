"""Words that name no goods and mean some all the same: `cái đó`, `loại rẻ hơn`, `cả hai`, `lấy 2 ký`, `như lần trước`.

What they mean is looked for among the goods that were put before her: the list or card just shown, the lot in view.
Only a whole message counts: of `cái đó có ngọt không` too much is left to be an order.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from bot.ports import Goods
from bot.understand.amounts import find_amounts
from bot.understand.text import bare, clean

Which = Literal["that", "cheaper", "dearer", "other", "all", "again"]


@dataclass(frozen=True, slots=True)
class Pointed:
    """What she points at, and how much of it: 0 where she did not say. unit: None where she named none."""

    which: Which
    quantity: Decimal = Decimal(0)
    unit: str | None = None


_KIND = "(?:loai|cai|mon|thu|chai|goi|hop|hu|tui|bo|con|qua|trai|bich)"
_POINTS: tuple[tuple[Which, re.Pattern[str]], ...] = (
    ("again", re.compile(r"(?:(?:nhu|giong|y|y nhu|y het) )?(?:(?:lan|hom|don|bua|dot) truoc|moi lan|moi khi|don cu)")),
    ("cheaper", re.compile(rf"{_KIND}(?: nao)? (?:re|it tien|mem)(?: hon| nhat)?")),
    ("dearer", re.compile(rf"{_KIND}(?: nao)? (?:dat|mac|xin)(?: hon| nhat)?")),
    ("other", re.compile(rf"{_KIND} (?:kia|con lai)")),
    ("all", re.compile(rf"(?:ca (?:hai|2|ba|3)(?: {_KIND})?|moi {_KIND} (?:mot|1)|{_KIND} nao cung (?:lay|mua))")),
    ("that", re.compile(rf"{_KIND} (?:do|day|nay|ay|vua roi|luc nay|nay day)")),
)
_IDLE = frozenset(
    (
        *("a", "ad", "anh", "bac", "ban", "bao", "cac", "can", "chau", "chi", "cho", "chot", "chu", "co", "con", "dat"),
        *(
            "di",
            "do",
            "e",
            "em",
            "gio",
            "giup",
            "ha",
            "hang",
            "hen",
            "lay",
            "lai",
            "luon",
            "mua",
            "minh",
            "muon",
            "nha",
        ),
        *("nhe", "nhen", "nghen", "nua", "oi", "ok", "order", "roi", "shop", "them", "thi", "thoi", "toi", "tui", "u"),
        *("uh", "um", "va", "vang", "vao", "vay", "voi", "vs", "y"),
    )
)
"""Words that may stand around it and change nothing."""
_REFUSES = ("khong", "ko", "k", "dung", "chua", "khoi")


def read_pointing(words: str) -> Pointed | None:
    """What a message points at; None if it says something else too, or nothing of the kind."""
    text = clean(words)
    amounts = [amount for amount in find_amounts(text) if amount.quantity]
    measured = [amount for amount in amounts if not amount.is_bare] or amounts
    plain = bare(text)
    which: Which | None = None
    for name, pattern in _POINTS:
        found = re.search(rf"(?<![^ ])(?:{pattern.pattern})(?![^ ])", plain)
        if found:
            which = name
            plain = f"{plain[: found.start()]} {plain[found.end() :]}"
            measured = [amount for amount in measured if bare(text[amount.start : amount.end]) not in found[0]]
            break
    if len(measured) > 1 or any(amount.ceiling is not None for amount in measured):
        return None
    for amount in measured:
        plain = plain.replace(bare(text[amount.start : amount.end]), " ", 1)
    rest = plain.split()
    if any(word not in _IDLE or word in _REFUSES for word in rest) or (which is None and not measured):
        return None
    told = measured[0].quantity if measured else None
    return Pointed(which or "that", told.value if told else Decimal(0), told.unit if told else None)


def among(which: Which, shown: Sequence[Goods], spoken_of: int | None = None) -> list[Goods]:
    """The goods that are meant, of those that were shown; several where it has to be asked, none where none fits.

    Prices are compared only between goods of the same unit. spoken_of: the product last spoken of, so that the other
    one of two can be told.
    """
    match which:
        case "cheaper" | "dearer":
            if len(shown) < 2 or len({goods.unit for goods in shown}) > 1:
                return list(shown)
            edge = (min if which == "cheaper" else max)(goods.price_vnd for goods in shown)
            return [goods for goods in shown if goods.price_vnd == edge]
        case "other":
            return [goods for goods in shown if goods.id != spoken_of] if len(shown) > 1 else []
        case _:
            return list(shown)


def typed_amount(words: str, quantity: Decimal) -> str:
    """How she typed this amount, where that is in another unit: `99999 tấn` of 99999000; otherwise empty."""
    text = clean(words)
    for amount in find_amounts(text):
        if amount.quantity and amount.quantity.value == quantity:
            typed = text[amount.start : amount.end]
            digits = "".join(char for char in typed if char.isdigit())
            return "" if digits == f"{quantity.normalize():f}" else typed
    return ""
