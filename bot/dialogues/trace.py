"""A customer scans or types a stamp's code and learns at once who grew this, where, when, and until when it is good.

Tracing asks for no name, no phone and no consent, and it wins over everything that is going on.
"""

from collections.abc import Sequence

from bot.dialogue import Ask, Heard, Turn
from bot.dialogues.lot_questions import about
from bot.dialogues.missing import ask_for_code, is_it, not_found, stamp_of, wrong
from bot.dialogues.stamps import OUT_OF_USE, another, answer, buy, of_the_book, see_journey
from bot.dialogues.tracing import Asked, Locating, Reporting, Slipped, Suspected, trace
from bot.effect import Day, Hint, Lines, Remember, Say, choice, say
from bot.event import Pick, Text
from bot.ports import Ports, Stamp
from bot.understand.codes import looks_like_code
from catalog.acts.person import OpenCase, RecordScan
from catalog.trace import grouped

AnyState = Asked | Slipped | Reporting | Suspected | Locating


@trace.action("scan")
def scan(at: AnyState | None, ask: Ask, ports: Ports) -> Turn[Suspected | None]:
    """A code that checks, from a link (the long answer) or typed by hand (the short one)."""
    stamp = stamp_of(ask.arg, ports)
    if stamp is None:
        return not_found(ask.arg, ports)
    looked = RecordScan(stamp.code, stamp.odd.sign if stamp.odd is not None else "")
    state = Suspected(stamp.code) if stamp.odd is not None else None
    return state, [looked, Remember("lot", stamp.code), answer(stamp, short=ask.words == "typed")]


@trace.opens("trace")
def wants_to_trace(at: AnyState | None, ask: Ask, ports: Ports) -> Turn[Asked | Slipped | None]:
    """She wants to know where something is from; a code that does not check may be in her words."""
    if looks_like_code(ask.words):
        return wrong(ask.words, ports)
    return Asked(), [ask_for_code()]


@trace.action("ask")
def other_code(at: AnyState | None, ask: Ask, ports: Ports) -> Turn[Asked]:
    return Asked(), [ask_for_code()]


@trace.action("journey")
def journey(at: AnyState | None, ask: Ask, ports: Ports) -> Turn[None]:
    """All that the diary holds of a lot."""
    stamp = stamp_of(ask.arg, ports)
    if stamp is None:
        return not_found(ask.arg, ports)
    if stamp.state == "recalled" or stamp.state in OUT_OF_USE:
        return None, [Remember("lot", stamp.code), answer(stamp)]
    return None, [
        Remember("lot", stamp.code),
        say(
            "The journey of lot %(code)s:\n%(lines)s",
            code=grouped(stamp.code),
            lines=Lines((*_bulleted(_stages(stamp)), *_papers(stamp))),
            choices=[*buy(stamp), another()],
        ),
    ]


@trace.action("book")
def book(at: AnyState | None, ask: Ask, ports: Ports) -> Turn[None]:
    """What the book knows of the lot that a stamp in doubt names."""
    stamp = stamp_of(ask.arg, ports)
    if stamp is None:
        return not_found(ask.arg, ports)
    told = answer(stamp) if stamp.state == "recalled" or stamp.state in OUT_OF_USE else of_the_book(stamp)
    return None, [Remember("lot", stamp.code), told]


@trace.opens("lot_question")
def lot_question(at: AnyState | None, ask: Ask, ports: Ports) -> Turn[Asked | None]:
    """A free question about the lot that was looked at last, answered from its diary."""
    stamp = ports.book.stamp(ports.lot_in_view) if ports.lot_in_view else None
    if stamp is None:
        return Asked(), [ask_for_code()]
    if stamp.state == "recalled" or stamp.state in OUT_OF_USE:
        return None, [answer(stamp)]
    staff = choice("trace.ask_person", say("Ask the staff"), arg=stamp.code)
    choices = [see_journey(stamp), staff, *buy(stamp)]
    return None, [say("%(answer)s", answer=about(str(ask.slots.get("topic")), stamp), choices=choices)]


@trace.action("ask_person")
def ask_person(at: AnyState | None, ask: Ask, ports: Ports) -> Turn[None]:
    """A question that the diary does not answer goes to the co-op."""
    return None, [
        OpenCase("question", subject=ask.arg),
        say(
            "I have passed your question about this lot on to %(clerk)s of %(coop)s. If it is urgent, call %(phone)s.",
            clerk=ports.me.clerk,
            phone=ports.me.clerk_phone,
        ),
    ]


@trace.step
def asked(at: Asked, heard: Heard, ports: Ports) -> Turn[Asked | Slipped | None]:
    match heard:
        case Text(words) if looks_like_code(words):
            return wrong(words, ports)
        case _:
            return at, [Hint(ask_for_code())]


@trace.step
def slipped(at: Slipped, heard: Heard, ports: Ports) -> Turn[Asked | Slipped | Suspected | None]:
    match heard:
        case Pick("yes"):
            return scan(None, Ask("scan", at.meant), ports)
        case Pick("again" | "no"):
            return Asked(), [ask_for_code()]
        case Text(words) if looks_like_code(words):
            return wrong(words, ports)
        case _:
            return at, [Hint(is_it(at.meant))]


def _stages(stamp: Stamp) -> list[Say]:
    told = [entry for entry in stamp.diary if entry.kind != "spray"]  # sprayings have their own question and answer
    lines = [say("%(on)s %(what)s", on=Day(entry.on, "short"), what=entry.words) for entry in told]
    return lines or [say("The co-op has not written down any stage yet.")]


def _papers(stamp: Stamp) -> list[Say]:
    return [
        say("%(name)s is valid until %(until)s.", name=paper.name, until=Day(paper.valid_until, "month"))
        for paper in stamp.certificates
    ]


def _bulleted(lines: Sequence[Say]) -> tuple[Say, ...]:
    return tuple(say("• %(line)s", line=line) for line in lines)
