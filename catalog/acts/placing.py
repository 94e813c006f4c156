"""How an order is placed: one for each seller of record, its stock taken, its producers found, all of it or nothing."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from catalog.acts import News, Refused, Result, Who
from catalog.acts.order import Placed, PlacedOrder, PlaceOrder, PriceMoved, SoldOut
from catalog.acts.standing import is_mine, name_of, organisation_of, person_of
from catalog.audit import record
from catalog.consent import purposes_of
from catalog.contact import Contact, read_contact
from catalog.db import vault_of
from catalog.delivery import DeliveryFee, fees_for
from catalog.money import grams, worth
from catalog.offer import Offer, left_of
from catalog.order import Order, OrderLine, Status, orders_of_draft
from catalog.organisation import Organisation, sellers_shown_by
from catalog.part import Allocation, Part, PartStatus
from catalog.product import Product
from catalog.stock import take

_CODE_TRIES = 20
Shares = dict[int, list[tuple[int, Decimal]]]
"""Product id → (offer id, how much of it), as they were taken."""


@dataclass(frozen=True, slots=True)
class _Line:
    """All that is wanted of one product."""

    product: Product
    quantity: Decimal
    code: str  # the stamp that it was bought from first
    price_vnd: int  # what we said while that still holds, else today's

    @property
    def total_vnd(self) -> int:
        return worth(self.price_vnd, self.quantity)


@dataclass(frozen=True, slots=True)
class _Draft:
    """One order to be: what goes to one seller, and the row of her fee table that carries it."""

    seller_id: int
    lines: Sequence[_Line]
    fee: DeliveryFee | None  # None: it is picked up

    @property
    def fee_vnd(self) -> int:
        return 0 if self.fee is None else self.fee.fee_vnd


def place(db: Session, who: Who, command: PlaceOrder, make_code: Callable[[], str]) -> tuple[Result, Sequence[News]]:
    """Placed, PriceMoved, SoldOut or Refused. The news is for the producers, one for each part."""
    person_id = person_of(db, who)
    before = orders_of_draft(db, command.draft_id)
    if before:
        mine = all(is_mine(order, who, person_id) for order in before)
        return (_placed(db, before) if mine else Refused()), ()
    lines = _lines(db, who, command)
    if not lines or not _may_deliver_to(db, person_id, command):
        return Refused(), ()
    drafts = _drafts(db, lines, command)
    if drafts is None:
        return Refused(), ()
    moved = _moved(lines, drafts, command)
    if moved is not None:
        return moved, ()
    with db.begin_nested() as savepoint:
        shares, short = _take(db, who, lines, command.draft_id)
        if short:
            savepoint.rollback()
    if short:
        left = left_of(db, short, who.tomorrow)
        return SoldOut(tuple((product_id, left[product_id]) for product_id in short)), ()
    orders, news = [], []
    for draft in drafts:
        order = _order(db, who, command, draft, person_id=person_id, make_code=make_code)
        orders.append(order)
        news += _fill(db, who, order, draft, shares)
        record(db, name_of(who, person_id), "order", f"order:{order.id}", who.now)
    db.flush()
    return _placed(db, orders), news


def _lines(db: Session, who: Who, command: PlaceOrder) -> list[_Line]:
    """One for each product, in ascending id; empty if any of it is not for sale here or is no amount of it."""
    wanted: dict[int, Decimal] = defaultdict(Decimal)
    codes: dict[int, str] = defaultdict(str)
    said = {line.product_id: line.price_vnd for line in command.lines if line.holds(who.now)}
    for line in command.lines:
        wanted[line.product_id] += line.quantity
        codes[line.product_id] = codes[line.product_id] or line.code
    shown = Product.organisation_id.in_(sellers_shown_by(db, organisation_of(db, who)))
    goods = db.scalars(
        select(Product).where(Product.id.in_(wanted), shown).order_by(Product.id),
        execution_options={"populate_existing": True},
    ).all()
    if len(goods) < len(wanted) or any(line.quantity <= 0 for line in command.lines):
        return []
    return [
        _Line(product, wanted[product.id], codes[product.id], said.get(product.id, product.price_vnd))
        for product in goods
    ]


def _may_deliver_to(db: Session, person_id: int | None, command: PlaceOrder) -> bool:
    """Her own contact, kept with her consent and whole enough to deliver to; none only where she picks it up."""
    if command.contact_id is None:
        return command.way == "pickup"
    contact = db.get(Contact, command.contact_id)
    if person_id is None or contact is None or contact.person_id != person_id:
        return False
    if "order" not in purposes_of(db, person_id):
        return False
    words = read_contact(db, contact)
    return command.way == "pickup" or bool(words.phone and words.address)


def _drafts(db: Session, lines: Sequence[_Line], command: PlaceOrder) -> list[_Draft] | None:
    """By seller, in ascending id; None if one of them does not deliver so much."""
    by_seller: dict[int, list[_Line]] = defaultdict(list)
    for line in lines:
        by_seller[line.product.organisation_id].append(line)
    drafts = []
    for seller_id in sorted(by_seller):
        fee = None
        if command.way == "delivery":
            weight_g = grams((line.product.weight_g, line.quantity) for line in by_seller[seller_id])
            table = fees_for(db, seller_id, weight_g)
            if not table:
                return None
            fee = table[0]
        drafts.append(_Draft(seller_id, by_seller[seller_id], fee))
    return drafts


def _moved(lines: Sequence[_Line], drafts: Sequence[_Draft], command: PlaceOrder) -> PriceMoved | None:
    price_vnd = {line.product.id: line.price_vnd for line in lines}
    moved = {wanted.product_id for wanted in command.lines if wanted.price_vnd != price_vnd[wanted.product_id]}
    fee_vnd = sum(draft.fee_vnd for draft in drafts)
    if not moved and fee_vnd == command.fee_vnd:
        return None
    return PriceMoved(tuple((product_id, price_vnd[product_id]) for product_id in sorted(moved)), fee_vnd)


def _take(db: Session, who: Who, lines: Sequence[_Line], ref: str) -> tuple[Shares, list[int]]:
    """What was taken, and the products of which there is not enough. Lines come in ascending product id."""
    shares: Shares = {}
    short = []
    for line in lines:
        taken = take(db, line.product.id, line.quantity, who.tomorrow, ref=ref, at=who.now)
        if taken is None:
            short.append(line.product.id)
        else:
            shares[line.product.id] = taken
    return shares, short


def _order(
    db: Session, who: Who, command: PlaceOrder, draft: _Draft, *, person_id: int | None, make_code: Callable[[], str]
) -> Order:
    goods_vnd = sum(line.total_vnd for line in draft.lines)
    values = {
        "draft_id": command.draft_id,
        "seller_id": draft.seller_id,
        "account_id": who.account_id,
        "conversation_id": who.conversation_id,
        "person_id": person_id,
        "contact_id": command.contact_id,
        "way": command.way,
        "carrier": "" if draft.fee is None else draft.fee.carrier,
        "status": Status.PLACED,
        "status_at": who.now,
        "goods_vnd": goods_vnd,
        "fee_vnd": draft.fee_vnd,
        "total_vnd": goods_vnd + draft.fee_vnd,
        "note": vault_of(db).seal(command.note.encode()) if command.note else None,
        "source_code": next((line.code for line in draft.lines if line.code), ""),
        "placed_at": who.now,
        "expected_on": _expected_on(who, draft.fee),
    }
    order = _with_a_free_code(db, values, make_code)
    for line in draft.lines:
        db.add(
            OrderLine(
                order_id=order.id,
                product_id=line.product.id,
                quantity=line.quantity,
                price_vnd=line.price_vnd,
                total_vnd=line.total_vnd,
                trace_code=line.code,
            )
        )
    db.flush()
    return order


def _expected_on(who: Who, fee: DeliveryFee | None) -> date:
    return who.tomorrow if fee is None else who.today + timedelta(days=fee.days_max)


def _with_a_free_code(db: Session, values: Mapping[str, object], make_code: Callable[[], str]) -> Order:
    """The order, under a code that nobody has. Raises IntegrityError if that is not what stands against it."""
    for tries_left in reversed(range(_CODE_TRIES)):
        order = Order(**values, code=make_code())
        try:
            with db.begin_nested():
                db.add(order)
        except IntegrityError:
            taken = db.scalar(select(Order.id).where(Order.code == order.code)) is not None
            if not taken or not tries_left:
                raise
        else:
            return order
    raise AssertionError("every try returns or raises")


def _fill(db: Session, who: Who, order: Order, draft: _Draft, shares: Shares) -> list[News]:
    """The parts of the order, one for each household that packs, with the offers that they come from."""
    line_ids = dict(db.execute(select(OrderLine.product_id, OrderLine.id).where(OrderLine.order_id == order.id)).all())
    by_household: dict[int, list[tuple[int, Offer, Decimal]]] = defaultdict(list)
    for line in draft.lines:
        for offer_id, quantity in shares[line.product.id]:
            offer = db.get_one(Offer, offer_id)
            by_household[offer.organisation_id].append((line_ids[line.product.id], offer, quantity))
    news = []
    for organisation_id, packed in by_household.items():
        producer_id = next((offer.person_id for _, offer, _ in packed if offer.person_id is not None), None)
        part = Part(
            order_id=order.id,
            organisation_id=organisation_id,
            person_id=producer_id,
            status=PartStatus.ASKED,
            status_at=who.now,
            total_vnd=sum(worth(offer.price_vnd, quantity) for _, offer, quantity in packed),
        )
        db.add(part)
        db.flush()
        for line_id, offer, quantity in packed:
            db.add(
                Allocation(
                    part_id=part.id,
                    order_line_id=line_id,
                    offer_id=offer.id,
                    lot_id=offer.lot_id,
                    quantity=quantity,
                    price_vnd=offer.price_vnd,
                )
            )
        if producer_id is not None:
            news.append(News(producer_id, "order", part.id))
    return news


def _placed(db: Session, orders: Sequence[Order]) -> Placed:
    sellers = select(Organisation.id, Organisation.short_name).where(
        Organisation.id.in_([order.seller_id for order in orders])
    )
    names = dict(db.execute(sellers).all())
    return Placed(
        tuple(PlacedOrder(order.code, names[order.seller_id], order.total_vnd, order.expected_on) for order in orders)
    )
