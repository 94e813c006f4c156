"""Granted, drawn and left: double entry, so that nothing is ever counted twice or not at all."""

from collections.abc import Iterator

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog.db import Database
from catalog.organisation import Organisation, organisation_by_code
from catalog.quota import AccountKind, StampAccount, StampMove, account, accounts_of, grant, ledger_sum, left, move
from tests.conftest import NOW

SEEDED = 50_000


@pytest.fixture
def db(demo: Database) -> Iterator[Session]:
    with demo.writing() as session:
        yield session


@pytest.fixture
def coop(db: Session) -> Organisation:
    found = organisation_by_code(db, "SM")
    assert found is not None
    return found


def balances(db: Session) -> int:
    return int(db.scalars(select(func.sum(StampAccount.balance))).one())


def test_what_is_granted_can_be_drawn_and_comes_from_the_alliance(db: Session, coop: Organisation) -> None:
    assert coop.parent_id is not None
    issuer = account(db, AccountKind.ISSUER, coop.parent_id)
    before = ledger_sum(db, issuer)

    assert grant(db, coop, 500, who="system", at=NOW) == SEEDED + 500

    assert ledger_sum(db, issuer) == before - 500
    assert balances(db) == 0


def test_what_is_not_drawn_can_be_taken_back_and_no_more(db: Session, coop: Organisation) -> None:
    assert grant(db, coop, -SEEDED + 3, who="system", at=NOW) == 3

    for many in (-4, 0):
        with pytest.raises(ValueError, match="3 are left"):
            grant(db, coop, many, who="system", at=NOW)
    assert (left(db, coop.id), balances(db)) == (3, 0)


def test_nothing_moves_that_is_not_there(db: Session, coop: Organisation) -> None:
    source, target = account(db, AccountKind.COOP, coop.id), account(db, AccountKind.LOOSE, coop.id)
    moves = db.scalar(select(func.count(StampMove.id)))

    for count in (SEEDED + 1, 0, -1):
        assert not move(db, source, target, count, "drawn", ref="", who="system", at=NOW)

    assert (left(db, coop.id), db.scalar(select(func.count(StampMove.id)))) == (SEEDED, moves)


def test_every_balance_is_the_sum_of_its_moves(db: Session, coop: Organisation) -> None:
    source, target = account(db, AccountKind.COOP, coop.id), account(db, AccountKind.LOOSE, coop.id)
    assert move(db, source, target, 7, "drawn", ref="", who="system", at=NOW)
    assert move(db, target, source, 2, "returned", ref="", who="system", at=NOW)

    held = {one.kind: one.balance for one in accounts_of(db, coop.id)}
    assert held == {AccountKind.COOP: SEEDED - 5, AccountKind.LOOSE: 5}
    assert all(one.balance == ledger_sum(db, one.id) for one in db.scalars(select(StampAccount)))
    assert balances(db) == 0


def test_a_coop_that_belongs_to_no_alliance_issues_its_own(db: Session) -> None:
    alone = Organisation(kind="coop", code="ALONE", name="HTX Một mình", short_name="HTX Một mình")
    db.add(alone)
    db.flush()

    assert grant(db, alone, 10, who="system", at=NOW) == 10
    assert ledger_sum(db, account(db, AccountKind.ISSUER, alone.id)) == -10
