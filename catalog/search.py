"""Finding products by what people type: without marks, with slips, half a name. Built from rows, needs no database."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

_LONGEST_QUERY = 80  # rapidfuzz over 1,000 names: 8 ms for 200 characters, 286 ms for 20,000
_LOWEST_SCORE = 50
_WRITTEN_TOGETHER = 0.95  # matong
_PART_OF_NAME = 0.95  # "ong rừng" for mật ong rừng is a little less sure than the whole name
_OTHER_MARKS = 0.4  # what is taken off where all typed words carry other marks than the name: dừa for dưa
_TONES = "\u0300\u0301\u0303\u0309\u0323"  # huyền, sắc, ngã, hỏi, nặng
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Entry:
    """A product's words: people shorten its `label`; `names` are meant as a whole."""

    product_id: int
    label: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Key:
    """One way to name a product: its words with their marks, and how much a full match is worth."""

    product_id: int
    words: tuple[str, ...]
    worth: float


class Index:
    """All ways to name the goods of a shelf, ready to be compared with people's words."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._keys = [key for entry in entries for key in _keys_of(entry)]
        self._folded = [" ".join(map(_fold, key.words)) for key in self._keys]
        self._joined = [folded.replace(" ", "") for folded in self._folded]

    def search(self, words: str, limit: int = 4) -> list[tuple[int, float]]:
        """Products that `words` may name: (id, 0…100), best first. Its first 80 characters count.

        From 80 on the product is meant; below, it only sounds like it. Words typed without marks match any marks,
        words typed with marks lose against a name that carries others.
        """
        query = _words_of(words[:_LONGEST_QUERY])
        if not query:
            return []
        folded = " ".join(map(_fold, query))
        joined = folded.replace(" ", "")
        best: dict[int, float] = {}
        for written, choices, sure in ((folded, self._folded, 1), (joined, self._joined, _WRITTEN_TOGETHER)):
            found = process.extract(written, choices, scorer=fuzz.ratio, score_cutoff=_LOWEST_SCORE, limit=None)
            for _, similarity, position in found:
                key = self._keys[position]
                score = similarity * sure * key.worth * (1 - _OTHER_MARKS * _clashing(query, key.words))
                best[key.product_id] = max(score, best.get(key.product_id, 0))
        ranked = sorted(best.items(), key=lambda item: -item[1])
        return [(product_id, score) for product_id, score in ranked[:limit] if score >= _LOWEST_SCORE]


def _keys_of(entry: Entry) -> list[_Key]:
    label = _words_of(entry.label)
    keys = [_Key(entry.product_id, words, 1) for words in {label, *map(_words_of, entry.names)} if words]
    for start in range(len(label)):
        shortest = 1 if start == 0 else 2  # one word counts only at the head: trứng gà is eggs, not chicken
        ends = range(start + shortest, len(label) + 1)
        keys += [_Key(entry.product_id, label[start:end], _PART_OF_NAME) for end in ends]
    return keys


def _words_of(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(unicodedata.normalize("NFC", text).lower()))


def _fold(text: str) -> str:
    """Without marks: đường → duong."""
    bare = "".join(sign for sign in unicodedata.normalize("NFD", text) if not unicodedata.combining(sign))
    return bare.replace("đ", "d")


def _tone_last(word: str) -> str:
    """The word with its tone at the end, since hoà and hòa are one word."""
    signs = unicodedata.normalize("NFD", word)
    return "".join(sorted(signs, key=_TONES.__contains__))


def _clashing(query: Sequence[str], name: Sequence[str]) -> float:
    """The share of the query's words that stand in the name only with other marks than were typed: 0…1."""
    clashes = 0
    for word in query:
        if word != (folded := _fold(word)):
            same_letters = [other for other in name if _fold(other) == folded]
            clashes += bool(same_letters) and _tone_last(word) not in map(_tone_last, same_letters)
    return clashes / len(query)
