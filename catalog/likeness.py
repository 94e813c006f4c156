"""How alike typed words and the name of a product are.

Four measures of rapidfuzz over the letters without marks, then what letters cannot say: that a typed word is known and
the name lacks it, that a name stands whole in a sentence, that the marks which were typed are others.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz.fuzz import partial_ratio, ratio, token_set_ratio

from catalog.syllables import fold, tone_last, words_of

_PART_OF_NAME = 95  # "ong rừng" for mật ong rừng is a little less sure than the whole name
_WRITTEN_TOGETHER = 0.95  # matong
_OTHER_MARKS = 0.4  # what is taken off where all typed words carry other marks than the name: dừa for dưa
_SPARE = 0.06  # what is taken off where nothing of the name was typed
_OTHER_ORDER = 89  # sành cam
_SHARED = 0.2  # the weight of typed words that stand in some name, and so are no slips: are they in this one?
_INSIDE = 56  # what a name is worth that stands in a sentence, however much else was said
_SAME_MARKS = 4  # what is taken off at most where the letters are alike and the marks are not
# Without marks these are words of every sentence before they are goods: tôi, bạn, giá, vài, còn, mở, cho, là, mà, mẹ.
_EVERYDAY = {"toi", "ban", "gia", "vai", "con", "mo", "cho", "la", "ma", "me", "na", "can", "ca", "hai"}
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Key:
    """One way to name a product, ready to be compared. Words stand between spaces, also the first and the last.

    marked: with marks, the tone of each word last. shape: without marks, every digit a 0: st25 and st24 are one.
    """

    product_id: int
    is_label: bool
    folded: str
    padded: str
    joined: str
    in_order: str
    marked: str
    shape: str


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the query as the index reads it."""

    folded: str
    marked: str

    @property
    def is_bare(self) -> bool:
        """Whether it can mean any word with its letters: it carries no mark and no digit."""
        return self.folded == self.marked and self.folded.isalpha()


def keys_of(product_id: int, label: str, names: Iterable[str]) -> Iterator[Key]:
    """A key for the label and each name that has words."""
    label_words = words_of(label)
    for words in (label_words, *map(words_of, names)):
        if words:
            folded = [fold(word) for word in words]
            yield Key(
                product_id,
                words == label_words,
                " ".join(folded),
                f" {' '.join(folded)} ",
                "".join(folded),
                " ".join(sorted(folded)),
                f" {' '.join(map(tone_last, words))} ",
                f" {_DIGIT.sub('0', ' '.join(folded))} ",
            )


def scored(query: Sequence[Word], keys: Iterable[Key], vocabulary: Collection[str]) -> Iterator[tuple[Key, float]]:
    """Each name with how surely it is meant, 0…100. vocabulary: folded words that stand in some name."""
    folded = " ".join(word.folded for word in query)
    padded = f" {folded} "
    joined = folded.replace(" ", "")
    in_order = " ".join(sorted(word.folded for word in query))
    several = len(query) > 1
    shapes = [(f" {_DIGIT.sub('0', word.folded)} ", "" if word.is_bare else f" {word.marked} ") for word in query]
    exact = not any(marked for _, marked in shapes)
    marked = f" {' '.join(word.marked for word in query)} "
    known = [(f" {word.folded} ", len(word.folded)) for word in query if word.folded in vocabulary]
    unknown = len(joined) - sum(length for _, length in known)
    for key in keys:
        name = key.folded
        if name == folded:
            score = 100.0
        else:
            inside = key.padded
            score = max(
                0.45 * ratio(folded, name)
                + 0.25 * ratio(in_order, key.in_order)
                + 0.30 * token_set_ratio(folded, name),
                _WRITTEN_TOGETHER * ratio(joined, key.joined),
            )
            shared = sum(length for word, length in known if word in inside)
            score = (1 - _SHARED) * score + _SHARED * (100 * shared + unknown * score) / len(joined)
            score *= 1 - _SPARE * max(0.0, 1 - (shared + unknown) / len(key.joined))
            if several and len(name) < len(folded):
                score = max(score, _inside(name, folded, inside in padded, exact, score))
            if not exact:
                score += _SAME_MARKS * (ratio(marked, key.marked) / 100 - 1)
            if in_order == key.in_order:
                score = _OTHER_ORDER
            elif key.is_label and (name.startswith(padded[1:]) or (several and padded in inside)):
                score = max(score, _PART_OF_NAME)
            score = min(score, 99)
        if not exact:
            score -= score * _OTHER_MARKS * _clashing(shapes, key)
        yield key, score


def _inside(name: str, sentence: str, whole: bool, bare: bool, least: float) -> float:
    """How much a name counts that is a part of what was typed: the more of it, the more. 0 if not above `least`.

    whole: it stands there as words; bare: no mark was typed.
    """
    by_length = 28 * len(name) / len(sentence) + min(len(name), 16) / 2
    if whole:
        return _INSIDE + by_length - (8 if bare and name in _EVERYDAY else 0)
    if 0.9 * _INSIDE + by_length <= least:
        return 0.0
    return 0.9 * _INSIDE * (partial_ratio(name, sentence) / 100) ** 2 + by_length


def _clashing(shapes: Sequence[tuple[str, str]], key: Key) -> float:
    """The share of the query's words in the name that stand there only with other marks or digits: 0…1."""
    common = clashes = 0
    for shape, marked in shapes:
        if shape in key.shape:
            common += 1
            clashes += marked not in key.marked
    return clashes / common if common else 0.0
