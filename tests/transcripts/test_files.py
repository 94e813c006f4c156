"""A talk with a file in it reads the same on a channel that carries files and on one that has only a link."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from bot.conversation import Conversation, Memory
from bot.dialogue import Ask, Dialogue, Turn
from bot.effect import Paper, choice, say
from bot.engine import World
from bot.inbox import InboxRow
from bot.ports import Me
from catalog.acts import Command, News, Refused, Result, Who
from catalog.db import Database
from tests.transcripts.conftest import OpenShop
from tests.transcripts.events import Play
from tests.transcripts.phones import MessengerPhone, ZaloPhone
from tests.transcripts.player import difference, play
from tests.transcripts.script import Beat, Reply, Typed, read
from tests.transcripts.shop import Clock
from tests.unit.toys import ToyPorts

SHEET = Paper("tem-cam-100.pdf", "/sheets/12", "https://cho.example/s/k7Qm2v")
PDF = b"%PDF-1.7 100 stamps"
TALK = """\
# She wants a sheet and gets it.
👤 print
🤖 Here is your sheet.
▸ [Another one]
📎 tem-cam-100.pdf

👤 [Another one]
🤖 Here is your sheet.
▸ [Another one]
📎 tem-cam-100.pdf
"""

press = Dialogue("menu")
ANOTHER = choice("menu.start", say("Another one"))


def _print(at: None, ask: Ask, ports: object) -> Turn[None]:
    return None, [say("Here is your sheet.", file=SHEET, choices=(ANOTHER,))]


for wish in ("start", "possible", "puzzled", "puzzled_again", "open"):
    press.action(wish)(_print)


def world(clock: Clock) -> World:
    me = Me(None, "customer", "en", "you", "", frozenset(), None, "the press", "", "", "", demo=True)

    def ports(db: Session, talk: Conversation, memory: Memory, row: InboxRow, now: datetime) -> ToyPorts:
        return ToyPorts(me, now)

    def act(db: Session, who: Who, command: Command) -> tuple[Result, Sequence[News]]:
        return Refused(), ()

    return World({"menu": press}, ports, act, clock.now)  # type: ignore[arg-type]  # nothing else is looked up


@pytest.mark.parametrize("channel", ["messenger", "zalo", "web", "console"])
def test_one_script_is_true_of_files_and_of_links(
    channel: str, open_shop: OpenShop, demo: Database, papers: dict[str, bytes]
) -> None:
    papers[SHEET.path] = PDF
    shop = open_shop(channel, demo, world)
    shop.acquaint()
    script = read(TALK)

    came, broke_off = play(script, Play(shop))

    assert difference(script, came, broke_off) == ""
    if isinstance(shop.phone, MessengerPhone | ZaloPhone):
        files = [bubble.file for bubble in shop.phone._phone.bubbles if bubble.file is not None]
        assert [(file.name, file.content) for file in files] == [(SHEET.name, PDF)] * 2


@pytest.mark.parametrize("channel", ["messenger", "zalo"])
def test_a_link_that_goes_in_place_of_the_file_is_a_bubble_and_so_a_difference(
    channel: str, open_shop: OpenShop, demo: Database, papers: dict[str, bytes]
) -> None:
    papers[SHEET.path] = b"no sheet at all" if channel == "zalo" else b"0" * (25 * 1024 * 1024 + 1)
    shop = open_shop(channel, demo, world)
    shop.acquaint()

    came, _ = play(replace(read(TALK), beats=read(TALK).beats[:1]), Play(shop))

    link = f"Download the sheet here; the link works once within 24 hours: {SHEET.link}"
    assert came.beats[0].replies == [Reply("Here is your sheet.", ("Another one",)), Reply(link)]


def test_a_script_knows_what_lies_below_a_bubble_or_a_card() -> None:
    talk = "# Why.\n👤 print\n🤖 Here.\n📎 a.pdf\n▤ Cam · 1 kg [Buy]\n📎 b c.pdf\n"
    script = read(talk)

    assert script.beats == [
        Beat(Typed("print"), [Reply("Here.", file="a.pdf"), Reply("", ("Buy",), "Cam · 1 kg", "b c.pdf")])
    ]
    assert str(script) == talk
    with pytest.raises(ValueError, match="line 3: list index out of range"):
        read("# Why.\n👤 print\n📎 a.pdf\n")
