"""Days as people count them: the day begins at midnight in Vietnam."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


def today(now: datetime) -> date:
    return now.astimezone(VIETNAM).date()


def tomorrow(now: datetime) -> date:
    """The day from which an order can be filled: what a producer has by then can be ordered now."""
    return today(now) + timedelta(days=1)
