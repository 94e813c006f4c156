"""How an order is written down: the order, its lines, a part for each household that packs, and what each comes from.

Whoever calls has made sure that it may be placed and has taken the stock. One INSERT for each table, whatever the
number of its rows, and the ids come back with them: six statements where objects took thirteen.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from catalog.acts import News, Who
from catalog.acts.order import PlaceOrder
from catalog.acts.standing import name_of
from catalog.audit import Audit
from catalog.db import Base, vault_of
from catalog.money import worth
from catalog.order import Order, OrderLine, Status
from catalog.part import Allocation, Part, PartStatus
from catalog.stock import Share

_CODE_TRIES = 20

_ORDERS, _LINES, _PARTS, _ALLOCATIONS, _AUDIT = (
    Base.metadata.tables[one.__tablename__] for one in (Order, OrderLine, Part, Allocation, Audit)
)
_WITH_A_FREE_CODE = {
    "sqlite": sqlite.insert(_ORDERS).on_conflict_do_nothing(index_elements=["code"]).returning(_ORDERS.c.id),
    "postgresql": postgresql.insert(_ORDERS).on_conflict_do_nothing(index_elements=["code"]).returning(_ORDERS.c.id),
}
_ADD_LINES = insert(_LINES).returning(_LINES.c.id, _LINES.c.order_id, _LINES.c.product_id)
_ADD_PARTS = insert(_PARTS).returning(_PARTS.c.id, _PARTS.c.order_id, _PARTS.c.organisation_id)
_ADD_ALLOCATIONS = insert(_ALLOCATIONS)
_ADD_AUDIT = insert(_AUDIT)


@dataclass(frozen=True, slots=True)
class Line:
    """All that is ordered of one product, at `price_vnd` for a unit. code: the stamp that it was bought from first."""

    product_id: int
    quantity: Decimal
    price_vnd: int
    code: str = ""

    @property
    def total_vnd(self) -> int:
        return worth(self.price_vnd, self.quantity)


@dataclass(frozen=True, slots=True)
class Draft:
    """One order to be: what goes to one seller. carrier: empty where it is picked up."""

    seller_id: int
    lines: Sequence[Line]
    carrier: str
    fee_vnd: int
    expected_on: date

    @property
    def goods_vnd(self) -> int:
        return sum(line.total_vnd for line in self.lines)

    @property
    def total_vnd(self) -> int:
        return self.goods_vnd + self.fee_vnd


@dataclass(frozen=True, slots=True)
class Booked:
    """An order as it was written down."""

    id: int
    code: str
    draft: Draft


def book(
    db: Session,
    who: Who,
    command: PlaceOrder,
    drafts: Sequence[Draft],
    shares: Sequence[Share],
    *,
    person_id: int | None,
    make_code: Callable[[], str],
) -> tuple[Sequence[Booked], Sequence[News]]:
    """The orders, one for each draft, and the news for the producers, one for each part that somebody has to hear of.

    shares: what was taken for the drafts, all together.
    """
    note = vault_of(db).seal(command.note.encode()) if command.note else None
    orders = []
    for draft in drafts:
        values = {
            "draft_id": command.draft_id,
            "seller_id": draft.seller_id,
            "account_id": who.account_id,
            "conversation_id": who.conversation_id,
            "person_id": person_id,
            "contact_id": command.contact_id,
            "way": command.way,
            "carrier": draft.carrier,
            "status": Status.PLACED,
            "status_at": who.now,
            "goods_vnd": draft.goods_vnd,
            "fee_vnd": draft.fee_vnd,
            "total_vnd": draft.total_vnd,
            "note": note,
            "source_code": next((line.code for line in draft.lines if line.code), ""),
            "placed_at": who.now,
            "expected_on": draft.expected_on,
        }
        orders.append(Booked(*_with_a_free_code(db, values, make_code), draft))
    news = _fill(db, who, orders, shares)
    db.execute(_ADD_AUDIT, [_entry(who, person_id, order.id) for order in orders])
    return orders, news


def _with_a_free_code(db: Session, values: Mapping[str, object], make_code: Callable[[], str]) -> tuple[int, str]:
    """Id and code of the new order: a code that nobody has. Raises IntegrityError if something else stands against it,
    and LookupError where every code that was drawn is somebody's."""
    add = _WITH_A_FREE_CODE[db.get_bind().dialect.name]
    for _ in range(_CODE_TRIES):
        code = make_code()
        order_id = db.scalar(add, {**values, "code": code})
        if order_id is not None:
            return order_id, code
    raise LookupError(f"{_CODE_TRIES} order codes that were drawn are taken")


def _fill(db: Session, who: Who, orders: Sequence[Booked], shares: Sequence[Share]) -> list[News]:
    """Lines, parts and allocations. A household packs its share of an order as one part of it."""
    lines = [
        {
            "order_id": order.id,
            "product_id": line.product_id,
            "quantity": line.quantity,
            "price_vnd": line.price_vnd,
            "total_vnd": line.total_vnd,
            "trace_code": line.code,
        }
        for order in orders
        for line in order.draft.lines
    ]
    line_of = {row.product_id: row for row in db.execute(_ADD_LINES, lines)}
    packed: dict[tuple[int, int], list[Share]] = defaultdict(list)
    for share in shares:
        packed[line_of[share.product_id].order_id, share.organisation_id].append(share)
    parts = [
        {
            "order_id": order_id,
            "organisation_id": organisation_id,
            "person_id": _producer(hers),
            "status": PartStatus.ASKED,
            "status_at": who.now,
            "total_vnd": sum(worth(share.price_vnd, share.quantity) for share in hers),
        }
        for (order_id, organisation_id), hers in packed.items()
    ]
    part_ids = {(row.order_id, row.organisation_id): row.id for row in db.execute(_ADD_PARTS, parts)}
    allocations = [
        {
            "part_id": part_ids[whose],
            "order_line_id": line_of[share.product_id].id,
            "offer_id": share.offer_id,
            "lot_id": share.lot_id,
            "quantity": share.quantity,
            "price_vnd": share.price_vnd,
        }
        for whose, hers in packed.items()
        for share in hers
    ]
    db.execute(_ADD_ALLOCATIONS, allocations)
    told = ((_producer(hers), part_ids[whose]) for whose, hers in packed.items())
    return [News(producer_id, "order", part_id) for producer_id, part_id in told if producer_id is not None]


def _producer(hers: Sequence[Share]) -> int | None:
    """Who has to hear of a part; None where the co-op itself packs it."""
    return next((share.person_id for share in hers if share.person_id is not None), None)


def _entry(who: Who, person_id: int | None, order_id: int) -> dict[str, Any]:
    return {"done_at": who.now, "who": name_of(who, person_id), "what": "order", "subject": f"order:{order_id}"}
