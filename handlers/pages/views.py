"""What the pages show, and the reader that looks it up for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.effect import Param
from bot.ports import Goods, Stamp


@dataclass(frozen=True, slots=True)
class Coop:
    """Who sells, as the law wants it shown. Empty strings are left out of the page.

    complaints: how to complain, a sentence or two. demo: visitors may also try the producer's side.
    """

    name: str  # HTX Nông sản Suối Mây
    short_name: str  # HTX Suối Mây
    tax_code: str
    address: str
    phone: str
    complaints: str
    shop: str  # 12 Lê Lợi: where orders are picked up
    demo: bool


class Reader(Protocol):
    """Names and sentences come in the language that is asked for."""

    def coop(self, language: str) -> Coop: ...

    def goods(self, language: str) -> Sequence[Goods]:
        """All that can be ordered today, in the co-op's own order."""
        ...

    def stamp(self, code: str, language: str) -> Stamp | None:
        """`code`: 12 digits. None if it is in nobody's book."""
        ...


class Translate(Protocol):
    """An English msgid with named parameters becomes a sentence: `bot.i18n.sentence`."""

    def __call__(self, msgid: str, language: str, **params: Param) -> str: ...
