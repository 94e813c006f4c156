"""A batch of turns that is thought out together says, and leaves behind, what turns one by one say and leave."""

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select, update

from bot import outbox
from bot.conversation import Conversation, owe
from bot.engine import World
from bot.event import (
    AccountNews,
    Edited,
    Event,
    Inbound,
    Overheard,
    Photo,
    Start,
    Sticker,
    TakenOver,
    Tap,
    Text,
    Touched,
    Withdrawn,
)
from bot.inbox import receive
from bot.reply import Bubble
from bot.run.roof import make_world
from bot.run.settings import Settings
from bot.run.thoughts import KEPT, think_through
from bot.run.turns import Turns
from catalog.account import ensure_account
from catalog.db import Database
from catalog.order import CODE_LETTERS
from catalog.organisation import organisation_by_code
from catalog.scan import Scan, ScanKey
from tests.conftest import NOW, SECRET, Fresh, opened
from tests.unit.batches import by_hand, counted, dumped, promised, remembered, statements
from tests.unit.room import Clock
from tests.unit.toys import ToyShop, tap

MANY = 200
SURE = "5? [Yes, keep it] [No]"
PEOPLE = [f"p{number:02}" for number in range(12)]
STAMP = "483920176504"

Said = tuple[str, Event]


@pytest.fixture
def toys(database: Database) -> ToyShop:
    shop = ToyShop(database)
    shop.acquaint("lan", "mai", "hoa")
    return shop


@pytest.fixture
def pair(fresh: Fresh, kind: str) -> Iterator[tuple[Database, Database]]:
    """Two empty databases of a kind."""
    yield from _pair(fresh, kind, "empty")


@pytest.fixture
def demo_pair(fresh: Fresh, kind: str) -> Iterator[tuple[Database, Database]]:
    """Two with the demo in them."""
    yield from _pair(fresh, kind, "demo")


def _pair(fresh: Fresh, kind: str, template: str) -> Iterator[tuple[Database, Database]]:
    urls = fresh.url(kind, template), fresh.url(kind, template)
    one, other = opened(urls[0]), opened(urls[1])
    yield one, other
    for database, url in ((one, urls[0]), (other, urls[1])):
        database.close()
        fresh.drop(url)


# The same as one by one

TOY_EVENTS: Sequence[Event] = (
    Text("0"),
    Text("?"),
    Text("1"),
    Text("5"),
    Text("có"),
    Text("không"),
    Text("lại"),
    Text("sửa"),
    Text("thôi"),
    Text("xyz"),
    Text("talkative"),
    Text("done"),
    Text("9"),
    Start(),
    Sticker("369239263222822"),
    Edited("5"),
    Touched("seen"),
    Photo(("https://example.org/1.jpg",), "ổi nhà em"),
    TakenOver("page inbox", "chào chị"),
    Overheard("alo"),
    tap("0:count.start:"),
    tap("1:yes:"),
    tap("2:yes:"),
    tap("2:no:"),
    tap("0:red.start:"),
    tap("0:blue.start:"),
)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_toy_talks_in_batches_are_the_talks_one_by_one(pair: tuple[Database, Database], seed: int) -> None:
    """Twelve people, up to three messages of each in a batch, every kind of event, orders among them."""
    dice = random.Random(seed)
    batches, hands = ToyShop(pair[0]), ToyShop(pair[1])
    for shop in (batches, hands):
        shop.acquaint(*PEOPLE[:4])
        shop.tells = [shop.known_person(PEOPLE[0])]

    for number in range(6):
        round_of = [
            (sender, dice.choice(TOY_EVENTS)) for sender in dice.sample(PEOPLE, 9) for _ in range(dice.randint(1, 3))
        ]
        for shop in (batches, hands):
            shop.now += timedelta(hours=13) if number == 4 else timedelta(seconds=7)
            for sender, event in round_of:
                shop.receives(event, sender)
        while batches.turns.take_batch():
            pass
        by_hand(hands.database, hands.world)
        assert remembered(batches.database) == remembered(hands.database)

    assert promised(batches.database) == promised(hands.database)
    assert batches.kept() == hands.kept()
    assert counted(batches.database) == counted(hands.database)
    figures = batches.turns.snapshot()
    assert figures["turns"] > figures["by_hand"] > 0
    assert (figures.get("undone", 0), figures.get("failed", 0)) == (0, 0)


@dataclass(slots=True)
class Talks:
    """Real talks over the demo. world: with jots, and order codes that come in order."""

    database: Database
    world: World
    clock: Clock
    account_id: int
    numbers: Iterator[int]

    def receive(self, said: Sequence[Said]) -> None:
        arrivals = [
            (self.account_id, Inbound("SM", sender, f"m{next(self.numbers)}", self.clock.at, event))
            for sender, event in said
        ]
        with self.database.writing() as db:
            receive(db, arrivals, self.clock.at)

    def scans(self) -> list[tuple[str, str, str]]:
        with self.database.reading() as db:
            found = db.execute(select(Scan.code, Scan.channel, Scan.person_hash))
            return sorted((code, channel, person) for code, channel, person in found)


def talks_over(database: Database, folder: Path) -> Talks:
    """The day's scan key is the same everywhere, so that hashes can be compared."""
    clock = Clock(NOW)
    codes = ("DH" + "".join(letters) for letters in itertools.product(CODE_LETTERS, repeat=4))
    settings = Settings.read({"VAR_DIR": str(folder), "DATABASE_URL": database.url, "SECRET_KEY": SECRET})
    with database.writing() as db:
        owner = organisation_by_code(db, "SM")
        assert owner is not None
        account_id = ensure_account(db, "web", "SM", owner.id, None).id
        db.add(ScanKey(day=NOW.date(), key=b"k" * 32))
    world = make_world(settings, clock.now, partial(next, codes))
    return Talks(database, world, clock, account_id, itertools.count(1))


REAL_EVENTS: Sequence[Event] = (
    *map(Text, (STAMP, STAMP, "483920176505", "0", "?", "có gì bán", "cam", "mang kho", "miến", "2 kg cam")),
    *map(Text, ("lấy 3", "giỏ", "lại", "thôi", "có", "1", "2", "9", "giao hàng thế nào", "phun thuốc gì", "english")),
    *map(Text, ("ai trồng", "alo alo", "truy xuất", "xem dữ liệu", "tôi muốn bán cam", "đơn của tôi", "tiếng việt")),
    Start(),
    Sticker("1"),
    Photo(("https://example.org/1.jpg",)),
    Withdrawn(),
    Tap("0:menu.open:", ""),
    Tap("0:trace.ask:", ""),
    Tap(f"0:trace.journey:{STAMP}", ""),
    Tap("1:yes:", ""),
    Tap("2:no:", ""),
)


@pytest.mark.parametrize("seed", [1, 2])
def test_real_talks_in_batches_are_the_talks_one_by_one(
    demo_pair: tuple[Database, Database], tmp_path: Path, seed: int
) -> None:
    """Look-ups, questions, menus, baskets, a producer; everybody new at first."""
    dice = random.Random(seed)
    batches, hands = (talks_over(database, tmp_path) for database in demo_pair)
    turns = Turns(batches.database, batches.world, lambda: None)
    people = [*PEOPLE, "men.p"]

    for number in range(6):
        said = [(sender, dice.choice(REAL_EVENTS)) for sender in people for _ in range(dice.randint(1, 2))]
        for talks in (batches, hands):
            talks.clock.at += timedelta(hours=30) if number == 4 else timedelta(seconds=11)
            talks.receive(said)
        while turns.take_batch():
            pass
        by_hand(hands.database, hands.world)
        assert remembered(batches.database) == remembered(hands.database)

    assert promised(batches.database) == promised(hands.database)
    assert [scan[:2] for scan in batches.scans()] == [scan[:2] for scan in hands.scans()]
    assert len(batches.scans()) > 5
    assert counted(batches.database) == counted(hands.database)
    figures = turns.snapshot()
    assert figures["turns"] > 2 * figures["by_hand"]
    assert (figures.get("undone", 0), figures.get("failed", 0)) == (0, 0)


def test_looks_at_a_stamp_are_counted_as_by_hand_each_person_under_the_key_of_the_day(
    demo_pair: tuple[Database, Database], tmp_path: Path
) -> None:
    batches, hands = (talks_over(database, tmp_path) for database in demo_pair)
    said: Sequence[Said] = [(sender, Text(STAMP)) for sender in (*PEOPLE, *PEOPLE[:3])]
    said = [*said, ("nobody", Text("999999999999"))]
    for talks in (batches, hands):
        talks.receive(said)

    Turns(batches.database, batches.world, lambda: None).take_batch()
    by_hand(hands.database, hands.world)

    assert batches.scans() == hands.scans()
    assert len(batches.scans()) == len(PEOPLE) + 3
    assert len(set(batches.scans())) == len(PEOPLE)


def test_several_messages_of_one_person_in_a_batch_go_on_from_each_other(toys: ToyShop) -> None:
    before = toys.conversation()
    for event in (tap("0:count.start:"), Text("abc"), Text("?"), tap("0:red.start:")):
        toys.receives(event)

    assert toys.turns.take_batch() == 4

    assert toys.said() == [
        "How many?",
        "A number, please.",
        "menu: help",
        "A number, please.",
        "A word for red?",
    ]
    after = toys.conversation()
    assert (after.version, after.minute_count) == (before.version + 1, before.minute_count + 4)
    assert toys.turns.snapshot().get("by_hand", 0) == 0


def test_a_new_person_is_greeted_once_in_a_batch(toys: ToyShop) -> None:
    toys.said()
    for event in (Start(), Text("0")):
        toys.receives(event, "thu")

    assert toys.turns.take_batch() == 2

    assert toys.said() == [
        "Hello! I am the automatic assistant of the co-op.\nmenu: start [Count]",
        "menu: open [Count]",
    ]


def test_every_column_of_a_conversation_is_kept_by_a_batch_or_changed_by_hands_alone() -> None:
    """A new column has to be put on one side or the other."""
    by_hands_alone = {"id", "account_id", "address", "created_at", "person_id"}

    assert set(Conversation.__table__.c.keys()) == {*KEPT, "memory", "version", *by_hands_alone}


# What it costs

KNOWN = [
    "SELECT inbox",
    "SELECT conversation",
    "SELECT account",
    "UPDATE conversation",
    "UPDATE inbox",
    "SELECT sqlite_sequence",
    "INSERT outbox",
]


@pytest.mark.parametrize("people", [1, 7, 60])
def test_turns_of_known_people_cost_seven_statements_however_many(database: Database, people: int) -> None:
    shop = ToyShop(database)
    senders = [f"s{number}" for number in range(people)]
    for sender in senders:
        shop.receives(Text("0"), sender)
    shop.answers()
    for sender in senders:
        shop.receives(Text("0"), sender)

    with statements(database) as sent:
        assert shop.turns.take_batch() == people

    assert sent == KNOWN


@pytest.mark.parametrize("people", [1, 60])
def test_new_people_cost_two_statements_more_however_many(database: Database, people: int) -> None:
    shop = ToyShop(database)
    for number in range(people):
        shop.receives(Text("0"), f"s{number}")

    with statements(database) as sent:
        assert shop.turns.take_batch() == people

    assert sent == [*KNOWN[:2], "INSERT conversation", *KNOWN[1:]]


def test_people_who_are_not_answered_any_more_cost_no_statement_of_their_own(toys: ToyShop) -> None:
    """She is over the limit of a minute: nothing is said, and her memory stays as it is."""
    for _ in range(33):
        toys.receives(Text("0"))
    toys.answers()
    before = toys.conversation()
    toys.receives(Text("0"))
    toys.receives(Text("0"), "mai")

    with statements(toys.database) as sent:
        assert toys.turns.take_batch() == 2

    assert sent == KNOWN
    after = toys.conversation()
    assert (after.memory, after.minute_count) == (before.memory, before.minute_count + 1)


def test_what_many_ask_is_asked_of_the_database_once(demo: Database, tmp_path: Path) -> None:
    """A look at the same stamp by two people, then by forty."""
    talks = talks_over(demo, tmp_path)
    senders = [f"s{number}" for number in range(40)]
    turns = Turns(demo, talks.world, lambda: None)
    talks.receive([(sender, Text("0")) for sender in senders])
    turns.drain()
    costs = []
    for few in (senders[:2], senders):
        talks.clock.at += timedelta(seconds=5)
        talks.receive([(sender, Text(STAMP)) for sender in few])
        with statements(demo) as sent:
            assert turns.take_batch() == len(few)
        costs.append(sent)

    assert costs[0] == costs[1]
    assert len(costs[0]) <= 15
    writes = [one for one in costs[0] if not one.startswith("SELECT")]
    assert writes == ["UPDATE conversation", "UPDATE inbox", "INSERT outbox", "INSERT scan"]
    assert turns.snapshot().get("by_hand", 0) == 0


# What needs hands


def owed(toys: ToyShop) -> None:
    """A reply to her is held until she writes again."""
    with toys.database.writing() as db:
        talk = db.scalars(select(Conversation).where(Conversation.address == "lan")).one()
        held = outbox.OutboxRow(
            account_id=talk.account_id,
            channel="web",
            address="lan",
            conversation_id=talk.id,
            inbox_id=1,
            created_at=toys.now,
            held_at=toys.now,
        )
        outbox.put(db, held, Bubble("held"))
        owe(db, talk.id)


def asked(toys: ToyShop) -> None:
    """She is asked whether it is five."""
    toys.hears(tap("0:count.start:"))
    assert toys.hears("5") == [SURE]


def nothing(toys: ToyShop) -> None:
    """She is as she was."""


HANDS = [
    pytest.param(asked, Tap("2:yes:"), ["Kept 5."], id="an order"),
    pytest.param(
        nothing, Photo(("https://example.org/1.jpg",), "ổi"), ["person: media 🖼 ổi"], id="a photo that is to be fetched"
    ),
    pytest.param(nothing, TakenOver("page inbox", "chào chị"), [], id="a colleague takes over"),
    pytest.param(owed, Text("?"), ["held", "menu: help"], id="a held reply is taken up"),
]


@pytest.mark.parametrize(("before", "event", "said"), HANDS)
def test_a_turn_that_has_to_write_goes_by_hand_with_all_that_comes_after_it_and_nobody_elses(
    toys: ToyShop, before: Callable[[ToyShop], None], event: Event, said: list[str]
) -> None:
    before(toys)
    toys.now += timedelta(seconds=5)
    toys.said()
    for sender, happens in (("mai", Text("0")), ("lan", event), ("hoa", Text("?")), ("lan", Text("0"))):
        toys.receives(happens, sender)
    toys.receives(Text("0"), "mai")
    as_it_was = dumped(toys.database)

    thoughts = think_through(toys.database, toys.world, MANY)

    assert [row.sender for row in thoughts.kept] == ["mai", "hoa", "mai"]
    assert [row.sender for row in thoughts.for_hands] == ["lan", "lan"]
    assert {sender for _, sender in thoughts.minds} == {"mai", "hoa"}
    assert dumped(toys.database) == as_it_was

    assert toys.turns.take_batch() == 5
    others = ["menu: open [Count]", "menu: help", "menu: open [Count]"]
    own = [] if isinstance(event, TakenOver) else [*said, "menu: open [Count]"]
    assert toys.said() == others + own
    assert [row.done_at for row in toys.rows()[-5:]] == [toys.now] * 5


def test_who_is_to_be_forgotten_is_forgotten_by_hand(demo: Database, tmp_path: Path) -> None:
    talks = talks_over(demo, tmp_path)
    turns = Turns(demo, talks.world, lambda: None)
    talks.receive([("lan", Text(STAMP)), ("mai", Text(STAMP))])
    turns.drain()
    talks.clock.at += timedelta(seconds=5)
    talks.receive([("lan", Withdrawn()), ("mai", Text("0")), ("lan", Text("0"))])
    as_it_was = dumped(demo)

    thoughts = think_through(demo, talks.world, MANY)

    assert ([row.sender for row in thoughts.kept], [row.sender for row in thoughts.for_hands]) == (
        ["mai"],
        ["lan", "lan"],
    )
    assert dumped(demo) == as_it_was


def test_an_action_without_words_needs_no_hands_and_opens_the_window(toys: ToyShop) -> None:
    toys.now += timedelta(hours=1)
    toys.receives(Touched("seen"))

    assert toys.turns.take_batch() == 1

    assert (toys.conversation().touched_at, toys.turns.snapshot().get("by_hand", 0)) == (toys.now, 0)


def test_news_of_an_account_is_heard_in_its_place_by_hand(toys: ToyShop) -> None:
    """What came before it is kept first, and what came after it waits."""
    toys.receives(Text("0"), "mai")
    toys.receives(AccountNews("blocked", "", "spam"), "11")
    toys.receives(Text("0"))

    before = think_through(toys.database, toys.world, MANY)
    assert ([row.sender for row in before.kept], before.for_hands) == (["mai"], [])
    assert toys.turns.take_batch() == 1
    news = think_through(toys.database, toys.world, MANY)
    assert (news.kept, [row.sender for row in news.for_hands]) == ([], ["11"])
    assert toys.turns.take_batch() == 1
    after = think_through(toys.database, toys.world, MANY)
    assert ([row.sender for row in after.kept], after.for_hands) == (["lan"], [])


def test_what_is_held_but_may_not_go_yet_needs_no_hands(toys: ToyShop) -> None:
    """A colleague has the thread, and what is held is the bot's own: nothing changes."""
    owed(toys)
    with toys.database.writing() as db:
        db.execute(
            update(Conversation)
            .where(Conversation.address == "lan")
            .values(taken_until=toys.now + timedelta(hours=1), taken_by="staff")
        )
    toys.receives(Edited("?"))

    toys.answers()

    assert toys.conversation().owed


# What breaks


def test_what_a_broken_step_did_to_its_conversation_is_not_kept_with_what_came_before_it(toys: ToyShop) -> None:
    toys.hears(tap("0:count.start:"))
    toys.now += timedelta(minutes=2)
    for words in ("abc", "break", "5"):
        toys.receives(Text(words))
    toys.receives(Text("0"), "mai")

    assert toys.turns.take_batch() == 2

    talk = toys.conversation()
    assert talk.minute_count == 1
    first, broken, after = [row for row in toys.rows() if row.sender == "lan"][-3:]
    assert (first.done_at, broken.done_at, after.done_at) == (toys.now, None, None)
    assert (broken.tries, after.tries) == (1, 0)
    assert toys.said()[-2:] == ["A number, please.", "menu: open [Count]"]


def test_a_thought_keeps_nothing_of_itself_in_the_session_of_the_next(toys: ToyShop) -> None:
    """Her row would be written by the flush of whoever comes next."""
    asked(toys)
    toys.now += timedelta(seconds=5)
    toys.receives(tap(toys.buttons()[0]))
    for sender in ("mai", "hoa"):
        toys.receives(Text("0"), sender)

    thoughts = think_through(toys.database, toys.world, MANY)

    assert [row.sender for row in thoughts.kept] == ["mai", "hoa"]
    assert len(thoughts.promises) == 2


def test_people_of_rows_that_were_undone_before_go_by_hand_whole(toys: ToyShop) -> None:
    for sender in ("lan", "mai", "lan"):
        toys.receives(Text("0"), sender)
    first = toys.rows()[-3]

    thoughts = think_through(toys.database, toys.world, MANY, but={first.id})

    assert [row.sender for row in thoughts.kept] == ["mai"]
    assert [row.sender for row in thoughts.for_hands] == ["lan", "lan"]


def test_what_is_given_back_is_for_hands_in_the_order_in_which_it_came(toys: ToyShop) -> None:
    for sender, event in (("mai", Text("0")), ("lan", TakenOver("x", "y")), ("hoa", Text("0")), ("lan", Text("0"))):
        toys.receives(event, sender)
    thoughts = think_through(toys.database, toys.world, MANY)

    thoughts.give_back()

    assert [row.sender for row in thoughts.for_hands] == ["mai", "lan", "hoa", "lan"]
    assert (thoughts.kept, thoughts.promises, thoughts.jots, thoughts.minds) == ([], [], [], {})
    assert bool(thoughts)


def test_no_more_than_asked_for_is_thought_about_and_the_oldest_first(toys: ToyShop) -> None:
    for sender in ("lan", "mai", "hoa"):
        toys.receives(Text("0"), sender)

    thoughts = think_through(toys.database, toys.world, 2)

    assert (thoughts.count, [row.sender for row in thoughts.kept]) == (2, ["lan", "mai"])
    assert not think_through(toys.database, replace(toys.world), 0)
