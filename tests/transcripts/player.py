"""Plays a script in a shop and writes down what was received."""

import difflib

from tests.transcripts.events import BEFORE_ANSWER, Play, happen
from tests.transcripts.script import Beat, Cue, Event, Reply, Script, Tapped, Typed


def play(script: Script, performance: Play) -> tuple[Script, str]:
    """The script with the replies that came, as far as it could be played; and why it broke off, or nothing."""
    played = Script(script.why, [])
    for number, beat in enumerate(script.beats):
        after = script.beats[number + 1].cue if number + 1 < len(script.beats) else None
        try:
            replies = _do(beat.cue, performance, answered=after != BEFORE_ANSWER)
        except LookupError as error:
            return played, f"{beat.cue}: {error}"
        played.beats.append(Beat(beat.cue, replies))
    return played, ""


def difference(wanted: Script, came: Script, broke_off: str) -> str:
    """Empty if it is the same; else a diff of the whole talk."""
    if str(wanted) == str(came) and not broke_off:
        return ""
    lines = difflib.ndiff(str(wanted).splitlines(), str(came).splitlines())
    shown = "\n".join(line for line in lines if not line.startswith("?"))
    return f"- is in the file, + was received\n\n{shown}\n{broke_off}"


def _do(cue: Cue, performance: Play, *, answered: bool) -> list[Reply]:
    """`answered`: whether the worker has its turn before the next thing happens."""
    match cue:
        case Event(words):
            return happen(words, performance)
        case Typed():
            performance.begin()
            performance.shop.phone.type(cue.keys)
        case Tapped(title):
            performance.begin()
            performance.shop.phone.tap(title)
    return performance.shop.answer() if answered else []
