"""Telex typed into a keyboard that was not set to Vietnamese: `ddawtj 10 quar trungws` is `đặt 10 quả trứng`.

Blind decoding would turn English into nonsense ("his" → hí), so nothing is touched unless some word can hardly be
anything else, and then only the words that are no Vietnamese syllable as they stand. Only folded letters come out.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

_ONSET = "(?:ngh|ng|nh|ch|gh|gi|kh|ph|qu|th|tr|[bcdghklmnprstvx])?"
_NUCLEUS = (
    "(?:uya|uye|uyu|uoi|uou|ieu|yeu|oai|oao|oay|oeo|uai|uay|uya|ai|ao|au|ay|eo|eu|ia|ie|iu|oa|oe|oi|ua|ue|ui|uo|uu|uy|ye"
    "|[aeiouy])"
)
_SYLLABLE = re.compile(_ONSET + _NUCLEUS + "(?:ch|ng|nh|[cmnpt])?")
_SURE = re.compile(
    r"dd[a-z]+|[a-z]*u?w?ow[a-z]*[sfrxj][a-z]*|[a-z]*aw[a-z]*[sfrxj]|[a-z]+j"
    r"|[a-z]*[aeiouy](?:nh|ng|ch|[cmnpt])?f|[a-z]*(?:aa|ee|oo|aw|uw|ow)[cmnpt]?[gh]?[sfrxj]|[a-z]+wj?s"
)
_ENGLISH = {
    "of",
    "if",
    "half",
    "beef",
    "chef",
    "leaf",
    "off",
    "proof",
    "roof",
    "knows",
    "shows",
    "grows",
    "flower",
    "power",
}
_LONGEST = 12  # nghieengj and the like; longer words are not syllables


def decode(words: Sequence[str]) -> list[str] | None:
    """The folded words with Telex undone, or None when nothing here looks like Telex. Empty words stay empty."""
    if not any(w and _looks_like_telex(w) for w in words):
        return None
    return [_decoded(w) if w else "" for w in words]


@lru_cache(maxsize=4096)
def _looks_like_telex(word: str) -> bool:
    return (
        len(word) <= _LONGEST
        and word not in _ENGLISH
        and _SURE.fullmatch(word) is not None
        and _SYLLABLE.fullmatch(word) is None
        and _SYLLABLE.fullmatch(_decoded(word)) is not None
    )


@lru_cache(maxsize=4096)
def _decoded(word: str) -> str:
    """The syllable that was meant, or the word itself."""
    if len(word) > _LONGEST or _SYLLABLE.fullmatch(word):
        return word
    candidates = [word] + [word[:i] + word[i + 1 :] for i in range(len(word) - 1, 0, -1) if word[i] in "sfrxj"]
    for candidate in candidates:
        plain = _without_doubles(candidate)
        if _SYLLABLE.fullmatch(plain):
            return plain
    return word


def _without_doubles(word: str) -> str:
    for double, single in (("dd", "d"), ("aa", "a"), ("ee", "e"), ("oo", "o")):
        word = word.replace(double, single)
    if word.startswith("w"):
        word = "u" + word[1:]
    return word.replace("w", "")
