"""How the diary of a lot is written: by its producer or by staff, once, and never rubbed out."""

import re
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from catalog.acts import Refused, Result, Who
from catalog.acts.passports import lacking
from catalog.acts.stamps import DiaryStruck, DiaryWritten, NotYet, StrikeDiary, WriteDiary
from catalog.acts.standing import desk_of, household_of, name_of, person_of
from catalog.audit import record
from catalog.lot import KINDS, Lot, LotEvent
from catalog.order import CODE_LETTERS
from catalog.product import Product

OLDEST = timedelta(days=3 * 365)
LONGEST = 300  # characters of what she says about a stage
_PHONE = re.compile(r"(?<!\d)(?:\+?84|0)(?:[ .()-]{0,2}\d){8,10}(?!\d)")
_ORDER = re.compile(rf"(?i)(?<![^\W_])[dđ]h-?[{CODE_LETTERS}]{{4}}(?![^\W_])")


def write_diary(db: Session, who: Who, command: WriteDiary) -> Result:
    """DiaryWritten; NotYet for a day to come or one long ago; Refused for a lot that is not hers or her co-op's, and
    for words that name a customer: everybody reads them who scans."""
    person_id = person_of(db, who)
    lot = _hers(db, who, command.lot_id)
    words = " ".join(command.words.split())[:LONGEST]
    if lot is None or person_id is None or not words or _names_a_customer(words) or command.kind not in KINDS:
        return Refused()
    if not who.today - OLDEST <= command.happened_on <= who.today:
        return NotYet()
    line = db.scalar(select(LotEvent).where(LotEvent.draft_key == command.draft_id))
    if line is None:
        line = LotEvent(
            lot_id=lot.id,
            happened_on=command.happened_on,
            kind=command.kind,
            words=words,
            person_id=person_id,
            channel=who.channel,
            recorded_at=who.now,
            wait_days=command.wait_days,
            draft_key=command.draft_id,
        )
        try:
            with db.begin_nested():
                db.add(line)
        except IntegrityError:  # the same message, twice at once
            line = db.scalars(select(LotEvent).where(LotEvent.draft_key == command.draft_id)).one()
        else:
            record(db, name_of(who, person_id), "diary", f"lot:{lot.id}", who.now)
    if line.lot_id != lot.id:
        return Refused()
    if line.kind == "harvest" and lot.harvested_on is None:
        lot.harvested_on, line.dates_lot = line.happened_on, True
    db.flush()
    check = lacking(db, lot, db.get_one(Product, lot.product_id), who.today)
    return DiaryWritten(line.id, lot.id, lot.number, check.lacks, check.wrong)


def strike(db: Session, who: Who, command: StrikeDiary) -> Result:
    """DiaryStruck, also where it was before; Refused for a line that somebody else wrote."""
    person_id = person_of(db, who)
    line = db.get(LotEvent, command.event_id, populate_existing=True)
    if line is None or person_id is None or line.person_id != person_id:
        return Refused()
    if line.struck_at is None:
        line.struck_at = who.now
        _unsay_harvest(db, line)
        record(db, name_of(who, person_id), "strike", f"lot:{line.lot_id}", who.now)
        db.flush()
    return DiaryStruck(line.id)


def _unsay_harvest(db: Session, line: LotEvent) -> None:
    """Where the lot has its day from this line, it has it from the newest one that is left, or from none."""
    lot = db.get_one(Lot, line.lot_id)
    if not line.dates_lot or lot.harvested_on != line.happened_on:
        return
    others = select(LotEvent).where(
        LotEvent.lot_id == lot.id,
        LotEvent.kind == "harvest",
        LotEvent.struck_at.is_(None),
        LotEvent.id != line.id,
    )
    newest = db.scalar(others.order_by(LotEvent.happened_on.desc()).limit(1))
    lot.harvested_on = None if newest is None else newest.happened_on
    if newest is not None:
        newest.dates_lot = True


def _names_a_customer(words: str) -> bool:
    return _PHONE.search(words) is not None or _ORDER.search(words) is not None


def _hers(db: Session, who: Who, lot_id: int) -> Lot | None:
    """A lot of her own household, or of the co-op that she works for."""
    lot = db.get(Lot, lot_id, populate_existing=True)
    if lot is None:
        return None
    household = household_of(db, who)
    if household is not None and lot.organisation_id == household.organisation_id:
        return lot
    desk = desk_of(db, who)
    if desk is None:
        return None
    seller_id = db.scalar(select(Product.organisation_id).where(Product.id == lot.product_id))
    return lot if seller_id == desk.organisation_id else None
