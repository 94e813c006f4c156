"""What is said about a stamp: its state first, in plain and careful words, then what the book knows of the lot.

A code proves what stands in the book, never what is in the bag: nothing here is called genuine or false.
"""

from collections.abc import Sequence
from typing import Any

from bot.dialogues.telling import BUTTON
from bot.effect import Choice, Day, Lines, Money, Say, choice, say
from bot.ports import Goods, Oddity, Stamp
from catalog.trace import grouped

MEASURES = frozenset({"kg", "g", "lít", "l", "ml", "tạ", "tấn", "yến", "lạng", "litre", "liter"})
"""Units that nobody packs by: of these one gets new goods, not a new kilo."""
OUT_OF_USE = ("void", "printed")
"""Of these stamps only the goods are told, if anything."""


def answer(stamp: Stamp, *, short: bool = False) -> Say:
    """All that a scan is answered with. short: she typed the code by hand, and reads one line."""
    if stamp.state == "recalled":
        return _recalled(stamp)
    if stamp.odd is not None:
        return _odd(stamp, stamp.odd)
    if stamp.state == "active":
        return _on_sale(stamp, short=short)
    if stamp.state in OUT_OF_USE:
        return say(
            "%(verdict)s\nIt was printed for: %(name)s.",
            verdict=verdict(stamp),
            name=stamp.goods.name,
            choices=[where_bought(stamp), another(), call_person()],
        )
    return say(
        "%(verdict)s\n%(name)s – %(code)s\n%(facts)s",
        verdict=verdict(stamp),
        name=stamp.goods.name,
        code=_coded(stamp),
        facts=Lines(tuple(facts(stamp))),
        choices=[see_journey(stamp), another(), call_person()],
    )


def of_the_book(stamp: Stamp) -> Say:
    """What the book knows of the lot, where the stamp itself is in doubt."""
    return say(
        "In the co-op's book stands: %(name)s, lot %(number)s.\n%(facts)s\nThat is how the true goods are; whether "
        "yours are, only the co-op can see.",
        name=stamp.goods.name,
        number=stamp.number,
        facts=Lines(tuple(facts(stamp))),
        choices=[see_journey(stamp), where_bought(stamp), call_person()],
    )


def verdict(stamp: Stamp) -> Say:
    """The state of a stamp that is not recalled, in one sentence."""
    match stamp.state:
        case "void":
            return say("⛔ The co-op has made this stamp void: it stands for nothing any more.")
        case "printed":
            return say(
                "⚠️ The co-op has printed this stamp and not put it into use, so that I can say nothing about the goods "
                "inside."
            )
        case "expired":
            return say("⚠️ The code is right and in the co-op's book, but this lot is past its date.")
        case "draft":
            return say("⚠️ The code is right, but the co-op has not put this lot on sale yet.")
        case "used":
            return say("⚠️ The code is right and in the co-op's book, but what bore this stamp is used up already.")
        case "sold" if stamp.odd is not None:
            return say("⚠️ The code is right and in the co-op's book, but what bears this stamp was sold already.")
        case "sold":
            return say("✅ The code is right and in the co-op's book. What bears this stamp was sold already.")
        case _:
            return say("✅ The code is right and in the co-op's book.")


def _on_sale(stamp: Stamp, *, short: bool) -> Say:
    choices = [see_journey(stamp), *buy(stamp)]
    if short:
        return say("%(verdict)s %(facts)s", verdict=verdict(stamp), facts=_in_one_line(stamp),
                   choices=[*choices, another()])  # fmt: skip
    return say(
        "%(emoji)s %(name)s – %(code)s\n%(verdict)s\n%(facts)s",
        emoji=stamp.goods.emoji,
        name=stamp.goods.name,
        code=_coded(stamp),
        verdict=say("✅ The code is right and in the co-op's book. The lot is on sale as usual."),
        facts=Lines(tuple(facts(stamp))),
        choices=[*choices, call_person()],
    )


def _recalled(stamp: Stamp) -> Say:
    in_packages = stamp.goods.unit not in MEASURES
    swap = say("Swap: new %(unit)s", unit=stamp.goods.unit) if in_packages else say("Swap: new goods")
    params: dict[str, Any] = {
        "name": stamp.goods.name,
        "code": grouped(stamp.code),
        "reason": stamp.recall_reason,
        "advice": stamp.recall_advice,
        "choices": [
            choice("recall.swap", swap, arg=stamp.code),
            choice("recall.refund", say("Get the money back"), arg=stamp.code, words=("hoàn tiền", "trả lại tiền")),
            choice("recall.call", say("Call the co-op"), arg=stamp.code),
        ],
    }
    if stamp.harvested_on is None:
        return say(
            "⛔ THIS LOT IS BEING RECALLED. Please do not eat it.\n%(name)s – lot %(code)s.\nReason: %(reason)s.\n"
            "%(advice)s",
            **params,
        )
    return say(
        "⛔ THIS LOT IS BEING RECALLED. Please do not eat it.\n%(name)s – lot %(code)s, %(verb)s %(on)s.\n"
        "Reason: %(reason)s.\n%(advice)s",
        verb=stamp.harvest_verb,
        on=Day(stamp.harvested_on),
        **params,
    )


def _odd(stamp: Stamp, odd: Oddity) -> Say:
    """More people looked at it than one package has. Only what is known is said, and one thing is asked."""
    figures: dict[str, Any] = {"people": odd.people, "days": odd.days, "on": Day(odd.first_on, "short")}
    see_book = choice("trace.book", say("See the true lot"), arg=stamp.code)
    choices = [where_bought(stamp), see_book, call_person()]
    if odd.sign == "many":
        return say(
            "⚠️ Careful: %(people)s different people have scanned this stamp in %(days)s days, the first on %(on)s.\n"
            "Each stamp is put on just 1 %(unit)s. It may have been copied.\n"
            "Where did you buy it? I tell the co-op, who will check.",
            unit=stamp.goods.unit,
            choices=choices,
            expects="words",
            **figures,
        )
    if odd.sign == "early":
        since = say("%(people)s different people have scanned it all the same in %(days)s days, the first on %(on)s.",
                    **figures)  # fmt: skip
        choices.remove(see_book)
    else:
        since = say("Since then %(people)s different people have scanned it in %(days)s days, the first on %(on)s.",
                    **figures)  # fmt: skip
    return say(
        "%(verdict)s\n%(name)s – %(code)s\n%(since)s\nWhere did you buy it? I tell the co-op, who will check.",
        verdict=verdict(stamp),
        name=stamp.goods.name,
        code=_coded(stamp),
        since=since,
        choices=choices,
        expects="words",
    )


def facts(stamp: Stamp) -> list[Say]:
    if not stamp.producer:
        told = []
    elif stamp.place:
        told = [say("Grown by: %(producer)s, %(place)s.", producer=stamp.producer, place=stamp.place)]
    else:
        told = [say("Grown by: %(producer)s.", producer=stamp.producer)]
    when = dates(stamp)
    return [*told, when] if when else told


def dates(stamp: Stamp) -> Say | None:
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


def _coded(stamp: Stamp) -> Say:
    """`lô 4839 2017 6504`, `tem 8245 0137 9632`"""
    if stamp.kind == "lot":
        return say("lot %(code)s", code=grouped(stamp.code))
    return say("stamp %(code)s", code=grouped(stamp.code))


# Buttons


def see_journey(stamp: Stamp) -> Choice:
    return choice("trace.journey", say("See the journey"), arg=stamp.code)


def buy(stamp: Stamp) -> Sequence[Choice]:
    """What is not on sale, or in doubt, is never offered."""
    if stamp.state != "active" or stamp.odd is not None or not stamp.goods.left or not stamp.here:
        return ()
    return (choice("order.lot", buy_title(stamp.goods), arg=stamp.code),)


def buy_title(goods: Goods) -> Say:
    """The price with its unit where a button has room for it."""
    price = Money(goods.price_vnd)
    if len(f"Đặt mua {goods.price_vnd:,}đ/{goods.unit}") <= BUTTON:
        return say("Buy %(price)s/%(unit)s", price=price, unit=goods.unit)
    return say("Buy %(price)s", price=price)


def another() -> Choice:
    return choice("trace.ask", say("Another code"))


def where_bought(stamp: Stamp) -> Choice:
    return choice("trace.report", say("Where I bought it"), arg=stamp.code)


def call_person() -> Choice:
    return choice("person.call", say("Talk to a person"))
