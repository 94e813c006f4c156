"""Quantities, prices, bare numbers and days, as they are said."""

from datetime import date
from decimal import Decimal

import pytest

from bot.understand.amounts import Quantity, find_amounts, parse_day, parse_price, parse_quantity
from bot.understand.numbers import bare_number

SATURDAY = date(2026, 11, 21)
HOSTILE = [
    "٣",
    "²",
    "1_000",
    "1e1000000",
    "9" * 2_000,
    "NaN",
    "-5",
    "1.2.3",
    "",
    "a" + "\u0301" * 2_000,
    "\ud800",
    "\x00",
]


@pytest.mark.parametrize(
    ("said", "value", "unit"),
    [
        ("hai ky ruoi", "2.5", "kg"),
        ("2kg5", "2.5", "kg"),
        ("2,5kg", "2.5", "kg"),
        ("2.5 ký", "2.5", "kg"),
        ("2 cân rưỡi", "2.5", "kg"),
        ("1kg2", "1.2", "kg"),
        ("2 cân 3 lạng", "2.3", "kg"),
        ("1 lạng", "0.1", "kg"),
        ("500g", "0.5", "kg"),
        ("1/2 kg", "0.5", "kg"),
        ("3 kgs", "3", "kg"),
        ("3 k.g", "3", "kg"),
        ("10 kilo", "10", "kg"),
        ("2 yến", "20", "kg"),
        ("nửa tạ", "50", "kg"),
        ("tạ rưỡi", "150", "kg"),
        ("hai tạ rưỡi", "250", "kg"),
        ("một tạ hai", "120", "kg"),
        ("ba tạ tư", "340", "kg"),
        ("tạ hai", "120", "kg"),
        ("2 tấn", "2000", "kg"),
        ("mười lăm ký", "15", "kg"),
        ("hai mươi lăm cân", "25", "kg"),
        ("một trăm năm mươi cân", "150", "kg"),
        ("sáu chục cân", "60", "kg"),
        ("hai chục con vịt", "20", "con"),
        ("3 chục", "3", "chục"),
        ("nửa chục", "0.5", "chục"),
        ("chục rưỡi", "1.5", "chục"),
        ("2 tá", "24", "quả"),
        ("ba trái", "3", "quả"),
        ("2 mớ", "2", "bó"),
        ("1.200 quả", "1200", "quả"),
        ("3 ky thoi", "3", "kg"),
        ("5 hộp mới đúng", "5", "hộp"),
        ("10kg giá 25k", "10", "kg"),
        ("50", "50", None),
        ("cho em 50 nhé", "50", None),
    ],
)
def test_a_quantity_is_read_as_it_is_said(said: str, value: str, unit: str | None) -> None:
    assert parse_quantity(said) == Quantity(Decimal(value), unit)


@pytest.mark.parametrize(
    "said",
    [
        "vài cân",
        "2-3 kg",
        "hai ba cân",
        "-5 kg",
        "2 cân, à nhầm 3 cân",
        "tôi 30 tuổi",
        "số 5 ngõ 20",
        "tháng 4",
        "50%",
        "7h30",
        "thứ ba",
        "0912 345 678",
        "cam",
        *HOSTILE,
    ],
)
def test_a_quantity_that_is_not_sure_is_asked_for(said: str) -> None:
    assert parse_quantity(said) is None


@pytest.mark.parametrize(
    ("said", "vnd"),
    [
        ("25 nghìn", 25_000),
        ("25 ngàn", 25_000),
        ("25k", 25_000),
        ("25", 25_000),
        ("25.000", 25_000),
        ("25.000đ", 25_000),
        ("25,000đ", 25_000),
        ("64.000d", 64_000),
        ("25000", 25_000),
        ("hai lăm nghìn", 25_000),
        ("hai lam nghin", 25_000),
        ("hăm lăm", 25_000),
        ("hai lăm một cân", 25_000),
        ("25 rưỡi", 25_500),
        ("25 ruoi", 25_500),
        ("25 nghìn 500", 25_500),
        ("13 nghìn rưỡi", 13_500),
        ("ba nghìn rưỡi", 3_500),
        ("nghìn rưỡi", 1_500),
        ("7k5", 7_500),
        ("7 nghìn 2", 7_200),
        ("hai nghìn năm trăm", 2_500),
        ("bốn chục ngàn", 40_000),
        ("trăm hai", 120_000),
        ("trăm rưỡi", 150_000),
        ("1tr2", 1_200_000),
        ("một triệu hai", 1_200_000),
        ("một triệu hai trăm", 1_200_000),
        ("18 triệu rưỡi", 18_500_000),
        ("1 củ", 1_000_000),
        ("25 nghìn một cân nhé cháu", 25_000),
        ("25k/kg", 25_000),
        ("giá 28 thôi", 28_000),
    ],
)
def test_a_price_is_read_as_it_is_said(said: str, vnd: int) -> None:
    assert parse_price(said) == vnd


@pytest.mark.parametrize(
    "said", ["5 xị", "15-18k", "25k hay 28k", "không bán nữa", "0", "bà ba", "20 con gà", "cam 12", *HOSTILE]
)
def test_a_price_that_is_not_sure_is_asked_for(said: str) -> None:
    assert parse_price(said) is None


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("50", "50"),
        ("2,5", "2.5"),
        ("1.200", "1200"),
        ("hai mươi", "20"),
        ("nam muoi", "50"),
        ("muoi hai", "12"),
        ("0", "0"),
        ("trăm hai", "120"),
        ("hai nghìn", "2000"),
        ("9" * 9, "9" * 9),
        ("50.", "50"),
    ],
)
def test_a_bare_number_is_the_whole_message(typed: str, value: str) -> None:
    assert bare_number(typed) == Decimal(value)


@pytest.mark.parametrize("typed", ["50 kg", "không", "9" * 10, "25 rưỡi nhé", "một cân", *HOSTILE])
def test_anything_else_is_no_bare_number(typed: str) -> None:
    assert bare_number(typed) is None


def test_amounts_are_found_where_they_stand() -> None:
    text = "mai co 50 can cam 25 nghin, 3 chuc trung"
    found = [(text[a.start : a.end], a.quantity, a.price_vnd) for a in find_amounts(text)]
    assert found == [
        ("50 can", Quantity(Decimal(50), "kg"), None),
        ("25 nghin", None, 25_000),
        ("3 chuc", Quantity(Decimal(3), "chục"), None),
    ]


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("mai", date(2026, 11, 22)),
        ("ngày mai", date(2026, 11, 22)),
        ("sáng mai", date(2026, 11, 22)),
        ("mốt", date(2026, 11, 23)),
        ("ngày kia", date(2026, 11, 23)),
        ("hôm nay", date(2026, 11, 21)),
        ("thứ bảy", date(2026, 11, 28)),
        ("thu hai", date(2026, 11, 23)),
        ("thứ ba tuần sau", date(2026, 11, 24)),
        ("chủ nhật", date(2026, 11, 22)),
        ("cn này", date(2026, 11, 22)),
        ("cuối tuần", date(2026, 11, 21)),
        ("3 ngày nữa", date(2026, 11, 24)),
        ("22/11", date(2026, 11, 22)),
        ("ngày 25 tháng 12", date(2026, 12, 25)),
        ("25-12-2026", date(2026, 12, 25)),
        ("1/3", date(2027, 3, 1)),
    ],
)
def test_a_day_is_read_as_it_is_said(said: str, day: date) -> None:
    assert parse_day(said, SATURDAY) == day


@pytest.mark.parametrize(
    "said",
    ["tháng một", "mai mốt", "gà mái", "ga mai", "20/11", "31/2", "99/99", "mai hay thứ hai", "cam", *HOSTILE],
)
def test_a_day_that_is_not_sure_is_asked_for(said: str) -> None:
    assert parse_day(said, SATURDAY) is None
