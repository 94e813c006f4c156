"""What a step asks for: `Say`, `Tell`, a `Command`, or a `Hint`. Plain data; the engine does it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias

from bot.event import Event
from bot.reply import Receipt
from catalog.acts import Command


@dataclass(frozen=True, slots=True)
class Money:
    """Whole đồng; shown as `489.000đ`."""

    vnd: int


@dataclass(frozen=True, slots=True)
class Spoken:
    """Whole đồng as people say a price: `25 nghìn`; falls back to `25.500đ` where it is not whole thousands."""

    vnd: int


@dataclass(frozen=True, slots=True)
class Amount:
    """A quantity with its unit: `2,5 kg`, `3 chục`."""

    quantity: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Day:
    """A date; `style` "full" is 22/11/2026, "short" 22/11, "weekday" thứ Hai 23/11, "month" 08/2027."""

    on: date
    style: Literal["full", "short", "weekday", "month"] = "full"


@dataclass(frozen=True, slots=True)
class Lines:
    """Sentences one under the other. With `numbered` the list owns the numbers 1…n; `bullet` goes before each."""

    of: tuple["Say", ...]
    numbered: bool = False
    bullet: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """Names in a row: `cam 3 kg, mật 1 chai`."""

    of: tuple["Say | str", ...]


@dataclass(frozen=True, slots=True)
class Word:
    """A word that is translated but is no sentence, such as a unit or an event's name: its msgid."""

    msgid: str


Param: TypeAlias = "str | int | Decimal | Money | Spoken | Amount | Day | Lines | Listed | Word | Say"


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to answer.

    key: a name of this step ("yes"), or of an action that can be taken at any time ("trace.journey").
    title: what stands on the button, at most 20 characters once translated.
    arg: what the action is about: a trace code, a product's id.
    words: other full words that mean the same.
    """

    key: str
    title: "Say"
    arg: str = ""
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """A product as a card: `▤ title · subtitle`. The picture is a path under the public address, or empty."""

    title: str
    subtitle: "Say"
    image: str = ""


@dataclass(frozen=True, slots=True)
class Carousel:
    """What a printed list says once more, as a row of cards, for a channel that can draw one.

    lead: the sentence above it, with its buttons. cards: each a `Say` with a card and that card's buttons. The open
    question stays the list's, so every button here is an action that can be taken at any time.
    """

    lead: "Say"
    cards: "tuple[Say, ...]"


@dataclass(frozen=True, slots=True)
class Paper:
    """A document that goes along: `tem-cam-100.pdf`.

    path: where our own house has its bytes ("/sheets/12"), shown to nobody. link: a public address that gives it once,
    within a day, for a channel that carries no files.
    """

    name: str
    path: str
    link: str


@dataclass(frozen=True, slots=True)
class Say:
    """One bubble, not yet in anybody's language. Made by `say`.

    choices: the buttons, at most three. items: what a printed list's numbers stand for, first.
    expects: "number" where a bare number is the answer itself and not a choice's number.
    weighty: a yes here saves or spends, so that a row which is older than the question does not count.
    rests: nothing has to be answered: after an interruption it is not asked again.
    notice: purpose and values of the approved template that says the same, for when she wrote too long ago.
    receipt: the same order as a channel that has receipts draws it. carousel: the same goods as a channel that has
    carousels draws them. file: goes after the words, once: a question that is asked again goes without.
    """

    msgid: str
    params: dict[str, Param] = field(default_factory=dict)
    plural: str = ""
    count: int = 1
    choices: tuple[Choice, ...] = ()
    items: tuple[Choice, ...] = ()
    expects: Literal["", "number", "words"] = ""
    weighty: bool = False
    rests: bool = False
    card: Card | None = None
    notice: "tuple[str, dict[str, Param]] | None" = None
    receipt: Receipt | None = None
    carousel: Carousel | None = None
    file: Paper | None = None

    @property
    def asks(self) -> bool:
        """Whether this bubble opens a question."""
        return bool(self.choices or self.items or self.expects)


@dataclass(frozen=True, slots=True)
class Tell:
    """Let somebody else know: the event goes into her own inbox, in this commit.

    key: makes telling her the same thing twice one thing.
    """

    person_id: int
    event: Event
    key: str


@dataclass(frozen=True, slots=True)
class Hint:
    """The step did not understand. The engine looks for a new wish in the words, and says this if there is none."""

    say: Say


@dataclass(frozen=True, slots=True)
class Remember:
    """Keep something of this conversation beside its talks: the lot in view, the language, how to address her.

    "suggested" counts a code that we proposed, "missed" one that is in nobody's book; "quiet" ends the reminders of a
    cart; "greeted" says that this turn has introduced the bot already.
    """

    name: Literal["lot", "language", "you", "suggested", "missed", "quiet", "greeted"]
    value: str


@dataclass(frozen=True, slots=True)
class Hold:
    """Leave what was parked where it is for now: she asked for the menu, or for a person."""


Effect = Say | Tell | Hint | Remember | Hold | Command


def say(
    msgid: str,
    *,
    choices: Sequence[Choice] = (),
    items: Sequence[Choice] = (),
    expects: Literal["", "number", "words"] = "",
    weighty: bool = False,
    rests: bool = False,
    card: Card | None = None,
    file: Paper | None = None,
    **params: Param,
) -> Say:
    """A bubble: a whole English sentence with named parameters, put into the person's language when it is kept."""
    return Say(msgid, params, "", 1, tuple(choices), tuple(items), expects, weighty, rests, card, file=file)


def say_n(one: str, many: str, count: int, **params: Param) -> Say:
    """A sentence that changes with `count`; the count itself is the parameter `%(count)s`."""
    return Say(one, {"count": count, **params}, many, count)


def asking(bubble: Say, *choices: Choice) -> Say:
    """The same bubble with these buttons."""
    return replace(bubble, choices=choices)


def noticed(bubble: Say, purpose: str, **values: Param) -> Say:
    """The same bubble, which may also go as the approved template for this purpose, filled in with these values."""
    return replace(bubble, notice=(purpose, values))


def choice(key: str, title: Say, arg: str = "", words: Sequence[str] = ()) -> Choice:
    """A button. The title is `say(...)`, so that it is found for translation and may hold a price."""
    return Choice(key, title, arg, tuple(words))
