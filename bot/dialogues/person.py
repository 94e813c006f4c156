"""A person of the co-op: called for, or needed because something came that the bot cannot handle."""

from datetime import datetime, time

from bot.dialogue import Ask, Dialogue, Turn
from bot.effect import Hold, Say, Word, choice, say
from bot.ports import Ports
from catalog.acts.person import OpenCase

EVENING = time(15, 30)  # from then on an answer is promised for tomorrow

person = Dialogue("person")


@person.action("call")
@person.opens("human", "complaint", "negotiate", "preorder")
def call(at: object, ask: Ask, ports: Ports) -> Turn[None]:
    """She wants a person, or something that only a person can decide."""
    kind = ask.name if ask.name in {"complaint", "negotiate", "preorder"} else "question"
    return None, [
        Hold(),
        OpenCase(kind, note=ask.words),
        say(
            "I have called %(clerk)s of %(coop)s for you; she answers %(when)s. If it is urgent, call %(phone)s.",
            clerk=ports.me.clerk,
            when=_promise(ports.now),
            phone=ports.me.clerk_phone,
        ),
    ]


@person.opens("data_rights")
def data_rights(at: object, ask: Ask, ports: Ports) -> Turn[None]:
    """See, stop, delete: noted with its time at once; a person carries it out."""
    return None, [
        OpenCase("data request", note=ask.words),
        say(
            "I have noted your request about your data, and %(clerk)s of %(coop)s will carry it out within 2 working "
            "days. You will hear from us when it is done.",
            clerk=ports.me.clerk,
        ),
    ]


@person.action("media")
def media(at: object, ask: Ask, ports: Ports) -> Turn[None]:
    """A photo or a voice note is never dropped: a person looks at it."""
    return None, [
        OpenCase("media", note=ask.arg),
        say(
            "I have received it and passed it on to %(clerk)s, who will answer %(when)s. "
            "If you can, please type it too.",
            clerk=ports.me.clerk,
            when=_promise(ports.now),
            choices=[choice("person.call", say("Talk to a person"))],
        ),
    ]


@person.action("waiting")
def waiting(at: object, ask: Ask, ports: Ports) -> Turn[None]:
    """She still waits for the colleague who answered by hand; soon the bot speaks again."""
    return None, [OpenCase("customer waits")]


@person.action("broken")
def broken(at: object, ask: Ask, ports: Ports) -> Turn[None]:
    """Our own mistake: say so, keep what she has, and let a person see to it."""
    return None, [
        OpenCase("poison"),
        say(
            "I am sorry, something on my side went wrong with that message. %(clerk)s will look at it; "
            "nothing of yours is lost.",
            clerk=ports.me.clerk or Word("A person of the co-op"),
        ),
    ]


def _promise(now: datetime) -> Say:
    if now.weekday() < 6 and now.time() < EVENING:
        return say("before 5 pm today")
    return say("before 10 am tomorrow")
