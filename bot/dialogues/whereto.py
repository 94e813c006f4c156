"""An address is kept as she typed it. What we understand of its place is said beside it once, and may be chosen.

Since 2025-07 there are 34 provinces and 3,321 communes and no districts; people go on writing the old names. Nothing
here stands in the way of an order: whatever she answers, her own words stay.
"""

import re
from dataclasses import dataclass

from bot.effect import Choice, Lines, Say, choice, say
from bot.understand.addresses import find_address
from bot.understand.cues import cues_in
from bot.understand.gazetteer import folded, words_in
from bot.understand.people import find_phone
from bot.understand.places import Place, mentions_in, read_place, suggest
from bot.understand.text import plain_letters
from bot.understand.tokens import read

SHORTEST = 8
MOST_SHOWN = 120
MOST_KEPT = 300
MOST_OFFERED = 3
FARTHEST = 80  # characters before an address in which a name may stand
_LEAD = re.compile(
    r"(?:\b(?:giao|gui|ship|chuyen|mang|dem|dia chi|dc|d/c|ve|toi|den|tai|o|cho|hang|em|la"
    r"|nha (?:chi|anh|minh|toi)|nha(?= (?:em|o)\b))"
    r"\b[\s:,.-]*)+$"
)  # what announces the address is no part of a name: `ship về`, `địa chỉ nhà em:`
_SHORT_KINDS = {"phuong": "p", "xa": "x", "thi tran": "tt"}


@dataclass(frozen=True, slots=True)
class Named:
    """The address in a message with other things in it, and the message without it."""

    address: str
    rest: str


def named_in(words: str) -> Named | None:
    """`Lan, giao số 7 Bà Triệu, Cửa Nam, Hà Nội, 0977001122`; None where there is no address in it."""
    found = find_address(words)
    if found is None or len(found.words) < SHORTEST or find_phone(found.words):
        return None
    before = words[max(0, found.start - FARTHEST) : found.start]
    lead = _LEAD.search(plain_letters(before))
    return Named(found.words[:MOST_KEPT], f"{before[: lead.start()] if lead else before} , {words[found.end :]}")


def moves(words: str) -> bool:
    """Whether she wants it to go somewhere else: `đổi địa chỉ giúp chị`."""
    return "changes_address" in cues_in(read(words).tokens)


def is_address(words: str) -> bool:
    return len(words) >= SHORTEST and any(char.isalpha() for char in words)


def check(address: str) -> Say:
    """Reads the address back, with the place of today where an older name was used, and a choice where it is unsure."""
    place, offered = _place(address), offers(address)
    shown = shortened(address)
    right, again = choice("yes", say("Right")), choice("no", say("Type it again"))
    if offered:
        return say(
            "📍 %(address)s\nWhich place is that today?\n%(places)s",
            address=shown,
            places=Lines(tuple(say("%(place)s", place=one) for one in offered), numbered=True),
            items=[choice("place", say("%(place)s", place=one), arg=str(number)) for number, one in enumerate(offered)],
            choices=[_keep(), again],
        )
    if place is None:
        return say(
            "📍 %(address)s\nI do not find the commune or province in it. Shall I keep it as typed?",
            address=shown,
            choices=[_keep(), again],
        )
    today = _today(address, place)
    if today and place.old_province:
        return say(
            "📍 %(address)s\nThat is %(today)s (%(old)s is %(new)s now). Is that right?",
            address=shown,
            today=today,
            old=place.old_province,
            new=place.province or "",
            choices=[right, again],
        )
    if today:
        return say("📍 %(address)s\nThat is %(today)s. Is that right?", address=shown, today=today,
                   choices=[right, again])  # fmt: skip
    if place.old_province and place.province:
        return say("📍 %(address)s\n%(old)s is %(new)s now. Is that right?", address=shown, old=place.old_province,
                   new=place.province, choices=[right, again])  # fmt: skip
    return say("📍 %(address)s\nIs that right?", address=shown, choices=[right, again])


def offers(address: str) -> list[str]:
    """The places of today that she may mean, the likeliest first; none where it is clear or nothing comes near."""
    place = _place(address)
    if place is None:
        return [] if read_place(address) else suggest(address, MOST_OFFERED)
    if place.commune or not place.candidates:
        return []
    return [f"{one.name}, {one.province}" for one in place.candidates[:MOST_OFFERED]]


def with_place(address: str, number: str) -> str:
    """Her words, and behind them the place that she chose."""
    offered = offers(address)
    chosen = offered[int(number)] if number.isdecimal() and int(number) < len(offered) else ""
    return f"{address[: MOST_KEPT - len(chosen) - 3]} ({chosen})" if chosen else address


def is_unsure(address: str) -> bool:
    """Whether it is asked which place that is."""
    return _place(address) is None or bool(offers(address))


def names_commune(words: str) -> bool:
    """`phường Yên Hòa`: an answer to that."""
    place = _place(words)
    return place is not None and place.commune is not None


def shortened(address: str) -> str:
    """What of a long address a bubble has room for; all of it is kept."""
    return address if len(address) <= MOST_SHOWN else address[:MOST_SHOWN].rstrip() + "…"


def _keep() -> Choice:
    return choice("yes", say("Keep it as typed"), words=("giữ", "giữ nguyên", "giữ vậy", "cứ vậy", "để vậy"))


def _place(address: str) -> Place | None:
    """The place that is named; None too where a street is but called like a commune far away: `12 Lê Lợi`.

    A commune counts with its kind (`xã Lê Lợi`), or beside a province or district.
    """
    named = mentions_in(words_in(address))
    sure = any(m.names.provinces or m.names.districts or m.kind not in ("", "đường") for m in named)
    return read_place(address) if sure else None


def _today(address: str, place: Place) -> str:
    """The commune and province of today, unless she wrote them so herself."""
    if place.commune is None:
        return ""
    typed, name = f" {folded(address)} ", folded(place.commune)
    kind = next((kind for kind in _SHORT_KINDS if name.startswith(kind)), "")
    short = f"{_SHORT_KINDS.get(kind, kind)} {name.removeprefix(kind).strip()}"
    if not place.old_province and any(f" {spelled} " in typed for spelled in (name, short)):
        return ""
    return f"{place.commune}, {place.province}"
