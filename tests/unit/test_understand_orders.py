"""Order lines, changes to a cart, payment and the saved address."""

from decimal import Decimal

import pytest

from bot.understand.orders import Line, payment, read_edit, read_lines, wants_saved_address
from tests.unit.shelf import BUOI, CAM, MAT, MIEN, TRUNG, find

Known = tuple[str, int | None, str | None, str | None]


def _lines(text: str) -> list[Known]:
    return [
        (x.words, x.product_id, None if x.quantity is None else str(x.quantity), x.unit) for x in read_lines(text, find)
    ]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            "lay 3 can cam voi 2 chai mat ong, chuc trung nua",
            [("cam", CAM, "3", "kg"), ("mat ong", MAT, "2", "chai"), ("trung", TRUNG, "1", "chục")],
        ),
        ("2kg cam", [("cam", CAM, "2", "kg")]),
        ("cho 2 cam", [("cam", CAM, "2", None)]),
        ("vài cân cam", [("cam", CAM, None, None)]),
        ("mấy ký cam", [("cam", CAM, None, None)]),
        ("vài chục trứng", [("trứng", TRUNG, None, None)]),
        ("2²kg cam", [("cam", CAM, None, None)]),
        ("1 tá trứng", [("trứng", TRUNG, "12", "quả")]),
        ("2 goi mien, giao ve dia chi cu, tra khi nhan", [("mien", MIEN, "2", "gói")]),
        ("them 5 qua buoi", [("buoi", BUOI, "5", "quả")]),
        ("cam sành loại 1 5kg", [("cam sành", CAM, "5", "kg")]),
        ("lấy cam và trứng", [("cam", CAM, None, None), ("trứng", TRUNG, None, None)]),
        ("2-3 kg cam", [("cam", CAM, None, "kg")]),
        ("ddawtj 10 quar trungws gaf", [("trungws gaf", TRUNG, "10", "quả")]),
        ("lay 2kg toi", [("toi", None, "2", "kg")]),
        ("2 bottles of honey pls", [("honey", MAT, "2", "chai")]),
        ("hai cân mận, một cân đào, gửi cho bác trước chủ nhật", [("mận", None, "2", "kg"), ("đào", None, "1", "kg")]),
        ("Cho em đặt bánh chưng Bờ Đậu, sáu cái", [("bánh chưng Bờ Đậu", None, "6", "cái")]),
        ("nước mắm cát hải 3 chai 1 lít", [("nước mắm cát hải", None, "3", "chai")]),
        ("lay e 1 con ga 1 con vit", [("ga", None, "1", "con"), ("vit", None, "1", "con")]),
        ("2kg cam giao cho Hằng 0912 345 678", [("cam", CAM, "2", "kg")]),
        ("10 can", []),
        ("cam on shop", []),
        ("hôm nay mưa to quá", []),
        ("٣ kg cam", [("cam", CAM, None, None)]),
    ],
)
def test_order_lines_are_read_from_one_sentence(text: str, lines: list[Known]) -> None:
    assert _lines(text) == lines


def test_a_line_says_how_sure_the_search_was() -> None:
    assert read_lines("2kg cam", find) == [Line("cam", CAM, 100.0, Decimal(2), "kg")]


def test_two_products_as_likely_are_left_open() -> None:
    assert read_lines("2 chai mật", lambda words: [(1, 97.0), (2, 96.0)]) == [
        Line("mật", None, 97.0, Decimal(2), "chai")
    ]


def test_the_very_name_of_another_product_is_not_taken_for_a_near_one() -> None:
    assert read_lines("2 kg mận", lambda words: [(7, 86.0)]) == [Line("mận", None, 86.0, Decimal(2), "kg")]


@pytest.mark.parametrize(
    ("text", "edits"),
    [
        (
            "bot 1 chai mat, them 5 qua buoi",
            [("subtract", "mat", MAT, "1", "chai"), ("add", "buoi", BUOI, "5", "quả")],
        ),
        ("bo trung di", [("remove", "trung", TRUNG, None, None)]),
        ("them 2kg cam", [("add", "cam", CAM, "2", "kg")]),
        ("2kg cam nữa", [("add", "cam", CAM, "2", "kg")]),
        ("them trung, 2 chai mat", [("add", "trung", TRUNG, None, None), ("add", "mat", MAT, "2", "chai")]),
        ("3 ky thoi", [("set", "", None, "3", "kg")]),
        ("nhầm rồi, 5 hộp mới đúng", [("set", "", None, "5", "hộp")]),
        ("bỏ 1 chai mật", [("subtract", "mật", MAT, "1", "chai")]),
        ("Thôi cháu ơi, bớt cho bác một cân, còn bốn cân thôi", [("set", "", None, "4", "kg")]),
        ("2kg cam", []),
        ("cảm ơn", []),
    ],
)
def test_changes_to_a_cart_are_read(
    text: str, edits: list[tuple[str, str, int | None, str | None, str | None]]
) -> None:
    found = [
        (e.op, e.words, e.product_id, None if e.quantity is None else str(e.quantity), e.unit)
        for e in read_edit(text, find)
    ]
    assert found == edits


@pytest.mark.parametrize(
    ("text", "way"),
    [
        ("tra khi nhan", "cod"),
        ("ship cod dc k", "cod"),
        ("Nhận hàng trả tiền mặt được không cháu", "cod"),
        ("gui stk cho chi", "transfer"),
        ("em ck rồi ạ", "transfer"),
        ("không chuyển khoản", None),
        ("cod hay chuyển khoản", None),
        ("cam", None),
    ],
)
def test_the_way_to_pay_is_taken_only_if_it_is_one(text: str, way: str | None) -> None:
    assert payment(text) == way


def test_the_saved_address_is_wanted_only_when_said() -> None:
    assert wants_saved_address("2 goi mien, giao ve dia chi cu, tra khi nhan")
    assert not wants_saved_address("giao về địa chỉ khác")
    assert not wants_saved_address("2kg cam")


@pytest.mark.parametrize("text", ["xoá miến", "xóa miến", "xoa mien", "bỏ miến"])
def test_what_is_wiped_out_is_taken_out_of_the_cart(text: str) -> None:
    assert [(x.op, x.product_id, x.quantity) for x in read_edit(text, find)] == [("remove", MIEN, None)]


@pytest.mark.parametrize(
    "text", ["đổi cam thành 3 cân", "doi cam thanh 3 can", "đổi 2kg cam thành 3kg", "sửa cam thành 3kg"]
)
def test_an_amount_that_becomes_another_is_set(text: str) -> None:
    assert [(x.op, x.product_id, x.quantity, x.unit) for x in read_edit(text, find)] == [("set", CAM, Decimal(3), "kg")]
