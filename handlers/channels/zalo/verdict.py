"""What Zalo's error numbers mean for a message that we tried to send: a table for each of its hosts.

Sources: "Phụ lục / Mã lỗi" of the Official Account API and of ZBS Template Message. Errors come inside HTTP 200. One
number means different things on the two hosts (-100, -118).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from enum import Enum
from typing import Any, NoReturn

from bot.reply import Reason, SendError

VIETNAM = timezone(timedelta(hours=7))
OPENS_AT = timedelta(hours=6, minutes=5)
QUOTA_LOOK = timedelta(hours=1)


class Fate(Enum):
    """What becomes of the message, and of what else waits for the same OA."""

    NEVER = "never"
    WAITS = "waits"  # until she has written again
    AGAIN = "again"  # it is tried again
    DOUBTFUL = "doubtful"  # it is tried again, and may be there already
    ACCOUNT = "account"  # tried again, and nothing else goes out before
    PAUSES = "pauses"  # nothing goes out until somebody has mended it


class Refused(SendError):
    """`code` is Zalo's number. Its words are left out: they may repeat what was sent."""

    def __init__(self, code: int, message: str, **known: Any) -> None:
        super().__init__(message, **known)
        self.code = code


Table = Mapping[int, tuple[Reason, Fate]]

OPENAPI: Table = {
    -32: (Reason.THROTTLED, Fate.ACCOUNT),
    -100: (Reason.MEDIA, Fate.AGAIN),  # the upload is older than seven days: upload it once more
    -200: (Reason.LATER, Fate.DOUBTFUL),
    -201: (Reason.SHAPE, Fate.NEVER),
    -202: (Reason.SHAPE, Fate.NEVER),
    -204: (Reason.UNVERIFIED, Fate.PAUSES),  # the OA is disabled
    -205: (Reason.UNVERIFIED, Fate.PAUSES),
    -209: (Reason.RIGHTS, Fate.PAUSES),  # the app is not activated
    -210: (Reason.SHAPE, Fate.NEVER),
    -211: (Reason.QUOTA, Fate.ACCOUNT),
    -212: (Reason.RIGHTS, Fate.PAUSES),
    -213: (Reason.STRANGER, Fate.WAITS),
    -214: (Reason.LATER, Fate.AGAIN),
    -216: (Reason.EXPIRED, Fate.ACCOUNT),
    -217: (Reason.GONE, Fate.WAITS),
    -218: (Reason.QUOTA, Fate.AGAIN),  # of this person, for today
    -219: (Reason.RIGHTS, Fate.PAUSES),
    -220: (Reason.EXPIRED, Fate.ACCOUNT),
    -221: (Reason.UNVERIFIED, Fate.PAUSES),
    -223: (Reason.RIGHTS, Fate.PAUSES),
    -224: (Reason.PACKAGE, Fate.PAUSES),
    -227: (Reason.GONE, Fate.WAITS),
    -230: (Reason.WINDOW, Fate.WAITS),
    -232: (Reason.WINDOW, Fate.WAITS),
    -233: (Reason.SHAPE, Fate.NEVER),
    -234: (Reason.NIGHT, Fate.AGAIN),
    -235: (Reason.RIGHTS, Fate.PAUSES),
    -237: (Reason.RIGHTS, Fate.NEVER),  # groups and assets, which we do not use
    -238: (Reason.RIGHTS, Fate.NEVER),
    -240: (Reason.SHAPE, Fate.NEVER),
    -241: (Reason.RIGHTS, Fate.NEVER),
    -242: (Reason.RIGHTS, Fate.PAUSES),  # `appsecret_proof`: the app's secret or the setting is wrong
    -244: (Reason.GONE, Fate.WAITS),
    -248: (Reason.RESTRICTED, Fate.NEVER),  # this message breaks a rule; others go
    -249: (Reason.SHAPE, Fate.NEVER),
    -305: (Reason.WINDOW, Fate.WAITS),
    -311: (Reason.WINDOW, Fate.WAITS),
    -320: (Reason.MONEY, Fate.WAITS),  # only what goes later than 48 hours costs; replies still go
    -321: (Reason.MONEY, Fate.WAITS),
    -403: (Reason.SHAPE, Fate.NEVER),
}
BUTTONS_REFUSED = frozenset({-224, -233})
"""Codes that a message with buttons may get only because of them: it is to be sent once more, without."""

_CONFIGURATION = (-101, -102, -103, -104, -105, -117, -120, -1202, -1241, -125, -131, -135, -138, -1381, -145, -146)
_TEMPLATE_DATA = (
    -106, -107, -109, -111, -112, -1121, -1122, -1123, -1124, -113, -1131, -116, -121, -122, -130, -132, -153, -161,
)  # fmt: skip
_PERSON = (-108, -110, -114, -118, -119, -134, -139, -140, -141)
_MONEY = (-115, -126, -136, -137)
_QUOTA = (-144, -1441, -147, -1471, -1472)

BUSINESS: Table = {
    # A notice that cannot go as a template stops nobody's replies: nothing here pauses the account.
    **dict.fromkeys(_CONFIGURATION, (Reason.RIGHTS, Fate.NEVER)),
    **dict.fromkeys(_TEMPLATE_DATA, (Reason.SHAPE, Fate.NEVER)),
    **dict.fromkeys(_PERSON, (Reason.GONE, Fate.WAITS)),
    **dict.fromkeys(_MONEY, (Reason.MONEY, Fate.WAITS)),
    **dict.fromkeys(_QUOTA, (Reason.QUOTA, Fate.AGAIN)),
    -32: (Reason.THROTTLED, Fate.ACCOUNT),
    -100: (Reason.LATER, Fate.AGAIN),
    -124: (Reason.EXPIRED, Fate.ACCOUNT),
    -127: (Reason.RIGHTS, Fate.NEVER),  # a test template goes to admins only
    -133: (Reason.NIGHT, Fate.AGAIN),
    -1351: (Reason.RESTRICTED, Fate.NEVER),
}
TEMPLATE_BY_USER: Table = {**BUSINESS, **OPENAPI, -100: BUSINESS[-100]}
"""A template by user id goes through the OA's host, but what is wrong with it has the numbers of the other."""


def refuse(code: int, table: Table, now: datetime, *, passing: bool = False) -> NoReturn:
    """Raises `Refused`. passing: the HTTP status is 5xx, which decides for a number that is not in the table."""
    reason, fate = table.get(code, (Reason.LATER, Fate.DOUBTFUL) if passing else (Reason.SHAPE, Fate.NEVER))
    raise Refused(
        code,
        f"{reason.value} {code}",
        reason=reason,
        permanent=fate is Fate.NEVER,
        waits=fate is Fate.WAITS,
        retry_after=_wait(reason, fate, now),
        unknown=fate is Fate.DOUBTFUL,
        whole_account=fate is Fate.ACCOUNT,
        pauses=fate is Fate.PAUSES,
    )


def next_minute(now: datetime) -> float:
    """Seconds to the next clock minute, in which calls are counted anew."""
    return 60 - now.second - now.microsecond / 1e6


def _wait(reason: Reason, fate: Fate, now: datetime) -> float | None:
    match reason:
        case Reason.THROTTLED:
            return next_minute(now)
        case Reason.NIGHT:
            return _until(OPENS_AT, now)
        case Reason.QUOTA if fate is Fate.ACCOUNT:  # somebody may buy more: look every hour
            return min(_until(timedelta(minutes=5), now), QUOTA_LOOK.total_seconds())
        case Reason.QUOTA:
            return _until(timedelta(minutes=5), now)
    return None


def _until(clock: timedelta, now: datetime) -> float:
    """Seconds to that time of the day in Viet Nam, today or tomorrow."""
    here = now.astimezone(VIETNAM)
    then = here.replace(hour=0, minute=0, second=0, microsecond=0) + clock
    return ((then if then > here else then + timedelta(days=1)) - here).total_seconds()
