"""The units that people count in, and their spellings."""

from dataclasses import dataclass
from decimal import Decimal

from bot.understand.phrases import Phrases


@dataclass(frozen=True, slots=True)
class Unit:
    """`factor` of them make one `name`: 0.1 kg is a lạng. Counting units have factor 1 and are never weighed."""

    name: str
    factor: Decimal = Decimal(1)

    @property
    def weighs(self) -> bool:
        return self.name == "kg"


def _kg(factor: str) -> Unit:
    return Unit("kg", Decimal(factor))


_SPELLINGS: dict[Unit, str] = {
    _kg("1"): "kg, kgs, k.g, cân, ký, kí, ky, ki, kilo, kilos, kilogam, kilogram, kilograms",
    _kg("0.1"): "lạng",
    _kg("0.001"): "g, gr, gam, gram, grams",
    _kg("10"): "yến",
    _kg("100"): "tạ",
    _kg("1000"): "tấn",
    Unit("chục"): "chục",
    Unit("quả", Decimal(12)): "tá, dozen",
    Unit("quả"): "quả, trái, qủa",
    Unit("bó"): "bó, mớ, bunch, bunches",
    Unit("chai"): "chai, bottle, bottles",
    Unit("gói"): "gói, pack, packs, packet, packets",
    Unit("hộp"): "hộp, box, boxes",
    Unit("túi"): "túi, bag, bags",
    Unit("hũ"): "hũ, jar, jars",
    Unit("lít"): "lít, lit, l, liter, liters, litre, litres",
    Unit("ml"): "ml",
    Unit("lọ"): "lọ",
    Unit("con"): "con",
    Unit("cái"): "cái, chiếc",
    Unit("cây"): "cây",
    Unit("củ"): "củ",
    Unit("bắp"): "bắp",
    Unit("buồng"): "buồng",
    Unit("nải"): "nải",
    Unit("chùm"): "chùm",
    Unit("cặp"): "cặp, đôi",
    Unit("ổ"): "ổ",
    Unit("ống"): "ống",
    Unit("bịch"): "bịch",
    Unit("bao"): "bao",
    Unit("thùng"): "thùng",
    Unit("rổ"): "rổ",
    Unit("giỏ"): "giỏ",
    Unit("khay"): "khay",
    Unit("vỉ"): "vỉ",
    Unit("lon"): "lon",
    Unit("lốc"): "lốc",
    Unit("combo"): "combo",
    Unit("suất"): "suất, phần",
    Unit("bánh"): "bánh",
    Unit("thiên"): "thiên",
    Unit("giạ"): "giạ",
    Unit("cành"): "cành",
    Unit("bông"): "bông",
}  # fmt: skip

UNITS: Phrases[Unit] = Phrases(
    (spelling, unit) for unit, spellings in _SPELLINGS.items() for spelling in spellings.split(", ")
)

# `2 bắp cải` is two cabbages: here the word belongs to the product, not to the number.
PART_OF_A_NAME = {
    "bap": {"cai", "ngo"},
    "bong": {"cai"},
    "cu": {"san", "dau", "cai", "sen", "den", "mi"},
    "banh": {"chung", "gai", "tet", "da", "trang", "pho"},
    "cay": {"giong"},
    "combo": {"rau"},
}

TEN = "chục"
