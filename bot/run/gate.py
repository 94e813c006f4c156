"""How often an address may look up codes: what 12 digits lack in bits, these limits give back.

Counted in Redis, for all processes together; each window begins with its first look-up. While Redis does not answer,
every process counts for itself. An address is kept as a keyed hash that is another one every day.
"""

import time
from collections.abc import Callable
from datetime import datetime

import structlog
from redis import Redis
from redis.exceptions import RedisError

from catalog.vault import Vault

A_MINUTE, A_DAY, MISSES = 30, 300, 20
MINUTE, HOUR, DAY = 60, 3600, 24 * 3600
RESTS = 5.0  # seconds for which a Redis that did not answer is not asked again
MOST_KEPT = 50_000

log = structlog.get_logger(__name__)


class Gate:
    """`handlers.pages.views.Gate`."""

    def __init__(self, redis: Redis, vault: Vault, now: Callable[[], datetime]) -> None:
        self._redis = redis
        self._vault = vault
        self._now = now
        self._own = _Windows()
        self._silent_until = 0.0

    def ask(self, address: str) -> int:
        name = self._name(address)
        minute, day, misses = self._count(
            [(f"look:{name}:m", MINUTE, 1), (f"look:{name}:d", DAY, 1), (f"look:{name}:x", HOUR, 0)]
        )
        if day > A_DAY:
            return DAY
        if misses >= MISSES:
            return HOUR
        return MINUTE if minute > A_MINUTE else 0

    def miss(self, address: str) -> int:
        return self._count([(f"look:{self._name(address)}:x", HOUR, 1)])[0]

    def _name(self, address: str) -> str:
        return self._vault.index(f"{self._now():%Y-%m-%d} {address}")[:32]

    def _count(self, windows: list[tuple[str, int, int]]) -> list[int]:
        """What each window holds after adding: key, seconds that it lasts, what to add."""
        if time.monotonic() >= self._silent_until:
            try:
                with self._redis.pipeline(transaction=False) as all_of_them:
                    for key, seconds, by in windows:
                        all_of_them.set(key, 0, ex=seconds, nx=True)
                        all_of_them.incrby(key, by)
                    return [int(count) for count in all_of_them.execute()[1::2]]
            except RedisError as error:
                self._silent_until = time.monotonic() + RESTS
                log.warning("look_ups_counted_alone", error=type(error).__name__)
        return [self._own.add(key, seconds, by) for key, seconds, by in windows]


class _Windows:
    """The same in memory. A full book is thrown away: rather let somebody through than grow without end."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, int]] = {}

    def add(self, key: str, seconds: int, by: int) -> int:
        now = time.monotonic()
        if len(self._kept) > MOST_KEPT:
            self._kept.clear()
        ends, count = self._kept.get(key, (0.0, 0))
        if ends <= now:
            ends, count = now + seconds, 0
        self._kept[key] = ends, count + by
        return count + by
