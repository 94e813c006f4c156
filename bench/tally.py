"""Was every message answered once, and in order? And how long did that take?"""

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from bench.people import CODES, Message

GAP = re.compile(r"(?<=\d)[ .\u2013-](?=\d)")


@dataclass(frozen=True, slots=True)
class Received:
    """One call that reached the platform. name: our own name of the reply."""

    at: int
    psid: str
    name: str
    held: str  # its words, and what its buttons carry


@dataclass(frozen=True, slots=True)
class Tally:
    sent: int
    refused: int  # not answered with 200
    answered: int
    lost: int  # answered with 200, and no reply ever came
    doubled: int  # replies to a message that had one
    out_of_order: int
    seconds: float  # from the first message to the last reply
    acks_ms: tuple[float, ...]
    replies_ms: tuple[float, ...]  # from the moment a message was due to the arrival of its reply

    @property
    def right(self) -> bool:
        return not (self.refused or self.lost or self.doubled or self.out_of_order)


def tally(messages: Sequence[Message], received: Sequence[Received]) -> Tally:
    """Join what was sent with what arrived. A reply belongs to the message whose code it names."""
    replies: dict[str, list[Received]] = defaultdict(list)
    for one in sorted(received, key=lambda one: one.at):
        replies[one.psid].append(one)
    written: dict[str, dict[str, Message]] = defaultdict(dict)
    for message in messages:
        written[message.psid][message.code] = message
    doubled = out_of_order = 0
    waits: dict[tuple[str, str], float] = {}
    last = 0
    for psid, by_code in written.items():
        places = {code: place for place, code in enumerate(by_code)}
        reached = -1
        for one in replies[psid]:
            code = code_in(one.held)
            if code not in by_code:
                continue
            if (psid, code) in waits:
                doubled += 1
                continue
            waits[psid, code] = (one.at - by_code[code].due) / 1e6
            out_of_order += places[code] < reached
            reached = max(reached, places[code])
            last = max(last, one.at)
    taken = [message for message in messages if message.status == 200]
    return Tally(
        sent=len(messages),
        refused=len(messages) - len(taken),
        answered=len(waits),
        lost=sum((message.psid, message.code) not in waits for message in taken),
        doubled=doubled,
        out_of_order=out_of_order,
        seconds=(last - min(message.left for message in messages)) / 1e9,
        acks_ms=tuple((message.answered - message.due) / 1e6 for message in taken),
        replies_ms=tuple(waits.values()),
    )


def code_in(held: str) -> str:
    """The stamp's code that a reply or one of its buttons names, however it is grouped; empty if there is none."""
    digits = GAP.sub("", held)
    return next((code for code in CODES if code in digits), "")


def percentile(values: Sequence[float], percent: float) -> float:
    """By the nearest rank; not a number where there are none."""
    if not values:
        return math.nan
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]
