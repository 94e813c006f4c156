"""A toy shop for the engine: two purposes, a menu, one command, and a person who writes to it."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import inbox
from bot.conversation import Conversation, Memory
from bot.dialogue import Ask, Dialogue, Heard, Turn
from bot.effect import Hint, Hold, choice, say
from bot.engine import World
from bot.event import Change, Due, Event, Inbound, Number, OrderNews, Pick, Tap, Text
from bot.inbox import InboxRow
from bot.outbox import OutboxRow, opened
from bot.ports import Me
from bot.run.turns import Turns
from catalog.account import ensure_account
from catalog.acts import Command, News, Result, Who
from catalog.audit import Audit, record
from catalog.db import Database
from catalog.organisation import Organisation, OrganisationKind
from catalog.person import Person
from tests.conftest import NOW

ME = Me(None, "customer", "en", "you", "", frozenset(), None, "the co-op", "", "Hoa", "0912 000 222", False)


@dataclass(frozen=True, slots=True)
class Keep(Command):
    count: int


@dataclass(frozen=True, slots=True)
class Kept(Result):
    count: int


# count: a number, then one weighty yes

count = Dialogue("count")


@dataclass(frozen=True, slots=True)
class Counting:
    asked: int = 1


@dataclass(frozen=True, slots=True)
class Sure:
    count: int


@count.action("start")
@count.opens("browse")
def start(at: Counting | Sure | None, ask: Ask, ports: Any) -> Turn[Counting]:
    return Counting(), [say("How many?", expects="number")]


@count.step
def counting(at: Counting, heard: Heard, ports: Any) -> Turn[Counting | Sure]:
    match heard:
        case Number(value):
            yes, no = choice("yes", say("Yes, keep it")), choice("no", say("No"))
            return Sure(int(value)), [say("%(n)s?", n=int(value), choices=(yes, no), weighty=True)]
        case Text("break"):
            raise ZeroDivisionError
    return at, [Hint(say("A number, please.", expects="number"))]


@count.step
def sure(at: Sure, heard: Heard, ports: Any) -> Turn[Counting | Sure | None]:
    match heard:
        case Pick("yes"):
            return at, [Keep(at.count)]
        case Kept(kept):
            return None, [say("Kept %(n)s.", n=kept)]
        case Pick("no") | Change():
            return Counting(at.count), [say("How many then?", expects="number")]
        case Text("talkative"):
            return at, [say("One."), say("Two."), say("Three.")]
    return at, [Hint(say("Yes or no?", choices=(choice("yes", say("Yes, keep it")), choice("no", say("No")))))]


@count.returns
def back_again(at: Counting | Sure, heard: Heard, ports: Any) -> Turn[Counting]:
    return Counting(), [say("Welcome back. How many was it?", expects="number")]


@count.hears(OrderNews)
def news(at: Counting | Sure | None, event: OrderNews, ports: Any) -> Turn[Counting | Sure | None]:
    return at, [say("An order: part %(part)s.", part=event.part_id)]


@count.hears(Due)
def due(at: Counting | Sure | None, event: Due, ports: Any) -> Turn[Counting | Sure | None]:
    return at, []


# five more, which only ask for a word

MORE = ("red", "green", "blue", "white", "black")


@dataclass(frozen=True, slots=True)
class Wording:
    """Any of the five."""


def _one_word(name: str) -> Dialogue:
    dialogue = Dialogue(name)

    @dialogue.action("start")
    def begin(at: Wording | None, ask: Ask, ports: Any) -> Turn[Wording]:
        return Wording(), [say(f"A word for {name}?", expects="words")]

    @dialogue.step
    def wording(at: Wording, heard: Heard, ports: Any) -> Turn[Wording | None]:
        match heard:
            case Text("done"):
                return None, [say(f"{name} is done.")]
        return at, [Hint(say(f"Say done to {name}.", expects="words"))]

    return dialogue


# the house

menu = Dialogue("menu")
person = Dialogue("person")
trace = Dialogue("trace")
TO_COUNT = choice("count.start", say("Count"))


def _says(dialogue: Dialogue, name: str, *, holds: bool = False, asks: bool = True) -> None:
    @dialogue.action(name)
    def opener(at: None, ask: Ask, ports: Any) -> Turn[None]:
        words = say(f"{dialogue.name}: {name} {ask.arg}".strip(), choices=(TO_COUNT,) if asks else ())
        return None, [*([Hold()] if holds else []), words]


_says(menu, "open", holds=True)
for action in ("start", "possible", "puzzled", "puzzled_again"):
    _says(menu, action)
for action in ("help", "unreadable"):
    _says(menu, action, asks=False)
_says(menu, "nothing_to_undo")
_says(person, "call", holds=True, asks=False)
for action in ("media", "broken"):
    _says(person, action, asks=False)
_says(trace, "scan", asks=False)

DIALOGUES: Mapping[str, Dialogue] = {
    dialogue.name: dialogue for dialogue in (count, *map(_one_word, MORE), menu, person, trace)
}


class _Nothing:
    """No stamp, no goods, no orders."""

    def invited(self, code: str) -> bool:
        return False

    def search(self, words: str) -> Sequence[object]:
        return ()

    def mine(self) -> Sequence[object]:
        return ()


@dataclass(frozen=True, slots=True)
class ToyPorts:
    me: Me
    now: datetime
    book: _Nothing = field(default_factory=_Nothing)
    shelf: _Nothing = field(default_factory=_Nothing)
    orders: _Nothing = field(default_factory=_Nothing)
    missed_lately: int = 0


class ToyShop:
    """One account over a database, a clock that only we move, and what the people who write to it received.

    tells: the ids of persons that hear of everything that is kept.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = NOW
        self.tells: list[int] = []
        self._numbers = itertools.count(1)
        self._read = 0
        self.world = World(DIALOGUES, self._ports, self._act, lambda: self.now)
        self.turns = Turns(database, self.world, lambda: None)
        with database.writing() as db:
            coop = Organisation(kind=OrganisationKind.COOP, code="SM", name="HTX", short_name="HTX")
            db.add(coop)
            db.flush()
            self.account_id = ensure_account(db, "web", "SM", coop.id, None).id

    def receives(self, event: Event, sender: str = "lan", *, age: timedelta = timedelta(), key: str = "") -> None:
        """Put an event into the inbox; the platform says that it is `age` old."""
        inbound = Inbound("SM", sender, key or f"m{next(self._numbers)}", self.now - age, event)
        with self.database.writing() as db:
            inbox.receive(db, [(self.account_id, inbound)], self.now)

    def answers(self) -> list[str]:
        """Take every turn that waits: all that anybody is told, a line for each bubble."""
        while self.turns.take_batch():
            pass
        return self.said()

    def said(self) -> list[str]:
        """What is new in the outbox."""
        with self.database.reading() as db:
            rows = db.scalars(select(OutboxRow).where(OutboxRow.id > self._read).order_by(OutboxRow.id)).all()
            self._read = rows[-1].id if rows else self._read
            bubbles = [opened(db, row).bubble for row in rows]
        return [" ".join([bubble.text, *(f"[{button.title}]" for button in bubble.buttons)]) for bubble in bubbles]

    def hears(self, event: Event | str, sender: str = "lan", **more: Any) -> list[str]:
        """Five seconds later, something happens and is answered."""
        self.now += timedelta(seconds=5)
        self.receives(Text(event) if isinstance(event, str) else event, sender, **more)
        return self.answers()

    def buttons(self, sender: str = "lan") -> list[str]:
        """The ids on the newest bubble that she got."""
        with self.database.reading() as db:
            newest = select(OutboxRow).where(OutboxRow.address == sender).order_by(OutboxRow.id.desc()).limit(1)
            row = db.scalars(newest).one()
            return [button.id for button in opened(db, row).bubble.buttons]

    def acquaint(self, *senders: str) -> None:
        """They wrote before, so that nobody is greeted."""
        for sender in senders or ("lan",):
            self.hears("?", sender)

    def kept(self) -> list[str]:
        with self.database.reading() as db:
            return list(db.scalars(select(Audit.subject).order_by(Audit.id)))

    def rows(self) -> list[InboxRow]:
        with self.database.reading() as db:
            return list(db.scalars(select(InboxRow).order_by(InboxRow.id)))

    def conversation(self, sender: str = "lan") -> Conversation:
        with self.database.reading() as db:
            return db.scalars(select(Conversation).where(Conversation.address == sender)).one()

    def change(self, sender: str, change: Callable[[Conversation], None]) -> None:
        with self.database.writing() as db:
            change(db.scalars(select(Conversation).where(Conversation.address == sender)).one())

    def known_person(self, sender: str) -> int:
        """Whoever writes as `sender` is from now on somebody whom others can tell things."""
        with self.database.writing() as db:
            somebody = Person(created_at=self.now)
            db.add(somebody)
            db.flush()
            db.scalars(select(Conversation).where(Conversation.address == sender)).one().person_id = somebody.id
            return somebody.id

    def _ports(self, db: Session, conversation: Conversation, memory: Memory, row: InboxRow, now: datetime) -> Any:
        return ToyPorts(replace(ME, person_id=conversation.person_id), now)

    def _act(self, db: Session, who: Who, command: Command) -> tuple[Result, Sequence[News]]:
        assert isinstance(command, Keep)
        record(db, who.address, "keep", f"{command.count} by {who.message_key}", who.now)
        return Kept(command.count), [News(person_id, "order", command.count) for person_id in self.tells]


def tap(button: str, title: str = "") -> Tap:
    return Tap(button, title)
