"""What dialogues read, on the fake and on the real shop."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from bot.ports import Certificate, DiaryEntry, Fee, Goods, Me, Stamp
from tests.contracts.towns import Town

UNIT_STAMP, RECALLED, UNKNOWN = "824501379632", "609735841277", "000000000098"


def named(town: Town, words: str) -> Goods:
    return town.talk("anybody").ports.shelf.search(words)[0].goods


def test_a_stranger_is_a_customer_of_whom_nothing_is_known(town: Town) -> None:
    assert town.talk("v1").ports.me == Me(
        person_id=None,
        role="customer",
        language="vi",
        you="anh/chị",
        name="",
        consents=frozenset(),
        contact=None,
        coop="HTX Suối Mây",
        shop="12 Lê Lợi",
        clerk="chị Hoa",
        clerk_phone="0912 000 222",
        demo=True,
    )


def test_a_producer_is_known_by_her_given_name(town: Town) -> None:
    me = town.talk_of("v1", "NSX-017").ports.me
    assert (me.role, me.you, me.name, me.consents) == ("producer", "bác", "Mến", {"producer"})


def test_the_shelf_stands_in_the_co_ops_own_order(town: Town) -> None:
    goods = town.talk("v1").ports.shelf.on_sale()
    assert [(one.name, one.price_vnd, one.left, one.unit, one.code) for one in goods] == [
        ("Cam sành loại 1", 28_000, Decimal(120), "kg", "483920176504"),
        ("Mật ong rừng 500 ml", 180_000, Decimal(24), "chai", "715038629415"),
        ("Trứng gà đồi", 45_000, Decimal(40), "chục", "260471835924"),
        ("Bưởi đỏ", 35_000, Decimal(60), "quả", "937264058112"),
        ("Măng khô 500 g", 160_000, Decimal(3), "gói", "582916407307"),
        ("Miến dong 500 g", 55_000, Decimal(80), "gói", "346195720851"),
    ]


def test_goods_carry_all_that_a_card_shows(town: Town) -> None:
    eggs = named(town, "trung ga")
    assert eggs == Goods(
        id=eggs.id,
        name="Trứng gà đồi",
        label="Trứng gà đồi",
        short="trứng",
        emoji="🥚",
        unit="chục",
        pieces=10,
        step=Decimal("0.1"),
        price_vnd=45_000,
        left=Decimal(40),
        code="260471835924",
        category="Thịt - trứng",
        weight_g=550,
        seller_id=eggs.seller_id,
        seller="HTX Suối Mây",
        image="/pictures/trung-ga.png",
        fee_vnd=5_000,
    )
    assert town.talk("v1").ports.shelf.get(eggs.id) == eggs


def test_goods_come_in_the_persons_language(town: Town) -> None:
    talk = town.talk("v1")
    talk.speak("en")
    eggs = talk.ports.shelf.search("eggs")[0].goods
    assert (eggs.name, eggs.short, eggs.unit) == ("Free-range hen eggs", "eggs", "pack of 10")


def test_a_slip_finds_the_honey_and_nonsense_finds_nothing(town: Town) -> None:
    shelf = town.talk("v1").ports.shelf
    best = shelf.search("mat ogn")[0]
    assert best.goods.name == "Mật ong rừng 500 ml"
    assert best.score >= 80
    assert list(shelf.search("zzzz")) == []
    assert shelf.get(999_999) is None


def test_delivery_costs_what_the_co_ops_table_says(town: Town) -> None:
    shelf, seller_id = town.talk("v1").ports.shelf, named(town, "cam").seller_id
    assert list(shelf.fees(seller_id, 2000)) == [Fee("GHN", 30_000, 2, 2)]
    assert list(shelf.fees(seller_id, 4450)) == [
        Fee("GHTK", 38_000, 2, 3),
        Fee("GHN", 41_000, 2, 2),
        Fee("Viettel Post", 45_000, 1, 2),
    ]
    assert [fee.fee_vnd for fee in shelf.fees(seller_id, 31_000)] == [150_000]
    assert list(shelf.fees(999_999, 100)) == []


def test_a_stamp_tells_who_where_when_and_until_when(town: Town) -> None:
    stamp = town.talk("v1").ports.book.stamp("483920176504")
    assert stamp == Stamp(
        code="483920176504",
        kind="lot",
        state="active",
        goods=named(town, "cam sành"),
        number="SM-CAM-01",
        producer="bà Bùi Thị Mến",
        place="xã Đà Bắc",
        harvest_verb="cắt",
        harvested_on=date(2026, 11, 18),
        best_before=date(2026, 12, 2),
        fresh=True,
        diary=(
            DiaryEntry(date(2026, 3, 2), "fertilise", "bón phân hữu cơ"),
            DiaryEntry(date(2026, 9, 12), "spray", "Thuốc sinh học, đúng danh mục"),
            DiaryEntry(date(2026, 10, 5), "stop_spray", "ngưng phun, kiểm tra vườn"),
            DiaryEntry(date(2026, 11, 18), "harvest", "cắt quả – 120 kg"),
            DiaryEntry(date(2026, 11, 19), "pack", "phân loại, đóng túi, dán tem"),
        ),
        certificates=(Certificate("VietGAP", date(2027, 8, 31)),),
        recall_reason="",
        recall_advice="",
        seller="HTX Suối Mây",
    )


def test_a_recalled_lot_says_so_and_why(town: Town) -> None:
    stamp = town.talk("v1").ports.book.stamp(RECALLED)
    assert stamp is not None
    assert (stamp.state, stamp.recall_reason) == ("recalled", "bao gói hở, có thể bị ẩm mốc")
    assert stamp.recall_advice == "Anh/chị giữ lại gói, HTX đổi gói mới hoặc trả lại tiền."


def test_a_stamp_of_one_package_is_known_as_such(town: Town) -> None:
    stamp = town.talk("v1").ports.book.stamp(UNIT_STAMP)
    assert stamp is not None
    assert (stamp.kind, stamp.goods.name) == ("unit", "Mật ong rừng 500 ml")


def test_a_lot_past_its_day_has_expired(town: Town) -> None:
    town.now = town.now.replace(day=3, month=12)
    stamp = town.talk("v1").ports.book.stamp("483920176504")
    assert stamp is not None
    assert stamp.state == "expired"


@pytest.mark.parametrize("code", [UNKNOWN, "123456789012", "", "x"])
def test_a_code_in_nobodys_book_leads_to_nothing(town: Town, code: str) -> None:
    assert town.talk("v1").ports.book.stamp(code) is None


def test_only_an_active_lot_is_suggested(town: Town) -> None:
    book = town.talk("v1").ports.book
    assert book.near("483920186504") == "483920176504"  # one digit
    assert book.near("483290176504") == "483920176504"  # two neighbours
    assert book.near(RECALLED[:-1] + "8") is None
    assert book.near(UNIT_STAMP[:-1] + "3") is None
    assert book.near("483920176504") is None


def test_a_customer_has_no_garden_and_no_parts(town: Town) -> None:
    ports = town.talk("v1").ports
    assert (list(ports.garden.grown()), list(ports.orders.mine()), ports.orders.part(1)) == ([], [], None)


def test_a_producer_sees_her_newest_posting_of_each_product(town: Town) -> None:
    grown = town.talk_of("v1", "NSX-017").ports.garden.grown()
    assert [(one.called, one.price_vnd, one.shown_vnd, one.fee_vnd, one.posted, one.left) for one in grown] == [
        ("Cam", 25_000, 28_000, 3_000, Decimal(120), Decimal(120)),
        ("Trứng gà", 40_000, 45_000, 5_000, Decimal(40), Decimal(40)),
    ]
    assert [one.available_from for one in grown] == [date(2026, 11, 20)] * 2
    assert [one.posted_at and one.posted_at.hour for one in grown] == [8, 8]
    assert [one.goods for one in grown] == [named(town, "cam sành"), named(town, "trứng gà")]


def test_a_turn_has_its_own_id_and_its_own_moment(town: Town) -> None:
    first, second = town.talk("v1").ports, town.talk("v2").ports
    assert first.fresh_id != second.fresh_id
    assert (first.now, first.lot_in_view, first.suggested_lately) == (town.now, "", 0)


def test_a_stamps_goods_are_the_shelfs_goods(town: Town) -> None:
    ports = town.talk("v1").ports
    stamp = ports.book.stamp(RECALLED)
    assert stamp is not None
    assert ports.shelf.get(stamp.goods.id) == stamp.goods == replace(named(town, "miến"), left=Decimal(80))
