"""The shape of `suoi_may.json`. Dates are those of the written day, amounts in the product's unit, money in đồng."""

from datetime import date, time
from decimal import Decimal
from pathlib import Path

import msgspec

_WRITTEN = Path(__file__).with_name("suoi_may.json")


class Record(msgspec.Struct, forbid_unknown_fields=True):
    """A misspelt field in the file raises `msgspec.ValidationError`."""


class OrganisationRecord(Record):
    """Named as in `catalog.organisation`."""

    kind: str
    code: str
    name: str
    short_name: str
    tax_code: str = ""
    address: str = ""
    phone: str = ""
    province: str = ""
    province_before: str = ""
    shop: str = ""
    clerk: str = ""
    clerk_phone: str = ""
    opens_at: time | None = None
    closes_at: time | None = None
    collector: str = ""
    collects_at: time | None = None
    pays_on_day: int | None = None
    sales_policy: str = ""


class StaffRecord(Record):
    name: str
    title: str
    you: str
    phone: str
    role: str


class ProducerRecord(Record):
    code: str
    name: str
    title: str
    you: str
    place: str


class CertificateRecord(Record):
    name: str
    valid_until: date
    number: str = ""
    issuer: str = ""


class ProductRecord(Record):
    """Named as in `catalog.product`."""

    sku: str
    name_vi: str
    name_en: str
    label_vi: str
    label_en: str
    short_vi: str
    short_en: str
    aliases: list[str]
    emoji: str
    category: str
    unit_vi: str
    unit_en: str
    weight_g: int
    price_vnd: int
    producer_price_vnd: int
    harvest_verb: str
    shelf_life_days: int
    pieces: int = 1
    step: Decimal = Decimal(1)
    pack: str = ""
    season: str = ""
    fresh: bool = False
    story: str = ""
    image: str = ""
    brand: str = ""
    warnings: str = ""
    storage: str = ""
    declared: list[str] = []
    ocop_stars: int | None = None
    ocop_number: str = ""
    ocop_valid_until: date | None = None
    certificates: list[CertificateRecord] = []


class DiaryRecord(Record):
    on: date
    kind: str
    words: str
    wait_days: int | None = None


class RecallRecord(Record):
    on: date
    reason: str
    advice: str


class LotRecord(Record):
    """`codes`: what each trace code is on, "lot" or "unit"."""

    number: str
    sku: str
    producer: str
    codes: dict[str, str]
    harvested_on: date
    best_before: date
    amount: str
    diary: list[DiaryRecord]
    plot: str = ""
    point: tuple[float, float] | None = None
    recall: RecallRecord | None = None


class OfferRecord(Record):
    producer: str
    sku: str
    called: str
    quantity: Decimal
    on: date
    lot: str = ""


class FeeRecord(Record):
    up_to_g: int | None
    carrier: str
    fee_vnd: int
    days_min: int
    days_max: int


class CustomerRecord(Record):
    name: str
    title: str
    you: str
    phone: str
    address: str


class OrderRecord(Record):
    """`lines`: how much of which sku. `customer`: whether it is the demo's customer or somebody unknown."""

    code: str
    status: str
    way: str
    placed_on: date
    expected_on: date
    lines: dict[str, Decimal]
    carrier: str = ""
    fee_vnd: int = 0
    customer: bool = False


class Demo(Record):
    alliance: OrganisationRecord
    coop: OrganisationRecord
    staff: list[StaffRecord]
    producers: list[ProducerRecord]
    products: list[ProductRecord]
    lots: list[LotRecord]
    offers: list[OfferRecord]
    fees: list[FeeRecord]
    customer: CustomerRecord
    orders: list[OrderRecord]


def read_demo() -> Demo:
    return msgspec.json.decode(_WRITTEN.read_bytes(), type=Demo)
