"""One message with everything that the rules of intent ask about it, each found once."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import Any

from bot.understand.amounts import vague_amounts
from bot.understand.clauses import Find, Group, Reader, reader
from bot.understand.cues import cues_in
from bot.understand.lexicon import FUNCTION_WORDS, Mention
from bot.understand.text import MAX_CHARS
from bot.understand.tokens import Token, read
from bot.understand.vocabulary import word_set
from bot.understand.wordlists import table, words_of

CERTAIN, LIKELY, PERHAPS, BARELY = 0.99, 0.9, 0.75, 0.6

_IDLE = ("off_topic", "abuse", "complains", "diary", "data_rights")  # their words say nothing of trade
_KIN = word_set("before_a_persons_name")


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
        found = self.read.named()
        self._persons = {m.first for m in found if _is_a_person(self.read, m)}
        named = [m for m in found if m.first not in self._persons]
        self.mentions: list[Mention] = [m for m in named if not m.everyday]
        everyday = [m for m in named if m.everyday]
        plain = [m for m in everyday if self.read.tokens[m.first].plain not in FUNCTION_WORDS]
        self.everyday: list[Mention] = plain or everyday

    @cached_property
    def cues(self) -> set[str]:
        """Signs outside the products' own names: `vai thieu` complains of nothing."""
        masked: list[Token] = list(self.read.tokens)
        if self._exact:
            masked = [replace(token, marked=True) if token.kind == "word" else token for token in masked]
        for mention in self.mentions:
            for i in range(mention.first, mention.last):
                masked[i] = replace(masked[i], kind="sign", plain="·", key="·")
        return cues_in(masked)

    @cached_property
    def _exact(self) -> bool:
        """Whether the person types accents, so that a word without any has none: her `cho` is neither chờ nor chợ."""
        return 5 * sum(t.marked for t in self.words) >= 2 * len(self.words)

    @cached_property
    def goods(self) -> list[Group]:
        """Groups whose words are a product: in the lexicon, on the shelf, or an everyday word beside a unit."""
        return [g for g in self.groups if g.words and (self._is_product(g) or self._beside_a_unit(g))]

    @property
    def begins_with_hello(self) -> bool:
        return "greets" in cues_in(self.read.tokens[:4])

    @property
    def measured(self) -> bool:
        """Whether some quantity has a unit."""
        return any(g.quantity and g.quantity.is_measured for g in self.groups)

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

    @cached_property
    def strange(self) -> int:
        """Words that have nothing to do with trade: neither goods, amounts, days nor words of such talk.

        Many of them beside a product's name mean that the name stands for something else.
        """
        known = set(self._explained())
        plains, keys = _talk()
        return sum(
            token.kind == "word"
            and i not in known
            and (token.key not in keys if token.marked or self._exact else token.plain not in plains)
            for i, token in enumerate(self.read.tokens)
        )

    @cached_property
    def beside_goods(self) -> int:
        """Words that are neither a product's nor an amount."""
        known = set(self._explained())
        return sum(token.kind == "word" and i not in known for i, token in enumerate(self.read.tokens))

    @property
    def idle(self) -> bool:
        """Whether it seems to be talk about other things."""
        doubtful = self.has("off_topic") and self.strange > 0 and not (self.measured and self.goods)
        return doubtful or 3 * self.strange > len(self.words)

    def has(self, *cues: str) -> bool:
        """Whether any of these cues is there."""
        return not self.cues.isdisjoint(cues)

    def word(self, *plains: str) -> bool:
        return any(t.plain in plains for t in self.words)

    def _explained(self) -> Iterator[int]:
        for group in self.groups:
            for span in (group.words if group in self.goods else None, group.day):
                yield from range(*span) if span else ()
            for amount in (group.quantity, group.price, group.number, group.size):
                yield from range(amount.first, amount.last) if amount else ()
        for mention in (*self.mentions, *self.everyday):
            yield from range(mention.first, mention.last)
        yield from self.read.places_of_delivery()

    def _is_product(self, group: Group) -> bool:
        return group.words is not None and group.words[0] not in self._persons and self.read.is_product(group.words)

    def _beside_a_unit(self, group: Group) -> bool:
        unit = group.quantity and group.quantity.quantity and group.quantity.quantity.unit
        return bool(unit and group.words and any(group.words[0] <= m.first < group.words[1] for m in self.read.named()))


def _is_a_person(read_message: Reader, mention: Mention) -> bool:
    """`chị Hồng`, `anh Tiêu`: after such a word a capital is a name, unless the words are a kind of thing."""
    tokens, first = read_message.tokens, mention.first
    if not first or mention.last != first + 1 or not _KIN.at(tokens, first - 1):
        return False
    return read_message.message.text[tokens[first].start].isupper()


@cache
def _talk() -> tuple[frozenset[str], frozenset[str]]:
    """Words of trade and politeness, folded and as keys: those of the lists and of the cues."""
    lists = ("never_a_product", "polite", "around_an_answer", "before_a_count", "joins", "before_a_price", "some",
             "yes", "delivery_and_payment", "packages", "trade_talk", "no", "opening", "cod", "transfer")  # fmt: skip
    cues: dict[str, list[str]] = table("cues.json")
    phrases = [phrase for name in lists for phrase in words_of(name)]
    phrases += [phrase for name, several in cues.items() if name not in _IDLE for phrase in several]
    tokens = [t for phrase in phrases for t in read(phrase).tokens if t.kind == "word"]
    return frozenset(t.plain for t in tokens), frozenset(t.key for t in tokens)
