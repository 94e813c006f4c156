"""Short answers that mean the same everywhere: yes, no, and the house words (`lại`, `sửa`, `thôi`, …).

Only a whole message counts. Case, missing accents, signs and the polite words around do not matter.
"""

from collections.abc import Iterable, Sequence
from typing import Literal, get_args

from bot.understand.phrases import Phrases
from bot.understand.text import bare
from bot.understand.tokens import Token, read
from bot.understand.vocabulary import word_set
from bot.understand.wordlists import words_of

House = Literal["menu", "person", "back", "change", "cancel", "help"]

_POLITE = word_set("polite")
_OPENING = word_set("opening")
_YES = word_set("yes")
_NOT_ALONE: Phrases[int] = Phrases([("rồi", 1)])
_NO = word_set("no")
_BEFORE_NO = word_set("before_no")

_HOUSE_WORDS: Phrases[House] = Phrases(
    (word, house) for house in get_args(House) for word in words_of(f"house_{house}")
)
_LEAST_OF_A_TITLE = 2  # syllables of a title that are enough for it
_MOST = 8  # words; a longer message is a sentence and never a house word


def yes(text: str) -> bool:
    """Whether the whole message says yes: `ok em`, `dạ vâng ạ`, `đúng rồi`, a typed 👍."""
    words = _spoken(text)
    if not words:
        return False
    core = _without(words, _POLITE, at_end=True)
    return _YES.whole(core) and not _NOT_ALONE.whole(core)


def no(text: str) -> bool:
    """Whether the whole message says no: `dạ không ạ`, `thôi`, `chưa`. `được không` is a question and neither."""
    words = _without(_spoken(text), _POLITE, at_end=True)
    return _NO.whole(words) or _NO.whole(_without(words, _BEFORE_NO, at_end=False))


def house_word(text: str) -> House | None:
    """Which house word the whole message is, if it is one."""
    if set(text.strip()) == {"?"}:
        return "help"
    words = _spoken(text)
    for core in _peelings(words):
        match = _HOUSE_WORDS.at(core, 0)
        if match and match.end == len(core) and len(set(match.values)) == 1:
            return match.values[0]
    return None


def same_words(typed: str, title: str) -> bool:
    """Whether somebody typed a button's title or one of its parts: `dat tiep` for `Đúng, đặt tiếp`, `go lai`."""
    said = bare(typed)
    if not said:
        return False
    spoken = _without(_spoken(typed), _POLITE, at_end=True)
    ways = {said, " ".join(t.plain for t in spoken)}
    parts = (title, *title.split(", "))  # not the comma of a number: `0` is no part of `Đúng, 0,5 kg`
    return any(bare(part) in ways for part in parts if bare(part))


def title_begun(typed: str, titles: Sequence[str]) -> str | None:
    """The one title that begins with what was typed, two syllables or more: `dat mua` for `Đặt mua 28.000đ/kg`.

    None if no title or several do.
    """
    spoken = [t.plain for t in _without(_spoken(typed), _POLITE, at_end=True)]
    if sum(word.isalpha() for word in spoken) < _LEAST_OF_A_TITLE:
        return None
    begun = [title for title in titles if bare(title).split()[: len(spoken)] == spoken]
    return begun[0] if len(begun) == 1 else None


def _spoken(text: str) -> list[Token]:
    """The words and the 👍 of a short message; of a long one nothing."""
    words = [t for t in read(text).tokens if t.kind != "sign" or t.text == "👍"]
    return words if len(words) <= _MOST else []


def _peelings(words: Sequence[Token]) -> Iterable[Sequence[Token]]:
    """The message as it is, and with less and less politeness around it."""
    yield words
    bare_end = _without(words, _POLITE, at_end=True)
    yield bare_end
    yield _without(bare_end, _OPENING, at_end=False)


def _without(words: Sequence[Token], polite: Phrases[int], *, at_end: bool) -> Sequence[Token]:
    """Polite words peeled off one end; never the whole message."""
    peeling = True
    while peeling and len(words) > 1:
        peeling = False
        for size in (2, 1):
            edge = words[-size:] if at_end else words[:size]
            match = polite.at(edge, 0) if len(words) > size else None
            if match and match.end == size:
                words = words[:-size] if at_end else words[size:]
                peeling = True
                break
    return words
