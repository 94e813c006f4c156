"""The names of places: 34 provinces and 3,321 communes since 2025-07-01, 63 provinces and their districts before.

`data/places.json` (how it is made, what stands in it: `docs/data/make_places.py`) and the ways people write them
short, `data/address.json`. A name without accents fits every name that is so folded; accents count when typed.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from bot.understand.text import has_marks, plain_letters, tone_key
from bot.understand.wordlists import table

KINDS = {"x": "xã", "p": "phường", "k": "đặc khu", "t": "thị trấn"}
_PLACES = re.compile(r">([0-9,]+)")
_SPOKEN = re.compile(r"([,;:()/])?[^\w,;:()/]*(\w[\w\u0300-\u036f]*(?:['’][\w\u0300-\u036f]+)*)")
_WORDS = re.compile(r"\w+")
_JOINTS = re.compile(r"['’]")
_FOLDED = {
    code: unicodedata.normalize("NFD", chr(code).lower())[0] for code in (*range(0xC0, 0x1B1), *range(0x1EA0, 0x1EFA))
} | {ord("đ"): "d", ord("Đ"): "d"}


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text. plain: folded; key: with accents, empty if none were typed; start, end: places in the text.

    apart: a comma or the like stands before it, so that no name goes on with it.
    """

    plain: str
    key: str
    start: int
    end: int
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Commune:
    """A commune of today: `xã Đà Bắc` in `Phú Thọ`."""

    name: str
    province: str


@dataclass(frozen=True, slots=True)
class District:
    """A district before 2025-07, `huyện Đà Bắc` in `Hòa Bình`, and its communes as they stand in the file."""

    kind: str
    name: str
    province: str
    communes: str


@dataclass(frozen=True, slots=True)
class Names:
    """What a few words may be the name of. provinces: today's and earlier ones, as they were called."""

    provinces: tuple[str, ...] = ()
    districts: tuple[District, ...] = ()
    communes: tuple[Commune, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.provinces or self.districts or self.communes)


class Gazetteer:
    """All names in memory: loaded in 20 ms, 4 MB. The communes before 2025-07 are read at the first question."""

    def __init__(self, places: Any, short: Any) -> None:
        self.today: dict[str, str] = {}  # a province, of today or before → the province of today
        self.lists: dict[str, list[str]] = {}  # a province of today → its communes, `x Đà Bắc`
        self.districts = [
            District(*_parted(kind_and_name), old, rest) for old, kind_and_name, rest in places["districts"]
        ]
        for _, name, made_of, communes in places["provinces"]:
            self.today |= dict.fromkeys((name, *made_of), name)
            self.lists[name] = communes.split("|")
        self.provinces = _index((name, name) for name in self.today)
        self._by_commune: dict[str, list[District]] = {}  # filled at the first question
        self._districts = _index((district.name, district) for district in self.districts)
        for name, aliases in short["provinces"].items():
            for alias in aliases:
                self.provinces.setdefault(folded(alias), []).append((alias, name))
        for name, aliases in short["districts"].items():
            for alias in aliases:
                self._districts.setdefault(folded(alias), []).append((alias, self._district(name)))
        communes = [(row[2:], (row, province)) for province, rows in self.lists.items() for row in rows]
        self._communes = _index(communes)
        self._every = frozenset((*self.provinces, *self._districts, *self._communes))
        self.heads: dict[str, int] = {}  # the first word of any name → the most words of a name that begins so
        for name in self._every:
            head, size = name.split(" ", 1)[0], name.count(" ") + 1
            self.heads[head] = max(size, self.heads.get(head, 0))

    def named(self, words: Sequence[Word]) -> Names:
        """What exactly these words are the name of; nothing if they are none. A district may stand there in several."""
        plain = " ".join(word.plain for word in words)
        return Names(
            tuple(dict.fromkeys(_fitting(self.provinces.get(plain, ()), words))),
            tuple(dict.fromkeys(_fitting(self._districts.get(plain, ()), words))),
            tuple(self.commune(row, province) for row, province in _fitting(self._communes.get(plain, ()), words)),
        )

    def longest(self, words: Sequence[Word], i: int) -> tuple[int, Names]:
        """The longest name that begins at word `i`, and the word after it; (i, nothing) if none does."""
        most = min(self.heads.get(words[i].plain, 0), len(words) - i)
        most = next((size for size in range(1, most) if words[i + size].apart), most)
        for size in range(most, 0, -1):
            row = words[i : i + size]
            if " ".join([word.plain for word in row]) in self._every and (found := self.named(row)):
                return i + size, found
        return i, Names()

    def districts_with(self, words: Sequence[Word]) -> list[District]:
        """The districts of before 2025-07 that had a commune of that name."""
        if not self._by_commune:
            for district in self.districts:
                for plain in _communes_of(district):
                    self._by_commune.setdefault(plain, []).append(district)
        found = self._by_commune.get(" ".join(word.plain for word in words), ())
        return [district for district in found if self.heirs(words, (district,))]

    def heirs(self, words: Sequence[Word], districts: Iterable[District]) -> list[Commune]:
        """What the commune of that name in one of these districts has become: one, or several that share it."""
        plain = " ".join(word.plain for word in words)
        found: dict[Commune, None] = {}
        for district in districts:
            for where in _fitting(_communes_of(district).get(plain, ()), words):
                found |= dict.fromkeys(self._today(district, where))
        return list(found)

    def parts(self, districts: Iterable[District]) -> list[Commune]:
        """What these districts have become, as a whole."""
        wheres = ((district, where) for district in districts for where in _PLACES.findall(district.communes))
        return list(dict.fromkeys(commune for district, where in wheres for commune in self._today(district, where)))

    def commune(self, row: str, province: str) -> Commune:
        return Commune(f"{KINDS[row[0]]} {row[2:]}", province)

    def _today(self, district: District, where: str) -> list[Commune]:
        province = self.today[district.province]
        return [self.commune(self.lists[province][int(place)], province) for place in where.split(",")]

    def _district(self, name: str) -> District:
        return next(district for district in self.districts if district.name == name)


@cache
def gazetteer() -> Gazetteer:
    """The names as shipped, read at the first question."""
    places = (files("bot.understand") / "data" / "places.json").read_text(encoding="utf-8")
    return Gazetteer(json.loads(places), table("address.json"))


def words_in(text: str) -> list[Word]:
    """The words of a text with their places in it; signs are left out, an apostrophe joins (`Ea H'Leo`)."""
    return [word(m.group(2), m.start(2), apart=m.group(1) is not None) for m in _SPOKEN.finditer(text)]


def word(typed: str, start: int, *, apart: bool = False) -> Word:
    return Word(*_spelled(typed), start, start + len(typed), apart)


@lru_cache(maxsize=4096)
def _spelled(typed: str) -> tuple[str, str]:
    """Folded, and with its accents if any were typed."""
    low = unicodedata.normalize("NFC", _JOINTS.sub("", typed.lower()))
    return plain_letters(low), tone_key(low) if has_marks(low) else ""


def folded(text: str) -> str:
    """The words of a name without accents, one space between them: `Bà Rịa - Vũng Tàu` → `ba ria vung tau`."""
    return " ".join(_WORDS.findall(_JOINTS.sub("", text.translate(_FOLDED).lower())))


def _index(names: Iterable[tuple[str, Any]]) -> dict[str, list[tuple[str, Any]]]:
    """Under the folded name: the name and its value. All names are folded as one text, 9 ms quicker than one by one."""
    pairs = list(names)
    every = _JOINTS.sub("", "\n".join(name for name, _ in pairs).translate(_FOLDED).lower()).replace(" - ", " ")
    index: dict[str, list[tuple[str, Any]]] = {}
    for plain, pair in zip(every.split("\n"), pairs, strict=True):
        index.setdefault(plain, []).append(pair)
    return index


def _fitting(found: Iterable[tuple[str, Any]], words: Sequence[Word]) -> list[Any]:
    """The values of the names whose accents are those that were typed: `Văn Lang` is not Văn Lăng."""
    marked = [(place, w.key) for place, w in enumerate(words) if w.key]
    if not marked:
        return [value for _, value in found]
    fitting, exact = [], []
    for name, value in found:
        keys = [tone_key(part.lower()) for part in _WORDS.findall(_JOINTS.sub("", name))]
        if all(keys[place] == key for place, key in marked):
            fitting.append(value)
            if keys == [w.key or w.plain for w in words]:
                exact.append(value)
    return exact or fitting


@cache
def _communes_of(district: District) -> dict[str, list[tuple[str, Any]]]:
    rows = (row[2:].split(">") for row in district.communes.split("|"))
    return _index((name, where) for name, where in rows)


def _parted(kind_and_name: str) -> tuple[str, str]:
    for kind in ("thành phố", "thị xã", "quận", "huyện"):
        if kind_and_name.startswith(kind + " "):
            return kind, kind_and_name.removeprefix(kind + " ")
    raise ValueError(f"no district: {kind_and_name}")
