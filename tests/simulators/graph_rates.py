"""Counting calls: how many are allowed, and the usage headers. Source: "overview/rate-limiting", Graph's own page.

Per page: 200 × people it can reach in 24 hours, 300 messages a second, 10 a second with sound or film; the profile
10 times in 10 minutes, a menu for one person as often. A call that is refused is counted too.
"""

import json
from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.simulators.graph_clock import DAY
from tests.simulators.graph_fields import Refused

SECOND = timedelta(seconds=1)


@dataclass(slots=True)
class Limits:
    per_engaged: int = 200
    per_second: int = 300
    media_per_second: int = 10
    profile: int = 10
    profile_span: timedelta = timedelta(minutes=10)


class Rates:
    """limits: can be set lower, to meet them with fewer calls."""

    def __init__(self) -> None:
        self.limits = Limits()
        self._calls: dict[tuple[str, str], deque[datetime]] = defaultdict(deque)

    def call(self, page_id: str, engaged: int, now: datetime) -> None:
        """Any call for a page. Raises Refused with 80006."""
        most = self._most(engaged)
        if self._count(("day", page_id), DAY, now) > most:
            raise Refused(80006, "(#80006) There have been too many calls for this Page account", 2446079)

    def message(self, page_id: str, kind: str, now: datetime) -> None:
        """kind: "audio" and "video" are counted apart. Raises Refused with 613."""
        slow = kind in ("audio", "video")
        most = self.limits.media_per_second if slow else self.limits.per_second
        self._limited(("slow" if slow else "fast", page_id), most, SECOND, now)

    def profile(self, whose: str, now: datetime) -> None:
        """whose: a page's id, or a person's for her own menu. Raises Refused with 613."""
        self._limited(("profile", whose), self.limits.profile, self.limits.profile_span, now)

    def headers(self, page_id: str, engaged: int, now: datetime) -> dict[str, str]:
        """Percentages, and the minutes until calls are taken again."""
        calls = self._calls[("day", page_id)]
        most = self._most(engaged)
        percent = min(100, len(calls) * 100 // most)
        over = len(calls) - most
        wait = -((now - (calls[over] + DAY)) // timedelta(minutes=1)) if over >= 0 and calls else 0
        app = {"call_count": percent, "total_time": percent, "total_cputime": percent}
        use = {"type": "messenger", **app, "estimated_time_to_regain_access": max(0, wait) if over > 0 else 0}
        return {"X-App-Usage": json.dumps(app), "X-Business-Use-Case-Usage": json.dumps({page_id: [use]})}

    def _most(self, engaged: int) -> int:
        return self.limits.per_engaged * max(1, engaged)

    def _limited(self, key: tuple[str, str], most: int, span: timedelta, now: datetime) -> None:
        if self._count(key, span, now) > most:
            raise Refused(613, "(#613) Calls to this api have exceeded the rate limit.")

    def _count(self, key: tuple[str, str], span: timedelta, now: datetime) -> int:
        calls = self._calls[key]
        calls.append(now)
        while calls[0] <= now - span:
            calls.popleft()
        return len(calls)
