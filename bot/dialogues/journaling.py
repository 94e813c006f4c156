"""What is said once it is clear what becomes of a line for the diary: written, passed on to a person, or nothing."""

from dataclasses import replace
from datetime import timedelta

from bot.dialogues.journal import Entry, Written, afterwards
from bot.dialogues.lots import lot_of
from bot.dialogues.passports import needed, no_lot, rows
from bot.dialogues.telling import call_person
from bot.effect import Day, Effect, Lines, Say, choice, say
from bot.ports import LotView, Ports
from catalog.acts.person import OpenCase
from catalog.acts.stamps import DiaryWritten

MOST_LACKING = 2


def is_written(at: Written, result: DiaryWritten, ports: Ports) -> Say:
    """Written; what can be counted from it; and in one short line what still lacks."""
    lines: list[Say] = [say("It is written down. If I wrote something wrong, type: undo")]
    lot = lot_of(at.lot_id, ports)
    if lot is not None and any(work.kind in ("spray", "harvest") for work in at.entry.works):
        lines += _counted(at.entry, lot)
    lacking = (*needed(result.lacks), *(row for row in result.lacks if row not in needed(result.lacks)))
    if lacking:
        lines.append(say("This lot still lacks: %(rows)s.", rows=rows(lacking[:MOST_LACKING])))
    return say("%(lines)s", lines=Lines(tuple(lines)), rests=True, choices=afterwards())


def _counted(entry: Entry, lot: LotView) -> list[Say]:
    """Days from the last spraying to the harvest, and whether that is long enough."""
    sprays = [line.on for line in lot.diary if line.kind == "spray"]
    if not sprays or lot.harvested_on is None:
        return []
    days = (lot.harvested_on - max(sprays)).days
    waits = [work.wait_days for work in entry.works if work.kind == "spray" and work.wait_days is not None]
    if waits and entry.on is not None and entry.on + timedelta(days=max(waits)) > lot.harvested_on:
        ready = entry.on + timedelta(days=max(waits))
        return [say("⚠️ After %(days)s days of waiting it may be harvested from %(on)s on.", days=max(waits),
                    on=Day(ready, "short"))]  # fmt: skip
    if days < 0:
        return [say("⚠️ That is after the harvest of %(on)s.", on=Day(lot.harvested_on, "short"))]
    return [say("From the last spraying to the harvest: %(days)s days.", days=days)]


def passed_on(words: str, ports: Ports) -> Effect:
    return OpenCase("diary", note=words)


def no_lot_for_it(ports: Ports) -> Say:
    if ports.me.role != "producer":
        return replace(no_lot(ports), choices=(call_person(),))
    return say(
        "There is no such lot yet: a lot begins when %(you)s put goods on sale. I have passed it on to %(clerk)s, who "
        "will keep it for the next lot.",
        clerk=ports.me.clerk,
        choices=[choice("post.start", say("Put on sale")), call_person()],
    )


def for_the_next_lot(ports: Ports) -> Say:
    return say(
        "I have passed it on to %(clerk)s, who keeps it for the next lot. A lot begins when goods are put on sale.",
        clerk=ports.me.clerk,
        choices=[choice("post.start", say("Put on sale")), call_person()] if ports.me.role == "producer" else [],
    )


def told_person(ports: Ports) -> Say:
    return say("I have passed it on to %(clerk)s of %(coop)s.", clerk=ports.me.clerk)


def no_customers() -> Say:
    return say("Whoever scans reads the diary: please tell me once more, without a phone number or an order's code.",
               expects="words")  # fmt: skip


def nothing_written() -> Say:
    return say("All right, I wrote nothing down.")
