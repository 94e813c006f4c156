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
        known: dict[str, dict[int, dict[tuple[str, ...], list[_Entry[T]]]]] = {}
        for phrase, value in pairs:
            tokens = read(phrase).tokens
            strict = phrase.startswith("!")
            tokens = tokens[1:] if strict else tokens
            plains = tuple(t.plain for t in tokens)
            entry = _Entry(plains, tuple(t.key for t in tokens), value, strict)
            known.setdefault(plains[0], {}).setdefault(len(plains), {}).setdefault(plains, []).append(entry)
        # By the first word, then by length, the longest first: one look-up a length, however many phrases there are.
        self._known = {first: sorted(sizes.items(), reverse=True) for first, sizes in known.items()}

    @property
    def first_words(self) -> frozenset[str]:
        """Folded; no phrase begins at any other word."""
        return frozenset(self._known)

    def at(self, tokens: Sequence[Token], i: int) -> Match[T] | None:
        """The longest phrase that begins at token `i`.

        Of phrases that differ only in accents, the one typed letter for letter wins; without accents all are values.
        """
        if i >= len(tokens) or (sizes := self._known.get(tokens[i].plain)) is None:
            return None
        for size, phrases in sizes:
            same = phrases.get(tuple([t.plain for t in tokens[i : i + size]]))
            found = [entry for entry in same if _same(entry, tokens, i)] if same else None
            if found:
                end = i + size
                exact = [e for e in found if all(t.key == k for t, k in zip(tokens[i:end], e.keys, strict=True))]
                values = tuple(dict.fromkeys(e.value for e in exact or found))
                return Match(i, end, values, bool(exact))
        return None

    def ends(self, tokens: Sequence[Token], i: int) -> list[tuple[T, int]]:
        """Every phrase that begins at token `i`, long and short, with the token behind it."""
        return [
            (entry.value, i + size)
            for size, phrases in self._known.get(tokens[i].plain, ())
            for entry in phrases.get(tuple([t.plain for t in tokens[i : i + size]]), ())
            if _same(entry, tokens, i)
        ]

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
    """Of a phrase with the same letters whether the accents agree, where they were typed or have to be.

    A strict phrase without any (`!vay`) needs a message whose author types accents.
    """
    for key in entry.keys:
        token = tokens[i]
        if (token.marked or entry.strict) and token.key != key:
            return False
        if entry.strict and not token.marked and entry.plains == entry.keys:
            return False
        i += 1
    return True
