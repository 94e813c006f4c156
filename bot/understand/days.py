"""Days as people name them. Lunar days (rằm, mùng 1) and stretches (tuần sau, cuối tháng) are not computed: they come
back as None and are asked for."""

import re
from collections.abc import Sequence
from datetime import date, timedelta

from bot.understand.numbers import number_at
from bot.understand.phrases import Phrases
from bot.understand.tokens import Token, read
from bot.understand.units import UNITS
from bot.understand.vocabulary import word_set, words_of

_RELATIVE: Phrases[int] = Phrases((phrase, ahead) for ahead in range(4) for phrase in words_of(f"day_{ahead}"))
_MOT: Phrases[int] = Phrases([("mốt", 2)])
_WEEKDAYS: Phrases[int] = Phrases((name, day) for day in range(7) for name in words_of(f"weekday_{day}"))
_WEEKEND: Phrases[int] = Phrases([("cuối tuần", 5), ("cuối tuần này", 5), ("weekend", 5)])
_NEXT_WEEK: Phrases[int] = Phrases([("tuần sau", 7), ("tuần tới", 7), ("next week", 7)])
_THIS: Phrases[int] = Phrases([("này", 0), ("tuần này", 0), ("tới", 0)])
_VAGUE = word_set("no_day")
_UNCLEAR = word_set("day_unclear")
_LUNAR: Phrases[int] = Phrases([("rằm", 0), ("mùng", 0), ("mồng", 0), ("âm lịch", 0)])
_FULL_MOON: Phrases[int] = Phrases((w, 0) for w in ("!rằm", "ngày rằm", "hôm rằm", "rằm này", "rằm tới", "rằm tháng"))
_FIRST_TEN: Phrases[int] = Phrases([("mùng", 0), ("!mồng", 0)])
_LUNAR_REST: Phrases[int] = Phrases(
    (w, 0) for w in ("này", "tới", "sau", "tết", "âm lịch", "giêng", "chạp", "tháng này", "tháng sau", "tháng tới",
                     "tháng giêng", "tháng chạp")
)  # fmt: skip
_BEFORE_A_LAST_DIGIT = word_set("before_a_last_digit")
_MONTH_DAY = re.compile(r"(?<![0-9/.])([0-9]{1,2})[/.-]([0-9]{1,2})(?:[/.-]([0-9]{4}))?(?![0-9/])")
_IN_WORDS = re.compile(r"(?<![a-z0-9])(?:ngay )?([0-9]{1,2}) thang ([0-9]{1,2})(?![0-9])")
_DAYS_ON = re.compile(r"(?<![a-z0-9])([0-9]{1,2}|hai|ba|bon|nam) (?:ngay|hom|bua) nua(?![a-z])")
_NUMBER_WORDS = {"hai": 2, "ba": 3, "bon": 4, "nam": 5}
_SATURDAY, _WEEK = 5, 7
_LONG_AGO = timedelta(days=180)


def parse_day(text: str, today: date) -> date | None:
    """The day that the text names, today or later; None if none, several, a lunar day, or one that may be a slip.

    A weekday is the next one after today. A day and month without a year that is past lies in the next year,
    unless it passed within half a year: then it is asked for.
    """
    tokens = read(text).tokens
    days = {day_of(tokens[first:last], today) for first, last in day_spans(tokens)}
    if not days and len(words := [t for t in tokens if t.kind != "sign"]) == 1 and _MOT.at(words, 0):
        return today + timedelta(days=2)
    return days.pop() if len(days) == 1 else None


def day_spans(tokens: Sequence[Token]) -> list[tuple[int, int]]:
    """Where days stand: first token and the one after the last."""
    spans, i = [], 0
    while i < len(tokens):
        end = _vague_end(tokens, i)
        if end:
            i = end
            continue
        end = _day_end(tokens, i)
        if end:
            spans.append((i, end))
        i = end or i + 1
    return spans


def day_of(tokens: Sequence[Token], today: date) -> date | None:
    """The day named by exactly these tokens."""
    if _LUNAR.find(tokens) or _UNCLEAR.whole(tokens):
        return None
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
        return named
    return later if year is None and today - named > _LONG_AGO else None


def _vague_end(tokens: Sequence[Token], i: int) -> int | None:
    match = _VAGUE.at(tokens, i)
    return match.end if match else None


def _day_end(tokens: Sequence[Token], i: int) -> int | None:
    if end := _lunar_end(tokens, i):
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


def _lunar_end(tokens: Sequence[Token], i: int) -> int | None:
    """`rằm này`, `mùng 1`, `mùng 5 tháng 10`, `15/10 âm lịch`; unmarked, `mung nam` is a wish and no day."""
    if match := _FULL_MOON.at(tokens, i):
        end = match.end
    elif (match := _FIRST_TEN.at(tokens, i)) and (number := number_at(tokens, match.end)):
        if not (tokens[i].marked or tokens[match.end].kind == "number"):
            return None
        end = number.end
    else:
        numbered = _numbered_day_end(tokens, i) or (i + 1 if tokens[i].kind == "number" else None)
        lunar = numbered and numbered < len(tokens) and _LUNAR_REST.at(tokens, numbered)
        return lunar.end if lunar and _LUNAR.find(tokens[i : lunar.end]) else None
    of_month = end + 1 if end < len(tokens) and tokens[end].plain == "thang" else end
    if tokens[of_month - 1].plain == "thang" and (month := number_at(tokens, of_month)):
        end = month.end
    while end < len(tokens) and (more := _LUNAR_REST.at(tokens, end)):
        end = more.end
    return end


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
