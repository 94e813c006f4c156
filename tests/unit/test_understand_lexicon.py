"""Products by any of their names, and words that only look like products."""

import pytest

from bot.understand.lexicon import Named, product_named


@pytest.mark.parametrize(
    ("text", "name", "category", "unit"),
    [
        ("co sau rieng ko", "sầu riêng", "Trái cây", "kg"),
        ("con khom k shop", "dứa", "Trái cây", "kg"),
        ("đậu hũ có hông", "đậu phụ", "Chế biến", "miếng"),
        ("Cá tràu đồng có không o", "cá lóc", "Thủy sản", "kg"),
        ("lapj xuwowngr gacs beeps gias sao", "lạp xưởng gác bếp", "Thịt - trứng", "kg"),
        ("2kg mat ong rung", "mật ong rừng", "Mật ong", "lít"),
        ("bơ", "bơ", "Trái cây", "kg"),
        ("bò", "bò", "Thịt - trứng", "con"),
        ("do you have honey", "mật ong", "Mật ong", "lít"),
    ],
)
def test_a_product_is_known_by_any_name(text: str, name: str, category: str, unit: str) -> None:
    assert product_named(text) == Named(name, category, unit)


@pytest.mark.parametrize("text", ["bo", "dua", "cam và bưởi"])
def test_two_products_as_likely_are_none(text: str) -> None:
    assert product_named(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "cảm ơn",
        "cam on",
        "cam kết",
        "ổi trời ơi",
        "lạc đường",
        "tiêu rồi",
        "bơ phờ",
        "sầu quá",
        "hành người ta",
        "đào hoa",
        "",
    ],
)
def test_a_word_that_only_looks_like_a_product_is_none(text: str) -> None:
    assert product_named(text) is None
