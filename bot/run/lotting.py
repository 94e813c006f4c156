"""What `chophien lots` does, in one transaction each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.run.finding import coop_named, lot_named, product_named
from bot.run.printing import DESK, Line
from bot.run.trouble import Trouble
from catalog.acts.diary import LONGEST, OLDEST
from catalog.acts.lots import LotEntry, Unfit, amend_lot, enter_lot
from catalog.acts.passports import facts_of, lacking
from catalog.acts.printing import activate_lot
from catalog.acts.recalling import recall_lot
from catalog.audit import record
from catalog.lot import OPEN, Lot, LotEvent
from catalog.organisation import Organisation
from catalog.passport import NEEDED, Wrong, days_before_harvest, is_whole
from catalog.person import producer_by_code
from catalog.product import Product, ProductCertificate

WRONG: dict[Wrong, str] = {
    "best_before": "best before is not after the harvest",
    "spray_late": "sprayed after the harvest",
    "wait": "harvested too early after a spraying",
    "future": "a stage lies in the future",
}


def lots_of(db: Session, coop: str | None, today: date) -> Iterator[Line]:
    seller = coop_named(db, coop)
    mine = select(Lot, Product).join(Product, Product.id == Lot.product_id)
    for lot, product in db.execute(mine.where(Product.organisation_id == seller.id).order_by(Lot.id.desc())):
        check = lacking(db, lot, product, today)
        fields = {
            "lot": lot.number,
            "product": product.sku,
            "state": lot.state,
            "harvested_on": lot.harvested_on.isoformat() if lot.harvested_on else None,
            "best_before": lot.best_before.isoformat() if lot.best_before else None,
            "lacks": list(check.lacks),
            "wrong": list(check.wrong),
        }
        needed = [row for row in check.lacks if row in NEEDED]
        told = f"lacks {', '.join(needed)}" if needed else "whole"
        yield Line(f"{lot.number}  {product.name_vi}  {lot.state}  {told}", fields)


def add_lot(db: Session, sku: str, producer: str | None, coop: str | None, entry: LotEntry, *, now: datetime) -> str:
    """The new lot's number. Raises Trouble."""
    seller = coop_named(db, coop)
    product = product_named(db, sku, seller)
    grower, person_id = seller, None
    if producer is not None:
        person = producer_by_code(db, producer)
        if person is None or person.organisation_id is None:
            raise Trouble(f"there is no producer {producer}")
        grower, person_id = db.get_one(Organisation, person.organisation_id), person.id
    try:
        return enter_lot(db, product, grower, person_id, entry, who=DESK, at=now).number
    except Unfit as unfit:
        raise Trouble(str(unfit)) from unfit


def change_lot(db: Session, number: str, coop: str | None, entry: LotEntry, now: datetime) -> None:
    """Raises Trouble."""
    lot, _, _ = lot_named(db, number, coop)
    try:
        amend_lot(db, lot, entry, DESK, now)
    except Unfit as unfit:
        raise Trouble(str(unfit)) from unfit


LONGEST_WORDS = 500


@dataclass(frozen=True, slots=True)
class Certified:
    """A certificate as it is entered."""

    name: str
    number: str
    issuer: str
    until: date


def describe(db: Session, sku: str, coop: str | None, known: Mapping[str, str | list[str]], now: datetime) -> None:
    """known: columns of the product. Raises Trouble."""
    product = product_named(db, sku, coop_named(db, coop))
    if any(
        len(words) > LONGEST_WORDS
        for value in known.values()
        for words in ([value] if isinstance(value, str) else value)
    ):
        raise Trouble(f"at most {LONGEST_WORDS} characters each")
    for field, value in known.items():
        setattr(product, field, value)
    record(db, DESK, "describe", f"product:{product.id}", now)


def add_certificate(db: Session, sku: str, coop: str | None, certified: Certified, now: datetime) -> None:
    """Raises Trouble, also for one that is over already."""
    product = product_named(db, sku, coop_named(db, coop))
    name = " ".join(certified.name.split())
    if not name or len(name) > LONGEST_WORDS:
        raise Trouble("a certificate needs its name")
    if certified.until < now.date():
        raise Trouble(f"{name} was valid until {certified.until} only")
    db.execute(
        delete(ProductCertificate).where(ProductCertificate.product_id == product.id, ProductCertificate.name == name)
    )
    db.add(
        ProductCertificate(
            product_id=product.id,
            name=name,
            number=certified.number,
            issuer=certified.issuer,
            valid_until=certified.until,
        )
    )
    record(db, DESK, "certify", f"product:{product.id}", now)


def checked(db: Session, number: str, coop: str | None, today: date) -> tuple[list[str], bool]:
    """What is to be said of a lot's passport, and whether all that is needed is there and can be. Raises Trouble."""
    lot, product, _ = lot_named(db, number, coop)
    check = lacking(db, lot, product, today)
    lines = [f"{'needed' if row in NEEDED else 'better with'}: {row}" for row in check.lacks]
    lines += [f"cannot be: {WRONG[wrong]}" for wrong in check.wrong]
    days = days_before_harvest(facts_of(db, lot, product, today))
    if days is not None:
        lines.append(f"{days} days from the last spraying to the harvest")
    return lines or [f"Lot {lot.number}: nothing lacks."], is_whole(check.lacks) and not check.wrong


def write_note(
    db: Session,
    number: str,
    coop: str | None,
    kind: str,
    words: str,
    *,
    on: date,
    wait_days: int | None,
    now: datetime,
) -> str:
    """Raises Trouble."""
    lot, product, _ = lot_named(db, number, coop)
    said = " ".join(words.split())[:LONGEST]
    if not said:
        raise Trouble("an empty line says nothing")
    if not now.date() - OLDEST <= on <= now.date():
        raise Trouble(f"{on} has not come yet, or is too long ago: a diary tells what was done")
    db.add(
        LotEvent(
            lot_id=lot.id,
            happened_on=on,
            kind=kind,
            words=said,
            channel=DESK,
            recorded_at=now,
            wait_days=wait_days if kind == "spray" else None,
        )
    )
    record(db, DESK, "diary", f"lot:{lot.id}", now)
    db.flush()
    check = lacking(db, lot, product, now.date())
    told = [WRONG[wrong] for wrong in check.wrong] or [f"lacks {', '.join(check.lacks)}" if check.lacks else "whole"]
    return f"Lot {lot.number}: written down. {'; '.join(told)}."


def call_back(db: Session, number: str, coop: str | None, reason: str, advice: str, *, now: datetime) -> str:
    """Raises Trouble."""
    lot, product, _ = lot_named(db, number, coop)
    said = [" ".join(words.split()) for words in (reason, advice)]
    if not all(0 < len(words) <= LONGEST_WORDS for words in said):
        raise Trouble(f"reason and advice have 1 to {LONGEST_WORDS} characters each")
    if not recall_lot(db, lot, said[0].rstrip("."), said[1], who=DESK, at=now):
        raise Trouble(f"lot {lot.number} is recalled already")
    return f"Lot {lot.number} ({product.name_vi}) is recalled: it is off sale, and its stamps say so."


def put_into_book(db: Session, number: str, coop: str | None, now: datetime) -> Iterator[str]:
    """Raises Trouble."""
    lot, product, _ = lot_named(db, number, coop)
    if lot.state not in OPEN:
        raise Trouble(f"lot {lot.number} is {lot.state}")
    activate_lot(db, lot, DESK, now)
    yield f"Lot {lot.number} is in the book."
    check = lacking(db, lot, product, now.date())
    if check.lacks:
        yield f"Its passport lacks: {', '.join(check.lacks)}."
    yield from (f"Cannot be: {WRONG[wrong]}." for wrong in check.wrong)
