"""One stamp as a picture."""

import re
from dataclasses import replace
from io import BytesIO
from xml.etree import ElementTree

import pytest
from PIL import Image

from handlers.papers.geometry import SHEETS, Geometry
from handlers.papers.label import DoesNotFit, lay_out
from handlers.papers.single import one_png, one_svg
from handlers.papers.symbol import symbol_of
from tests.unit.paper import ORANGES, read

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("dpi", [203, 300, 600])
@pytest.mark.parametrize("geometry", SHEETS.values(), ids=SHEETS)
def test_a_png_is_read_back(geometry: Geometry, dpi: int) -> None:
    for damp, sample in ((False, False), (True, True)):
        image = Image.open(BytesIO(one_png(ORANGES, geometry, dpi=dpi, damp=damp, sample=sample)))

        assert image.size == tuple(round(side * dpi / 25.4) for side in geometry.label)
        assert [one.text for one in read(image)] == [ORANGES.url]


def test_a_png_of_the_same_stamp_is_the_same_bytes() -> None:
    assert one_png(ORANGES, SHEETS["65"]) == one_png(ORANGES, SHEETS["65"])


def drawn_in(root: ElementTree.Element, url: str) -> Image.Image:
    """The QR code of an SVG, eight dots a module, with its quiet zone."""
    path = root.findall(f"{SVG}path")[-1].attrib["d"]
    side = symbol_of(url).side + 8
    image = Image.new("L", (8 * side, 8 * side), 255)
    for column, row, length in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", path):
        left, top = 8 * (int(column) + 4), 8 * (int(row) + 4)
        image.paste(0, (left, top, left + 8 * int(length), top + 8))
    return image


def test_an_svg_holds_the_qr_code_at_its_place() -> None:
    root = ElementTree.fromstring(one_svg(ORANGES, SHEETS["24"]))
    drawn = lay_out(ORANGES, SHEETS["24"])
    code = root.findall(f"{SVG}path")[-1]

    assert (root.attrib["width"], root.attrib["height"]) == ("63.5mm", "33.9mm")
    assert root.attrib["viewBox"] == "0 0 63.5 33.9"
    assert code.attrib["transform"] == f"translate({drawn.x:.4f} {drawn.y:.4f}) scale({drawn.module:.5f})"
    assert [one.text for one in read(drawn_in(root, ORANGES.url))] == [ORANGES.url]


def test_an_svg_names_what_it_shows_and_escapes_it() -> None:
    root = ElementTree.fromstring(one_svg(replace(ORANGES, product="<b>Cam</b> & \x00\ud800🍊"), SHEETS["65"]))

    assert root.findtext(f"{SVG}title") == "<b>Cam</b> & 483920176504"


def test_the_letters_of_an_svg_are_outlines_inside_the_label() -> None:
    root = ElementTree.fromstring(one_svg(replace(ORANGES, product="Ẵ ậ đ ỷ", pin="112233"), SHEETS["24"], sample=True))
    drawn = lay_out(replace(ORANGES, product="Ẵ ậ đ ỷ", pin="112233"), SHEETS["24"], sample=True)
    outlines = [path.attrib["d"] for path in root.findall(f"{SVG}path")[:-1]]
    points = [tuple(map(float, pair)) for path in outlines for pair in re.findall(r"(-?[\d.]+) (-?[\d.]+)", path)]

    assert len(outlines) == len(drawn.lines) + 1
    assert len(points) > 1000
    assert all(0 < x < 63.5 and 0 < y < 33.9 for x, y in points)
    assert len(root.findall(f"{SVG}text")) == 0


def test_a_stamp_that_does_not_fit_is_no_picture() -> None:
    for draw in (one_svg, one_png):
        with pytest.raises(DoesNotFit):
            draw(replace(ORANGES, pin="112233"), SHEETS["80"])
