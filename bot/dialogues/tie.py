"""Somebody was invited by her co-op: the code that she brings ties this conversation to her."""

from dataclasses import dataclass

from bot.dialogue import Ask, Dialogue, Heard, Turn
from bot.dialogues.missing import too_many
from bot.effect import Hint, Remember, Say, choice, say
from bot.ports import MISSES_AN_HOUR, Ports
from catalog.acts import Refused
from catalog.acts.person import NoInvitation, Redeem, Redeemed

tie = Dialogue("tie")


@dataclass(frozen=True, slots=True)
class Redeeming:
    """The code is being looked up."""

    code: str


@tie.action("invited")
def invited(at: object, ask: Ask, ports: Ports) -> Turn[Redeeming | None]:
    """`ask.arg` is a code that looks like an invitation: 12 digits that check."""
    if ports.missed_lately >= MISSES_AN_HOUR:
        return None, [too_many()]
    return Redeeming(ask.arg), [Redeem(ask.arg)]


@tie.step
def redeeming(at: Redeeming, heard: Heard, ports: Ports) -> Turn[Redeeming | None]:
    match heard:
        case Redeemed(role="producer"):
            return None, [Remember("greeted", "1"), _welcome()]
        case Redeemed():
            return None, [Remember("greeted", "1"), say("Hello %(named)s! I know now that you belong to %(coop)s.")]
        case NoInvitation() | Refused():
            return None, [
                Remember("missed", "1"),
                say(
                    "This invitation is used or too old. %(clerk)s of %(coop)s will gladly give %(you)s a new one.",
                    clerk=ports.me.clerk,
                    choices=[choice("person.call", say("Talk to a person"))],
                ),
            ]
        case _:
            return at, [Hint(say("Please type the 12 digits of the invitation again.", expects="words"))]


@tie.action("orders")
def orders(at: object, ask: Ask, ports: Ports) -> Turn[None]:
    return None, [say("Whenever there is an order, I write to %(you)s at once. There is nothing to do until then.")]


@tie.action("done")
def done(at: object, ask: Ask, ports: Ports) -> Turn[None]:
    return None, [say("All right. Whenever %(you)s have something, just write to me.")]


def _welcome() -> Say:
    """Who we are, and the three things to know; their numbers do what they say."""
    return say(
        "Hello %(named)s! I am the automatic assistant of %(coop)s. I help %(you)s to sell by message. "
        'Only 3 things to know:\n1. You have goods: write "oranges 20 kg 25 thousand"\n'
        "2. There is an order: I write to %(you)s\n3. You need a person: type 9",
        items=[
            choice("post.start", say("You have goods")),
            choice("tie.orders", say("There is an order")),
            choice("person.call", say("You need a person")),
        ],
        choices=[choice("post.start", say("Put on sale now")), choice("tie.done", say("Done"))],
    )
