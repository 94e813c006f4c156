"""What the tables are told of the replies: which arrived, which failed, and which account sends no more."""

import queue
import time
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot import outbox
from bot.conversation import is_owed, owe, take_over
from bot.officer import Officer
from bot.outbox import Outgoing
from bot.permit import Way
from bot.plain import plain
from bot.reply import Reason, SendError
from bot.run.vital import vital
from bot.thread import CASE as TAKEN_OVER
from catalog.account import locked, resume
from catalog.case import close_cases, open_case
from catalog.db import Database

Fate = Literal["later", "held", "dead"]
TAKEOVER = timedelta(hours=12)
FAILED, WAITS = "failed send", "waits"

log = structlog.get_logger(__name__)


class Arrival(NamedTuple):
    """well: the account sends again, as far as we know. way: as what it went."""

    reply: Outgoing
    well: bool
    way: Way = Way.REPLY


class Failure(NamedTuple):
    """fate: "later" at `next_at`, "held" until she writes again, "dead"."""

    reply: Outgoing
    error: SendError
    fate: Fate
    next_at: datetime


class Marks:
    """`start`, `arrived` and `failed` from any thread, `stop`. on_marked: is given the ids that are out of the way.

    language: of what staff read. takeover: how long the bot is silent where somebody else has the thread.
    """

    def __init__(
        self,
        database: Database,
        now: Callable[[], datetime],
        on_marked: Callable[[Sequence[int]], None],
        language: str = "vi",
        takeover: timedelta = TAKEOVER,
    ) -> None:
        self._database = database
        self._now = now
        self._on_marked = on_marked
        self._language = language
        self._takeover = takeover
        self._arrivals: queue.SimpleQueue[Arrival | None] = queue.SimpleQueue()
        self._marker = vital("marker", self._mark)

    def start(self) -> None:
        self._marker.start()

    def stop(self, seconds: float) -> None:
        """Mark what has arrived by now."""
        self._arrivals.put(None)
        self._marker.join(seconds)

    def arrived(self, arrival: Arrival) -> None:
        """To be marked some milliseconds later, many at once."""
        self._arrivals.put(arrival)

    def dropped(self, outbox_id: int) -> None:
        """It is out of the way without having been sent: somebody else closed its row."""
        self._on_marked([outbox_id])

    def failed(self, failure: Failure) -> bool:
        """Keep the failure, and call a person where it will not mend itself. False if the database did not answer."""
        reply, error, fate, _ = failure
        try:
            with self._database.writing() as db:
                self._keep(db, failure)
                if error.pauses:
                    self._pause(db, reply, error)
                if fate == "held" or (fate == "dead" and error.reason is not Reason.HELD):
                    self._call(db, failure)
        except SQLAlchemyError as gone:
            log.warning("database_gone", error=type(gone).__name__)
            return False
        if fate != "later":
            self._on_marked([reply.id])
        return True

    def _keep(self, db: Session, failure: Failure) -> None:
        reply, error, fate, next_at = failure
        reason, at = error.reason.value, self._now()
        # The conversation before its replies, as everywhere: two that lock in different orders wait for each other.
        if error.reason is Reason.HELD:
            taken = take_over(db, reply.conversation_id, "elsewhere", now=at, until=at + self._takeover)
            if taken and fate == "dead":
                open_case(
                    db, reply.account_id, reply.conversation_id, TAKEN_OVER, subject="", note=self._said(failure), at=at
                )
        if fate == "held":
            owe(db, reply.conversation_id)
            outbox.hold(db, reply.id, at, str(error), reason=reason)
        else:
            outbox.mark_failed(db, reply.id, at, str(error), next_at if fate == "later" else None, reason=reason)

    def _pause(self, db: Session, reply: Outgoing, error: SendError) -> None:
        """One case for the account, however many replies meet the same."""
        Officer(self._language).silence(db, locked(db, reply.account_id), error.reason, self._now())

    def _resume(self, db: Session, account_ids: Collection[int]) -> None:
        """They send again, so nobody need look any more."""
        for account_id in account_ids:
            account = locked(db, account_id)
            if account.paused_at is not None and account.pause_reason != Reason.BLOCKED:
                Officer(self._language).dismiss(db, account, account.pause_reason, self._now())
                resume(db, [account_id])

    def _call(self, db: Session, failure: Failure) -> None:
        """One case for all that waits until she writes again, one for each reply that will never go."""
        reply, _, fate, _ = failure
        open_case(
            db,
            reply.account_id,
            reply.conversation_id,
            FAILED,
            subject=WAITS if fate == "held" else f"outbox {reply.id}",
            note=self._said(failure),
            at=self._now(),
        )

    def _said(self, failure: Failure) -> str:
        """What was to be said, why it did not go, and what to do."""
        return f"“{failure.reply.bubble.text}”\n{plain(failure.error.reason, self._language)}"

    def _mark(self) -> None:
        waiting: list[Arrival] = []
        ending = False
        while not ending:
            came = self._come(wait=not waiting)
            ending = None in came
            waiting += [arrival for arrival in came if arrival is not None]
            if waiting and self._marked(waiting):
                waiting = []

    def _come(self, *, wait: bool) -> list[Arrival | None]:
        """What has arrived; None among it at the end. wait: for a first one, and some milliseconds for more."""
        came: list[Arrival | None] = []
        if wait:
            came.append(self._arrivals.get())
            time.sleep(0.005)
        while not self._arrivals.empty():
            came.append(self._arrivals.get())
        return came

    def _marked(self, arrivals: Sequence[Arrival]) -> bool:
        ids = [arrival.reply.id for arrival in arrivals]
        well = {arrival.reply.account_id for arrival in arrivals if arrival.well}
        were_held = {arrival.reply.conversation_id for arrival in arrivals if arrival.reply.again}
        try:
            with self._database.writing() as db:
                for way in {arrival.way for arrival in arrivals}:
                    went = [arrival.reply.id for arrival in arrivals if arrival.way is way]
                    outbox.mark_sent(db, went, self._now(), "" if way is Way.REPLY else way.value)
                if well:
                    self._resume(db, well)
                for conversation_id in were_held:
                    if is_owed(db, conversation_id):  # a part of it waits on
                        continue
                    close_cases(db, conversation_id, FAILED, self._now(), subject=WAITS)
        except SQLAlchemyError as error:
            log.warning("database_gone", error=type(error).__name__)
            time.sleep(0.2)
            return False
        self._on_marked(ids)
        return True
