"""Offers in the tables: lot drafts with their codes, prices with their history, cases for the co-op."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog import trace
from catalog.acts.offer import CorrectOffer, Posted, PostedOffer, Posting, PostOffers, SoldMore, WithdrawOffers
from catalog.acts.order import PlaceOrder, Wanted
from catalog.audit import Audit
from catalog.case import Case, note_of
from catalog.db import Database
from catalog.lot import Lot
from catalog.offer import Offer
from catalog.order import OrderLine
from catalog.organisation import organisation_by_code
from catalog.product import PriceChange, Product
from catalog.stamp import TraceCode
from catalog.stock import StockMove, ledger_sum
from tests.conftest import NOW
from tests.contracts.towns import RealTalk, RealTown

TOMORROW = date(2026, 11, 22)


@pytest.fixture
def town(demo: Database) -> Iterator[RealTown]:
    with demo.writing() as db:
        yield RealTown(db, NOW)


@pytest.fixture
def grower(town: RealTown) -> RealTalk:
    return town.talk_of("grower", "NSX-017")


@pytest.fixture
def oranges(town: RealTown) -> Product:
    return town.db.scalars(select(Product).where(Product.sku == "CAM")).one()


def post(talk: RealTalk, draft: str, product: Product, quantity: str, price_vnd: int = 25_000) -> PostedOffer:
    posted = talk.do(PostOffers(draft, (Posting(product.id, Decimal(quantity), price_vnd, TOMORROW),)))
    assert isinstance(posted, Posted)
    return posted.offers[0]


def lot_of(db: Session, offer: PostedOffer) -> Lot:
    return db.scalars(select(Lot).join(Offer, Offer.lot_id == Lot.id).where(Offer.id == offer.offer_id)).one()


def test_a_posting_makes_a_lot_draft_with_its_own_number_and_code(
    town: RealTown, grower: RealTalk, oranges: Product
) -> None:
    lots = [lot_of(town.db, post(grower, draft, oranges, "50.5")) for draft in ("d1", "d2")]
    assert [(lot.number, lot.state, lot.amount, lot.place) for lot in lots] == [
        ("CAM-261122-1", "draft", "50,5 kg", "xã Đà Bắc"),
        ("CAM-261122-2", "draft", "50,5 kg", "xã Đà Bắc"),
    ]
    assert [(lot.harvested_on, lot.best_before) for lot in lots] == [(TOMORROW, date(2026, 12, 6))] * 2
    codes = town.db.scalars(select(TraceCode).where(TraceCode.lot_id.in_([lot.id for lot in lots]))).all()
    assert [code.kind for code in codes] == ["lot", "lot"]
    assert all(trace.check(code.code) for code in codes)


def test_a_lot_draft_is_not_shown_to_customers_before_its_stamps_are(
    town: RealTown, grower: RealTalk, oranges: Product
) -> None:
    offer = post(grower, "d1", oranges, "50")
    goods = town.talk("v1").ports.shelf.get(oranges.id)
    assert goods is not None
    assert (goods.code, goods.left) == ("483920176504", 170)
    code = town.db.scalars(select(TraceCode.code).where(TraceCode.lot_id == lot_of(town.db, offer).id)).one()
    stamp = grower.ports.book.stamp(code)
    assert stamp is not None
    assert (stamp.state, stamp.producer) == ("draft", "bà Bùi Thị Mến")


def test_a_posting_that_is_taken_back_whole_takes_its_code_along(
    town: RealTown, grower: RealTalk, oranges: Product
) -> None:
    offer = post(grower, "d1", oranges, "50")
    grower.do(WithdrawOffers((offer.offer_id,)))
    voided = town.db.scalars(select(TraceCode.voided_at).where(TraceCode.lot_id == lot_of(town.db, offer).id)).one()
    assert voided == NOW


def test_a_new_price_is_remembered_and_old_orders_keep_theirs(
    town: RealTown, grower: RealTalk, oranges: Product
) -> None:
    db = town.db
    town.talk("v1").do(PlaceOrder("b1", (Wanted(oranges.id, Decimal(2), 28_000),), "pickup", None, 0))
    post(grower, "d1", oranges, "50", 28_000)
    me = f"person:{grower.conversation.person_id}"
    change = db.scalars(select(PriceChange).where(PriceChange.product_id == oranges.id, PriceChange.who == me)).one()
    assert (change.price_vnd, change.markup_vnd, change.changed_at) == (31_000, 3_000, NOW)
    assert db.scalars(select(Audit.who).where(Audit.subject == f"product:{oranges.id}")).all() == [me]
    newest = select(OrderLine.price_vnd).order_by(OrderLine.id.desc()).limit(1)
    assert db.scalars(newest).one() == 28_000


def test_the_price_she_had_anyway_changes_no_history(town: RealTown, grower: RealTalk, oranges: Product) -> None:
    changes = select(func.count()).select_from(PriceChange)
    before = town.db.scalars(changes).one()
    post(grower, "d1", oranges, "50")
    assert town.db.scalars(changes).one() == before


def test_where_the_co_op_takes_a_share_it_comes_on_top_of_what_she_gets(
    town: RealTown, grower: RealTalk, oranges: Product
) -> None:
    coop = organisation_by_code(town.db, "SM")
    assert coop is not None
    coop.fee_kind, coop.fee_percent = "percent", Decimal(5)
    town.db.flush()
    offer = post(grower, "d1", oranges, "50", 26_600)
    assert (offer.price_vnd, offer.shown_vnd, offer.fee_vnd) == (26_600, 28_000, 1_400)
    grower.do(WithdrawOffers((offer.offer_id,)))
    uneven = post(grower, "d2", oranges, "50", 24_000)
    assert (uneven.price_vnd, uneven.shown_vnd, uneven.fee_vnd) == (24_000, 25_264, 1_264)


def test_a_price_that_is_not_shown_waits_for_a_person(town: RealTown, grower: RealTalk) -> None:
    honey = town.db.scalars(select(Product).where(Product.sku == "MAT")).one()
    post(grower, "d1", honey, "5", 17_000)
    (case,) = town.db.scalars(select(Case).where(Case.kind == "price")).all()
    assert (case.subject, note_of(town.db, case)) == (f"product {honey.id}", "Mật ong rừng: 17000")


def test_postings_are_taken_back_in_the_order_in_which_stock_is_taken(
    town: RealTown, grower: RealTalk, oranges: Product
) -> None:
    honey = town.db.scalars(select(Product).where(Product.sku == "MAT")).one()
    second, first = post(grower, "d1", honey, "5", 171_000), post(grower, "d2", oranges, "5")
    grower.do(WithdrawOffers((second.offer_id, first.offer_id)))
    moves = select(StockMove.offer_id).where(StockMove.reason == "withdrawn").order_by(StockMove.id)
    assert town.db.scalars(moves).all() == [first.offer_id, second.offer_id]


def test_a_correction_below_what_is_sold_waits_for_a_person(town: RealTown, grower: RealTalk, oranges: Product) -> None:
    db = town.db
    offer = post(grower, "d1", oranges, "50")
    town.talk("v1").do(PlaceOrder("b1", (Wanted(oranges.id, Decimal(150), 28_000),), "pickup", None, 0))
    for _ in range(2):
        assert grower.do(CorrectOffer(offer.offer_id, Decimal(10))) == SoldMore(offer.offer_id, Decimal(30))
    cases = db.scalars(select(Case).where(Case.kind == "short stock")).all()
    assert [(case.subject, case.conversation_id) for case in cases] == [
        (f"offer {offer.offer_id}", grower.conversation.id)
    ]
    row = db.get_one(Offer, offer.offer_id)
    assert (row.posted, row.left, ledger_sum(db, row.id)) == (50, 20, 20)


def test_a_corrected_draft_says_its_new_amount(town: RealTown, grower: RealTalk, oranges: Product) -> None:
    offer = post(grower, "d1", oranges, "50")
    grower.do(CorrectOffer(offer.offer_id, Decimal(15)))
    row = town.db.get_one(Offer, offer.offer_id)
    assert (lot_of(town.db, offer).amount, row.posted, row.left) == ("15 kg", 15, 15)
    assert ledger_sum(town.db, row.id) == 15


def test_two_households_post_the_same_goods_for_the_same_day(
    town: RealTown, grower: RealTalk, oranges: Product
) -> None:
    neighbour = town.talk_of("neighbour", "NSX-022")
    numbers = [lot_of(town.db, post(talk, "d" + talk.who.address, oranges, "5")).number for talk in (grower, neighbour)]
    assert numbers == ["CAM-261122-1", "CAM-261122-2"]
    assert neighbour.ports.garden.grown()[0].called == "Cam"
