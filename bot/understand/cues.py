"""The phrases that give a wish away, by what they are a sign of: `data/cues.json`.

Written with accents, which count where the person typed some (`!mọt`: only with them). `(giao|gửi) … chưa` stands for
two phrases with up to four words in the gap, within one sentence. `^` is the beginning of the message, `$` its end,
before which words of politeness may stand. In `off_topic` a phrase with a gap counts only with its accents.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

from bot.understand.phrases import Phrases
from bot.understand.tokens import Token
from bot.understand.vocabulary import word_set
from bot.understand.wordlists import table, words_of

_CHOICE = re.compile(r"\(([^()]*)\)")
_GAP = 4  # words
_POLITE = word_set("polite")
_ENDS = ".!?;"
_NEEDS_ACCENTS = frozenset(words_of("cue_needs_accents"))

_Place = tuple[int, int]  # tokens, the last not with it


@dataclass(frozen=True, slots=True)
class _Cue:
    """One phrase: its parts between gaps, and whether it has to begin or to end the message."""

    name: str
    parts: tuple[str, ...]
    first: bool
    last: bool


def cues_in(tokens: Sequence[Token]) -> set[str]:
    """Names of all cues that the words hold, also where phrases overlap."""
    index, alone, by_first = _index()
    found: dict[str, list[_Place]] = {}
    for i in range(len(tokens)):
        for part, end in index.ends(tokens, i):
            found.setdefault(part, []).append((i, end))
    if not found:
        return set()
    begin = next((i for i, t in enumerate(tokens) if t.kind != "sign"), 0)
    closing = _closing(tokens)
    names: set[str] = set()
    for part, places in found.items():
        names.update(alone.get(part, ()))
        for cue in by_first.get(part, ()):
            if cue.name in names:
                continue
            ends = _ends(cue, [place for place in places if not cue.first or place[0] == begin], found, tokens)
            if ends and (not cue.last or max(ends) >= closing):
                names.add(cue.name)
    return names


def _ends(cue: _Cue, places: Sequence[_Place], found: dict[str, list[_Place]], tokens: Sequence[Token]) -> set[int]:
    """Behind which tokens the phrase ends that begins at one of the places, over all its gaps."""
    ends = {end for _, end in places}
    for part in cue.parts[1:]:
        ends = {
            end
            for start, end in found.get(part, ())
            if any(before <= start <= before + _GAP and not _broken(tokens, before, start) for before in ends)
        }
    return ends


def _broken(tokens: Sequence[Token], start: int, end: int) -> bool:
    """Whether a sentence ends between. A product's name, masked as a sign, ends none."""
    return any(t.kind == "sign" and t.text in _ENDS for t in tokens[start:end])


def _closing(tokens: Sequence[Token]) -> int:
    """Where the message ends, without the politeness and signs at its end."""
    end = len(tokens)
    while end:
        polite = [m for size in (1, 2) if size < end and (m := _POLITE.at(tokens[:end], end - size)) and m.end == end]
        if tokens[end - 1].kind == "sign" and tokens[end - 1].plain != "·":
            end -= 1
        elif polite:
            end = polite[-1].start
        else:
            break
    return end


@cache
def _index() -> tuple[Phrases[str], dict[str, set[str]], dict[str, list[_Cue]]]:
    """All parts of phrases; the cues of those that are a phrase by themselves; the others by their first part."""
    cues: dict[str, list[str]] = table("cues.json")
    alone: dict[str, set[str]] = {}
    by_first: dict[str, list[_Cue]] = {}
    parts: dict[str, None] = {}
    for name, phrases in cues.items():
        for phrase in phrases:
            for written in _spelled_out(phrase):
                words = written.removeprefix("^").removesuffix("$")
                pieces = [piece for piece in map(str.strip, words.split("…")) if piece]
                strict = name == "off_topic" and len(pieces) > 1  # two short words without accents are about anything
                segments = tuple(f"!{p.removeprefix('!')}" if strict else _strict(p) for p in pieces)
                cue = _Cue(name, segments, written.startswith("^"), written.endswith("$"))
                if len(cue.parts) == 1 and not (cue.first or cue.last):
                    alone.setdefault(cue.parts[0], set()).add(name)
                else:
                    by_first.setdefault(cue.parts[0], []).append(cue)
                parts.update(dict.fromkeys(cue.parts))
    return Phrases((part, part) for part in parts), alone, by_first


def _strict(part: str) -> str:
    """With a `!` before it, if this syllable means something else far too often when the accents are missing."""
    return f"!{part}" if part in _NEEDS_ACCENTS else part


def _spelled_out(phrase: str) -> Iterator[str]:
    """`(a|b) c` as `a c` and `b c`; an empty alternative may be left out."""
    pieces = _CHOICE.split(phrase)
    choices = [piece.split("|") if i % 2 else [piece] for i, piece in enumerate(pieces)]
    for chosen in product(*choices):
        written = " ".join("".join(chosen).split())
        strict = "!" if written.startswith("!") else ""  # every part of it
        yield written.replace("… ", f"… {strict}")
