"""A producer puts goods on sale, corrects herself, takes it back."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from catalog.acts import Command, Result


@dataclass(frozen=True, slots=True)
class Posting:
    """One product to put on sale: `quantity` in the product's unit, `price_vnd` what she gets per unit."""

    product_id: int
    quantity: Decimal
    price_vnd: int
    available_from: date


@dataclass(frozen=True, slots=True)
class PostOffers(Command):
    """Put goods of the person's own household on sale. Twice with one `draft_id` is once."""

    draft_id: str
    items: tuple[Posting, ...]


@dataclass(frozen=True, slots=True)
class PostedOffer:
    offer_id: int
    product_id: int
    quantity: Decimal
    price_vnd: int  # what she gets
    shown_vnd: int  # what customers see
    fee_vnd: int  # the co-op's part of it; less or more than the difference where the shown price did not follow hers


@dataclass(frozen=True, slots=True)
class Posted(Result):
    offers: tuple[PostedOffer, ...]


@dataclass(frozen=True, slots=True)
class WithdrawOffers(Command):
    """Undo a posting: what is not sold yet goes off sale. Refused for somebody else's."""

    offer_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Withdrawn(Result):
    offer_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CorrectOffer(Command):
    """She meant another amount: the posting is set to `quantity` in all, sold included."""

    offer_id: int
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Corrected(Result):
    offer_id: int
    before: Decimal
    quantity: Decimal
    price_vnd: int
    sold: Decimal


@dataclass(frozen=True, slots=True)
class SoldMore(Result):
    """Nothing was changed: customers ordered more than that already. A person of the co-op has to look."""

    offer_id: int
    sold: Decimal
