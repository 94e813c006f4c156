"""How an order is placed: one for each seller of record, its stock taken, its producers found, all of it or nothing.

What has to be known is read as columns, by statements that are made once, and written past the session's objects: an
order from two producers is 12 statements where it was 27 with four savepoints around them. Measured in turns on a busy
machine: 5.1 → 1.4 ms of CPU on SQLite, 9.9 → 2.5 on PostgreSQL.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, bindparam, exists, select
from sqlalchemy.orm import Session

from catalog.account import Account
from catalog.acts import News, Refused, Result, Who
from catalog.acts.booking import Draft, Line, book
from catalog.acts.order import Placed, PlacedOrder, PlaceOrder, PriceMoved, SoldOut
from catalog.acts.standing import CONVERSATION, is_mine, shows
from catalog.consent import Consent
from catalog.contact import Contact
from catalog.db import Base, vault_of
from catalog.delivery import DeliveryFee, carrying
from catalog.lot import Lot, LotState
from catalog.money import grams
from catalog.order import Order, orders_of_draft
from catalog.organisation import Organisation
from catalog.product import Product
from catalog.stamp import TraceCode
from catalog.stock import take_all

_ACCOUNT, _CONSENT, _CONTACT, _FEE, _LOT, _ORDERS, _PRODUCT, _SELLER, _STAMP = (
    Base.metadata.tables[one.__tablename__]
    for one in (Account, Consent, Contact, DeliveryFee, Lot, Order, Product, Organisation, TraceCode)
)
_OWN = _SELLER.alias("own")

_BUYER = (
    select(
        CONVERSATION.c.person_id,
        _CONTACT.c.person_id.label("reached_there"),
        _CONTACT.c.phone,
        _CONTACT.c.address,
        exists()
        .where(
            _CONSENT.c.person_id == CONVERSATION.c.person_id,
            _CONSENT.c.purpose == "order",
            _CONSENT.c.withdrawn_at.is_(None),
        )
        .label("agreed"),
        exists().where(_ORDERS.c.draft_id == bindparam("draft_id")).label("placed"),
    )
    .select_from(CONVERSATION.outerjoin(_CONTACT, _CONTACT.c.id == bindparam("contact_id", type_=_CONTACT.c.id.type)))
    .where(CONVERSATION.c.id == bindparam("conversation_id"))
)
_GOODS = (
    select(
        _PRODUCT.c.id,
        _PRODUCT.c.organisation_id.label("seller_id"),
        _PRODUCT.c.weight_g,
        _PRODUCT.c.price_vnd,
        _SELLER.c.short_name.label("seller"),
    )
    .join_from(_PRODUCT, _SELLER, _SELLER.c.id == _PRODUCT.c.organisation_id)
    .join(_ACCOUNT, _ACCOUNT.c.id == bindparam("account_id"))
    .join(_OWN, and_(_OWN.c.id == _ACCOUNT.c.organisation_id, shows(_OWN, _SELLER)))
    .where(_PRODUCT.c.id.in_(bindparam("product_ids", expanding=True)))
    .order_by(_PRODUCT.c.id)
)
_RECALLED = (
    select(_STAMP.c.code)
    .join_from(_STAMP, _LOT, _LOT.c.id == _STAMP.c.lot_id)
    .where(_STAMP.c.code.in_(bindparam("codes", expanding=True)), _LOT.c.state == LotState.RECALLED)
)
_FEES = select(_FEE).where(_FEE.c.organisation_id.in_(bindparam("seller_ids", expanding=True)), _FEE.c.zone == "")


@dataclass(frozen=True, slots=True)
class _Goods:
    """A product that is on sale here. price_vnd: what we said while that still holds, else today's."""

    line: Line
    seller_id: int
    weight_g: int
    seller: str


def place(db: Session, who: Who, command: PlaceOrder, make_code: Callable[[], str]) -> tuple[Result, Sequence[News]]:
    """Placed, PriceMoved, SoldOut or Refused. The news is for the producers, one for each part."""
    db.flush()
    asked = {"conversation_id": who.conversation_id, "contact_id": command.contact_id, "draft_id": command.draft_id}
    buyer = db.execute(_BUYER, asked).one()
    if buyer.placed:
        return _placed_before(db, who, command, buyer.person_id), ()
    goods = _goods(db, who, command)
    if not goods or not _may_deliver_to(db, buyer, command):
        return Refused(), ()
    drafts = _drafts(db, who, goods, command)
    if drafts is None:
        return Refused(), ()
    moved = _moved(goods, drafts, command)
    if moved is not None:
        return moved, ()
    recalled = _recalled(db, goods)
    if recalled:
        return SoldOut(tuple((product_id, Decimal(0)) for product_id in recalled)), ()
    wanted = {one.line.product_id: one.line.quantity for one in goods}
    shares, short = take_all(db, wanted, who.tomorrow, ref=command.draft_id, at=who.now)
    if short:
        return SoldOut(tuple(short.items())), ()
    orders, news = book(db, who, command, drafts, shares, person_id=buyer.person_id, make_code=make_code)
    names = {one.seller_id: one.seller for one in goods}
    placed = (
        PlacedOrder(order.code, names[order.draft.seller_id], order.draft.total_vnd, order.draft.expected_on)
        for order in orders
    )
    return Placed(tuple(placed)), news


def _recalled(db: Session, goods: Sequence[_Goods]) -> list[int]:
    """Products that she wants of a lot which has been recalled since: she gets none of another lot unasked."""
    codes = {one.line.code: one.line.product_id for one in goods if one.line.code}
    if not codes:
        return []
    return sorted({codes[code] for code in db.scalars(_RECALLED, {"codes": list(codes)})})


def _placed_before(db: Session, who: Who, command: PlaceOrder, person_id: int | None) -> Result:
    """The same command once more."""
    before = orders_of_draft(db, command.draft_id)
    if not all(is_mine(order, who, person_id) for order in before):
        return Refused()
    sellers = select(_SELLER.c.id, _SELLER.c.short_name).where(_SELLER.c.id.in_([order.seller_id for order in before]))
    names = dict(db.execute(sellers).all())
    return Placed(
        tuple(PlacedOrder(order.code, names[order.seller_id], order.total_vnd, order.expected_on) for order in before)
    )


def _goods(db: Session, who: Who, command: PlaceOrder) -> list[_Goods]:
    """One for each product, in ascending id; empty if any of it is not for sale here or is no amount of it."""
    wanted: dict[int, Decimal] = defaultdict(Decimal)
    codes: dict[int, str] = defaultdict(str)
    said = {line.product_id: line.price_vnd for line in command.lines if line.holds(who.now)}
    for line in command.lines:
        wanted[line.product_id] += line.quantity
        codes[line.product_id] = codes[line.product_id] or line.code
    if any(line.quantity <= 0 for line in command.lines):
        return []
    found = db.execute(_GOODS, {"product_ids": sorted(wanted), "account_id": who.account_id}).all()
    if len(found) < len(wanted):
        return []
    return [
        _Goods(
            Line(row.id, wanted[row.id], said.get(row.id, row.price_vnd), codes[row.id]),
            row.seller_id,
            row.weight_g,
            row.seller,
        )
        for row in found
    ]


def _may_deliver_to(db: Session, buyer: Any, command: PlaceOrder) -> bool:
    """Her own contact, kept with her consent and whole enough to deliver to; none only where she picks it up.

    buyer: the row of `_BUYER`.
    """
    if command.contact_id is None:
        return command.way == "pickup"
    if buyer.person_id is None or buyer.reached_there != buyer.person_id or not buyer.agreed:
        return False
    return command.way == "pickup" or all(vault_of(db).open(field) for field in (buyer.phone, buyer.address))


def _drafts(db: Session, who: Who, goods: Sequence[_Goods], command: PlaceOrder) -> list[Draft] | None:
    """By seller, in ascending id; None if one of them does not deliver so much."""
    by_seller: dict[int, list[_Goods]] = defaultdict(list)
    for one in goods:
        by_seller[one.seller_id].append(one)
    sellers = sorted(by_seller)
    if command.way == "pickup":
        return [_draft(seller_id, by_seller[seller_id], "", 0, who.tomorrow) for seller_id in sellers]
    fees = db.execute(_FEES, {"seller_ids": sellers}).all()
    drafts = []
    for seller_id in sellers:
        weight_g = grams((one.weight_g, one.line.quantity) for one in by_seller[seller_id])
        rows = carrying((row for row in fees if row.organisation_id == seller_id), weight_g)
        if not rows:
            return None
        arrives = who.today + timedelta(days=rows[0].days_max)
        drafts.append(_draft(seller_id, by_seller[seller_id], rows[0].carrier, rows[0].fee_vnd, arrives))
    return drafts


def _draft(seller_id: int, goods: Sequence[_Goods], carrier: str, fee_vnd: int, expected_on: date) -> Draft:
    return Draft(seller_id, [one.line for one in goods], carrier, fee_vnd, expected_on)


def _moved(goods: Sequence[_Goods], drafts: Sequence[Draft], command: PlaceOrder) -> PriceMoved | None:
    price_vnd = {one.line.product_id: one.line.price_vnd for one in goods}
    moved = {wanted.product_id for wanted in command.lines if wanted.price_vnd != price_vnd[wanted.product_id]}
    fee_vnd = sum(draft.fee_vnd for draft in drafts)
    if not moved and fee_vnd == command.fee_vnd:
        return None
    return PriceMoved(tuple((product_id, price_vnd[product_id]) for product_id in sorted(moved)), fee_vnd)
