"""What producers put on sale in one sentence, and how they correct it."""

from datetime import date
from decimal import Decimal

import pytest

from bot.understand.postings import Correction, PostingLine, read_correction, read_postings
from tests.unit.shelf import CAM, MANG, TRUNG, find

TODAY = date(2026, 11, 21)
TOMORROW = date(2026, 11, 22)


def test_the_golden_sentence_gives_the_day_to_its_own_goods_only() -> None:
    assert read_postings("mai co 50 can cam 25 nghin, 3 chuc trung", find, TODAY) == [
        PostingLine("cam", CAM, 100.0, Decimal(50), "kg", 25_000, TOMORROW),
        PostingLine("trung", TRUNG, 100.0, Decimal(3), "chục", None, None),
    ]


def test_an_elder_sentence_is_read_with_its_price_in_the_next_clause() -> None:
    assert read_postings("Bác có hai tạ rưỡi cam, bán bốn nghìn một cân nhé cháu", find, TODAY) == [
        PostingLine("cam", CAM, 100.0, Decimal(250), "kg", 4_000, None, "kg")
    ]


@pytest.mark.parametrize(
    ("text", "quantity", "unit", "price_vnd", "price_unit"),
    [
        ("cam 20 kg 25 nghin", "20", "kg", 25_000, None),
        ("cam 20 kg giá 25", "20", "kg", 25_000, None),
        ("cam 20kg giá 25 rưỡi", "20", "kg", 25_500, None),
        ("cam 20kg giá là hai lăm rưỡi", "20", "kg", 25_500, None),
        ("cam 20 kg 25k/kg", "20", "kg", 25_000, "kg"),
        ("cam 20 kg hăm lăm nghìn", "20", "kg", 25_000, None),
        ("cam 20 kg, hai lăm một cân", "20", "kg", 25_000, "kg"),
        ("cam 20 kg 2k5 một lạng", "20", "kg", 25_000, "kg"),
        ("gà 10 con 120", "10", "con", 120_000, None),
        ("có chục con gà, một trăm hai một ký", "10", "con", 120_000, "kg"),
        ("Bà có hai chục con vịt, mỗi con chín mươi nghìn", "20", "con", 90_000, "con"),
        ("100 chục cau tươi, sáu chục ngàn một chục", "100", "chục", 60_000, "chục"),
        ("ớt chỉ thiên ba lạng một túi, 50 túi, 15k túi", "50", "túi", 15_000, "túi"),
        ("5 con dê, mỗi con chừng ba chục ký, 150 ngàn ký", "5", "con", 150_000, "kg"),
        ("ban 1 con bo 25tr", "1", "con", 25_000_000, None),
        ("bưởi diễn 1000 quả giá 15-18k tuỳ loại", "1000", "quả", None, None),
        ("cam 20 kg 25 nghìn, 28 nghìn", "20", "kg", None, None),
        ("cam 20 kg 0912 345 678", "20", "kg", None, None),
        ("bán gà", None, None, None, None),
    ],
)
def test_one_posting_is_read(
    text: str, quantity: str | None, unit: str | None, price_vnd: int | None, price_unit: str | None
) -> None:
    lines = read_postings(text, find, TODAY)
    assert [(x.quantity, x.unit, x.price_vnd, x.price_unit) for x in lines] == [
        (None if quantity is None else Decimal(quantity), unit, price_vnd, price_unit)
    ]


def test_a_day_in_a_later_clause_belongs_to_the_goods_before_it() -> None:
    text = "Bán cho tôi sáu chục cân cam, mười tám nghìn một cân, thứ bảy mới hái được"
    assert [x.available_from for x in read_postings(text, find, TODAY)] == [date(2026, 11, 28)]


def test_several_goods_in_one_breath_keep_their_own_prices() -> None:
    lines = read_postings("cam 50kg 25k trung 3 chuc 40k", find, TODAY)
    assert [(x.product_id, x.quantity, x.unit, x.price_vnd) for x in lines] == [
        (CAM, Decimal(50), "kg", 25_000),
        (TRUNG, Decimal(3), "chục", 40_000),
    ]


@pytest.mark.parametrize(
    ("text", "correction"),
    [
        ("nham roi 15 can thoi", Correction("", None, 0.0, Decimal(15), "kg")),
        ("15 kg mới đúng", Correction("", None, 0.0, Decimal(15), "kg")),
        ("mang con 3 goi thoi", Correction("mang", MANG, 100.0, Decimal(3), "gói")),
        ("het trung roi", Correction("trung", TRUNG, 100.0, Decimal(0), None)),
        ("cam 20 kg 25 nghin", None),
        ("không phải 15, 16 cân mới đúng", None),
        ("cảm ơn", None),
        ("nhầm rồi", None),
    ],
)
def test_a_correction_is_read_or_asked_for(text: str, correction: Correction | None) -> None:
    assert read_correction(text, find) == correction


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("mốt có 20kg cam", date(2026, 11, 23)),
        ("mot co 20kg cam", date(2026, 11, 23)),
        ("20 cân cam mốt hái", date(2026, 11, 23)),
        ("mai có 20kg cam", TOMORROW),
        ("thứ 7 tuần sau có 20kg cam", date(2026, 11, 28)),
        ("có 20kg cam", None),
        ("rằm này có 20kg cam 25k", date(2026, 11, 23)),
        ("20kg cam rằm này", date(2026, 11, 23)),
        ("mùng 1 có 20kg cam", date(2026, 12, 9)),
        ("mùng 1 tháng 12 âm lịch có 20kg cam", date(2027, 1, 8)),
        ("15/12 âm lịch có 20kg cam", date(2027, 1, 22)),
    ],
)
def test_a_day_that_is_clear_is_the_day_of_sale(text: str, day: date | None) -> None:
    assert [(x.quantity, x.available_from, x.day_unclear) for x in read_postings(text, find, TODAY)] == [
        (Decimal(20), day, "")
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tuần sau có 20kg cam", "tuần sau"),
        ("thang sau co 20kg cam 25k", "thang sau"),
        ("20kg cam, cuối tuần sau hái", "cuối tuần sau"),
        ("mai mốt có 20kg cam", "mai mốt"),
        ("31/2 có 20kg cam", "31/2"),
    ],
)
def test_a_day_that_is_not_understood_is_kept_to_be_asked_for(text: str, said: str) -> None:
    lines = read_postings(text, find, TODAY)
    assert [(x.product_id, x.quantity, x.available_from, x.day_unclear) for x in lines] == [
        (CAM, Decimal(20), None, said)
    ]


@pytest.mark.parametrize(("text", "kilos"), [("hai mốt cân cam", 21), ("tạ mốt cam", 110), ("mot can cam", 1)])
def test_mot_in_a_number_is_no_day(text: str, kilos: int) -> None:
    assert [(x.quantity, x.available_from, x.day_unclear) for x in read_postings(text, find, TODAY)] == [
        (Decimal(kilos), None, "")
    ]
