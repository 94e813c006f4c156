"""What machines read of a stamp: the short record of the contract, and every row of the passport."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from bot.ports import Oddity
from handlers.pages.record import missing, passport_record, record
from tests.channels.web_stamps import FULL, NOODLES, ORANGES, bare, in_state

COMPLAINTS = "Gọi chị Hoa 0912 555 017."
URL = "https://suoimay.vn/t/483920176504"
STAGES = [
    {
        "on": "2026-03-02",
        "kind": "fertilise",
        "words": "bón phân hữu cơ",
        "recorded_by": "producer",
        "channel": "zalo",
        "recorded_at": "2026-03-02T18:05:00+07:00",
    },
    {
        "on": "2026-09-12",
        "kind": "spray",
        "words": "phun thuốc sinh học",
        "recorded_by": "producer",
        "channel": "messenger",
        "recorded_at": "2026-09-12T17:40:00+07:00",
    },
    {
        "on": "2026-10-05",
        "kind": "stop_spray",
        "words": "ngưng phun, kiểm tra vườn",
        "recorded_by": "staff",
        "channel": "desk",
        "recorded_at": "2026-10-06T08:12:00+07:00",
    },
    {
        "on": "2026-11-18",
        "kind": "harvest",
        "words": "cắt quả – 120 kg",
        "recorded_by": "producer",
        "channel": "zalo",
        "recorded_at": "2026-11-18T16:20:00+07:00",
    },
]
VIETGAP = {
    "name": "VietGAP",
    "number": "VG-26-0117",
    "issuer": "Trung tâm Chứng nhận Tây Bắc",
    "valid_until": "2027-08-31",
}
EVERY_ROW = (
    "picture", "producer", "lot", "harvested_on", "best_before", "amount", "place", "plot", "stages", "last_spray",
    "certificates", "ocop", "declared", "brand", "pack", "shelf_life", "warnings", "storage", "price", "policy",
    "seller", "tax_code", "address", "phone", "complaints",
)  # fmt: skip


def test_the_record_says_who_where_when_and_until_when() -> None:
    assert record(FULL) == {
        "code": "483920176504",
        "kind": "lot",
        "state": "active",
        "warning": None,
        "recall": None,
        "product": "Cam sành loại 1",
        "lot": "SM-261118-01",
        "producer": "bà Bùi Thị Mến",
        "place": "xã Đà Bắc",
        "harvested_on": "2026-11-18",
        "best_before": "2026-12-02",
        "certificates": [VIETGAP],
        "stages": STAGES,
        "price_vnd": 28_000,
        "seller": "HTX Nông sản Suối Mây",
    }


def test_what_is_not_known_is_null_and_a_recalled_lot_has_no_price() -> None:
    told = record(bare(replace(NOODLES, harvested_on=None, producer="", place="")))
    assert [told[key] for key in ("state", "producer", "place", "harvested_on", "best_before", "price_vnd")] == [
        "recalled",
        None,
        None,
        None,
        None,
        None,
    ]
    assert told["recall"] == {
        "reason": "bao gói hở, có thể bị ẩm mốc",
        "advice": "Anh/chị giữ lại gói, HTX đổi gói mới hoặc trả lại tiền.",
    }


@pytest.mark.parametrize("state", ["recalled", "expired", "draft", "sold", "used", "void", "printed"])
def test_only_what_is_on_sale_has_a_price(state: str) -> None:
    passport = in_state(state)
    assert record(passport)["price_vnd"] is None
    assert passport_record(passport, COMPLAINTS, URL)["price"] is None


@pytest.mark.parametrize("state", ["void", "printed"])
def test_a_stamp_that_stands_for_no_lot_tells_nothing_of_one(state: str) -> None:
    passport = in_state(state)
    short, whole = record(passport), passport_record(passport, COMPLAINTS, URL)
    assert {key: value for key, value in short.items() if value} == {
        "code": "483920176504",
        "kind": "lot",
        "state": state,
        "product": "Cam sành loại 1",
        "seller": "HTX Nông sản Suối Mây",
    }
    assert set(whole["lot"].values()) == {None}
    assert [whole[key] for key in ("producer", "place", "ocop")] == [None, None, None]
    assert [whole[key] for key in ("stages", "certificates", "declared", "missing")] == [[], [], [], []]


def test_what_is_odd_is_told_in_numbers_and_has_no_price() -> None:
    passport = in_state("active", odd=Oddity("many", 14, 5, date(2026, 11, 16)))
    assert (record(passport)["price_vnd"], passport_record(passport, COMPLAINTS, URL)["price"]) == (None, None)
    assert "price" not in missing(passport, COMPLAINTS)
    assert record(passport)["warning"] == {"sign": "many", "people": 14, "days": 5, "first_on": "2026-11-16"}


def test_the_passport_holds_every_row() -> None:
    assert passport_record(FULL, COMPLAINTS, URL) == {
        "version": 1,
        "url": URL,
        "code": "483920176504",
        "kind": "lot",
        "state": "active",
        "warning": None,
        "recall": None,
        "product": {
            "name": "Cam sành loại 1",
            "picture": "/pictures/cam-sanh.png",
            "brand": "Suối Mây",
            "pack": "túi lưới 5 kg",
            "unit": "kg",
            "shelf_life_days": 14,
            "warnings": "Không dùng quả đã dập, mốc.",
            "storage": "Để nơi thoáng mát 7 ngày, ngăn mát 2 tuần.",
            "story": "Vườn cam trên đồi Nà Chiếu, cắt sáng sớm, đóng túi trong ngày.",
        },
        "lot": {
            "number": "SM-261118-01",
            "amount": "120 kg",
            "harvested_on": "2026-11-18",
            "best_before": "2026-12-02",
            "last_spray_days": 67,
            "sold_on": None,
        },
        "producer": "bà Bùi Thị Mến",
        "seller": {
            "name": "HTX Nông sản Suối Mây",
            "tax_code": "5400123456",
            "address": "Xóm Mây, xã Đà Bắc, tỉnh Phú Thọ",
            "phone": "0218 3555 017",
            "policy": "Hàng lỗi đổi trong 48 giờ. Giao trong tỉnh 1 ngày, tỉnh khác 2–3 ngày.",
            "complaints": COMPLAINTS,
        },
        "place": {
            "words": "xã Đà Bắc",
            "province": "Phú Thọ",
            "province_before": "Hòa Bình",
            "plot": "vườn đồi Nà Chiếu, 0,8 ha",
            "point": [20.9, 105.2],
        },
        "stages": STAGES,
        "certificates": [VIETGAP],
        "ocop": {"stars": 4, "number": "1187/QĐ-UBND", "valid_until": "2028-06-30"},
        "declared": ["không dùng chất bảo quản sau thu hoạch"],
        "price": {"vnd": 28_000, "unit": "kg", "since": "2026-11-01"},
        "doubts": [],
        "missing": [],
    }


def test_what_is_missing_is_named_in_the_order_of_the_page() -> None:
    nothing = replace(
        ORANGES,
        goods=replace(ORANGES.goods, image="", price_vnd=0),
        number="",
        producer="",
        harvested_on=None,
        best_before=None,
    )
    empty = bare(nothing)
    assert missing(replace(empty, seller=replace(empty.seller, name="")), "") == EVERY_ROW


def test_a_diary_without_a_spraying_lacks_none() -> None:
    unsprayed = replace(FULL, stages=FULL.stages[:1], last_spray_days=None)
    assert missing(unsprayed, COMPLAINTS) == ()
    assert missing(replace(FULL, last_spray_days=None), COMPLAINTS) == ("last_spray",)
    assert missing(replace(FULL, last_spray_days=0), COMPLAINTS) == ()


def test_dates_that_cannot_be_are_named() -> None:
    told: dict[str, Any] = passport_record(replace(FULL, wrong=("wait",)), COMPLAINTS, URL)
    assert told["doubts"] == ["wait"]
