"""Where the labels lie on a sheet or a roll, in millimetres from the page's top left."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

MOST_A_PAGE = 1000
_LONGEST_SIDE = 1200.0
_FINEST_MM = 0.01
"""What a sum of measures may be over: they are given to a tenth."""


class GeometryError(ValueError):
    """One sentence that says what is wrong with a page of labels."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """A page of labels. Of a roll, the page is one label, or one row of them."""

    name: str
    page: tuple[float, float]  # width, height, as all pairs here
    columns: int
    rows: int
    label: tuple[float, float]
    pitch: tuple[float, float]  # from one label's left and top edge to the next one's
    margin: tuple[float, float]  # left and top
    dpi: int  # of the printer: 300 for laser sheets, 203 for thermal rolls

    @property
    def per_page(self) -> int:
        return self.columns * self.rows

    @property
    def thermal(self) -> bool:
        """Printed in dots so coarse that everything that is to be sharp has to lie on them."""
        return self.dpi < 300

    @property
    def dot(self) -> float:
        return 25.4 / self.dpi

    @property
    def beyond(self) -> tuple[float, float, float, float]:
        """From the outermost labels to the edge of the page: left, top, right, bottom."""
        right, bottom = (
            self.page[way] - self.margin[way] - (count - 1) * self.pitch[way] - self.label[way]
            for way, count in enumerate((self.columns, self.rows))
        )
        return (*self.margin, right, bottom)

    def places(self) -> Iterator[tuple[float, float]]:
        """Left and top of each label, row by row."""
        for row in range(self.rows):
            for column in range(self.columns):
                yield self.margin[0] + column * self.pitch[0], self.margin[1] + row * self.pitch[1]


_A4 = (210.0, 297.0)

SHEETS: Mapping[str, Geometry] = {
    one.name: one
    for one in (
        Geometry("65", _A4, 5, 13, (38.1, 21.2), (40.6, 21.2), (4.75, 10.7), 300),  # Avery L7651
        Geometry("40", _A4, 4, 10, (52.5, 29.7), (52.5, 29.7), (0.0, 0.0), 300),  # Avery 3651: to the edge of the paper
        Geometry("24", _A4, 3, 8, (63.5, 33.9), (66.0, 33.9), (7.25, 12.9), 300),  # Avery L7159
        Geometry("80", _A4, 5, 16, (35.6, 16.9), (38.1, 16.9), (11.0, 13.3), 300),  # Avery L4732
        Geometry("50x30", (50.0, 30.0), 1, 1, (50.0, 30.0), (50.0, 30.0), (0.0, 0.0), 203),  # a roll
    )
}

_WANTED = ("columns", "rows", "label", "pitch", "margin")
_EXAMPLE = "columns=4,rows=8,label=45x30,pitch=48x33,margin=9x12"
_NUMBER = re.compile(r"[0-9]{1,6}(\.[0-9]{1,4})?", re.ASCII)


def geometry_of(name: str) -> Geometry:
    """One of SHEETS, or free: columns=4,rows=8,label=45x30,pitch=48x33,margin=9x12 and, if wanted, page and dpi.

    Raises GeometryError.
    """
    name = name.strip()
    if name in SHEETS:
        return SHEETS[name]
    if "=" not in name:
        raise GeometryError(
            f"there is no sheet {_shown(name)}; known are {', '.join(SHEETS)}, and free ones such as {_EXAMPLE}"
        )
    told = _told(name)
    geometry = Geometry(
        name,
        _pair("page", told.get("page", "210x297")),
        _whole("columns", told["columns"]),
        _whole("rows", told["rows"]),
        _pair("label", told["label"]),
        _pair("pitch", told["pitch"]),
        _pair("margin", told["margin"], zero=True),
        _whole("dpi", told.get("dpi", "300")),
    )
    _check(geometry)
    return geometry


def _told(name: str) -> dict[str, str]:
    told: dict[str, str] = {}
    for part in name[:300].split(","):
        key, sign, value = (piece.strip() for piece in part.partition("="))
        if not sign or key not in (*_WANTED, "page", "dpi"):
            raise GeometryError(f"{_shown(part)} says nothing about a sheet; write it as {_EXAMPLE}")
        if key in told:
            raise GeometryError(f"{key} is given twice")
        told[key] = value
    missing = [key for key in _WANTED if key not in told]
    if missing:
        raise GeometryError(f"{' and '.join(missing)} not given; write it as {_EXAMPLE}")
    return told


def _check(geometry: Geometry) -> None:
    if geometry.per_page > MOST_A_PAGE:
        raise GeometryError(f"{geometry.per_page} labels on a page are too many; at most {MOST_A_PAGE}")
    if not 150 <= geometry.dpi <= 2400:
        raise GeometryError(f"dpi={geometry.dpi} is no printer's; from 150 to 2400")
    for way, (count, side) in enumerate(((geometry.columns, "width"), (geometry.rows, "height"))):
        page, label, pitch = geometry.page[way], geometry.label[way], geometry.pitch[way]
        if page > _LONGEST_SIDE:
            raise GeometryError(f"a page with a {side} of {page:g} mm is too large; at most {_LONGEST_SIDE:g} mm")
        if count > 1 and pitch < label:
            raise GeometryError(f"the labels overlap: their {side} is {label:g} mm, the next begins after {pitch:g} mm")
        if geometry.beyond[2 + way] < -_FINEST_MM:
            taken = page - geometry.beyond[2 + way]
            raise GeometryError(f"the labels do not fit the paper: they take {taken:g} mm of its {side} of {page:g} mm")


def _pair(key: str, value: str, *, zero: bool = False) -> tuple[float, float]:
    parts = value.split("x")
    if len(parts) != 2 or not all(_NUMBER.fullmatch(part.strip()) for part in parts):
        raise GeometryError(f"{key}={_shown(value)} is no size; write width x height in mm, such as {key}=45x30.5")
    width, height = map(float, parts)
    if not zero and not (width > 0 and height > 0):
        raise GeometryError(f"{key}={_shown(value)} must be more than 0 mm in both directions")
    return width, height


def _whole(key: str, value: str) -> int:
    if not _NUMBER.fullmatch(value) or not math.isclose(float(value), round(float(value))):
        raise GeometryError(f"{key}={_shown(value)} is no whole number")
    if float(value) < 1:
        raise GeometryError(f"{key}={_shown(value)} must be at least 1")
    return round(float(value))


def _shown(words: str) -> str:
    """As it was typed, if that is short and can be printed."""
    return "".join(letter for letter in words[:40] if letter.isprintable()).strip() or "nothing"
