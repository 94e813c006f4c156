"""What a producer has to sell, and her corrections."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from bot.understand.amounts import HIGHEST_PRICE, as_price
from bot.understand.clauses import MOST_LINES, Find, Group, Reader, reader
from bot.understand.days import day_of
from bot.understand.lunar import LunarDay, lunar_day_of
from bot.understand.phrases import Phrases
from bot.understand.tokens import Token
from bot.understand.vocabulary import word_set

_SOLD_OUT = word_set("sold_out")
_MISTAKES = word_set("mistakes")
_RATHER: Phrases[int] = Phrases((w, 1) for w in ("không phải", "chứ không phải"))


@dataclass(frozen=True, slots=True)
class PostingLine:
    """One product that she has. Everything that was not said, or is not sure, is None.

    words: as typed. quantity: in `unit`, weights in kg. price_vnd: whole đồng for one `price_unit`, which is None where
    none was said: then it is for the unit of the quantity. available_from: None means nothing was said, so now, unless
    day_unclear holds the words of a day that has to be asked for: `tuần sau`. lunar: the day as she said it, `rằm này`.
    """

    words: str
    product_id: int | None
    score: float
    quantity: Decimal | None
    unit: str | None
    price_vnd: int | None
    available_from: date | None
    price_unit: str | None = None
    day_unclear: str = ""
    lunar: LunarDay | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    """The true amount of something posted; empty words mean the newest posting. 0: there is none left."""

    words: str
    product_id: int | None
    score: float
    quantity: Decimal
    unit: str | None


def read_postings(text: str, find: Find, today: date) -> list[PostingLine]:
    """What she puts on sale: `mai co 50 can cam 25 nghin, 3 chuc trung` has two lines.

    A day belongs to the goods of its own clause, a clause with only a price or a day to the goods before it. A bare
    number beside a quantity is a price, in thousands. Of a range (`15-18k`) the price is None, to be asked for.
    """
    read_message = reader(text, find)
    return [_posting(read_message, group, today) for group in read_message.groups() if group.words][:MOST_LINES]


def read_correction(text: str, find: Find) -> Correction | None:
    """A corrected amount: `nham roi 15 can thoi`, `mang con 3 goi thoi`, `het trung roi`. None if it corrects nothing.

    Also None when two amounts might be meant: then it is asked for.
    """
    read_message = reader(text, find)
    tokens = read_message.tokens
    groups = [g for g in read_message.groups() if g.words or g.quantity]
    counted = [g for g in groups if g.quantity and g.quantity.ceiling is None]
    if not counted and _SOLD_OUT.find(tokens) and len(groups) <= 1:
        named = groups[0].words if groups else None
        words, picked = read_message.said(named), read_message.pick(named)
        return Correction(words, picked.product_id, picked.score, Decimal(0), None)
    if len(counted) != 1 or not _MISTAKES.find(tokens) or _RATHER.find(tokens):
        return None
    amount = counted[0].quantity
    named = next((g.words for g in groups if g.words), None)
    if amount is None or amount.quantity is None:
        return None
    words, picked = read_message.said(named), read_message.pick(named)
    return Correction(words, picked.product_id, picked.score, amount.quantity.value, amount.quantity.unit)


def price_of(group: Group) -> int | None:
    """Đồng of the price that stands with the goods, for a kg where it was said for a lạng or a yến.

    None if there is no price, two, a range, or no whole đồng.
    """
    price = group.price or group.number
    if price is None or price.ceiling is not None or group.disputed:
        return None
    vnd = as_price(price.quantity.value) if price.quantity else price.price_vnd
    if vnd is None:
        return None
    each = vnd / (group.per.factor if group.per else 1)
    return int(each) if each == int(each) and each < HIGHEST_PRICE else None


def _posting(read_message: Reader, group: Group, today: date) -> PostingLine:
    words, picked = read_message.said(group.words), read_message.pick(group.words)
    amount = group.quantity
    said = amount.quantity if amount else None
    quantity = said.value if said and amount and amount.ceiling is None and said.value > 0 else None
    day = day_of(_tokens(read_message, group), today) if group.day else None
    return PostingLine(
        words,
        picked.product_id,
        picked.score,
        quantity,
        said.unit if said else None,
        price_of(group),
        day,
        group.per.name if group.per else None,
        "" if day else read_message.said(group.day),
        lunar_day_of(_tokens(read_message, group), today) if day else None,
    )


def _tokens(read_message: Reader, group: Group) -> Sequence[Token]:
    return read_message.tokens[slice(*group.day)] if group.day else ()
