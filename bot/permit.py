"""May I send this now, and as what? One function, asked before every send on every channel.

Sources: Messenger's "send-messages" (window, tags, utility messages) and its policy page; Zalo's consultation messages
(48 hours free, up to 7 days paid) and ZBS templates.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.reply import Reason

MARGIN = timedelta(minutes=5)
"""So much before the end of a window nothing is begun any more: the platform's clock is not ours."""


class Way(StrEnum):
    """As what a message goes."""

    REPLY = "reply"  # free, inside the window
    PAID = "paid"  # the platform charges the co-op for it
    HUMAN = "human"  # a person typed it (Messenger's HUMAN_AGENT)
    TEMPLATE = "template"  # as an approved template, filled in


@dataclass(frozen=True, slots=True)
class Terms:
    """What a channel allows after her last action; None: not at all.

    free: any message. paid: any message, for money. human: what a person typed. templates: whether approved templates
    may go at any time.
    """

    free: timedelta | None
    paid: timedelta | None = None
    human: timedelta | None = None
    templates: bool = False


ANY_TIME = Terms(free=None)
"""Our own channels: what is said stays where she finds it."""


@dataclass(frozen=True, slots=True)
class Permit:
    """`way` is None where it may not go; then `reason` says why. until: when this permit lapses, None for never."""

    way: Way | None
    reason: Reason | None = None
    until: datetime | None = None


def may_send(
    terms: Terms,
    now: datetime,
    *,
    touched_at: datetime | None,
    by_person: bool = False,
    template: bool = False,
    taken: bool = False,
    notice: bool = False,
) -> Permit:
    """Whether a message may go now, and as what.

    touched_at: her last action that opens the window, by the platform's own clock; None: she never did one.
    by_person: a person of the co-op typed it. template: an approved one is there for it. taken: somebody of the co-op
    has the thread. notice: news that nobody asked for, which also goes while the thread is taken.
    """
    if taken and not (by_person or notice):
        return Permit(None, Reason.HELD)
    if terms.free is None:
        return Permit(Way.REPLY)
    for way, length in (
        (Way.REPLY, terms.free),
        (Way.PAID, terms.paid),
        (Way.HUMAN, terms.human if by_person else None),
    ):
        if length is not None and touched_at is not None and now < touched_at + length - MARGIN:
            return Permit(way, until=touched_at + length - MARGIN)
    if template and terms.templates:
        return Permit(Way.TEMPLATE)
    return Permit(None, Reason.STRANGER if touched_at is None else Reason.WINDOW)
