"""How many calls a minute an account may make, with a part kept free for replies, so that notices wait first."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

FOR_REPLIES = 0.25
"""The part of a full minute that notices leave alone: somebody may be waiting for an answer."""


@dataclass(slots=True)
class _Bucket:
    """waiting: how many of each kind (replies, notices) were told to come back."""

    left: float
    filled_at: float
    waiting: list[int] = field(default_factory=lambda: [0, 0])


class Pace:
    """A bucket of calls for each account, refilled evenly. Threads may share it. clock: seconds, only going up."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[int, _Bucket] = {}
        self._lock = threading.Lock()

    def wait(self, account_id: int, calls_a_minute: int, *, notice: bool) -> float:
        """0 and one call is taken, or seconds to wait until one may be free, with none taken.

        Those who wait are told to come back one after the other, not all at the same moment.
        """
        rate = calls_a_minute / 60
        with self._lock:
            bucket = self._filled(account_id, calls_a_minute)
            least = min(calls_a_minute, 1 + (calls_a_minute * FOR_REPLIES if notice else 0))
            if bucket.left >= least:
                bucket.left -= 1
                bucket.waiting[notice] = max(0, bucket.waiting[notice] - 1)
                return 0.0
            bucket.waiting[notice] += 1
            return (least - bucket.left + bucket.waiting[notice] - 1) / rate

    def learn(self, account_id: int, calls_a_minute: int, left: int) -> None:
        """The platform says how many calls are left in its own minute: never assume more."""
        with self._lock:
            bucket = self._filled(account_id, calls_a_minute)
            bucket.left = min(bucket.left, left)

    def _filled(self, account_id: int, calls_a_minute: int) -> _Bucket:
        now = self._clock()
        bucket = self._buckets.setdefault(account_id, _Bucket(calls_a_minute, now))
        bucket.left = min(calls_a_minute, bucket.left + (now - bucket.filled_at) * calls_a_minute / 60)
        bucket.filled_at = now
        if bucket.left == calls_a_minute:
            bucket.waiting = [0, 0]
        return bucket
