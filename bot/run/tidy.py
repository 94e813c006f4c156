"""Forgets what need not be kept any longer, beside the chat and without its noticing.

Each step is a transaction of at most `ROWS` rows, and after it the tidier rests three times as long as it worked: at
least three quarters of every second of the one writer belong to the chat, however slow the disk is. Measured on two
cores with 10⁶ old events and as many replies: see `docs/operations.md`.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.run import tidy_tables
from bot.run.figures_looked_up import FETCHED
from bot.run.media import KEPT as FILES
from bot.run.tally import Tally
from bot.run.tidy_tables import Marks
from catalog.db import Database

TIDY_SECONDS = 3600.0
ROWS = 500
RESTS = 3.0
LEAST_REST = 0.005

RAW = timedelta(days=7)
"""What came in, word for word, and replies in a web chat to which nobody came back."""
KEYS = timedelta(days=90)
"""The rows of what came in. Their keys are all that tells a second delivery from a first one. Zalo comes again for an
hour and three quarters, Meta for 36 hours; a page whose webhook was switched on again, or a repair from a platform's
own history, may bring weeks: 90 days is as long as the reply to it is kept."""
CHAT = timedelta(days=90)
HELD = timedelta(days=30)
"""Until what was held is no news any more."""
DRAFTS = timedelta(days=30)
SCANS = timedelta(days=90)
NOTES = timedelta(days=90)
CASES = timedelta(days=3 * 365)
FIGURES = timedelta(days=1)

log = structlog.get_logger(__name__)

Chores = Mapping[str, Callable[[datetime], Iterator[int]]]


@dataclass(slots=True)
class Tidier:
    """rest: is given seconds, and says whether to stop. zone: whose midnight parts the days of scans."""

    database: Database
    var_dir: Path
    zone: ZoneInfo
    rest: Callable[[float], bool]
    tally: Tally | None = None
    rows: int = ROWS
    marks: Marks = field(default_factory=Marks)

    def round(self, now: datetime) -> Counter[str]:
        """Everything once, or until it is told to stop; how many rows and files, by what they are."""
        done: Counter[str] = Counter()
        for what, chore in self._chores().items():
            steps = chore(now)
            while True:
                began = time.monotonic()
                count = next(steps, None)
                if count is None:
                    break
                if count:
                    done[what] += count
                    if self.tally is not None:
                        self.tally.add("chophien_tidied", count, what=what)
                if self.rest(max(LEAST_REST, RESTS * (time.monotonic() - began))):
                    return done
        return done

    def _chores(self) -> Chores:
        db, rows, marks = self.database, self.rows, self.marks
        return {
            "events": lambda now: tidy_tables.events(db, now - KEYS, rows),
            "event bodies": lambda now: tidy_tables.bodies(db, now - RAW, rows, marks),
            "held replies": lambda now: tidy_tables.held(db, now - HELD, now, rows),
            "unfetched replies": lambda now: tidy_tables.unfetched(db, FETCHED, now - RAW, now, rows),
            "replies": lambda now: tidy_tables.replies(db, now - CHAT, now, rows),
            "drafts": lambda now: tidy_tables.drafts(db, now - DRAFTS, rows, marks),
            "scans": lambda now: tidy_tables.scans(db, now - SCANS, self.zone, rows),
            "case notes": lambda now: tidy_tables.notes(db, now - NOTES, rows),
            "cases": lambda now: tidy_tables.cases(db, now - CASES, rows),
            "uploads": lambda now: tidy_tables.uploads(db, now, rows),
            "files": lambda now: tidy_tables.media(db, self.var_dir, now - FILES, now, max(1, rows // 10)),
            "scan keys": lambda now: tidy_tables.keys_of_the_day(db, now),
            "figures": lambda now: tidy_tables.figures(db, now - FIGURES),
        }


def tidy_forever(tidier: Tidier, now: Callable[[], datetime], stopping: threading.Event) -> None:
    """A round at the start and every hour. A failure, even a mistake of our own, waits for the next one."""
    while not stopping.is_set():
        began = time.monotonic()
        try:
            done = {what.replace(" ", "_"): count for what, count in tidier.round(now()).items()}
            if done:
                log.info("tidied", seconds=round(time.monotonic() - began, 1), **done)
        except SQLAlchemyError as error:
            log.warning("database_gone", error=type(error).__name__)
        except Exception:
            log.exception("tidying_failed")
        stopping.wait(TIDY_SECONDS)
