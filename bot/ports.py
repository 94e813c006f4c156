"""What a dialogue may read: small values, and the protocols that look them up.

The worker builds these over the turn's own session (`bot.run.reading`); tests use `tests.fakes`. Names and sentences
come in the language of the person. Nothing here writes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from bot.reply import Receipt

MISSES_AN_HOUR = 20
"""So many codes that are in nobody's book, and none of hers is looked up for the rest of the hour."""


@dataclass(frozen=True, slots=True)
class Goods:
    """A product as a customer sees it now."""

    id: int
    name: str  # Mật ong rừng 500 ml
    label: str  # Mật ong rừng
    short: str  # mật
    emoji: str
    unit: str  # chai
    pieces: int  # how many single things one unit is, for units like chục: 10; otherwise 1
    step: Decimal  # smallest amount and its multiples, in `unit`
    price_vnd: int
    left: Decimal  # what can be ordered, in `unit`
    code: str  # trace code of the newest lot on sale, or empty
    category: str
    weight_g: int  # of one unit, for the delivery fee
    seller_id: int
    seller: str
    image: str  # path under the public address, or empty
    fee_vnd: int = 0  # the co-op's part of `price_vnd`
    ten: int = 10  # how many pieces a chục is at its co-op


@dataclass(frozen=True, slots=True)
class Found:
    """A product that words may mean, and how surely: 0…100."""

    goods: Goods
    score: float


@dataclass(frozen=True, slots=True)
class DiaryEntry:
    on: date
    kind: str  # fertilise, spray, stop_spray, harvest, pack, inspect, …
    words: str


@dataclass(frozen=True, slots=True)
class Certificate:
    name: str
    valid_until: date


@dataclass(frozen=True, slots=True)
class Oddity:
    """What is odd about the looks at a stamp: `catalog.signs` says when. days: how long ago the first look was.

    sign: "many" people looked at a package on sale; "early": before it was activated; "sold", "used", "expired": after.
    """

    sign: str
    people: int
    days: int
    first_on: date


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a trace code leads to. Of one that is bound to no lot yet ("printed") only the goods are known.

    state, the first that is true: "recalled" (its lot), "void" (by the co-op), "printed" (not activated),
    "expired" (its lot), "draft" (its lot is not in the book yet), "used", "sold", "active".
    """

    code: str
    kind: str  # "lot" or "unit"
    state: str
    goods: Goods
    number: str  # the lot's own number
    producer: str  # bà Bùi Thị Mến
    place: str  # xã Đà Bắc
    harvest_verb: str  # cắt, quay mật, đóng gói
    harvested_on: date | None
    best_before: date | None
    fresh: bool  # "dùng ngon đến" rather than "hạn dùng"
    diary: tuple[DiaryEntry, ...]
    certificates: tuple[Certificate, ...]  # those valid today
    recall_reason: str
    recall_advice: str
    seller: str
    here: bool = True  # whether this account sells the goods of that co-op
    lot_id: int | None = field(default=None, compare=False)
    odd: Oddity | None = None


@dataclass(frozen=True, slots=True)
class LotName:
    """By what somebody may name a lot that she keeps."""

    id: int
    number: str
    goods: Goods


@dataclass(frozen=True, slots=True)
class LotView:
    """A lot that may still be written to or printed for, as its producer or staff see it."""

    id: int
    number: str
    state: str  # "draft", "active"
    goods: Goods
    called: str  # Cam: what its producer calls it
    producer: str  # bà Bùi Thị Mến
    place: str
    harvested_on: date | None
    best_before: date | None
    amount: str  # 120 kg
    code: str  # 12 digits, of the lot as a whole; empty if it has none
    diary: tuple[DiaryEntry, ...]
    lacks: tuple[str, ...]  # rows of `catalog.passport` that have nothing yet
    wrong: tuple[str, ...]  # of `catalog.passport.wrong_dates`
    harvest_verb: str = ""  # cắt, quay mật, đóng gói


@dataclass(frozen=True, slots=True)
class Contact:
    id: int
    name: str
    phone: str  # 0912 345 678
    address: str


@dataclass(frozen=True, slots=True)
class Me:
    """Whom we are talking to, and for whom we speak."""

    person_id: int | None
    role: str  # "customer", "producer", "staff"
    language: str
    you: str  # anh/chị, chị, bác, …
    name: str  # given name, or empty
    consents: frozenset[str]  # purposes agreed to
    contact: Contact | None
    coop: str  # HTX Suối Mây
    shop: str  # 12 Lê Lợi, or empty
    clerk: str  # chị Hoa: who answers for the co-op
    clerk_phone: str
    demo: bool


@dataclass(frozen=True, slots=True)
class OrderView:
    code: str
    status: str  # of catalog.order.Status
    total_vnd: int
    lines: str  # 2 gói miến
    expected_on: date | None
    placed_on: date
    receipt: Receipt | None = field(default=None, compare=False)  # of an order that was asked for by its code


@dataclass(frozen=True, slots=True)
class Grown:
    """A product that this producer sells, and her last posting of it."""

    goods: Goods
    called: str  # Cam: what she calls it
    price_vnd: int  # what she got last
    shown_vnd: int
    fee_vnd: int
    offer_id: int | None  # her newest posting, with its amounts
    posted: Decimal
    left: Decimal
    posted_at: datetime | None
    available_from: date | None
    standing: tuple[tuple[int, Decimal], ...] = ()  # every posting with something left, oldest first: offer, how much

    @property
    def in_all(self) -> Decimal:
        """What is left of all her postings."""
        return sum((left for _, left in self.standing), Decimal(0))


@dataclass(frozen=True, slots=True)
class Fee:
    """A row of the co-op's delivery table."""

    carrier: str
    fee_vnd: int
    days_min: int
    days_max: int


@dataclass(frozen=True, slots=True)
class PartView:
    """A producer's share of an order, for her notice."""

    order_code: str
    lines: tuple[tuple[str, str, Decimal, str, int], ...]  # emoji, what she calls it, quantity, unit, her money
    total_vnd: int
    stands: bool = True  # not cancelled


class Shelf(Protocol):
    """The goods of this account's co-op, or of all co-ops for an Alliance."""

    def on_sale(self) -> Sequence[Goods]:
        """All that can be ordered now, in the co-op's own order."""
        ...

    def get(self, product_id: int) -> Goods | None: ...

    def search(self, words: str, limit: int = 4) -> Sequence[Found]:
        """Best first. Empty if nothing comes near."""
        ...

    def fees(self, seller_id: int, weight_g: int) -> Sequence[Fee]:
        """Ways to deliver, cheapest first. Empty: it can only be picked up."""
        ...


class Book(Protocol):
    """The trace codes."""

    def stamp(self, code: str) -> Stamp | None:
        """`code`: 12 digits."""
        ...

    def near(self, code: str) -> str | None:
        """The one active lot code that is one slip away (a digit, or two neighbours swapped), if it is only one."""
        ...

    def invited(self, code: str) -> bool:
        """Whether this is an invitation, or was one: used and expired ones are not stamps either."""
        ...


class Orders(Protocol):
    def mine(self) -> Sequence[OrderView]:
        """This conversation's orders, newest first."""
        ...

    def by_code(self, code: str) -> OrderView | None:
        """Only if it belongs to this conversation or this person's phone."""
        ...

    def part(self, part_id: int) -> PartView | None: ...


class Garden(Protocol):
    """What the producer in this conversation grows."""

    def grown(self) -> Sequence[Grown]:
        """Newest posting first; all that she ever named."""
        ...


class Lots(Protocol):
    """The lots that this person keeps: a producer her own, staff those of their co-op. Nobody else has any."""

    def open(self, product_id: int | None = None) -> Sequence[LotView]:
        """Neither recalled nor past its day, the newest first and those without a day last; at most 20."""
        ...

    def names(self) -> Sequence[LotName]:
        """All of them, in the same order."""
        ...

    def get(self, lot_id: int) -> LotView | None:
        """None where it is not open, or somebody else's."""
        ...


class Press(Protocol):
    """What has to be known before stamps are printed in this conversation."""

    def may(self, lot: LotView, count: int) -> bool:
        """Whether she may print so many for this lot today."""
        ...

    def left(self, lot: LotView) -> int:
        """How many stamps the co-op that sells it has left."""
        ...

    def fits(self, lot: LotView) -> bool:
        """Whether the stamp's address fits on a label; else nothing can be printed here at all."""
        ...

    def path(self, sheet_id: int) -> str:
        """The sheet's address inside the house, for a channel that carries files."""
        ...

    def link(self, token: str) -> str:
        """The public address that gives the sheet once, within a day."""
        ...


class Ports(Protocol):
    """All that a step can know besides its state and its event."""

    @property
    def me(self) -> Me: ...
    @property
    def now(self) -> datetime:
        """The turn's moment, aware, in the co-op's time zone."""
        ...

    @property
    def fresh_id(self) -> str:
        """An id that belongs to this one message: the same if the turn is repeated."""
        ...

    @property
    def lot_in_view(self) -> str:
        """The trace code that was looked at last, or empty."""
        ...

    @property
    def suggested_lately(self) -> int:
        """How often within the last hour we named a code that she might have meant."""
        ...

    @property
    def missed_lately(self) -> int:
        """How often within the last hour she gave a code that is in nobody's book."""
        ...

    @property
    def shelf(self) -> Shelf: ...
    @property
    def book(self) -> Book: ...
    @property
    def orders(self) -> Orders: ...
    @property
    def garden(self) -> Garden: ...
    @property
    def lots(self) -> Lots: ...
    @property
    def press(self) -> Press: ...
