"""Placing and cancelling orders."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal

from catalog.acts import Command, Result

FROZEN = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One line of a cart: `quantity` in the product's own unit, `price_vnd` what we said it costs per unit, and when.

    What was said holds for a day (`FROZEN`); without `said_at` it has to be today's price.
    """

    product_id: int
    quantity: Decimal
    price_vnd: int
    code: str = ""  # the stamp it was bought from, 12 digits
    said_at: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Whether the price that we said still binds us."""
        return self.said_at is not None and now - self.said_at <= FROZEN


@dataclass(frozen=True, slots=True)
class PlaceOrder(Command):
    """Make the orders of one draft: one per seller of record. Doing it twice gives the same orders back."""

    draft_id: str
    lines: tuple[Wanted, ...]
    way: Literal["delivery", "pickup"]
    contact_id: int | None  # None only for a pick-up without consent
    fee_vnd: int  # what we said the delivery costs, all sellers together
    note: str = ""


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    code: str  # DH and four characters
    seller: str
    total_vnd: int  # goods and fee
    expected_on: date


@dataclass(frozen=True, slots=True)
class Placed(Result):
    orders: tuple[PlacedOrder, ...]


@dataclass(frozen=True, slots=True)
class SoldOut(Result):
    """Nothing was placed: there is less than wanted of these. `left` per product id, in its own unit."""

    left: tuple[tuple[int, Decimal], ...]


@dataclass(frozen=True, slots=True)
class PriceMoved(Result):
    """Nothing was placed: these cost something else by now (new price per product id), or the fee moved."""

    prices: tuple[tuple[int, int], ...]
    fee_vnd: int


@dataclass(frozen=True, slots=True)
class CancelOrder(Command):
    """Cancel an order that has not left yet; its stock goes back."""

    code: str


@dataclass(frozen=True, slots=True)
class Cancelled(Result):
    code: str


@dataclass(frozen=True, slots=True)
class TooLate(Result):
    """It is on its way, delivered or cancelled already; `status` says which."""

    code: str
    status: str
