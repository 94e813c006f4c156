"""The sentences: Vietnamese is complete, the template is fresh, and every entry can be formatted."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from bot.i18n import LANGUAGES, LOCALES, Voice

ROOT = LOCALES.parent
KEYWORDS = ("say:1", "Say:1", "say_n:1,2", "Word:1", "sentence:1")
HOUSE = Voice("vi", "anh/chị", "HTX Suối Mây", "Hằng").params


class Anything(dict[str, str]):
    """Stands for the parameters of a sentence; remembers which were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def __missing__(self, name: str) -> str:
        self.asked.add(name)
        return "100%"


def catalogue(language: str) -> Catalog:
    with (LOCALES / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=language)


def msgids(found: Catalog) -> set[str]:
    return {message.id[0] if isinstance(message.id, tuple) else message.id for message in found if message.id}


def parameters(sentence: str) -> set[str]:
    anything = Anything()
    assert isinstance(sentence % anything, str)
    return anything.asked


def strings(message: Any) -> tuple[str, ...]:
    return message.string if isinstance(message.string, tuple) else (message.string,)


def test_vietnamese_has_no_empty_and_no_fuzzy_entry() -> None:
    lacking = [message.id for message in catalogue("vi") if message.id and (message.fuzzy or not all(strings(message)))]
    assert lacking == []


def test_the_template_holds_just_the_sentences_of_the_code(tmp_path: Path) -> None:
    fresh = tmp_path / "fresh.pot"
    command = [sys.executable, "-m", "babel.messages.frontend", "--quiet", "extract", "--mapping=locales/babel.cfg"]
    for keyword in KEYWORDS:
        command += ["-k", keyword]
    subprocess.run([*command, "-c", "L10N:", "-o", str(fresh), "."], cwd=ROOT, check=True, capture_output=True)
    with fresh.open("rb") as new, (LOCALES / "messages.pot").open("rb") as kept:
        assert msgids(read_po(kept)) == msgids(read_po(new))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_catalogue_holds_just_the_sentences_of_the_template(language: str) -> None:
    with (LOCALES / "messages.pot").open("rb") as kept:
        assert msgids(catalogue(language)) == msgids(read_po(kept))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_formats_with_its_own_parameters_and_those_of_the_house(language: str) -> None:
    """A percent sign that is not part of a name raises here; a name that nobody gives is found by the difference."""
    for message in catalogue(language):
        if not message.id:
            continue
        sources = message.id if isinstance(message.id, tuple) else (message.id,)
        given = set().union(*map(parameters, sources)) | set(HOUSE)
        for sentence in filter(None, strings(message)):
            assert parameters(sentence) <= given, sentence
