"""Every talk is played on every channel and on both databases, and must go as it is written.

What differs between the databases lies below the channels, so that one channel is played on both. Then each talk is
played again and again with the next way to type every line, which must come to the same; the channels take turns.
"""

import re
from pathlib import Path

import pytest
from _pytest.mark.structures import ParameterSet

from tests.transcripts.events import NOT_IN_A_TERMINAL, Play
from tests.transcripts.oracle import faults
from tests.transcripts.player import difference, play
from tests.transcripts.script import Script, Typed, in_other_words, read

SCRIPTS = sorted(Path(__file__).parent.glob("*.chat"))
STAGES = (
    ("messenger", "sqlite"),
    ("messenger", "postgresql"),
    ("zalo", "sqlite"),
    ("web", "sqlite"),
    ("console", "sqlite"),
)
"""Channel and database. The first is the one that `--rewrite` listens to."""
CHANNELS = ("web", "messenger", "zalo", "console")
FEWEST_WAYS = 3


def plays_on(script: str, channel: str) -> bool:
    """⟨only on messenger, zalo⟩ at the head of a script; ⟨not in a terminal⟩ where there is nothing to follow.

    No link carries anything into a chat with a Zalo OA, so a talk that begins with one is played elsewhere.
    """
    only = re.search("⟨only on (.+)⟩", script)
    if only is not None:
        return channel in only[1].split(", ")
    if channel == "zalo" and "⟨referral" in script:
        return False
    return channel != "console" or str(NOT_IN_A_TERMINAL) not in script


PLAYS = [
    pytest.param(path, channel, kind, id=f"{path.stem}-{channel}-{kind}")
    for path in SCRIPTS
    for channel, kind in STAGES
    if plays_on(path.read_text(encoding="utf-8"), channel)
]


def typed(script: Script) -> list[Typed]:
    return [beat.cue for beat in script.beats if isinstance(beat.cue, Typed)]


def in_every_way() -> list[ParameterSet]:
    """Each story as often as its richest line has ways, on the channels in turn."""
    plays = []
    for path in SCRIPTS:
        text = path.read_text(encoding="utf-8")
        script = read(text)
        channels = [channel for channel in CHANNELS if plays_on(text, channel)]
        for number in range(max((len(line.ways) for line in typed(script)), default=0)):
            channel = channels[number % len(channels)]
            name = f"{path.stem}-way {number + 1}-{channel}"
            plays.append(pytest.param(script, number, channel, "sqlite", id=name))
    return plays


@pytest.mark.parametrize(("path", "channel", "kind"), PLAYS)
def test_a_talk_goes_as_it_is_written(
    path: Path, channel: str, kind: str, demo_play: Play, pytestconfig: pytest.Config
) -> None:
    wanted = read(path.read_text(encoding="utf-8"))
    came, broke_off = play(wanted, demo_play)
    if not pytestconfig.getoption("rewrite"):
        unlike = difference(wanted, came, broke_off)
        if unlike:
            pytest.fail(unlike, pytrace=False)
    elif (channel, kind) == STAGES[0] and not broke_off:
        path.write_text(str(came), encoding="utf-8")
    assert faults(demo_play.shop.database, came) == []


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in SCRIPTS])
def test_every_line_is_typed_in_three_other_ways_at_least(path: Path) -> None:
    lines = typed(read(path.read_text(encoding="utf-8")))
    assert [line.words for line in lines if len(set(line.ways) - {line.words}) < FEWEST_WAYS] == []


@pytest.mark.parametrize(("script", "number", "channel", "kind"), in_every_way())
def test_a_talk_goes_the_same_in_other_words(
    script: Script, number: int, channel: str, kind: str, demo_play: Play
) -> None:
    wanted = in_other_words(script, number)
    unlike = difference(wanted, *play(wanted, demo_play))
    if unlike:
        pytest.fail(unlike, pytrace=False)
