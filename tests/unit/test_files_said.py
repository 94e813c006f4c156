"""A file behind what a step says: in her language, once, and never lost among other bubbles."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from bot.conversation import load_memory
from bot.dialogue import Ask, Dialogue, Heard, Turn
from bot.effect import Hint, Paper, choice, say
from bot.engine import World
from bot.event import Text
from bot.outbox import OutboxRow, opened
from bot.reply import Bubble, Button
from bot.reply import Paper as Told
from bot.run.turns import Turns
from tests.conftest import Fresh
from tests.conftest import opened as opened_database
from tests.unit.toys import DIALOGUES, ToyShop, tap

FIRST = Paper("tem-cam-100.pdf", "/sheets/12", "https://cho.example/s/a")
SECOND = Paper("tem-oi-40.pdf", "/sheets/13", "https://cho.example/s/b")
BY_LINK = "Download the sheet here; the link works once within 24 hours:"
GONE = "The sheet is not there any more. Please ask for it again."
TOLD = Told(FIRST.name, FIRST.path, FIRST.link, BY_LINK, GONE)
ALSO = Told(SECOND.name, SECOND.path, SECOND.link, BY_LINK, GONE)

press = Dialogue("press")


@dataclass(frozen=True, slots=True)
class Asked:
    """What to print."""


@press.action("start")
def start(at: None, ask: Ask, ports: Any) -> Turn[Asked]:
    return Asked(), [say("What shall I print?", expects="words")]


@press.step
def printing(at: Asked, heard: Heard, ports: Any) -> Turn[Asked | None]:
    match heard:
        case Text("one"):
            return None, [say("Here it is.", file=FIRST)]
        case Text("question"):
            return at, [say("Here it is. More?", file=FIRST, choices=[choice("yes", say("Yes"))])]
        case Text("early"):
            return None, [say("Here it is.", file=FIRST), say("Well."), say("Good-bye.")]
        case Text("two of three"):
            return None, [say("Oranges.", file=FIRST), say("Guavas.", file=SECOND), say("Good-bye.")]
    return at, [Hint(say("I do not know that."))]


@pytest.fixture
def toys(fresh: Fresh) -> Iterator[ToyShop]:
    database = opened_database(fresh.url("sqlite", "empty"))
    shop = ToyShop(database)
    shop.world = World({**DIALOGUES, "press": press}, shop._ports, shop._act, lambda: shop.now)
    shop.turns = Turns(database, shop.world, lambda: None)
    shop.acquaint()
    shop.hears(tap("0:press.start:"))
    yield shop
    database.close()


def bubbles(toys: ToyShop) -> list[tuple[str, Told | None]]:
    """All that she got since she was asked what to print."""
    with toys.database.reading() as db:
        rows = db.scalars(select(OutboxRow).order_by(OutboxRow.id)).all()
        found = [opened(db, row).bubble for row in rows]
    return [(bubble.text, bubble.file) for bubble in found][2:]


def test_a_file_goes_with_its_bubble_and_with_words_in_her_language(toys: ToyShop) -> None:
    toys.hears("one")

    assert bubbles(toys) == [("Here it is.", TOLD)]


def test_a_question_that_is_asked_again_brings_its_file_no_second_time(toys: ToyShop) -> None:
    toys.hears("question")
    toys.hears("what?")
    toys.hears("0")
    toys.hears(tap("0:press.start:"))

    said = bubbles(toys)
    assert [text for text, file in said if file is not None] == ["Here it is. More?"]
    assert [text for text, _ in said].count("Here it is. More?") >= 2
    conversation = toys.conversation()
    with toys.database.reading() as db:
        memory = load_memory(db, conversation)
    assert memory is not None
    assert "More?" in str(memory)
    assert FIRST.link not in str(memory)


def test_a_file_is_not_lost_where_bubbles_are_put_together(toys: ToyShop) -> None:
    toys.hears("early")

    assert bubbles(toys) == [("Here it is.\nWell.", TOLD), ("Good-bye.", None)]


def test_of_two_files_that_are_put_together_the_first_goes_as_its_link(toys: ToyShop) -> None:
    toys.hears("two of three")

    assert bubbles(toys) == [(f"Oranges.\n{BY_LINK} {FIRST.link}\nGuavas.", ALSO), ("Good-bye.", None)]


def test_a_bubble_with_a_file_is_kept_and_read_again() -> None:
    bubble = Bubble("Dạ tờ tem đây ạ.", (Button("1:yes:", "In thêm"),), file=TOLD)

    assert msgspec.json.decode(msgspec.json.encode(bubble), type=Bubble) == bubble


def test_a_bubble_that_was_kept_before_there_were_files_is_read_as_one_without() -> None:
    kept = (
        '{"text":"Đúng chưa ạ?","buttons":[{"id":"1:yes:","title":"Đúng"}],"offset":0,"card_title":"",'
        '"card_subtitle":"","image":"","notice":null,"receipt":null,"carousel":null,"numbered":true}'
    )

    assert msgspec.json.decode(kept, type=Bubble) == Bubble("Đúng chưa ạ?", (Button("1:yes:", "Đúng"),))
