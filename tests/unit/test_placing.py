"""How an order is placed past the session's objects: few statements, and still nothing that the session knew is wrong.

Tried against it: another buyer between the look at the shelf and the taking, a price that was not written yet, codes
of which none is free.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from catalog.account import Account
from catalog.acts import News
from catalog.acts.order import Placed, PlaceOrder, PriceMoved, SoldOut, Wanted
from catalog.acts.person import ContactKept, GiveConsent, SaveContact
from catalog.acts.standing import shows
from catalog.db import Base, Database
from catalog.offer import Offer
from catalog.order import Order
from catalog.organisation import Organisation, sellers_shown_by
from catalog.part import Allocation, Part
from catalog.product import Product
from catalog.stock import StockMove, ledger_sum, move, put_on_sale, take_all
from tests.conftest import NOW, Fresh, opened
from tests.contracts.towns import RealTalk, RealTown

TOMORROW = date(2026, 11, 22)


@pytest.fixture
def town(demo: Database) -> Iterator[RealTown]:
    with demo.writing() as db:
        yield RealTown(db, NOW)


@pytest.fixture
def postgresql(fresh: Fresh) -> Iterator[Database]:
    """Only there can somebody write between two statements of ours; on SQLite the whole transaction has the lock."""
    url = fresh.url("postgresql", "demo")
    database = opened(url)
    yield database
    database.close()
    fresh.drop(url)


def on_sale(db: Session, sku: str) -> Offer:
    return db.scalars(select(Offer).join(Product).where(Product.sku == sku, Offer.left > 0)).one()


def line(db: Session, sku: str, quantity: str) -> Wanted:
    product = db.scalars(select(Product).where(Product.sku == sku)).one()
    return Wanted(product.id, Decimal(quantity), product.price_vnd)


def contact_of(talk: RealTalk) -> int:
    talk.do(GiveConsent("order", "2026-11"))
    kept = talk.do(SaveContact("Hằng", "0912345678", "Số 5 ngõ 20, phường Cầu Giấy, Hà Nội"))
    assert isinstance(kept, ContactKept)
    return kept.contact_id


def assert_ledger_holds(db: Session) -> None:
    for offer_id, left in db.execute(select(Offer.id, Offer.left)):
        assert ledger_sum(db, offer_id) == left >= 0


@contextmanager
def statements_of(db: Session) -> Iterator[list[str]]:
    sent: list[str] = []

    def one_more(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    engine = db.get_bind().engine
    event.listen(engine, "before_cursor_execute", one_more)
    yield sent
    event.remove(engine, "before_cursor_execute", one_more)


@contextmanager
def before_update(db: Session, number: int, happens: Any) -> Iterator[None]:
    """Just before that UPDATE of an offer (the first is 1) somebody else does something, and commits it."""
    seen = 0

    def look(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        nonlocal seen
        if connection is ours and statement.startswith("UPDATE offer"):
            seen += 1
            if seen == number:
                happens()

    ours, engine = db.connection(), db.get_bind().engine
    event.listen(engine, "before_cursor_execute", look)
    yield
    event.remove(engine, "before_cursor_execute", look)


def test_an_order_from_two_producers_is_twelve_statements(town: RealTown) -> None:
    """Four looks (buyer, goods, fees, shelf), two guarded updates, and one INSERT into each of six tables."""
    db, talk = town.db, town.talk("v1")
    command = PlaceOrder("d1", (line(db, "CAM", "2"), line(db, "MAT", "1")), "delivery", contact_of(talk), 38_000)
    with statements_of(db) as sent:
        result = talk.do(command)
    assert isinstance(result, Placed)
    assert [" ".join(one.split()[:3]).replace('"', "") for one in sent if not one.startswith("SELECT")] == [
        "UPDATE offer SET",
        "UPDATE offer SET",
        "INSERT INTO stock_move",
        "INSERT INTO orders",
        "INSERT INTO order_line",
        "INSERT INTO part",
        "INSERT INTO allocation",
        "INSERT INTO audit",
    ]
    assert len(sent) == 12
    assert len(town.news) == 2


def test_where_there_is_too_little_nothing_is_even_tried(town: RealTown) -> None:
    db, talk = town.db, town.talk("v1")
    command = PlaceOrder("d1", (line(db, "CAM", "2"), line(db, "MANG", "4")), "pickup", None, 0)
    with statements_of(db) as sent:
        result = talk.do(command)
    assert result == SoldOut(((line(db, "MANG", "4").product_id, Decimal(3)),))
    assert [one for one in sent if not one.startswith("SELECT")] == []


def test_an_offer_that_the_session_holds_shows_what_is_left_of_it(town: RealTown) -> None:
    db, talk = town.db, town.talk("v1")
    oranges = on_sale(db, "CAM")
    before = oranges.left
    talk.do(PlaceOrder("d1", (line(db, "CAM", "2.5"),), "pickup", None, 0))
    assert oranges.left == before - Decimal("2.5")


def test_a_price_that_the_session_has_not_written_yet_is_the_price(town: RealTown) -> None:
    db, talk = town.db, town.talk("v1")
    wanted = line(db, "CAM", "1")
    product = db.get_one(Product, wanted.product_id)
    product.price_vnd += 1_000
    assert talk.do(PlaceOrder("d1", (wanted,), "pickup", None, 0)) == PriceMoved(
        ((product.id, wanted.price_vnd + 1_000),), 0
    )


def test_goods_of_one_household_are_one_part_whatever_number_of_lines_and_offers(town: RealTown) -> None:
    db, talk = town.db, town.talk("v1")
    oranges = on_sale(db, "CAM")
    more = Offer(
        product_id=oranges.product_id,
        organisation_id=oranges.organisation_id,
        person_id=oranges.person_id,
        posted=Decimal(10),
        price_vnd=26_000,
        available_from=oranges.available_from,
        created_at=NOW,
    )
    put_on_sale(db, more, "more", NOW)
    talk.do(PlaceOrder("d1", (line(db, "CAM", "125"), line(db, "TRUNG", "2")), "pickup", None, 0))
    order = db.scalars(select(Order).where(Order.draft_id == "d1")).one()
    part = db.scalars(select(Part).where(Part.order_id == order.id)).one()
    shares = db.execute(
        select(Allocation.offer_id, Allocation.quantity, Allocation.price_vnd)
        .where(Allocation.part_id == part.id)
        .order_by(Allocation.offer_id)
    ).all()
    assert shares == sorted(
        [
            (oranges.id, Decimal(120), 25_000),
            (on_sale(db, "TRUNG").id, Decimal(2), 40_000),
            (more.id, Decimal(5), 26_000),
        ]
    )
    assert part.total_vnd == 120 * 25_000 + 5 * 26_000 + 2 * 40_000
    assert town.news == [News(oranges.person_id or 0, "order", part.id)]
    assert_ledger_holds(db)


def test_where_no_code_is_free_the_order_is_not_placed_under_somebody_elses(demo: Database) -> None:
    with demo.reading() as db:
        before = db.scalars(select(func.count()).select_from(Order)).one()

    def try_it() -> None:
        with demo.writing() as db:
            town = RealTown(db, NOW)
            town.codes = iter(["DH2K7F"] * 20)
            town.talk("v1").do(PlaceOrder("d1", (line(db, "MIEN", "2"),), "pickup", None, 0))

    with pytest.raises(LookupError, match="20 order codes"):
        try_it()
    with demo.reading() as db:
        assert db.scalars(select(func.count()).select_from(Order)).one() == before
        assert on_sale(db, "MIEN").left == 80
        assert_ledger_holds(db)


def test_a_statement_shows_the_sellers_that_an_account_shows(demo: Database) -> None:
    own, seller = (Base.metadata.tables["organisation"].alias(name) for name in ("own", "seller"))
    with demo.reading() as db:
        everybody = db.scalars(select(Organisation.id).order_by(Organisation.id)).all()
        shown = select(own.c.id, seller.c.id).join(seller, shows(own, seller)).order_by(own.c.id, seller.c.id)
        assert db.execute(shown).all() == [(one, other) for one in everybody for other in sellers_shown_by(db, one)]
        assert len(set(db.scalars(select(Account.organisation_id)))) > 1


def test_what_somebody_takes_at_the_last_moment_is_not_sold_twice(postgresql: Database) -> None:
    """She is faster with the honey after we have our oranges: the oranges go back, and nothing is placed."""

    def buys_all_honey() -> None:
        with postgresql.writing() as other:
            honey = on_sale(other, "MAT")
            assert move(other, honey.id, -honey.left, "sold", ref="faster", at=NOW)

    with postgresql.writing() as db:
        town = RealTown(db, NOW)
        oranges, wanted = on_sale(db, "CAM"), (line(db, "CAM", "2"), line(db, "MAT", "1"))
        before = oranges.left
        with before_update(db, 2, buys_all_honey):
            result = town.talk("v1").do(PlaceOrder("d1", wanted, "pickup", None, 0))
        assert result == SoldOut(((wanted[1].product_id, Decimal(0)),))
        assert oranges.left == before
        assert db.scalars(select(StockMove).where(StockMove.ref == "d1")).all() == []
        assert_ledger_holds(db)


def test_where_one_offer_is_gone_at_the_last_moment_the_next_one_fills_up(postgresql: Database) -> None:
    with postgresql.writing() as db:
        first = on_sale(db, "MAT")
        second = Offer(
            product_id=first.product_id,
            organisation_id=first.organisation_id,
            posted=Decimal(7),
            price_vnd=first.price_vnd,
            available_from=first.available_from,
            created_at=NOW,
        )
        put_on_sale(db, second, "more", NOW)

    def buys_all_but_one() -> None:
        with postgresql.writing() as other:
            assert move(other, first.id, Decimal(1) - first.left, "sold", ref="faster", at=NOW)

    with postgresql.writing() as db:
        before = first.left
        with before_update(db, 1, buys_all_but_one):
            shares, short = take_all(db, {first.product_id: Decimal(5)}, TOMORROW, ref="d1", at=NOW)
        assert before > 5
        assert short == {}
        assert [(share.offer_id, share.quantity) for share in shares] == [
            (first.id, Decimal(1)),
            (second.id, Decimal(4)),
        ]
        moved = db.execute(select(StockMove.offer_id, StockMove.delta).where(StockMove.ref == "d1")).all()
        assert moved == [(first.id, Decimal(-1)), (second.id, Decimal(-4))]
        assert_ledger_holds(db)
