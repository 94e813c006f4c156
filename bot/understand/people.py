"""Who somebody is: a name and a phone number in one line, and how to address her."""

import re
from dataclasses import dataclass
from functools import cache

import phonenumbers

from bot.understand.phrases import Phrases
from bot.understand.text import letters, plain_letters, tone_key
from bot.understand.tokens import read
from bot.understand.vocabulary import word_set
from bot.understand.wordlists import table

_REGION = "VN"
_OF_A_PERSON = (
    phonenumbers.PhoneNumberType.MOBILE,
    phonenumbers.PhoneNumberType.FIXED_LINE,
    phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
)
_NUMBER = re.compile(r"(?<![0-9])(?:\+|00)?[0-9](?:[ .()\u2010-\u2015-]{0,2}[0-9]){8,13}(?![0-9])")
_MONEY = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{3})+")
_COUNTED = re.compile(r" ?(?:[kđd]\b|kg|tr|ngh|ng[aà]n|t[aấyạ]|c[aâ]n|k[yý]|qu|tr[aá]i|con\b|%)", re.IGNORECASE)
_ABOUT = word_set("around_a_name")
_HONORIFICS = ("chị", "anh", "cô", "chú", "bác", "ông", "bà")
_HONORIFIC: Phrases[str] = Phrases((h, h) for h in _HONORIFICS)
# Words of an address or of a sentence, which no name begins with.
_NO_NAMES = word_set("never_in_a_name")
_LONGEST_NAME = 6  # words
_LONGEST_WORD = 20


@dataclass(frozen=True, slots=True)
class ContactWords:
    """What was found of a name and a number. The name is without `chị` or `anh`; the phone is 0912345678."""

    name: str
    phone: str | None
    honorific: str = ""


def read_contact(text: str) -> ContactWords:
    """`chị Hằng, 0912.345.678` → Hằng, 0912345678, chị. Either may be missing: an empty name, no phone."""
    phone, rest = None, text
    for found in _NUMBER.finditer(letters(text)):
        phone = _phone(found)
        if phone:
            rest = f"{text[: found.start()]} , {text[found.end() :]}"
            break
    name, honorific = _name(rest)
    return ContactWords(name, phone, honorific)


def find_phone(text: str) -> str | None:
    """The first Vietnamese number in the text, as 0912345678."""
    return next((phone for found in _NUMBER.finditer(letters(text)) if (phone := _phone(found))), None)


def pretty_phone(phone: str) -> str:
    """0912345678 → 0912 345 678. Anything but ten digits stays as it is."""
    return f"{phone[:4]} {phone[4:7]} {phone[7:]}" if re.fullmatch("[0-9]{10}", phone) else phone


def form_of_address(name: str) -> str:
    """`chị` or `anh`: as she put it herself, else for given names that hardly ever mislead; otherwise empty."""
    tokens = [t for t in read(name).tokens if t.kind == "word"]
    if not tokens:
        return ""
    typed = _HONORIFIC.at(tokens, 0)
    if typed and len(tokens) > 1 and typed.values[0] in ("chị", "anh"):
        return typed.values[0]
    given = tokens[-1]
    known = given.key if given.marked else given.plain
    named = {title for title, keys, plains in _given_names() if known in (keys if given.marked else plains)}
    return named.pop() if len(named) == 1 else ""


def _phone(found: re.Match[str]) -> str | None:
    """The number; one that lacks its leading 0 is none if it may be money or an amount: 390.000.000, 912345678 kg."""
    typed = found.group()
    short = typed[0] not in "0+" and not typed.startswith("84")
    if short and (_MONEY.fullmatch(typed) or _COUNTED.match(found.string, found.end())):
        return None
    return _vietnamese(typed)


def _vietnamese(typed: str) -> str | None:
    try:
        number = phonenumbers.parse(typed, _REGION)
    except phonenumbers.NumberParseException:
        return None
    if number.country_code != phonenumbers.country_code_for_region(_REGION) or not phonenumbers.is_valid_number(number):
        return None
    if phonenumbers.number_type(number) not in _OF_A_PERSON:  # 1800 and 1900 are hotlines
        return None
    return f"0{number.national_number}"


def _name(text: str) -> tuple[str, str]:
    """Name and honorific from what is left beside the number; nothing if it does not look like a name."""
    message = read(text)
    tokens = [t for t in message.tokens if t.kind != "sign" or t.text not in ",.:;-–—!()/"]
    while tokens and (about := _ABOUT.at(tokens, 0)):
        tokens = tokens[about.end :]
    while tokens and _ABOUT.at(tokens[-1:], 0):
        tokens = tokens[:-1]
    honorific = ""
    typed = _HONORIFIC.at(tokens, 0) if len(tokens) > 1 else None
    if typed and (tokens[0].marked or tokens[0].plain in ("chi", "anh")):
        honorific, tokens = typed.values[0], tokens[1:]
    spelled = all(t.text.isalpha() and len(t.text) <= _LONGEST_WORD for t in tokens)
    if not (spelled and 0 < len(tokens) <= _LONGEST_NAME) or any(_NO_NAMES.at(tokens, i) for i in range(len(tokens))):
        return "", ""
    written = [message.text[t.start : t.end] for t in tokens]
    return " ".join(w if w[0].isupper() and not w.isupper() else w.capitalize() for w in written), honorific


@cache
def _given_names() -> list[tuple[str, frozenset[str], frozenset[str]]]:
    """Per form of address: the given names with accents and without."""
    return [
        (title, frozenset(map(tone_key, names)), frozenset(map(plain_letters, names)))
        for title, names in table("given_names.json").items()
    ]
