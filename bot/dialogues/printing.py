"""Stamps that are printed from the chat: where the talk is, and what is said in it. The steps are in `press`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.dialogue import Dialogue
from bot.dialogues.lots import label
from bot.dialogues.passports import needed, no_lot, rows
from bot.dialogues.telling import call_person, name, never_mind
from bot.effect import Choice, Day, Listed, Paper, Say, choice, say
from bot.ports import LotView, Ports
from bot.understand.text import bare
from catalog.acts.stamps import Printed, SheetSent

MOST = 5_000
"""Labels of one sheet from the chat: more of them take the worker too long to draw."""

LONGEST_HOST = 99
"""Characters of the web address's name that fit on a label of the sheets of 65."""

Kind = Literal["unit", "lot"]

press = Dialogue("press")


@dataclass(frozen=True, slots=True)
class Choosing:
    """For which lot? count: None as long as it has to be asked."""

    draft_id: str
    kind: Kind
    count: int | None
    lot_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Counting:
    """How many?"""

    draft_id: str
    kind: Kind
    lot_id: int


@dataclass(frozen=True, slots=True)
class Confirming:
    """Lot and number are read back: right?"""

    draft_id: str
    kind: Kind
    lot_id: int
    count: int


@dataclass(frozen=True, slots=True)
class Activating:
    """The lot is being put into the book."""

    lot_id: int


@dataclass(frozen=True, slots=True)
class Resending:
    """A sheet that she printed is looked up, to be sent once more."""


AnyState = Choosing | Counting | Confirming | Activating | Resending


# What is said


def right(at: Confirming, lot: LotView, ports: Ports) -> Say:
    lots = ports.lots.open()
    choices = [choice("yes", say("Yes, print"), words=("in", "in đi")), _other_way(lots), never_mind()]
    told, left, lacking = _described(lot, ports), ports.press.left(lot), needed(lot.lacks)
    what = (
        say("Print %(count)s labels with the lot's own stamp for the lot %(lot)s.", count=at.count, lot=told)
        if at.kind == "lot"
        else say("Print %(count)s stamps for the lot %(lot)s.", count=at.count, lot=told)
    )
    if lacking:
        return say(
            "%(what)s %(left)s stamps are left.\nThe lot's passport still lacks: %(rows)s. Shall I print all the same?",
            what=what,
            left=left,
            rows=rows(lacking),
            weighty=True,
            choices=choices,
        )
    return say("%(what)s %(left)s stamps are left. Is that right?", what=what, left=left, weighty=True, choices=choices)


def _other_way(lots: Sequence[LotView]) -> Choice:
    return choice("other", say("Another lot")) if len(lots) > 1 else choice("change", say("Another number"))


def _described(lot: LotView, ports: Ports) -> Listed:
    """`cam CAM-261122-1 của bà Bùi Thị Mến, cắt 22/11, dùng đến 06/12`"""
    parts: list[Say | str] = [label(lot, ports)]
    if lot.harvested_on is not None:
        parts.append(say("%(verb)s %(on)s", verb=lot.harvest_verb, on=Day(lot.harvested_on, "short")))
    if lot.best_before is not None:
        style: Literal["full", "short"] = "short" if (lot.best_before - ports.now.date()).days < 300 else "full"
        parts.append(say("good until %(until)s", until=Day(lot.best_before, style)))
    return Listed(tuple(parts))


def how_many(lot: LotView, ports: Ports) -> Say:
    return say(
        "How many stamps for the lot %(lot)s? %(left)s are left.",
        lot=label(lot, ports),
        left=ports.press.left(lot),
        expects="number",
    )


def made(result: Printed, lot: LotView | None, ports: Ports) -> Say:
    file = None
    if result.token:
        goods = bare(name(lot.goods)).replace(" ", "-") if lot is not None else str(result.lot_id)
        file = Paper(
            f"tem-{goods}-{result.count}.pdf", ports.press.path(result.sheet_id), ports.press.link(result.token)
        )
    made = say(
        "%(count)s stamps for the lot %(lot)s are made, %(left)s are left. Print them on A4 paper with 65 labels.",
        count=result.count,
        lot=label(lot, ports) if lot is not None else result.lot_number,
        left=result.left,
    )
    if result.lot_state != "draft":
        return say("%(made)s", made=made, file=file)
    if ports.me.role != "staff":
        return say(
            "%(made)s\nThe lot is not in the book yet, and who scans is told so; the co-op puts it in.",
            made=made,
            file=file,
        )
    return say(
        "%(made)s\nThe lot is not in the book yet: until it is, who scans is told so.",
        made=made,
        file=file,
        choices=[choice("press.activate", say("Put lot into book"), arg=str(result.lot_id))],
    )


def too_few(left: int) -> Say:
    if left <= 0:
        return say("The co-op has no stamps left, so I printed none. The Alliance grants new ones.",
                   choices=[call_person()])  # fmt: skip
    return say("Only %(left)s stamps are left, so I printed none. How many shall I print?", left=left, expects="number")


def no_right(count: int, ports: Ports) -> Say:
    return say(
        "%(You)s may not print %(count)s stamps for this lot: the right for it is missing or used up. The manager of "
        "%(coop)s can give it. Nothing was printed.",
        count=count,
        choices=[call_person()],
    )


def no_such_lot(ports: Ports) -> Say:
    if not ports.lots.open():
        return no_lot(ports)
    return say(
        "No lot of that is open. A lot begins when a producer puts goods on sale.",
        choices=[choice("press.any", say("Another lot")), call_person()],
    )


def not_so_many(count: int) -> Say:
    if count > MOST:
        return say(
            "From here at most %(most)s stamps at once; more are printed at the co-op's desk. How many shall I print?",
            most=MOST,
            expects="number",
        )
    return say("One sheet has 1 to %(most)s stamps. How many shall I print?", most=MOST, expects="number")


def fits_no_label() -> Say:
    return say(
        "I cannot print stamps here yet: the co-op's web address is too long for sheets of 65. Please ask the "
        "administrator for a short host name (at most %(most)s characters).",
        most=LONGEST_HOST,
        choices=[call_person()],
    )


def sent_again(result: SheetSent, ports: Ports) -> Say:
    """The link and the file of before work no more."""
    goods = result.goods[:1].lower() + result.goods[1:]
    file = Paper(
        f"tem-{bare(goods).replace(' ', '-')}-{result.count}.pdf",
        ports.press.path(result.sheet_id),
        ports.press.link(result.token),
    )
    if not result.lot_number:
        return say("Here is the sheet of %(count)s stamps for %(goods)s once more, with the same codes.",
                   count=result.count, goods=goods, file=file)  # fmt: skip
    return say(
        "Here is the sheet of %(count)s stamps for the lot %(goods)s %(number)s once more, with the same codes: stick "
        "each on once.",
        count=result.count,
        goods=goods,
        number=result.lot_number,
        file=file,
    )


def no_sheet() -> Say:
    return say("I found no sheet that you printed. To print one, type for example: in tem cam 100")


def nothing_printed() -> Say:
    return say("All right, I printed nothing.")
