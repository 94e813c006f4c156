"""Orders in the tables: what is written when one is placed, and that stock and ledger never part."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TypeVar

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.dialogues.buying import fees
from bot.dialogues.cart import Line, weights
from catalog.acts import News, Refused
from catalog.acts.order import CancelOrder, Placed, PlacedOrder, PlaceOrder, SoldOut, TooLate, Wanted
from catalog.acts.perform import make_order_code
from catalog.acts.person import ContactKept, GiveConsent, SaveContact
from catalog.audit import Audit
from catalog.db import Database, vault_of
from catalog.offer import Offer, left_of
from catalog.order import CODE_LETTERS, Order, OrderLine, advance
from catalog.part import Allocation, Part
from catalog.product import Product
from catalog.stock import ledger_sum, put_on_sale
from tests.conftest import NOW
from tests.contracts.rush import rush
from tests.contracts.towns import RealTalk, RealTown


@pytest.fixture
def town(demo: Database) -> Iterator[RealTown]:
    with demo.writing() as db:
        yield RealTown(db, NOW)


def product(db: Session, sku: str) -> Product:
    return db.scalars(select(Product).where(Product.sku == sku)).one()


def line(db: Session, sku: str, quantity: str, code: str = "") -> Wanted:
    one = product(db, sku)
    return Wanted(one.id, Decimal(quantity), one.price_vnd, code)


def contact_of(talk: RealTalk) -> int:
    talk.do(GiveConsent("order", "2026-11"))
    kept = talk.do(SaveContact("Hằng", "0912345678", "Số 5 ngõ 20, phường Cầu Giấy, Hà Nội"))
    assert isinstance(kept, ContactKept)
    return kept.contact_id


Row = TypeVar("Row", OrderLine, Part)


def of_order(db: Session, table: type[Row], order: Order) -> list[Row]:
    return list(db.scalars(select(table).where(table.order_id == order.id).order_by(table.id)))


def assert_ledger_holds(db: Session) -> None:
    """The sum of an offer's moves is what is left of it, and never less than nothing."""
    for offer_id, left in db.execute(select(Offer.id, Offer.left)):
        assert ledger_sum(db, offer_id) == left >= 0


def counts(db: Session) -> list[int]:
    return [db.scalars(select(func.count()).select_from(table)).one() for table in (Order, OrderLine, Part, Allocation)]


def test_an_order_is_written_with_lines_parts_and_where_they_come_from(town: RealTown) -> None:
    db, talk = town.db, town.talk("v1")
    contact_id = contact_of(talk)
    stamped = (line(db, "CAM", "3", "483920176504"), line(db, "TRUNG", "1"), line(db, "MAT", "1"))
    talk.do(PlaceOrder("d1", stamped, "delivery", contact_id, 38_000, note="gọi trước"))
    order = db.scalars(select(Order).where(Order.draft_id == "d1")).one()
    assert (order.goods_vnd, order.fee_vnd, order.total_vnd) == (309_000, 38_000, 347_000)
    assert (order.carrier, order.way, order.status) == ("GHTK", "delivery", "placed")
    assert (order.expected_on, order.source_code) == (date(2026, 11, 24), "483920176504")
    assert (order.conversation_id, order.contact_id) == (talk.conversation.id, contact_id)
    assert order.person_id == talk.conversation.person_id
    assert order.note is not None
    assert vault_of(db).open(order.note).decode() == "gọi trước"
    assert [(one.quantity, one.price_vnd, one.total_vnd, one.trace_code) for one in of_order(db, OrderLine, order)] == [
        (Decimal(3), 28_000, 84_000, "483920176504"),
        (Decimal(1), 180_000, 180_000, ""),
        (Decimal(1), 45_000, 45_000, ""),
    ]
    parts = of_order(db, Part, order)
    assert [(part.total_vnd, part.status) for part in parts] == [(115_000, "asked"), (171_000, "asked")]
    shares = [
        db.execute(select(Allocation.quantity, Allocation.price_vnd).where(Allocation.part_id == part.id)).all()
        for part in parts
    ]
    assert shares == [[(Decimal(3), 25_000), (Decimal(1), 40_000)], [(Decimal(1), 171_000)]]
    assert town.news == [News(part.person_id or 0, "order", part.id) for part in parts]
    audit = db.scalars(select(Audit).where(Audit.subject == f"order:{order.id}")).one()
    assert (audit.who, audit.what) == (f"person:{order.person_id}", "order")
    assert_ledger_holds(db)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Ho_Chi_Minh"])
def test_what_the_shelf_shows_can_be_ordered_whatever_the_time_zone(demo: Database, zone: str) -> None:
    """At 20:00 in London it is tomorrow in Vietnam."""
    with demo.writing() as db:
        town = RealTown(db, datetime(2026, 11, 21, 20, tzinfo=UTC), zone=zone)
        oranges = product(db, "CAM")
        for offer in db.scalars(select(Offer).where(Offer.product_id == oranges.id)):
            offer.available_from = date(2026, 11, 23)
        talk = town.talk("v1")
        goods = talk.ports.shelf.get(oranges.id)
        assert goods is not None
        result = talk.do(PlaceOrder("d1", (line(db, "CAM", "1"),), "pickup", None, 0))
        assert isinstance(result, Placed) == (goods.left > 0) == (zone == "Asia/Ho_Chi_Minh")


def test_the_fee_that_a_cart_names_is_the_one_of_the_order(town: RealTown) -> None:
    """2.000,4 g and 999,6 g: each line rounded on its own, or down, would say another weight."""
    db, talk = town.db, town.talk("v1")
    product(db, "CAM").weight_g, product(db, "TRUNG").weight_g = 5_001, 2_499
    db.flush()
    wanted = (line(db, "CAM", "0.4"), line(db, "TRUNG", "0.4"))
    for lines in (wanted[:1], wanted):
        cart = tuple(Line(one.product_id, one.quantity, one.price_vnd) for one in lines)
        fee_vnd = sum(row.fee_vnd for row in fees(cart, talk.ports) if row is not None)
        placed = talk.do(PlaceOrder(f"d{len(lines)}", lines, "delivery", contact_of(talk), fee_vnd))
        assert isinstance(placed, Placed)
    assert weights(cart, talk.ports.shelf) == {product(db, "CAM").organisation_id: 3_000}


def test_the_oldest_offer_is_sold_first_and_the_next_fills_up(town: RealTown) -> None:
    db, oranges = town.db, product(town.db, "CAM")
    newest = db.scalars(select(Offer).where(Offer.product_id == oranges.id).order_by(Offer.id.desc()).limit(1)).one()
    later = Offer(
        product_id=oranges.id,
        organisation_id=oranges.organisation_id,
        posted=Decimal(5),
        price_vnd=24_000,
        available_from=newest.available_from,
        created_at=NOW,
    )
    put_on_sale(db, later, "more", NOW)
    town.talk("v1").do(PlaceOrder("d1", (line(db, "CAM", "122"),), "pickup", None, 0))
    taken = (
        select(Allocation.offer_id, Allocation.quantity, Allocation.price_vnd).order_by(Allocation.id.desc()).limit(2)
    )
    assert db.execute(taken).all() == [(later.id, Decimal(2), 24_000), (newest.id, Decimal(120), 25_000)]
    assert [news.about for news in town.news] == ["order"]  # the co-op's own share has nobody to tell
    assert_ledger_holds(db)


def test_a_cart_over_two_sellers_becomes_two_orders(demo: Database) -> None:
    with demo.writing() as db:
        town = RealTown(db, NOW, code="LM")
        talk = town.talk("v1")
        lines = (line(db, "BKA-MI-01", "2"), line(db, "MIEN", "2"))
        result = talk.do(PlaceOrder("d1", lines, "delivery", contact_of(talk), 60_000))
        assert isinstance(result, Placed)
        assert [(order.seller, order.total_vnd) for order in result.orders] == [
            ("HTX Suối Mây", 140_000),
            ("HTX Tài Hoan", 130_000),
        ]
        assert talk.do(PlaceOrder("d1", lines, "delivery", None, 0)) == result
        assert len({order.code for order in result.orders}) == len(talk.ports.orders.mine()) == 2
        assert_ledger_holds(db)


def test_where_one_seller_is_short_the_other_places_nothing_either(demo: Database) -> None:
    with demo.writing() as db:
        town = RealTown(db, NOW, code="LM")
        before = counts(db)
        lines = (line(db, "BKA-MI-01", "2"), line(db, "MANG", "4"))
        result = town.talk("v1").do(PlaceOrder("d1", lines, "pickup", None, 0))
        assert result == SoldOut(((product(db, "MANG").id, Decimal(3)),))
        assert counts(db) == before
        assert left_of(db, [product(db, "BKA-MI-01").id], date(2026, 11, 22)) == {product(db, "BKA-MI-01").id: 120}
        assert_ledger_holds(db)


def test_goods_that_this_account_does_not_show_are_not_sold_by_it(town: RealTown) -> None:
    result = town.talk("v1").do(PlaceOrder("d1", (line(town.db, "BKA-MI-01", "2"),), "pickup", None, 0))
    assert result == Refused()


def test_a_code_that_is_taken_is_drawn_again(town: RealTown) -> None:
    town.codes = iter(["DH2K7F", "DHK9RT", "DH8M3Q"])
    result = town.talk("v1").do(PlaceOrder("d1", (line(town.db, "MIEN", "2"),), "pickup", None, 0))
    assert result == Placed((PlacedOrder("DH8M3Q", "HTX Suối Mây", 110_000, date(2026, 11, 22)),))
    assert_ledger_holds(town.db)


def test_a_drawn_code_is_dh_and_four_clear_letters() -> None:
    code = make_order_code()
    assert (code[:2], len(code), set(code[2:]) <= set(CODE_LETTERS)) == ("DH", 6, True)


def test_an_order_belongs_to_its_person_in_every_conversation(town: RealTown) -> None:
    db, here, there = town.db, town.talk("v1"), town.talk("v2")
    contact_of(here)
    here.do(PlaceOrder("d1", (line(db, "MIEN", "2"),), "pickup", None, 0))
    there.conversation.person_id = here.conversation.person_id
    db.flush()
    assert there.ports.orders.mine() == here.ports.orders.mine()


def test_an_order_on_its_way_is_not_cancelled(town: RealTown) -> None:
    db, talk = town.db, town.talk("v1")
    talk.do(PlaceOrder("d1", (line(db, "MIEN", "2"),), "pickup", None, 0))
    order = db.scalars(select(Order).where(Order.draft_id == "d1")).one()
    for event in ("confirm", "pack", "send"):
        assert advance(db, order, event, NOW)
    assert talk.do(CancelOrder(order.code)) == TooLate(order.code, "sent")
    assert left_of(db, [product(db, "MIEN").id], date(2026, 11, 22)) == {product(db, "MIEN").id: 78}


def test_cancelling_ends_the_parts_and_gives_every_offer_its_own_back(town: RealTown) -> None:
    db, talk = town.db, town.talk("v1")
    before = db.execute(select(Offer.id, Offer.left).order_by(Offer.id)).all()
    talk.do(PlaceOrder("d1", (line(db, "CAM", "3"), line(db, "MAT", "24")), "pickup", None, 0))
    order = db.scalars(select(Order).where(Order.draft_id == "d1")).one()
    talk.do(CancelOrder(order.code))
    assert db.execute(select(Offer.id, Offer.left).order_by(Offer.id)).all() == before
    assert [part.status for part in of_order(db, Part, order)] == ["cancelled", "cancelled"]
    assert db.scalars(select(Audit.what).where(Audit.subject == f"order:{order.id}").order_by(Audit.id)).all() == [
        "order",
        "cancel",
    ]
    assert_ledger_holds(db)


def test_of_twenty_buyers_at_once_ten_get_the_last_ten_kilos(demo: Database) -> None:
    with demo.writing() as db:
        RealTown(db, NOW).talk("before").do(PlaceOrder("d0", (line(db, "CAM", "110"),), "pickup", None, 0))
        oranges, before = line(db, "CAM", "1"), counts(db)
    got = rush(demo.url, 20, oranges)
    assert sorted(got) == ["Placed"] * 10 + ["SoldOut"] * 10
    with demo.reading() as db:
        assert [now - then for now, then in zip(counts(db), before, strict=True)] == [10, 10, 10, 10]
        assert left_of(db, [oranges.product_id], date(2026, 11, 22)) == {oranges.product_id: 0}
        drafts = db.scalars(select(Order.draft_id).where(Order.draft_id.startswith("rush"))).all()
        assert len(set(drafts)) == len(drafts) == 10
        assert_ledger_holds(db)
