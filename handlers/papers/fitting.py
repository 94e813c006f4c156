"""How words are made to fit a narrow space: smaller, in two lines, shortened, or not at all. Measures in mm."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise, product

from handlers.papers.typeface import X_HEIGHT, ink_of, width_of

LEAST_X_HEIGHT = 0.9
"""Of the smallest print on a stamp: what may be asked of a small package."""
SIZES = tuple(height / X_HEIGHT for height in (1.7, 1.5, 1.35, 1.2, 1.1, 1.0, LEAST_X_HEIGHT))
"""Of the font, largest first."""
OVER, UNDER = 0.95, 0.24
"""What a line takes over and under its baseline, in em, so that lines stand evenly; only Ẵ and the like take more."""
LEADING, TIGHT_LEADING = 0.06, 0.26
"""White between two lines, in em; between the ink of two lines that are set tight."""
_ELLIPSIS = "…"
_SHORTEST = 4
"""Letters that must be left of a shortened word for it to say anything."""


@dataclass(frozen=True, slots=True)
class Field:
    """Words that go on a stamp if there is room."""

    name: str
    text: str
    bold: bool = False
    scale: float = 1.0  # of the size of the others
    keep_together: bool = False  # rather small than in two lines
    may_shorten: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """One line as it is to be printed. Tight: it takes the height of its own letters."""

    text: str
    size: float
    bold: bool = False
    tight: bool = True

    @property
    def width(self) -> float:
        return width_of(self.text, self.bold) * self.size

    @property
    def over(self) -> float:
        return max(ink_of(self.text, self.bold)[0], 0.0 if self.tight else OVER) * self.size

    @property
    def under(self) -> float:
        return max(ink_of(self.text, self.bold)[1], 0.0 if self.tight else UNDER) * self.size


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that belong together. `pitch`: from one line's ink to the next one's; `gap`: white that it wants around."""

    name: str
    lines: Sequence[Words]
    pitch: float
    gap: float
    whole: bool = True
    frame: tuple[float, float] | None = None  # an empty field of this size, around its last line

    @property
    def width(self) -> float:
        return max(*(line.width for line in self.lines), self.frame[0] if self.frame else 0.0, 0.0)

    @property
    def height(self) -> float:
        framed = self.frame[1] - self.lines[-1].over - self.lines[-1].under if self.frame else 0.0
        ink = sum(line.over + line.under for line in self.lines)
        return ink + self.pitch * (len(self.lines) - 1) + framed


def stack_height(blocks: Iterable[Block]) -> float:
    """Of blocks one under the other, with the white between them."""
    blocks = list(blocks)
    between = sum(max(upper.gap, lower.gap) for upper, lower in pairwise(blocks))
    return sum(block.height for block in blocks) + between


def fitted(field: Field, width: float, height: float, size: float, *, tight: bool) -> Block | None:
    """The field in this space, in this size or smaller; None if nothing of it can be read there."""
    leading = TIGHT_LEADING if tight else LEADING
    least = SIZES[-1] * field.scale
    for lines in _ways(field, width, size * field.scale, least):
        block = _block(field, lines, leading, tight=tight)
        if block.height <= height:
            return block
    if field.may_shorten:
        for count in (2, 1):
            lines = _shortened(field, width, least, count)
            if lines and (block := _block(field, lines, leading, tight=tight, whole=False)).height <= height:
                return block
    return None


def gap_of(size: float, *, tight: bool) -> float:
    """White around lines of this size."""
    return (TIGHT_LEADING if tight else LEADING) * size


def _block(field: Field, lines: Sequence[Words], leading: float, *, tight: bool, whole: bool = True) -> Block:
    lines = [replace(line, tight=tight) for line in lines]
    white = leading * lines[0].size
    return Block(field.name, lines, white, white, whole)


def _ways(field: Field, width: float, size: float, least: float) -> Iterable[list[Words]]:
    """Whole: in one line or two, in this size or smaller; the best first."""
    layouts: list[tuple[str, ...]] = [(field.text,)]
    if " " in field.text:
        layouts.append(_halves(field.text, field.bold))
    choices = list(product((size, None), layouts))
    if field.keep_together:
        choices.sort(key=lambda choice: len(choice[1]))
    for most, layout in choices:
        fits = width / (max(width_of(line, field.bold) for line in layout) or 1.0)
        if fits >= (most or least):
            yield [Words(line, most or min(size, fits), field.bold) for line in layout]


@lru_cache(maxsize=256)
def _halves(text: str, bold: bool) -> tuple[str, str]:
    """Broken at the space that leaves both lines as short as can be."""
    words = text.split(" ")
    cuts = ((" ".join(words[:at]), " ".join(words[at:])) for at in range(1, len(words)))
    return min(cuts, key=lambda halves: max(width_of(half, bold) for half in halves))


def _shortened(field: Field, width: float, size: float, count: int) -> list[Words]:
    """As many words as go into `count` lines, the last one ending in …; none if hardly a letter is left."""
    lines: list[str] = []
    rest = field.text
    while len(lines) < count - 1:
        words, line = rest.split(" "), ""
        while words and width_of(f"{line} {words[0]}".strip(), field.bold) * size <= width:
            line = f"{line} {words.pop(0)}".strip()
        if not line:
            return []
        lines.append(line)
        rest = " ".join(words)
    rest = rest[: int(width / size * 6)]
    while rest and width_of(rest + _ELLIPSIS, field.bold) * size > width:
        rest = rest[:-1].rstrip()
    if len(rest) < _SHORTEST:
        return []
    return [Words(line, size, field.bold) for line in (*lines, rest + _ELLIPSIS)]
