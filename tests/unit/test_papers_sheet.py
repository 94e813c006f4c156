"""Sheets as they come out of the printer: read back from the dots, measured, and read as text."""

import math
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from handlers.papers.geometry import SHEETS, Geometry, GeometryError, geometry_of
from handlers.papers.label import DoesNotFit, Stamp, lay_out
from handlers.papers.sheet import write_pdf, write_ruler
from tests.unit.paper import ORANGES, around, dots, farthest, ink, middles, pages, pdf, read, stamps, words

TWO_WIDE = geometry_of("columns=2,rows=1,label=45.3x30,pitch=47.4x30,margin=1.2x0,page=95x30,dpi=203")
ALL = {**SHEETS, "two wide": TWO_WIDE}


@pytest.mark.parametrize("how", [{}, {"damp": True}, {"sample": True}], ids=["plain", "damp", "sample"])
@pytest.mark.parametrize("name", ALL)
def test_every_qr_code_of_a_sheet_is_read_back_where_it_belongs(name: str, how: dict[str, Any]) -> None:
    geometry = ALL[name]
    those = stamps(geometry.per_page)
    document = pdf(those, geometry, **how)
    wanted = middles(lay_out(those[0], geometry, **how), geometry)

    for dpi in (300, 203):
        found = read(dots(document, dpi), geometry.page[0])
        assert [one.text for one in found] == [stamp.url for stamp in those]
        assert farthest(found, wanted) < 0.2
        assert {one.level for one in found} <= {"Q", "H"}


@pytest.mark.parametrize("name", SHEETS)
def test_a_qr_code_lies_where_it_was_laid_out_and_its_quiet_zone_is_white(name: str) -> None:
    geometry = SHEETS[name]
    document = pdf(stamps(geometry.per_page), geometry)
    drawn, image, places = lay_out(ORANGES, geometry), dots(document, 600), list(geometry.places())

    for place in (places[0], places[len(places) // 2], places[-1]):
        quiet = 4 * drawn.module
        assert ink(image, around(place, drawn, quiet - 0.05), 600) == pytest.approx(around(place, drawn), abs=0.1)


@pytest.mark.parametrize("name", SHEETS)
def test_the_digits_of_a_code_are_at_least_3_mm_high(name: str) -> None:
    geometry = SHEETS[name]
    stamp = replace(ORANGES, code="1" * 12, url=ORANGES.url[:-12] + "1" * 12)
    drawn, image = lay_out(stamp, geometry), dots(pdf([stamp], geometry), 600)
    left, top = next(geometry.places())
    code = [line for line in drawn.lines if line.digits == "code"]

    for line in code:
        box = (left + line.x, top + line.y - 0.9 * line.size, left + line.x + 2.2 * line.size, top + line.y + 0.1)
        edges = ink(image, box, 600)
        assert edges is not None
        assert 3.0 <= edges[3] - edges[1] < 4.2


def test_no_white_line_shows_between_the_rows_of_modules() -> None:
    """The three finders have black squares of 3 × 3 modules; sizes are chosen so that no edge lies on a dot."""
    drawn, geometry = lay_out(ORANGES, SHEETS["24"]), SHEETS["24"]
    left, top = next(geometry.places())
    for dpi in (203, 287, 300, 431):
        image = dots(pdf([ORANGES], geometry), dpi)
        box = (drawn.x + left + 2 * drawn.module, drawn.y + top + 2 * drawn.module)
        inner = image.crop(
            (
                *(math.ceil(side * dpi / 25.4) + 1 for side in box),
                *(math.floor((side + 3 * drawn.module) * dpi / 25.4) - 1 for side in box),
            )
        )
        assert inner.getextrema() == (0, 0)


def test_on_a_roll_every_dot_of_a_qr_code_is_black_or_white() -> None:
    for geometry in (SHEETS["50x30"], TWO_WIDE):
        those = stamps(geometry.per_page)
        image, drawn = dots(pdf(those, geometry), 203), lay_out(those[0], geometry)
        for place in geometry.places():
            left, top = (round(way / geometry.dot) * geometry.dot for way in place)
            edges = tuple(round(side / geometry.dot) for side in around((left, top), drawn))
            greys = image.crop(edges).histogram()
            assert min(greys[0], greys[255]) > 5000
            assert sum(greys[2:254]) == 0


def test_a_page_of_a_roll_is_a_whole_number_of_dots() -> None:
    assert dots(pdf([ORANGES], SHEETS["50x30"]), 203).size == (400, 240)


def test_every_font_of_a_file_is_in_the_file() -> None:
    document = pdf([ORANGES], SHEETS["65"])

    assert document.count(b"/BaseFont") == document.count(b"/FontFile2") == 2


def test_the_text_of_a_stamp_can_be_copied_from_the_file() -> None:
    assert words(pdf([ORANGES], SHEETS["65"])) == [
        "Cam sành loại 1",
        "HSD 02/12/2026",
        "Lô CAM-261118-1",
        "HTX Nông sản Suối Mây",
        "Nhắn mã này cho",
        "Zalo HTX Suối Mây",
        "4839 2017 6504",
    ]


def test_a_sample_and_a_pin_are_readable_in_the_file() -> None:
    text = words(pdf([replace(ORANGES, pin="112233")], SHEETS["24"], sample=True))

    assert text[0] == "MẪU"
    assert {"TEM MẪU", "PIN dưới lớp cào:", "112233"} < set(text)


def test_what_lies_beneath_a_sample_is_pale() -> None:
    geometry, drawn = SHEETS["65"], lay_out(ORANGES, SHEETS["65"], sample=True)
    assert drawn.pale is not None
    left, top = next(geometry.places())
    plain, sample = (dots(pdf([ORANGES], geometry, sample=one), 300) for one in (False, True))
    box = tuple(round(side * 300 / 25.4) for side in around((left, top), drawn, 4 * drawn.module))

    assert sample.histogram()[219] - plain.histogram()[219] > 5000
    assert sample.crop(box).histogram()[219] == plain.crop(box).histogram()[219]


@pytest.mark.parametrize(("start", "count", "sheets"), [(1, 65, 1), (1, 66, 2), (65, 1, 1), (64, 3, 2), (11, 120, 2)])
def test_labels_before_the_start_stay_empty(start: int, count: int, sheets: int) -> None:
    geometry, those, file = SHEETS["65"], stamps(count), BytesIO()
    written = write_pdf(file, those, geometry, start=start)
    document = file.getvalue()
    wanted = middles(lay_out(those[0], geometry), geometry)[start - 1 :][:count]
    found = read(dots(document))

    assert (written, pages(document)) == (sheets, sheets)
    assert [one.text for one in found] == [stamp.url for stamp in those[: 66 - start]]
    assert farthest(found, wanted) < 0.2


@pytest.mark.parametrize("start", [0, -1, 66])
def test_a_start_that_is_not_on_the_page_is_refused(start: int) -> None:
    with pytest.raises(GeometryError, match=f"^label {start} is not on the page; it has labels 1 to 65$"):
        pdf([ORANGES], SHEETS["65"], start=start)


def test_nothing_is_written_where_one_stamp_does_not_fit(tmp_path: Path) -> None:
    file = tmp_path / "sheet.pdf"
    long = replace(ORANGES, url="https://" + "h" * 60 + ".vn/t/483920176504")

    with pytest.raises(DoesNotFit):
        write_pdf(file, [*stamps(100), long], SHEETS["80"])

    assert not file.exists()


def test_no_stamps_are_no_page(tmp_path: Path) -> None:
    assert write_pdf(tmp_path / "sheet.pdf", [], SHEETS["65"]) == 0
    assert list(tmp_path.iterdir()) == []


def test_progress_is_told_after_every_page() -> None:
    told: list[int] = []

    pdf(stamps(60), SHEETS["24"], start=20, progress=told.append)

    assert told == [5, 29, 53, 60]


def test_stamps_are_taken_one_page_at_a_time() -> None:
    taken: list[int] = []
    seen: list[tuple[int, int]] = []

    def one_by_one() -> Iterator[Stamp]:
        for number, stamp in enumerate(stamps(60), 1):
            taken.append(number)
            yield stamp

    write_pdf(BytesIO(), one_by_one(), SHEETS["24"], progress=lambda done: seen.append((done, taken[-1])))

    assert seen == [(24, 25), (48, 49), (60, 60)]


def test_two_prints_of_the_same_stamps_are_the_same_bytes() -> None:
    assert pdf(stamps(30), SHEETS["24"], title="Cam") == pdf(stamps(30), SHEETS["24"], title="Cam")


HOSTILE = (
    "<b>Cam</b> & <script>alert(1)</script>",
    '=HYPERLINK("http://x")',
    "Cam\\) Tj (x) \\(endstream endobj",
    "🍊🍊🍊",
    "Cam\ud800sành\x00\x1b[2J\u202eloại",
    "C\u00e2\u0301m s\u00e0nh",
    "名前 имя اسم",
    "x" * 2000,
    ("dài " * 500),
    " \u00a0\u3000 ",
)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_text_from_anybody_spoils_nothing(text: str) -> None:
    stamp = replace(ORANGES, product=text, best_before=text, lot=text, coop=text, invite=text)

    for geometry in SHEETS.values():
        document = pdf([stamp], geometry, title=text)
        assert [one.text for one in read(dots(document), geometry.page[0])] == [ORANGES.url]
        assert "".join(words(document)).replace(" ", "").find("483920176504") >= 0


def test_a_text_of_markup_is_printed_as_it_is() -> None:
    text = words(pdf([replace(ORANGES, product="<b>Cam</b> & (1)\\ %")], SHEETS["24"]))

    assert text[0] == "<b>Cam</b> & (1)\\ %"


@pytest.mark.parametrize("geometry", ALL.values(), ids=ALL)
def test_the_ruler_shows_every_label_in_outline(geometry: Geometry) -> None:
    file = BytesIO()
    write_ruler(file, geometry)
    image = dots(file.getvalue(), 300)

    for left, top in geometry.places():
        box = (left - 0.2, top - 0.2, left + geometry.label[0] + 0.2, top + geometry.label[1] + 0.2)
        edges = ink(image, box, dark=230)
        assert edges == pytest.approx((left, top, left + geometry.label[0], top + geometry.label[1]), abs=0.25)


def test_the_bars_of_the_ruler_are_100_mm_long() -> None:
    file = BytesIO()
    write_ruler(file, SHEETS["65"])
    image = dots(file.getvalue(), 600)
    across, down = ink(image, (50, 98.3, 160, 98.7), 600), ink(image, (54.8, 90, 55.2, 205), 600)

    assert across is not None
    assert down is not None
    assert across[2] - across[0] == pytest.approx(100, abs=0.4)
    assert down[3] - down[1] == pytest.approx(100, abs=0.4)
    assert "Lấy thước đo hai vạch đậm: mỗi vạch phải dài đúng 100 mm." in words(file.getvalue())
    assert "5 × 13 = 65 tem, mỗi tem 38,1 × 21,2 mm; bước 40,6 × 21,2 mm" in words(file.getvalue())


def test_what_draws_is_loaded_only_when_something_is_drawn() -> None:
    names = "handlers.papers.sheet", "handlers.papers.single", "handlers.papers.label"
    check = f"import sys, {', '.join(names)}; print([name for name in ('reportlab', 'PIL') if name in sys.modules])"

    assert subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True).stdout == "[]\n"
