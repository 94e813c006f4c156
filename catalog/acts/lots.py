"""How staff enter a lot, or what they learn of it later. Whatever cannot be is refused with its reason."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import count

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from catalog.audit import record
from catalog.lot import Lot, LotState
from catalog.organisation import Organisation
from catalog.product import Product

LONGEST_NUMBER = 20  # GS1 AI (10)
VIETNAM = ((6.0, 24.0), (102.0, 118.0))  # degrees of latitude and longitude, islands included


@dataclass(frozen=True, slots=True)
class LotEntry:
    """What is known of a lot. number: empty for the next free one. point: latitude, longitude, kept to 0.1°."""

    number: str = ""
    place: str = ""
    plot: str = ""
    point: tuple[float, float] | None = None
    harvested_on: date | None = None
    best_before: date | None = None
    amount: str = ""


class Unfit(ValueError):
    """One sentence that says what cannot be."""


def enter_lot(
    db: Session,
    product: Product,
    grower: Organisation,
    person_id: int | None,
    entry: LotEntry,
    *,
    who: str,
    at: datetime,
) -> Lot:
    """A draft: `catalog.acts.printing.activate_lot` puts it into the book. at: in the co-op's zone. Raises Unfit."""
    if grower.seller_id != product.organisation_id:
        raise Unfit(f"{grower.name} does not sell {product.name_vi} through that co-op")
    if entry.best_before is None and entry.harvested_on is not None and product.shelf_life_days is not None:
        entry = replace(entry, best_before=entry.harvested_on + timedelta(days=product.shelf_life_days))
    entry = replace(entry, number=" ".join(entry.number.split()))
    _check(entry, at.date())
    lot = Lot(
        number=entry.number or _next_number(db, product, entry.harvested_on or at.date()),
        product_id=product.id,
        organisation_id=grower.id,
        person_id=person_id,
        state=LotState.DRAFT,
        recall_reason="",
        recall_advice="",
        created_at=at,
    )
    _write(lot, entry)
    try:
        with db.begin_nested():
            db.add(lot)
    except IntegrityError:
        raise Unfit(f"there is a lot {lot.number} of {product.name_vi} already") from None
    record(db, who, "lot", f"lot:{lot.id}", at)
    return lot


def amend_lot(db: Session, lot: Lot, entry: LotEntry, who: str, at: datetime) -> None:
    """Write down what `entry` names; the number stays, and what is empty in it stays as it was. Raises Unfit."""
    merged = LotEntry(
        number=lot.number,
        place=entry.place or lot.place,
        plot=entry.plot or lot.plot,
        point=entry.point,
        harvested_on=entry.harvested_on or lot.harvested_on,
        best_before=entry.best_before or lot.best_before,
        amount=entry.amount or lot.amount,
    )
    _check(merged, at.date())
    _write(lot, merged)
    record(db, who, "amend", f"lot:{lot.id}", at)
    db.flush()


def _check(entry: LotEntry, today: date) -> None:
    if len(entry.number) > LONGEST_NUMBER or not entry.number.isprintable():
        raise Unfit(f"a lot's number has at most {LONGEST_NUMBER} characters")
    if entry.harvested_on is not None and entry.harvested_on > today + timedelta(days=60):
        raise Unfit(f"the harvest of {entry.harvested_on} is more than 60 days away")
    if entry.harvested_on is not None and entry.best_before is not None and entry.best_before <= entry.harvested_on:
        raise Unfit(f"best before {entry.best_before} is not after the harvest of {entry.harvested_on}")
    if entry.point is not None and not all(
        low <= degrees <= high for degrees, (low, high) in zip(entry.point, VIETNAM, strict=True)
    ):
        raise Unfit("that place is not in Vietnam: give latitude and longitude, as 20.9,105.1")


def _write(lot: Lot, entry: LotEntry) -> None:
    lot.place, lot.plot, lot.amount = entry.place, entry.plot, entry.amount
    lot.harvested_on, lot.best_before = entry.harvested_on, entry.best_before
    if entry.point is not None:
        lot.latitude, lot.longitude = (round(degrees, 1) for degrees in entry.point)


def _next_number(db: Session, product: Product, on: date) -> str:
    """CAM-261122-1: as a producer's posting numbers hers."""
    prefix = f"{product.sku[:9]}-{on:%y%m%d}"
    taken = set(
        db.scalars(
            select(Lot.number).where(Lot.product_id == product.id, Lot.number.startswith(prefix, autoescape=True))
        )
    )
    return next(number for place in count(1) if (number := f"{prefix}-{place}") not in taken)
