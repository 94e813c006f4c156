"""The orders of one conversation and its person, and a producer's parts."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import tzinfo
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.i18n import number, sentence
from bot.ports import OrderView, PartView
from bot.reply import Bought, Receipt
from bot.run.reading.goods import NAMED_IN
from catalog.contact import Contact, read_contact
from catalog.money import worth
from catalog.offer import Offer
from catalog.order import Order, OrderLine, order_by_code, orders_of
from catalog.organisation import Organisation
from catalog.part import Allocation, Part, PartStatus
from catalog.product import Product
from catalog.vault import Unsealable


class OrdersReading:
    """`bot.ports.Orders`."""

    def __init__(
        self, db: Session, conversation_id: int, person_id: int | None, *, language: str, zone: tzinfo | None
    ) -> None:
        self._db = db
        self._conversation_id = conversation_id
        self._person_id = person_id
        self._language = language if language in NAMED_IN else NAMED_IN[0]
        self._zone = zone

    def mine(self) -> Sequence[OrderView]:
        return self._views(orders_of(self._db, self._conversation_id, self._person_id))

    def by_code(self, code: str) -> OrderView | None:
        order = order_by_code(self._db, code)
        if order is None:
            return None
        hers = self._person_id is not None and order.person_id == self._person_id
        if not hers and order.conversation_id != self._conversation_id:
            return None
        return replace(self._views([order])[0], receipt=self._receipt(order))

    def part(self, part_id: int) -> PartView | None:
        """Her own share of an order."""
        shares = self._db.execute(
            select(
                Order.code,
                Product.id.label("product_id"),
                Product.emoji,
                Offer.called,
                Product.unit_vi if self._language == "vi" else Product.unit_en,
                Allocation.quantity,
                Allocation.price_vnd,
                Part.total_vnd,
                Part.status,
            )
            .join_from(Part, Order, Order.id == Part.order_id)
            .join(Allocation, Allocation.part_id == Part.id)
            .join(Offer, Offer.id == Allocation.offer_id)
            .join(Product, Product.id == Offer.product_id)
            .where(Part.id == part_id, Part.person_id == self._person_id)
            .order_by(Allocation.id)
        ).all()
        if self._person_id is None or not shares:
            return None
        lines: dict[int, tuple[str, str, Decimal, str, int]] = {}
        for _, product_id, emoji, called, unit, quantity, price_vnd, *_ in shares:
            before = lines.get(product_id)
            amount, vnd = (before[2], before[4]) if before else (Decimal(0), 0)
            lines[product_id] = (emoji, called, amount + quantity, unit, vnd + worth(price_vnd, quantity))
        stands = shares[0].status != PartStatus.CANCELLED
        return PartView(shares[0].code, tuple(lines.values()), shares[0].total_vnd, stands)

    def _receipt(self, order: Order) -> Receipt:
        """The order as a platform draws it: to whom by name, and no phone or address, which she knows."""
        name, unit = (getattr(Product, f"{word}_{self._language}") for word in ("name", "unit"))
        lines = (
            select(name, OrderLine.quantity, unit, OrderLine.total_vnd)
            .join(Product, Product.id == OrderLine.product_id)
            .where(OrderLine.order_id == order.id)
            .order_by(OrderLine.id)
        )
        contact = self._db.get(Contact, order.contact_id) if order.contact_id is not None else None
        try:
            recipient = read_contact(self._db, contact).name if contact is not None else ""
        except Unsealable:
            recipient = ""
        return Receipt(
            order_code=order.code,
            recipient=recipient,
            seller=self._db.get_one(Organisation, order.seller_id).name,
            payment=sentence("Cash on delivery", self._language),
            at=order.placed_at,
            lines=tuple(
                Bought(title, f"{number(quantity, self._language)} {counted}", total_vnd)
                for title, quantity, counted, total_vnd in self._db.execute(lines)
            ),
            subtotal_vnd=order.goods_vnd,
            fee_vnd=order.fee_vnd,
            total_vnd=order.total_vnd,
        )

    def _views(self, orders: Sequence[Order]) -> list[OrderView]:
        short, unit = (getattr(Product, f"{word}_{self._language}") for word in ("short", "unit"))
        lines = (
            select(OrderLine.order_id, OrderLine.quantity, unit, short)
            .join(Product, Product.id == OrderLine.product_id)
            .where(OrderLine.order_id.in_([order.id for order in orders]))
            .order_by(OrderLine.id)
        )
        words: dict[int, list[str]] = defaultdict(list)
        for order_id, quantity, counted, name in self._db.execute(lines):
            words[order_id].append(f"{number(quantity, self._language)} {counted} {name}")
        return [
            OrderView(
                order.code,
                order.status,
                order.total_vnd,
                ", ".join(words[order.id]),
                order.expected_on,
                order.placed_at.astimezone(self._zone).date(),
            )
            for order in orders
        ]
