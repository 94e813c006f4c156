"""What was done in a garden, as people tell it: `sáng nay bác bón phân cho cam rồi`. Words: `data/diary.json`."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from bot.understand.lexicon import Mention, mentions
from bot.understand.numbers import bare_number
from bot.understand.past import told_day
from bot.understand.phrases import Match, Phrases
from bot.understand.text import plain_letters
from bot.understand.tokens import Message, Token, read
from bot.understand.wordlists import table

_LISTS = table("diary.json")


def _words(name: str) -> Phrases[int]:
    return Phrases((words, 0) for words in _LISTS[name])


_KINDS: Phrases[tuple[str, str]] = Phrases(
    (words, (kind, words.removeprefix("!"))) for kind, several in _LISTS["kinds"].items() for words in several
)
_WRITE, _DONE, _AROUND, _JOINS = _words("asks_to_write"), _words("done"), _words("around"), _words("joins")
_GARDENS = _words("gardens")
_ASKS, _LOOK, _PASSPORT, _FORGOT = _words("asks"), _words("asks_to_look"), _words("passport"), _words("forgot")
_NOT_DONE, _COULD_NOT, _CLAUSE_ENDS = _words("not_done"), _words("could_not"), _words("clause_ends")
_TAIL, _OFFERS, _SHOWS, _THE_DIARY = _words("tail"), _words("offers"), _words("shows"), _words("the_diary")
_NUMBER = "[0-9]{1,3}|(?:hai |ba )?muoi(?: [a-z]+)?|mot|hai|ba|bon|nam|sau|bay|tam|chin"
_WAIT = re.compile(
    r"(?:,? ?(?:thoi gian )?(?:cach ly|cho|doi|kieng)(?: du| du so| khoang| them)? )"
    rf"({_NUMBER}) ?(?:ngay|hom|bua)(?![a-z])"
)
_DAYS = re.compile(rf"(?<![0-9a-z])({_NUMBER}) ?(?:ngay|hom|bua)(?![a-z])")
LONGEST_WAIT = 180
"""Days: no label asks for more."""


@dataclass(frozen=True, slots=True)
class Work:
    """kind: as `catalog.acts.stamps.WriteDiary` has it. words: what is written down, with accents if known."""

    kind: str
    words: str
    wait_days: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """on: None where no day was named, or it is unclear. products: her words for what it was done to."""

    works: tuple[Work, ...]
    on: date | None = None
    unclear: bool = False
    products: tuple[str, ...] = ()
    told_of: bool = False  # it says itself that something was done, or that it is for the diary
    asked: bool = False  # it is a question, and tells of nothing


def read_diary(text: str, today: date) -> Told:
    """All that a sentence says of work in a garden; no works where it tells of none."""
    message = read(text)
    text = message.text
    day = told_day(text, today)
    wait = _WAIT.search(plain_letters(text))
    gone = [*day.spans, *([wait.span()] if wait else [])]
    tokens = [t for t in message.tokens if not any(a <= t.start and t.end <= b for a, b in gone)]
    matches = _KINDS.find(tokens)
    inside = {t.start for match in matches for t in tokens[match.start : match.end]}
    goods = [m for m in _goods(tokens) if tokens[m.first].start not in inside]
    done = [number for number in range(len(matches)) if _is_done(tokens, matches, number)]
    works = list(_merged(_work(message, tokens, matches, number, goods) for number in done))
    if wait and works:
        place = next((i for i, work in enumerate(works) if work.kind == "spray"), 0)
        works[place] = replace(works[place], wait_days=_days(wait[1]))
    begins = bool(matches) and matches[0].start == 0
    told_of = bool(_WRITE.find(tokens) or _DONE.find(tokens) or day.spans or wait or begins)
    products = tuple(dict.fromkeys(_typed(message, tokens[m.first : m.last]) for m in goods))
    asked = _questions(tokens)
    return Told(tuple(works), day.on, day.unclear, products, told_of and not asked, asked)


def asks_to_write(text: str) -> bool:
    """`ghi nhật ký giúp bác`: whether it is for the diary, whatever was done."""
    tokens = read(text).tokens
    return bool(_WRITE.find(tokens)) and not _questions(tokens) and not asks_to_read(text)


def asks_to_read(text: str) -> bool:
    """`xem nhật ký lô cam`: what is written there already."""
    tokens = read(text).tokens
    shows = next(iter(_SHOWS.find(tokens)), None)
    return shows is not None and any(shows.end <= match.start for match in _THE_DIARY.find(tokens))


def offers(text: str) -> bool:
    """`măng đã phơi khô, ai lấy nhắn tôi`: goods are offered, whatever was done to them."""
    return bool(_OFFERS.find(read(text).tokens))


def asks_what_lacks(text: str) -> bool:
    """`hộ chiếu lô cam còn thiếu gì`"""
    tokens = read(text).tokens
    return bool(_LOOK.find(tokens) and _PASSPORT.find(tokens))


def products_in(text: str) -> tuple[str, ...]:
    """Her words for the products in a sentence."""
    message = read(text)
    return tuple(_typed(message, message.tokens[m.first : m.last]) for m in _goods(message.tokens))


def read_wait(text: str) -> tuple[str, int | None]:
    """Which remedy and how many days to wait, as she answers that: `abamectin 7 ngày`. Empty, None: she forgot."""
    message = read(text)
    if _FORGOT.find(message.tokens):
        return "", None
    number = bare_number(text)
    if number is not None:
        return "", int(number) if number <= LONGEST_WAIT else None
    plain = plain_letters(message.text)
    found = _WAIT.search(plain) or _DAYS.search(plain)
    if found is None:
        return message.text.strip(" ,.;"), None
    rest = f"{message.text[: found.start()]} {message.text[found.end() :]}"
    return " ".join(rest.split()).strip(" ,.;"), _days(found[1])


def _days(typed: str) -> int | None:
    """`7`, `muoi lam`"""
    number = bare_number(typed)
    return None if number is None else min(int(number), LONGEST_WAIT)


def _goods(tokens: Sequence[Token]) -> list[Mention]:
    """The products named; without accents a common word is one behind a garden's: `vuon buoi`."""
    return [m for m in mentions(tokens) if not m.everyday or (m.first and _GARDENS.at(tokens, m.first - 1))]


def _is_done(tokens: Sequence[Token], matches: Sequence[Match[tuple[str, str]]], number: int) -> bool:
    """Whether nothing in its clause says that it was left undone, is yet to come, or was said by somebody else."""
    match = matches[number]
    undone = [m for m in _NOT_DONE.find(tokens[: match.start]) if not _ends_between(tokens, m.end, match.start)]
    after = matches[number + 1].start if number + 1 < len(matches) else len(tokens)
    failed = _COULD_NOT.find(tokens[match.end : after])
    return not undone and not any(not _ends_between(tokens, match.end, match.end + m.start) for m in failed)


def _ends_between(tokens: Sequence[Token], first: int, last: int) -> bool:
    """Whether a clause ends between these tokens."""
    return any(
        tokens[i].kind == "sign" or _CLAUSE_ENDS.at(tokens, i) or _WRITE.at(tokens, i) for i in range(first, last)
    )


def _work(
    message: Message,
    tokens: Sequence[Token],
    matches: Sequence[Match[tuple[str, str]]],
    number: int,
    goods: list[Mention],
) -> Work:
    """The words from this one to the next, without the goods and what joins."""
    match = matches[number]
    kind, phrase = match.values[0]
    end = matches[number + 1].start if number + 1 < len(matches) else len(tokens)
    if number + 1 < len(matches) and not _is_done(tokens, matches, number + 1):
        denied = next((m.start for m in _NOT_DONE.find(tokens[match.end : end])), None)
        end = end if denied is None else match.end + denied
    of_goods = {i for m in goods for i in range(m.first, m.last)}
    kept = [i for i in range(match.end, end) if i not in of_goods]
    kept = [i for i in kept if not (_AROUND.at(tokens, i) and _leads_to_goods(tokens, i, of_goods))]
    while kept and (tokens[kept[-1]].kind == "sign" or _JOINS.at(tokens, kept[-1])):
        kept.pop()
    while kept and (tokens[kept[0]].kind == "sign" or _JOINS.at(tokens, kept[0])):
        kept.pop(0)
    more = " ".join(_runs(message, tokens, kept))
    return Work(kind, f"{phrase} {more}".strip())


def _leads_to_goods(tokens: Sequence[Token], i: int, of_goods: set[int]) -> bool:
    """Whether only such words stand between it and the goods, or the end: `cho vườn cam`."""
    while i < len(tokens) and i not in of_goods and _AROUND.at(tokens, i):
        i += 1
    return i >= len(tokens) or i in of_goods


def _runs(message: Message, tokens: Sequence[Token], kept: Sequence[int]) -> Iterator[str]:
    """As typed, a piece for each row of neighbours."""
    first = 0
    for place in range(1, len(kept) + 1):
        if place == len(kept) or kept[place] != kept[place - 1] + 1:
            yield _typed(message, [tokens[i] for i in kept[first:place]])
            first = place


def _merged(works: Iterator[Work]) -> Iterator[Work]:
    """Neighbours of one kind are one line: `phân loại, đóng túi, dán tem`."""
    last: Work | None = None
    for work in works:
        if last is not None and last.kind == work.kind:
            last = replace(last, words=f"{last.words}, {work.words}")
            continue
        if last is not None:
            yield last
        last = work
    if last is not None:
        yield last


def _questions(tokens: Sequence[Token]) -> bool:
    """Whether it asks something."""
    words = [t for t in tokens if t.kind != "sign"]
    asked = any(t.text == "?" for t in tokens)
    while len(words) > 1 and _TAIL.at(words, len(words) - 1):
        words.pop()
    return asked or any(_ASKS.whole(words[-size:]) for size in (1, 2) if len(words) > size)


def _typed(message: Message, tokens: Sequence[Token]) -> str:
    return message.text[tokens[0].start : tokens[-1].end]
