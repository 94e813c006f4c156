"""The two fonts that are shipped, as far as paper needs them: which signs there are, how wide, and their outlines.

Read from the TrueType files themselves, so that a text can be measured without loading what draws it.
"""

import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from struct import unpack_from

FONTS = Path(__file__).with_name("fonts")
FILES = {False: FONTS / "NotoSans-Regular.ttf", True: FONTS / "NotoSans-SemiBold.ttf"}
"""By whether it is bold."""

CAP_HEIGHT, X_HEIGHT = 0.714, 0.536
"""Of capitals and of flat digits, and of small letters, in em."""

LONGEST = 240
"""Letters of one text."""

_SOFT_HYPHEN = "\u00ad"
_MORE_PARTS, _WORDS = 0x20, 0x01
_ON_CURVE, _SHORT, _REPEAT, _SAME = 0x01, (0x02, 0x04), 0x08, (0x10, 0x20)

Contour = list[tuple[float, float, bool]]
"""Points in font units, y upwards, and whether the curve goes through them."""


@dataclass(frozen=True, slots=True)
class Typeface:
    data: bytes
    units: int  # in an em
    widths: dict[str, int]
    glyphs: dict[str, int]
    tables: dict[bytes, int]

    def width(self, text: str) -> float:
        """In em. What the font lacks counts as nothing."""
        widths = self.widths
        return sum(widths.get(letter, 0) for letter in text) / self.units

    def outline(self, letter: str) -> list[Contour]:
        return self._contours(self.glyphs[letter])

    def _contours(self, glyph: int) -> list[Contour]:
        start, end = unpack_from(">2H", self.data, self.tables[b"loca"] + 2 * glyph)
        if start == end:
            return []
        at = self.tables[b"glyf"] + 2 * start
        count = unpack_from(">h", self.data, at)[0]
        return self._parts(at + 10) if count < 0 else self._simple(at + 10, count)

    def _parts(self, at: int) -> list[Contour]:
        """Of a letter that is put together: a vowel and its marks, each moved to its place."""
        contours: list[Contour] = []
        flags = _MORE_PARTS
        while flags & _MORE_PARTS:
            flags, glyph = unpack_from(">2H", self.data, at)
            right, up = unpack_from(">2h" if flags & _WORDS else ">2b", self.data, at + 4)
            at += 8 if flags & _WORDS else 6
            contours += [[(x + right, y + up, on) for x, y, on in one] for one in self._contours(glyph)]
        return contours

    def _simple(self, at: int, count: int) -> list[Contour]:
        data = self.data
        ends = unpack_from(f">{count}H", data, at)
        at += 2 * count
        at += 2 + unpack_from(">H", data, at)[0]
        flags: list[int] = []
        while len(flags) <= ends[-1]:
            times = 1
            if data[at] & _REPEAT:
                times += data[at + 1]
            flags += [data[at]] * times
            at += 2 if data[at] & _REPEAT else 1
        ways = []
        for short, same in zip(_SHORT, _SAME, strict=True):
            value, values = 0, []
            for flag in flags:
                if flag & short:
                    value += data[at] if flag & same else -data[at]
                    at += 1
                elif not flag & same:
                    value += unpack_from(">h", data, at)[0]
                    at += 2
                values.append(value)
            ways.append(values)
        points = [(float(x), float(y), bool(flag & _ON_CURVE)) for x, y, flag in zip(*ways, flags, strict=True)]
        starts = (0, *(end + 1 for end in ends))
        return [points[start : end + 1] for start, end in zip(starts, ends, strict=False)]


@cache
def typeface(bold: bool) -> Typeface:
    data = FILES[bold].read_bytes()
    tables: dict[bytes, int] = {}
    for number in range(unpack_from(">H", data, 4)[0]):
        tag, _, offset, _ = unpack_from(">4s3I", data, 12 + 16 * number)
        tables[tag] = offset
    glyphs = _character_map(data, tables[b"cmap"])
    measured = unpack_from(">H", data, tables[b"hhea"] + 34)[0]  # the glyphs after these are as wide as the last
    widths = {
        letter: unpack_from(">H", data, tables[b"hmtx"] + 4 * min(glyph, measured - 1))[0]
        for letter, glyph in glyphs.items()
    }
    return Typeface(data, unpack_from(">H", data, tables[b"head"] + 18)[0], widths, glyphs, tables)


def _character_map(data: bytes, cmap: int) -> dict[str, int]:
    """From a table of format 4, which is all that these fonts have."""
    table = cmap + unpack_from(">I", data, cmap + 8)[0]
    segments = unpack_from(">H", data, table + 6)[0] // 2
    ends, starts, deltas, offsets = (
        unpack_from(f">{segments}H", data, table + 14 + 2 * segments * part + (2 if part else 0)) for part in range(4)
    )
    glyphs = {}
    for number in range(segments):
        for code in range(starts[number], min(ends[number], 0xFFFE) + 1):
            glyph = code
            if offsets[number]:
                place = table + 16 + 6 * segments + 2 * number + offsets[number] + 2 * (code - starts[number])
                glyph = unpack_from(">H", data, place)[0]
            if glyph:
                glyphs[chr(code)] = (glyph + deltas[number]) % 0x10000
    return glyphs


def printable(text: str) -> str:
    """What of a text can be printed: composed, in one line of at most 240 letters, without signs that the fonts lack.

    A letter that is lacking becomes what it is made of (`ǎ` → `a`, `１` → `1`); emoji, other scripts, control signs
    and lone surrogates are left out.
    """
    known = typeface(False).glyphs.keys() - {_SOFT_HYPHEN}
    kept = []
    for letter in unicodedata.normalize("NFC", text[:4000]):
        if letter.isspace():
            kept.append(" ")
        elif letter in known:
            kept.append(letter)
        else:
            kept += [part for part in unicodedata.normalize("NFKD", letter) if part in known]
    line = " ".join("".join(kept).split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


@lru_cache(maxsize=4096)
def width_of(text: str, bold: bool) -> float:
    """In em."""
    return typeface(bold).width(text)


@lru_cache(maxsize=1024)
def ink_of(text: str, bold: bool) -> tuple[float, float]:
    """How far the letters reach over and under their baseline, in em; both are 0 or more."""
    face = typeface(bold)
    heights = [y for letter in set(text) for contour in face.outline(letter) for _, y, _ in contour]
    return max(heights, default=0) / face.units, max(0.0, -min(heights, default=0) / face.units)
