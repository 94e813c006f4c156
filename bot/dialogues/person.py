"""A person of the co-op: called for, or needed because something came that the bot cannot handle."""

from datetime import datetime, time

from bot.dialogue import Ask, Dialogue, Turn
from bot.effect import Hold, Remember, Say, Word, choice, say
from bot.ports import Ports
from bot.understand.cues import cues_in
from bot.understand.tokens import read
from catalog.acts.person import OpenCase

OPTS_OUT = "no unasked messages"
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
    if "opts_out" in cues_in(read(ask.words).tokens):
        return opts_out(at, ask, ports)
    return None, [
        OpenCase("data request", note=ask.words),
        say(
            "I have noted your request about your data, and %(clerk)s of %(coop)s will carry it out within 2 working "
            "days. You will hear from us when it is done.",
            clerk=ports.me.clerk,
        ),
    ]


@person.action("opts_out")
def opts_out(at: object, ask: Ask, ports: Ports) -> Turn[None]:
    """No unasked messages from now on; a person sees to what the co-op itself may send."""
    return None, [
        OpenCase("data request", note=ask.words or OPTS_OUT),
        Remember("quiet", "1"),
        say(
            "I have noted that you want no messages unasked: I no longer remind you of an open cart, and I never send "
            "advertising. What concerns an order of yours still comes. %(clerk)s of %(coop)s knows of it too.",
            clerk=ports.me.clerk,
        ),
    ]


@person.opens("group_buying")
def group_buying(at: object, ask: Ask, ports: Ports) -> Turn[None]:
    """Several households buy together: only a person can arrange that."""
    return None, [
        OpenCase("group buying", note=ask.words),
        say(
            "Buying together I cannot arrange myself. I have told %(clerk)s of %(coop)s, who answers %(when)s. "
            "Until then you can order for yourself.",
            clerk=ports.me.clerk,
            when=_promise(ports.now),
            choices=[choice("shop.browse", say("See what there is")), choice("person.call", say("Talk to a person"))],
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
