"""Days of the Vietnamese lunar calendar: `rằm tháng giêng`, `mùng 2 tết`, `15/10 âm lịch`.

The calendar is that of UTC+7: in 2007 and 2030 Tết is a day before the Chinese New Year.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bot.understand.moons import months_from
from bot.understand.numbers import has, number_at
from bot.understand.phrases import Phrases
from bot.understand.tokens import Token, read

_FULL_MOON: Phrases[int] = Phrases(
    (w, 15) for w in ("!rằm", "ngày rằm", "hôm rằm", "rằm này", "rằm tới", "rằm sau", "rằm tháng")
)
_DAY: Phrases[int] = Phrases((w, 0) for w in ("ngày", "hôm", "bữa"))
_FIRST_TEN: Phrases[int] = Phrases([("mùng", 0), ("!mồng", 0)])
_EVE: Phrases[int] = Phrases([("giao thừa", 30), ("đêm giao thừa", 30)])
MONTH_NAMES: Phrases[int] = Phrases([("giêng", 1), ("chạp", 12)])
_THIS_MONTH: Phrases[int] = Phrases([("này", 0), ("sau", 1), ("tới", 1)])
_LEAP: Phrases[int] = Phrases([("nhuận", 1)])
_LUNAR: Phrases[int] = Phrases([("âm lịch", 0), ("!âm", 0), ("al", 0)])
_TET: Phrases[int] = Phrases([("tết", 0)])
_COMING: Phrases[int] = Phrases([("này", 0), ("tới", 0), ("sau", 1)])
_MONTH_ONE_IN_WORDS = "mot"  # the eleventh month to the old, the first to the young
_NEXT_OR_SIX = "sau"  # typed without accents
_LONGEST_MONTH, _LAST_MONTH, _FIRST_DAYS = 30, 12, 10
_YEARS = range(1968, 2099)  # since the calendar is that of UTC+7
_MONTHS_AHEAD = 14


@dataclass(frozen=True, slots=True)
class LunarDay:
    """A day in both calendars, so that both can be read back: rằm tháng 10 is thứ Hai 23/11.

    leap: of the second of two months with the same number. `30 tết` is the last day of a year, even if the 29th.
    """

    day: int
    month: int
    leap: bool
    solar: date


@dataclass(frozen=True, slots=True)
class _Said:
    """Up to token `end`. month, months_on: None if not said; 0 months on is this month. unclear: to be asked for."""

    end: int
    day: int
    month: int | None = None
    months_on: int | None = None
    leap: bool = False
    last: bool = False
    unclear: bool = False


def lunar_first_words() -> frozenset[str]:
    """Folded words that a lunar day may begin with, beside numbers."""
    return _EVE.first_words | _DAY.first_words | _FULL_MOON.first_words | _FIRST_TEN.first_words


def lunar_day(text: str, today: date) -> LunarDay | None:
    """The lunar day that the text names, the next one from today on; None if none, two, or one that is not clear.

    Not clear are `tháng một`, a day that its month lacks, `rằm tháng này` when it is past, and a month of which a leap
    twin is nearer.
    """
    tokens = read(text).tokens
    days: set[LunarDay | None] = set()
    i = 0
    while i < len(tokens):
        said = _said_at(tokens, i)
        if said:
            days.add(_found(said, today))
        i = said.end if said else i + 1
    return days.pop() if len(days) == 1 else None


def lunar_end(tokens: Sequence[Token], i: int) -> int | None:
    """Where the lunar day that begins at token `i` ends; unmarked, `mung nam` is a wish and no day."""
    said = _said_at(tokens, i)
    return said.end if said else None


def lunar_day_of(tokens: Sequence[Token], today: date) -> LunarDay | None:
    """The lunar day named by exactly these tokens."""
    said = _said_at(tokens, 0) if tokens else None
    return _found(said, today) if said and said.end == len(tokens) else None


def _said_at(tokens: Sequence[Token], i: int) -> _Said | None:
    if match := _EVE.at(tokens, i):
        return _Said(match.end, _LONGEST_MONTH, _LAST_MONTH, last=True)
    at = i + 1 if has(_DAY, tokens, i) else i
    if _FULL_MOON.at(tokens, i) or _FULL_MOON.at(tokens, at):
        return _of_month(tokens, at + 1, 15, lunar=True)
    if match := _FIRST_TEN.at(tokens, at):
        number = number_at(tokens, match.end)
        wish = at > 0 and tokens[at - 1].plain == "chuc"
        if number is None or wish or not (tokens[at].marked or tokens[match.end].kind == "number"):
            return None
        whole = number.value == int(number.value) and 1 <= number.value <= _FIRST_DAYS
        return _of_month(tokens, number.end, int(number.value) if whole else 0, lunar=True)
    number = number_at(tokens, at)
    if number is None or number.value != int(number.value) or not 1 <= number.value <= _LONGEST_MONTH:
        return None
    return _of_month(tokens, number.end, int(number.value), lunar=False)


def _of_month(tokens: Sequence[Token], i: int, day: int, *, lunar: bool) -> _Said | None:
    """The month after a day and what tells that it is a lunar one; None if nothing does."""
    month, months_on, leap, unclear, end = None, None, False, day == 0, i
    slash = i + 1 < len(tokens) and tokens[i].plain == "/" and tokens[i + 1].kind == "number"
    if slash or (i + 1 < len(tokens) and tokens[i].plain == "thang"):
        relative = _THIS_MONTH.at(tokens, i + 1) if lunar else None
        if named := MONTH_NAMES.at(tokens, i + 1):
            month, end, lunar = named.values[0], named.end, True
        elif relative:
            months_on, end = relative.values[0], relative.end
            unclear = unclear or (tokens[i + 1].plain == _NEXT_OR_SIX and not any(t.marked for t in tokens[: i + 1]))
        elif number := number_at(tokens, i + 1):
            month, end = int(number.value), number.end
            unclear = unclear or tokens[i + 1].plain == _MONTH_ONE_IN_WORDS or not 1 <= number.value <= _LAST_MONTH
    if leaping := _LEAP.at(tokens, end) if month else None:
        leap, end = True, leaping.end
    last = False
    if tet := _TET.at(tokens, end) if month is None else None:
        if not lunar and day < 20:
            return None
        month, end, last = (1 if day <= _FIRST_DAYS else _LAST_MONTH), tet.end, day == _LONGEST_MONTH
        lunar = True
    if calendar := _LUNAR.at(tokens, end):
        lunar, end = True, calendar.end
    if lunar and months_on is None and (coming := _COMING.at(tokens, end)):
        unclear, end = unclear or coming.values == (1,), coming.end
    return _Said(end, day, month, months_on, leap, last, unclear) if lunar else None


def _found(said: _Said, today: date) -> LunarDay | None:
    """The next day of that kind."""
    if said.unclear or today.year not in _YEARS:
        return None
    for place, of in enumerate(months_from(today, _MONTHS_AHEAD)):
        month, leap, first, length = of.number, of.leap, of.first, of.length
        day = min(said.day, length) if said.last else said.day
        solar = first + timedelta(days=day - 1)
        if (said.months_on is not None and said.months_on != place) or (said.leap and not leap):
            continue
        if said.months_on is not None:
            return LunarDay(day, month, leap, solar) if solar >= today and day <= length else None
        if (said.month in (None, month)) and solar >= today:
            if said.month is not None and (leap != said.leap or day > length):
                return None
            if day <= length:
                return LunarDay(day, month, leap, solar)
    return None
