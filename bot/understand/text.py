"""The same text for everybody: cleaned once at the door, folded wherever words are compared."""

import re
import unicodedata
from functools import lru_cache

MAX_CHARS = 2_000
MAX_MARKS = 4  # normalising is quadratic in a run of combining marks; no Vietnamese letter has more than two

_SURROGATES = re.compile("[\ud800-\udfff]")
_BREAKS = re.compile("[\t\n\v\f\r\x85\u2028\u2029]")
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
_SPACES = re.compile(r"\s+")
_NOT_IN_WORDS = re.compile(r"[^a-z0-9.,/:-]+")
_LONE_POINTS = re.compile(r"(?<![0-9])[.,/:-]+|[.,/:-]+(?![0-9])")
_APART = re.compile(r"[^a-z0-9]+")
_NO_LETTERS = str.maketrans({"đ": "d", "ð": "d", "Đ": "D", "Ð": "D"})


def clean(raw: str) -> str:
    """At most 2,000 characters in NFC on one line: no control, bidi or zero-width character, no lone surrogate."""
    text = _UNSEEN.sub("", _BREAKS.sub(" ", _SURROGATES.sub("\ufffd", raw[:MAX_CHARS])))
    if not text.isascii():
        text = unicodedata.normalize("NFC", _few_marks(text))
    return _SPACES.sub(" ", text).strip()


def fold(text: str) -> str:
    """Small letters without accents, one space between words: `Cam sành, 2,5kg` → `cam sanh 2,5kg`.

    Signs stay only between digits, so that `2,5` and `22/11` can still be told from `25` and `2211`.
    """
    return " ".join(_LONE_POINTS.sub(" ", _NOT_IN_WORDS.sub(" ", plain_letters(text))).split())


def bare(text: str) -> str:
    """`fold` without any sign at all: letters and digits, for comparing a message with a button."""
    return _APART.sub(" ", plain_letters(text)).strip()


def has_marks(text: str) -> bool:
    """Whether a Vietnamese accent or a đ was typed anywhere."""
    return not text.isascii() and plain_letters(text) != text.lower()


def plain_letters(text: str) -> str:
    """Small letters without accents; every other sign as it is. Of a longer text only the first 2,000 characters."""
    low = text[:MAX_CHARS].lower()
    if low.isascii():
        return low
    return "".join(c for c in unicodedata.normalize("NFD", _few_marks(low)) if not unicodedata.combining(c)).translate(
        _NO_LETTERS
    )


@lru_cache(maxsize=4096)
def tone_key(word: str) -> str:
    """One spelling for hoà and hòa, thuý and thúy: the tone goes to the end of the syllable."""
    letters = unicodedata.normalize("NFD", word.lower())
    tones = [c for c in letters if c in _TONES]
    return "".join(c for c in letters if c not in _TONES) + "".join(tones)


_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")


def _few_marks(text: str) -> str:
    kept: list[str] = []
    run = 0
    for char in text:
        run = run + 1 if unicodedata.combining(char) else 0
        if run <= MAX_MARKS:
            kept.append(char)
    return "".join(kept)
