"""A producer, or staff, tells what was done in a garden: it is written into the diary of the lot that it was done for.

What she tells is read back with the lot's number; only her yes writes it, and `lại` strikes it out again. What fits no
lot goes to a person of the co-op, so that nothing is lost.
"""

from dataclasses import replace
from datetime import timedelta

from bot.dialogue import Ask, Heard, Turn
from bot.dialogues.elsewhere import wish_elsewhere
from bot.dialogues.journal import (
    FIELD_WORK,
    OLDEST,
    AnyState,
    Changing,
    Choosing,
    Confirming,
    Cut,
    Dating,
    Entry,
    Telling,
    Waiting,
    Written,
    diary,
    first_spray,
    question,
    with_remedy,
)
from bot.dialogues.journaling import (
    for_the_next_lot,
    is_written,
    no_customers,
    no_lot_for_it,
    nothing_written,
    passed_on,
    told_person,
)
from bot.dialogues.lots import keeps_lots, lot_of, lots_meant, newest_of_each
from bot.dialogues.telling import refused
from bot.effect import Hint, choice, say
from bot.event import Back, Change, Number, Pick, Text
from bot.ports import LotView, Ports
from bot.understand.diary import LONGEST_WAIT, Told, read_diary, read_wait
from bot.understand.keeping import names_a_customer
from catalog.acts import Refused
from catalog.acts.stamps import DiaryStruck, DiaryWritten, NotYet, StrikeDiary, WriteDiary

__all__ = ["diary"]

MOST_WORKS = 4
LONGEST = 200  # characters of a line

Going = Telling | Dating | Choosing | Cut | Confirming


@diary.action("start")
@diary.opens("diary")
def tell(at: AnyState | None, ask: Ask, ports: Ports) -> Turn[Going | None]:
    """`hôm nay tôi phun thuốc vườn cam`"""
    if not keeps_lots(ports):
        return None, [passed_on(ask.words, ports), told_person(ports)]
    told = read_diary(ask.words, ports.now.date())
    if names_a_customer(ask.words):
        begun: Turn[Going | None] = Telling(), [no_customers()]
    elif not told.works or told.asked:
        begun = Telling(), [question(Telling(), ports)]
    else:
        begun = _onward(_entry(ports.fresh_id, ask.words, told, ports), ports)
    return _after_what_waits(at, begun)


@diary.step
def telling(at: Telling, heard: Heard, ports: Ports) -> Turn[Going | None]:
    match heard:
        case DiaryWritten():
            return at, []
        case Text(words) if names_a_customer(words):
            return at, [Hint(no_customers())]
        case Text(words) if (told := read_diary(words, ports.now.date())).works and not told.asked:
            return _onward(_entry(ports.fresh_id, words, told, ports), ports)
        case _:
            return at, [Hint(question(at, ports))]


@diary.step
def dating(at: Dating, heard: Heard, ports: Ports) -> Turn[Going | None]:
    today = ports.now.date()
    match heard:
        case DiaryWritten():
            return at, []
        case Pick("today"):
            return _onward(replace(at.entry, on=today), ports)
        case Pick("yesterday"):
            return _onward(replace(at.entry, on=today - timedelta(days=1)), ports)
        case Text(words) if (told := read_diary(words, today)).on is not None:
            return _onward(replace(at.entry, on=told.on), ports)
        case _:
            return at, [Hint(question(at, ports))]


@diary.step
def choosing(at: Choosing, heard: Heard, ports: Ports) -> Turn[Going | None]:
    match heard:
        case DiaryWritten():
            return at, []
        case Pick("lot", number):
            return _with_lot(at.entry, lot_of(int(number), ports), ports)
        case Pick("stop" | "no"):
            return None, [nothing_written()]
        case Text(words):
            found = lots_meant(words, read_diary(words, ports.now.date()).products, ports)
            lots = [lot for lot in found.lots if lot.id in at.lot_ids] or found.lots  # the list may be cut short
            if found.named and lots:
                return _with_lot(at.entry, lots[0], ports)
    return at, [Hint(question(at, ports))]


@diary.step
def cut(at: Cut, heard: Heard, ports: Ports) -> Turn[Going | None]:
    match heard:
        case DiaryWritten():
            return at, []
        case Pick("yes"):
            return None, [passed_on(at.entry.told, ports), for_the_next_lot(ports)]
        case Pick("no"):
            return _asked(Confirming(at.entry, at.lot_id), ports)
        case Pick("stop"):
            return None, [nothing_written()]
        case _:
            return at, [Hint(question(at, ports))]


@diary.step
def confirming(at: Confirming, heard: Heard, ports: Ports) -> Turn[Going | Changing | Waiting | Written | None]:
    match heard:
        case DiaryWritten():
            return at, []
        case Pick("yes") if first_spray(at.entry) is not None:
            waiting = Waiting(at.entry, at.lot_id)
            return waiting, [question(waiting, ports)]
        case Pick("yes"):
            return _write(at.entry, at.lot_id)
        case Pick("no") | Change():
            changing = Changing(at.entry, at.lot_id)
            return changing, [question(changing, ports)]
        case Pick("stop"):
            return None, [nothing_written()]
        case Text(words) if names_a_customer(words):
            return at, [Hint(no_customers())]
        case Text(words):
            return _amended(at.entry, at.lot_id, words, ports) or (at, [Hint(question(at, ports))])
        case _:
            return at, [Hint(question(at, ports))]


@diary.step
def changing(at: Changing, heard: Heard, ports: Ports) -> Turn[Going | Changing | None]:
    match heard:
        case DiaryStruck() | Refused():
            return at, []
        case Text(words) if names_a_customer(words):
            return at, [Hint(no_customers())]
        case Text(words):
            return _amended(at.entry, at.lot_id, words, ports) or (at, [Hint(question(at, ports))])
        case _:
            return at, [Hint(question(at, ports))]


@diary.step
def waiting(at: Waiting, heard: Heard, ports: Ports) -> Turn[Waiting | Written]:
    """One thing is asked about a spraying, and it may be left open."""
    match heard:
        case Pick("skip" | "no"):
            return _write(at.entry, at.lot_id)
        case Number(value) if 0 <= value <= LONGEST_WAIT and value == value.to_integral_value():
            return _write(with_remedy(at.entry, "", int(value)), at.lot_id)
        case Text(words) if names_a_customer(words):
            return at, [Hint(no_customers())]
        case Text(words) if words.strip() and not _is_elsewhere(at.entry, words, ports):
            return _write(with_remedy(at.entry, *read_wait(words[:LONGEST])), at.lot_id)
        case _:
            return at, [Hint(question(at, ports))]


@diary.step
def written(at: Written, heard: Heard, ports: Ports) -> Turn[Written | Dating | Changing | None]:
    match heard:
        case Change():
            again = Changing(replace(at.entry, draft_id=ports.fresh_id), at.lot_id)
            return again, [*(StrikeDiary(event_id) for event_id in at.event_ids), question(again, ports)]
        case DiaryWritten():
            at = replace(at, event_ids=(*at.event_ids, heard.event_id))
            done = len(at.event_ids) == len(at.entry.works)
            return at, [is_written(at, heard, ports)] if done else []
        case NotYet():
            return _no_such_day(at.entry, ports)
        case Refused():
            return None, [refused(ports)]
        case Back():
            return at, [StrikeDiary(event_id) for event_id in at.event_ids]
        case DiaryStruck():
            left = tuple(one for one in at.event_ids if one != heard.event_id)
            if left:
                return replace(at, event_ids=left), []
            return None, [say("I have struck it out again.", choices=[choice("diary.start", say("Write down more"))])]
        case Pick("done" | "no"):
            return None, [say("All right. Whenever %(you)s have something, just write to me.")]
        case _:
            return at, [Hint(question(at, ports))]


# What her words do


def _entry(draft_id: str, words: str, told: Told, ports: Ports) -> Entry:
    """Without a day it was today: that is read back."""
    on = None if told.unclear else told.on or ports.now.date()
    works = tuple(replace(work, words=work.words[:LONGEST]) for work in told.works[:MOST_WORKS])
    return Entry(draft_id, words[:LONGEST], works, on, told.products)


def _onward(entry: Entry, ports: Ports) -> Turn[Going | None]:
    """Ask for the first thing that is missing, or read it all back."""
    if entry.on is None:
        return _asked(Dating(entry), ports)
    if not ports.now.date() - OLDEST <= entry.on <= ports.now.date():
        return _no_such_day(entry, ports)
    found = lots_meant(entry.told, entry.products, ports)
    fitting = [lot for lot in found.lots if found.named and _fits(entry, lot)]
    lots = newest_of_each(fitting or found.lots)
    if not lots:
        return None, [passed_on(entry.told, ports), no_lot_for_it(ports)]
    if len(lots) > 1:
        return _asked(Choosing(entry, tuple(lot.id for lot in lots)), ports)
    return _with_lot(entry, lots[0], ports)


def _with_lot(entry: Entry, lot: LotView | None, ports: Ports) -> Turn[Going | None]:
    if lot is None:
        return None, [passed_on(entry.told, ports), no_lot_for_it(ports)]
    return _asked(Confirming(entry, lot.id) if _fits(entry, lot) else Cut(entry, lot.id), ports)


def _fits(entry: Entry, lot: LotView) -> bool:
    """What is done in the field is done before the harvest."""
    late = lot.harvested_on is not None and entry.on is not None and entry.on > lot.harvested_on
    return not (late and any(work.kind in FIELD_WORK for work in entry.works))


def _amended(entry: Entry, lot_id: int, words: str, ports: Ports) -> Turn[Going | None] | None:
    """Another day, another work or another lot in what was read back; None if her words say no such thing."""
    told = read_diary(words, ports.now.date())
    found = lots_meant(words, told.products, ports)
    says_nothing = not told.works and told.on is None and not told.unclear and not (found.named and found.lots)
    if told.asked or says_nothing:
        return None
    works = tuple(replace(work, words=work.words[:LONGEST]) for work in told.works[:MOST_WORKS]) or entry.works
    on = None if told.unclear else told.on or entry.on
    entry = replace(entry, works=works, on=on)
    if found.named:
        return _onward(replace(entry, told=words[:LONGEST], products=told.products), ports)
    if on is None or not ports.now.date() - OLDEST <= on <= ports.now.date():
        return _onward(entry, ports)
    return _with_lot(entry, lot_of(lot_id, ports), ports)


def _asked(at: Going, ports: Ports) -> Turn[Going]:
    return at, [question(at, ports)]


def _no_such_day(entry: Entry, ports: Ports) -> Turn[Dating]:
    """Not yet, or too long ago."""
    dating = Dating(replace(entry, on=None))
    if entry.on is not None and entry.on < ports.now.date():
        return dating, [say("That day is more than three years ago; I do not write that down any more."),
                        question(dating, ports)]  # fmt: skip
    return dating, [say("That day has not come yet. I write down only what is done."), question(dating, ports)]


def _is_elsewhere(entry: Entry, words: str, ports: Ports) -> bool:
    """Whether it is another wish, and no word about what was sprayed."""
    wish = wish_elsewhere(words, ports)
    if wish is None or wish.name != "diary":
        return wish is not None
    told = read_diary(words, ports.now.date())
    return any(work.kind != "spray" for work in told.works) or not set(told.products) <= set(entry.products)


def _after_what_waits(at: AnyState | None, begun: Turn[Going | None]) -> Turn[Going | None]:
    """What she said yes to is written before something else is begun, without what was still asked about it."""
    if not isinstance(at, Waiting):
        return begun
    first = [*_write(at.entry, at.lot_id)[1], say("I have written the spraying down. Now this:")]
    return begun[0], [*first, *begun[1]]


def _write(entry: Entry, lot_id: int) -> Turn[Written]:
    assert entry.on is not None
    return Written(entry, lot_id), [
        WriteDiary(f"{entry.draft_id}:{place}", lot_id, work.kind, work.words, entry.on, work.wait_days)
        for place, work in enumerate(entry.works)
    ]
