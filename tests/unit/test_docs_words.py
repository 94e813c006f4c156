"""The page for those who teach the bot words names every file that it can be taught by."""

from importlib.resources import files
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "words.md").read_text(encoding="utf-8")
NOT_BY_HAND = {"given_names.json", "places.LICENSE"}


def test_every_list_is_on_the_page() -> None:
    lists = {entry.name for entry in (files("bot.understand") / "data").iterdir()} - NOT_BY_HAND
    assert {name for name in lists if f"`{name}`" not in PAGE} == set()
