"""A customer scans or types a stamp's code and learns at once who grew this, where, when, and until when it is good.

Tracing asks for no name, no phone and no consent, and it wins over everything that is going on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bot.dialogue import Ask, Dialogue, Heard, Turn
from bot.effect import Choice, Day, Hint, Lines, Listed, Money, Remember, Say, Word, choice, say
from bot.event import Photo, Pick, Text
from bot.ports import Goods, Ports, Stamp
from bot.understand.codes import find_trace_code, looks_like_code, odd_group
from catalog.acts.person import CaseOpened, OpenCase, RecordScan
from catalog.trace import grouped

SUGGESTIONS_AN_HOUR = 5
BUTTON = 20
DIGITS, IN_A_GROUP = 12, 4
GROUPS = (Word("first"), Word("second"), Word("third"))

trace = Dialogue("trace")


@dataclass(frozen=True, slots=True)
class Asked:
    """We asked for the twelve digits."""


@dataclass(frozen=True, slots=True)
class Slipped:
    """She typed a code that does not check, and one lot is a slip away from it: is that the one?"""

    meant: str


@dataclass(frozen=True, slots=True)
class Reporting:
    """The code is in nobody's book: where did she buy it?"""

    code: str


@trace.action("scan")
def scan(at: object, ask: Ask, ports: Ports) -> Turn[None]:
    """A code that checks, from a link (the long answer) or typed by hand (the short one)."""
    stamp = ports.book.stamp(ask.arg)
    if stamp is None:
        return None, [_unknown(ask.arg)]
    return None, [RecordScan(stamp.code), Remember("lot", stamp.code), _answer(stamp, short=ask.words == "typed")]


@trace.opens("trace")
def wants_to_trace(at: Asked | Slipped | Reporting | None, ask: Ask, ports: Ports) -> Turn[Asked | Slipped | None]:
    """She wants to know where something is from; a code that does not check may be in her words."""
    if looks_like_code(ask.words):
        return _wrong(ask.words, ports)
    return Asked(), [_ask_for_code()]


@trace.action("ask")
def other_code(at: object, ask: Ask, ports: Ports) -> Turn[Asked]:
    return Asked(), [_ask_for_code()]


@trace.action("journey")
def journey(at: object, ask: Ask, ports: Ports) -> Turn[None]:
    """All that the diary holds of a lot."""
    stamp = ports.book.stamp(ask.arg)
    if stamp is None:
        return None, [_unknown(ask.arg)]
    stages = [entry for entry in stamp.diary if entry.kind != "spray"]  # sprayings have their own question and answer
    lines = [say("%(on)s %(what)s", on=Day(entry.on, "short"), what=entry.words) for entry in stages]
    papers = [
        say("%(name)s is valid until %(until)s.", name=paper.name, until=Day(paper.valid_until, "month"))
        for paper in stamp.certificates
    ]
    if not lines:
        lines = [say("The co-op has not written down any stage yet.")]
    return None, [
        Remember("lot", stamp.code),
        say(
            "The journey of lot %(code)s:\n%(lines)s",
            code=grouped(stamp.code),
            lines=Lines((*_bulleted(lines), *papers)),
            choices=[*_buy(stamp), _another()],
        ),
    ]


@trace.opens("lot_question")
def lot_question(at: object, ask: Ask, ports: Ports) -> Turn[Asked | None]:
    """A free question about the lot that was looked at last, answered from its diary."""
    stamp = ports.book.stamp(ports.lot_in_view) if ports.lot_in_view else None
    if stamp is None:
        return Asked(), [_ask_for_code()]
    choices = [_see_journey(stamp), _person("trace.ask_person", stamp), *_buy(stamp)]
    answer = _ANSWERS.get(str(ask.slots.get("topic")), _grower)(stamp)
    return None, [say("%(answer)s", answer=answer, choices=choices)]


@trace.action("ask_person")
def ask_person(at: object, ask: Ask, ports: Ports) -> Turn[None]:
    """A question that the diary does not answer goes to the co-op."""
    return None, [
        OpenCase("question", subject=ask.arg),
        say(
            "I have passed your question about this lot on to %(clerk)s of %(coop)s. If it is urgent, call %(phone)s.",
            clerk=ports.me.clerk,
            phone=ports.me.clerk_phone,
        ),
    ]


@trace.action("report")
def report(at: object, ask: Ask, ports: Ports) -> Turn[Reporting]:
    return Reporting(ask.arg), [_where_bought()]


@trace.step
def asked(at: Asked, heard: Heard, ports: Ports) -> Turn[Asked | Slipped | None]:
    match heard:
        case Text(words) if looks_like_code(words):
            return _wrong(words, ports)
        case _:
            return at, [Hint(_ask_for_code())]


@trace.step
def slipped(at: Slipped, heard: Heard, ports: Ports) -> Turn[Asked | Slipped | None]:
    match heard:
        case Pick("yes"):
            return scan(None, Ask("scan", at.meant), ports)
        case Pick("again" | "no"):
            return Asked(), [_ask_for_code()]
        case Text(words) if looks_like_code(words):
            return _wrong(words, ports)
        case _:
            return at, [Hint(_is_it(at.meant))]


@trace.step
def reporting(at: Reporting, heard: Heard, ports: Ports) -> Turn[Reporting | None]:
    match heard:
        case Text(words) if not find_trace_code(words):
            return at, [OpenCase("suspicious stamp", note=f"{at.code}: {words}")]
        case Photo(urls, caption):
            return at, [OpenCase("suspicious stamp", note="\n".join((f"{at.code}: {caption}", *urls)))]
        case CaseOpened():
            return None, [
                say(
                    "Thank you. I have told %(clerk)s of %(coop)s, and the co-op will check it.",
                    clerk=ports.me.clerk,
                    choices=[choice("trace.ask", say("Try another code")), _person()],
                )
            ]
        case _:
            return at, [Hint(_where_bought())]


# What is said


def _answer(stamp: Stamp, *, short: bool) -> Say:
    if stamp.state == "recalled":
        return _recalled(stamp)
    choices = [_see_journey(stamp), *_buy(stamp)]
    if short:
        return say("%(verdict)s %(facts)s", verdict=_verdict(stamp), facts=_in_one_line(stamp),
                   choices=[*choices, _another()])  # fmt: skip
    return say(
        "%(emoji)s %(name)s – lot %(code)s\n%(verdict)s\n%(facts)s",
        emoji=stamp.goods.emoji,
        name=stamp.goods.name,
        code=grouped(stamp.code),
        verdict=_verdict(stamp, on_sale=True),
        facts=Lines(tuple(_facts(stamp))),
        choices=[*choices, _person()] if len(choices) < 3 else choices,
    )


def _verdict(stamp: Stamp, *, on_sale: bool = False) -> Say:
    if stamp.state == "expired":
        return say("⚠️ The code is right and in the co-op's book, but this lot is past its date.")
    if stamp.state == "draft":
        return say("⚠️ The code is right, but the co-op has not put this lot on sale yet.")
    if on_sale:
        return say("✅ The code is right and in the co-op's book. The lot is on sale as usual.")
    return say("✅ The code is right and in the co-op's book.")


def _facts(stamp: Stamp) -> list[Say]:
    facts = [say("Grown by: %(producer)s, %(place)s.", producer=stamp.producer, place=stamp.place)]
    dates = _dates(stamp)
    return [*facts, dates] if dates else facts


def _dates(stamp: Stamp) -> Say | None:
    verb = stamp.harvest_verb[:1].upper() + stamp.harvest_verb[1:]
    match stamp.harvested_on, stamp.best_before:
        case None, None:
            return None
        case None, until if until is not None:
            return say("Best before: %(until)s.", until=Day(until))
        case on, None if on is not None:
            return say("%(Verb)s on %(on)s.", Verb=verb, on=Day(on))
        case on, until if on is not None and until is not None:
            if stamp.fresh:
                return say("%(Verb)s on %(on)s – good until %(until)s.", Verb=verb, on=Day(on), until=Day(until))
            return say("%(Verb)s on %(on)s. Best before: %(until)s.", Verb=verb, on=Day(on), until=Day(until))
    return None


def _in_one_line(stamp: Stamp) -> Say:
    on, until = stamp.harvested_on, stamp.best_before
    if on is None or until is None:
        return say("%(name)s of %(producer)s.", name=stamp.goods.name, producer=stamp.producer)
    sentence: dict[str, Any] = {
        "name": stamp.goods.name,
        "producer": stamp.producer,
        "verb": stamp.harvest_verb,
        "on": Day(on),
        "until": Day(until),
    }
    if stamp.fresh:
        return say("%(name)s of %(producer)s, %(verb)s on %(on)s, good until %(until)s.", **sentence)
    return say("%(name)s of %(producer)s, %(verb)s on %(on)s, best before %(until)s.", **sentence)


def _recalled(stamp: Stamp) -> Say:
    return say(
        "⛔ THIS LOT IS BEING RECALLED. Please do not eat it.\n%(name)s – lot %(code)s, %(verb)s %(on)s.\n"
        "Reason: %(reason)s.\n%(advice)s",
        name=stamp.goods.name,
        code=grouped(stamp.code),
        verb=stamp.harvest_verb,
        on=Day(stamp.harvested_on) if stamp.harvested_on else "",
        reason=stamp.recall_reason,
        advice=stamp.recall_advice,
        choices=[_person()],
    )


def _wrong(words: str, ports: Ports) -> Turn[Asked | Slipped | None]:
    """Twelve digits that do not check, or too many or too few of them: in which group, where that can be told."""
    digits, odd = looks_like_code(words) or "", odd_group(words)
    if len(digits) != DIGITS and odd is not None:
        return Asked(), [
            say(
                "The %(place)s group has %(count)s digits, each group has just 4. Please type the three groups again.",
                place=GROUPS[odd],
                count=len(digits) - (DIGITS - IN_A_GROUP),
                expects="words",
            )
        ]
    if len(digits) != DIGITS:
        return Asked(), [
            say(
                "I count %(count)s digits, a stamp has 12. Please type the three groups of four under the QR code.",
                count=len(digits),
                expects="words",
            )
        ]
    meant = ports.book.near(digits) if ports.suggested_lately < SUGGESTIONS_AN_HOUR else None
    if meant is None:
        return None, [_unknown(digits)]
    return Slipped(meant), [
        Remember("suggested", "1"),
        say(
            "The code %(wrong)s is not right. Did you perhaps misread %(meant)s?",
            wrong=grouped(digits),
            meant=grouped(meant),
            choices=[
                choice("yes", say("Yes, that code")),
                choice("no", say("Type it again")),
            ],
        ),
    ]


def _is_it(meant: str) -> Say:
    return say(
        "Is it the code %(meant)s?",
        meant=grouped(meant),
        choices=[choice("yes", say("Yes, that code")), choice("no", say("Type it again"))],
    )


def _unknown(code: str) -> Say:
    return say(
        "⚠️ I do not find the code %(code)s in the book of %(coop)s.\nIt may be the stamp of somebody else, or a false "
        "one. Will you tell me where you bought it, so that the co-op can check?",
        code=grouped(code),
        choices=[
            choice("trace.report", say("Tell the co-op"), arg=code),
            choice("trace.ask", say("Try another code")),
            _person(),
        ],
    )


def _ask_for_code() -> Say:
    return say("Please type the 12 digits under the QR code, three groups of four.", expects="words")


def _where_bought() -> Say:
    return say("Where did you buy it? The name of the market or shop is enough; a photo helps too.", expects="words")


# Buttons


def _see_journey(stamp: Stamp) -> Choice:
    return choice("trace.journey", say("See the journey"), arg=stamp.code)


def _buy(stamp: Stamp) -> Sequence[Choice]:
    """A lot that is not on sale is never offered."""
    if stamp.state != "active" or not stamp.goods.left or not stamp.here:
        return ()
    return (choice("order.lot", buy_title(stamp.goods), arg=stamp.code),)


def buy_title(goods: Goods) -> Say:
    """The price with its unit where a button has room for it."""
    price = Money(goods.price_vnd)
    if len(f"Đặt mua {goods.price_vnd:,}đ/{goods.unit}") <= BUTTON:
        return say("Buy %(price)s/%(unit)s", price=price, unit=goods.unit)
    return say("Buy %(price)s", price=price)


def _another() -> Choice:
    return choice("trace.ask", say("Another code"))


def _person(key: Literal["person.call", "trace.ask_person"] = "person.call", stamp: Stamp | None = None) -> Choice:
    if stamp is not None:
        return choice(key, say("Ask the staff"), arg=stamp.code)
    return choice(key, say("Talk to a person"))


def _bulleted(lines: Sequence[Say]) -> tuple[Say, ...]:
    return tuple(say("• %(line)s", line=line) for line in lines)


# Questions about a lot


def _spray(stamp: Stamp) -> Say:
    """Days between the last spraying and the harvest are counted from the diary, never typed."""
    sprays = [entry for entry in stamp.diary if entry.kind == "spray"]
    if not sprays:
        return say("The diary of this lot has no spraying in it.\n%(caution)s", caution=_CAUTION)
    last = max(sprays, key=lambda entry: entry.on)
    if stamp.harvested_on is None:
        return say("It was last sprayed on %(on)s. %(what)s.\n%(caution)s", on=Day(last.on), what=last.words,
                   caution=_CAUTION)  # fmt: skip
    return say(
        "It was last sprayed on %(on)s, %(days)s days before the harvest. %(what)s.\n%(caution)s",
        on=Day(last.on),
        days=(stamp.harvested_on - last.on).days,
        what=last.words,
        caution=_CAUTION,
    )


def _papers(stamp: Stamp) -> Say:
    if not stamp.certificates:
        return say("The co-op has no certificate on record for this lot.")
    return say(
        "Certificates of this lot: %(papers)s.",
        papers=Listed(
            tuple(
                say("%(name)s until %(until)s", name=paper.name, until=Day(paper.valid_until, "month"))
                for paper in stamp.certificates
            )
        ),
    )


def _when(stamp: Stamp) -> Say:
    return _dates(stamp) or say("The co-op has not written down the dates of this lot yet.")


def _grower(stamp: Stamp) -> Say:
    return say("%(facts)s", facts=Lines(tuple(_facts(stamp))))


_CAUTION = say("This is what the co-op wrote down, not a laboratory's result.")
_ANSWERS = {"spray": _spray, "certificate": _papers, "harvest": _when, "best_before": _when, "grower": _grower}
