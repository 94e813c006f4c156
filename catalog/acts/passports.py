"""What the check of a lot's passport finds, read from the tables."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from catalog.lot import Lot, diary_of
from catalog.organisation import Organisation
from catalog.passport import Facts, Row, Stage, Wrong, lacks, wrong_dates
from catalog.person import Person, public_name
from catalog.product import Product, certificates_of


@dataclass(frozen=True, slots=True)
class Check:
    lacks: tuple[Row, ...]
    wrong: tuple[Wrong, ...]


def lacking(db: Session, lot: Lot, product: Product, today: date) -> Check:
    facts = facts_of(db, lot, product, today)
    return Check(lacks(facts), wrong_dates(facts, today))


def facts_of(db: Session, lot: Lot, product: Product, today: date) -> Facts:
    person = None if lot.person_id is None else db.get(Person, lot.person_id)
    grower = db.get_one(Organisation, lot.organisation_id)
    seller = db.get_one(Organisation, product.organisation_id)
    return Facts(
        producer=grower.name if person is None else public_name(db, person),
        seller_tax_code=seller.tax_code,
        place=lot.place,
        harvested_on=lot.harvested_on,
        best_before=lot.best_before,
        stages=[Stage(line.happened_on, line.kind, line.wait_days) for line in diary_of(db, lot.id)],
        price_vnd=product.price_vnd,
        picture=product.image,
        certificates=len(certificates_of(db, product.id, today)),
        storage=product.storage,
        policy=seller.sales_policy,
    )
