"""What a passport lacks and which dates cannot be; days are counted, never typed."""

from dataclasses import replace
from datetime import date

import pytest

from catalog.passport import NEEDED, Facts, Stage, days_before_harvest, is_whole, lacks, wrong_dates

TODAY = date(2026, 11, 21)
ALL = Facts(
    producer="bà Bùi Thị Mến",
    seller_tax_code="5400123456",
    place="xã Đà Bắc",
    harvested_on=date(2026, 11, 18),
    best_before=date(2026, 12, 2),
    stages=(Stage(date(2026, 9, 12), "spray", 7), Stage(date(2026, 11, 18), "harvest")),
    price_vnd=28_000,
    picture="/pictures/cam-sanh.png",
    certificates=1,
    storage="nơi thoáng mát",
    policy="đổi trong 24 giờ",
)
NOTHING = Facts("", "", "", None, None, (), 0)


def test_what_is_all_there_lacks_nothing() -> None:
    assert (lacks(ALL), is_whole(lacks(ALL)), wrong_dates(ALL, TODAY)) == ((), True, ())


def test_what_is_not_there_is_named_the_needed_first() -> None:
    missing = lacks(NOTHING)
    assert missing[: len(NEEDED)] == NEEDED
    assert missing[len(NEEDED) :] == ("picture", "certificate", "storage", "policy")
    assert not is_whole(missing)


def test_without_a_picture_a_passport_is_whole_all_the_same() -> None:
    missing = lacks(replace(ALL, picture=""))
    assert (missing, is_whole(missing)) == (("picture",), True)


@pytest.mark.parametrize(
    ("facts", "wrong"),
    [
        (replace(ALL, best_before=date(2026, 11, 18)), ("best_before",)),
        (replace(ALL, stages=(Stage(date(2026, 11, 19), "spray", 7),)), ("spray_late",)),
        (replace(ALL, stages=(Stage(date(2026, 11, 12), "spray", 7),)), ("wait",)),
        (replace(ALL, stages=(Stage(date(2026, 11, 11), "spray", 7),)), ()),
        (replace(ALL, stages=(Stage(date(2026, 11, 12), "spray"),)), ()),
        (replace(ALL, stages=(Stage(date(2026, 11, 22), "pack"),)), ("future",)),
        (NOTHING, ()),
        (replace(NOTHING, best_before=TODAY, stages=(Stage(TODAY, "spray", 7),)), ()),
    ],
)
def test_dates_that_cannot_be_are_named(facts: Facts, wrong: tuple[str, ...]) -> None:
    assert wrong_dates(facts, TODAY) == wrong


def test_the_days_from_the_last_spraying_to_the_harvest_are_counted() -> None:
    twice = (Stage(date(2026, 8, 1), "spray"), Stage(date(2026, 9, 12), "spray"))
    assert days_before_harvest(replace(ALL, stages=twice)) == 67
    assert days_before_harvest(replace(ALL, stages=())) is None
    assert days_before_harvest(replace(ALL, harvested_on=None)) is None
    assert days_before_harvest(replace(ALL, stages=(Stage(TODAY, "spray"),))) is None
