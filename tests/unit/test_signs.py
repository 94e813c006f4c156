"""What is odd about the looks at a stamp, and what is not: a household looks at its own jar as often as it likes."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from catalog.account import Account, account_by
from catalog.acts.printing import By, print_sheet
from catalog.acts.stamps import PrintStamps
from catalog.case import Case, note_of
from catalog.db import Database
from catalog.lot import Lot
from catalog.organisation import organisation_by_code
from catalog.scan import Look, Scan, ScanKey, ScanLimit, count_looks
from catalog.signs import LIMITS, MOST, Odd, Watched, alarm, odd, strangers
from catalog.stamp import TraceCode
from tests.conftest import NOW

HONEY = "824501379632"
ORANGES = "483920176504"


@pytest.fixture
def db(demo: Database) -> Iterator[Session]:
    with demo.writing() as session:
        yield session


def seller(db: Session) -> int:
    coop = organisation_by_code(db, "SM")
    assert coop is not None
    return coop.id


def watched(db: Session, state: str = "active", kind: str = "unit", since: datetime | None = None) -> Watched:
    return Watched(HONEY if kind == "unit" else ORANGES, kind, state, seller(db), since)


def look(db: Session, people: int, days_ago: int = 0, times: int = 1, code: str = HONEY) -> None:
    at = NOW - timedelta(days=days_ago)
    count_looks(db, [Look(code, "page", f"person {one}", at) for one in range(people) for _ in range(times)])


def test_a_household_that_looks_at_its_jar_every_day_is_no_forger(db: Session) -> None:
    for day in range(7):
        look(db, people=3, days_ago=day, times=10)

    assert odd(db, watched(db), NOW) is None


def test_many_different_people_on_one_package_are_odd(db: Session) -> None:
    for day, people in enumerate((5, 5, 5, 5, 5, 6), start=1):
        look(db, people, days_ago=day)

    assert odd(db, watched(db), NOW) == Odd("many", 31, 6, date(2026, 11, 15))


def test_what_was_more_than_a_week_ago_is_forgotten(db: Session) -> None:
    look(db, people=40, days_ago=8)

    assert odd(db, watched(db), NOW) is None


@pytest.mark.parametrize(("stamp_kind", "sign"), sorted(LIMITS))
def test_from_its_limit_on_a_sign_is_seen_and_not_before(db: Session, stamp_kind: str, sign: str) -> None:
    limit = LIMITS[stamp_kind, sign]
    state = {"many": "active", "early": "printed"}.get(sign, sign)
    stamp = watched(db, state, stamp_kind)
    look(db, limit - 1, code=stamp.code)
    before = odd(db, stamp, NOW)
    look(db, limit, code=stamp.code)

    found = odd(db, stamp, NOW)

    assert before is None
    assert found is not None
    assert (found.sign, found.people) == (sign, limit)


def test_a_lots_stamp_is_meant_to_be_looked_at_by_many(db: Session) -> None:
    look(db, people=400, code=ORANGES)

    assert odd(db, watched(db, kind="lot"), NOW) is None


def test_what_was_before_it_was_sold_does_not_count_after_that(db: Session) -> None:
    look(db, people=9, days_ago=2)

    assert odd(db, watched(db, "sold", since=NOW - timedelta(days=1)), NOW) is None
    assert odd(db, watched(db, "sold", since=NOW - timedelta(days=3)), NOW) is not None


def test_a_coop_may_have_other_limits(db: Session) -> None:
    look(db, people=4)
    db.add(ScanLimit(organisation_id=seller(db), kind="unit", sign="many", people=4))
    db.flush()

    found = odd(db, watched(db), NOW)

    assert found is not None
    assert found.people == 4


def test_a_thousand_looks_are_read_no_longer_than_needed(db: Session) -> None:
    look(db, people=MOST + 100)

    found = odd(db, watched(db), NOW)

    assert found is not None
    assert found.people == MOST


def test_days_end_at_midnight_in_vietnam(db: Session) -> None:
    late = datetime(2026, 11, 20, 23, 30, tzinfo=NOW.tzinfo)
    count_looks(
        db, [Look(HONEY, "page", f"p{one}", at) for at in (late, late + timedelta(hours=1)) for one in range(6)]
    )

    found = odd(db, watched(db), NOW)

    assert found is None  # 6 and 6 people: three of each day may be the same household
    assert strangers([6, 6]) == 9


def test_people_of_a_day_are_told_apart_by_a_key_that_goes_with_it(db: Session) -> None:
    look(db, people=2, days_ago=1, times=3)
    look(db, people=2, times=3)

    hashes = set(db.scalars(select(Scan.person_hash).where(Scan.code == HONEY)))
    assert len(hashes) == 4
    assert all(len(one) == 64 for one in hashes)
    assert db.scalars(select(ScanKey.day)).all() == [NOW.date()]


def test_staff_are_told_once_a_week_of_each_stamp(db: Session) -> None:
    told = [alarm(db, HONEY, "many", NOW + timedelta(days=days)) for days in (0, 1, 6, 8)]

    account = account_by(db, "web", "SM")
    assert account is not None
    cases = db.scalars(select(Case).where(Case.subject == HONEY)).all()
    assert told == [True, False, False, True]
    assert [(case.kind, case.account_id, case.conversation_id, note_of(db, case)) for case in cases] == [
        ("suspicious stamp", account.id, None, "many")
    ] * 2


def test_the_case_of_a_stamp_without_a_lot_reaches_its_coop_too(db: Session) -> None:
    product_id = db.scalars(select(Lot.product_id).where(Lot.number == "SM-MAT-01")).one()
    sheet = print_sheet(db, PrintStamps("", 0, 1), By("system", None, NOW), product_id=product_id)
    code = db.scalars(select(TraceCode.code).where(TraceCode.sheet_id == sheet.id)).one()

    assert alarm(db, code, "early", NOW)
    assert not alarm(db, "000000000001", "early", NOW)


def test_a_coop_without_an_account_is_told_by_its_alliance(db: Session) -> None:
    db.execute(update(Account).where(Account.organisation_id == seller(db)).values(organisation_id=_alliance(db)))

    assert alarm(db, HONEY, "many", NOW)


def _alliance(db: Session) -> int:
    found = organisation_by_code(db, "LM")
    assert found is not None
    return found.id
