"""The units that people count in, and their spellings: `data/units.tsv`."""

from dataclasses import dataclass
from decimal import Decimal

from bot.understand.phrases import Phrases
from bot.understand.vocabulary import word_set
from bot.understand.wordlists import rows


@dataclass(frozen=True, slots=True)
class Unit:
    """One of it is `factor` times `name`: a lạng is 0.1 kg, a tá 12 quả. What is counted is never weighed."""

    name: str
    factor: Decimal = Decimal(1)

    @property
    def weighs(self) -> bool:
        return self.name == "kg"


UNITS: Phrases[Unit] = Phrases(
    (spelling, Unit(name, Decimal(factor)))
    for name, factor, spellings in rows("units.tsv")
    for spelling in spellings.split(", ")
)

NAMES_LIKE_UNITS = word_set("names_that_begin_like_a_unit")
"""`2 bắp cải` is two cabbages: here the unit's word belongs to the product, not to the number."""

TEN = "chục"
