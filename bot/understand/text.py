"""The same text for everybody: cleaned once at the door, folded wherever words are compared."""

import re
import unicodedata
from functools import cache, lru_cache

MAX_CHARS = 2_000
MAX_MARKS = 4  # normalising is quadratic in a run of combining marks; no Vietnamese letter has more than two

_SURROGATES = re.compile("[\ud800-\udfff]")
_BREAKS = re.compile("[\t\n\v\f\r\x85\u2028\u2029]")
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
_MANY_MARKS = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u1dff\u20d0-\u20ff\u2cef-\u2cf1\u2d7f-\u2dff\u302a-\u309a\ua66f-\uabed\ufb1e\ufe20-\ufe2f]|[^\u0000-\uffff]"
)
"""Where a combining mark may be: all ranges that hold any (the letters between them only cost time)."""
_SPACES = re.compile(r"\s+")
_NOT_IN_WORDS = re.compile(r"[^a-z0-9.,/:-]+")
_LONE_POINTS = re.compile(r"(?<![0-9])[.,/:-]+|[.,/:-]+(?![0-9])")
_APART = re.compile(r"[^a-z0-9]+")
_NO_LETTERS = str.maketrans({"đ": "d", "ð": "d", "Đ": "D", "Ð": "D"})
# One character for one, so that places in the text stay. Letters of other scripts that look like ours, letters and
# digits of full width and of mathematics (which phones offer as "fonts"), curly marks, dashes of all lengths.
_TWINS = {
    **dict(zip("АВЕЅІЈКМНОРСТХУаеіјорсухѕԁһԛԝ", "ABESIJKMHOPCTXYaeijopcyxsdhqw", strict=True)),
    **dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαικνορτυχ", "ABEZHIKMNOPTYXaikvoptux", strict=True)),
    **dict.fromkeys("‘’‚‛´", "'"), **dict.fromkeys("“”„‟", '"'), **dict.fromkeys("‐‑‒–—―−", "-"), "ı": "i",
    "ð": "đ", "Ð": "Đ", "ɖ": "đ",
}  # fmt: skip


def clean(raw: str) -> str:
    """At most 2,000 characters in NFC on one line: no control, bidi or zero-width character, no lone surrogate."""
    text = _UNSEEN.sub("", _BREAKS.sub(" ", _SURROGATES.sub("\ufffd", raw[:MAX_CHARS])))
    if not text.isascii():
        text = unicodedata.normalize("NFC", _few_marks(text))[:MAX_CHARS]  # some letters become three
    return _SPACES.sub(" ", text).strip()


def letters(text: str) -> str:
    """The text with Latin letters, ASCII digits and plain marks in the places of those that only look like them.

    As long as the text itself: places in the one are places in the other.
    """
    return text if text.isascii() else text.translate(_twins())


def origins(raw: str) -> list[int]:
    """For every character of `clean(raw)` the place in `raw` where it was typed; one more for the end.

    Of letters that were put together from several (NFD) the first place.
    """
    places: list[int] = []
    kept: list[str] = []
    i, cut = 0, raw[:MAX_CHARS]
    while i < len(cut):
        end = i + 1
        while end < len(cut) and (unicodedata.combining(cut[end]) or _UNSEEN.match(cut[end])):
            end += 1
        cluster = _UNSEEN.sub("", _BREAKS.sub(" ", _SURROGATES.sub("\ufffd", cut[i:end])))
        cluster = unicodedata.normalize("NFC", _few_marks(cluster))
        if not (cluster.isspace() and (not kept or kept[-1] == " ")):
            for char in cluster:
                kept.append(" " if char.isspace() else char)
                places.append(i)
        i = end
    while kept and kept[-1] == " ":
        kept.pop()
        places.pop()
    text = clean(raw)
    if "".join(kept) != text:  # scripts whose letters join in other ways: by the share of the way
        places = [position * len(cut) // max(1, len(text)) for position in range(len(text))]
    last = places[-1] + 1 if places else 0
    while last < len(cut) and (unicodedata.combining(cut[last]) or _UNSEEN.match(cut[last])):
        last += 1
    return [*places, last]


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
    apart = unicodedata.normalize("NFD", word.lower())
    tones = [c for c in apart if c in _TONES]
    return "".join(c for c in apart if c not in _TONES) + "".join(tones)


_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")


@cache
def _twins() -> dict[int, str]:
    twins = str.maketrans(_TWINS)
    for code in (*range(0xFF01, 0xFF5F), *range(0x1D400, 0x1D800)):
        plain = unicodedata.normalize("NFKC", chr(code))
        if len(plain) == 1 and plain.isascii():
            twins[code] = plain
    return twins


def _few_marks(text: str) -> str:
    if not _MANY_MARKS.search(text):
        return text
    kept: list[str] = []
    run = 0
    for char in text:
        run = run + 1 if unicodedata.combining(char) else 0
        if run <= MAX_MARKS:
            kept.append(char)
    return "".join(kept)
