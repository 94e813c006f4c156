"""How long a reply waits before another try, and a whole account where the platform wants nothing of it for now."""

import random
import threading
import time
from dataclasses import dataclass

BACK_OFF = (1, 4, 15, 60, 300)  # seconds
AHEAD = 1.0
"""Seconds that all others wait for news of the reply that went first after a hold."""


def back_off(tries: int) -> float:
    """Seconds, give or take a fifth, after so many earlier tries."""
    base = BACK_OFF[min(tries, len(BACK_OFF) - 1)]
    return base * random.uniform(0.8, 1.2)  # noqa: S311 (jitter, not a secret)


@dataclass(slots=True)
class _Hold:
    """In seconds of `time.monotonic`. guesses: how many were as long as we guessed, since something was sent."""

    since: float
    until: float
    guesses: int


class Holds:
    """By account; threads may share it. `began`: when the call to the platform began, by `time.monotonic`."""

    def __init__(self) -> None:
        self._held: dict[int, _Hold] = {}
        self._well: set[int] = set()  # have sent something since the start and since their last hold
        self._lock = threading.Lock()

    def wait(self, account_id: int) -> float:
        """Seconds to wait, 0 to go. After a hold one goes ahead, the others when it has arrived or `AHEAD` is over."""
        with self._lock:
            hold = self._held.get(account_id)
            if hold is None:
                return 0.0
            now = time.monotonic()
            if hold.until > now:
                return hold.until - now
            hold.until = now + AHEAD
            return 0.0

    def hold(self, account_id: int, began: float, seconds: float | None) -> float:
        """Nothing goes out for so long; None: longer every time. Seconds to wait.

        Calls that were on their way when the hold began say nothing new.
        """
        with self._lock:
            now = time.monotonic()
            hold = self._held.get(account_id)
            if hold is None or began >= hold.since:
                guesses = hold.guesses if hold else 0
                if seconds is None:
                    seconds = back_off(guesses)
                    guesses += 1
                hold = self._held[account_id] = _Hold(now, now + seconds, guesses)
                self._well.discard(account_id)
            else:
                hold.until = max(hold.until, now + (seconds or 0.0))
            return hold.until - now

    def sent(self, account_id: int, began: float) -> bool:
        """A reply has arrived, which ends a hold. True if it is the first since then, or since the start."""
        with self._lock:
            hold = self._held.get(account_id)
            if account_id in self._well or (hold is not None and began < hold.since):
                return False
            self._held.pop(account_id, None)
            self._well.add(account_id)
            return True
