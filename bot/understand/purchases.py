"""Where somebody bought something, as she says it: `mua o cho que gan nha`."""

from dataclasses import dataclass
from typing import Literal

from bot.understand.phrases import Phrases
from bot.understand.tokens import read
from bot.understand.wordlists import table

Kind = Literal["market", "place", "seller", "gift", "other"]


@dataclass(frozen=True, slots=True)
class Bought:
    """where: as it follows `mua`, with its accents: `ở chợ quê`; empty where no list knows the place.

    kind: "market" and "place" lie in a commune; "seller": it has only a name, as on the net; "gift": she bought it
    nowhere; "other": her words say no more.
    """

    kind: Kind
    where: str = ""


_LISTS: dict[str, dict[str, list[str]]] = table("purchases.json")
_KINDS: tuple[tuple[str, Kind], ...] = (
    ("markets", "market"),
    ("places", "place"),
    ("sellers", "seller"),
    ("gifts", "gift"),
)
_NAMED: Phrases[Bought] = Phrases(
    (words, Bought(kind, where)) for key, kind in _KINDS for where, several in _LISTS[key].items() for words in several
)
_SIGNS: Phrases[int] = Phrases((words, 0) for words in table("purchases.json")["signs"])


def bought_at(text: str) -> Bought | None:
    """The first place of a kind that we know; `other` where only its words say that she speaks of one; else None."""
    tokens = read(text).tokens
    found = _NAMED.find(tokens)
    if found:
        return found[0].values[0]
    return Bought("other") if _SIGNS.find(tokens) else None
