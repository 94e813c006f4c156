"""Lists of words that a Vietnamese speaker can mend without reading code: `data/words.json`.

A word before which `!` stands counts only with its accents (see `Phrases`).
"""

import json
from functools import cache
from importlib.resources import files

from bot.understand.phrases import Phrases


def words_of(name: str) -> list[str]:
    """The list of that name; KeyError if there is none."""
    return _lists()[name]


def word_set(name: str) -> Phrases[int]:
    """The same list, to be found in a message; the value says nothing."""
    return Phrases((word, 1) for word in words_of(name))


@cache
def _lists() -> dict[str, list[str]]:
    raw = (files("bot.understand") / "data" / "words.json").read_text(encoding="utf-8")
    lists: dict[str, list[str]] = json.loads(raw)
    return lists
