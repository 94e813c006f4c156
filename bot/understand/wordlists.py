"""The lists in `data/`, as they are: what a Vietnamese speaker can mend without reading code."""

import json
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

_DATA: Traversable = files("bot.understand") / "data"


def words_of(name: str) -> list[str]:
    """The list of that name in `words.json`; KeyError if there is none."""
    lists: dict[str, list[str]] = table("words.json")
    return lists[name]


@cache
def table(name: str) -> Any:
    """A JSON file of `data/`, read once."""
    return json.loads((_DATA / name).read_text(encoding="utf-8"))


@cache
def rows(name: str) -> tuple[tuple[str, ...], ...]:
    """The rows of a tab-separated file of `data/`, without its comments and empty lines."""
    lines = (_DATA / name).read_text(encoding="utf-8").splitlines()
    return tuple(tuple(line.split("\t")) for line in lines if line and not line.startswith("#"))
