"""The list of farm products that ships with us: its shape, so that a hand that mends it hears of a slip at once."""

import re
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

FILE = Path(__file__).parents[2] / "bot" / "understand" / "data" / "products.tsv"
TEXT = FILE.read_text(encoding="utf-8")
LINES = [line for line in TEXT.splitlines() if line and not line.startswith("#")]

CATEGORIES = {
    "Trái cây", "Rau củ", "Thịt - trứng", "Thủy sản", "Chè - trà", "Mật ong", "Gạo - mì - miến", "Đậu - hạt", "Gia vị",
    "Cà phê - ca cao", "Chế biến", "Dược liệu", "Cây - hoa", "Thủ công",
}  # fmt: skip
UNITS = {
    "kg", "lít", "quả", "con", "bó", "cái", "cây", "cành", "bông", "chậu", "chai", "hũ", "lọ", "hộp", "gói", "bịch",
    "bao", "thùng", "bình", "ống", "nồi", "kiện", "tấm", "miếng", "bánh", "combo",
}  # fmt: skip

KINDS = [
    "cà phê bột", "hạt mắc ca", "mắc ca sấy", "xoài", "hạt tiêu đen", "cam lòng vàng", "cam Canh", "cam V2",
    "bưởi đỏ", "măng nứa khô", "măng chua", "chè Shan tuyết", "gà Lạc Thủy", "trứng gà ta thả đồi", "miến dong",
    "gạo nếp Khẩu Nua Lếch", "chè đinh", "chè tôm nõn", "trà tôm nõn", "đinh tâm trà", "trà hoa cúc", "cúc chi",
    "trà xanh", "mật ong rừng", "cơm cháy", "nước mắm nhĩ", "tảo xoắn", "rau ăn lá", "cao nấm linh chi",
    "trà đảng sâm", "cao đảng sâm", "hồng trà", "mật ong bạc hà", "nước tắm lá thuốc", "tinh dầu màng tang", "quế vỏ",
    "mỳ gạo", "vải thiều", "mì Chũ", "cà phê Arabica", "hạt tiêu", "mật ong", "tiêu đen", "cà phê honey", "bơ 034",
    "cà phê Catimor", "sữa chua dê", "tinh bột nghệ", "trà hoa vàng",
]  # fmt: skip
"""What the demo market sells, by its generic names: no brand and no co-operative."""

# hoà, thuý, khoẻ: the tone stands on the other vowel here (hòa, thúy, khỏe); quý is right.
_OLD_TONE = re.compile(r"\w*(?:o[àáảãạèéẻẽẹ]|(?<!q)u[ỳýỷỹỵ])(?!\w)", re.IGNORECASE)


class Row:
    """One line: category, canonical name, unit of a bare price, plain aliases, and ambiguous ones without their ~."""

    def __init__(self, line: str) -> None:
        self.category, self.name, self.unit, others = line.split("\t")
        aliases = others.split(", ") if others else []
        self.aliases = [alias for alias in aliases if not alias.startswith("~")]
        self.ambiguous = [alias.removeprefix("~") for alias in aliases if alias.startswith("~")]


ROWS = [Row(line) for line in LINES]


def test_every_line_has_four_cells_without_stray_blanks() -> None:
    cells = [line.split("\t") for line in LINES]
    assert [line for line, cell in zip(LINES, cells, strict=True) if len(cell) != 4 or not all(cell[:3])] == []
    assert [line for line in LINES if re.search(r"^\s|  | \t|\t |,(?! \S)| ,|\s$", line.rstrip("\t"))] == []
    assert [row.name for row in ROWS if "," in row.name or row.name.startswith("~")] == []


def test_the_text_is_composed_and_its_tones_stand_where_the_rest_of_the_list_has_them() -> None:
    assert unicodedata.is_normalized("NFC", TEXT)
    assert _OLD_TONE.findall(TEXT) == []
    assert _OLD_TONE.findall("xoài Hoà Lộc, thuỷ sản, quý, hòa") == ["Hoà", "thuỷ"]


def test_only_letters_digits_and_the_signs_of_the_format_are_used() -> None:
    body = "\n".join(LINES)
    assert sorted(set(re.findall(r"[^\w\s]|_", body))) == [",", "-", "~"]


def test_there_are_enough_products_and_enough_other_names() -> None:
    assert len(ROWS) >= 600
    assert sum(len(row.aliases) + len(row.ambiguous) for row in ROWS) >= 700


def test_categories_and_units_are_of_the_closed_lists() -> None:
    assert {row.category for row in ROWS} == CATEGORIES
    assert {row.unit for row in ROWS} <= UNITS


def test_a_category_stands_in_one_piece() -> None:
    starts = [row.category for before, row in zip([None, *ROWS], ROWS, strict=False) if not _same(before, row)]
    assert sorted(starts) == sorted(CATEGORIES)


def test_one_spelling_belongs_to_one_product() -> None:
    spellings = Counter(name.casefold() for row in ROWS for name in (row.name, *row.aliases))
    assert [name for name, times in spellings.items() if times > 1] == []


def test_an_ambiguous_alias_means_at_least_two_products_and_is_nowhere_a_plain_one() -> None:
    names = {row.name.casefold() for row in ROWS}
    plain = {alias.casefold() for row in ROWS for alias in row.aliases}
    ambiguous = Counter(alias.casefold() for row in ROWS for alias in row.ambiguous)
    beside = ambiguous.keys() & (names | plain)
    assert [alias for alias, times in ambiguous.items() if times < 2 and alias not in beside] == []
    assert [row.name for row in ROWS if row.name.casefold() in map(str.casefold, row.ambiguous)] == []
    assert [row.name for row in ROWS if len(set(row.ambiguous)) < len(row.ambiguous)] == []


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("củ sắn", {"sắn", "củ đậu"}),
        ("mận", {"mận", "roi"}),
        ("mãng cầu", {"mãng cầu", "na"}),
        ("hành", {"hành lá", "hành tím"}),
        ("bánh tráng", {"bánh đa", "bánh đa nem"}),
        ("chè", {"chè", "chè ngọt"}),
        ("bạc hà", {"bạc hà", "dọc mùng"}),
    ],
)
def test_a_word_of_two_regions_leads_to_both_products(word: str, meant: set[str]) -> None:
    assert {row.name for row in ROWS if word in (row.name, *row.aliases, *row.ambiguous)} == meant


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("heo", "lợn"),
        ("bắp", "ngô"),
        ("khoai mì", "sắn"),
        ("khóm", "dứa"),
        ("đậu phộng", "lạc"),
        ("mè", "vừng"),
        ("khổ qua", "mướp đắng"),
        ("dưa leo", "dưa chuột"),
        ("hột vịt", "trứng vịt"),
        ("cá tràu", "cá lóc"),
        ("nấm mèo", "mộc nhĩ"),
        ("tần ô", "cải cúc"),
        ("vịt xiêm", "ngan"),
        ("đậu hũ", "đậu phụ"),
        ("rambutans", "chôm chôm"),
    ],
)
def test_a_regional_or_english_name_leads_to_the_standard_one(alias: str, name: str) -> None:
    assert [row.name for row in ROWS if alias in row.aliases] == [name]


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_demo_market_sells_has_a_name_here(kind: str) -> None:
    assert len([row.name for row in ROWS if kind in (row.name, *row.aliases)]) == 1


def _same(before: Row | None, row: Row) -> bool:
    return before is not None and before.category == row.category
