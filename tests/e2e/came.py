"""What came of many mixed deliveries: each event answered once and in order, silence elsewhere, nothing refused."""

import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from sqlalchemy import select

from bot.inbox import InboxRow
from bot.outbox import OutboxRow, opened
from catalog.account import Account
from handlers.channels.messenger.codec import render as render_messenger
from handlers.channels.zalo.codec import render as render_zalo
from tests.e2e.oracle import MAX_BUBBLES, SILENT
from tests.e2e.platforms import Platforms

CODES = ("483920176504", "715038629415", "260471835924", "937264058112", "582916407307", "346195720851")
"""Stamps of the demo; nobody types one twice, so a reply that names a code belongs to one message."""
GAP = re.compile(r"(?<=\d)[ .\u2013-](?=\d)")
CONNECTIONS = 6
Work = Callable[[], object]


@dataclass(slots=True)
class Came:
    """posts: deliveries that were made. events: things that people said or pressed. faults: a line each."""

    posts: int = 0
    refused_posts: int = 0  # deliveries that were never answered with 200
    events: int = 0
    answered: int = 0
    lost: int = 0
    doubled: int = 0
    out_of_order: int = 0
    refused: int = 0  # calls of ours that the simulator refused
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)


def code_in(words: str) -> str:
    """The stamp's code that these words name, however it is grouped; empty if there is none."""
    digits = GAP.sub("", words)
    return next((code for code in CODES if code in digits), "")


def all_at_once(works: Sequence[Work], dice: random.Random) -> None:
    """In any order, over some connections. Raises what went wrong with the first."""
    shuffled = list(works)
    dice.shuffle(shuffled)
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for done in [pool.submit(work) for work in shuffled]:
            done.result()


def judge(came: Came, person: str, typed: list[str], shown: list[str], *, swaps: bool = False) -> None:
    """What she typed against the bubbles that name a code. swaps: the platform itself may swap two of one round."""
    named = Counter(code for words in shown if (code := code_in(words)))
    lost = [code for code in typed if not named[code]]
    came.lost += len(lost)
    came.faults += [f"{person} typed {code} and got no answer" for code in lost]
    firsts = list(dict.fromkeys(code for words in shown if (code := code_in(words)) and code in typed))
    if not swaps and firsts != [code for code in typed if named[code]]:
        came.out_of_order += 1
        came.faults.append(f"{person} typed {typed} and was answered {firsts}")


def promised(stage: Platforms, came: Came, channel: str) -> dict[str, tuple[list[str], list[str]]]:
    """By person, names and words of every message that was promised, in order; counts the answers on the way."""
    all_of: dict[str, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    with stage.database.reading() as db:
        accounts = set(db.scalars(select(Account.id).where(Account.channel == channel)))
        rows = db.scalars(select(OutboxRow).where(OutboxRow.channel == channel).order_by(OutboxRow.id)).all()
        answers = Counter(row.inbox_id for row in rows)
        last: dict[str, int] = {}
        for row in rows:
            if row.sent_at is None:
                came.faults.append(f"outbox {row.id} was not sent: {row.error}")
            if row.inbox_id < last.get(row.address, 0):
                came.out_of_order += 1
                came.faults.append(f"outbox {row.id} answers something older than the one before")
            last[row.address] = row.inbox_id
            bubble = opened(db, row).bubble
            names, words = all_of[row.address]
            if channel == "messenger":
                names += [f"out:{row.id}.{place}" for place in range(len(render_messenger(bubble)))]
            else:
                words += [str(message.get("text", "image")) for message in render_zalo(bubble, buttons=True)]
        for event in db.scalars(select(InboxRow).where(InboxRow.account_id.in_(accounts)).order_by(InboxRow.id)):
            silent = event.kind in SILENT
            if event.done_at is None or event.error is not None:
                came.faults.append(f"inbox {event.id} ({event.kind}) is not done well: {event.error}")
            if silent and answers[event.id]:
                came.faults.append(f"inbox {event.id} ({event.kind} {event.key[:20]}) was answered")
            if not silent:
                came.answered += answers[event.id] > 0
                came.lost += answers[event.id] == 0
                came.doubled += answers[event.id] > MAX_BUBBLES
                if not 1 <= answers[event.id] <= MAX_BUBBLES:
                    came.faults.append(f"inbox {event.id} ({event.kind}) has {answers[event.id]} replies")
    return all_of


def compare(came: Came, person: str, promised: list[str], arrived: list[str]) -> None:
    """All that was promised arrived, once and in order."""
    if promised == arrived:
        return
    more, less = Counter(arrived) - Counter(promised), Counter(promised) - Counter(arrived)
    came.doubled += more.total()
    came.lost += less.total()
    came.out_of_order += not more and not less
    came.faults.append(f"{person} received {arrived} instead of {promised}")
