"""The demo is what the talks take for granted: on its own day to the đồng, on any other day moved as a whole."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog import trace
from catalog.account import account_by
from catalog.contact import Contact, ContactWords, newest_contact, read_contact
from catalog.db import Database, vault_of
from catalog.delivery import fees_for
from catalog.lot import Lot, diary_of
from catalog.offer import Offer, left_of
from catalog.order import Order, OrderLine
from catalog.organisation import Organisation, organisation_by_code, sellers_shown_by
from catalog.part import Part
from catalog.person import Person, producer_by_code, public_name
from catalog.product import Product, certificates_of, products_of, search_entry
from catalog.search import Index
from catalog.seed import seed
from catalog.stamp import TraceCode, code_of, near, state_told
from catalog.stock import ledger_sum
from catalog.tables import METADATA
from tests.people import by_phone

NOW = datetime(2026, 11, 21, 2, tzinfo=UTC)  # Saturday, nine in the morning in Vietnam
TODAY = date(2026, 11, 21)


@pytest.fixture
def db(demo: Database) -> Iterator[Session]:
    with demo.reading() as session:
        yield session


@pytest.fixture
def coop(db: Session) -> Organisation:
    coop = organisation_by_code(db, "SM")
    assert coop is not None
    return coop


def lot_behind(db: Session, code: str) -> Lot:
    stamp = code_of(db, code)
    assert stamp is not None
    return db.get_one(Lot, stamp.lot_id)


def producer(db: Session, code: str) -> Person:
    person = producer_by_code(db, code)
    assert person is not None
    return person


def test_loading_it_again_changes_nothing(database: Database) -> None:
    assert seed(database, NOW)
    rows = {table: rows_of(database, table) for table in METADATA.tables}
    assert not seed(database, datetime(2026, 12, 24, 2, tzinfo=UTC))
    assert {table: rows_of(database, table) for table in METADATA.tables} == rows


def rows_of(database: Database, table: str) -> list[tuple[object, ...]]:
    with database.reading() as db:
        return [tuple(row) for row in db.execute(select(METADATA.tables[table]))]


def test_the_goods_of_suoi_may_cost_what_the_talks_say(db: Session, coop: Organisation) -> None:
    goods = products_of(db, [coop.id])
    left = left_of(db, [product.id for product in goods], TODAY)
    assert [(p.emoji, p.name_vi, p.price_vnd, p.unit_vi, left[p.id], p.price_vnd - p.markup_vnd) for p in goods] == [
        ("🍊", "Cam sành loại 1", 28_000, "kg", Decimal(120), 25_000),
        ("🍯", "Mật ong rừng 500 ml", 180_000, "chai", Decimal(24), 171_000),
        ("🥚", "Trứng gà đồi", 45_000, "chục", Decimal(40), 40_000),
        ("🍈", "Bưởi đỏ", 35_000, "quả", Decimal(60), 33_250),
        ("🎋", "Măng khô 500 g", 160_000, "gói", Decimal(3), 152_000),
        ("🍜", "Miến dong 500 g", 55_000, "gói", Decimal(80), 52_250),
    ]


def test_every_stamp_leads_to_its_lot(db: Session, coop: Organisation) -> None:
    stamps = (
        select(TraceCode.code, TraceCode.kind, Product.short_vi, Person.code, Lot.state)
        .join(Lot, Lot.id == TraceCode.lot_id)
        .join(Product, Product.id == Lot.product_id)
        .join(Person, Person.id == Lot.person_id)
        .where(Product.organisation_id == coop.id)
    )
    assert {tuple(row) for row in db.execute(stamps)} == {
        ("483920176504", "lot", "cam", "NSX-017", "active"),
        ("715038629415", "lot", "mật", "NSX-022", "active"),
        ("260471835924", "lot", "trứng", "NSX-017", "active"),
        ("937264058112", "lot", "bưởi", "NSX-009", "active"),
        ("582916407307", "lot", "măng", "NSX-022", "active"),
        ("346195720851", "lot", "miến", "NSX-031", "active"),
        ("609735841277", "lot", "miến", "NSX-031", "recalled"),
        ("824501379632", "unit", "mật", "NSX-022", "active"),
    }


def test_the_oranges_have_their_diary(db: Session) -> None:
    lot = lot_behind(db, "483920176504")
    assert (lot.place, lot.harvested_on, lot.best_before) == ("xã Đà Bắc", date(2026, 11, 18), date(2026, 12, 2))
    assert public_name(db, producer(db, "NSX-017")) == "bà Bùi Thị Mến"
    assert [(entry.happened_on, entry.kind, entry.words) for entry in diary_of(db, lot.id)] == [
        (date(2026, 3, 2), "fertilise", "bón phân hữu cơ"),
        (date(2026, 9, 12), "spray", "Thuốc sinh học, đúng danh mục"),
        (date(2026, 10, 5), "stop_spray", "ngưng phun, kiểm tra vườn"),
        (date(2026, 11, 18), "harvest", "cắt quả – 120 kg"),
        (date(2026, 11, 19), "pack", "phân loại, đóng túi, dán tem"),
    ]
    valid = certificates_of(db, lot.product_id, TODAY)
    assert [(certificate.name, certificate.valid_until) for certificate in valid] == [("VietGAP", date(2027, 8, 31))]


def test_a_lot_is_past_its_day_only_after_it(db: Session) -> None:
    lot, recalled = lot_behind(db, "483920176504"), lot_behind(db, "609735841277")
    said = [state_told("active", lot.state, lot.best_before, date(2026, 12, day)) for day in (2, 3)]
    assert said == ["active", "expired"]
    assert state_told("active", recalled.state, recalled.best_before, date(2030, 1, 1)) == "recalled"


def test_the_recalled_lot_says_why_and_what_to_do(db: Session) -> None:
    lot = lot_behind(db, "609735841277")
    assert (lot.harvested_on, lot.recall_reason, lot.recall_advice) == (
        date(2026, 11, 2),
        "bao gói hở, có thể bị ẩm mốc",
        "Anh/chị giữ lại gói, HTX đổi gói mới hoặc trả lại tiền.",
    )
    assert db.scalars(select(Offer).where(Offer.lot_id == lot.id, Offer.left > 0)).all() == []


def test_one_wrong_digit_leads_back_to_the_lot_of_this_seller_alone(db: Session, coop: Organisation) -> None:
    assert near(db, "483920186504", [coop.id]) == "483920176504"
    assert near(db, "483920186504", [coop.id + 1]) is None
    assert near(db, "824501379623", [coop.id]) is None  # a single package is never suggested
    assert near(db, "609735841272", [coop.id]) is None  # nor a recalled lot
    assert near(db, "123456789012", [coop.id]) is None


@pytest.mark.parametrize(
    ("weight_g", "ways"),
    [
        (1_000, [("GHN", 30_000, 2, 2)]),
        (2_000, [("GHN", 30_000, 2, 2)]),
        (5_250, [("GHTK", 38_000, 2, 3), ("GHN", 41_000, 2, 2), ("Viettel Post", 45_000, 1, 2)]),
        (30_000, [("xe HTX", 80_000, 2, 4)]),
        (10_000_000, [("xe HTX", 150_000, 2, 4)]),
    ],
)
def test_every_weight_has_a_way(
    db: Session, coop: Organisation, weight_g: int, ways: list[tuple[str, int, int, int]]
) -> None:
    fees = fees_for(db, coop.id, weight_g)
    assert [(fee.carrier, fee.fee_vnd, fee.days_min, fee.days_max) for fee in fees] == ways


def test_the_co_op_has_its_people_and_hours(db: Session, coop: Organisation) -> None:
    assert (coop.short_name, coop.shop, coop.clerk, coop.clerk_phone, coop.collector) == (
        "HTX Suối Mây",
        "12 Lê Lợi",
        "chị Hoa",
        "0912000222",
        "anh Nam",
    )
    assert (f"{coop.opens_at:%H:%M}", f"{coop.closes_at:%H:%M}", coop.pays_on_day) == ("07:30", "17:00", 5)
    assert [person.given_name for person in by_phone(db, "0912000222")] == ["Hoa"]
    assert [producer(db, code).you for code in ("NSX-017", "NSX-022")] == ["bác", "anh"]


def test_the_customer_of_the_talks_is_known_with_her_address(db: Session) -> None:
    (hang,) = by_phone(db, "0912345678")
    contact = newest_contact(db, hang.id)
    assert contact is not None
    words = ContactWords("Hằng", "0912345678", "Số 5 ngõ 20, phường Cầu Giấy, Hà Nội")
    assert read_contact(db, contact) == words
    orders = db.scalars(select(Order).where(Order.person_id == hang.id).order_by(Order.placed_at))
    assert [(order.code, order.status, order.total_vnd) for order in orders] == [
        ("DHK9RT", "delivered", 86_000),
        ("DH2K7F", "sent", 522_000),
    ]


def test_october_was_as_good_as_the_producer_hears(db: Session) -> None:
    sold = (
        select(Product.sku, func.sum(OrderLine.quantity, type_=OrderLine.quantity.type), func.sum(OrderLine.total_vnd))
        .join(OrderLine, OrderLine.product_id == Product.id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(Order.placed_at < datetime(2026, 11, 1, tzinfo=UTC), Order.status == "delivered")
        .group_by(Product.sku)
    )
    assert {sku: (quantity, vnd) for sku, quantity, vnd in db.execute(sold)} == {
        "CAM": (Decimal(142), 3_976_000),
        "TRUNG": (Decimal(35), 1_575_000),
    }


def test_producers_get_their_own_price_for_their_part(db: Session) -> None:
    order = db.scalars(select(Order).where(Order.code == "DH2K7F")).one()
    parts = db.scalars(select(Part).where(Part.order_id == order.id))
    assert {part.person_id: part.total_vnd for part in parts} == {
        producer(db, "NSX-017").id: 3 * 25_000 + 40_000,
        producer(db, "NSX-022").id: 171_000,
        producer(db, "NSX-009").id: 5 * 33_250,
    }


def test_what_she_posted_last_is_what_is_in_stock(db: Session) -> None:
    hers = select(Offer).where(Offer.person_id == producer(db, "NSX-017").id)
    offers = db.scalars(hers.order_by(Offer.id.desc())).all()
    assert [(offer.called, offer.posted, offer.left, offer.price_vnd) for offer in offers[:2]] == [
        ("Cam", Decimal(120), Decimal(120), 25_000),
        ("Trứng gà", Decimal(40), Decimal(40), 40_000),
    ]


def test_all_stock_is_the_sum_of_its_moves(db: Session) -> None:
    for offer in db.scalars(select(Offer)):
        assert ledger_sum(db, offer.id) == offer.left >= 0


def test_the_alliance_shows_the_goods_of_all_its_sellers(db: Session, coop: Organisation) -> None:
    account = account_by(db, "web", "LM")
    assert account is not None
    shown = sellers_shown_by(db, account.organisation_id)
    assert coop.id in shown
    assert len(products_of(db, shown)) == 6 + 52
    assert sellers_shown_by(db, coop.id) == [coop.id]
    for external_id, channel in (("SM", "web"), ("SM", "console")):
        of_coop = account_by(db, channel, external_id)
        assert of_coop is not None
        assert of_coop.organisation_id == coop.id


def test_households_and_groups_sell_through_a_co_op(db: Session) -> None:
    members = db.scalars(select(Organisation).where(Organisation.kind.in_(["household", "group"]))).all()
    assert len(members) == 4 + 4
    for member in members:
        assert member.seller_id == member.parent_id != member.id


def test_all_codes_are_right_and_the_further_ones_follow_from_the_sku(db: Session) -> None:
    codes = db.scalars(select(TraceCode.code)).all()
    assert len(codes) == 8 + 52
    assert all(map(trace.check, codes))
    product = db.scalars(select(Product).where(Product.sku == "HGI-MO-01")).one()
    lot = db.scalars(select(Lot).where(Lot.product_id == product.id)).one()
    code = db.scalars(select(TraceCode.code).where(TraceCode.lot_id == lot.id)).one()
    assert (lot.number, code) == ("HGI-MO-01-01", "055918557867")


def test_no_name_no_number_and_no_address_of_a_person_lies_open(db: Session) -> None:
    for column in (Person.name, Person.phone, Contact.name, Contact.phone, Contact.address):
        kept = [sealed for sealed in db.scalars(select(column)) if sealed is not None]
        assert kept
        assert all(vault_of(db).open(sealed) not in sealed for sealed in kept)


def test_people_find_the_goods_of_suoi_may(db: Session, coop: Organisation) -> None:
    index = Index(map(search_entry, products_of(db, [coop.id])))
    names = {product.id: product.short_vi for product in products_of(db, [coop.id])}
    meant = {words: names[index.search(words)[0][0]] for words in ("mat ogn", "cam", "trung", "honey", "mang", "mien")}
    assert meant == {"mat ogn": "mật", "cam": "cam", "trung": "trứng", "honey": "mật", "mang": "măng", "mien": "miến"}
    assert all(score < 80 for _, score in index.search("sau rieng"))


def test_on_another_day_the_oranges_were_cut_three_days_ago_too(database: Database) -> None:
    seed(database, datetime(2027, 2, 28, 18, tzinfo=UTC))  # the first of March in Vietnam
    with database.reading() as db:
        lot = lot_behind(db, "483920176504")
        assert (lot.harvested_on, lot.best_before) == (date(2027, 2, 26), date(2027, 3, 12))
        cam = db.get_one(Product, lot.product_id)
        assert left_of(db, [cam.id], date(2027, 3, 1)) == {cam.id: Decimal(120)}
        late = db.scalar(select(func.max(Offer.available_from)))
        assert late == date(2027, 3, 1)
