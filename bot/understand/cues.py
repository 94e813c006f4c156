"""The phrases that give a wish away, by what they are a sign of: `data/cues.json`."""

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from bot.understand.phrases import Phrases
from bot.understand.tokens import Token


def cues_in(tokens: Sequence[Token]) -> set[str]:
    """Names of all cues that the words hold, also where phrases overlap."""
    return _phrases().everywhere(tokens)


@cache
def _phrases() -> Phrases[str]:
    raw = (files("bot.understand") / "data" / "cues.json").read_text(encoding="utf-8")
    table: dict[str, list[str]] = json.loads(raw)
    return Phrases((phrase, cue) for cue, phrases in table.items() for phrase in phrases)
