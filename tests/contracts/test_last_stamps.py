"""The last stamps of a quota are printed once, whoever asks at the same moment: on both databases, in processes."""

from sqlalchemy import func, select

from catalog.db import Database
from catalog.organisation import organisation_by_code
from catalog.quota import AccountKind, StampAccount, account, ledger_sum, left
from catalog.sheet import PrintRight, StampSheet
from catalog.stamp import TraceCode
from tests.contracts.officers import LAST, rush

ROUNDS = 200


def test_two_officers_never_print_one_too_many(demo: Database) -> None:
    one, other = rush(demo.url, officers=2, rounds=ROUNDS)

    assert len(one) == len(other) == ROUNDS
    assert [sorted(pair) for pair in zip(one, other, strict=True)] == [["Printed", "TooFewStamps"]] * ROUNDS
    with demo.reading() as db:
        coop = organisation_by_code(db, "SM")
        assert coop is not None
        assert left(db, coop.id) == 0
        assert db.scalars(select(func.sum(StampSheet.count))).one() == ROUNDS * LAST
        assert db.scalar(select(func.count(TraceCode.id)).where(TraceCode.sheet_id.is_not(None))) == ROUNDS * LAST
        assert db.scalars(select(PrintRight.used)).one() == ROUNDS * LAST
        assert db.scalars(select(func.sum(StampAccount.balance))).one() == 0
        on_lots = [one.id for one in db.scalars(select(StampAccount).where(StampAccount.kind == AccountKind.LOT))]
        assert sum(ledger_sum(db, number) for number in on_lots) == ROUNDS * LAST


def test_officers_who_grant_and_print_never_wait_for_each_other(demo: Database) -> None:
    rounds = zip(*rush(demo.url, officers=4, rounds=10), strict=True)
    assert [sorted(got) for got in rounds] == [["Printed", *["TooFewStamps"] * 3]] * 10
    with demo.writing() as db:
        coop = organisation_by_code(db, "SM")
        assert coop is not None
        assert ledger_sum(db, account(db, AccountKind.COOP, coop.id)) == left(db, coop.id) == 0
