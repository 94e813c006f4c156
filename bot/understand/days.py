"""Days as people name them, with lunar ones (rằm, mùng 1).

A stretch (tuần sau, cuối tháng) is no day: it comes back as None and is asked for.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta

from bot.understand.lunar import MONTH_NAMES, lunar_day_of, lunar_end, lunar_first_words
from bot.understand.numbers import number_at, number_first_words
from bot.understand.phrases import Match, Phrases
from bot.understand.text import origins
from bot.understand.tokens import Token, read
from bot.understand.units import UNITS
from bot.understand.vocabulary import word_set
from bot.understand.wordlists import table, words_of

_RELATIVE: Phrases[int] = Phrases((phrase, ahead) for ahead in range(4) for phrase in words_of(f"day_{ahead}"))
_MOT: Phrases[int] = Phrases([("mốt", 2)])
_WEEKDAYS: Phrases[int] = Phrases((name, day) for day in range(7) for name in words_of(f"weekday_{day}"))
_WEEKEND: Phrases[int] = Phrases([("cuối tuần", 5), ("cuối tuần này", 5), ("weekend", 5)])
_NEXT_WEEK: Phrases[int] = Phrases([("tuần sau", 7), ("tuần tới", 7), ("next week", 7)])
_THIS: Phrases[int] = Phrases([("này", 0), ("tuần này", 0), ("tới", 0)])
_VAGUE = word_set("no_day")
_UNCLEAR = word_set("day_unclear")
_STRETCHES: Phrases[int] = Phrases((words, 0) for words in table("days.json")["stretch"])
_PART: Phrases[int] = Phrases((word, 0) for word in table("days.json")["part"])
_BEFORE_A_CAKE: Phrases[int] = Phrases((word, 0) for word in table("days.json")["named_after_tet"])
_BEFORE_A_LAST_DIGIT = word_set("before_a_last_digit")
_MONTH_DAY = re.compile(r"(?<![0-9/.])([0-9]{1,2})[/.-]([0-9]{1,2})(?:[/.-]([0-9]{4}))?(?![0-9/])")
_IN_WORDS = re.compile(r"(?<![a-z0-9])(?:ngay )?([0-9]{1,2}) thang ([0-9]{1,2})(?![0-9])")
_DAYS_ON = re.compile(r"(?<![a-z0-9])([0-9]{1,2}|hai|ba|bon|nam) (?:ngay|hom|bua) nua(?![a-z])")
_NUMBER_WORDS = {"hai": 2, "ba": 3, "bon": 4, "nam": 5}
_AHEAD: Phrases[int] = Phrases((f"{unit} nữa", 0) for unit in ("tuần", "tháng", "hôm", "bữa", "ngày", "năm"))
_SATURDAY, _WEEK, _LAST_MONTH = 5, 7, 12
_LONG_AGO = timedelta(days=180)
_FAR = timedelta(days=400)  # a year so far ahead is a slip

_FIRST_WORDS = frozenset({"ngay", "thang"}).union(
    *(phrases.first_words for phrases in (_VAGUE, _UNCLEAR, _RELATIVE, _WEEKEND, _WEEKDAYS, _MOT, _STRETCHES, _PART)),
    lunar_first_words(),
    number_first_words(),
)
"""Three of four words begin no day: to look closer only at the fourth takes a third of the time."""


def parse_day(text: str, today: date) -> date | None:
    """The day that the text names, today or later; None if none, several, a stretch, or one that may be a slip.

    A weekday is the next one after today. A day and month without a year that is past lies in the next year,
    unless it passed within half a year: then it is asked for. A lunar day is the next one (see `lunar.lunar_day`).
    """
    tokens = read(text).tokens
    days = {day_of(tokens[first:last], today) for first, last in day_spans(tokens)}
    if not days and len(words := [t for t in tokens if t.kind != "sign"]) == 1 and _MOT.at(words, 0):
        return today + timedelta(days=2)
    return days.pop() if len(days) == 1 else None


def day_spans(tokens: Sequence[Token]) -> list[tuple[int, int]]:
    """Where days stand: first token and the one after the last."""
    return _spans(tokens, _day_end)


def day_words(text: str) -> list[tuple[int, int]]:
    """Where the text names a day or a stretch of days, also a past one: places of the first character and the end.

    `hôm qua`, `tuần trước`, `tết`, `tháng 4`, `vụ sau`, `3 ngày nữa`. The `này` of `thứ bảy này` says nothing more and
    is left out, that of `tuần này` stays.
    """
    message = read(text)
    tokens = message.tokens
    spans = []
    for first, last in _spans(tokens, _day_or_stretch_end):
        spare = last - 1 > first and tokens[last - 1].plain == "nay" and _needs_no_this(tokens, first)
        spans.append((tokens[first].start, tokens[last - 2 if spare else last - 1].end))
    if text == message.text:
        return spans
    places = origins(text)
    return [(places[first], places[last - 1] + 1) for first, last in spans]


def _spans(tokens: Sequence[Token], end_of: Callable[[Sequence[Token], int], int | None]) -> list[tuple[int, int]]:
    """From left to right, what `end_of` finds; words that only look like a day are passed over."""
    spans, i = [], 0
    while i < len(tokens):
        if tokens[i].kind != "number" and tokens[i].plain not in _FIRST_WORDS:
            i += 1
        elif vague := _vague_end(tokens, i):
            i = vague
        elif end := end_of(tokens, i):
            spans.append((i, end))
            i = end
        else:
            i += 1
    return spans


def _day_or_stretch_end(tokens: Sequence[Token], i: int) -> int | None:
    return max(_day_end(tokens, i) or 0, _stretch_end(tokens, i) or 0) or None


def day_of(tokens: Sequence[Token], today: date) -> date | None:
    """The day named by exactly these tokens."""
    if _UNCLEAR.whole(tokens):
        return None
    if tokens and lunar_end(tokens, 0) == len(tokens):
        lunar = lunar_day_of(tokens, today)
        return lunar.solar if lunar else None
    if _MOT.at(tokens, 0) and len(tokens) == 1:
        return today + timedelta(days=2)
    if match := _RELATIVE.at(tokens, 0):
        return today + timedelta(days=match.values[0])
    weekday = _WEEKDAYS.at(tokens, 0)
    if weekday and len(weekday.values) == 1:
        ahead = (weekday.values[0] - today.weekday() - 1) % _WEEK + 1
        if weekday.end < len(tokens) and _NEXT_WEEK.at(tokens, weekday.end):
            return today + timedelta(days=_WEEK - today.weekday() + weekday.values[0])
        return today + timedelta(days=ahead)
    if _WEEKEND.at(tokens, 0):
        return today + timedelta(days=max(0, _SATURDAY - today.weekday()))
    words = " ".join(t.plain for t in tokens)
    if found := _DAYS_ON.search(words):
        return today + timedelta(days=_NUMBER_WORDS.get(found.group(1)) or int(found.group(1)))
    joined = "".join(t.plain for t in tokens if t.plain != "ngay")
    if found := _IN_WORDS.search(words) or _MONTH_DAY.fullmatch(joined):
        year = found.group(3) if found.re is _MONTH_DAY else None
        return _on(int(found.group(1)), int(found.group(2)), int(year) if year else None, today)
    return None


def _on(day: int, month: int, year: int | None, today: date) -> date | None:
    try:
        named = date(year or today.year, month, day)
        later = named.replace(year=named.year + 1)
    except ValueError:  # 31/2, or 29/2 of another year
        return None
    if named >= today:
        return named if named - today <= _FAR else None
    return later if year is None and today - named > _LONG_AGO else None


def _vague_end(tokens: Sequence[Token], i: int) -> int | None:
    match = _VAGUE.at(tokens, i)
    return match.end if match else None


def _day_end(tokens: Sequence[Token], i: int) -> int | None:
    if end := lunar_end(tokens, i):
        return end
    if _is_mot(tokens, i):
        return i + 1
    for phrases in (_UNCLEAR, _RELATIVE, _WEEKEND):
        if match := phrases.at(tokens, i):
            return match.end
    if match := _WEEKDAYS.at(tokens, i):
        for more in (_NEXT_WEEK, _THIS):
            if match.end < len(tokens) and (longer := more.at(tokens, match.end)):
                return longer.end
        return match.end
    return _numbered_day_end(tokens, i)


def _stretch_end(tokens: Sequence[Token], i: int) -> int | None:
    """`hôm qua`, `tết`, `cuối tháng 10`, `tháng giêng`, `2 tuần nữa`."""
    part = _PART.at(tokens, i)
    first = part.end if part else i
    if first < len(tokens) and tokens[first].plain == "thang":
        named = MONTH_NAMES.at(tokens, first + 1) or number_at(tokens, first + 1)
        if named and (isinstance(named, Match) or 1 <= named.value <= _LAST_MONTH) and not _is_length(tokens, first):
            return named.end
    number = number_at(tokens, i)
    if number and (nua := _AHEAD.at(tokens, number.end)):
        return nua.end
    if tokens[i].plain == "tet" and not tokens[i].marked and i and _BEFORE_A_CAKE.at(tokens, i - 1):
        return None
    match = _STRETCHES.at(tokens, i)
    return match.end if match else None


def _needs_no_this(tokens: Sequence[Token], i: int) -> bool:
    """Whether a `này` at the end can go: `thứ bảy này`, `tết này`; not that of `tuần này` or the nay of `hôm nay`."""
    return _WEEKDAYS.at(tokens, i) is not None or tokens[i].plain in ("tet", "ram")


def _is_length(tokens: Sequence[Token], i: int) -> bool:
    """`3 tháng 2 lần`: how long and how often, no month."""
    return i > 0 and tokens[i - 1].kind == "number"


def _is_mot(tokens: Sequence[Token], i: int) -> bool:
    """The day after tomorrow: not the last digit of `hai mốt`, `tạ mốt`; without its accent only in `mot co`."""
    if not _MOT.at(tokens, i):
        return False
    followed = i + 1 < len(tokens) and tokens[i + 1].kind == "word"
    if i and (tokens[i - 1].kind == "number" or _BEFORE_A_LAST_DIGIT.at(tokens, i - 1)):
        return False
    if i and UNITS.at(tokens, i - 1) and not followed:
        return False
    return tokens[i].marked or (followed and tokens[i + 1].plain == "co")


def _numbered_day_end(tokens: Sequence[Token], i: int) -> int | None:
    """`22/11`, `22-11-2026`, `ngày 22/11`, `22 tháng 11`, `3 ngày nữa`."""
    first = i + 1 if tokens[i].plain == "ngay" and i + 1 < len(tokens) else i
    words = [t.plain for t in tokens[first : first + 5]]
    if len(words) >= 3 and tokens[first].kind in ("number", "word"):
        if _DAYS_ON.fullmatch(" ".join(words[:3])) or _IN_WORDS.fullmatch(" ".join(words[:3])):
            return first + 3
        if tokens[first].kind == "number" and words[1] in ("/", "-"):
            for size in (5, 3) if words[1] == "/" or first > i else (5,):
                found = _MONTH_DAY.fullmatch("".join(words[:size])) if len(words) >= size else None
                if found and 1 <= int(found.group(1)) <= 31 and 1 <= int(found.group(2)) <= 12:
                    return first + size
    if tokens[first].kind == "number" and first > i and re.fullmatch(r"[0-9]{1,2}[.-][0-9]{1,2}", tokens[first].text):
        return first + 1
    return None
