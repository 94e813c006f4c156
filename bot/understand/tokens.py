"""A message as a row of words, each kept as typed and as folded, with its place in the message."""

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice

from bot.understand import telex
from bot.understand.text import clean, has_marks, letters, plain_letters, tone_key
from bot.understand.wordlists import table

_ODD_DIGITS = "²³¹¼½¾\u2070-\u2079\u2080-\u2089\u2150-\u218b\u2460-\u249b"  # to Python letters, to us signs
_PIECES = re.compile(
    r"(?P<number>[0-9]+(?:[.,][0-9]+)*)"
    rf"|(?P<word>(?:k\.g|(?<=[0-9])[^\W\d_{_ODD_DIGITS}]+|[^\W\d_{_ODD_DIGITS}][^\W_{_ODD_DIGITS}]*))"
    rf"|(?P<sign>[^\w\s]|[_{_ODD_DIGITS}])",
    re.IGNORECASE,
)

_SHORT: dict[str, str] = table("short_forms.json")
"""What is written short in chats, each standing for one word."""

_DRAWN_OUT = re.compile(r"(?<!e)([ghnmiuyk])\1+$|([^\W\d_])\2{2,}$")
"""`kgg`, `nhaaa`: no syllable ends so. Two of aeo are Telex; egg, add and sell are English."""

MOST_TOKENS = 120
"""Four times the longest sentence that we know of. Every rule looks at every token: 2,000 characters of amounts took
1.7 s of CPU; so many tokens take at most 15 ms."""


@dataclass(frozen=True, slots=True)
class Token:
    """A number, a word or a sign. `start` and `end` are places in the cleaned text.

    plain: small letters without accents. key: with accents, the tone moved to the end. marked: an accent was typed,
    so that only a word with these very accents is the same word. glued: no space before it.
    """

    kind: str
    text: str
    plain: str
    key: str
    marked: bool
    start: int
    end: int
    glued: bool


@dataclass(frozen=True, slots=True)
class Message:
    """A cleaned text and its tokens."""

    text: str
    tokens: tuple[Token, ...]

    def words(self, first: int, last: int) -> str:
        """The text from token `first` up to, not with, token `last`, as typed."""
        return self.text[self.tokens[first].start : self.tokens[last - 1].end] if first < last else ""

    def meant(self, first: int, last: int) -> str:
        """The same words for whoever looks them up: Telex and what is written short are undone."""
        span = self.tokens[first:last]
        if any(t.plain != plain_letters(t.text) for t in span):
            return " ".join(t.plain for t in span)
        return letters(self.words(first, last))


def read(raw: str) -> Message:
    """Cut into tokens. Any text will do; of a longer one the first `MOST_TOKENS`."""
    text = clean(raw)
    plain_text = letters(text)
    tokens: list[Token] = []
    for piece in islice(_PIECES.finditer(plain_text), MOST_TOKENS):
        kind = str(piece.lastgroup)
        typed = piece.group().lower()
        plain, key, marked = _word(typed) if kind == "word" else (typed, typed, False)
        glued = bool(tokens) and tokens[-1].end == piece.start()
        if typed == "k" and len(text) > 1 and not (tokens and tokens[-1].kind == "number"):
            plain, key = "khong", "không"  # 25 k is money, "còn k" a question
        tokens.append(Token(kind, typed, plain, key, marked, piece.start(), piece.end(), glued))
    decoded = telex.decode([t.plain if t.kind == "word" and not t.marked else "" for t in tokens])
    if decoded:  # its accents may help to choose and never forbid: of `camr sanhf` only one tone is meant
        tokens = [
            replace(token, plain=plain, key=key) if plain else token
            for token, (plain, key) in zip(tokens, decoded, strict=True)
        ]
    return Message(text, tuple(tokens))


def is_sign(token: Token, signs: str) -> bool:
    return token.kind == "sign" and token.text in signs


@lru_cache(maxsize=4096)
def _word(typed: str) -> tuple[str, str, bool]:
    full = _SHORT.get(typed, typed)
    if full is typed and (drawn := _DRAWN_OUT.search(typed)):
        full = typed[: drawn.start() + 1]
        full = _SHORT.get(full, full)
    return plain_letters(full), tone_key(full), has_marks(typed)
