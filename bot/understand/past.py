"""The day on which something was done, as people name it: `hôm qua`, `12/9`, `thứ bảy tuần trước`, `3 hôm trước`."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from bot.understand.days import day_words, parse_day
from bot.understand.phrases import Phrases
from bot.understand.text import plain_letters
from bot.understand.tokens import read
from bot.understand.wordlists import table, words_of

_BACK: Phrases[int] = Phrases(
    [
        *((words, 0) for words in words_of("day_0")),
        *((words, int(days)) for days, several in table("days.json")["back"].items() for words in several),
    ]
)
_WEEKDAYS: Phrases[int] = Phrases((name, day) for day in range(7) for name in words_of(f"weekday_{day}"))
_LAST_WEEK: Phrases[int] = Phrases((words, 1) for words in table("days.json")["last_week"])
_AGO = re.compile(r"(?<![a-z0-9])([0-9]{1,3}|hai|ba|bon|nam) (?:ngay|hom|bua) (?:truoc|roi|ve truoc)(?![a-z])")
_BEFORE_NOW = re.compile(r"(?<![a-z])cach day ([0-9]{1,3}|hai|ba|bon|nam) (?:ngay|hom|bua)(?![a-z])")
_NUMBER_WORDS = {"hai": 2, "ba": 3, "bon": 4, "nam": 5}
_MONTH_DAY = re.compile(
    r"(?<![0-9/.-])(?:ngay )?([0-9]{1,2})(?:[/.-]| thang )([0-9]{1,2})(?:(?:[/.-]| nam )([0-9]{4}))?"
    r"(?![0-9/]|[.-][0-9])"
)
_BARE = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})")
_COUNTED: Phrases[int] = Phrases((words, 0) for words in table("days.json")["counted"])
_MIXED = re.compile(r"(?<![a-z])npk[ :]*$")
_LARGEST_PART = 5
"""`1/2`, `3/4`, `2/5` of something are said; `5/10` is a day, whatever stands behind it."""
_SOON = timedelta(days=60)
"""A day and month so near ahead are meant as said; farther ahead they are last year's."""


@dataclass(frozen=True, slots=True)
class Told:
    """on: the day; None where none is named, or one that is not clear. spans: where it stands, in characters."""

    on: date | None
    spans: tuple[tuple[int, int], ...] = ()

    @property
    def unclear(self) -> bool:
        return self.on is None and bool(self.spans)


def told_day(text: str, today: date) -> Told:
    """The day that the text names, past or to come."""
    plain = plain_letters(text)
    ago = _AGO.search(plain) or _BEFORE_NOW.search(plain)
    if ago:
        days = _NUMBER_WORDS.get(ago[1]) or int(ago[1])
        return Told(today - timedelta(days=days), (ago.span(),))
    spans = sorted({*day_words(text), *(found.span() for found in _MONTH_DAY.finditer(plain) if _day_of(found, today))})
    spans = [one for one in spans if not any(other != one and _inside(one, other) for other in spans)]
    spans = [one for one in spans if not _is_amount(text, plain, one)]
    if not spans:
        return Told(None)
    last_week = any(_LAST_WEEK.whole(read(text[first:last]).tokens) for first, last in spans)
    named = [text[first:last] for first, last in spans if not _LAST_WEEK.whole(read(text[first:last]).tokens)]
    days_named = {_named(words, today, last_week=last_week) for words in named}
    in_words = {_named(words, today, last_week=last_week) for words in named if not _BARE.fullmatch(words)}
    if len(days_named) > 1 and len(in_words) == 1 and None not in in_words:
        on = in_words.pop()
        return Told(on, tuple(one for one in spans if _says(text[one[0] : one[1]], on, today)))
    return Told(days_named.pop() if len(days_named) == 1 else None, tuple(spans))


def _is_amount(text: str, plain: str, span: tuple[int, int]) -> bool:
    """`1/2 bình`, `2-3 kg`, `npk 5-10`: how much of something, or how it is mixed."""
    found = _BARE.fullmatch(plain[span[0] : span[1]])
    if found is None:
        return False
    if _MIXED.search(plain[: span[0]]):
        return True
    least, most = int(found[1]), int(found[3])
    if least >= most or (found[2] == "/" and most > _LARGEST_PART):
        return False
    return _COUNTED.at(read(text[span[1] :]).tokens, 0) is not None


def _says(words: str, on: date | None, today: date) -> bool:
    """Whether these words name no other day."""
    return not _BARE.fullmatch(words) or _named(words, today, last_week=False) == on


def _named(words: str, today: date, *, last_week: bool) -> date | None:
    tokens = read(words).tokens
    back = _BACK.at(tokens, 0)
    if back:
        return today - timedelta(days=back.values[0])
    weekday = _WEEKDAYS.at(tokens, 0)
    if weekday and len(weekday.values) == 1:
        return _last(weekday.values[0], today, last_week=last_week)
    found = _MONTH_DAY.search(plain_letters(words))
    return _day_of(found, today) if found else parse_day(words, today)


def _last(weekday: int, today: date, *, last_week: bool) -> date:
    """The one before today; of last week where that is said."""
    if last_week:
        return today - timedelta(days=today.weekday() + 7 - weekday)
    return today - timedelta(days=(today.weekday() - weekday - 1) % 7 + 1)


def _day_of(found: re.Match[str], today: date) -> date | None:
    try:
        on = date(int(found[3]) if found[3] else today.year, int(found[2]), int(found[1]))
        if found[3] is None and on - today > _SOON:
            on = on.replace(year=on.year - 1)
    except ValueError:  # 31/2
        return None
    return on


def _inside(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return other[0] <= one[0] and one[1] <= other[1]
