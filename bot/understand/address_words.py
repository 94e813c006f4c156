"""The words around addresses, and a line cut into the pieces that they are looked for in."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from bot.understand.gazetteer import Names, Word, folded, gazetteer, word, words_in
from bot.understand.wordlists import table

_PIECES = re.compile(
    r"(?P<phone>\(?\+?[0-9](?:[ .-]?[0-9]){8,}|[0-9]{7,})"
    r"|(?P<number>[0-9]+(?:[a-dA-D](?![^\W_]))?(?:[/.-][0-9]+[a-dA-D]?(?![^\W\d_]))*)"
    r"|(?P<word>[^\W\d_][\w\u0300-\u036f]*(?:['’][^\W\d_][\w\u0300-\u036f]*)*)"
    r"|(?P<sign>[^\w\s])"
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A word, number, phone or sign. title: it begins with a capital, in a text that is not all capitals."""

    kind: str
    word: Word
    title: bool


class PiecePhrases:
    """A list of phrases, to be found among pieces; accents count where they were typed, in the text and in the list."""

    def __init__(self, phrases: Sequence[str]) -> None:
        self._by_first: dict[str, list[tuple[Word, ...]]] = {}
        for phrase in phrases:
            row = tuple(words_in(phrase.replace("/", " ")))
            self._by_first.setdefault(row[0].plain, []).append(row)
        for rows in self._by_first.values():
            rows.sort(key=len, reverse=True)

    def begins(self, piece: Piece) -> bool:
        """Whether any phrase begins with that word."""
        return piece.word.plain in self._by_first

    def at(self, pieces: Sequence[Piece], i: int) -> int:
        """The piece after the longest phrase at `i`, 0 if there is none."""
        for row in self._by_first.get(pieces[i].word.plain, ()) if i < len(pieces) else ():
            said = pieces[i : i + len(row)]
            same = len(said) == len(row) and all(
                p.word.plain == w.plain and (not p.word.key or p.word.key == w.key)
                for p, w in zip(said, row, strict=True)
            )
            if same:
                return i + len(row)
        return 0


def cut(text: str) -> list[Piece]:
    """The pieces of a text, from left to right; spaces are none."""
    shouted = text.upper() == text
    pieces = []
    for found in _PIECES.finditer(text):
        kind, typed = str(found.lastgroup), found.group()
        title = kind == "word" and typed[0].isupper() and not shouted
        pieces.append(Piece(kind, word(typed, found.start()), title))
    return pieces


@cache
def lists() -> dict[str, PiecePhrases]:
    """The lists of `data/address.json` by their names."""
    return {name: PiecePhrases(phrases) for name, phrases in table("address.json").items() if isinstance(phrases, list)}


@cache
def _folded_list(name: str) -> frozenset[str]:
    return frozenset(folded(phrase) for phrase in table("address.json")[name])


def place_at(pieces: Sequence[Piece], i: int) -> tuple[int, Names]:
    """The longest bare name of a place at `i`; one syllable only if it is a province or a district."""
    if i >= len(pieces) or pieces[i].kind != "word":
        return i, Names()
    most = gazetteer().heads.get(pieces[i].word.plain, 0)
    if not most:
        return i, Names()
    row: list[Word] = []
    skipped: list[int] = []
    for place in range(i, min(len(pieces), i + most + 2)):
        piece = pieces[place]
        if piece.kind == "word" or (piece.kind == "number" and row):
            row.append(piece.word)
            skipped.append(place + 1)
        elif piece.word.plain != "-" and not (piece.word.plain == "." and len(row) == 1 and row[0].plain == "tp"):
            break
    end, names = gazetteer().longest(row, 0) if row else (0, Names())
    if not names or (end == 1 and not (names.provinces or names.districts)):
        return i, Names()
    return skipped[end - 1], names


def gone_end(pieces: Sequence[Piece], i: int) -> int:
    """Where the name of a commune of before 2025-07 ends."""
    for size in (3, 2, 1):
        row = [p.word for p in pieces[i : i + size] if p.kind == "word"]
        if len(row) == size and gazetteer().districts_with(row):
            return i + size
    return i


def province_at(pieces: Sequence[Piece], i: int) -> bool:
    end, names = place_at(pieces, i)
    return end > i and bool(names.provinces)


def is_province(pieces: Sequence[Piece], i: int, end: int) -> bool:
    names = gazetteer().named([p.word for p in pieces[i:end] if p.kind == "word"])
    return bool(names.provinces)


def unit_at(pieces: Sequence[Piece], i: int) -> bool:
    return i < len(pieces) and not pieces[i].title and lists()["units"].at(pieces, i) > 0


def stops(pieces: Sequence[Piece], i: int) -> bool:
    """Whether the address is over here: `nha`, `sđt`, `giao`, `em`. A capital is no stop word but a name."""
    if pieces[i].title:
        return pieces[i].word.plain in ("sdt", "dt", "tel", "zalo", "phone")
    if not pieces[i].word.key and pieces[i].word.plain in _folded_list("never_folded"):
        return False
    return lists()["stop"].at(pieces, i) > 0


def past_comma(pieces: Sequence[Piece], i: int) -> int:
    return i + 1 if i < len(pieces) and pieces[i].word.plain in (",", "-", ".", ";", "(") else i
