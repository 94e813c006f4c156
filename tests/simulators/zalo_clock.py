"""The time that a stand-in for Zalo lives by: still until moved, or running faster than the wall."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

VIETNAM = timezone(timedelta(hours=7))
SATURDAY_MORNING = datetime(2026, 11, 21, 9, 0, tzinfo=VIETNAM)


class Clock:
    """Call it for the moment now, aware. speed: virtual seconds to a real one; 0 stands still."""

    def __init__(
        self,
        start: datetime = SATURDAY_MORNING,
        speed: float = 0.0,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._start, self._speed, self._seconds = start, speed, seconds
        self._since = seconds()
        self._moved = timedelta()
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        with self._lock:
            return self._start + self._moved + timedelta(seconds=(self._seconds() - self._since) * self._speed)

    def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Move on, or back with negative numbers."""
        with self._lock:
            self._moved += timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def milliseconds(moment: datetime) -> str:
    """A moment as Zalo writes it: a string of epoch milliseconds."""
    return str(int(moment.astimezone(UTC).timestamp() * 1000))


def day(moment: datetime) -> str:
    """A moment as a Vietnamese date, DD/MM/YYYY."""
    return moment.astimezone(VIETNAM).strftime("%d/%m/%Y")
