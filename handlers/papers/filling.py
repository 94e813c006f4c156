"""Which words a label keeps, and in which size: every way is tried, and the best one taken. Measures in mm."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

from handlers.papers.arrangement import Arrangement
from handlers.papers.fitting import SIZES, Block, Field, Words, fitted, gap_of, stack_height
from handlers.papers.refusal import LEAST_DIGITS, SCRATCH_FIELD
from handlers.papers.typeface import CAP_HEIGHT

DIGIT_HEIGHTS = (4.0, 3.5, LEAST_DIGITS)
"""Of the code's digits: as high as can be."""
COMFORTABLE_MODULE = 0.5
PIN = "PIN dưới lớp cào:"
SAMPLE = "TEM MẪU"

_CODE_GAP, _TIGHT_CODE_GAP = 0.9, 0.55
_GROUP_GAP, _TIGHT_GROUP_GAP = 0.25, 0.16  # of the height of the digits
_PIN_HEIGHT = 2.6


@dataclass(frozen=True, slots=True)
class Wanted:
    """What goes on a label beside its code; the fields in the order in which they are kept."""

    fields: Sequence[Field]
    pin: bool
    sample: bool


@dataclass(frozen=True, slots=True)
class Style:
    size: float  # of the font
    digits: float  # their height
    tight: bool


@dataclass(frozen=True, slots=True)
class Filled:
    """An arrangement with all that it keeps."""

    way: Arrangement
    style: Style
    blocks: Sequence[Block]  # in the order in which they are read
    foot: Block | None
    kept: tuple[str, ...]

    @property
    def score(self) -> tuple[float, ...]:
        """More fields count most, then whole ones, then a QR code that is easy to read, then calm and large print."""
        style, module = self.style, self.way.module
        whole = all(block.whole for block in self.blocks)
        others = (block for block in self.blocks if block.name in self.kept and block.name != "product")
        sizes = {round(block.lines[0].size, 3) for block in others}
        even = len(sizes) <= 1 and not style.tight
        return len(self.kept), whole, module >= COMFORTABLE_MODULE, even, style.size, module, style.digits


def filled(ways: Sequence[Arrangement], wanted: Wanted) -> Iterator[Filled]:
    """Every way to fill the label that has room for what must not be missing."""
    styles = [Style(*chosen) for chosen in product(SIZES, DIGIT_HEIGHTS, (False, True))]
    heights = dict(zip(DIGIT_HEIGHTS, foot_heights(), strict=True))
    for way, style in product(ways, styles):
        if way.foot is None or way.foot.height == heights[style.digits]:
            for code in _codes(style.digits, in_foot=way.foot is not None, tight=style.tight):
                found = _fill(way, style, code, wanted)
                if found is not None:
                    yield found


@cache
def foot_heights() -> tuple[float, ...]:
    """Of a line that holds the code alone, for each height of its digits: round ones reach a little further."""
    return tuple(next(_codes(height, in_foot=True, tight=False)).height for height in DIGIT_HEIGHTS)


def _fill(way: Arrangement, style: Style, code: Block, wanted: Wanted) -> Filled | None:
    """The arrangement with as many fields as it has room for."""
    room = way.room
    if code.width > (way.foot or room).width:
        return None
    blocks = [] if way.foot else [code]
    if wanted.sample:
        blocks.insert(0, Block("sample", [Words(SAMPLE, style.size * 1.15, bold=True)], 0, _CODE_GAP))
    if wanted.pin:
        blocks.append(_scratch_field())
    if blocks and (max(block.width for block in blocks) > room.width or stack_height(blocks) > room.height):
        return None
    kept = []
    for field in wanted.fields if room.width > 0 else ():
        at = _place(blocks, field)
        left = room.height - _taken(blocks, at, gap_of(style.size, tight=style.tight))
        block = fitted(field, room.width, left, style.size, tight=style.tight)
        if block is None:
            break
        blocks.insert(at, block)
        kept.append(field.name)
    return Filled(way, style, blocks, code if way.foot else None, tuple(kept))


def _place(blocks: Sequence[Block], field: Field) -> int:
    """Read first: what it is. Then the code, and the rest after it."""
    if field.name == "product":
        return sum(block.name == "sample" for block in blocks)
    return len(blocks) - sum(block.name == "pin" for block in blocks)


def _taken(blocks: Sequence[Block], at: int, gap: float) -> float:
    """Height of these blocks and of the white around one more that is put in there."""
    empty = Block("", [Words("", 0.0)], 0.0, gap)
    return stack_height([*blocks[:at], empty, *blocks[at:]])


def _codes(height: float, *, in_foot: bool, tight: bool) -> Iterator[Block]:
    """The code in one line; and, where it stands among other words, in three."""
    size = height / CAP_HEIGHT
    gap = _TIGHT_CODE_GAP if tight else _CODE_GAP
    group = Words("0000", size, bold=True)
    yield Block("code", [Words("0000 0000 0000", size, bold=True)], 0, gap)
    if not in_foot:
        yield Block("code", [group] * 3, (_TIGHT_GROUP_GAP if tight else _GROUP_GAP) * height, gap)


def _scratch_field() -> Block:
    digits = Words("000000", _PIN_HEIGHT / CAP_HEIGHT, bold=True)
    return Block("pin", [Words(PIN, SIZES[-1]), digits], 0.5, _CODE_GAP, frame=SCRATCH_FIELD)
