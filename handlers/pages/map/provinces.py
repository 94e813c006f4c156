"""The 34 provinces of today, the 63 before July 2025 that they were made of, and what the map needs of each."""

import json
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from bot.understand.text import bare

_KINDS = re.compile(r"^(?:tinh|thanhpho|tp)")
_OTHERS = {
    "daclac": "Đắk Lắk",
    "dacnong": "Đắk Nông",
    "baccan": "Bắc Kạn",
    "hatay": "Hà Nội",
    "hochiminhcity": "Hồ Chí Minh",
    "hcm": "Hồ Chí Minh",
    "saigon": "Hồ Chí Minh",
    "brvt": "Bà Rịa - Vũng Tàu",
    "thuathienhue": "Huế",
}
"""How people write them as well, without accents and spaces."""


@dataclass(frozen=True, slots=True)
class Province:
    """Lengths are units of the picture, from its upper left corner.

    kind: "tỉnh" or "thành phố". before: names before July 2025, its own first, then the nearest. path: SVG path data,
    one ring for each part. at: a place well inside. islets: those too small for an outline.
    """

    kind: str
    name: str
    before: tuple[str, ...]
    path: str
    at: tuple[float, float]
    islets: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Country:
    """size: width and height. origin: longitude of the left edge, latitude of the upper. scale: units for a degree of
    longitude, of latitude.
    """

    size: tuple[float, float]
    origin: tuple[float, float]
    scale: tuple[float, float]
    provinces: tuple[Province, ...]


@lru_cache(maxsize=512)
def province_named(words: str) -> str | None:
    """Today's name of a province: `TP. hồ chí minh` → `Hồ Chí Minh`, `tỉnh Hoà Bình` → `Phú Thọ`; None if unknown.

    Of an address it is the part after the last comma.
    """
    for part in (words, words.rpartition(",")[2]):
        letters = bare(part).replace(" ", "")
        found = _by_letters().get(letters) or _by_letters().get(_KINDS.sub("", letters))
        if found:
            return found
    return None


def names_before(province: str) -> tuple[str, ...]:
    """The provinces before July 2025 that it was made of, its own name first; none if there is no such province."""
    return next((known.before for known in country().provinces if known.name == province), ())


def slug_of(province: str) -> str:
    """`Phú Thọ` → `phu-tho`"""
    return bare(province).replace(" ", "-")


def of_slug(slug: str) -> str | None:
    """`phu-tho` → `Phú Thọ`; None for anything else than the slug of a province of today."""
    return next((known.name for known in country().provinces if slug_of(known.name) == slug), None)


@cache
def country() -> Country:
    """The map as shipped, read at the first question."""
    drawn = json.loads((files("handlers.pages.map") / "provinces.json").read_text(encoding="utf-8"))
    return Country(
        size=tuple(drawn["size"]),
        origin=tuple(drawn["origin"]),
        scale=tuple(drawn["scale"]),
        provinces=tuple(
            Province(kind, name, tuple(before), path, tuple(at), tuple(map(tuple, islets)))
            for kind, name, before, path, at, islets in drawn["provinces"]
        ),
    )


@cache
def _by_letters() -> dict[str, str]:
    """Today's name under every name of a province, letters only."""
    today = {name: known.name for known in country().provinces for name in known.before}
    return {bare(name).replace(" ", ""): heir for name, heir in today.items()} | {
        letters: today[name] for letters, name in _OTHERS.items()
    }
