"""Which lots somebody reads: those that she may write to, and none besides."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from catalog.acts.stamps import DiaryWritten, WriteDiary
from catalog.db import Database
from catalog.lot import Lot
from catalog.organisation import Organisation
from catalog.person import Role, grant
from catalog.product import Product
from tests.conftest import NOW
from tests.contracts.towns import RealTalk, RealTown


@pytest.fixture
def town(demo: Database) -> Iterator[RealTown]:
    with demo.writing() as db:
        yield RealTown(db, NOW)


def other_coop(town: RealTown) -> Organisation:
    """One with a lot of its own."""
    sells = select(Organisation).join(Product, Product.organisation_id == Organisation.id)
    sells = sells.join(Lot, Lot.product_id == Product.id)
    found = town.db.scalars(sells.where(Organisation.id != town.account.organisation_id).order_by(Lot.id)).first()
    assert found is not None
    return found


def sellers(talk: RealTalk) -> set[int]:
    return {one.goods.seller_id for one in talk.ports.lots.names()}


def test_who_manages_another_co_op_reads_what_she_may_write_to(town: RealTown) -> None:
    talk, other = town.talk_of_staff("desk"), other_coop(town)
    assert sellers(talk) == {town.account.organisation_id}
    person_id = town.db.scalars(select(Role.person_id).where(Role.role == "staff")).one()
    grant(town.db, person_id, other.id, "manager", NOW)

    assert sellers(talk) == {other.id}
    seen = [lot_id for lot_id in town.db.scalars(select(Lot.id)) if talk.ports.lots.get(lot_id) is not None]
    lines = [WriteDiary(f"d{lot_id}", lot_id, "prune", "tỉa cành", NOW.date()) for lot_id in seen]
    assert seen == sorted(one.id for one in talk.ports.lots.names())
    assert [type(talk.do(line)) for line in lines] == [DiaryWritten] * len(seen)


def test_a_lot_without_a_day_comes_last(town: RealTown) -> None:
    talk = town.talk_of("grower", "NSX-017")
    lots = town.db.scalars(select(Lot).where(Lot.number.in_(["SM-TRUNG-01", "SM-CAM-01"]))).all()
    next(one for one in lots if one.number == "SM-TRUNG-01").harvested_on = None
    town.db.flush()
    assert [one.number for one in talk.ports.lots.open()] == ["SM-CAM-01", "SM-TRUNG-01"]
