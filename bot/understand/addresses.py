"""Finding an address in a chat line: `giao số 7 đường Bà Triệu, phường Cửa Nam, Hà Nội nha 0977…`.

A place alone is no address: in `mận hậu mộc châu về q7 sg` Mộc Châu belongs to the plums. What makes one is a word of
delivery before it (`về`, `ship tới`, `địa chỉ`, `nhà em ở`), or parts that only addresses have (`ngõ 5`, `xã Ea Tu`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.understand.address_parts import Part, part_at
from bot.understand.address_words import Piece, cut, is_province, lists, past_comma, place_at
from bot.understand.places import Place, read_place
from bot.understand.text import plain_letters

MOST_CHARS = 1_000
_HINT = re.compile(
    r"\b(?:ve|toi|den|giao|gui|goi|ship|sip|chuyen|mang|dem|cho den|tai|o|dia chi|dc|d/c|add|address|send|deliver|live"
    r"|ngo|ngach|hem|kiet|xom|thon|ap|buon|tdp|khom|chung cu|kdt|duong|pho|phuong|xa|quan|huyen|tinh|thanh pho|thi xa"
    r"|thi tran|[tpqxh][pxt]?\.|tp|tx|tt|(?:so|sn|ban|to|doi|khoi|kp|khu|ql|p|q) ?[0-9])(?![a-z])"
    r"|[0-9] \w+(?: \w+){0,5},"
)
_LEAD: Final = 2  # what a lead is worth; an address needs as much, of which names of places give at most a half
_LEADS: Final = ("live", "address", "deliver", "homewards")
_MOST_PARTS: Final = 12


@dataclass(frozen=True, slots=True)
class AddressWords:
    """Characters `start` up to, not with, `end` of the text, as typed. province, commune: of today, where sure.

    old_province: the name of a province of before 2025-07 that was written.
    """

    start: int
    end: int
    words: str
    province: str | None
    commune: str | None
    old_province: str | None


def find_address(text: str) -> AddressWords | None:
    """The address in a line, without the phone, the name and the politeness around it; None if there is none.

    10 µs for a line without any word of an address, about 150 µs for one that has such words and still none.
    """
    if not _HINT.search(plain_letters(text)):
        return None
    pieces = cut(text[:MOST_CHARS])
    i = 0
    while i < len(pieces):
        lead, exact = _lead(pieces, i)
        start = lead or i
        run = _run(pieces, start, lead=bool(lead), exact=exact)
        if run is None:
            i += 1
            continue
        worth = run.worth + (_LEAD if lead else 0)
        if worth + min(run.places, _LEAD - 1) >= _LEAD and (run.worth or run.places):
            begin, end = pieces[start].word.start, pieces[run.end - 1].word.end
            place = read_place(text[begin:end]) or Place(None)
            return AddressWords(begin, end, text[begin:end], place.province, place.commune, place.old_province)
        i = run.end  # what was too little from here is no more from its second word on
    return None


def _lead(pieces: Sequence[Piece], i: int) -> tuple[int, bool]:
    """Where the words end that announce an address at `i`, 0 if they do not; and whether it must come right here.

    `giao cho chị về`, `ship tới`, `địa chỉ nhà em:`, `về`. Exact: only a verb, so that goods may follow as well.
    """
    words = lists()
    if not any(words[name].begins(pieces[i]) for name in _LEADS):
        return 0, False
    if end := words["live"].at(pieces, i):
        return end, False
    if end := words["address"].at(pieces, i):
        announced = end < len(pieces) and pieces[end].word.plain in (":", "-", "la")
        end = _skipped(pieces, end)
        short = end - i == 1 and pieces[i].word.plain in ("dc", "d", "add")
        return (0, False) if short and not announced and not _is_part(pieces, end) else (end, False)
    verb = words["deliver"].at(pieces, i)
    if verb and pieces[i].word.plain == "goi" and not pieces[i].word.key:
        return 0, False
    if verb:
        end = _skipped(pieces, verb)
        towards = any(words["towards"].at(pieces, j) for j in range(verb, end))
        return end, not towards
    if (end := words["homewards"].at(pieces, i)) and (
        pieces[i].word.key or not (i and pieces[i - 1].word.plain == "cua")
    ):
        return end, True
    return 0, False


def _skipped(pieces: Sequence[Piece], i: int) -> int:
    """After the little words between a lead and the address, six at most; a name that is one (`Cho Đồn`) stays."""
    words = lists()
    for _ in range(6):
        if i >= len(pieces) or place_at(pieces, i)[0] > i + 1:
            break
        if pieces[i].kind == "sign" and pieces[i].word.plain in ":-,.":
            i += 1
        elif not pieces[i].title and (end := words["between"].at(pieces, i) or words["towards"].at(pieces, i)):
            i = end
        else:
            break
    return i


def _run(pieces: Sequence[Piece], first: int, *, lead: bool, exact: bool) -> Part | None:
    """The parts of an address from `first` on; None if none begins there."""
    end, worth, places, i, done = first, 0, 0, first, False
    for _ in range(_MOST_PARTS):
        at = past_comma(pieces, i) if i > first else i
        part = part_at(pieces, at, begun=at > first, lead=lead and not exact, after_comma=at > i or at == first)
        if part is None or (done and not (part.places or at > i)):
            break
        if not part.worth and not part.places and worth + places == 0 and not lead:
            break
        done = done or bool(part.places and is_province(pieces, at, part.end))
        end, worth, places, i = part.end, worth + part.worth, places + part.places, part.end
    lone_number = end - first == 1 and pieces[first].kind == "number"
    return Part(end, worth, places) if end > first and not lone_number else None


def _is_part(pieces: Sequence[Piece], i: int) -> bool:
    return i < len(pieces) and part_at(pieces, i, begun=False, lead=True, after_comma=True) is not None
