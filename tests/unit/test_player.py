"""The player of the transcripts, tried on a bot that sells one thing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from bot.conversation import Conversation, Memory
from bot.dialogue import Ask, Dialogue, Heard, Turn
from bot.effect import Card, Say, choice, say
from bot.engine import World
from bot.event import Number, Pick
from bot.inbox import InboxRow
from bot.ports import Me
from catalog.acts import Command, News, Refused, Result, Who
from catalog.db import Database
from tests.conftest import NOW
from tests.transcripts.events import Play
from tests.transcripts.oracle import faults
from tests.transcripts.phones import WebPhone
from tests.transcripts.player import difference, play
from tests.transcripts.script import Beat, Event, Reply, Script, Tapped, Typed, read
from tests.transcripts.shop import Clock, Shop

TALK = """\
# She buys two, after a look at the card.
⟨referral: ref=poster⟩
🤖 How many loaves?
Type a number.
▸ [Show me] [None]

👤 [Show me]
▤ Loaf · 20.000đ [None]

👤 2
🤖 2 loaves, thank you.
"""


def test_a_script_is_written_as_it_was_read() -> None:
    assert str(read(TALK)) == TALK


def test_a_script_knows_who_says_what() -> None:
    assert read(TALK).beats == [
        Beat(Event("referral: ref=poster"), [Reply("How many loaves?\nType a number.", ("Show me", "None"))]),
        Beat(Tapped("Show me"), [Reply(card="Loaf · 20.000đ", buttons=("None",))]),
        Beat(Typed("2"), [Reply("2 loaves, thank you.")]),
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("👤 hello\n", "line 1"),
        ("hello\n", "line 1"),
        ("# why\n🤖 hello\n", "line 2"),
        ("# why\n👤 hello\n▸ [A]\n", "line 3"),
        ("# why\n⟨first contact\n", "line 2"),
    ],
)
def test_a_script_that_cannot_be_says_where(text: str, line: str) -> None:
    with pytest.raises(ValueError, match=line):
        read(text)


def test_a_talk_that_goes_as_written_has_no_difference(demo: Database) -> None:
    assert played(TALK, demo) == ""


def test_other_words_are_shown_in_their_place(demo: Database) -> None:
    unlike = played(TALK.replace("thank you", "you are welcome"), demo)
    assert "- 🤖 2 loaves, you are welcome.\n+ 🤖 2 loaves, thank you." in unlike


def test_a_reply_that_is_not_in_the_file_is_a_difference(demo: Database) -> None:
    silent = TALK.replace("🤖 2 loaves, thank you.\n", "")
    assert "+ 🤖 2 loaves, thank you." in played(silent, demo)


def test_a_button_that_nobody_has_ends_the_play(demo: Database) -> None:
    unlike = played(TALK + "\n👤 [More]\n", demo)
    assert unlike.endswith("👤 [More]: no button 'More'")


def test_an_event_that_nobody_knows_is_a_mistake_in_the_file(demo: Database) -> None:
    with pytest.raises(ValueError, match="it rains"):
        played("# Weather.\n⟨it rains⟩\n", demo)


def test_the_first_contact_is_greeted_and_a_later_one_is_not(demo: Database) -> None:
    script = read("# Hello.\n⟨referral: ref=poster, first contact⟩\n")
    came, _ = play(script, Play(toy_shop(demo)))
    assert came.beats[0].replies[0].text.startswith("Hello! ")


def test_what_is_asked_for_before_the_answer_comes_counts_after_it(demo: Database) -> None:
    hasty = "# Two at once.\n⟨referral: ref=poster⟩\n👤 [Show me]\n⟨before the answer comes⟩\n👤 5\n"
    came, _ = play(read(hasty), Play(toy_shop(demo)))
    assert [len(beat.replies) for beat in came.beats] == [1, 0, 0, 2]


def test_stock_prices_and_time_are_set_by_events(demo: Database) -> None:
    shop = toy_shop(demo)
    script = read(
        "# Elsewhere.\n⟨stock: Măng khô 500 g = 5⟩\n⟨another customer buys 2 Măng khô⟩\n"
        "⟨price: Măng khô = 170.000đ⟩\n⟨as producer NSX-017⟩\n⟨3 hours pass⟩\n⟨order codes: DH8M3Q, DH2K7F⟩\n"
    )
    performance = Play(shop)
    came, broke_off = play(script, performance)
    assert (faults(demo, came), broke_off) == ([], "")
    assert performance.codes == ["DH8M3Q", "DH2K7F"]
    assert (shop.clock.at - NOW).total_seconds() == 3 * 3600


def test_more_than_there_is_cannot_be_bought(demo: Database) -> None:
    _, broke_off = play(read("# Too much.\n⟨another customer buys 2000 Măng khô⟩\n"), Play(toy_shop(demo)))
    assert "there is less than that" in broke_off


def test_the_oracle_sees_bubbles_that_are_too_long_and_titles_that_do_not_fit(demo: Database) -> None:
    came = Script((), [Beat(Typed("x"), [Reply("y" * 301, ("a title of more than twenty",), "")])])
    assert [fault.split(":")[0] for fault in faults(demo, came)] == ["301 characters, at most 300", "a title of 27"]


def test_the_oracle_sees_what_was_never_answered(demo: Database) -> None:
    shop = toy_shop(demo)
    shop.phone.type("hello")
    assert faults(demo, Script((), [])) == ["inbox 1 (Text) is not done well: None"]


def played(talk: str, database: Database) -> str:
    script = read(talk)
    return difference(script, *play(script, Play(toy_shop(database))))


# A bot that sells one thing


toy = Dialogue("menu")


@dataclass(frozen=True, slots=True)
class Counting:
    pass


@toy.action("start")
def start(at: Counting | None, ask: Ask, ports: object) -> Turn[Counting]:
    return Counting(), [how_many()]


@toy.step
def counting(at: Counting, heard: Heard, ports: object) -> Turn[Counting | None]:
    match heard:
        case Number(value):
            return None, [say("%(count)s loaves, thank you.", count=value)]
        case Pick("show"):
            card = Card("Loaf", say("20.000đ"))
            return at, [say("", card=card, choices=[choice("none", say("None"))], expects="number")]
        case _:
            return None, [say("Good-bye.")]


def how_many() -> Say:
    choices = [choice("show", say("Show me")), choice("none", say("None"))]
    return say("How many loaves?\nType a number.", choices=choices, expects="number")


@dataclass(frozen=True, slots=True)
class ToyPorts:
    """The toy looks nothing up: all that the engine itself asks for is to whom it speaks."""

    me: Me


def toy_shop(database: Database) -> Shop:
    clock = Clock(NOW)
    me = Me(None, "customer", "en", "you", "", frozenset(), None, "the bakery", "", "", "", demo=True)

    def ports(db: Session, talk: Conversation, memory: Memory, row: InboxRow, now: datetime) -> ToyPorts:
        return ToyPorts(me)

    def act(db: Session, who: Who, command: Command) -> tuple[Result, Sequence[News]]:
        return Refused(), ()

    world = World({"menu": toy}, ports, act, clock.now)  # type: ignore[arg-type]  # nothing else is looked up
    return Shop(
        database,
        world,
        clock,
        lambda door, clock, organisation: WebPhone(database, door, clock.now, organisation, "visitor"),
    )
