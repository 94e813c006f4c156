"""Farm products that people speak of, sold here or not, with their regional names: `khóm` is dứa.

The list is `data/products.tsv`: category, name, the unit that it is mostly sold in, other names; one after `~` means
something else in another region, so that it has to be asked for. It never decides what goes into a cart: that is the
catalogue's search.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from bot.understand.phrases import Match, Phrases
from bot.understand.text import fold
from bot.understand.tokens import Token, read
from bot.understand.vocabulary import word_set
from bot.understand.wordlists import rows, words_of


@dataclass(frozen=True, slots=True)
class Named:
    """A product by its canonical name, what kind of thing it is, and the unit of its price where none is said."""

    name: str
    category: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Mention:
    """A product is named by tokens `first` up to `last`; several candidates where the accents are missing.

    everyday: without accents this is also a common word (`bo`: bỏ, `toi`: tôi), so that alone it proves nothing.
    primary: the one that is meant unless somebody says otherwise: the only candidate, or the one of that very name.
    """

    first: int
    last: int
    named: tuple[Named, ...]
    everyday: bool
    primary: Named | None


# Folded one-syllable products which are also words of every sentence.
_EVERYDAY = frozenset(words_of("everyday_when_folded"))
FUNCTION_WORDS = frozenset(words_of("function_words_when_folded"))
"""Those of them that sentences are made of: `roi` is rồi before it is a fruit."""
# Phrases in which the name of a product means something else.
_OTHERWISE = word_set("no_product_here")


def product_named(text: str) -> Named | None:
    """The product that the text names, if it is one product only; accents count where they were typed."""
    named = mentions(read(text).tokens)
    chosen = [m for m in named if not m.everyday] or named
    found = {one for m in chosen for one in ((m.primary,) if m.primary else m.named)}
    return found.pop() if len(found) == 1 else None


def canonical(words: str) -> str:
    """The product's name that we use, if the words are one of its names and of no other; else the words."""
    tokens = read(words).tokens
    mention = mention_at(tokens, 0)
    return mention.primary.name if mention and mention.primary and mention.last == len(tokens) else words


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
    single, guessed = match.end == match.start + 1, word.key != word.plain and not word.marked
    everyday = single and (not match.exact if guessed else not word.marked and word.plain in _EVERYDAY)
    words = " ".join([t.plain for t in tokens[match.start : match.end]])
    very = [named for named in match.values if _folded(named.name) == words] if len(match.values) > 1 else []
    several = very if len(very) == 1 else list(match.values)
    return Mention(match.start, match.end, match.values, everyday, several[0] if len(several) == 1 else None)


@cache
def _folded(name: str) -> str:
    return fold(name)


@cache
def _names() -> Phrases[Named]:
    return Phrases((spelling, named) for named, spellings in _rows() for spelling in spellings)


def _rows() -> list[tuple[Named, list[str]]]:
    found = []
    for category, name, *more in rows("products.tsv"):
        others = [other.strip().removeprefix("~") for other in more[-1].split(",")]
        found.append((Named(name, category, more[0] if len(more) > 1 else ""), [name, *filter(None, others)]))
    return found
