"""Telex typed into a keyboard that was not set to Vietnamese: `ddawtj 10 quar trungws` is `đặt 10 quả trứng`.

Blind decoding would turn English into nonsense ("his" → hí), so a word is touched only if it is no Vietnamese syllable
as it stands, and only in a message where some word can hardly be anything but Telex, or where the word becomes a
syllable of a product's name or a unit's.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from bot.understand.text import plain_letters, tone_key
from bot.understand.wordlists import rows, words_of

_ONSET = "(?:ngh|ng|nh|ch|gh|gi|kh|ph|qu|th|tr|[bcdghklmnprstvx])?"
_NUCLEUS = (
    "(?:uya|uye|uyu|uoi|uou|ieu|yeu|oai|oao|oay|oeo|uai|uay|ai|ao|au|ay|eo|eu|ia|ie|iu|oa|oe|oi|ua|ue|ui|uo|uu|uy|ye"
    "|[aeiouy])"
)
_SYLLABLE = re.compile(_ONSET + _NUCLEUS + "(?:ch|ng|nh|[cmnpt])?")
_SURE = re.compile(
    r"dd[a-z]+|[a-z]*aa[cmnpt]?[gh]?|ng[a-z]*(?:ee|oo)[a-z]*|[a-z]*u?w?ow[a-z]*[sfrxj][a-z]*|[a-z]*aw[a-z]*[sfrxj]|[a-z]+j"
    r"|[a-z]*[aeiouy](?:nh|ng|ch|[cmnpt])?f|[a-z]*(?:aa|ee|oo|aw|uw|ow)[cmnpt]?[gh]?[sfrxj]|[a-z]+wj?s"
)
_ENGLISH = frozenset(words_of("english_like_telex"))
_WORD = re.compile(r"[^\W\d_]+")
_ENGLISH_TALK = frozenset(words_of("english_talk"))
_ENOUGH_ENGLISH = 2  # `i want 2 chickens` is no Telex
_LONGEST = 12  # nghieengj and the like; longer words are not syllables
_TONES = {"s": "\u0301", "f": "\u0300", "r": "\u0309", "x": "\u0303", "j": "\u0323", "z": ""}
_BREVE, _HORN, _CIRCUMFLEX = "\u0306", "\u031b", "\u0302"
_HOOKED = {"a": "a" + _BREVE, "o": "o" + _HORN, "u": "u" + _HORN}
_DOUBLES = (("aa", "a" + _CIRCUMFLEX), ("ee", "e" + _CIRCUMFLEX), ("oo", "o" + _CIRCUMFLEX))


def decode(words: Sequence[str]) -> list[tuple[str, str]] | None:
    """What each word means: its folded letters and its key (`tone_key`); None when nothing here is Telex.

    Empty words and words that stay as they are come back as a pair of empty strings.
    """
    if sum(w in _ENGLISH_TALK for w in words) >= _ENOUGH_ENGLISH:
        return None
    telex = any(w and _looks_like_telex(w) for w in words)
    found = [_decoded(w) if w and (telex or _names_goods(w)) else ("", "") for w in words]
    return found if any(plain for plain, _ in found) else None


@lru_cache(maxsize=4096)
def _looks_like_telex(word: str) -> bool:
    return word not in _ENGLISH and _SURE.fullmatch(word) is not None and _decoded(word) != ("", "")


@lru_cache(maxsize=4096)
def _names_goods(word: str) -> bool:
    """`mits` becomes mít and `this` nothing that is sold."""
    return word not in _ENGLISH and _decoded(word)[1] in _syllables_of_goods()


@lru_cache(maxsize=1)
def _syllables_of_goods() -> frozenset[str]:
    """Keys of the accented syllables in the names of products and units."""
    names = [cell for row in rows("products.tsv") for cell in row[1:]] + [row[-1] for row in rows("units.tsv")]
    return frozenset(tone_key(word) for cell in names for word in _WORD.findall(cell) if not word.isascii())


@lru_cache(maxsize=4096)
def _decoded(word: str) -> tuple[str, str]:
    """The syllable that was meant, folded and as a key; two empty strings if it is no Telex."""
    if len(word) > _LONGEST or _SYLLABLE.fullmatch(word):
        return "", ""
    places = [i for i in range(len(word) - 1, 0, -1) if word[i] in _TONES and re.search("[aeiouyw]", word[:i])]
    for candidate, tone in [(word, ""), *((word[:i] + word[i + 1 :], _TONES[word[i]]) for i in places)]:
        letters = _hooked(candidate)
        plain = plain_letters(unicodedata.normalize("NFC", letters))
        if _SYLLABLE.fullmatch(plain) and (tone or letters != word):
            return plain, letters + tone
    return "", ""


def _hooked(letters: str) -> str:
    """With â, ê, ô, ă, ơ, ư and đ in the place of aa, ee, oo, aw, ow, uw and dd, decomposed; other letters stay."""
    if letters.startswith("dd"):
        letters = "đ" + letters[2:]
    for typed, meant in _DOUBLES:
        letters = letters.replace(typed, meant)
    letters = re.sub("u?wow?|uow", "u" + _HORN + "o" + _HORN, letters)
    letters = re.sub("([aou])w", lambda found: _HOOKED[found.group(1)], letters)
    if "w" in letters and (bare := re.search("uo|[aou]", letters)) and bare.start() < letters.index("w"):
        head, tail = letters[: bare.start()], letters[bare.end() :].replace("w", "", 1)
        return head + "".join(_HOOKED[c] for c in bare.group()) + tail  # dduongw
    return letters.replace("w", "u" + _HORN, 1)
