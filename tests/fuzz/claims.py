"""What must hold for what a reader of free text gives back, whatever was typed: nothing absurd, nothing out of bounds.

Each claim takes the text and what was made of it, and raises AssertionError if that cannot be.
"""

import json
import re
import unicodedata
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from bot.understand import (
    addresses,
    amounts,
    codes,
    intent,
    lexicon,
    lunar,
    orders,
    people,
    places,
    postings,
    text,
    tokens,
)
from bot.understand.gazetteer import gazetteer

TODAY = date(2026, 11, 21)
FAR = timedelta(days=400)
LEAST, MOST, HIGHEST = Decimal("0.001"), Decimal(10**9), 10**10  # 1 g, 1,000,000 tấn, 10,000,000,000đ
MOST_ITEMS = 20
HOUSE = {None, "menu", "person", "back", "change", "cancel", "help"}
_AMOUNT_SLOTS = ("quantity", "quantity_max", "weight_per_unit_kg")
_MAY_BE_GONE = ("cart_edit", "update_stock")
_PRICE_SLOTS = ("price_vnd", "price_max_vnd")


def clean_holds(typed: str, found: str) -> None:
    assert len(found) <= text.MAX_CHARS
    assert unicodedata.is_normalized("NFC", found)
    assert text.clean(found) == found
    assert not re.search("[\ud800-\udfff\x00-\x1f\u200b\u202e\ufeff]", found)
    found.encode("utf-8")


def same_length_holds(typed: str, found: str) -> None:
    assert len(found) == len(typed)


def places_holds(typed: str, found: list[int]) -> None:
    assert len(found) == len(text.clean(typed)) + 1
    assert found == sorted(found)
    assert found[0] >= 0
    assert found[-1] <= min(len(typed), text.MAX_CHARS)


def ascii_holds(pattern: str, typed: str, found: str) -> None:
    assert re.fullmatch(pattern, found), found


def tokens_holds(typed: str, found: tokens.Message) -> None:
    assert found.text == text.clean(typed)
    assert len(found.tokens) <= tokens.MOST_TOKENS
    seen = text.letters(found.text)
    end = 0
    for token in found.tokens:
        assert end <= token.start < token.end <= len(found.text)
        assert seen[token.start : token.end].lower() == token.text
        assert token.kind in ("number", "word", "sign")
        assert token.kind != "number" or token.text.isascii()
        end = token.end


def telex_holds(typed: str, found: list[tuple[str, str]] | None) -> None:
    assert found is None or len(found) == len(typed.split())
    assert all(plain.isascii() and bool(plain) == bool(key) for plain, key in found or ())


def number_holds(typed: str, found: Decimal | None) -> None:
    assert found is None or (found.is_finite() and 0 <= found < 10**13)


def many_holds(value: Decimal | None) -> None:
    """A zero that was typed is read as a zero: `còn 0 kg` says something."""
    assert value is None or (value.is_finite() and (value == 0 or LEAST <= value < MOST)), value


def some_holds(value: Decimal | None) -> None:
    many_holds(value)
    assert value != 0, "nothing is ordered or sold"


def vnd_holds(value: int | None) -> None:
    assert value is None or (type(value) is int and 0 < value < HIGHEST), value


def quantity_holds(typed: str, found: amounts.Quantity | None) -> None:
    many_holds(found.value if found else None)
    assert found is None or found.unit != ""


def amounts_holds(typed: str, found: list[amounts.Amount]) -> None:
    message = tokens.read(typed)
    first = end = 0
    for amount in found:
        assert first <= amount.first < amount.last <= len(message.tokens)
        assert end <= amount.start < amount.end <= len(message.text)
        assert (amount.quantity is None) != (amount.price_vnd is None)
        if amount.quantity:
            quantity_holds(typed, amount.quantity)
            many_holds(amount.ceiling)
        vnd_holds(amount.price_vnd)
        low = amount.quantity.value if amount.quantity else amount.price_vnd
        assert amount.ceiling is None or (low is not None and low < amount.ceiling < HIGHEST)
        first, end = amount.last, amount.end


def spans_holds(typed: str, found: list[tuple[int, int]]) -> None:
    assert all(0 <= start < end <= len(typed) for start, end in found), found


def digits_holds(least: int, most: int, typed: str, found: str | None) -> None:
    assert found is None or re.fullmatch(f"[0-9]{{{least},{most}}}", found), found


def code_holds(typed: str, found: str | None) -> None:
    assert found is None or (codes.valid(found) and found.isascii() and found.isdecimal())


def among_holds(several: Any, typed: str, found: object) -> None:
    assert found in several


def order_code_holds(typed: str, found: str | None) -> None:
    assert found is None or re.fullmatch("DH[2-9ACDEFGHJKMNPQRTVWXY]{4}", found)


def phone_holds(typed: str, found: str | None) -> None:
    assert found is None or re.fullmatch("0[1-9][0-9]{8,9}", found), found


def pretty_holds(typed: str, found: str) -> None:
    assert found.replace(" ", "") == typed.replace(" ", "")


def contact_holds(typed: str, found: people.ContactWords) -> None:
    phone_holds(typed, found.phone)
    assert len(found.name.split()) <= 6
    assert all(len(word) <= 40 for word in found.name.split())
    assert found.honorific in ("", "chị", "anh", "cô", "chú", "bác", "ông", "bà")


def day_holds(typed: str, found: date | None) -> None:
    assert found is None or TODAY <= found <= TODAY + FAR, found


def lunar_holds(typed: str, found: lunar.LunarDay | None) -> None:
    day_holds(typed, found.solar if found else None)
    assert found is None or (1 <= found.day <= 30 and 1 <= found.month <= 12)


def address_holds(typed: str, found: addresses.AddressWords | None) -> None:
    if found:
        assert 0 <= found.start < found.end <= len(typed)
        assert typed[found.start : found.end] == found.words
        assert found.province is None or found.province in gazetteer().lists


def place_holds(typed: str, found: places.Place | None) -> None:
    if found:
        assert found.province is None or found.province in gazetteer().lists
        assert found.commune is None or found.province
        assert len(found.candidates) <= 12


def suggested_holds(typed: str, found: list[str]) -> None:
    assert len(found) <= 3
    assert all(one.rsplit(", ", 1)[-1] in gazetteer().lists for one in found)


def lines_holds(typed: str, found: list[Any]) -> None:
    """Of an order, of a cart's changes, of what is for sale."""
    assert len(found) <= MOST_ITEMS
    for line in found:
        (many_holds if isinstance(line, orders.Edit) else some_holds)(line.quantity)
        assert 0 <= line.score <= 100
        if isinstance(line, postings.PostingLine):
            assert line.words
            vnd_holds(line.price_vnd)
            day_holds(typed, line.available_from)
            assert line.available_from is None or not line.day_unclear


def correction_holds(typed: str, found: postings.Correction | None) -> None:
    many_holds(found.quantity if found else None)


def intent_holds(typed: str, found: intent.Intent) -> None:
    assert 0 <= found.confidence <= 1
    assert found.name != "unknown" or not found.slots
    assert re.fullmatch("[a-z_]+", found.name)
    assert json.loads(json.dumps(found.slots, allow_nan=False)) == found.slots
    json.dumps(found.slots, ensure_ascii=False).encode("utf-8")
    several = found.slots.get("items", [found.slots])
    assert len(several) <= MOST_ITEMS
    gone = found.name in _MAY_BE_GONE
    for item in (found.slots, *several):
        for slot in _AMOUNT_SLOTS:
            value = item.get(slot, 1)
            assert value or gone, "nothing is ordered or sold"
            assert not value or LEAST <= value < MOST, (slot, value)
        for slot in _PRICE_SLOTS:
            vnd_holds(item.get(slot))


def mentions_holds(typed: str, found: list[lexicon.Mention]) -> None:
    last = 0
    for mention in found:
        assert last <= mention.first < mention.last <= len(tokens.read(typed).tokens)
        assert mention.named
        assert mention.primary is None or mention.primary in mention.named
        last = mention.last


def found_holds(typed: str, found: list[tuple[int, float]]) -> None:
    assert len(found) <= 4
    assert len({product_id for product_id, _ in found}) == len(found)
    assert all(50 < score <= 100 for _, score in found)
    assert found == sorted(found, key=lambda item: -item[1])


def answered_holds(typed: str, found: tuple[bool, bool]) -> None:
    assert found != (True, True), "yes and no at once"


def itself_holds(typed: str, found: bool) -> None:
    assert found or not text.bare(typed)


def text_holds(typed: str, found: str) -> None:
    assert isinstance(found, str)


def one_of(*several: object) -> Callable[[str, object], None]:
    return partial(among_holds, several)
