"""Finding products by what people type: without marks, with slips, half a name. Built from rows, needs no database.

Two steps. Groups of two and three letters vote for the names in which they stand, the rarer the louder; the few names
with the most votes are then compared with the words letter by letter.
"""

import unicodedata
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz.fuzz import ratio

from catalog.bits import highest, row_of, tally
from catalog.likeness import Key, Word, keys_of, scored
from catalog.syllables import fold, parted, sound, telex_readings, tone_last, words_of

_LONGEST_QUERY = 80  # characters; a longer text names no product and is slow to compare
_LOWEST_SCORE = 50
_CANDIDATES = 12  # of any length
_AS_LONG = 36  # of about the same length
_ABOUT = 3  # letters
_LOOKED_AT = 12  # letter by letter
_LONGEST_NAME = 5  # words
_ALIKE = 8  # names that differ by nothing or only by marks


@dataclass(frozen=True, slots=True)
class Entry:
    """A product's words: people shorten its `label`; `names` are meant as a whole."""

    product_id: int
    label: str
    names: tuple[str, ...] = ()


class Index:
    """All ways to name the goods of a shelf, ready to be compared with people's words."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        # The shortest first: among names with as many votes it is the one with the fewest letters too many.
        keys = {
            (key.product_id, key.marked): key
            for entry in entries
            for key in keys_of(entry.product_id, entry.label, entry.names)
        }
        self._keys = sorted(keys.values(), key=lambda key: (len(key.folded), key.folded, key.product_id, key.marked))
        self._lengths = [len(key.folded) for key in self._keys]
        self._first = {key.folded: len(self._keys) - 1 - i for i, key in enumerate(reversed(self._keys))}
        self._together = {key.joined: len(self._keys) - 1 - i for i, key in enumerate(reversed(self._keys))}
        holders = defaultdict[str, list[int]](list)
        self._tones = defaultdict[str, set[str]](set)
        sounds = defaultdict[str, Counter[str]](Counter)
        for position, key in enumerate(self._keys):
            words = key.folded.split()
            for gram in _grams_of(words):
                holders[gram].append(position)
            for word, marked in zip(words, key.marked.split(), strict=True):
                self._tones[word].add(marked)
                sounds[sound(word)][word] += 1
        self._sounds = {heard: words.most_common(1)[0][0] for heard, words in sounds.items()}
        self._rows = {
            gram: (row_of(found, len(self._keys)), _loudness(len(found), len(self._keys)))
            for gram, found in holders.items()
        }

    def search(self, words: str, limit: int = 4) -> list[tuple[int, float]]:
        """Products that `words` may name: (id, 0…100), best first. Its first 80 characters count.

        From 80 on the product is meant; below, it only sounds like it. Words typed without marks match any marks,
        words typed with marks lose against a name that carries others.
        """
        typed = words_of(unicodedata.normalize("NFC", words[: 4 * _LONGEST_QUERY])[:_LONGEST_QUERY])
        query = [word for one in typed for word in self._read(one)]
        if not query:
            return []
        best: dict[int, float] = {}
        folded = [word.folded for word in query]
        for key, score in scored(query, self._candidates(folded), self._tones):
            if score > best.get(key.product_id, _LOWEST_SCORE):
                best[key.product_id] = score
        return sorted(best.items(), key=lambda item: (-item[1], item[0]))[:limit]

    def _read(self, typed: str) -> Iterator[Word]:
        """A word that no name has may be raw Telex, short letters or several words in one."""
        folded = fold(typed)
        if folded in self._tones or folded.isdecimal():
            yield Word(folded, tone_last(typed))
            return
        readings = list(telex_readings(folded)) if typed.isascii() else []
        for reading in readings:
            if reading in self._tones.get(fold(reading), ()):
                yield Word(fold(reading), reading)
                return
        if heard := self._sounds.get(sound(folded)):
            yield Word(heard, heard)
        elif words := parted(folded, self._tones):
            at = 0
            for word in words:
                yield Word(word, tone_last(typed[at : at + len(word)]) if len(typed) == len(folded) else word)
                at += len(word)
        elif reading := next((one for one in readings if fold(one) in self._tones), ""):
            yield Word(fold(reading), reading)
        else:
            yield Word(folded, tone_last(typed))

    def _candidates(self, folded: Sequence[str]) -> list[Key]:
        whole = list(self._named_inside(folded))
        if (parted_otherwise := self._together.get("".join(folded))) is not None and parted_otherwise not in whole:
            whole.append(parted_otherwise)  # hotuoi: hot uoi or ho tuoi
        counts = tally(self._rows[gram] for gram in _grams_of(folded) if gram in self._rows)
        found = highest(counts, _CANDIDATES)
        if len(self._keys) > len(found):
            length = sum(map(len, folded)) + len(folded) - 1
            low, high = (bisect_left(self._lengths, length + change) for change in (-_ABOUT, _ABOUT + 1))
            band = (1 << high) - (1 << low)
            found += highest([row & band for row in counts], _AS_LONG)
        alike = [self._keys[position] for position in {*found}.difference(whole)]
        return [*(self._keys[position] for position in whole), *self._most_alike(folded, alike)]

    def _most_alike(self, folded: Sequence[str], keys: Sequence[Key]) -> Iterator[Key]:
        """Two cheap looks, at the letters and at the sorted words, leave few names for the dearer ones."""
        padded, joined, in_order = f" {' '.join(folded)} ", "".join(folded), " ".join(sorted(folded))
        looks = [
            (-ratio(joined, key.joined) - ratio(in_order, key.in_order) - 100 * (padded in key.padded), place)
            for place, key in enumerate(keys)
        ]
        looks.sort()
        return (keys[place] for _, place in looks[:_LOOKED_AT])

    def _named_inside(self, folded: Sequence[str]) -> Iterator[int]:
        """The names that stand whole in a sentence: next to its many other letters they have few votes."""
        for start in range(len(folded)):
            for end in range(start + 1, min(start + _LONGEST_NAME, len(folded)) + 1):
                if (first := self._first.get(" ".join(folded[start:end]))) is not None:
                    yield from self._same_letters(first)

    def _same_letters(self, first: int) -> Iterator[int]:
        """The names that differ only by their marks stand next to each other."""
        for position in range(first, min(first + _ALIKE, len(self._keys))):
            if self._keys[position].folded != self._keys[first].folded:
                return
            yield position


def _grams_of(words: Iterable[str]) -> set[str]:
    """Two and three letters of each word, with its borders, and its letters in order: a swap changes nothing there."""
    grams = set[str]()
    for word in words:
        padded = f" {word} "
        grams.update(padded[i : i + 3] for i in range(len(word)))
        grams.update(word[i : i + 2] for i in range(len(word) - 1))
        grams.add(f"={''.join(sorted(word))}")
    return grams


def _loudness(found: int, of: int) -> int:
    """How many votes a group of letters has, as a power of two: the rarer, the more."""
    return 0 if found * 16 > of else 1 if found * 128 > of else 2
