"""Which lot is meant, and how a lot is told to those who keep it: a producer her own, staff those of their co-op."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.dialogues.harvest import meant
from bot.dialogues.regional import is_called
from bot.dialogues.telling import BUTTON, name, never_mind
from bot.effect import Choice, Day, Lines, Say, choice, say
from bot.ports import LotView, Ports
from bot.understand.text import bare

OFFERED = 6
MOST_KINDS = 20  # of goods among which she may choose
KEEPERS = ("producer", "staff")


@dataclass(frozen=True, slots=True)
class Meant:
    """lots: the newest first. named: she said which goods or which lot, so that no other one will do."""

    lots: tuple[LotView, ...]
    named: bool


def keeps_lots(ports: Ports) -> bool:
    return ports.me.role in KEEPERS


def lots_meant(words: str, products: Sequence[str], ports: Ports) -> Meant:
    """By the lot's number in her words, or else by the goods that she names there, or else the newest of all goods."""
    names = ports.lots.names()
    numbered = next((one for one in names if _says(words, one.number)), None)
    if numbered is not None:
        return Meant(lots_of([numbered.id], ports), named=True)
    if not products:
        newest: dict[int, int] = {}
        for one in names:
            newest.setdefault(one.goods.id, one.id)
        return Meant(lots_of(list(newest.values())[:MOST_KINDS], ports), named=False)
    wanted = goods_meant(products, ports)
    found = {lot.id: lot for product_id in wanted for lot in ports.lots.open(product_id)}
    return Meant(tuple(found[one.id] for one in names if one.id in found), named=True)


def goods_meant(products: Sequence[str], ports: Ports) -> list[int]:
    """The ids of all goods that these words may be names of."""
    wanted = {goods.id for words_for_it in products for goods in meant(words_for_it, ports)[0]}
    for goods in {one.goods.id: one.goods for one in ports.lots.names()}.values():
        if any(is_called(goods, one, ports) for one in products):
            wanted.add(goods.id)
    return sorted(wanted)


def lot_of(lot_id: int, ports: Ports) -> LotView | None:
    """None where it is open no more, or not hers to keep."""
    return ports.lots.get(lot_id)


def lots_of(lot_ids: Sequence[int], ports: Ports) -> tuple[LotView, ...]:
    """Those that are still there, in this order."""
    return tuple(lot for lot in map(ports.lots.get, lot_ids) if lot is not None)


def newest_of_each(lots: Sequence[LotView]) -> list[LotView]:
    """One for each kind of goods."""
    kept: dict[int, LotView] = {}
    for lot in lots:
        kept.setdefault(lot.goods.id, lot)
    return list(kept.values())


def label(lot: LotView, ports: Ports) -> Say:
    """`cam CAM-261122-1`; for staff with whose it is."""
    goods = name(lot.goods)
    if ports.me.role == "producer" or not lot.producer:
        return say("%(goods)s %(number)s", goods=goods, number=lot.number)
    return say("%(goods)s %(number)s of %(producer)s", goods=goods, number=lot.number, producer=lot.producer)


def which_lot(lots: Sequence[LotView]) -> Say:
    """A printed list; its numbers choose."""
    offered = lots[:OFFERED]
    return say(
        "Which lot?\n%(lots)s",
        lots=Lines(tuple(_line(lot) for lot in offered), numbered=True),
        items=[_pick(lot) for lot in offered],
        choices=[never_mind()],
    )


def _line(lot: LotView) -> Say:
    told = say("%(goods)s %(number)s", goods=name(lot.goods), number=lot.number)
    if lot.harvested_on is None:
        return told
    return say("%(lot)s, %(verb)s %(on)s", lot=told, verb=lot.harvest_verb, on=Day(lot.harvested_on, "short"))


def _pick(lot: LotView) -> Choice:
    return choice("lot", say("%(number)s", number=lot.number[:BUTTON]), arg=str(lot.id),
                  words=[lot.called, name(lot.goods), lot.number])  # fmt: skip


def _says(words: str, number: str) -> bool:
    """A number of digits alone is one of stamps, unless it stands behind `lô`."""
    named = bare(number)
    if not named.replace(" ", "").isdecimal():
        return bool(named) and f" {named} " in f" {bare(words)} "
    return re.search(rf"(?<![a-z0-9])(?:lo|lot)(?: so)? {re.escape(named)}(?![a-z0-9])", bare(words)) is not None
