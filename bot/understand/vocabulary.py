"""Lists of words, to be found in messages.

A word before which `!` stands counts only with its accents (see `Phrases`).
"""

from bot.understand.phrases import Phrases
from bot.understand.wordlists import words_of


def word_set(name: str) -> Phrases[int]:
    """A list of `data/words.json`, to be found in a message; the value says nothing."""
    return Phrases((word, 1) for word in words_of(name))
