"""Finding known phrases in a message, where accents count exactly when they were typed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from bot.understand.tokens import Token, read

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Match(Generic[T]):
    """Tokens `start` up to, not with, `end` are a phrase; more than one value if it may mean several things.

    exact: every accent of the phrase was typed.
    """

    start: int
    end: int
    values: tuple[T, ...]
    exact: bool


@dataclass(frozen=True, slots=True)
class _Entry(Generic[T]):
    plains: tuple[str, ...]
    keys: tuple[str, ...]
    value: T
    strict: bool  # the accents must be typed


class Phrases(Generic[T]):
    """A set of phrases, written with their accents, each standing for a value.

    A phrase with `!` before it counts only if its accents were typed: `!mọt`, because `mot` is mostly một.
    """

    def __init__(self, pairs: Iterable[tuple[str, T]]) -> None:
        self._by_first: dict[str, list[_Entry[T]]] = {}
        for phrase, value in pairs:
            tokens = read(phrase).tokens
            strict = phrase.startswith("!")
            tokens = tokens[1:] if strict else tokens
            entry = _Entry(tuple(t.plain for t in tokens), tuple(t.key for t in tokens), value, strict)
            self._by_first.setdefault(entry.plains[0], []).append(entry)
        for entries in self._by_first.values():
            entries.sort(key=lambda e: -len(e.plains))

    def at(self, tokens: Sequence[Token], i: int) -> Match[T] | None:
        """The longest phrase that begins at token `i`.

        Of phrases that differ only in accents, the one typed letter for letter wins; without accents all are values.
        """
        if i >= len(tokens):
            return None
        found: list[_Entry[T]] = []
        for entry in self._by_first.get(tokens[i].plain, ()):
            if found and len(entry.plains) < len(found[0].plains):
                break
            if _same(entry, tokens, i):
                found.append(entry)
        if not found:
            return None
        end = i + len(found[0].plains)
        exact = [e for e in found if all(t.key == k for t, k in zip(tokens[i:end], e.keys, strict=True))]
        values = tuple(dict.fromkeys(e.value for e in exact or found))
        return Match(i, end, values, bool(exact))

    def find(self, tokens: Sequence[Token]) -> list[Match[T]]:
        """All matches from left to right, the longest first, none inside another."""
        matches, i = [], 0
        while i < len(tokens):
            match = self.at(tokens, i)
            if match is None:
                i += 1
            else:
                matches.append(match)
                i = match.end
        return matches

    def everywhere(self, tokens: Sequence[Token]) -> set[T]:
        """The values of all phrases in the message, also of those that overlap."""
        values: set[T] = set()
        for i in range(len(tokens)):
            for entry in self._by_first.get(tokens[i].plain, ()):
                if entry.value not in values and _same(entry, tokens, i):
                    values.add(entry.value)
        return values

    def whole(self, tokens: Sequence[Token]) -> bool:
        """Whether these tokens are phrases from end to end, at least one."""
        i = 0
        while i < len(tokens):
            match = self.at(tokens, i)
            if match is None:
                return False
            i = match.end
        return bool(tokens)


def _same(entry: _Entry[T], tokens: Sequence[Token], i: int) -> bool:
    if len(tokens) - i < len(entry.plains):
        return False
    for token, plain, key in zip(tokens[i:], entry.plains, entry.keys, strict=False):
        if token.plain != plain or ((token.marked or entry.strict) and token.key != key):
            return False
    return True
