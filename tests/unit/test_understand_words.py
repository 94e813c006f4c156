"""The table of words that every state takes, and button titles as people type them."""

import pytest

from bot.understand.words import House, house_word, no, same_words, title_begun, yes

YES = [
    "ok",
    "oke",
    "okie",
    "uh",
    "ừ",
    "ừm",
    "vâng",
    "dạ",
    "dạ vâng",
    "đúng",
    "đúng rồi",
    "phải",
    "được",
    "đc",
    "dc",
    "chốt",
    "chuẩn",
    "👍",
    "y",
    "yes",
    "dung",
    "dung roi",
    "OK!",
    "ok em",
    "dạ đúng rồi ạ",
    "vang a",
    "👍🏻",
    "ừ được",
    "ok luôn em",
    "dong y",
]
NO = [
    "ko",
    "k",
    "hông",
    "hổng",
    "không",
    "thôi",
    "khỏi",
    "chưa",
    "sai",
    "no",
    "dạ không",
    "dạ không ạ",
    "khong",
    "hong",
    "sai rồi",
    "không phải",
]
NEITHER = ["được không", "ok không", "đã", "dừng", "rồi", "cam", "1", "sữa", "", "2kg cam ok", "ok " * 500]
HOUSE: dict[House, list[str]] = {
    "menu": ["0", "menu"],
    "person": [
        "9",
        "gặp người",
        "người thật",
        "nhân viên",
        "tư vấn",
        "gọi cho tôi",
        "admin",
        "alo",
        "gap nhan vien nhe",
    ],
    "back": [
        "lại",
        "lai",
        "quay lại",
        "lùi",
        "nhầm",
        "nhầm rồi",
        "nham roi chau oi",
        "bỏ cái vừa rồi",
        "undo",
        "Lại ạ",
    ],
    "change": ["sửa", "sua", "sua nhe"],
    "cancel": ["thôi", "hủy", "huỷ", "huy", "thoi chau", "Thôi em ơi"],
    "help": ["?", "??", "trợ giúp", "tro giup", "help"],
}
NOT_HOUSE = ["00", "sữa", "lãi", "sua chua", "2 kg cam thôi", "nham roi 15 can thoi", "cam", "", "bác"]


@pytest.mark.parametrize("typed", YES)
def test_a_yes_is_a_yes_and_no_no(typed: str) -> None:
    assert (yes(typed), no(typed)) == (True, False)


@pytest.mark.parametrize("typed", NO)
def test_a_no_is_a_no_and_no_yes(typed: str) -> None:
    assert (yes(typed), no(typed)) == (False, True)


@pytest.mark.parametrize("typed", NEITHER)
def test_a_question_or_another_word_is_neither(typed: str) -> None:
    assert (yes(typed), no(typed)) == (False, False)


@pytest.mark.parametrize(
    ("house", "typed"), [(house, typed) for house, all_typed in HOUSE.items() for typed in all_typed]
)
def test_a_house_word_is_known_with_and_without_accents_and_politeness(house: House, typed: str) -> None:
    assert house_word(typed) == house


@pytest.mark.parametrize("typed", NOT_HOUSE)
def test_a_house_word_inside_a_sentence_is_none(typed: str) -> None:
    assert house_word(typed) is None


@pytest.mark.parametrize(
    ("typed", "title", "same"),
    [
        ("dat tiep", "Đúng, đặt tiếp", True),
        ("dung dat tiep", "Đúng, đặt tiếp", True),
        ("dung", "Đúng, đặt tiếp", True),
        ("go lai", "Gõ lại", True),
        ("Gõ lại nhé em", "Gõ lại", True),
        ("dong y", "Đồng ý", True),
        ("dong y", "Không đồng ý", False),
        ("lay o cua hang", "🏪 Lấy ở cửa hàng", True),
        ("25 nghin", "Vẫn 25 nghìn", False),
        ("", "Gõ lại", False),
        ("!", "👍", False),
    ],
)
def test_a_typed_title_matches_its_button(typed: str, title: str, same: bool) -> None:
    assert same_words(typed, title) is same


@pytest.mark.parametrize(
    ("typed", "titles", "meant"),
    [
        ("dat mua", ["Đặt mua 28.000đ/kg", "Xem nguồn gốc"], "Đặt mua 28.000đ/kg"),
        ("Đặt mua nhé em", ["Đặt mua 28.000đ/kg", "Xem nguồn gốc"], "Đặt mua 28.000đ/kg"),
        ("xem nguon", ["Đặt mua 28.000đ/kg", "Xem nguồn gốc"], "Xem nguồn gốc"),
        ("dat mua", ["Đặt mua cam", "Đặt mua trứng"], None),
        ("dat", ["Đặt mua 28.000đ/kg"], None),
        ("dong y", ["Không đồng ý"], None),
        ("dat mu", ["Đặt mua 28.000đ/kg"], None),
        ("2 5", ["2,5 kg"], None),
        ("", ["Đặt mua"], None),
    ],
)
def test_the_beginning_of_one_title_is_that_button(typed: str, titles: list[str], meant: str | None) -> None:
    assert title_begun(typed, titles) == meant
