"""Days of the Vietnamese lunar calendar."""

from datetime import date, timedelta

import pytest

from bot.understand.days import parse_day
from bot.understand.lunar import LunarDay, lunar_day

TODAY = date(2026, 11, 22)  # 14/10 of the lunar year 2026, a Sunday

# The first days of the years 2000 to 2050 in Vietnam: new moons and solar terms of PyEphem at UTC+7.
TET = {
    2000: "02-05", 2001: "01-24", 2002: "02-12", 2003: "02-01", 2004: "01-22", 2005: "02-09", 2006: "01-29",
    2007: "02-17", 2008: "02-07", 2009: "01-26", 2010: "02-14", 2011: "02-03", 2012: "01-23", 2013: "02-10",
    2014: "01-31", 2015: "02-19", 2016: "02-08", 2017: "01-28", 2018: "02-16", 2019: "02-05", 2020: "01-25",
    2021: "02-12", 2022: "02-01", 2023: "01-22", 2024: "02-10", 2025: "01-29", 2026: "02-17", 2027: "02-06",
    2028: "01-26", 2029: "02-13", 2030: "02-02", 2031: "01-23", 2032: "02-11", 2033: "01-31", 2034: "02-19",
    2035: "02-08", 2036: "01-28", 2037: "02-15", 2038: "02-04", 2039: "01-24", 2040: "02-12", 2041: "02-01",
    2042: "01-22", 2043: "02-10", 2044: "01-30", 2045: "02-17", 2046: "02-06", 2047: "01-26", 2048: "02-14",
    2049: "02-02", 2050: "01-23",
}  # fmt: skip


@pytest.mark.parametrize(("year", "day"), TET.items())
def test_tet_is_the_vietnamese_one(year: int, day: str) -> None:
    tet = date.fromisoformat(f"{year}-{day}")
    assert lunar_day("mùng 1 tết", tet - timedelta(days=40)) == LunarDay(1, 1, leap=False, solar=tet)


@pytest.mark.parametrize(("year", "chinese"), [(2007, date(2007, 2, 18)), (2030, date(2030, 2, 3))])
def test_where_the_chinese_new_year_is_a_day_later_ours_is_not(year: int, chinese: date) -> None:
    assert parse_day("mùng 1 tết", date(year, 1, 15)) == chinese - timedelta(days=1)


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("rằm", LunarDay(15, 10, leap=False, solar=date(2026, 11, 23))),
        ("hôm rằm có 20kg cam", LunarDay(15, 10, leap=False, solar=date(2026, 11, 23))),
        ("rằm này", LunarDay(15, 10, leap=False, solar=date(2026, 11, 23))),
        ("rằm tháng này", LunarDay(15, 10, leap=False, solar=date(2026, 11, 23))),
        ("rằm tháng sau", LunarDay(15, 11, leap=False, solar=date(2026, 12, 23))),
        ("rằm tháng giêng", LunarDay(15, 1, leap=False, solar=date(2027, 2, 20))),
        ("ram thang gieng", LunarDay(15, 1, leap=False, solar=date(2027, 2, 20))),
        ("mùng 5", LunarDay(5, 11, leap=False, solar=date(2026, 12, 13))),
        ("mồng 1 tháng chạp", LunarDay(1, 12, leap=False, solar=date(2027, 1, 8))),
        ("mùng năm", LunarDay(5, 11, leap=False, solar=date(2026, 12, 13))),
        ("mùng 5/10", LunarDay(5, 10, leap=False, solar=date(2027, 11, 2))),
        ("mung 2 tet", LunarDay(2, 1, leap=False, solar=date(2027, 2, 7))),
        ("28 tết", LunarDay(28, 12, leap=False, solar=date(2027, 2, 4))),
        ("30 tết", LunarDay(29, 12, leap=False, solar=date(2027, 2, 5))),
        ("giao thừa", LunarDay(29, 12, leap=False, solar=date(2027, 2, 5))),
        ("25 tháng chạp", LunarDay(25, 12, leap=False, solar=date(2027, 2, 1))),
        ("15/10 âm lịch", LunarDay(15, 10, leap=False, solar=date(2026, 11, 23))),
        ("15 tháng 10 am lich", LunarDay(15, 10, leap=False, solar=date(2026, 11, 23))),
        ("20 âm", LunarDay(20, 10, leap=False, solar=date(2026, 11, 28))),
        ("30 tháng 10 âm lịch", LunarDay(30, 10, leap=False, solar=date(2026, 12, 8))),
    ],
)
def test_a_lunar_day_is_the_next_one(said: str, day: LunarDay) -> None:
    assert lunar_day(said, TODAY) == day


@pytest.mark.parametrize(
    "said",
    [
        "rằm", "mùng 5", "mồng 1 tháng chạp", "30 tết", "mùng 2 tết", "15/10 âm lịch", "25 tháng chạp",
        "rằm tháng giêng",
    ],
)  # fmt: skip
def test_a_lunar_day_is_a_day_like_another(said: str) -> None:
    found = lunar_day(said, TODAY)
    assert found is not None
    assert parse_day(said, TODAY) == found.solar


def test_today_is_the_next_one_too() -> None:
    assert parse_day("rằm", date(2026, 11, 23)) == date(2026, 11, 23)
    assert parse_day("rằm", date(2026, 11, 24)) == date(2026, 12, 23)


def test_a_day_that_its_month_lacks_falls_in_the_next_month_that_has_it() -> None:
    assert lunar_day("30 âm lịch", date(2026, 12, 9)) == LunarDay(30, 11, leap=False, solar=date(2027, 1, 7))
    assert lunar_day("30 âm lịch", date(2027, 1, 8)) == LunarDay(30, 1, leap=False, solar=date(2027, 3, 7))


def test_a_leap_month_is_named_or_asked_for() -> None:
    """In 2025 there were two sixth months; between them nobody knows which one `rằm tháng 6` is."""
    assert lunar_day("rằm tháng 6", date(2025, 7, 1)) == LunarDay(15, 6, leap=False, solar=date(2025, 7, 9))
    assert lunar_day("rằm tháng 6 nhuận", date(2025, 7, 1)) == LunarDay(15, 6, leap=True, solar=date(2025, 8, 8))
    assert lunar_day("rằm tháng 6", date(2025, 7, 20)) is None
    assert lunar_day("rằm", date(2025, 7, 20)) == LunarDay(15, 6, leap=True, solar=date(2025, 8, 8))


@pytest.mark.parametrize(
    "said",
    [
        "mùng 5 tháng một",  # the eleventh month to the old
        "ram thang sau",  # the sixth, or the next
        "rằm sau",
        "mùng 11",
        "mùng 5 tháng 13",
        "mùng 5 tháng 6 nhuận",
        "rằm và mùng 5",
    ],
)
def test_a_lunar_day_that_is_not_clear_is_asked_for(said: str) -> None:
    assert lunar_day(said, TODAY) is None
    assert parse_day(said, TODAY) is None


def test_the_full_moon_of_this_month_is_asked_for_when_it_is_past() -> None:
    assert lunar_day("rằm tháng này", date(2026, 11, 24)) is None


@pytest.mark.parametrize(
    "said",
    [
        "", "mừng năm mới", "mung nam moi", "chuc mung 1 nam moi", "ram", "3 tết", "tết này", "22/11", "25 tháng 12",
        "con 5 tuổi", "rằm" * 500, "mùng " * 400, "tháng " * 400, "15/10 " * 300, "mùng 999999999999999999",
        "tháng 99999999999", "\ud800 rằm\u0301", "\u200b", "١٥ âm lịch",
    ],
)  # fmt: skip
def test_what_names_no_lunar_day_gives_none(said: str) -> None:
    assert lunar_day(said, TODAY) is None


@pytest.mark.parametrize("today", [date.min, date(1899, 12, 31), date(2099, 1, 1), date.max])
def test_outside_the_years_of_the_calendar_a_day_is_asked_for(today: date) -> None:
    assert lunar_day("rằm", today) is None
    assert parse_day("rằm", today) is None
