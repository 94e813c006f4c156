"""Pages of labels: those that are known, and those that people describe."""

import pytest

from handlers.papers.geometry import SHEETS, Geometry, GeometryError, geometry_of

FREE = "columns=4,rows=8,label=45x30,pitch=48x33,margin=9x12"


def test_known_sheets_hold_as_many_labels_as_their_names_say() -> None:
    assert {name: sheet.per_page for name, sheet in SHEETS.items()} == {
        "65": 65,
        "40": 40,
        "24": 24,
        "80": 80,
        "50x30": 1,
    }


@pytest.mark.parametrize("sheet", SHEETS.values(), ids=SHEETS)
def test_a_known_sheet_lies_in_the_middle_of_its_paper(sheet: Geometry) -> None:
    left, top, right, bottom = sheet.beyond

    assert (left, top) == pytest.approx((right, bottom), abs=0.05)
    assert min(sheet.beyond) > -0.001


def test_labels_are_counted_row_by_row() -> None:
    places = list(SHEETS["65"].places())

    assert places[0] == (4.75, 10.7)
    assert places[1] == pytest.approx((45.35, 10.7))
    assert places[5] == pytest.approx((4.75, 31.9))
    assert places[64] == pytest.approx((4.75 + 4 * 40.6, 10.7 + 12 * 21.2))


def test_a_free_geometry_is_what_is_written() -> None:
    assert geometry_of(FREE) == Geometry(FREE, (210, 297), 4, 8, (45, 30), (48, 33), (9, 12), 300)


def test_a_free_geometry_can_be_a_roll() -> None:
    roll = geometry_of(" columns=2, rows=1, label=35.5x25, pitch=38x25, margin=0x0, page=74x25, dpi=203 ")

    assert (roll.page, roll.label, roll.dpi, roll.per_page, roll.thermal) == ((74, 25), (35.5, 25), 203, 2, True)


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("66", f"there is no sheet 66; known are 65, 40, 24, 80, 50x30, and free ones such as {FREE}"),
        ("", f"there is no sheet nothing; known are 65, 40, 24, 80, 50x30, and free ones such as {FREE}"),
        ("columns=4", f"rows and label and pitch and margin not given; write it as {FREE}"),
        (FREE + ",colour=red", f"colour=red says nothing about a sheet; write it as {FREE}"),
        (FREE + ",rows=9", "rows is given twice"),
        (FREE.replace("45x30", "45,5x30"), f"5x30 says nothing about a sheet; write it as {FREE}"),
        (FREE.replace("45x30", "45"), "label=45 is no size; write width x height in mm, such as label=45x30.5"),
        (FREE.replace("45x30", "-45x30"), "label=-45x30 is no size; write width x height in mm, such as label=45x30.5"),
        (
            FREE.replace("45x30", "nanxinf"),
            "label=nanxinf is no size; write width x height in mm, such as label=45x30.5",
        ),
        (FREE.replace("45x30", "0x30"), "label=0x30 must be more than 0 mm in both directions"),
        (FREE.replace("columns=4", "columns=0"), "columns=0 must be at least 1"),
        (FREE.replace("columns=4", "columns=1.5"), "columns=1.5 is no whole number"),
        (FREE.replace("columns=4", "columns=٤"), "columns=٤ is no whole number"),
        (FREE.replace("columns=4", "columns=1e9"), "columns=1e9 is no whole number"),
        (FREE.replace("columns=4", "columns=999999"), "7999992 labels on a page are too many; at most 1000"),
        (FREE.replace("48x33", "44x33"), "the labels overlap: their width is 45 mm, the next begins after 44 mm"),
        (FREE.replace("48x33", "48x29"), "the labels overlap: their height is 30 mm, the next begins after 29 mm"),
        (FREE.replace("9x12", "30x12"), "the labels do not fit the paper: they take 219 mm of its width of 210 mm"),
        (FREE.replace("9x12", "9x40"), "the labels do not fit the paper: they take 301 mm of its height of 297 mm"),
        (FREE + ",page=9000x297", "a page with a width of 9000 mm is too large; at most 1200 mm"),
        (FREE + ",dpi=20", "dpi=20 is no printer's; from 150 to 2400"),
    ],
)
def test_a_geometry_that_cannot_be_printed_is_refused_with_its_reason(typed: str, reason: str) -> None:
    with pytest.raises(GeometryError) as refused:
        geometry_of(typed)

    assert str(refused.value) == reason


def test_what_was_typed_is_not_said_back_at_length() -> None:
    with pytest.raises(GeometryError) as refused:
        geometry_of("\x1b[31m" + "9" * 5000)

    assert str(refused.value).startswith("there is no sheet [31m99999")
    assert len(str(refused.value)) < 200
