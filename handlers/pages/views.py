"""What the pages show, and the reader that looks it up for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol

from bot.effect import Param
from bot.ports import Goods, Stamp


@dataclass(frozen=True, slots=True)
class Coop:
    """Who sells, as the law wants it shown. Empty strings are left out of the page.

    complaints: how to complain, a sentence or two. demo: visitors may also try the producer's side.
    """

    name: str  # HTX Nông sản Suối Mây
    short_name: str  # HTX Suối Mây
    tax_code: str
    address: str
    phone: str
    complaints: str
    shop: str  # 12 Lê Lợi: where orders are picked up
    demo: bool


@dataclass(frozen=True, slots=True)
class Seller:
    """The seller of record. Empty strings are not known."""

    name: str
    short_name: str
    tax_code: str
    address: str
    phone: str
    policy: str  # exchange, return, delivery
    clerk: str  # chị Hoa: who answers for it
    clerk_phone: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """A stage of the diary. who: the part that wrote it down, "producer" or "staff"; empty if nobody knows.

    channel: through which ("zalo", "messenger", "web", "console", "desk" for the command line), or empty. recorded_at:
    in the co-op's zone.
    """

    on: date
    kind: str
    words: str
    who: str
    channel: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Paper:
    """A certificate that is valid today. number and issuer may be empty."""

    name: str
    number: str
    issuer: str
    valid_until: date


@dataclass(frozen=True, slots=True)
class Stars:
    """OCOP, valid today. number: of the decision, may be empty."""

    stars: int
    number: str
    valid_until: date | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where it grew. words: xã Đà Bắc. province: as it is called today, or empty; before: as it was called until July
    2025, where that is another. plot: which field or how large. point: latitude and longitude, rounded to 0.1°."""

    words: str
    province: str
    before: str
    plot: str
    point: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Doors:
    """Links into the seller's chat that carry the code where the channel can. Empty: the seller is not there.

    messenger: https://m.me/…?ref=t-…. zalo: the OA, which is told nothing: the code is to be copied.
    """

    messenger: str
    zalo: str


@dataclass(frozen=True, slots=True)
class Passport:
    """All that the page behind a stamp shows. Empty strings, None and empty tuples are what nobody has written down.

    last_spray_days: from the last spraying to the harvest, counted from the diary. asks_pin: it has a scratch PIN;
    pin_right_at: when it was checked successfully, in the co-op's zone. lacks: rows of `catalog.passport`.
    """

    stamp: Stamp
    seller: Seller
    place: Place
    stages: tuple[Recorded, ...]
    papers: tuple[Paper, ...]
    stars: Stars | None
    declared: tuple[str, ...]  # said by the co-op, certified by nobody
    brand: str
    story: str
    warnings: str
    storage: str
    pack: str
    amount: str  # of the lot: 120 kg
    shelf_life_days: int | None
    price_since: date | None  # since when it has cost this
    last_spray_days: int | None
    sold_on: date | None
    asks_pin: bool
    pin_right_at: datetime | None
    doors: Doors
    lacks: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()


PinAnswer = Literal["right", "again", "wrong", "locked", "none"]
"""right: for the first time. again: it was checked before, at `Passport.pin_right_at`. locked: too many wrong ones."""


class Gate(Protocol):
    """How often an address may look up codes: 30 a minute and 300 a day, of which 20 an hour may be of nobody's.

    address: of the client, "127.0.0.1". Nothing of it is kept but a keyed hash, for a day at most.
    """

    def ask(self, address: str) -> int:
        """For how many seconds it may look up no code: 0, a minute, an hour or a day. Counts it."""
        ...

    def miss(self, address: str) -> int:
        """It looked up a code that is in nobody's book: how many within the hour, this one included."""
        ...


class Reader(Protocol):
    """Names and sentences come in the language that is asked for."""

    def coop(self, language: str) -> Coop: ...

    def goods(self, language: str) -> Sequence[Goods]:
        """All that can be ordered today, in the co-op's own order."""
        ...

    def passport(self, code: str, language: str) -> Passport | None:
        """`code`: 12 digits. None if it is in nobody's book."""
        ...

    def looked(self, passport: Passport, address: str) -> None:
        """Count a look from there. Never fails and waits for nothing."""
        ...

    def check_pin(self, code: str, pin: str) -> PinAnswer:
        """`pin`: as typed. "none": no such stamp, or it has no PIN."""
        ...


class Translate(Protocol):
    """An English msgid with named parameters becomes a sentence: `bot.i18n.sentence`."""

    def __call__(self, msgid: str, language: str, **params: Param) -> str: ...
