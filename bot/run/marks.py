"""What the tables are told of the replies: which arrived, which failed, and which account sends no more."""

import queue
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot import outbox
from bot.outbox import Outgoing
from bot.reply import SendError
from bot.run.vital import vital
from catalog.account import pause, resume
from catalog.case import open_case
from catalog.db import Database

log = structlog.get_logger(__name__)


class Arrival(NamedTuple):
    """well: the account sends again, as far as we know."""

    outbox_id: int
    account_id: int
    well: bool


class Marks:
    """`start`, `arrived` and `failed` from any thread, `stop`. on_marked: is given the ids that are out of the way."""

    def __init__(
        self, database: Database, now: Callable[[], datetime], on_marked: Callable[[Sequence[int]], None]
    ) -> None:
        self._database = database
        self._now = now
        self._on_marked = on_marked
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

    def failed(self, reply: Outgoing, error: SendError, *, dead: bool, next_at: datetime) -> bool:
        """Keep the failure, and call a person where it will not mend itself. False if the database did not answer."""
        try:
            with self._database.writing() as db:
                outbox.mark_failed(db, reply.id, self._now(), str(error), None if dead else next_at)
                if error.pauses:
                    self._pause(db, reply, str(error))
                elif dead:
                    self._call(db, reply, reply.conversation_id, f"outbox {reply.id}", str(error))
        except SQLAlchemyError as gone:
            log.warning("database_gone", error=type(gone).__name__)
            return False
        if dead:
            self._on_marked([reply.id])
        return True

    def _pause(self, db: Session, reply: Outgoing, reason: str) -> None:
        """One case for the account, however many replies meet the same."""
        if pause(db, reply.account_id, reason, self._now()):
            self._call(db, reply, None, f"account {reply.account_id}", reason)

    def _call(self, db: Session, reply: Outgoing, conversation_id: int | None, subject: str, note: str) -> None:
        open_case(db, reply.account_id, conversation_id, "failed send", subject=subject, note=note, at=self._now())

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
        ids = [arrival.outbox_id for arrival in arrivals]
        well = {arrival.account_id for arrival in arrivals if arrival.well}
        try:
            with self._database.writing() as db:
                outbox.mark_sent(db, ids, self._now())
                if well:
                    resume(db, well)
        except SQLAlchemyError as error:
            log.warning("database_gone", error=type(error).__name__)
            time.sleep(0.2)
            return False
        self._on_marked(ids)
        return True
