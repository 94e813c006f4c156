"""Looks at stamps' pages, counted beside the answer: many in one small write, from a thread that nobody waits for."""

import threading
import time
from collections.abc import Sequence
from queue import Empty, SimpleQueue

import structlog
from sqlalchemy.exc import SQLAlchemyError

from catalog.db import Database
from catalog.scan import Look, count_looks
from catalog.signs import alarm

GATHER = 0.2  # seconds
MOST = 1000
MOST_WAITING = 20_000
"""What comes while the database is gone; more is not counted. A count is no promise to anybody."""
AGAIN = 1.0

log = structlog.get_logger(__name__)

Seen = tuple[Look, str]
"""And the sign of what is odd about it, or nothing."""


class Looks:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: SimpleQueue[Seen] = SimpleQueue()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, look: Look, sign: str) -> None:
        """Returns at once. The thread is started by the first look, after any fork."""
        if self._waiting.qsize() >= MOST_WAITING:
            return
        self._waiting.put((look, sign))
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._keep, name="looks", daemon=True)
                    self._thread.start()

    def _keep(self) -> None:
        while True:
            seen = [self._waiting.get()]
            time.sleep(GATHER)
            while len(seen) < MOST:
                try:
                    seen.append(self._waiting.get_nowait())
                except Empty:
                    break
            while not self._kept(seen):
                time.sleep(AGAIN)

    def _kept(self, seen: Sequence[Seen]) -> bool:
        try:
            with self._database.writing() as db:
                count_looks(db, [look for look, _ in seen])
                for look, sign in seen:
                    if sign:
                        alarm(db, look.code, sign, look.at)
        except SQLAlchemyError as error:
            log.warning("looks_not_counted_yet", error=type(error).__name__, waiting=self._waiting.qsize())
            return False
        return True
