"""Farm products that people speak of, sold here or not, with their regional names: `khóm` is dứa.

The list is `data/products.tsv`. It never decides what goes into a cart: that is the catalogue's search.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from bot.understand.phrases import Match, Phrases
from bot.understand.tokens import Token, read
from bot.understand.vocabulary import word_set, words_of


@dataclass(frozen=True, slots=True)
class Named:
    """A product by its canonical name, and what kind of thing it is."""

    name: str
    category: str


@dataclass(frozen=True, slots=True)
class Mention:
    """A product is named by tokens `first` up to `last`; several candidates where the accents are missing.

    everyday: without accents this is also a common word (`bo`: bỏ, `toi`: tôi), so that alone it proves nothing.
    """

    first: int
    last: int
    named: tuple[Named, ...]
    everyday: bool


# Folded one-syllable products which are also words of every sentence.
_EVERYDAY = frozenset(words_of("everyday_when_folded"))
# Phrases in which the name of a product means something else.
_OTHERWISE = word_set("no_product_here")


def product_named(text: str) -> Named | None:
    """The product that the text names, if it is one product only; accents count where they were typed."""
    found = {named for m in mentions(read(text).tokens) if not m.everyday for named in m.named}
    if not found:
        found = {named for m in mentions(read(text).tokens) for named in m.named}
    return found.pop() if len(found) == 1 else None


def mentions(tokens: Sequence[Token]) -> list[Mention]:
    """Every product named, from left to right, the longest name first. `cảm ơn` and `đào hoa` name none."""
    otherwise = {i for m in _OTHERWISE.find(tokens) for i in range(m.start, m.end)}
    return [_mention(tokens, m) for m in _names().find(tokens) if m.start not in otherwise]


def mention_at(tokens: Sequence[Token], i: int) -> Mention | None:
    """The longest product name that begins at token `i`."""
    match = _names().at(tokens, i)
    return _mention(tokens, match) if match else None


def _mention(tokens: Sequence[Token], match: Match[Named]) -> Mention:
    word = tokens[match.start]
    everyday = match.end == match.start + 1 and not word.marked and word.plain in _EVERYDAY
    return Mention(match.start, match.end, match.values, everyday)


@cache
def _names() -> Phrases[Named]:
    return Phrases((spelling, named) for named, spellings in _rows() for spelling in spellings)


def _rows() -> list[tuple[Named, list[str]]]:
    rows = []
    for line in (files("bot.understand") / "data" / "products.tsv").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            category, name, others = line.split("\t")
            rows.append((Named(name, category), [name, *filter(None, map(str.strip, others.split(",")))]))
    return rows
