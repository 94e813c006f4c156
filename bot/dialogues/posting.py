"""What is known of a posting that is not saved yet: its lines, and where we are with it.

The dialogue `post` is held here, because its steps fill several files: `post` until the goods are on sale, `correct`
and `price` from then on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from bot.dialogue import Dialogue
from bot.understand.lunar import LunarDay

post = Dialogue("post")


@dataclass(frozen=True, slots=True)
class Line:
    """One product, as far as she has told us.

    words: what she called it, while we do not know which product that is. quantity: in the product's own unit.
    price_vnd: what she gets per unit; None stands for her last price, unless `asks_price`: then she named another one
    that we have to ask for. sure: a price far from her last one is meant. day_unclear: her words for a day that we do
    not understand, so that we have to ask for it. lunar: the day as she named it, `rằm này`. told, told_unit: an amount
    of goods that we do not know yet, as she said it; the price is for that unit then. named: she has chosen among the
    products that her words may mean.
    """

    product_id: int | None = None
    words: str = ""
    quantity: Decimal | None = None
    price_vnd: int | None = None
    asks_price: bool = False
    sure: bool = False
    available_from: date | None = None
    day_unclear: str = ""
    lunar: LunarDay | None = None
    told: Decimal | None = None
    told_unit: str | None = None
    named: bool = False

    def over(self, old: "Line") -> "Line":
        """This, and where it says nothing, what was said before."""
        price = self if self.price_vnd is not None or self.asks_price else old
        day = self if self.available_from is not None or self.day_unclear else old
        unknown = old if self.quantity is None and self.told is None and self.told_unit is None else self
        return replace(
            self,
            quantity=old.quantity if self.quantity is None else self.quantity,
            price_vnd=price.price_vnd,
            asks_price=price.asks_price,
            sure=price.sure,
            available_from=day.available_from,
            day_unclear=day.day_unclear,
            lunar=day.lunar,
            told=unknown.told,
            told_unit=unknown.told_unit,
        )


@dataclass(frozen=True, slots=True)
class Draft:
    """A posting that is not saved yet.

    id: makes saving it twice one thing. asked_on: the day of its last question. by_steps: she is led from question to
    question, so that her last price is asked for and not only read back.
    """

    id: str
    asked_on: date
    lines: tuple[Line, ...] = ()
    by_steps: bool = False

    def having(self, place: int, line: Line) -> "Draft":
        """The same draft with another line at that place, which may be the one behind the last."""
        return replace(self, lines=(*self.lines[:place], line, *self.lines[place + 1 :]))

    def without(self, place: int) -> "Draft":
        return replace(self, lines=(*self.lines[:place], *self.lines[place + 1 :]))

    def adding(self, lines: Sequence[Line]) -> "Draft":
        """With these lines too; what is new about a product that is there already goes over what was."""
        kept: dict[int | str, Line] = {line.product_id or line.words: line for line in self.lines}
        for line in lines:
            key = line.product_id or line.words
            kept[key] = line.over(kept[key]) if key in kept else line
        return replace(self, lines=tuple(kept.values()))


# Where we are


@dataclass(frozen=True, slots=True)
class Choosing:
    """Which goods? `place` is the line that is asked about; the one behind the last if nothing was said yet."""

    draft: Draft
    place: int = 0


@dataclass(frozen=True, slots=True)
class Naming:
    """Something else: what is it called?"""

    draft: Draft
    place: int = 0


@dataclass(frozen=True, slots=True)
class Unlisted:
    """The co-op does not sell that yet: shall we ask it to?"""

    draft: Draft
    place: int
    words: str


@dataclass(frozen=True, slots=True)
class Counting:
    """How many are there?"""

    draft: Draft
    place: int


@dataclass(frozen=True, slots=True)
class Pricing:
    """Still the last price?"""

    draft: Draft
    place: int


@dataclass(frozen=True, slots=True)
class Valuing:
    """What is the price?"""

    draft: Draft
    place: int


@dataclass(frozen=True, slots=True)
class Doubting:
    """That price is far from her last one, or from what others get: which does she mean?"""

    draft: Draft
    place: int
    price_vnd: int


@dataclass(frozen=True, slots=True)
class Dating:
    """From which day? She named one that we do not understand."""

    draft: Draft
    place: int


@dataclass(frozen=True, slots=True)
class Confirming:
    """All of it is read back: right?"""

    draft: Draft


@dataclass(frozen=True, slots=True)
class Changing:
    """Something is not right: which line, what of it? `place` is -1 while we do not know the line."""

    draft: Draft
    place: int


@dataclass(frozen=True, slots=True)
class Returning:
    """She comes back after a day or more: go on? `quantity` is what she has just answered to the old question."""

    draft: Draft
    place: int = 0
    quantity: Decimal | None = None


Asking = Choosing | Unlisted | Counting | Pricing | Valuing | Doubting | Dating | Confirming

UnderWay = Asking | Naming | Changing | Returning
