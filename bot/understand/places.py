"""Where a place is named, and which one: province and commune of today, also by their names before 2025-07."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from rapidfuzz import fuzz, process

from bot.understand.gazetteer import Commune, District, Names, Word, folded, gazetteer, words_in
from bot.understand.text import tone_key

_KINDS = {
    "phuong": "phường", "p": "phường", "xa": "xã", "x": "xã", "dac khu": "đặc khu", "thi tran": "thị trấn",
    "tt": "thị trấn", "quan": "quận", "q": "quận", "huyen": "huyện", "h": "huyện", "thi xa": "thị xã", "tx": "thị xã",
    "thanh pho": "thành phố", "tp": "thành phố", "tinh": "tỉnh",
}  # fmt: skip
_ACCENTED = {kind: kind for kind in _KINDS.values()}
_STREETS = {"duong": tone_key("đường"), "pho": tone_key("phố")}  # not the Dương of Xuân Dương
_COMMUNES = {"phường", "xã", "đặc khu", "thị trấn"}
_DISTRICTS = {"quận", "huyện", "thị xã"}
_MOST_CHARS = 300
_MOST_CANDIDATES = 12  # no district but a few large ones has become more
_LIKE = 75.0  # below that, 'cầu giấy' is offered for 'cái giày'; a letter too many in a name of 7 scores 93


@dataclass(frozen=True, slots=True)
class Place:
    """province: of today. commune: with its kind, `phường Cửa Nam`. old_province: a name of before that was written.

    candidates: where it is not sure which commune is meant, those that may be, the likeliest first; then commune is
    None, and so is the province unless all of them lie in one.
    """

    province: str | None
    commune: str | None = None
    old_province: str | None = None
    candidates: tuple[Commune, ...] = ()


@dataclass(frozen=True, slots=True)
class Mention:
    """Words `first` up to, not with, `last` name a place. kind: the word before it (`xã`), already among the words."""

    first: int
    last: int
    kind: str
    words: tuple[Word, ...]
    names: Names


def read_place(words: str) -> Place | None:
    """The place that an address names, at its end if there are several; None if it names none that we know.

    With a district of before 2025-07 its communes are those of before, and what they have become is the answer.
    """
    mentions = [m for m in mentions_in(words_in(words[:_MOST_CHARS])) if m.kind != "đường"]
    provinces = [m for m in mentions if m.names.provinces and m.kind in ("", "tỉnh", "thành phố")]
    written = provinces[-1].names.provinces[0] if provinces else None
    gone = written if written and written not in gazetteer().lists else None
    today = gazetteer().today[written] if written else None
    rest = [m for m in mentions if not provinces or m is not provinces[-1]]
    districts, spoken = _district(rest, written, today)
    found = _communes(rest, spoken, districts, today)
    if len(found) == 1:
        return Place(found[0].province, found[0].name, gone)
    within = {commune.province for commune in found} or {gazetteer().today[d.province] for d in districts}
    if today is None and not within:
        return None
    sole = within.pop() if today is None and len(within) == 1 else today
    return Place(sole, None, gone, tuple(found[:_MOST_CANDIDATES]))


def mentions_in(words: Sequence[Word]) -> Iterator[Mention]:
    """Every place named, from left to right. After `đường` a name is that of a street: kind `đường`."""
    i = 0
    while i < len(words):
        kind, start = kind_at(words, i)
        mention = _named(words, i, start, kind) if kind else None
        if mention is None and i and _is_street(words[i - 1]):
            end, names = gazetteer().longest(words, i)
            mention = Mention(i, end, "đường", tuple(words[i:end]), names) if names else None
        mention = mention or _named(words, i, i, "")
        if mention:
            yield mention
        i = mention.last if mention else i + 1


def _is_street(word: Word) -> bool:
    return word.plain in _STREETS and word.key in ("", _STREETS[word.plain])


def kind_at(words: Sequence[Word], i: int) -> tuple[str, int]:
    """What kind of place the words at `i` announce (`xã`, `tp`), and the word after them; ("", i) if none."""
    for size in (2, 1):
        if i + size < len(words) + (size == 1) and (kind := _KINDS.get(" ".join(w.plain for w in words[i : i + size]))):
            typed = [w.key for w in words[i : i + size] if w.key]
            if not typed or [w.key for w in words_in(_ACCENTED[kind]) if w.key] == typed:
                return kind, i + size
    return "", i


def suggest(words: str, limit: int = 3) -> list[str]:
    """Provinces and communes of today that are written like these words, the likest first.

    A commune comes with its province: `cau giya` → `phường Cầu Giấy, Hà Nội`.
    """
    words = words[:_MOST_CHARS]
    asked = folded(words)
    if not asked or limit < 1:
        return []
    place = read_place(words)
    choices = _choices(place.province if place else None)
    core = " ".join(w.plain for w in _without_kinds(words_in(words), place))
    found = process.extract(core or asked, choices, scorer=fuzz.ratio, limit=limit, score_cutoff=_LIKE)
    return [label for _, _, label in found]


@cache
def _choices(within: str | None) -> dict[str, str]:
    """What may be suggested, and how it is spelled without accents."""
    names = gazetteer()
    choices = {name: folded(name) for name in names.lists}
    for province in [within] if within else names.lists:
        for row in names.lists[province]:
            commune = names.commune(row, province)
            choices[f"{commune.name}, {province}"] = folded(row[2:])
    return choices


def _without_kinds(words: Sequence[Word], place: Place | None) -> list[Word]:
    """The words that may be a commune's name: no `xã`, no province that is already understood."""
    named = [m for m in mentions_in(words) if place and m.names.provinces]
    skipped = {i for m in named for i in range(m.first, m.last)}
    i = 0
    while i < len(words):
        kind, end = kind_at(words, i)
        if kind and end < len(words):
            skipped |= set(range(i, end))
        i = max(end, i + 1)
    return [word for i, word in enumerate(words) if i not in skipped]


def _named(words: Sequence[Word], first: int, start: int, kind: str) -> Mention | None:
    if start >= len(words):
        return None
    joined = words[start].plain
    if not kind and len(joined) in (2, 3) and joined[0] in "qp" and joined[1:].isdecimal():  # q7, p12
        kind = "quận" if joined[0] == "q" else "phường"
        number = Word(joined[1:], "", words[start].start + 1, words[start].end)
        names = gazetteer().named((number,)) if kind == "quận" else Names()
        names = names or gazetteer().named((words[start],))
        return Mention(first, start + 1, kind, (number,), names)
    end, names = gazetteer().longest(words, start)
    if joined.isdecimal() and end - start < 2:  # not `phường 3 Bảo Lộc`
        if kind not in ("quận", "phường"):
            return None
        names = gazetteer().named(words[start : start + 1]) or gazetteer().named((_joined("q", words[start]),))
        return Mention(first, start + 1, kind, (words[start],), names if kind == "quận" else Names())
    if kind == "thành phố" and not names.provinces and not names.districts:
        return None
    if names and (kind or names.provinces or end - start > 1 or len(joined) > 3 or names.districts):
        return Mention(first, end, kind, tuple(words[start:end]), names)
    if kind in _COMMUNES and (end := _before_end(words, start)) > start:
        return Mention(first, end, kind, tuple(words[start:end]), Names())
    return None


def _before_end(words: Sequence[Word], start: int) -> int:
    """Where the name of a commune of before ends, the longest that any had; it is not among today's."""
    for size in range(min(3, len(words) - start), 0, -1):
        if gazetteer().districts_with(words[start : start + size]):
            return start + size
    return start


def _joined(letter: str, number: Word) -> Word:
    return Word(letter + number.plain, "", number.start, number.end)


def _district(
    mentions: Sequence[Mention], written: str | None, today: str | None
) -> tuple[list[District], Mention | None]:
    """The last district named, in the province if there is one; several if they share a name."""
    for mention in reversed(mentions):
        if mention.kind in _COMMUNES:
            continue
        found = [d for d in mention.names.districts if mention.kind not in _DISTRICTS or d.kind == mention.kind]
        found = [d for d in found or mention.names.districts if not today or gazetteer().today[d.province] == today]
        exact = [d for d in found if d.province == written]
        if exact or found:
            return exact or found, mention
    return [], None


def _communes(
    mentions: Sequence[Mention], spoken: Mention | None, districts: Sequence[District], today: str | None
) -> list[Commune]:
    """The communes that may be meant; more than one where it is not sure."""
    said = [m for m in mentions if m is not spoken and (m.kind in _COMMUNES or (not m.kind and m.names.communes))]
    kinds = [m for m in said if m.kind]
    within = {gazetteer().today[d.province] for d in districts} or ({today} if today else set())
    for mention in reversed(kinds or said):
        then = gazetteer().heirs(mention.words, districts) if spoken else []
        now = [c for c in mention.names.communes if not within or c.province in within]
        now = [c for c in now if c.name.startswith(mention.kind)] or now
        if not then and not now and mention.kind:
            had = gazetteer().districts_with(mention.words)
            then = gazetteer().heirs(
                mention.words, [d for d in had if not within or gazetteer().today[d.province] in within]
            )
        if shared := [c for c in now if c in then]:
            return shared
        if then or now:
            return then or now
    return _of_district(spoken, districts, within) if spoken else []


def _of_district(spoken: Mention, districts: Sequence[District], within: set[str]) -> list[Commune]:
    """What a district has become: `cầu giấy hn` is today's phường Cầu Giấy or what else was quận Cầu Giấy."""
    of_its_name = [c for c in spoken.names.communes if c.province in within]
    return list(dict.fromkeys([*of_its_name, *gazetteer().parts(districts)]))
