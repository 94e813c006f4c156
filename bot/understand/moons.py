"""The months of the Vietnamese lunar calendar: new moons and solar terms by the clock of UTC+7, computed by PyEphem.

The rule is that of the calendar since 1968: a month begins on the day of the new moon; the winter solstice falls in the
eleventh; of thirteen months between two solstices the first one without a principal solar term is the leap month.
PyEphem is loaded when somebody first names a lunar day: most processes never need its 5 ms.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from math import pi

_HERE = timedelta(hours=7)
_ELEVENTH, _YEAR = 11, 12
_TERM = pi / 6  # twelve principal terms in the sun's round


@dataclass(frozen=True, slots=True)
class Month:
    """leap: the second of two with the same number. length: 29 or 30 days."""

    number: int
    leap: bool
    first: date
    length: int


def months_from(today: date, many: int) -> list[Month]:
    """The month of today and those after it. Right for the years 1968 to 2100."""
    months = [month for year in range(today.year - 1, today.year + 3) for month in _sui(year)]
    begin = next(i for i, month in enumerate(months) if today < month.first + timedelta(days=month.length))
    return months[begin : begin + many]


@lru_cache(maxsize=8)
def _sui(year: int) -> tuple[Month, ...]:
    """From the eleventh month in the winter of `year - 1` up to, not with, that in the winter of `year`."""
    firsts = [_eleventh(year - 1)]
    end = _eleventh(year)
    while firsts[-1] < end:
        firsts.append(_new_moon(firsts[-1] + timedelta(days=25)))
    leap_at = next((i for i in range(1, 13) if not _has_term(firsts[i], firsts[i + 1])), 0) if len(firsts) == 14 else 0
    months = []
    for i, (first, after) in enumerate(pairwise(firsts)):
        number = _ELEVENTH + i - bool(leap_at and i >= leap_at)
        months.append(Month((number - 1) % _YEAR + 1, bool(leap_at) and i == leap_at, first, (after - first).days))
    return tuple(months)


def _eleventh(year: int) -> date:
    """First day of the month that holds the winter solstice of the year."""
    import ephem

    solstice = _day_of(ephem.next_winter_solstice(datetime(year, 11, 1, tzinfo=UTC).replace(tzinfo=None)))
    first = _new_moon(solstice - timedelta(days=32))
    while (after := _new_moon(first + timedelta(days=25))) <= solstice:
        first = after
    return first


def _new_moon(after: date) -> date:
    """The day of the first new moon from that day on."""
    import ephem

    midnight = datetime(after.year, after.month, after.day, tzinfo=UTC) - _HERE
    return _day_of(ephem.next_new_moon(midnight.replace(tzinfo=None)))


def _day_of(moment: float) -> date:
    import ephem

    local: datetime = ephem.Date(moment).datetime() + _HERE
    return local.date()


def _has_term(first: date, after: date) -> bool:
    """Whether the sun enters one of its twelve signs between the two midnights."""
    return _sign(first) != _sign(after)


def _sign(day: date) -> int:
    import ephem

    midnight = (datetime(day.year, day.month, day.day, tzinfo=UTC) - _HERE).replace(tzinfo=None)
    return int(float(ephem.Ecliptic(ephem.Sun(midnight), epoch=midnight).lon) / _TERM)
