"""What must be true after every trouble, and what may have happened because of it.

    verdict = judged(stage)      # AssertionError with every fault, a line each
    str(verdict)                 # in one line; the log of the test run has it too

Each event is one row and was answered; each conversation went as in a replay in one thread (`tests.trouble.replay`);
stock, orders and drafts agree; each person received all that was promised to her, in order, and twice only what a kill
or an unknown outcome excuses; nothing secret stands in a log.
"""

import json
import logging
import re
import shutil
import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.inbox import InboxRow
from bot.outbox import OutboxRow
from bot.run.settings import Settings, sqlite_file
from catalog.db import Database
from catalog.offer import Offer
from catalog.order import Order
from tests.conftest import SECRET, opened
from tests.e2e.oracle import faults as calm_faults
from tests.e2e.stage import APP_SECRET, VERIFY_TOKEN
from tests.simulators.graph_wire import proof_of
from tests.trouble.noting import Arrived
from tests.trouble.replay import History, difference, heard, history, out_of_order, replayed
from tests.trouble.stage import OTHER_TOKEN, TOKEN, Kill, Stage

log = logging.getLogger(__name__)

LAG_S = 1.0
"""So much later than its sender's end the stand-in may note what that one had sent: each line has its own thread."""
TELLING = 12
"""Words of at least so many characters are sought in the logs; shorter ones may stand there by chance."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a trouble. messages: inbox rows. repeats: bubbles that reached the platform once more.

    by_kill: repeats after each kill, in order. by_doubt: repeats of what was never answered properly. recovery_s: for
    each kill, until all that had been taken before it was answered and marked.
    """

    messages: int
    replies: int
    orders: int
    repeats: int
    by_kill: tuple[int, ...]
    by_doubt: int
    recovery_s: tuple[float, ...]

    def __str__(self) -> str:
        kills = len(self.by_kill)
        each = f", {sum(self.by_kill) / kills:.2f} a kill, at most {max(self.by_kill)}" if kills else ""
        slow = (
            f"; all answered after a kill in {statistics.median(self.recovery_s):.2f} s (median), "
            f"{max(self.recovery_s):.2f} s (worst), {self.recovery_s[-1]:.2f} s (after the last)"
            if kills
            else ""
        )
        return (
            f"{self.messages} messages, {self.replies} replies, {self.orders} orders, {kills} kills: lost 0, "
            f"doubled 0, out of order 0, repeats {self.repeats}{each}{slow}"
        )


def judged(stage: Stage, *, may_repeat: bool = True, replay: bool = True) -> Verdict:
    """Wait until all is quiet, then look at everything. AssertionError where anything is wrong.

    may_repeat: False after a trouble that is no excuse for a single repeat. replay: False where something beside the
    events changed the goods, such as a hand that put more on the shelf.
    """
    stage.rest()
    stage.judged = True
    found = faults(stage, may_repeat=may_repeat, replay=replay)
    assert not found, "\n".join(found[:40])
    by_kill, by_doubt, _ = repeats(stage.platform.arrived, stage.deaths)
    with stage.database.reading() as db:
        verdict = Verdict(
            messages=_count(db, InboxRow.id),
            replies=_count(db, OutboxRow.id),
            orders=db.scalar(select(func.count(Order.id)).where(Order.draft_id.like("m%"))) or 0,
            repeats=sum(by_kill) + by_doubt,
            by_kill=tuple(by_kill),
            by_doubt=by_doubt,
            recovery_s=tuple(_recovery(db, kill) for kill in stage.deaths),
        )
    log.info("%s", verdict)
    return verdict


def faults(stage: Stage, *, may_repeat: bool = True, replay: bool = True) -> list[str]:
    """What is wrong now, a line each; see `judged`."""
    found = calm_faults(
        stage.database,
        stage.mids,
        stage.platform.delivered,
        kills=range(len(stage.platform.delivered) + 1),  # every repeat passes there; `repeats` is stricter
        may_be_silent=stage.may_be_silent,
        refused=stage.refused,
    )
    by_kill, by_doubt, unexcused = repeats(stage.platform.arrived, stage.deaths)
    if not may_repeat and (any(by_kill) or by_doubt):
        unexcused.append(f"{sum(by_kill) + by_doubt} repeats, and nothing excuses one")
    found += unexcused + out_of_order(stage.database) + leaks(stage)
    if replay and not found:  # what is wrong already would only be said twice
        found += strayed(stage)
    return found


def order_codes(stage: Stage) -> list[str]:
    """Of all orders that came by Messenger, sorted."""
    with stage.database.reading() as db:
        return list(db.scalars(select(Order.code).where(Order.draft_id.like("m%")).order_by(Order.code)))


def repeats(arrived: Sequence[Arrived], deaths: Sequence[Kill]) -> tuple[list[int], int, list[str]]:
    """Bubbles that arrived again: how many after each kill, how many that were in doubt, and those without excuse.

    The kill of a sender excuses one more arrival of what was not marked then and had arrived by then; a call that was
    not answered properly excuses one more try.
    """
    by_kill, by_doubt, unexcused = [0] * len(deaths), 0, []
    all_of: defaultdict[tuple[str, str], list[Arrived]] = defaultdict(list)
    for one in arrived:
        all_of[one.psid, one.metadata].append(one)
    for (_, metadata), times in all_of.items():
        used: set[int] = set()
        for before, again in pairwise(times):
            excuse = next((n for n, kill in enumerate(deaths) if n not in used and _excuses(kill, before, again)), None)
            if excuse is not None:
                by_kill[excuse] += 1
                used.add(excuse)
            elif not before.whole:
                by_doubt += 1
            else:
                unexcused.append(f"{metadata} came again after {again.at - before.at:.3f} s, and nothing excuses it")
    return by_kill, by_doubt, unexcused


def strayed(stage: Stage) -> list[str]:
    """Where the history parts from a replay of the same events, one after the other, on the stage's base."""
    base = sqlite_file(stage.base_url)
    assert base is not None
    copy = shutil.copyfile(base, stage.folder / "replay.db")
    fresh = opened(f"sqlite:///{copy}")
    try:
        again = replayed(heard(stage.database), fresh, Settings.read(stage.environ))
        found = difference(_named(history(stage.database), stage.database), _named(again, fresh))
    finally:
        fresh.close()
    return [f"unlike the replay: {found}"] if found else []


def _named(told: History, database: Database) -> History:
    """The same, with offers by what they are: a PostgreSQL that was killed leaves out some numbers."""
    with database.reading() as db:
        names = {
            offer.id: f"{offer.product_id} of {offer.draft_key or offer.id}" for offer in db.scalars(select(Offer))
        }
    for talk in told.talks.values():
        talk.memory = _with_names(talk.memory, names)
    return told


def _with_names(value: Any, names: Mapping[int, str]) -> Any:
    match value:
        case {"offer_id": int(number), **rest}:
            return {"offer_id": names.get(number, number), **_with_names(rest, names)}
        case {"offer_ids": [*numbers], **rest}:
            return {"offer_ids": [names.get(number, number) for number in numbers], **_with_names(rest, names)}
        case dict():
            return {name: _with_names(inner, names) for name, inner in value.items()}
        case list():
            return [_with_names(inner, names) for inner in value]
    return value


def leaks(stage: Stage) -> list[str]:
    """Secrets, phone numbers and sentences that stand in a log or beside the bell, by what they are and where."""
    proofs = [proof_of(token, APP_SECRET) for token in (TOKEN, OTHER_TOKEN)]
    secret = [TOKEN, OTHER_TOKEN, APP_SECRET, SECRET, VERIFY_TOKEN, *proofs, "access_token=", "appsecret_proof="]
    said = {words for page in (stage.first, stage.other) for words in page.words if len(words) >= TELLING}
    phones = {phone for words in said for phone in re.findall(r"0[0-9]{9}\b", words)}
    told = {one.bubble.text[:60] for one in stage.platform.delivered if len(one.bubble.text) >= TELLING}
    found = []
    for file in _written(stage):
        text = file.read_bytes().decode("utf-8", "replace")
        for what, words in (("a secret", secret), ("a phone number", phones), ("a message", said), ("a reply", told)):
            count = sum(_stands(one, text) for one in words)
            found += [f"{file.name} holds {what} ({count} different ones)"] if count else []
    return found


def _excuses(kill: Kill, before: Arrived, again: Arrived) -> bool:
    """Whether it lay between the two, and its victim alone knew of the first."""
    between = before.at <= kill.back + LAG_S and again.at >= kill.at
    return kill.excuses and before.outbox_id in kill.unsent and between


def _recovery(db: Session, kill: Kill) -> float:
    """Seconds from the kill until all that had been taken by then was done, and all of its replies were marked."""
    done = db.scalar(select(func.max(InboxRow.done_at)).where(InboxRow.received_at <= kill.moment))
    sent = db.scalar(
        select(func.max(OutboxRow.sent_at))
        .join(InboxRow, InboxRow.id == OutboxRow.inbox_id)
        .where(InboxRow.received_at <= kill.moment)
    )
    ends: list[datetime] = [moment for moment in (done, sent) if moment is not None]
    return max([0.0, *((end - kill.moment).total_seconds() for end in ends)])


def _written(stage: Stage) -> list[Path]:
    """The log of all processes, Valkey's own log, and what Valkey keeps."""
    return [stage.folder / "log", *(file for file in stage.var_dir.glob("valkey*/*") if file.is_file())] + [
        file for file in stage.var_dir.glob("*.log") if file.is_file()
    ]


def _stands(words: str, text: str) -> bool:
    return words in text or json.dumps(words)[1:-1] in text


def _count(db: Session, column: Any) -> int:
    return db.scalar(select(func.count(column))) or 0
