"""One stamp on one label: what is printed where. Measures in millimetres from the label's top left."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from handlers.papers import refusal
from handlers.papers.arrangement import Room, arrangements
from handlers.papers.filling import PIN, Filled, Wanted, filled, foot_heights
from handlers.papers.fitting import Block, Field, Words, stack_height
from handlers.papers.geometry import Geometry
from handlers.papers.refusal import DoesNotFit
from handlers.papers.symbol import side_of, version_for
from handlers.papers.typeface import printable

__all__ = ["DoesNotFit", "Drawn", "Line", "Stamp", "lay_out", "plan"]

PALE = "MẪU"
_MOST_EXTRA_WHITE = 0.8
_CODE_DIGITS, _PIN_DIGITS = 12, 6


@dataclass(frozen=True, slots=True)
class Stamp:
    """What is printed on one label. Words are ready to print; empty ones are left out."""

    url: str
    code: str  # 12 digits
    product: str = ""
    best_before: str = ""
    lot: str = ""
    coop: str = ""
    invite: str = ""
    pin: str = ""  # 6 digits, under a scratch sticker


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text from x rightwards, on the baseline y."""

    text: str
    x: float
    y: float
    size: float  # of the font
    bold: bool = False
    digits: str = ""  # `code` or `pin` where they differ from stamp to stamp


@dataclass(frozen=True, slots=True)
class Drawn:
    """Where everything is. x and y are those of the symbol's first module, inside its quiet zone."""

    side: int  # modules
    module: float
    x: float
    y: float
    lines: tuple[Line, ...]
    frame: tuple[float, float, float, float] | None  # left, top, width, height of the scratch field
    pale: Line | None  # MẪU, under all other things
    kept: tuple[str, ...]  # names of the fields that are printed, beside the code

    def texts(self, stamp: Stamp) -> Iterator[Line]:
        """The lines, with the digits of this stamp."""
        groups = iter((stamp.code[:4], stamp.code[4:8], stamp.code[8:]))
        for line in self.lines:
            if line.digits == "pin":
                yield replace(line, text=stamp.pin)
            elif line.digits == "code":
                yield replace(line, text=" ".join(next(groups) for _ in line.text.split()))
            else:
                yield line


def lay_out(stamp: Stamp, geometry: Geometry, *, damp: bool = False, sample: bool = False) -> Drawn:
    """Raises DoesNotFit, and ValueError for a code or a PIN that is none."""
    drawn = plan(stamp, geometry, damp=damp, sample=sample)
    return replace(drawn, lines=tuple(drawn.texts(stamp)))


def plan(stamp: Stamp, geometry: Geometry, *, damp: bool = False, sample: bool = False) -> Drawn:
    """As `lay_out`, with zeros for digits: one and the same for all stamps that differ in nothing else."""
    if not _digits(stamp.code, _CODE_DIGITS):
        raise ValueError("a stamp's code has 12 digits")
    if stamp.pin and not _digits(stamp.pin, _PIN_DIGITS):
        raise ValueError("a stamp's PIN has 6 digits")
    words = (stamp.product, stamp.best_before, stamp.lot, stamp.coop, stamp.invite)
    return _planned(geometry, len(stamp.url), words, pin=bool(stamp.pin), damp=damp, sample=sample)


@lru_cache(maxsize=256)
def _planned(geometry: Geometry, length: int, words: tuple[str, ...], *, pin: bool, damp: bool, sample: bool) -> Drawn:
    refusal.check_symbol(length, geometry, damp)
    version = version_for(length, damp)
    assert version is not None
    ways = list(arrangements(version, geometry, foot_heights()))
    wanted = Wanted(_fields(*(printable(text) for text in words)), pin, sample)
    best = max(filled(ways, wanted), key=lambda one: one.score, default=None)
    if best is None:
        bare = any(True for _ in filled(ways, Wanted((), pin=False, sample=False)))
        raise DoesNotFit(refusal.no_room(version, geometry, pin=pin and bare, sample=sample and bare))
    return _drawn(best, side_of(version), sample)


def _fields(product: str, best_before: str, lot: str, coop: str, invite: str) -> tuple[Field, ...]:
    """In the order in which they are kept where room is short."""
    fields = (
        Field("product", product, bold=True, scale=1.15, may_shorten=True),
        Field("best_before", best_before, keep_together=True),
        Field("lot", lot, keep_together=True),
        Field("coop", coop),
        Field("invite", invite),
    )
    return tuple(field for field in fields if field.text)


def _drawn(best: Filled, side: int, sample: bool) -> Drawn:
    lines, frame = _stacked(best.blocks, best.way.room)
    if best.foot and best.way.foot:
        lines += _stacked([best.foot], best.way.foot)[0]
    pale = _pale(best.way.room) if sample else None
    return Drawn(side, best.way.module, best.way.x, best.way.y, tuple(lines), frame, pale, best.kept)


def _stacked(blocks: Sequence[Block], room: Room) -> tuple[list[Line], tuple[float, float, float, float] | None]:
    """The blocks one under the other in the middle of the room, with a little more white between them if there is."""
    lines: list[Line] = []
    frame = None
    spare = room.height - stack_height(blocks)
    extra = min(_MOST_EXTRA_WHITE, spare / (len(blocks) + 1)) if blocks else 0.0
    y = room.top + (spare - extra * (len(blocks) - 1)) / 2
    for number, block in enumerate(blocks):
        if number:
            y += max(blocks[number - 1].gap, block.gap) + extra
        for at, words in enumerate(block.lines):
            y += block.pitch if at else 0.0
            left = room.left + ((room.width - words.width) / 2 if room.centred else 0.0)
            around = 0.0
            if block.frame and at == len(block.lines) - 1:
                width, height = block.frame
                frame_left = room.left + ((room.width - width) / 2 if room.centred else 0.0)
                frame = (frame_left, y, width, height)
                left, around = frame_left + (width - words.width) / 2, (height - words.over - words.under) / 2
            digits = block.name if block.name in ("code", "pin") and words.text != PIN else ""
            lines.append(Line(words.text, left, y + around + words.over, words.size, words.bold, digits))
            y += 2 * around + words.over + words.under
    return lines, frame


def _pale(room: Room) -> Line:
    """As large as the room for words allows."""
    one = Words(PALE, 1.0, bold=True)
    size = min(room.width / one.width, room.height / (one.over + one.under))
    top = room.top + (room.height - size * (one.over + one.under)) / 2
    return Line(PALE, room.left + (room.width - size * one.width) / 2, top + size * one.over, size, bold=True)


def _digits(text: str, count: int) -> bool:
    return len(text) == count and text.isascii() and text.isdecimal()
