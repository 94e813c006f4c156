"""Stock never goes below zero, and the sum of its moves is what is left."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from catalog.db import Database
from catalog.offer import Offer, left_of
from catalog.organisation import Organisation
from catalog.product import Product
from catalog.stock import StockMove, ledger_sum, move, put_on_sale, take, withdraw

NOW = datetime(2026, 11, 21, 2, tzinfo=UTC)
TODAY, TOMORROW = date(2026, 11, 21), date(2026, 11, 22)


@pytest.fixture
def db(database: Database) -> Iterator[Session]:
    with database.writing() as session:
        yield session


@pytest.fixture
def product_id(db: Session) -> int:
    coop = Organisation(kind="coop", code="SM", name="HTX Suối Mây", short_name="HTX Suối Mây")
    db.add(coop)
    db.flush()
    words = dict.fromkeys(("sku", "name_vi", "name_en", "label_vi", "label_en", "short_vi", "short_en"), "cam")
    cam = Product(organisation_id=coop.id, unit_vi="kg", unit_en="kg", price_vnd=28_000, **words)
    db.add(cam)
    db.flush()
    return cam.id


def on_sale(db: Session, product_id: int, quantity: str, available_from: date = TODAY) -> Offer:
    offer = Offer(
        product_id=product_id,
        organisation_id=1,
        posted=Decimal(quantity),
        price_vnd=25_000,
        available_from=available_from,
        created_at=NOW,
    )
    put_on_sale(db, offer, "draft", NOW)
    return offer


def order(db: Session, product_id: int, quantity: str, ready_on: date = TODAY) -> list[tuple[int, Decimal]] | None:
    return take(db, product_id, Decimal(quantity), ready_on, ref="order", at=NOW)


def test_an_order_is_filled_from_the_oldest_offers_first(db: Session, product_id: int) -> None:
    first, second = on_sale(db, product_id, "2.5"), on_sale(db, product_id, "10")
    assert order(db, product_id, "4.2") == [(first.id, Decimal("2.5")), (second.id, Decimal("1.7"))]
    assert (first.left, second.left) == (Decimal(0), Decimal("8.3"))
    assert left_of(db, [product_id, 99], TODAY) == {product_id: Decimal("8.3"), 99: Decimal(0)}


def test_where_there_is_too_little_nothing_is_taken(db: Session, product_id: int) -> None:
    first, second = on_sale(db, product_id, "2"), on_sale(db, product_id, "3")
    assert order(db, product_id, "5.001") is None
    assert (first.left, second.left) == (Decimal(2), Decimal(3))
    assert [moved.reason for moved in db.scalars(select(StockMove))] == ["posted", "posted"]


def test_the_last_of_it_can_be_taken_once(db: Session, product_id: int) -> None:
    offer = on_sale(db, product_id, "10")
    assert order(db, product_id, "10") == [(offer.id, Decimal(10))]
    assert order(db, product_id, "0.001") is None


def test_what_comes_tomorrow_is_not_sold_for_today(db: Session, product_id: int) -> None:
    offer = on_sale(db, product_id, "10", TOMORROW)
    assert order(db, product_id, "1", TODAY) is None
    assert order(db, product_id, "1", TOMORROW) == [(offer.id, Decimal(1))]


def test_what_was_taken_back_is_not_sold_and_taken_back_once(db: Session, product_id: int) -> None:
    offer = on_sale(db, product_id, "10")
    order(db, product_id, "4")
    assert withdraw(db, offer, "undo", NOW) == Decimal(6)
    assert withdraw(db, offer, "undo", NOW) == Decimal(0)
    assert order(db, product_id, "1") is None
    assert [moved.delta for moved in db.scalars(select(StockMove))] == [Decimal(10), Decimal(-4), Decimal(-6)]


def test_a_move_below_zero_changes_nothing(db: Session, product_id: int) -> None:
    offer = on_sale(db, product_id, "3")
    assert not move(db, offer.id, Decimal("-3.001"), "corrected", ref="", at=NOW)
    assert (offer.left, ledger_sum(db, offer.id)) == (Decimal(3), Decimal(3))


def test_the_sum_of_the_moves_is_what_is_left(db: Session, product_id: int) -> None:
    offer = on_sale(db, product_id, "50")
    order(db, product_id, "12.345")
    move(db, offer.id, Decimal("12.345"), "returned", ref="order", at=NOW)
    move(db, offer.id, Decimal(-35), "corrected", ref="draft", at=NOW)
    assert ledger_sum(db, offer.id) == offer.left == Decimal(15)


@pytest.mark.parametrize("quantity", ["0.0001", "1e-9"])
def test_finer_than_a_thousandth_is_a_mistake_of_ours(db: Session, product_id: int, quantity: str) -> None:
    offer = on_sale(db, product_id, "1")
    with pytest.raises(StatementError, match="finer than a thousandth"):
        move(db, offer.id, Decimal(quantity), "posted", ref="", at=NOW)
