"""What is known of a line for a lot's diary that is not written yet, and how it is asked for and read back.

The dialogue `diary` is held here; its steps are in `diary`.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from bot.dialogue import Dialogue
from bot.dialogues.lots import label, lot_of, lots_of, which_lot
from bot.dialogues.telling import never_mind
from bot.effect import Choice, Day, Listed, Say, choice, say
from bot.ports import LotView, Ports
from bot.understand.diary import Work

diary = Dialogue("diary")

FIELD_WORK = frozenset({"fertilise", "spray", "water", "weed", "prune", "sow"})
"""What is done before a harvest: after it, it is for the next lot."""
OLDEST = timedelta(days=3 * 365)
"""How long ago a line may have happened, as `catalog.acts.diary.OLDEST`."""
ROOM = 14
"""Syllables of what was done beside which it is still said who reads it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """draft_id: makes writing it twice one thing. told: her own words. on: None as long as the day has to be asked."""

    draft_id: str
    told: str
    works: tuple[Work, ...]
    on: date | None
    products: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Telling:
    """She wants something written down and has not said what."""


@dataclass(frozen=True, slots=True)
class Dating:
    """On which day?"""

    entry: Entry


@dataclass(frozen=True, slots=True)
class Choosing:
    """For which lot?"""

    entry: Entry
    lot_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Cut:
    """This lot was harvested before that day: is it for what is harvested next?"""

    entry: Entry
    lot_id: int


@dataclass(frozen=True, slots=True)
class Confirming:
    """All of it is read back: right?"""

    entry: Entry
    lot_id: int


@dataclass(frozen=True, slots=True)
class Changing:
    """Something is not right: she says it anew."""

    entry: Entry
    lot_id: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """It was sprayed: with what, and how long has one to wait?"""

    entry: Entry
    lot_id: int


@dataclass(frozen=True, slots=True)
class Written:
    """It is written. She may still say that it was a slip."""

    entry: Entry
    lot_id: int
    event_ids: tuple[int, ...] = ()


AnyState = Telling | Dating | Choosing | Cut | Confirming | Changing | Waiting | Written


def first_spray(entry: Entry) -> int | None:
    """Its place among the works, if nothing is known of how long to wait."""
    return next((i for i, work in enumerate(entry.works) if work.kind == "spray" and work.wait_days is None), None)


def with_remedy(entry: Entry, remedy: str, wait_days: int | None) -> Entry:
    place = first_spray(entry)
    if place is None:
        return entry
    work = entry.works[place]
    words = f"{work.words}: {remedy}" if remedy else work.words
    named = replace(work, words=words, wait_days=wait_days)
    return replace(entry, works=(*entry.works[:place], named, *entry.works[place + 1 :]))


# What is asked


def question(at: AnyState, ports: Ports) -> Say:
    match at:
        case Telling():
            return say("What was done, on which day, and to what? For example: yesterday I fertilised the oranges.",
                       expects="words")  # fmt: skip
        case Dating():
            return say(
                "On which day was that? Type a day, for example: 12/9.",
                choices=[choice("today", say("Today")), choice("yesterday", say("Yesterday"))],
                expects="words",
            )
        case Choosing(_, lot_ids):
            return which_lot(lots_of(lot_ids, ports))
        case Cut(_, lot_id):
            return _for_the_next(lot_of(lot_id, ports), ports)
        case Confirming(entry, lot_id):
            return _right(entry, lot_of(lot_id, ports), ports)
        case Changing():
            return say("Please type what is right, for example: yesterday, or: fertilised.", expects="words")
        case Waiting():
            return say(
                "Sprayed with what, and how many days does one have to wait? Type for example: 7",
                choices=[choice("skip", say("Skip"), words=("không nhớ", "không biết", "quên rồi"))],
                expects="number",
            )
        case Written():
            return say("It is written down. If I wrote something wrong, type: undo", rests=True, choices=afterwards())


def _for_the_next(lot: LotView | None, ports: Ports) -> Say:
    """A lot is no place for what was done after its harvest."""
    on = Day(lot.harvested_on, "short") if lot is not None and lot.harvested_on is not None else ""
    return say(
        "The lot %(lot)s was harvested on %(on)s already. Is that for the next one?",
        lot=label(lot, ports) if lot is not None else "",
        on=on,
        choices=[choice("yes", say("For the next lot")), choice("no", say("Keep this lot")), never_mind()],
    )


def _right(entry: Entry, lot: LotView | None, ports: Ports) -> Say:
    params: dict[str, Any] = {
        "lot": label(lot, ports) if lot is not None else "",
        "day": _day(entry.on, ports.now.date()),
        "works": Listed(tuple(map(_told, entry.works))),
        "weighty": True,
        "choices": [
            choice("yes", say("Yes, write it down"), words=("ghi", "ghi vào", "ghi đi")),
            choice("no", say("Change")),
            never_mind(),
        ],
    }
    if sum(len(work.words.split()) + 4 * (work.wait_days is not None) for work in entry.works) > ROOM:
        return say("I write into the diary of the lot %(lot)s: %(day)s %(works)s. Is that right?", **params)
    return say(
        "I write into the diary of the lot %(lot)s: %(day)s %(works)s. Customers who scan will see it. Is that right?",
        **params,
    )


def _told(work: Work) -> Say:
    if work.wait_days is None:
        return say("%(words)s", words=work.words)
    return say("%(words)s, to wait %(days)s days", words=work.words, days=work.wait_days)


def _day(on: date | None, today: date) -> Say:
    """`hôm nay 22/11`, `ngày 12/09/2026`"""
    if on is None:
        return say("today")
    if on == today:
        return say("today %(on)s", on=Day(on, "short"))
    if on == today - timedelta(days=1):
        return say("yesterday %(on)s", on=Day(on, "short"))
    return say("on %(on)s", on=Day(on))


def afterwards() -> list[Choice]:
    return [choice("diary.start", say("Write down more")), choice("done", say("Done"))]
