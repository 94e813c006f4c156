"""What happened, in one vocabulary for every channel.

A channel's codec turns its platform's JSON into these values; the engine hands them, or the four that it makes
itself, to a step. All are frozen, and JSON in the inbox (`dump_event`, `load_event`).
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, get_args

import msgspec


@dataclass(frozen=True, slots=True)
class Text:
    """Words a person typed: at most 2,000 characters, cleaned and in NFC (`bot.understand.text.clean`)."""

    words: str


@dataclass(frozen=True, slots=True)
class Tap:
    """A pressed button: the id that we gave it, and the title that she saw."""

    choice: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Referral:
    """She came through a link that carries `ref`: `t-<trace code>`, `nsx-<invitation>`, anything. Never trusted."""

    ref: str


@dataclass(frozen=True, slots=True)
class Start:
    """She opened the chat ("Get Started") and has said nothing yet."""


@dataclass(frozen=True, slots=True)
class Photo:
    """One or more pictures, where the platform keeps them, with the words beside them."""

    urls: tuple[str, ...]
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice note, where the platform keeps it, with the words beside it."""

    url: str
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Sticker:
    """A sticker or a thumbs-up button. Never a yes: only a typed 👍 is one."""

    id: str


@dataclass(frozen=True, slots=True)
class Location:
    """A place on the map that she shared, in degrees. We want the commune in words, so it is read and not kept."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class ContactCard:
    """Name, phone and address that she handed over by the platform's own form, or somebody's business card.

    hers: from a form in which she gave her own. Fields that she left out are empty.
    """

    name: str
    phone: str
    address: str = ""
    hers: bool = True


@dataclass(frozen=True, slots=True)
class Edited:
    """She changed a message that she had sent: what it says now. What was done because of it stays as it is."""

    words: str


@dataclass(frozen=True, slots=True)
class Follow:
    """She follows the co-op's account now, and has said nothing yet."""


@dataclass(frozen=True, slots=True)
class Touched:
    """She did something that lets us write to her for a while and wants no answer: a reaction (`kind`)."""

    kind: str


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """She told the platform that we must forget her."""


@dataclass(frozen=True, slots=True)
class TakenOver:
    """Somebody of the co-op has the thread now, and the bot is silent there.

    by: the platform's own id of who it is (an officer's, an app's), or "standby". words: what that person wrote, if
    anything. speaks: whether that person did something just now, and not only has the thread.
    """

    by: str
    words: str = ""
    speaks: bool = True


@dataclass(frozen=True, slots=True)
class Overheard:
    """She wrote to whoever has the thread: not for the bot, but kept for the co-op, and a sign that it is taken."""

    words: str


@dataclass(frozen=True, slots=True)
class HandedBack:
    """The thread is the bot's again. `by`: who gave it back."""

    by: str = ""


@dataclass(frozen=True, slots=True)
class AccountNews:
    """The platform says something about the whole page or OA, not about a person.

    kind: "blocked", "unblocked", "warned" (a policy), "template" (its status changed), "quota", "removed" (the grant
    is gone). ref: which template. words: the platform's own reason.
    """

    kind: str
    ref: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Other:
    """Something that a person sent and we cannot read: a file, a share, nothing at all. It gets an answer."""

    kind: str


@dataclass(frozen=True, slots=True)
class Silent:
    """Echo, receipt, unknown type, unreadable body: kept, and the bot never speaks of it.

    words: of our own message that comes back, where only its words tell which one it was.
    """

    kind: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Due:
    """A moment that was waited for has come: `name` says which ("cart_reminder"), `ref` of what (a draft's id)."""

    name: str
    ref: str


@dataclass(frozen=True, slots=True)
class OrderNews:
    """For a producer: an order was placed and `part_id` is her share of it."""

    part_id: int


@dataclass(frozen=True, slots=True)
class OrderCancelled:
    """For a producer: an order that she was told of is called off; `part_id` was her share of it."""

    part_id: int


SAID = (Text, Tap, Referral, Start, Photo, Voice, Sticker, Location, ContactCard, Edited, Follow, Other)
"""What she does herself and what the bot may answer."""

Event = (
    Text
    | Tap
    | Referral
    | Start
    | Photo
    | Voice
    | Sticker
    | Location
    | ContactCard
    | Edited
    | Follow
    | Touched
    | Withdrawn
    | TakenOver
    | Overheard
    | HandedBack
    | AccountNews
    | Other
    | Silent
    | Due
    | OrderNews
    | OrderCancelled
)
EVENTS: dict[str, type[Any]] = {kind.__name__: kind for kind in get_args(Event)}


# What the engine makes of an event before a step sees it.


@dataclass(frozen=True, slots=True)
class Pick:
    """An open choice was taken: by its button, its number or its words, or by a plain yes (`yes`) or no (`no`)."""

    key: str
    arg: str = ""


@dataclass(frozen=True, slots=True)
class Number:
    """A bare number where the question asks for one."""

    value: Decimal


@dataclass(frozen=True, slots=True)
class Back:
    """`lại`: one step back. A step that does not know what that means returns a `Hint`; then the engine goes back."""


@dataclass(frozen=True, slots=True)
class Change:
    """`sửa`: she wants something different here. As with `Back`, a `Hint` means: go back one step."""


@dataclass(frozen=True, slots=True)
class Inbound:
    """One event as it comes in at a door, not yet stored.

    account: the platform's own id of the page, OA or site it was sent to.
    sender: the platform's id of the person.
    key: what makes this event the same event when it is delivered again (kind and message id).
    at: the platform's own time, aware.
    raw: the body as it came, kept instead of the event where we could not read it.
    """

    account: str
    sender: str
    key: str
    at: datetime
    event: Event
    raw: bytes = b""


def dump_event(event: Event) -> bytes:
    """JSON bytes of an event, with its class name under `_`."""
    return msgspec.json.encode({"_": type(event).__name__, **msgspec.to_builtins(event)})


def load_event(raw: bytes) -> Event:
    """The event that `dump_event` wrote; `Silent("unreadable")` for anything else, so that old rows never block."""
    try:
        fields = msgspec.json.decode(raw)
        kind = EVENTS[fields.pop("_")]
        event: Event = msgspec.convert(fields, type=kind)
    except (msgspec.MsgspecError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return Silent("unreadable")
    return event
