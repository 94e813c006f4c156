"""The map of the dialogues: drawn from the steps' own annotations, so that it cannot go stale."""

from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from bot.dialogue import Dialogue
from bot.dialogues import DIALOGUES

PAGE = Path(__file__).parents[2] / "docs" / "dialogues.md"
HEAD = """# The dialogues, drawn

Every box is a state, every arrow a step that may go there; `start` is where intents and buttons come in, at `over` the
talk is done. Drawn from the annotations of the steps; `pytest tests/unit/test_dialogue_map.py --rewrite` draws it anew.
"""


def entries(dialogue: Dialogue) -> set[str]:
    """The states that a wish, a button or a piece of news may open."""
    functions = [*dialogue.openers.values(), *dialogue.listeners.values()]
    if dialogue.welcome_back is not None:
        functions.append(dialogue.welcome_back)
    found: set[str] = set()
    for function in functions:
        state = get_args(get_type_hints(function)["return"])[0]
        found |= {kind.__name__ for kind in (get_args(state) or (state,)) if kind is not type(None)}
    return found


def drawn(dialogue: Dialogue) -> str:
    arrows = [f"    start --> {state}" for state in sorted(entries(dialogue))]
    for state, targets in dialogue.edges().items():
        after = sorted("over" if target == "end" else target for target in targets - {state})  # `end` is Mermaid's own
        arrows += [f"    {state} --> {target}" for target in after]
    return "\n".join([f"## {dialogue.name}", "", "```mermaid", "flowchart LR", *arrows, "```"])


def page() -> str:
    return "\n\n".join([HEAD.strip(), *(drawn(dialogue) for dialogue in DIALOGUES.values() if dialogue.states)]) + "\n"


def test_the_map_shows_the_dialogues_as_they_are(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--rewrite"):
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("dialogue", [one for one in DIALOGUES.values() if one.states], ids=lambda one: one.name)
def test_every_state_can_be_reached_and_every_arrow_ends_somewhere(dialogue: Dialogue) -> None:
    edges = dialogue.edges()
    assert set(edges) == set(dialogue.states)
    assert set().union(*edges.values()) <= {*dialogue.states, "end"}
    reached, open_ends = set(), entries(dialogue)
    while open_ends:
        state = open_ends.pop()
        reached.add(state)
        open_ends |= edges[state] - reached - {"end"}
    assert reached == set(dialogue.states)
    assert any("end" in targets for targets in edges.values())
