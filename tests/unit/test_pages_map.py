import gzip
import json
import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import bot.understand
from handlers.pages.map import provinces
from handlers.pages.map.drawing import draw, names_before, of_slug, province_named, slug_of
from handlers.pages.map.provinces import Province, country

SVG = "{http://www.w3.org/2000/svg}"
PROVINCES = country().provinces
NAMES = [known.name for known in PROVINCES]
Corner = tuple[int, int]

SEATS = """
Long Xuyên 10.38 105.43 An Giang|Vũng Tàu 10.36 107.09 Hồ Chí Minh|Bạc Liêu 9.29 105.72 Cà Mau
Bắc Giang 21.28 106.20 Bắc Ninh|Bắc Kạn 22.15 105.83 Thái Nguyên|Bắc Ninh 21.18 106.06 Bắc Ninh
Bến Tre 10.24 106.37 Vĩnh Long|Thủ Dầu Một 10.99 106.66 Hồ Chí Minh|Quy Nhơn 13.79 109.20 Gia Lai
Đồng Xoài 11.54 106.90 Đồng Nai|Phan Thiết 10.95 108.09 Lâm Đồng|Cà Mau 9.18 105.15 Cà Mau
Cao Bằng 22.67 106.25 Cao Bằng|Cần Thơ 10.03 105.76 Cần Thơ|Đà Nẵng 16.05 108.18 Đà Nẵng
Buôn Ma Thuột 12.67 108.04 Đắk Lắk|Gia Nghĩa 12.00 107.69 Lâm Đồng|Điện Biên Phủ 21.39 103.02 Điện Biên
Biên Hòa 10.95 106.86 Đồng Nai|Cao Lãnh 10.46 105.63 Đồng Tháp|Pleiku 13.98 108.00 Gia Lai
Hà Giang 22.82 104.98 Tuyên Quang|Phủ Lý 20.54 105.91 Ninh Bình|Hà Nội 21.03 105.84 Hà Nội
Hà Tĩnh 18.34 105.90 Hà Tĩnh|Hải Dương 20.94 106.32 Hải Phòng|Hải Phòng 20.85 106.67 Hải Phòng
Vị Thanh 9.78 105.47 Cần Thơ|Hòa Bình 20.82 105.34 Phú Thọ|Sài Gòn 10.78 106.70 Hồ Chí Minh
Hưng Yên 20.66 106.06 Hưng Yên|Nha Trang 12.25 109.17 Khánh Hòa|Rạch Giá 10.01 105.09 An Giang
Kon Tum 14.35 108.00 Quảng Ngãi|Lai Châu 22.39 103.46 Lai Châu|Đà Lạt 11.94 108.44 Lâm Đồng
Lạng Sơn 21.85 106.76 Lạng Sơn|Lào Cai 22.46 103.97 Lào Cai|Tân An 10.54 106.41 Tây Ninh
Nam Định 20.43 106.17 Ninh Bình|Vinh 18.68 105.68 Nghệ An|Hoa Lư 20.25 105.97 Ninh Bình
Phan Rang 11.57 108.98 Khánh Hòa|Việt Trì 21.32 105.40 Phú Thọ|Tuy Hòa 13.09 109.30 Đắk Lắk
Đồng Hới 17.47 106.60 Quảng Trị|Tam Kỳ 15.57 108.48 Đà Nẵng|Quảng Ngãi 15.12 108.80 Quảng Ngãi
Uông Bí 21.03 106.77 Quảng Ninh|Đông Hà 16.82 107.10 Quảng Trị|Sóc Trăng 9.60 105.97 Cần Thơ
Sơn La 21.33 103.91 Sơn La|Tây Ninh 11.31 106.10 Tây Ninh|Thái Bình 20.45 106.34 Hưng Yên
Thái Nguyên 21.59 105.84 Thái Nguyên|Thanh Hóa 19.81 105.78 Thanh Hóa|Huế 16.46 107.59 Huế
Mỹ Tho 10.36 106.36 Đồng Tháp|Trà Vinh 9.94 106.34 Vĩnh Long|Tuyên Quang 21.82 105.21 Tuyên Quang
Vĩnh Long 10.24 105.96 Vĩnh Long|Vĩnh Yên 21.31 105.60 Phú Thọ|Yên Bái 21.70 104.88 Lào Cai
Phú Quốc 10.22 103.98 An Giang|Đà Bắc 20.88 105.25 Phú Thọ|Cát Bà 20.79 107.01 Hải Phòng
Cần Giờ 10.45 106.90 Hồ Chí Minh|Móng Cái 21.52 107.93 Quảng Ninh|Sa Pa 22.34 103.84 Lào Cai
"""


def rings(known: Province) -> list[list[Corner]]:
    """The corners of each part in tenths of a unit, walked as the path says."""
    found = []
    for start, steps in re.findall(r"M([^l]+)l([^z]+)z", known.path):
        numbers = [round(float(number) * 10) for number in re.findall(r"-?[0-9.]+", f"{start} {steps}")]
        corners: list[Corner] = [(numbers[0], numbers[1])]
        for dx, dy in zip(numbers[2::2], numbers[3::2], strict=True):
            corners.append((corners[-1][0] + dx, corners[-1][1] + dy))
        found.append(corners)
    return found


def edges(ring: list[Corner]) -> Iterator[tuple[Corner, Corner]]:
    return zip(ring, [*ring[1:], ring[0]], strict=True)


def area(ring: list[Corner]) -> float:
    """Signed: positive clockwise, as y goes down."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in edges(ring)) / 2


def holds(known: Province, x: float, y: float) -> bool:
    crossed = 0
    for ring in rings(known):
        for (ax, ay), (bx, by) in edges(ring):
            if (ay > y * 10) != (by > y * 10) and x * 10 < ax + (y * 10 - ay) * (bx - ax) / (by - ay):
                crossed += 1
    return crossed % 2 == 1


def placed(north: float, east: float) -> tuple[float, float]:
    drawn = country()
    return (east - drawn.origin[0]) * drawn.scale[0], (drawn.origin[1] - north) * drawn.scale[1]


def tree(svg: str) -> ET.Element:
    return ET.fromstring(svg)


def marks(svg: str) -> list[tuple[float, float]]:
    """Where the dots of marks are, in units of the picture."""
    return [
        (float(circle.attrib["cx"]), float(circle.attrib["cy"]))
        for circle in tree(svg).iter(f"{SVG}circle")
        if circle.get("r") == "4"
    ]


def highlighted(svg: str) -> list[str]:
    """The names of the provinces whose outlines are dark green."""
    by_path = {known.path: known.name for known in PROVINCES}
    groups = (group for group in tree(svg).iter(f"{SVG}g") if group.get("fill") == "#2c6440")
    return [by_path[path.attrib["d"]] for group in groups for path in group.iter(f"{SVG}path")]


def lines_of(svg: str) -> list[tuple[float, float, float, float]]:
    """About where the words are, line by line: left, top, right, bottom. The province's own name is the last."""
    boxes = []
    for text in tree(svg).iter(f"{SVG}text"):
        below = 0.0
        for line in text.iter():
            size, x, below = float(line.attrib["font-size"]), float(line.attrib["x"]), below + float(line.get("dy", 0))
            wide = len(line.text or "") * size * (0.64 if text.get("font-weight") == "700" else 0.58)
            left = x - wide * {"start": 0, "middle": 0.5, "end": 1}[text.attrib["text-anchor"]]
            y = float(text.attrib["y"]) + below
            boxes.append((left, y - size * 0.9, left + wide, y + size * 0.25))
    return boxes


def law() -> list[Any]:
    places = Path(bot.understand.__file__).with_name("data") / "places.json"
    rows: list[Any] = json.loads(places.read_text(encoding="utf-8"))["provinces"]
    return rows


def test_the_34_and_what_they_were_made_of_are_those_of_the_law() -> None:
    ours = {(known.kind, known.name): sorted(known.before) for known in PROVINCES}
    assert ours == {(kind, name): sorted(made_of) for kind, name, made_of, _ in law()}
    assert (len(PROVINCES), sum(len(known.before) for known in PROVINCES)) == (34, 63)


@pytest.mark.parametrize(("heir", "before"), [(name, old) for _, name, made_of, _ in law() for old in made_of])
def test_each_of_the_63_is_known_by_its_heir_however_it_is_typed(heir: str, before: str) -> None:
    plain = slug_of(before)
    spellings = (before, before.upper(), f"tỉnh {before}", plain.replace("-", " "), plain.replace("-", ""))
    assert [province_named(words) for words in spellings] == [heir] * len(spellings)


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("Phú Thọ", "Phú Thọ"),
        ("  tinh   PHU THO ", "Phú Thọ"),
        ("tỉnh Hoà Bình", "Phú Thọ"),
        ("TP. Hồ Chí Minh", "Hồ Chí Minh"),
        ("thanh pho Ho Chi Minh", "Hồ Chí Minh"),
        ("TPHCM", "Hồ Chí Minh"),
        ("Sài Gòn", "Hồ Chí Minh"),
        ("Bà Rịa – Vũng Tàu", "Hồ Chí Minh"),
        ("Thừa Thiên - Huế", "Huế"),
        ("Đắc Lắc", "Đắk Lắk"),
        ("Thanh Hóa", "Thanh Hóa"),
        ("xã Đà Bắc, tỉnh Phú Thọ", "Phú Thọ"),
        ("Phu\u0301 Tho\u0323", "Phú Thọ"),
    ],
)
def test_a_province_is_known_in_the_words_of_people(words: str, name: str) -> None:
    assert province_named(words) == name


@pytest.mark.parametrize("words", ["", "tỉnh", "tp", ",", "xã Đà Bắc", "Vientiane", "Phú", "x" * 100_000, "<b>Huế</b>"])
def test_what_is_no_province_is_none(words: str) -> None:
    assert province_named(words) is None


def test_names_before_begin_with_its_own_and_go_on_with_the_nearest() -> None:
    assert names_before("Phú Thọ") == ("Phú Thọ", "Vĩnh Phúc", "Hòa Bình")
    assert names_before("Huế") == ("Huế",)
    assert names_before("Hòa Bình") == ()
    assert all(known.before[0] == known.name for known in PROVINCES)


def test_a_slug_leads_back_to_its_province_and_nothing_else_does() -> None:
    slugs = [slug_of(name) for name in NAMES]
    assert [of_slug(slug) for slug in slugs] == NAMES
    assert (slug_of("Phú Thọ"), slug_of("Hồ Chí Minh"), slug_of("Đắk Lắk")) == ("phu-tho", "ho-chi-minh", "dak-lak")
    assert [of_slug(slug) for slug in ("", "phutho", "Phu-Tho", "hoa-binh", "../phu-tho", "phú-thọ")] == [None] * 6


@pytest.mark.parametrize("seat", [seat for line in SEATS.strip().splitlines() for seat in line.split("|")])
def test_a_town_lies_in_its_province(seat: str) -> None:
    found = re.fullmatch(r"\D+ ([0-9.]+) ([0-9.]+) (\D+)", seat)
    assert found
    x, y = placed(float(found[1]), float(found[2]))
    assert [known.name for known in PROVINCES if holds(known, x, y)] == [found[3]]


def test_the_place_that_stands_for_a_province_is_in_it_and_in_no_other() -> None:
    for here in PROVINCES:
        assert [known.name for known in PROVINCES if holds(known, *here.at)] == [here.name]


def test_every_outline_is_a_clockwise_ring_inside_the_picture() -> None:
    width, height = country().size
    for known in PROVINCES:
        assert all(len(ring) >= 3 and area(ring) > 0 for ring in rings(known)), known.name
        assert all(0 < x < width * 10 and 0 < y < height * 10 for ring in rings(known) for x, y in ring), known.name
        assert all(0 < x < width and 0 < y < height for x, y in known.islets), known.name


def test_neighbours_share_their_borders_without_a_gap() -> None:
    """Along a border two provinces walk the same edges in opposite ways; what is left are the coasts and the border
    of the country. A gap would be left too, as a ring that runs the other way round.
    """
    walked = Counter(edge for known in PROVINCES for ring in rings(known) for edge in edges(ring))
    assert set(walked.values()) == {1}
    follows: dict[Corner, list[Corner]] = {}
    for a, b in walked:
        if (b, a) not in walked:
            follows.setdefault(a, []).append(b)
    assert all(len(ends) == 1 for ends in follows.values())
    outer = []
    while follows:
        ring = [next(iter(follows))]
        while ring[-1] in follows:
            ring.append(follows.pop(ring[-1])[0])
        assert ring[0] == ring[-1]
        outer.append(area(ring[:-1]))
    assert min(outer) > 0
    whole = sum(area(ring) for known in PROVINCES for ring in rings(known))
    assert sum(outer) == whole
    assert max(outer) / whole > 0.99
    km = 111.2 / country().scale[1] / 10
    assert whole * km * km == pytest.approx(331_000, rel=0.03)


def test_the_picture_shows_all_34_and_marks_the_one() -> None:
    svg = draw("tỉnh Hòa Bình")
    paths = [path.attrib["d"] for path in tree(svg).iter(f"{SVG}path")]
    assert sorted(paths) == sorted(known.path for known in PROVINCES)
    assert highlighted(svg) == ["Phú Thọ"]
    assert marks(svg) == [next(known.at for known in PROVINCES if known.name == "Phú Thọ")]
    assert tree(svg).findtext(f"{SVG}title") == "Bản đồ: tỉnh Phú Thọ"
    assert tree(svg).get("role") == "img"
    assert [text.text for text in tree(svg).iter(f"{SVG}text")][-1] == "Phú Thọ"


def test_a_city_is_called_a_city() -> None:
    assert tree(draw("Đà Nẵng")).findtext(f"{SVG}title") == "Bản đồ: thành phố Đà Nẵng"


@pytest.mark.parametrize("name", [None, "Phú Thọ", "Đà Nẵng"])
def test_the_archipelagos_are_named_and_drawn_where_they_are(name: str | None) -> None:
    svg = draw(name)
    words = ["".join(text.itertext()) for text in tree(svg).iter(f"{SVG}text")]
    assert words[:2] == ["Quần đảo Hoàng Sa(Đà Nẵng)", "Quần đảo Trường Sa(Khánh Hòa)"]
    dots = {(circle.attrib["cx"], circle.attrib["cy"]) for circle in tree(svg).iter(f"{SVG}circle")}
    for whose, (south, north, west, east) in {
        "Đà Nẵng": (15.7, 17.2, 111, 113),
        "Khánh Hòa": (7.5, 11.5, 111.5, 116),
    }.items():
        (left, low), (right, high) = placed(south, west), placed(north, east)
        islets = next(known.islets for known in PROVINCES if known.name == whose)
        there = [(x, y) for x, y in islets if left < x < right and high < y < low]
        assert len(there) >= 6
        assert {(f"{x:g}", f"{y:g}") for x, y in there} <= dots


def test_the_islets_of_a_province_are_coloured_with_it() -> None:
    dark = next(group for group in tree(draw("Khánh Hòa")).findall(f"{SVG}g") if group.attrib == {"fill": "#2c6440"})
    islets = next(known.islets for known in PROVINCES if known.name == "Khánh Hòa")
    assert [(float(dot.attrib["cx"]), float(dot.attrib["cy"])) for dot in dark] == list(islets)


def test_a_point_is_drawn_no_nearer_than_a_tenth_of_a_degree() -> None:
    svg = draw("Phú Thọ", (20.8764321, 105.2512345))
    x, y = placed(20.9, 105.3)
    assert marks(svg) == [(round(x, 1), round(y, 1))]
    assert svg == draw("Phú Thọ", (20.92, 105.31))
    assert "20.8" not in re.sub(r' d="[^"]*"', "", svg)


@pytest.mark.parametrize(
    "point", [(0.0, 0.0), (48.9, 2.3), (105.2, 20.9), (20.9, 120.0), (float("nan"), 105.0), (20.0, float("inf"))]
)
def test_a_point_out_of_the_country_is_ignored(point: tuple[float, float]) -> None:
    assert draw("Phú Thọ", point) == draw("Phú Thọ")
    assert draw(None, point) == draw(None)


@pytest.mark.parametrize(
    "words", [None, "", "Atlantis", "<script>alert(1)</script>", '"/><image href="//x"/>', "]]>&amp;"]
)
def test_an_unknown_or_hostile_name_draws_a_map_without_highlight_and_is_not_in_it(words: str | None) -> None:
    svg = draw(words)
    assert svg == draw(None)
    assert (highlighted(svg), marks(svg)) == ([], [])
    assert tree(svg).findtext(f"{SVG}title") == "Bản đồ Việt Nam"


def test_a_point_without_a_province_is_marked_without_a_name() -> None:
    svg = draw(None, (20.9, 105.3))
    assert (highlighted(svg), len(marks(svg)), len(list(tree(svg).iter(f"{SVG}text")))) == ([], 1, 2)


@pytest.mark.parametrize("name", [None, *NAMES])
def test_the_picture_is_small_and_holds_nothing_that_a_policy_forbids(name: str | None) -> None:
    svg = draw(name)
    assert len(svg.encode()) <= 14_000
    assert len(gzip.compress(svg.encode(), mtime=0)) <= 6_000
    elements = list(tree(svg).iter())
    assert {element.tag.removeprefix(SVG) for element in elements} <= {
        *("svg", "title", "rect", "g", "path", "circle", "text", "tspan")
    }
    assert not {attribute for element in elements for attribute in element.attrib} & {"style", "class", "href", "id"}
    assert re.findall(r"url\(|https?://[^ \"]+", svg) == ["http://www.w3.org/2000/svg"]


@pytest.mark.parametrize(
    ("name", "point"), [*((name, None) for name in NAMES), ("Khánh Hòa", (10.2, 114.3)), ("Đà Nẵng", (16.5, 111.6))]
)
def test_the_name_stays_in_the_picture_and_off_the_names_of_the_archipelagos(
    name: str, point: tuple[float, float] | None
) -> None:
    lines = lines_of(draw(name, point))
    assert all(left > 0 and right < country().size[0] for left, _, right, _ in lines)
    *others, (left, top, right, bottom) = lines
    if point is None:
        assert not [it for it in others if left < it[2] and it[0] < right and top < it[3] and it[1] < bottom]


def test_no_islet_is_under_the_name_of_an_archipelago() -> None:
    lines = lines_of(draw(None))
    assert len(lines) == 4
    for x, y in (spot for known in PROVINCES for spot in known.islets):
        assert not [it for it in lines if it[0] - 2 < x < it[2] + 2 and it[1] - 2 < y < it[3] + 2]


def test_the_source_and_its_licence_stand_beside_the_data() -> None:
    folder = Path(provinces.__file__).parent
    head = json.loads((folder / "provinces.json").read_text(encoding="utf-8"))["source"]
    terms = (folder / "provinces.LICENSE").read_text(encoding="utf-8")
    assert "Natural Earth" in head
    assert "public domain" in head
    assert "public domain" in terms
    assert "ISC License" in terms
