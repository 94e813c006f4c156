"""The co-op Suối Mây, whole: what the transcripts of the talks take for granted."""

from sqlalchemy.orm import Session

from catalog.account import ensure_account
from catalog.organisation import Organisation
from catalog.seed.calendar import Calendar
from catalog.seed.goods import add_lot, add_offer, add_product
from catalog.seed.orders import add_order
from catalog.seed.organisations import add_seller
from catalog.seed.people import add_customer, add_producer, add_staff
from catalog.seed.records import Demo


def add_suoi_may(db: Session, demo: Demo, alliance: Organisation, calendar: Calendar) -> None:
    coop = add_seller(db, demo.coop, alliance, demo.fees, calendar.now)
    account = ensure_account(db, "web", coop.code, coop.id, None)
    ensure_account(db, "console", coop.code, coop.id, None)
    for staff in demo.staff:
        add_staff(db, coop, staff, calendar)
    growers = {record.code: add_producer(db, coop, record, calendar) for record in demo.producers}
    products = {
        record.sku: add_product(db, coop, record, position, calendar) for position, record in enumerate(demo.products)
    }
    lots = {
        record.number: add_lot(db, products[record.sku], growers[record.producer], record, calendar)
        for record in demo.lots
    }
    for offer in demo.offers:
        add_offer(
            db,
            products[offer.sku],
            growers[offer.producer],
            lots.get(offer.lot),
            called=offer.called,
            quantity=offer.quantity,
            on=offer.on,
            calendar=calendar,
        )
    customer = add_customer(db, demo.customer, calendar)
    for order in demo.orders:
        add_order(db, account, customer if order.customer else None, products, order, calendar=calendar)
