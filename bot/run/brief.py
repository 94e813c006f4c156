"""What is read again and again and seldom changes, remembered for a moment."""

import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")

SECONDS = 0.8
"""A change shows within a second, on every process."""
MOST = 1000


class Brief:
    """One for each process; threads share it. Two that miss at once both read, which harms nobody."""

    def __init__(self, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._kept: dict[Hashable, tuple[float, Any]] = {}

    def get(self, key: Hashable, read: Callable[[], T]) -> T:
        """What `read` gives, or gave a moment ago. What it raises is not remembered."""
        now = self._clock()
        ends, value = self._kept.get(key, (0.0, None))
        if ends <= now:
            value = read()
            if len(self._kept) >= MOST:
                self._kept.clear()
            self._kept[key] = now + self._seconds, value
        found: T = value
        return found
