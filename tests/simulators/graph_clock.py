"""Meta's clock in a test: it stands still until it is moved, or runs many times faster than ours."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

DAY = timedelta(days=1)


class Clock:
    """Called, it tells the moment. speed: its seconds in one of ours; 0 stands still. ticks: our own seconds."""

    def __init__(self, start: datetime, speed: float = 0.0, ticks: Callable[[], float] = time.monotonic) -> None:
        self._now = start
        self._speed = speed
        self._ticks = ticks
        self._since = ticks()

    def __call__(self) -> datetime:
        return self._now + timedelta(seconds=(self._ticks() - self._since) * self._speed)

    def advance(self, **delta: float) -> datetime:
        """Move it on by `days=`, `hours=`, `minutes=` or `seconds=`, and tell the new moment."""
        self._now += timedelta(**delta)
        return self()


def today() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)
