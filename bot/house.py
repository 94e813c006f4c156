"""The house rules of reading: what a message means here, in the one order that holds everywhere.

1 the id of a tapped button, also of an old one  2 a valid trace code, an invitation or a stamp's link  3 where the
question asks for a number, a bare number  4 the full words of an open choice  5 the number of an open choice  6 the
house words  7 what the open question is waiting for  8 a new wish. This module decides 1–6 and a plain yes or no; the
engine offers what is left to the step, then to the intents.
"""

from dataclasses import dataclass
from typing import Literal

from bot.conversation import OpenChoice, Question
from bot.event import Event, Number, Photo, Referral, Tap, Text, Voice
from bot.understand.codes import find_invitation, find_trace_code, looks_like_code
from bot.understand.numbers import bare_number
from bot.understand.text import fold
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
        ("xoa du lieu", "xem du lieu", "rut dong y", "ngung nhan tin", "huy nhan tin"), Action("person.data_rights", "")
    ),
    **dict.fromkeys(
        (
            *("xem anh", "xem hinh", "cho xem anh", "cho xem hinh", "hinh anh", "xem hinh anh", "cho xem hinh anh"),
            *("picture", "pictures", "photos", "show pictures", "show photos"),
        ),
        Action("shop.pictures", ""),
    ),
    **dict.fromkeys(("vn", "vi", "tieng viet"), Action("menu.language", "vi")),
    **dict.fromkeys(("en", "english", "tieng anh"), Action("menu.language", "en")),
}
"""Whole messages that mean the same whatever is asked: the rights that the law gives, the pictures, the language."""


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
    word = house_word(words)
    if word:
        return House(word)
    always = ALWAYS.get(fold(words))
    if always:
        return always
    if question is not None and (yes(words) or no(words)):
        key = "yes" if yes(words) else "no"
        for choice in question.choices:
            if choice.key == key:
                return Chosen(choice) if counts or not question.weighty else Early()
    return Rest(Text(words))


def _picked(words: str, question: Question) -> OpenChoice | None:
    for choice in question.choices:
        if any(same_words(words, title) for title in (choice.title, *choice.words)):
            return choice
    begun = title_begun(words, [choice.title for choice in question.choices])
    if begun:
        return next(choice for choice in question.choices if choice.title == begun)
    digits = words.strip()
    if question.expects != "number" and digits.isascii() and digits.isdecimal() and len(digits) <= 2:
        place = int(digits)
        if 1 <= place <= len(question.choices):
            return question.choices[place - 1]
    return None
