"""A page to hold against the labels before they are used up: their outlines, and two bars to measure."""

from pathlib import Path
from typing import BinaryIO

from handlers.papers.geometry import Geometry
from handlers.papers.label import Line
from handlers.papers.pages import POINTS, Pages

_BAR = 100
_TICK = 3.0
_WORDS = (
    "In ở cỡ thật (100 %), đừng chọn “vừa trang giấy”.",
    "Lấy thước đo hai vạch đậm: mỗi vạch phải dài đúng 100 mm.",
    "Đặt tờ này sau tờ tem rồi soi lên đèn: khung phải trùng với tem.",
)
_SIZE = 4.2


def write_ruler(file: BinaryIO | Path, geometry: Geometry) -> None:
    """On a page that is too small, the bars are as many whole centimetres as it holds."""
    pages = Pages(geometry, "Tờ thước")
    width, height = geometry.page
    bar = min(_BAR, *(10 * int(side * 0.8 / 10) for side in geometry.page)) or 5
    left, top = (width - bar) / 2, (height - bar) / 2
    pages.add(f"q 1 0 0 1 0 {height * POINTS:.3f} cm 0.3 w 0.7 G")
    for x, y in geometry.places():
        pages.add(f"{_box(x, y, *geometry.label)} S")
    lines = [Line(f"{bar} mm", left + 5, top + 8, min(_SIZE, bar / 8), bold=True)]
    if bar == _BAR:
        words = (*_WORDS, *_measures(geometry))
        lines += [Line(text, left + 5, top + 20 + number * 9, _SIZE) for number, text in enumerate(words)]
    for line in lines:
        pages.add(pages.text(line))
    pages.add(f"0 G {_bar(left, top, bar, across=True)} {_bar(left, top, bar, across=False)} Q")
    pages.turn()
    pages.save(file)


def _measures(geometry: Geometry) -> tuple[str, str]:
    columns, rows = geometry.columns, geometry.rows
    return (
        f"{columns} × {rows} = {geometry.per_page} tem, mỗi tem {_size(geometry.label)}; bước {_size(geometry.pitch)}",
        f"lề trái {_number(geometry.margin[0])} mm, lề trên {_number(geometry.margin[1])} mm",
    )


def _size(pair: tuple[float, float]) -> str:
    return f"{_number(pair[0])} × {_number(pair[1])} mm"


def _number(value: float) -> str:
    return f"{value:g}".replace(".", ",")


def _bar(left: float, top: float, length: float, *, across: bool) -> str:
    """A bold stroke with a fine tick at every centimetre; it ends in the middle of the outermost ticks."""
    strokes = [(1.2, 0.0, 0.0, length, 0.0)]
    strokes += [(0.3, at, 0.0, at, _TICK) for at in range(0, int(length) + 1, 10)]
    if not across:
        strokes = [(width, y, x, other_y, other_x) for width, x, y, other_x, other_y in strokes]
    return " ".join(
        f"{width} w {(left + x) * POINTS:.3f} {-(top + y) * POINTS:.3f} m "
        f"{(left + other_x) * POINTS:.3f} {-(top + other_y) * POINTS:.3f} l S"
        for width, x, y, other_x, other_y in strokes
    )


def _box(x: float, y: float, width: float, height: float) -> str:
    return f"{x * POINTS:.3f} {-(y + height) * POINTS:.3f} {width * POINTS:.3f} {height * POINTS:.3f} re"
