"""The parts of an address: `phường Cửa Nam`, `ngõ 5 Trần Duy Hưng`, `đường Bà Triệu`, `18 Nguyễn Huệ`, `hà nội`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.understand.address_words import Piece, gone_end, lists, past_comma, place_at, province_at, stops, unit_at
from bot.understand.places import kind_at

_FREE: Final = 5  # words of a street's name: Nam Kỳ Khởi Nghĩa has four
_LANES: Final = frozenset(("ngo", "ngach", "hem", "kiet", "tdp", "khom"))
_SHORT_AND_NUMBER = re.compile(r"[pq][0-9]{1,2}")


@dataclass(frozen=True, slots=True)
class Part:
    """Pieces up to `end`. worth: how surely they are of an address, 2 is sure; places: how many are named."""

    end: int
    worth: int
    places: int


def part_at(pieces: Sequence[Piece], i: int, *, begun: bool, lead: bool, after_comma: bool) -> Part | None:
    """One part: `phường Cửa Nam`, `ngõ 5 Trần Duy Hưng`, `đường Bà Triệu`, `18 Nguyễn Huệ`, `hà nội`."""
    if i >= len(pieces) or pieces[i].kind in ("phone", "sign") or lists()["unnamed"].at(pieces, i):
        return None
    if part := _with_kind(pieces, i, begun=begun or lead):
        return part
    end, names = place_at(pieces, i)
    if end > i and (begun or names.provinces or names.districts or pieces[i].title or pieces[i].word.key):
        return Part(end, 0, 1)
    if part := _structure(pieces, i, begun=begun or lead):
        return part
    if pieces[i].kind == "number" and after_comma and not unit_at(pieces, i + 1):
        return _house(pieces, i, begun=begun, lead=lead)
    if begun and after_comma and pieces[i].title and not stops(pieces, i):
        return Part(_free(pieces, i), 0, 0)
    return None


def _with_kind(pieces: Sequence[Piece], i: int, *, begun: bool) -> Part | None:
    """`phường Cửa Nam`, `xã Ea Tu`, `q1`, `p.Bến Nghé`, `quận 7`."""
    plain = pieces[i].word.plain
    if _SHORT_AND_NUMBER.fullmatch(plain):
        return Part(i + 1, 1, 1)
    kind, at = kind_at([p.word for p in pieces[i : i + 3]], 0)
    at += i
    if not kind or at >= len(pieces):
        return None
    short, dotted = len(plain) <= 2 and plain != "xa", pieces[at].word.plain == "."
    at += dotted
    if at >= len(pieces):
        return None
    if pieces[at].kind == "number" and kind in ("quận", "phường"):
        glued = pieces[at].word.start == pieces[i].word.end or dotted or not short
        return Part(at + 1, 1, 1) if glued or begun else None
    end, names = place_at(pieces, at)
    if end > at and (names.provinces or kind != "tỉnh"):
        return Part(end, 2 if not short or dotted or plain in ("tp", "tx", "tt") or begun else 0, 1)
    if pieces[at].title and not stops(pieces, at):
        return Part(_free(pieces, at, 4), 2, 0) if not short or dotted or begun else None
    sure = pieces[i].word.key or kind in ("phường", "huyện")  # `xa lam` is far away, `quan an` an eating-house
    if begun and sure and not short and pieces[at].kind == "word" and not stops(pieces, at):
        return Part(_free(pieces, at, 3), 1, 0)
    if not short and kind == "xã" and (end := gone_end(pieces, at)) > at:
        return Part(end, 2, 0)
    return None


def _structure(pieces: Sequence[Piece], i: int, *, begun: bool) -> Part | None:
    """`ngõ 5`, `hẻm 34 Lê Lợi`, `thôn 5`, `số 7`, `đường Bà Triệu`, `chung cư Linh Đàm`."""
    words = lists()
    if i and words["no_number"].at(pieces, i - 1):
        return None
    if at := words["numbered"].at(pieces, i):
        at += at < len(pieces) and pieces[at].word.plain == "."
        if at < len(pieces) and pieces[at].kind == "number" and not unit_at(pieces, at + 1):
            sure = pieces[i].word.plain in _LANES
            end = _after_number(pieces, at + 1, begun=begun)
            return Part(end, 2 if sure or (end > at + 1 and pieces[at + 1].title) else 1, 0)
    if (at := words["named"].at(pieces, i)) and at < len(pieces) and pieces[at].kind == "word":
        if pieces[at].title:
            return Part(_free(pieces, at), 2, 0)
        if (begun or pieces[i].word.plain == "duong") and not stops(pieces, at) and (end := _free(pieces, at, 4)) > at:
            return Part(end, 1 if begun or end - at > 1 else 0, 0)
    return None


def _house(pieces: Sequence[Piece], i: int, *, begun: bool, lead: bool) -> Part | None:
    """`18 Nguyễn Huệ`, `12/5 hẻm 34`, `45 tran phu` after a lead."""
    at = i + 1
    if at >= len(pieces) or not 0 < len(pieces[i].word.plain) <= 9:
        return None
    if pieces[at].title and not stops(pieces, at):
        end = _free(pieces, at)
        rest = past_comma(pieces, end)
        known = rest < len(pieces) and (
            place_at(pieces, rest)[0] > rest or kind_at([p.word for p in pieces[rest : rest + 3]], 0)[0]
        )
        return Part(end, 1 if lead or begun or known else 0, 0) if end > at else None
    if part := _structure(pieces, at, begun=True):
        return Part(part.end, part.worth, 0)
    if (lead or begun) and pieces[at].kind == "word" and (end := _after_number(pieces, at, begun=True)) > at:
        if end - at > 1 or place_at(pieces, end)[0] > end:
            return Part(end, 1, 0)
        return None
    after = past_comma(pieces, at)
    return Part(at, 0, 0) if (lead or begun) and after < len(pieces) and _structure(pieces, after, begun=True) else None


def _after_number(pieces: Sequence[Piece], i: int, *, begun: bool) -> int:
    """The name after a number, as in `ngõ 5 Trần Duy Hưng`; in small letters only where an address has begun."""
    if i >= len(pieces) or pieces[i].kind != "word" or stops(pieces, i) or not (begun or pieces[i].title):
        return i
    if _starts_part(pieces, i):
        return i
    return _free(pieces, i)


def _free(pieces: Sequence[Piece], i: int, most: int = _FREE) -> int:
    """The end of a name that no list holds. One that begins with a capital goes on only with capitals and numbers."""
    title, end = pieces[i].title, i
    while end < min(len(pieces), i + most):
        piece = pieces[end]
        if piece.kind != "word" or (title and not piece.title) or stops(pieces, end):
            break
        if end > i and (_starts_part(pieces, end) or (not title and place_at(pieces, end)[0] > end + 1)):
            break
        if end > i and not title and province_at(pieces, end):
            break
        end += 1
    return end


def _starts_part(pieces: Sequence[Piece], i: int) -> bool:
    """Whether a new part of the address begins: not the `Phố` of a name, only where a number or a name follows."""
    at = lists()["numbered"].at(pieces, i)
    if at and at < len(pieces) and pieces[at].kind == "number":
        return True
    if _SHORT_AND_NUMBER.fullmatch(pieces[i].word.plain):
        return True
    kind, size = kind_at([p.word for p in pieces[i : i + 3]], 0)
    at = i + size + (i + size < len(pieces) and pieces[i + size].word.plain == ".")
    if not kind or at >= len(pieces):
        return False
    spelled_out = len(pieces[i].word.plain) > 2 or at > i + size or pieces[i].word.plain in ("xa", "tp", "tx", "tt")
    return pieces[at].kind == "number" or (spelled_out and (pieces[at].title or place_at(pieces, at)[0] > at))
