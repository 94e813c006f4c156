from dataclasses import replace

import pytest

from handlers.pages.stamp import code_of, grouped, record
from tests.channels.web_shop import NOODLES, ORANGES


@pytest.mark.parametrize(
    "typed",
    ["483920176504", "4839 2017 6504", "4839-2017-6504", " 4839.2017 6504 ", "4839 – 2017 – 6504"],
)
def test_a_code_is_read_however_it_is_spaced(typed: str) -> None:
    assert code_of(typed) == "483920176504"


@pytest.mark.parametrize("typed", ["", "48392017650", "4839201765041", "٤٨٣٩٢٠١٧٦٥٠٤", "4839 2017 650x", "1" * 10_000])
def test_anything_else_is_no_code(typed: str) -> None:
    assert code_of(typed) is None


def test_a_code_is_shown_in_groups_of_four() -> None:
    assert grouped("483920176504") == "4839 2017 6504"


def test_the_record_says_who_where_when_and_until_when() -> None:
    assert record(ORANGES) == {
        "code": "483920176504",
        "state": "active",
        "product": "Cam sành loại 1",
        "lot": "SM-261118-01",
        "producer": "bà Bùi Thị Mến",
        "place": "xã Đà Bắc",
        "harvested_on": "2026-11-18",
        "best_before": "2026-12-02",
        "certificates": [{"name": "VietGAP", "valid_until": "2027-08-31"}],
        "stages": [
            {"on": "2026-03-02", "kind": "fertilise", "words": "bón phân hữu cơ"},
            {"on": "2026-10-05", "kind": "stop_spray", "words": "ngưng phun, kiểm tra vườn"},
            {"on": "2026-11-18", "kind": "harvest", "words": "cắt quả – 120 kg"},
        ],
        "price_vnd": 28_000,
        "seller": "HTX Nông sản Suối Mây",
    }


def test_what_is_not_known_is_null_and_a_recalled_lot_has_no_price() -> None:
    bare = record(replace(NOODLES, harvested_on=None))
    assert (bare["state"], bare["harvested_on"], bare["best_before"], bare["price_vnd"]) == (
        "recalled",
        None,
        None,
        None,
    )
