"""A `Say` becomes words: the sentence in the person's language, and money, dates and amounts at her lips.

The catalogues in `locales/` are read once, at the first use: a language that has no entry falls back to Vietnamese,
then to the English msgid.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import assert_never

from babel.messages.pofile import read_po

from bot.effect import Amount, Day, Lines, Listed, Money, Param, Say, Spoken, Word

LOCALES = Path(__file__).parent.parent / "locales"
LANGUAGES = ("vi", "en")
ELDERS = frozenset({"bác", "cô", "chú", "cô/chú", "ông", "bà"})
WEEKDAYS = (
    Word("Monday"),
    Word("Tuesday"),
    Word("Wednesday"),
    Word("Thursday"),
    Word("Friday"),
    Word("Saturday"),
    Word("Sunday"),
)


@dataclass(frozen=True, slots=True)
class Voice:
    """To whom we speak, and how: every sentence may use these as parameters."""

    language: str
    you: str
    coop: str
    name: str = ""

    @property
    def params(self) -> Mapping[str, str]:
        return _params_of(self)


@lru_cache(maxsize=1024)
def _params_of(voice: Voice) -> Mapping[str, str]:
    """What every sentence may use, made once for a voice: a reply is some six sentences."""
    me = "cháu" if voice.you in ELDERS else "em"
    named = f"{voice.you} {voice.name}".strip() if voice.language == "vi" else voice.name or voice.you
    return {
        "you": voice.you,
        "You": _capital(voice.you),
        "me": me,
        "Me": _capital(me),
        "coop": voice.coop,
        "named": named,
        "Named": _capital(named),
    }


@cache
def _catalogue(language: str) -> dict[str, tuple[str, ...]]:
    path = LOCALES / language / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return {}
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    found: dict[str, tuple[str, ...]] = {}
    for message in catalogue:
        if message.id and message.string and not message.fuzzy:
            key = message.id[0] if isinstance(message.id, tuple | list) else message.id
            forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
            if forms[0]:
                found[key] = tuple(forms)
    return found


def _template(language: str, msgid: str, plural: str, count: int) -> str:
    for candidate in dict.fromkeys((language, "vi")):
        if candidate == "en" and language == "en" and msgid not in _catalogue("en"):
            break  # English is what the msgids are
        forms = _catalogue(candidate).get(msgid)
        if forms:
            return forms[min(len(forms) - 1, 0 if count == 1 else 1)]
    return plural if plural and count != 1 else msgid


def sentence(msgid: str, language: str, **params: Param) -> str:
    """One sentence for a page or a log line that speaks to nobody in particular."""
    return words(Say(msgid, params), Voice(language, "anh/chị", ""))


def words(bubble: Say, voice: Voice) -> str:
    """The text of a `Say`. Parameters are data: a percent sign in one of them is never a format."""
    template = _template(voice.language, bubble.msgid, bubble.plural, bubble.count)
    if not bubble.params and "%" not in template:
        return template
    return template % {**voice.params, **{name: in_words(value, voice) for name, value in bubble.params.items()}}


def in_words(value: Param, voice: Voice) -> str:
    """One parameter as it is read inside a sentence."""
    match value:
        case str():
            return value
        case int() | Decimal():
            return number(Decimal(value), voice.language)
        case Money(vnd):
            return money(vnd, voice.language)
        case Spoken(vnd):
            return spoken(vnd, voice.language)
        case Amount(quantity, unit):
            return f"{number(quantity, voice.language)} {unit}"
        case Day(on, style):
            return day(on, style, voice)
        case Lines(of, numbered, bullet):
            heads = (f"{n}. " if numbered else bullet for n in range(1, len(of) + 1))
            return "\n".join(head + words(line, voice) for head, line in zip(heads, of, strict=True))
        case Listed(of):
            return ", ".join(part if isinstance(part, str) else words(part, voice) for part in of)
        case Word(msgid):
            return _template(voice.language, msgid, "", 1)
        case Say():
            return words(value, voice)
        case _:
            assert_never(value)


def money(vnd: int, language: str) -> str:
    """`489.000đ`, in English `489,000₫`."""
    return number(Decimal(vnd), language) + ("đ" if language == "vi" else "₫")


def spoken(vnd: int, language: str) -> str:
    """`25 nghìn` where that is exact and people say it so, otherwise as `money`."""
    if language == "vi" and 1000 <= vnd < 1_000_000 and vnd % 1000 == 0:
        return f"{vnd // 1000} nghìn"
    return money(vnd, language)


def number(value: Decimal, language: str) -> str:
    """`1.200`, `2,5`; in English `1,200`, `2.5`. At most three places, none that are zero."""
    plain = f"{value.normalize():,.3f}".rstrip("0").rstrip(".")
    return plain.translate(str.maketrans(",.", ".,")) if language == "vi" else plain


def day(on: date, style: str, voice: Voice) -> str:
    """`22/11/2026`; see `Day` for the styles."""
    match style:
        case "short":
            return f"{on.day:02}/{on.month:02}"
        case "month":
            return f"{on.month:02}/{on.year}"
        case "weekday":
            return f"{in_words(WEEKDAYS[on.weekday()], voice)} {on.day:02}/{on.month:02}"
        case _:
            return f"{on.day:02}/{on.month:02}/{on.year}"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
