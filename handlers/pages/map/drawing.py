"""The map as one SVG document: presentation attributes only, since the pages' Content-Security-Policy forbids style."""

from collections.abc import Iterable
from functools import lru_cache

from handlers.pages.map.provinces import (
    Country,
    Province,
    country,
    names_before,
    of_slug,
    province_named,
    slug_of,
)

__all__ = ["draw", "names_before", "of_slug", "province_named", "slug_of"]

SEA, LAND, ISLET, BORDER = "#fdf3dc", "#cfe3c8", "#8fb98a", "#fffdf8"
HERE, DARK, SOFT, MARK = "#2c6440", "#214c31", "#5d5343", "#e8963a"
SOUTH, NORTH, WEST, EAST = 7.5, 23.4, 102.1, 116.0
"""Vietnam's box in degrees, with Hoàng Sa and Trường Sa."""
DECIMALS = 1
"""Of a degree: 0.1° is about 11 km, as near as a garden is shown."""
ARCHIPELAGOS = (("Hoàng Sa", "Đà Nẵng", 112.4, 17.7), ("Trường Sa", "Khánh Hòa", 114.1, 12.85))
"""Name, whose, and where the middle of the words is: longitude, latitude."""


def draw(province: str | None, point: tuple[float, float] | None = None) -> str:
    """The map with this province in dark green and a mark in it, at `point` (latitude, longitude) if that is known.

    province: any spelling that `province_named` knows; of another the map shows none. The point is rounded to 0.1°
    and left out if it is not in Vietnam's box.
    """
    name = province_named(province) if province else None
    seen = point if point and SOUTH <= point[0] <= NORTH and WEST <= point[1] <= EAST else None
    return _document(name, (round(seen[0], DECIMALS), round(seen[1], DECIMALS)) if seen else None)


@lru_cache(maxsize=128)
def _document(name: str | None, point: tuple[float, float] | None) -> str:
    drawn = country()
    width, height = drawn.size
    here = next((known for known in drawn.provinces if known.name == name), None)
    others = [known for known in drawn.provinces if known is not here]
    title = f"Bản đồ: {here.kind} {here.name}" if here else "Bản đồ Việt Nam"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img" lang="vi">',
        f"<title>{title}</title>",
        f'<rect width="{width:g}" height="{height:g}" rx="16" fill="{SEA}"/>',
        f'<g fill="{LAND}" stroke="{BORDER}" stroke-width="1" stroke-linejoin="round">{_outlines(others)}</g>',
        f'<g fill="{ISLET}">{_dots(others)}</g>',
    ]
    if here:
        parts += [
            f'<g fill="{HERE}" stroke="{DARK}" stroke-width="1" stroke-linejoin="round">{_outlines([here])}</g>',
            f'<g fill="{HERE}">{_dots([here])}</g>',
        ]
    parts.append('<g font-family="system-ui, -apple-system, Segoe UI, Roboto, Noto Sans, Arial, sans-serif">')
    parts += [_archipelago(drawn, *words) for words in ARCHIPELAGOS]
    spot = _placed(drawn, point[1], point[0]) if point else here.at if here else None
    if spot:
        parts.append(_mark(*spot))
    if here and spot:
        parts.append(_label(here.name, *spot, width))
    return "\n".join([*parts, "</g>", "</svg>\n"])


def _outlines(provinces: Iterable[Province]) -> str:
    return "".join(f'<path d="{known.path}"/>' for known in provinces)


def _dots(provinces: Iterable[Province]) -> str:
    return "".join(f'<circle cx="{x:g}" cy="{y:g}" r="2.2"/>' for known in provinces for x, y in known.islets)


def _placed(drawn: Country, east: float, north: float) -> tuple[float, float]:
    return (east - drawn.origin[0]) * drawn.scale[0], (drawn.origin[1] - north) * drawn.scale[1]


def _archipelago(drawn: Country, name: str, whose: str, east: float, north: float) -> str:
    x, y = _placed(drawn, east, north)
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="16" text-anchor="middle" fill="{DARK}">Quần đảo {name}'
        f'<tspan x="{x:.1f}" dy="17" font-size="14" fill="{SOFT}">({whose})</tspan></text>'
    )


def _mark(x: float, y: float) -> str:
    """A dot in a ring, wider than the place is uncertain: 0.1° are four units."""
    at = f'cx="{x:.1f}" cy="{y:.1f}"'
    return (
        f'<circle {at} r="10" fill="{MARK}" fill-opacity=".2" stroke="{MARK}" stroke-width="3"/>'
        f'<circle {at} r="4" fill="{MARK}" stroke="{BORDER}" stroke-width="1.5"/>'
    )


def _label(name: str, x: float, y: float, width: float) -> str:
    """The name right of the mark, or left of it where it would leave the picture."""
    start, anchor = (x - 16, "end") if x > width - 200 else (x + 16, "start")
    return (
        f'<text x="{start:.1f}" y="{y + 8:.1f}" text-anchor="{anchor}" font-size="24" font-weight="700" fill="{DARK}" '
        f'stroke="{SEA}" stroke-width="5" stroke-linejoin="round" paint-order="stroke">{name}</text>'
    )
