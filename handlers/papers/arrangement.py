"""Where on a label the QR code can stand, and what room is left for words. Millimetres from the label's top left."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from handlers.papers.geometry import Geometry
from handlers.papers.symbol import QUIET, side_of

SMALLEST_MODULE = 0.396
"""GS1's least."""
LARGEST_MODULE = 0.63
LEAST_DOTS = 4
"""Of a module on thermal paper."""
INSET = 1.0
"""What stays white along a label's edge: printers are off by half of it."""
UNPRINTABLE = 4.3
"""What most sheet printers cannot print along the edge of the paper."""
_BARELY = 1e-6


@dataclass(frozen=True, slots=True)
class Room:
    left: float
    top: float
    width: float
    height: float
    centred: bool = False


@dataclass(frozen=True, slots=True)
class Arrangement:
    """One way to divide a label. x, y: of the symbol's first module."""

    module: float
    x: float
    y: float
    room: Room
    foot: Room | None  # a line along the bottom edge for the code; without it the code stands in `room`


def modules(geometry: Geometry) -> list[float]:
    """Sizes of a module to try, largest first: whole dots, and on a laser printer GS1's least as well."""
    dot = geometry.dot
    if geometry.thermal:
        least = max(LEAST_DOTS, math.ceil(SMALLEST_MODULE / dot - _BARELY))
        most = max(least, math.floor(LARGEST_MODULE / dot + _BARELY))
        return [dots * dot for dots in range(most, least - 1, -1)]
    least, most = math.ceil(SMALLEST_MODULE / dot - _BARELY), math.floor(LARGEST_MODULE / dot + _BARELY)
    return [*(dots * dot for dots in range(most, least - 1, -1)), SMALLEST_MODULE]


def insets(geometry: Geometry) -> tuple[float, float, float, float]:
    """What stays white inside each label: left, top, right, bottom. One layout serves all labels of a page."""
    least = INSET if geometry.thermal else UNPRINTABLE
    left, top, right, bottom = (max(INSET, least - beyond) for beyond in geometry.beyond)
    return left, top, right, bottom


def sides_needed(version: int, module: float, geometry: Geometry) -> tuple[float, float]:
    """Width and height that a symbol takes of a label, with its quiet zone or the inset, whichever is more."""
    left, top, right, bottom = (max(QUIET * module, inset) for inset in insets(geometry))
    dark = side_of(version) * module
    return left + dark + right, top + dark + bottom


def arrangements(version: int, geometry: Geometry, foot_heights: tuple[float, ...]) -> Iterator[Arrangement]:
    """Every way that keeps the QR code whole; those with a foot once for each height of its digits."""
    width, height = geometry.label
    left, top, right, bottom = insets(geometry)
    for module in modules(geometry):
        quiet, dark = QUIET * module, side_of(version) * module
        first_y, last_y = max(top, quiet), height - max(bottom, quiet) - dark
        x = _on_dots(max(left, quiet), geometry)
        beside = x + dark + quiet
        if last_y < first_y - _BARELY or beside > width + _BARELY:
            continue
        free = width - right - beside
        y = _on_dots(max(first_y, (first_y + last_y) / 2), geometry)
        yield Arrangement(module, x, y, Room(beside, top, free, height - top - bottom), None)
        for foot in foot_heights:
            foot_top = height - bottom - foot
            last_y = foot_top - quiet - dark
            if last_y >= first_y - _BARELY:
                y = _on_dots(max(first_y, (first_y + last_y) / 2), geometry)
                room = Room(beside, top, free, foot_top - top - INSET)
                yield Arrangement(module, x, y, room, Room(left, foot_top, width - left - right, foot, centred=True))
        y = _on_dots(first_y, geometry)
        under = y + dark + quiet
        middle = _on_dots((left + width - right - dark) / 2, geometry)
        if middle >= x - _BARELY:
            room = Room(left, under, width - left - right, height - bottom - under, centred=True)
            yield Arrangement(module, middle, y, room, None)


def _on_dots(place: float, geometry: Geometry) -> float:
    """The next dot of a thermal printer; elsewhere the place itself."""
    return math.ceil(place / geometry.dot - _BARELY) * geometry.dot if geometry.thermal else place
