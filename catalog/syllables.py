"""Vietnamese letters as they are typed: with marks, without, in raw Telex, in short forms, several words in one.

What somebody meant is decided by a vocabulary alone: a syllable that is in it stays, whatever else it might be.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator

_TONES = "\u0300\u0301\u0303\u0309\u0323"  # huyền, sắc, ngã, hỏi, nặng
_WORD = re.compile(r"\w+")
_LONGEST_TELEX = 12  # nghieengj and the like; longer words are not syllables
_TELEX_TONES = {"f": "\u0300", "s": "\u0301", "x": "\u0303", "r": "\u0309", "j": "\u0323"}
_TELEX_LETTERS = (
    ("dd", "đ"), ("uow", "ươ"), ("aw", "ă"), ("ow", "ơ"), ("uw", "ư"), ("aa", "â"), ("ee", "ê"), ("oo", "ô"),
)  # fmt: skip
_LATE_W = re.compile(r"(uo|[uoa])([a-z]*)w")
_WITH_W = {"uo": "ươ", "u": "ư", "o": "ơ", "a": "ă"}
_SHORT_LETTERS = (("ph", "f"), ("gi", "z"), ("j", "z"), ("qu", "w"), ("ngh", "ng"), ("gh", "g"))
_SHORT_SOUNDS = str.maketrans("dcqj", "zkki")
_LONE_Y = re.compile(r"(?:^|[^aeou])y$")  # mỳ is mì, but vây is not vai
_SHORTEST_TOGETHER, _LONGEST_TOGETHER = 4, 40
_LONGEST_SYLLABLE = 7  # nghiêng


class _Letters(dict[int, str]):
    """For `str.translate`: a letter without its marks. Fills itself with the letters of Vietnamese only."""

    def __init__(self) -> None:
        vowels = "aăâeêioôơuưy"
        marked = (unicodedata.normalize("NFC", vowel + tone) for vowel in vowels for tone in ("", *_TONES))
        super().__init__((code, chr(code)) for code in range(128))
        self.update((ord(letter), _bare(letter)) for letter in (*marked, "đ"))

    def __missing__(self, code: int) -> str:
        return _bare(chr(code))


def _bare(text: str) -> str:
    bare = "".join(sign for sign in unicodedata.normalize("NFD", text) if not unicodedata.combining(sign))
    return bare.replace("đ", "d")


_LETTERS = _Letters()


def words_of(text: str) -> list[str]:
    """Letters and digits in lower case; signs and spaces part the words."""
    return _WORD.findall(unicodedata.normalize("NFC", text.lower()))


def fold(text: str) -> str:
    """Without marks: đường → duong."""
    return text if text.isascii() else text.translate(_LETTERS)


def tone_last(word: str) -> str:
    """The word with its tone at the end, since hoà and hòa are one word."""
    if word.isascii():
        return word
    signs = unicodedata.normalize("NFD", word)
    return "".join(sorted(signs, key=_TONES.__contains__))


def sound(folded: str) -> str:
    """How the syllable is read: `f` and `ph`, `z`, `d` and `gi`, `k` and `c`, `j` and `i` are one: thjt → thit."""
    for written, read in _SHORT_LETTERS:
        if folded.startswith(written):
            folded = read + folded[len(written) :]
            break
    folded = folded.translate(_SHORT_SOUNDS)
    return folded[:-1] + "i" if _LONE_Y.search(folded) else folded


def telex_readings(word: str) -> Iterator[str]:
    """What an unmarked word may be if it is raw Telex, likeliest first, in the form of `tone_last`: sanhf → sành."""
    if not 2 <= len(word) <= _LONGEST_TELEX:
        return
    plain = word
    for typed, letter in _TELEX_LETTERS:
        plain = plain.replace(typed, letter)
    if "w" in plain[1:]:  # struck late: nuocws
        plain = _LATE_W.sub(lambda found: _WITH_W[found[1]] + found[2], plain, count=1)
    plain = unicodedata.normalize("NFD", plain)
    if plain != word:
        yield plain
    for i in range(len(plain) - 1, 0, -1):
        if tone := _TELEX_TONES.get(plain[i]):
            yield plain[:i] + plain[i + 1 :] + tone


def parted(word: str, vocabulary: Collection[str]) -> list[str] | None:
    """The words of the vocabulary of which this one is made, as few as possible: matong → mat, ong."""
    if not _SHORTEST_TOGETHER <= len(word) <= _LONGEST_TOGETHER:
        return None
    best: list[list[str] | None] = [[]] + [None] * len(word)
    for end in range(1, len(word) + 1):
        for start in range(max(0, end - _LONGEST_SYLLABLE), end):
            before, last = best[start], word[start:end]
            if before is None or end - start < 2 or last not in vocabulary:
                continue
            held = best[end]
            if held is None or len(before) + 1 < len(held):
                best[end] = [*before, last]
    return best[-1]
