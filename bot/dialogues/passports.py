"""What a lot's passport still lacks, and which of its dates cannot be, in words."""

from collections.abc import Sequence

from bot.dialogue import Ask, Turn
from bot.dialogues.journal import AnyState, Written, diary, question
from bot.dialogues.lots import keeps_lots, label, lots_meant, newest_of_each
from bot.effect import Day, Effect, Lines, Listed, Say, choice, say
from bot.ports import LotView, Ports
from bot.understand.diary import products_in
from catalog.passport import NEEDED

MOST_TOLD = 2  # lots at once
MOST_LINES = 3  # of a diary
_ROWS = {
    "producer": say("the producer"),
    "seller": say("the seller's tax code"),
    "place": say("the place"),
    "harvested_on": say("the day of harvest"),
    "best_before": say("the best-before day"),
    "stages": say("the diary"),
    "price": say("the price"),
    "picture": say("a picture"),
    "certificate": say("a certificate"),
    "storage": say("how to store it"),
    "policy": say("the terms of sale"),
}
_WRONG = {
    "best_before": say("the best-before day is not after the harvest"),
    "spray_late": say("it was sprayed after the harvest"),
    "wait": say("it was harvested too early after a spraying"),
    "future": say("a stage lies in the future"),
}


def rows(lacking: Sequence[str]) -> Listed:
    return Listed(tuple(_ROWS[row] for row in lacking if row in _ROWS))


def needed(lacking: Sequence[str]) -> tuple[str, ...]:
    return tuple(row for row in lacking if row in NEEDED)


def wrong_dates(wrong: Sequence[str]) -> Listed:
    return Listed(tuple(_WRONG[one] for one in wrong if one in _WRONG))


@diary.action("lacks")
@diary.opens("passport")
def what_lacks(at: AnyState | None, ask: Ask, ports: Ports) -> Turn[AnyState | None]:
    """`lô cam còn thiếu gì`: of the newest lot of each kind of goods that she named."""
    if not keeps_lots(ports):
        return None, [say("Only who keeps a lot sees that. To look up a stamp, type its 12 digits.")]
    found = lots_meant(ask.words, products_in(ask.words), ports)
    lots = newest_of_each(found.lots)[:MOST_TOLD]
    if not lots:
        return _beside(at, [no_lot(ports)], ports)
    return _beside(at, [_told(lot, ports) for lot in lots], ports)


@diary.opens("lot_diary")
def what_is_written(at: AnyState | None, ask: Ask, ports: Ports) -> Turn[AnyState | None]:
    """`xem nhật ký lô cam`: the newest lines of the newest lot that she named; the journey has them all."""
    if not keeps_lots(ports):
        return None, [say("Only who keeps a lot sees that. To look up a stamp, type its 12 digits.")]
    lots = lots_meant(ask.words, products_in(ask.words), ports).lots
    if not lots:
        return _beside(at, [no_lot(ports)], ports)
    return _beside(at, [_diary(lots[0], ports)], ports)


def no_lot(ports: Ports) -> Say:
    """There is nothing to write to or to print for: how one begins."""
    if ports.me.role == "producer":
        return say(
            "There is no such lot yet: a lot begins when %(you)s put goods on sale.",
            choices=[choice("post.start", say("Put on sale")), choice("person.call", say("Talk to a person"))],
        )
    return say("No such lot is open. A lot begins when a producer puts goods on sale.",
               choices=[choice("person.call", say("Talk to a person"))])  # fmt: skip


def _beside(at: AnyState | None, told: Sequence[Effect], ports: Ports) -> Turn[AnyState | None]:
    """Told in between: a line that is not written yet stays open, and its question comes again."""
    if at is None or isinstance(at, Written):
        return None, told
    return at, [*told, question(at, ports)]


def _told(lot: LotView, ports: Ports) -> Say:
    lines: list[Say] = []
    must = needed(lot.lacks)
    may = [row for row in lot.lacks if row not in must]
    if must:
        lines.append(say("Needed: %(rows)s.", rows=rows(must)))
    if may:
        lines.append(say("Good to have: %(rows)s.", rows=rows(may)))
    if lot.wrong:
        lines.append(say("To look at again: %(dates)s.", dates=wrong_dates(lot.wrong)))
    if not must:
        lines.insert(0, say("All that is needed is there."))
    return say("The passport of the lot %(lot)s:\n%(lines)s", lot=label(lot, ports), lines=Lines(tuple(lines)))


def _diary(lot: LotView, ports: Ports) -> Say:
    choices = [choice("diary.start", say("Write down more"))]
    if not lot.diary:
        return say("Nothing is written in the diary of the lot %(lot)s yet.", lot=label(lot, ports), choices=choices)
    if lot.code:
        choices.insert(0, choice("trace.journey", say("See the journey"), arg=lot.code))
    newest = lot.diary[-MOST_LINES:]
    return say(
        "The diary of the lot %(lot)s, %(count)s lines, the newest:\n%(lines)s",
        lot=label(lot, ports),
        count=len(lot.diary),
        lines=Lines(tuple(say("%(on)s %(what)s", on=Day(line.on, "short"), what=line.words) for line in newest)),
        choices=choices,
    )
