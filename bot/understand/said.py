"""One message with everything that the rules of intent ask about it, each found once."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from bot.understand.amounts import vague_amounts
from bot.understand.clauses import Find, Group, Reader, reader
from bot.understand.cues import cues_in
from bot.understand.lexicon import Mention, mentions
from bot.understand.text import MAX_CHARS
from bot.understand.tokens import Token

CERTAIN, LIKELY, PERHAPS = 1.0, 0.9, 0.7


@dataclass(frozen=True, slots=True)
class Intent:
    """A wish by its name, its values by their names, and how sure it is, 0…1. `unknown` has no values.

    Values are JSON scalars, or lists and dicts of them. Weights are in kg, a chục is 10 quả, money is whole đồng.
    """

    name: str
    slots: dict[str, Any] = field(default_factory=dict)
    confidence: float = LIKELY


UNKNOWN = Intent("unknown", {}, 0.0)


class Said:
    """A message under the eyes of the rules."""

    def __init__(self, text: str, find: Find | None) -> None:
        self.text = text[:MAX_CHARS]
        self.read: Reader = reader(self.text, find)
        self.words = [t for t in self.read.tokens if t.kind != "sign"]
        self.groups: list[Group] = self.read.groups()
        self.mentions: list[Mention] = [m for m in mentions(self.read.tokens) if not m.everyday]

    @cached_property
    def cues(self) -> set[str]:
        """Signs outside the products' own names: `vai thieu` complains of nothing."""
        masked: list[Token] = list(self.read.tokens)
        for mention in self.mentions:
            for i in range(mention.first, mention.last):
                masked[i] = replace(masked[i], kind="sign", plain="·", key="·")
        return cues_in(masked)

    @cached_property
    def goods(self) -> list[Group]:
        """Groups whose words are a product: in the lexicon, on the shelf, or an everyday word beside a unit."""
        return [g for g in self.groups if g.words and (self.read.is_product(g.words) or self._beside_a_unit(g))]

    @property
    def measured(self) -> bool:
        """Whether some quantity has a unit."""
        return any(g.quantity and not g.quantity.is_bare for g in self.groups)

    @property
    def counted(self) -> bool:
        """Whether there is any quantity at all."""
        return any(g.quantity for g in self.groups)

    @property
    def vague(self) -> bool:
        """Whether an amount was named without a number."""
        return bool(vague_amounts(self.read.tokens))

    @property
    def priced(self) -> bool:
        return any(g.price for g in self.groups)

    @property
    def product(self) -> bool:
        return bool(self.mentions or self.goods)

    def has(self, *cues: str) -> bool:
        """Whether any of these cues is there."""
        return not self.cues.isdisjoint(cues)

    def word(self, *plains: str) -> bool:
        return any(t.plain in plains for t in self.words)

    def _beside_a_unit(self, group: Group) -> bool:
        unit = group.quantity and group.quantity.quantity and group.quantity.quantity.unit
        return bool(unit and group.words and mentions(self.read.tokens[slice(*group.words)]))
