"""Orders that were placed before the demo begins: stock, parts and allocations as if they had been talked over."""

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal

from sqlalchemy.orm import Session

from catalog.account import Account
from catalog.contact import Contact
from catalog.offer import Offer
from catalog.order import Order, OrderLine
from catalog.part import Allocation, Part, PartStatus
from catalog.product import Product
from catalog.seed.calendar import Calendar
from catalog.seed.records import OrderRecord
from catalog.stock import take


def add_order(
    db: Session,
    account: Account,
    customer: Contact | None,
    products: Mapping[str, Product],
    record: OrderRecord,
    *,
    calendar: Calendar,
) -> None:
    """Handed over by all producers; what is more than was posted by then raises ValueError."""
    goods_vnd = sum(_vnd(products[sku].price_vnd, quantity) for sku, quantity in record.lines.items())
    order = Order(
        code=record.code,
        draft_id=f"seed:{record.code}",
        seller_id=account.organisation_id,
        account_id=account.id,
        person_id=None if customer is None else customer.person_id,
        contact_id=None if customer is None else customer.id,
        way=record.way,
        carrier=record.carrier,
        status=record.status,
        status_at=calendar.at(record.expected_on),
        goods_vnd=goods_vnd,
        fee_vnd=record.fee_vnd,
        total_vnd=goods_vnd + record.fee_vnd,
        placed_at=calendar.at(record.placed_on),
        expected_on=calendar.day(record.expected_on),
    )
    db.add(order)
    db.flush()
    by_producer: dict[int, list[tuple[OrderLine, Offer, Decimal]]] = defaultdict(list)
    for sku, quantity in record.lines.items():
        line = _add_line(db, order, products[sku], quantity)
        ready_on = calendar.day(record.placed_on)
        shares = take(db, line.product_id, quantity, ready_on, ref=order.draft_id, at=order.placed_at)
        if shares is None:
            raise ValueError(f"{record.code} takes more {sku} than was posted by then")
        for offer_id, share in shares:
            offer = db.get_one(Offer, offer_id)
            by_producer[offer.organisation_id].append((line, offer, share))
    for shares_of_one in by_producer.values():
        _add_part(db, order, shares_of_one)


def _add_line(db: Session, order: Order, product: Product, quantity: Decimal) -> OrderLine:
    line = OrderLine(
        order_id=order.id,
        product_id=product.id,
        quantity=quantity,
        price_vnd=product.price_vnd,
        total_vnd=_vnd(product.price_vnd, quantity),
    )
    db.add(line)
    db.flush()
    return line


def _add_part(db: Session, order: Order, shares: list[tuple[OrderLine, Offer, Decimal]]) -> None:
    """`shares`: how much of which line comes from which offer, all of one producer."""
    _, first, _ = shares[0]
    part = Part(
        order_id=order.id,
        organisation_id=first.organisation_id,
        person_id=first.person_id,
        status=PartStatus.HANDED_OVER,
        status_at=order.status_at,
        total_vnd=sum(_vnd(offer.price_vnd, share) for _, offer, share in shares),
    )
    db.add(part)
    db.flush()
    for line, offer, share in shares:
        db.add(
            Allocation(
                part_id=part.id,
                order_line_id=line.id,
                offer_id=offer.id,
                lot_id=offer.lot_id,
                quantity=share,
                price_vnd=offer.price_vnd,
            )
        )


def _vnd(price_vnd: int, quantity: Decimal) -> int:
    """Whole đồng; the demo's amounts leave no remainder."""
    return int(price_vnd * quantity)
