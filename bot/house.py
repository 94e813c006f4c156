"""The house rules of reading: what a message means here, in the one order that holds everywhere.

1 the id of a tapped button, also of an old one  2 a valid trace code, an invitation or a stamp's link  3 where the
question asks for a number, a bare number  4 the full words of an open choice  5 the number of an open choice  6 the
house words  7 what the open question is waiting for  8 a new wish. This module decides 1–6 and a plain yes or no; the
engine offers what is left to the step, then to the intents.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from bot.conversation import OpenChoice, Question
from bot.event import Event, Number, Photo, Referral, Tap, Text, Voice
from bot.understand.codes import find_invitation, find_trace_code, looks_like_code
from bot.understand.numbers import bare_number
from bot.understand.text import bare, clean, fold, has_marks
from bot.understand.words import house_word, no, same_words, title_begun, yes

HouseWord = Literal["menu", "person", "back", "change", "cancel", "help"]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A choice of the open question."""

    choice: OpenChoice


@dataclass(frozen=True, slots=True)
class Action:
    """A button that names something, and so works at any time."""

    key: str
    arg: str


@dataclass(frozen=True, slots=True)
class Over:
    """A button of a question that is closed, or one that we never made."""


@dataclass(frozen=True, slots=True)
class Early:
    """A yes that was typed before the question was asked, or that came late: it does not count."""


@dataclass(frozen=True, slots=True)
class Code:
    """Twelve digits that check: a stamp, or an invitation. `invites` where they were written as one (`nsx-…`)."""

    code: str
    invites: bool = False


@dataclass(frozen=True, slots=True)
class House:
    word: HouseWord


@dataclass(frozen=True, slots=True)
class Rest:
    """For the step, then for the intents."""

    heard: Event | Number


MOST_IN_AN_ARGUMENT = 18
"""What a button is about is an id or a code: longer than that it is not ours, and no number of a database."""

Meaning = Chosen | Action | Over | Early | Code | House | Rest


ALWAYS = {
    **dict.fromkeys(
        (
            *("xoa du lieu", "xem du lieu", "rut dong y"),
            *("xoa du lieu cua toi", "xem du lieu cua toi", "xoa thong tin", "xoa thong tin cua toi"),
        ),
        Action("person.data_rights", ""),
    ),
    **dict.fromkeys(
        (
            *("ngung nhan tin", "huy nhan tin", "dung nhan tin", "tat thong bao", "unsubscribe"),
            *("dung nhan tin nua", "khong nhan tin nua", "dung gui tin nua", "stop messages"),
        ),
        Action("person.opts_out", ""),
    ),
    **dict.fromkeys(
        (
            *(f"{verb}{noun}" for verb in ("xem ", "coi ", "gui ", "xem lai ", "") for noun in ("anh", "hinh")),
            *("hinh anh", "xem hinh anh", "coi hinh anh", "gui hinh anh", "co anh khong", "co hinh khong"),
            *("gui hinh cho chi xem", "gui anh cho chi xem", "gui hinh xem", "gui anh xem"),
            *("picture", "pictures", "photos", "show pictures", "show photos", "show me the pictures"),
            *("show me the photos", "show me pictures", "show me photos"),
        ),
        Action("shop.pictures", ""),
    ),
    **dict.fromkeys(("bao hang", "bao hang ban", "bao hang moi", "dang hang", "dang ban"), Action("post.start", "")),
    **dict.fromkeys(("vn", "vi", "tieng viet"), Action("menu.language", "vi")),
    **dict.fromkeys(("en", "english", "english please", "speak english", "tieng anh"), Action("menu.language", "en")),
}
"""Whole messages that mean the same whatever is asked: the rights that the law gives, the pictures, the language."""
del ALWAYS["anh"]  # alone that is how one speaks to a man

LEADS = frozenset(
    (
        *("dạ", "vâng", "ừ", "ừm", "uh", "uk", "ờ", "à", "ok", "oke", "okie", "oki", "yes", "đúng", "rồi", "phải"),
        *("chuẩn", "được", "đc", "dc", "có", "thế", "thì", "vậy", "e", "em", "c", "chị", "anh", "bác", "cô", "chú"),
        *("cháu", "con", "tôi", "tui", "mình", "mk", "cho", "để", "lấy", "chọn", "bấm", "muốn", "xin", "giúp"),
    )
)
"""Words that may stand before the words of a choice: `ừ đặt đi`, `tôi không đồng ý`, `cho chị xem giỏ`."""
UNSURE_LEADS = {"dung": "roi"}
"""Without accents this may be `đừng`; it leads only before the word beside it: `dung roi dat di`."""
TAILS = frozenset(
    (
        *("a", "nhe", "nha", "nhen", "nghen", "hen", "di", "em", "chau", "con", "shop", "ad", "ban", "voi", "giup"),
        *("luon", "ha", "do", "nua"),
    )
)
AGREES, REFUSES = frozenset({"yes", "engine.drop"}), frozenset({"no", "engine.keep"})
SAYS_YES = frozenset({"co", "co chu"})
"""`có` answers a question that is open; alone it says nothing."""
AFTER_RIGHT = TAILS | {"roi", "vay", "the", "day", "y", "chuan", "ok"}
"""Words that follow `đúng` and not `đừng`."""
ASKED_FOR = frozenset(f"giup {who}" for who in ("chi", "anh", "bac", "co", "chu", "minh", "toi", "tui"))
NO_WITH_ITS_VERB = 3  # words: `không đồng ý`, unlike the end of `được không em`
MOST_LED = 8  # words; a longer message is a sentence and picks nothing
_WORD = re.compile(r"[^\W_]+")

_PLACE = re.compile(r"(?:(?:cai|mon|muc|dong|nut)(?: so| thu)?|loai thu|so|number|option) ([a-z0-9]+(?: [a-z]+)?)")
_ENDS = {
    **dict.fromkeys(("dau", "dau tien", "thu nhat", "tren", "tren cung"), 0),
    **dict.fromkeys(("cuoi", "cuoi cung", "sau cung", "duoi", "duoi cung"), -1),
}
_END = re.compile(rf"(?:cai|mon|loai|dong|nut|lua chon) ({'|'.join(sorted(_ENDS, key=len, reverse=True))})")


def button_id(question: int, key: str, arg: str) -> str:
    """What a button carries: the question's id, the choice's key, and what it is about."""
    return f"{question}:{key}:{arg}"


def meaning(event: Event, question: Question | None, *, counts: bool) -> Meaning:
    """What an event means while this question is open.

    counts: whether the event is later than the question, so that it may confirm, pay or cancel.
    """
    match event:
        case Tap(choice, title):
            return _tapped(choice, title, question, counts=counts)
        case Referral(ref):
            written = ref.removeprefix("t-")
            named = written != ref or ref.startswith("nsx-") or looks_like_code(written)
            return _code(ref) or Rest(Text(written) if named else event)
        case Text(words):
            return _typed(words, question, counts=counts)
        case Photo(_, caption) | Voice(_, caption) if code := find_trace_code(caption):
            return Code(code)
        case _:
            return Rest(event)


def _tapped(choice: str, title: str, question: Question | None, *, counts: bool) -> Meaning:
    number, separator, rest = choice.partition(":")
    if not separator:
        return Rest(Text(title or choice))
    key, _, arg = rest.partition(":")
    if question is not None and number == str(question.id):
        for open_choice in question.choices:
            if (open_choice.key, open_choice.arg) == (key, arg):
                return Chosen(open_choice) if counts or not question.weighty else Early()
    return Action(key, arg) if "." in key and len(arg) <= MOST_IN_AN_ARGUMENT else Over()


def _code(words: str) -> Code | None:
    found = find_trace_code(words)
    if found:
        return Code(found)
    invitation = find_invitation(words)
    return Code(invitation, invites=True) if invitation else None


def _typed(words: str, question: Question | None, *, counts: bool) -> Meaning:
    code = _code(words)
    if code:
        return code
    number = bare_number(words)
    if question is not None:
        if question.expects == "number" and number is not None:
            return Rest(Number(number))
        picked = _picked(words, question)
        if picked:
            return Chosen(picked) if counts or not question.weighty else Early()
    counted = _PLACE.fullmatch(_without_tails(words))
    word = house_word(counted[1] if counted and counted[1].isdecimal() else words)
    if word:
        return House(word)
    always = next((ALWAYS[short] for short in map(_without_tails, _led(words)) if short in ALWAYS), None)
    if always:
        return always
    agrees = yes(words) or _without_tails(words) in SAYS_YES
    if question is not None and (agrees or no(words)):
        keys = AGREES if agrees else REFUSES
        for choice in question.choices:
            if choice.key in keys:
                return Chosen(choice) if counts or not question.weighty else Early()
    return Rest(Text(words))


def _picked(words: str, question: Question) -> OpenChoice | None:
    """The choice that the words name, count, or begin to name."""
    if _forbids(words, question):
        return None
    chosen = _named(words, question)
    if chosen:
        return chosen
    begun = title_begun(words, [choice.title for choice in question.choices])
    if begun:
        return next(choice for choice in question.choices if choice.title == begun)
    return _counted(words, question) if question.expects != "number" else None


def _forbids(words: str, question: Question) -> bool:
    """Whether it says `đừng`, which folded looks like `đúng`; without accents only where a yes saves or spends."""
    spoken = clean(words).lower().split()
    if "đừng" in spoken:
        return True
    plain = len(spoken) > 1 and spoken[0] == "dung" and not has_marks(words)
    return question.weighty and plain and spoken[1].isalpha() and spoken[1] not in AFTER_RIGHT


def _named(words: str, question: Question) -> OpenChoice | None:
    """By its full words, with a yes or a few words before them that change nothing; `được không` names no `không`."""
    for choice in question.choices:
        if any(same_words(words, title) for title in (choice.title, *choice.words)):
            return choice
    names = {
        bare(part): choice
        for choice in reversed(question.choices)
        for title in (choice.title, *choice.words)
        for part in (title, *title.split(", "))
        if bare(part)
    }
    for said in _led(words):
        if said is not words and no(said) and len(_without_tails(said).split()) < NO_WITH_ITS_VERB:
            return None
        for named in (bare(said), _without_tails(said)):
            if named in names:
                return names[named]
    return None


def _counted(words: str, question: Question) -> OpenChoice | None:
    """By its number: `2`, `hai`, `lấy số 2`, `cái thứ hai`; or by its end of the list: `cái đầu tiên`, `cái cuối`."""
    place = _whole(bare_number(words))
    for said in map(_without_tails, _led(words)):
        if place is not None:
            break
        at_end, counted = _END.fullmatch(said), _PLACE.fullmatch(said)
        if at_end:
            printed = question.choices[: question.bubble.offset] or question.choices
            return printed[_ENDS[at_end[1]]] if printed else None
        if counted:
            place = 1 if counted[1] == "nhat" else _whole(bare_number(counted[1]))
    return question.choices[place - 1] if place is not None and 1 <= place <= len(question.choices) else None


def _whole(number: Decimal | None) -> int | None:
    return int(number) if number is not None and number == number.to_integral_value() else None


def _led(words: str) -> Iterator[str]:
    """The message, and what is left of a short one as leading words are taken away, one by one."""
    yield words
    spoken = list(_WORD.finditer(clean(words).lower()))
    if len(spoken) > MOST_LED:
        return
    typed = [word[0] for word in spoken]
    for place in range(len(typed) - 1):
        if not _leads(typed[place], typed[place + 1]):
            return
        yield " ".join(typed[place + 1 :])


def _leads(word: str, following: str) -> bool:
    if word in LEADS:
        return True
    if has_marks(word) or word not in _PLAIN_LEADS:
        return False
    return word not in UNSURE_LEADS or fold(following) == UNSURE_LEADS[word]


def _without_tails(words: str) -> str:
    """Folded, and without the polite words behind."""
    spoken = bare(words).split()
    while len(spoken) > 1 and (spoken[-1] in TAILS or " ".join(spoken[-2:]) in ASKED_FOR):
        spoken.pop()
    return " ".join(spoken)


_PLAIN_LEADS = frozenset(map(fold, LEADS))
