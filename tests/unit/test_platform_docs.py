"""The page about the platforms names tests, settings and reasons: all of them exist, and none is left out."""

import ast
import re
from pathlib import Path

from bot.reply import Reason
from bot.run.settings import NAMES

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "platforms.md").read_text(encoding="utf-8")
NAME = re.compile(r"`(tests/[\w/]+\.py)?::(test_\w+)`")
SCRIPT = re.compile(r"`(tests/transcripts/\w+\.chat)`")
SETTING = re.compile(r"`((?:MESSENGER|ZALO|ZALOBOT|TAKEOVER|MEDIA)_[A-Z_]+)(?:=[^`]*)?`")
PLATFORMS = {
    "## Messenger: what the platform does": 20,
    "## Zalo Official Account: what the platform does": 20,
}
"""The two lists, and how many ticked lines each has at least: what the platforms do does not become less."""


def lines_of(head: str) -> list[str]:
    """The lines of a list, each with all that is indented below it."""
    section = TEXT.partition(f"{head}\n")[2].partition("\n## ")[0]
    return re.findall(r"^- \[.*(?:\n {2}.*)*", section, re.MULTILINE)


def named(line: str) -> list[tuple[str, str]]:
    """File and test of every name in a line; a name without a file is in the file named before it."""
    found: list[tuple[str, str]] = []
    for file, test in NAME.findall(line):
        found.append((file or found[-1][0], test))
    return found


def existing_in(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def rows_of(head: str) -> list[list[str]]:
    """The cells of the table below a heading, without its head."""
    section = TEXT.partition(f"{head}\n")[2].partition("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def test_every_test_and_transcript_that_the_page_names_exists() -> None:
    tests = named(TEXT)
    existing = {file: existing_in(file) for file, _ in tests}

    assert len(tests) > 300
    assert [f"{file}::{test}" for file, test in tests if test not in existing[file]] == []
    assert [script for script in SCRIPT.findall(TEXT) if not (ROOT / script).is_file()] == []


def test_every_line_is_ticked_with_a_test_or_says_that_it_is_not_built() -> None:
    for head, least in PLATFORMS.items():
        lines = lines_of(head)
        ticked = [line for line in lines if line.startswith("- [x] ")]
        open_lines = [line for line in lines if line.startswith("- [ ] ")]

        assert len(ticked) >= least
        assert len(ticked) + len(open_lines) == len(lines)
        assert [line for line in ticked if not (NAME.search(line) or SCRIPT.search(line))] == []
        assert [line for line in open_lines if "not built" not in " ".join(line.split())] == []


def test_the_page_has_every_setting_of_a_platform_and_no_other() -> None:
    of_platforms = {name for name in NAMES if name.startswith(("MESSENGER_", "ZALO", "TAKEOVER_", "MEDIA_"))}

    assert set(SETTING.findall(TEXT)) == of_platforms


def test_every_reason_for_a_failure_has_its_line() -> None:
    rows = rows_of("## What went wrong, and what we do")

    assert [row[0] for row in rows] == [f"`{reason.value}`" for reason in Reason]
    assert {len(row) for row in rows} == {5}
