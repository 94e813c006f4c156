"""Goods of further co-ops out of `products.csv`: real names of products and co-ops, invented prices and amounts.

Price, amount, step and stars stand in the file. Weight, picture sign, lot and trace code are derived here, from the row
alone, so that they are the same wherever the demo is loaded.
"""

import csv
import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from sqlalchemy.orm import Session

from catalog import trace
from catalog.organisation import Organisation, OrganisationKind
from catalog.seed.calendar import WRITTEN_AS_OF, Calendar
from catalog.seed.goods import Grower, add_lot, add_offer, add_product
from catalog.seed.organisations import add_member, add_seller
from catalog.seed.records import (
    CertificateRecord,
    Demo,
    DiaryRecord,
    LotRecord,
    OrganisationRecord,
    ProductRecord,
)

_FILE = Path(__file__).with_name("products.csv")
_MEMBERS = {"tht": OrganisationKind.GROUP, "ho": OrganisationKind.HOUSEHOLD}
_UNITS_EN = {"kg": "kg", "gói": "pack", "hộp": "box", "chai": "bottle", "quả": "piece", "lọ": "jar", "hũ": "jar"}
_EMOJI = {
    "Cà phê": "☕",
    "Hạt sấy": "🌰",
    "Trái cây": "🍎",
    "Gia vị": "🧂",
    "Thực phẩm chế biến": "🎋",
    "Chè - trà": "🍵",
    "Thịt - trứng": "🥚",
    "Gạo - mì - miến": "🍚",
    "Mật ong": "🍯",
    "Dược liệu": "🌿",
    "Rau củ": "🥬",
    "Sữa": "🥛",
}
_EMOJI_BY_WORD = {
    "Cam": "🍊",
    "Xoài": "🥭",
    "Bưởi": "🍈",
    "Bơ": "🥑",
    "Gà": "🐔",
    "Miến": "🍜",
    "Mỳ": "🍜",
    "Cơm": "🍘",
}
_HARVESTED = {"Trái cây", "Rau củ"}
_FRESH = _HARVESTED | {"Thịt - trứng"}
_SIZE = re.compile(r"([0-9]+) (kg|g|ml)\b")
_GRAMS = {"kg": 1000, "g": 1, "ml": 1}
_SINGLE_PIECES_G = {"Trứng": 60, "Bưởi": 1000}
_TEA_BAGS_G = 50  # the one pack that names neither grams nor millilitres


def add_further_coops(db: Session, demo: Demo, alliance: Organisation, calendar: Calendar) -> None:
    sellers: dict[str, Organisation] = {}
    for position, row in enumerate(_rows()):
        seller = sellers.get(row["seller_org"])
        if seller is None:
            seller = add_seller(db, _seller(row, f"H{len(sellers) + 1:02d}"), alliance, demo.fees, calendar.now)
            sellers[seller.name] = seller
        grower = seller
        if row["org_type"] in _MEMBERS:
            member = f"{seller.code}-{row['sku']}"
            grower = add_member(db, _MEMBERS[row["org_type"]], member, row["producer_org"], seller)
        product = add_product(db, seller, _product(row), position, calendar)
        growing = Grower(grower.id, None, row["province_2025"])
        lot = add_lot(db, product, growing, _lot(row), calendar)
        stock = Decimal(row["stock"])
        if stock:
            add_offer(
                db, product, growing, lot, called=row["name_vi"], quantity=stock, on=WRITTEN_AS_OF, calendar=calendar
            )


def trace_code(sku: str) -> str:
    """The code of the lot of a product of the file."""
    digest = hashlib.sha256(sku.encode()).digest()
    return trace.complete(int.from_bytes(digest[:8]) % 10**10)


def _rows() -> Iterator[Mapping[str, str]]:
    with _FILE.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _seller(row: Mapping[str, str], code: str) -> OrganisationRecord:
    name = row["seller_org"]
    kind = OrganisationKind.COMPANY if row["org_type"] == "doanh_nghiep" else OrganisationKind.COOP
    return OrganisationRecord(
        kind=kind,
        code=code,
        name=name,
        short_name=name.removesuffix(" (tên minh họa)"),
        address=row["province_2025"],
        province=row["province_2025"],
        province_before=row["province_before_2025"],
    )


def _product(row: Mapping[str, str]) -> ProductRecord:
    name, price_vnd = row["name_vi"], int(row["price_vnd"])
    in_a_year = WRITTEN_AS_OF + timedelta(days=365)
    head = name.split()[0]
    return ProductRecord(
        sku=row["sku"],
        name_vi=name,
        name_en=row["name_en"],
        label_vi=name,
        label_en=row["name_en"],
        short_vi=name[0].lower() + name[1:],
        short_en=row["name_en"],
        aliases=[],
        emoji=_EMOJI_BY_WORD.get(head, _EMOJI[row["category"]]),
        category=row["category"],
        unit_vi=row["unit"],
        unit_en=_UNITS_EN[row["unit"]],
        step=Decimal(row["step"]),
        pack=row["pack"],
        weight_g=_weight_g(row),
        price_vnd=price_vnd,
        producer_price_vnd=price_vnd * 95 // 100,
        harvest_verb="thu hoạch" if row["category"] in _HARVESTED else "đóng gói",
        shelf_life_days=int(row["shelf_life_days"]),
        season="" if row["season"] == "quanh năm" else row["season"],
        fresh=row["category"] in _FRESH,
        story=row["story_vi"],
        ocop_stars=int(row["ocop_stars"]) if row["ocop_stars"] else None,
        ocop_valid_until=in_a_year if row["ocop_stars"] else None,
        certificates=[CertificateRecord(name, in_a_year) for name in row["certifications"].split(";") if name],
    )


def _weight_g(row: Mapping[str, str]) -> int:
    """Of one unit; a millilitre is taken for a gram."""
    if row["unit"] == "kg":
        return 1000
    single = _SINGLE_PIECES_G.get(row["name_vi"].split()[0]) if row["unit"] == "quả" else None
    if single is not None:
        return single
    size = _SIZE.search(row["pack"])
    return _TEA_BAGS_G if size is None else int(size[1]) * _GRAMS[size[2]]


def _lot(row: Mapping[str, str]) -> LotRecord:
    """Packed a fifth of its shelf life ago, a month at most."""
    shelf_life = int(row["shelf_life_days"])
    packed_on = WRITTEN_AS_OF - timedelta(days=min(shelf_life // 5, 30))
    harvested = row["category"] in _HARVESTED
    return LotRecord(
        number=f"{row['sku']}-01",
        sku=row["sku"],
        producer="",
        codes={trace_code(row["sku"]): "lot"},
        harvested_on=packed_on,
        best_before=packed_on + timedelta(days=shelf_life),
        amount=f"{row['stock']} {row['unit']}" if row["stock"] != "0" else "",
        diary=[
            DiaryRecord(packed_on, "harvest", "thu hoạch") if harvested else DiaryRecord(packed_on, "pack", "đóng gói"),
        ],
    )
