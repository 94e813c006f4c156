"""Every reader of free text by its name, with the text as its only argument and the claim on what it gives back."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from time import process_time
from typing import Any

from bot.understand import (
    addresses,
    amounts,
    codes,
    days,
    intent,
    lexicon,
    lunar,
    numbers,
    orders,
    people,
    places,
    postings,
    telex,
    text,
    tokens,
    words,
)
from bot.understand.wordlists import rows
from catalog.search import Entry, Index
from tests.fuzz import claims
from tests.fuzz.claims import TODAY, one_of

SECONDS = 0.200
"""CPU time at which a reader is stuck, however slow the machine; `bench.understanding` tells what the worst take."""
TRIES = 3  # the best counts: other programs share the caches and the garbage collector runs when it likes
TITLES = ("Đúng, đặt tiếp", "Đặt mua 28.000đ/kg", "Gõ lại", "0", "Đúng, 0,5 kg", "Hủy đơn")


@dataclass(frozen=True, slots=True)
class Reader:
    """call: the reader. claim: raises AssertionError if what it made of a text cannot be."""

    call: Callable[[str], Any]
    claim: Callable[[str, Any], None]


def check(name: str, typed: str, seconds: float | None = SECONDS, tries: int = 0) -> float:
    """Read the text, hold the reader to its claim and give the CPU seconds that it took at best.

    seconds: what it may cost; None where the code is instrumented and time says nothing. tries: how often it is read;
    0 for once, and up to `TRIES` times where that took too long.
    """
    reader = READERS[name]
    best = float("inf")
    for _ in range(tries or TRIES):
        start = process_time()
        found = reader.call(typed)
        best = min(best, process_time() - start)
        if not tries and (seconds is None or best <= seconds):
            break
    reader.claim(typed, found)
    assert seconds is None or best <= seconds, (
        f"{name}: {best * 1000:.1f} ms of CPU for {typed[:80]!r}… of {len(typed)}"
    )
    return best


@cache
def shelf() -> Index:
    """A catalogue of everything in the lexicon."""
    names = [(row[1], [other.strip(" ~") for other in row[-1].split(",")]) for row in rows("products.tsv")]
    return Index(Entry(i, name, tuple(filter(None, others))) for i, (name, others) in enumerate(names, 1))


def find(typed: str) -> list[tuple[int, float]]:
    return shelf().search(typed)


READERS: dict[str, Reader] = {
    "text.clean": Reader(text.clean, claims.clean_holds),
    "text.letters": Reader(text.letters, claims.same_length_holds),
    "text.origins": Reader(text.origins, claims.places_holds),
    "text.fold": Reader(text.fold, partial(claims.ascii_holds, r"|[a-z0-9](?:[a-z0-9.,/: -]*[a-z0-9])?")),
    "text.bare": Reader(text.bare, partial(claims.ascii_holds, "[a-z0-9 ]*")),
    "text.has_marks": Reader(text.has_marks, one_of(True, False)),
    "text.plain_letters": Reader(text.plain_letters, claims.text_holds),
    "tokens.read": Reader(tokens.read, claims.tokens_holds),
    "telex.decode": Reader(lambda typed: telex.decode(typed.lower().split()), claims.telex_holds),
    "numbers.bare_number": Reader(numbers.bare_number, claims.number_holds),
    "numbers.digits": Reader(numbers.digits, claims.number_holds),
    "amounts.find_amounts": Reader(amounts.find_amounts, claims.amounts_holds),
    "amounts.parse_quantity": Reader(amounts.parse_quantity, claims.quantity_holds),
    "amounts.parse_price": Reader(amounts.parse_price, lambda typed, found: claims.vnd_holds(found)),
    "codes.find_trace_code": Reader(codes.find_trace_code, claims.code_holds),
    "codes.find_invitation": Reader(codes.find_invitation, claims.code_holds),
    "codes.looks_like_code": Reader(codes.looks_like_code, partial(claims.digits_holds, 11, 13)),
    "codes.odd_group": Reader(codes.odd_group, one_of(None, 0, 1, 2)),
    "codes.code_spans": Reader(codes.code_spans, claims.spans_holds),
    "codes.find_order_code": Reader(codes.find_order_code, claims.order_code_holds),
    "people.read_contact": Reader(people.read_contact, claims.contact_holds),
    "people.find_phone": Reader(people.find_phone, claims.phone_holds),
    "people.pretty_phone": Reader(people.pretty_phone, claims.pretty_holds),
    "people.form_of_address": Reader(people.form_of_address, one_of("", "chị", "anh")),
    "days.parse_day": Reader(lambda typed: days.parse_day(typed, TODAY), claims.day_holds),
    "days.day_words": Reader(days.day_words, claims.spans_holds),
    "lunar.lunar_day": Reader(lambda typed: lunar.lunar_day(typed, TODAY), claims.lunar_holds),
    "addresses.find_address": Reader(addresses.find_address, claims.address_holds),
    "places.read_place": Reader(places.read_place, claims.place_holds),
    "places.suggest": Reader(places.suggest, claims.suggested_holds),
    "words.yes, words.no": Reader(lambda typed: (words.yes(typed), words.no(typed)), claims.answered_holds),
    "words.house_word": Reader(words.house_word, partial(claims.among_holds, claims.HOUSE)),
    "words.same_words": Reader(lambda typed: words.same_words(typed, typed), claims.itself_holds),
    "words.title_begun": Reader(lambda typed: words.title_begun(typed, TITLES), one_of(None, *TITLES)),
    "orders.read_lines": Reader(lambda typed: orders.read_lines(typed, find), claims.lines_holds),
    "orders.read_edit": Reader(lambda typed: orders.read_edit(typed, find), claims.lines_holds),
    "orders.payment": Reader(orders.payment, one_of(None, "cod", "transfer")),
    "orders.wants_saved_address": Reader(orders.wants_saved_address, one_of(True, False)),
    "postings.read_postings": Reader(lambda typed: postings.read_postings(typed, find, TODAY), claims.lines_holds),
    "postings.read_correction": Reader(lambda typed: postings.read_correction(typed, find), claims.correction_holds),
    "intent.read, customer": Reader(lambda typed: intent.read(typed, "customer", find), claims.intent_holds),
    "intent.read, producer": Reader(lambda typed: intent.read(typed, "producer", find), claims.intent_holds),
    "intent.read, no shelf": Reader(lambda typed: intent.read(typed, "customer"), claims.intent_holds),
    "lexicon.mentions": Reader(lambda typed: lexicon.mentions(tokens.read(typed).tokens), claims.mentions_holds),
    "lexicon.canonical": Reader(lexicon.canonical, claims.text_holds),
    "lexicon.product_named": Reader(lexicon.product_named, lambda typed, found: None),
    "search.Index.search": Reader(find, claims.found_holds),
}


def warmed() -> None:
    """Load every list and index, so that the first message is not charged with it."""
    for name in READERS:
        for typed in (
            "giao 2 cân cam 25k mai về phường Cửa Nam, Hà Nội, chị Hằng 0912345678",
            "xã bình an huyện lục nam",
        ):
            check(name, typed, None)
