"""What the page behind a stamp says in sentences. Careful ones: a code proves that the record exists, not the goods."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from bot.effect import Day, Listed, Param, Say, Word, say
from bot.ports import Oddity
from catalog.trace import grouped
from handlers.pages.map.provinces import country, province_named
from handlers.pages.views import Passport, PinAnswer, Place, Recorded, Seller

Tone = Literal["good", "plain", "warn", "bad"]

BARE = frozenset({"void", "printed"})
"""States in which nothing of a lot is told: the stamp stands for none."""

WARNING = frozenset({"recalled", "void", "expired"})
"""States that matter more than who looked at the stamp: they are told before it."""

WHO = {"producer": Word("the producer"), "staff": Word("the co-op's staff")}
CHANNELS: dict[str, Param] = {
    "zalo": "Zalo",
    "zalobot": "Zalo",
    "messenger": "Messenger",
    "web": Word("the web chat"),
    "console": Word("the co-op's computer"),
    "desk": Word("the co-op's computer"),
}
ADVICE = {
    "many": say(
        "That is more than usual for one package. Perhaps many looked at the same one; the stamp may also have been "
        "copied. If you are just buying it, please ask the co-op first."
    ),
    "early": say(
        "The co-op has not activated it yet. If it is on goods that you are buying, please ask the co-op first."
    ),
    "sold": say(
        "By the book this package was sold before that. In a family that is nothing unusual. If it is offered to you "
        "as new, please ask the co-op first."
    ),
    "used": say(
        "By the book this package was used up before that. If it is full and offered to you as new, please ask the "
        "co-op first."
    ),
    "expired": say(
        "Its last good day was over before that. If it is still being sold somewhere, please tell the co-op."
    ),
}


@dataclass(frozen=True, slots=True)
class Told:
    """The first thing on the page. sign: an emoji, or empty. A string is the co-op's own sentence."""

    tone: Tone
    sign: str
    line: Say
    more: tuple[Say | str, ...] = ()


def has_facts(passport: Passport) -> bool:
    return passport.stamp.state not in BARE


def on_sale(passport: Passport) -> bool:
    """Of a stamp that may have been copied nobody knows whether what bears it is what is on sale."""
    return passport.stamp.state == "active" and passport.stamp.odd is None


def first(passport: Passport) -> tuple[Told, ...]:
    """What the page begins with, in this order."""
    stamp, state = passport.stamp, verdict(passport)
    if stamp.odd is None:
        return (state,)
    careful = oddity(stamp.odd)
    return (state, careful) if stamp.state in WARNING else (careful, state)


def verdict(passport: Passport) -> Told:
    """The state of the stamp. Where something is odd about it nothing is called good."""
    told = _state(passport)
    if passport.stamp.odd is None or told.tone != "good":
        return told
    more = told.more if passport.stamp.state == "sold" else ()
    return replace(told, tone="plain", sign="", more=more)


def _state(passport: Passport) -> Told:
    stamp = passport.stamp
    right = say("The code is right, it is in the co-op's book.")
    match stamp.state:
        case "recalled":
            reason = (say("Reason: %(reason)s", reason=stamp.recall_reason),) if stamp.recall_reason else ()
            advice = (stamp.recall_advice,) if stamp.recall_advice else ()
            line = say("THIS LOT IS BEING RECALLED. Please do not eat it.")
            return Told("bad", "⛔", line, (*reason, *advice))
        case "void":
            return Told(
                "warn",
                "⚠",
                say("This stamp is not valid any more."),
                (
                    say(
                        "The co-op has taken it out of use. Please do not rely on it, and ask the co-op if you bought "
                        "it."
                    ),
                ),
            )
        case "printed":
            return Told(
                "warn",
                "⚠",
                say("This stamp is printed, but not activated yet."),
                (
                    say(
                        "The co-op's book knows it, but it stands for no lot yet. Please ask the co-op if you bought "
                        "it."
                    ),
                ),
            )
        case "expired":
            over = say("The code is in the co-op's book, but its last good day is over.")
            return Told("warn", "⚠", say("This lot is past its date."), (over,))
        case "draft":
            return Told("warn", "⚠", right, (say("This lot is not on sale yet."),))
        case "used":
            return Told("warn", "", right, (say("This package is in the book as used up."),))
        case "sold" if passport.sold_on:
            return Told("good", "✅", right, (say("This package was sold on %(on)s.", on=Day(passport.sold_on)),))
        case "sold":
            return Told("good", "✅", right, (say("This package has been sold."),))
        case _:
            return Told("good", "✅", right, (say("This lot is on normal sale."),))


def oddity(odd: Oddity) -> Told:
    """How many looked since when, and what to make of it."""
    counted = (
        say("%(people)s people have looked at this stamp since %(on)s.", people=odd.people, on=Day(odd.first_on))
        if odd.days == 1
        else say(
            "%(people)s people have looked at this stamp within %(days)s days, since %(on)s.",
            people=odd.people,
            days=odd.days,
            on=Day(odd.first_on),
        )
    )
    return Told("warn", "⚠", counted, (ADVICE[odd.sign],) if odd.sign in ADVICE else ())


def pin_told(answer: PinAnswer, passport: Passport) -> Told:
    phone, before = passport.seller.phone, passport.pin_right_at
    match answer:
        case "right":
            line = say("The PIN is right, and this is the first time that it is checked.")
            return Told("good", "✅", line, (say("Whoever checks it again will be told that it was checked before."),))
        case "again":
            line = say("The PIN is right, but it was checked before.")
            when = (_when_first(before),) if before else ()
            return Told(
                "warn",
                "⚠",
                line,
                (
                    *when,
                    say(
                        "If that was you or your family, all is well. If the field was scratched when you bought it, "
                        "please ask the co-op."
                    ),
                ),
            )
        case "wrong":
            line = say("This PIN is not right.")
            return Told("warn", "⚠", line, (say("Please look at the 6 digits under the scratch field again."),))
        case "locked":
            call = say("Please call the co-op: %(phone)s.", phone=phone) if phone else say("Please ask the co-op.")
            return Told("warn", "⚠", say("Too many wrong PINs: this stamp takes no more."), (call,))
        case _:
            return Told("warn", "", say("This stamp has no PIN."))


def pin_before(passport: Passport) -> Say | None:
    """That its PIN was right once already: said before anybody scratches."""
    before = passport.pin_right_at
    if before is None:
        return None
    return say(
        "The PIN of this stamp was checked before, at %(time)s on %(on)s.",
        time=f"{before:%H:%M}",
        on=Day(before.date()),
    )


def recorded(stage: Recorded) -> Say:
    """Who wrote a stage down, through which channel and when, as far as that is known."""
    who, channel = WHO.get(stage.who), CHANNELS.get(stage.channel)
    time, on = f"{stage.recorded_at:%H:%M}", Day(stage.recorded_at.date())
    if who and channel:
        return say(
            "Written down by %(who)s through %(channel)s, at %(time)s on %(on)s",
            who=who,
            channel=channel,
            time=time,
            on=on,
        )
    if who:
        return say("Written down by %(who)s, at %(time)s on %(on)s", who=who, time=time, on=on)
    if channel:
        return say("Written down through %(channel)s, at %(time)s on %(on)s", channel=channel, time=time, on=on)
    return say("Written down at %(time)s on %(on)s", time=time, on=on)


def where(place: Place) -> Say | None:
    """`xã Đà Bắc, tỉnh Phú Thọ (trước 7/2025: Hòa Bình)`; None if nothing is known."""
    parts: list[Say | str] = [place.words] if place.words else []
    if place.province:
        today = province(place.province)
        before = place.before
        parts.append(
            say("%(province)s (before July 2025: %(before)s)", province=today, before=before) if before else today
        )
    return say("%(facts)s", facts=Listed(tuple(parts))) if parts else None


def province(name: str) -> Say:
    """With what it is: `tỉnh Phú Thọ`. One that the map does not know stays as it is written."""
    known = next((found for found in country().provinces if found.name == province_named(name)), None)
    if known is None:
        return say("%(facts)s", facts=name)
    if known.kind == "thành phố":
        return say("%(name)s City", name=known.name)
    return say("%(name)s Province", name=known.name)


def headline(passport: Passport) -> Say:
    """What a card of the page is called."""
    stamp = passport.stamp
    if stamp.state in BARE:
        return say("Stamp %(code)s", code=grouped(stamp.code))
    if stamp.state == "recalled":
        return say("BEING RECALLED: %(product)s", product=stamp.goods.name)
    if not stamp.producer:
        return say("%(facts)s", facts=stamp.goods.name)
    return say("%(product)s of %(producer)s", product=stamp.goods.name, producer=stamp.producer)


def summary(passport: Passport) -> Say:
    """What a card of the page says below."""
    stamp, told = passport.stamp, first(passport)[0]
    if not has_facts(passport) or stamp.state == "recalled" or stamp.harvested_on is None:
        return say("%(line)s Code %(code)s.", line=told.line, code=grouped(stamp.code))
    return say(
        "%(line)s Code %(code)s, harvested or packed on %(on)s.",
        line=told.line,
        code=grouped(stamp.code),
        on=Day(stamp.harvested_on),
    )


def complaints(seller: Seller) -> Say | None:
    """How to complain to a seller whose chat this is not; None if nobody wrote down a phone."""
    phone = seller.clerk_phone or seller.phone
    clerk = (seller.clerk if seller.clerk_phone else "") or seller.short_name or seller.name
    return say("Complaints: call %(clerk)s, %(phone)s.", clerk=clerk, phone=phone) if phone else None


def too_many(wait: int) -> Told:
    """wait: seconds for which no code is looked up."""
    if wait <= 60:
        line = say("Please wait a minute")
        more = say("You looked up many codes at once. Please wait a minute, or write to us in the chat.")
    elif wait <= 3600:
        line = say("Please wait an hour")
        more = say("Many codes that you looked up are in nobody's book. Please wait an hour, or write to us in the "
                   "chat.")  # fmt: skip
    else:
        line = say("Please come back tomorrow")
        more = say("You looked up very many codes today. Please look again tomorrow, or write to us in the chat.")
    return Told("warn", "", line, (more,))


def _when_first(at: datetime) -> Say:
    return say("The first time was at %(time)s on %(on)s.", time=f"{at:%H:%M}", on=Day(at.date()))
