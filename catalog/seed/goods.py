"""Products, lots with their stamps and diaries, and what is on sale."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import msgspec
from sqlalchemy.orm import Session

from catalog.lot import Lot, LotEvent, LotState
from catalog.offer import Offer
from catalog.organisation import Organisation
from catalog.product import PriceChange, Product, ProductCertificate
from catalog.seed.calendar import Calendar
from catalog.seed.records import LotRecord, ProductRecord
from catalog.stamp import TraceCode
from catalog.stock import put_on_sale


@dataclass(frozen=True, slots=True)
class Grower:
    """Whose goods these are: a household or co-op, and the producer where we know one."""

    organisation_id: int
    person_id: int | None
    place: str


def add_product(db: Session, seller: Organisation, record: ProductRecord, position: int, calendar: Calendar) -> Product:
    fields = msgspec.structs.asdict(record)
    certificates = fields.pop("certificates")
    markup_vnd = record.price_vnd - fields.pop("producer_price_vnd")
    product = Product(**fields, organisation_id=seller.id, position=position, markup_vnd=markup_vnd)
    if record.ocop_valid_until is not None:
        product.ocop_valid_until = calendar.day(record.ocop_valid_until)
    db.add(product)
    db.flush()
    db.add(
        PriceChange(
            product_id=product.id,
            price_vnd=product.price_vnd,
            markup_vnd=markup_vnd,
            changed_at=calendar.now,
            who="system",
        )
    )
    for certificate in certificates:
        valid_until = calendar.day(certificate.valid_until)
        db.add(
            ProductCertificate(
                product_id=product.id,
                name=certificate.name,
                number=certificate.number,
                issuer=certificate.issuer,
                valid_until=valid_until,
            )
        )
    return product


def add_lot(db: Session, product: Product, grower: Grower, record: LotRecord, calendar: Calendar) -> Lot:
    lot = Lot(
        number=record.number,
        product_id=product.id,
        organisation_id=grower.organisation_id,
        person_id=grower.person_id,
        place=grower.place,
        harvested_on=calendar.day(record.harvested_on),
        best_before=calendar.day(record.best_before),
        amount=record.amount,
        plot=record.plot,
        state=LotState.ACTIVE,
        created_at=calendar.at(record.harvested_on),
        activated_at=calendar.at(record.harvested_on),
    )
    if record.point is not None:
        lot.latitude, lot.longitude = record.point
    if record.recall is not None:
        lot.state = LotState.RECALLED
        lot.recalled_at = calendar.at(record.recall.on)
        lot.recall_reason, lot.recall_advice = record.recall.reason, record.recall.advice
    db.add(lot)
    db.flush()
    for code, kind in record.codes.items():
        db.add(TraceCode(code=code, kind=kind, lot_id=lot.id, created_at=lot.created_at, activated_at=lot.created_at))
    for entry in record.diary:
        db.add(
            LotEvent(
                lot_id=lot.id,
                happened_on=calendar.day(entry.on),
                kind=entry.kind,
                words=entry.words,
                person_id=grower.person_id,
                recorded_at=calendar.at(entry.on),
                wait_days=entry.wait_days,
            )
        )
    return lot


def add_offer(
    db: Session,
    product: Product,
    grower: Grower,
    lot: Lot | None,
    *,
    called: str,
    quantity: Decimal,
    on: date,
    calendar: Calendar,
) -> None:
    """Put on sale on the written day `on`, at the price that leaves the co-op its mark-up."""
    offer = Offer(
        product_id=product.id,
        organisation_id=grower.organisation_id,
        person_id=grower.person_id,
        lot_id=None if lot is None else lot.id,
        called=called,
        posted=quantity,
        price_vnd=product.price_vnd - product.markup_vnd,
        available_from=calendar.day(on),
        created_at=calendar.at(on),
    )
    put_on_sale(db, offer, "seed", calendar.at(on))
