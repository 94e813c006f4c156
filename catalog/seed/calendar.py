"""The demo's dates, moved to today."""

from datetime import UTC, date, datetime, time, timedelta, timezone

WRITTEN_AS_OF = date(2026, 11, 21)
_VIETNAM = timezone(timedelta(hours=7))  # no summer time since 1975


class Calendar:
    def __init__(self, now: datetime) -> None:
        self.now = now
        self.today = now.astimezone(_VIETNAM).date()
        self._moved = self.today - WRITTEN_AS_OF

    def day(self, written: date) -> date:
        """A date of the demo, as many days from today as it was written from its own today."""
        return written + self._moved

    def at(self, written: date) -> datetime:
        """Eight in the morning of that day in Vietnam."""
        return datetime.combine(self.day(written), time(8), _VIETNAM).astimezone(UTC)
