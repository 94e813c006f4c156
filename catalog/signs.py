"""What is odd about the looks at a stamp: said in careful words, and told to the co-op's staff.

Nobody is followed from day to day, so that people of different days cannot be told apart. A household that looks at its
own jar every day is no forger: up to `HOUSEHOLD` people of each day are taken for the same few.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Select, bindparam, func, select, update
from sqlalchemy.orm import Session

from catalog.account import Account
from catalog.case import open_case
from catalog.db import Base
from catalog.lot import Lot
from catalog.organisation import Organisation
from catalog.product import Product
from catalog.scan import Scan, ScanLimit
from catalog.sheet import StampSheet
from catalog.stamp import TraceCode

WITHIN = timedelta(days=7)
HOUSEHOLD = 3
QUIET = timedelta(days=7)
"""How long staff are not told again of the same stamp."""
MOST = 500
"""Looks that are read at most: who scans a stamp a thousand times makes nobody wait."""

LIMITS = {
    ("unit", "many"): 10,
    ("unit", "early"): 3,
    ("unit", "sold"): 6,
    ("unit", "used"): 3,
    ("unit", "expired"): 5,
    ("lot", "early"): 5,
    ("lot", "expired"): 10,
}
"""From how many people on it is odd, by the stamp's kind and the sign. A co-op may set others (`ScanLimit`).

many: of a package that is on sale. early: before it was activated. sold, used, expired: after that. A lot's stamp is on
every package and meant to be looked at by many.
"""

_SCAN = Base.metadata.tables[Scan.__tablename__]
_LOOKS = (
    select(_SCAN.c.scanned_at, _SCAN.c.person_hash)
    .where(_SCAN.c.code == bindparam("code"), _SCAN.c.scanned_at >= bindparam("since"))
    .order_by(_SCAN.c.scanned_at.desc())
    .limit(MOST)
)


@dataclass(frozen=True, slots=True)
class Odd:
    """So many different people, within so many days, since that day (in the co-op's zone)."""

    sign: str
    people: int
    days: int
    first_on: date


@dataclass(frozen=True, slots=True)
class Watched:
    """What has to be known of a stamp. since: when it was sold, used up or ran out; None for other states."""

    code: str
    kind: str
    state: str
    seller_id: int
    since: datetime | None = None


def odd(db: Session, stamp: Watched, now: datetime) -> Odd | None:
    """None as long as nothing is odd; that costs one SELECT, and none for a stamp that may be scanned often.

    now: in the zone whose midnight parts the days.
    """
    sign = {"active": "many", "printed": "early", "draft": "early"}.get(stamp.state, stamp.state)
    usual = LIMITS.get((stamp.kind, sign))
    if usual is None:
        return None
    since = now - WITHIN if stamp.since is None else max(stamp.since, now - WITHIN)
    people: dict[date, set[str]] = defaultdict(set)
    if db.autoflush:
        db.flush()
    for scanned_at, person in db.connection().execute(_LOOKS, {"code": stamp.code, "since": since}):
        people[scanned_at.astimezone(now.tzinfo).date()].add(person)
    each_day = [len(hashes) for hashes in people.values()]
    if len(each_day) == 0 or strangers(each_day) < _limit(db, stamp, sign, usual):
        return None
    first_on = min(people)
    return Odd(sign, sum(each_day), max(1, (now.date() - first_on).days), first_on)


def strangers(each_day: list[int]) -> int:
    """How many different people these must at least be, if the same household looks every day."""
    return sum(max(0, people - HOUSEHOLD) for people in each_day) + max(min(people, HOUSEHOLD) for people in each_day)


def alarm(db: Session, code: str, sign: str, at: datetime) -> bool:
    """Tell the co-op's staff, once for each stamp and week. False if they know, or there is nobody to tell."""
    told = (
        update(TraceCode)
        .where(TraceCode.code == code, (TraceCode.alarmed_at.is_(None)) | (TraceCode.alarmed_at < at - QUIET))
        .values(alarmed_at=at)
        .returning(TraceCode.id)
        .execution_options(synchronize_session=False)
    )
    if db.scalar(told) is None:
        return False
    account_id = db.scalar(_account_of(code))
    if account_id is None:
        return False
    open_case(db, account_id, None, "suspicious stamp", subject=code, note=sign, at=at)
    return True


def _limit(db: Session, stamp: Watched, sign: str, usual: int) -> int:
    own = select(ScanLimit.people).where(
        ScanLimit.organisation_id == stamp.seller_id, ScanLimit.kind == stamp.kind, ScanLimit.sign == sign
    )
    return db.scalar(own) or usual


def _account_of(code: str) -> Select[int]:
    """The first account of the co-op that the stamp belongs to, or of its Alliance where it has none."""
    return (
        select(Account.id)
        .join_from(TraceCode, Lot, Lot.id == TraceCode.lot_id, isouter=True)
        .join(StampSheet, StampSheet.id == TraceCode.sheet_id, isouter=True)
        .join(Product, Product.id == func.coalesce(Lot.product_id, StampSheet.product_id))
        .join(Organisation, Organisation.id == Product.organisation_id)
        .join(Account, Account.organisation_id.in_((Organisation.id, Organisation.parent_id)))
        .where(TraceCode.code == code)
        .order_by(Account.organisation_id != Organisation.id, Account.id)
        .limit(1)
    )
