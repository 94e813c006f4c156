"""Pages of a PDF: drawn as vectors, compressed one by one, the same bytes for the same stamps.

What reportlab draws letter by letter costs more than all else together. So a page is written as PDF operators here, and
reportlab keeps the fonts, the pages and the file.
"""

import zlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from handlers.papers.geometry import Geometry
from handlers.papers.label import Drawn, Line, Stamp
from handlers.papers.symbol import symbol_of
from handlers.papers.typeface import FILES, printable

if TYPE_CHECKING:
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas

POINTS = 72 / 25.4
"""In a millimetre."""
PALE = 0.86
"""Grey of what lies under the words; 1 is white."""
_REMEMBERED = 1000
_NAMES = {False: "NotoSans", True: "NotoSans-SemiBold"}


class Pages:
    """A file of pages of one geometry, written when it is saved."""

    def __init__(self, geometry: Geometry, title: str = "") -> None:
        self.geometry = geometry
        self.count = 0
        self._size = page_size(geometry)
        self._canvas = _canvas(self._size, title)
        self._ops: list[str] = []
        self._fixed: dict[Drawn, str] = {}
        self._letters = Letters(self._canvas)

    def draw(self, drawn: Drawn, stamp: Stamp, place: tuple[float, float], damp: bool) -> None:
        """A stamp on the label at this place."""
        left, top = self._snapped(place)
        ops = self._ops
        ops.append(f"q 1 0 0 1 {left * POINTS:.3f} {self._size[1] - top * POINTS:.3f} cm")
        if drawn not in self._fixed:
            if len(self._fixed) >= _REMEMBERED:
                self._fixed.clear()
            self._fixed[drawn] = self._same_for_all(drawn)
        ops.append(self._fixed[drawn])
        ops.extend(self.text(line) for line in drawn.texts(stamp) if line.digits)
        scale = drawn.module * POINTS
        ops.append(f"{scale:.5f} 0 0 -{scale:.5f} {drawn.x * POINTS:.3f} {-drawn.y * POINTS:.3f} cm")
        ops.append(_path(stamp.url, damp))
        ops.append("f Q")

    def text(self, line: Line) -> str:
        return self._letters.operators(line)

    def add(self, operators: str) -> None:
        """PDF operators, in points from the page's bottom left."""
        self._ops.append(operators)

    def turn(self) -> None:
        """The page is full."""
        from reportlab.pdfbase.pdfdoc import PDFDictionary, PDFName, PDFStream

        page = "\n".join(self._ops).encode("ascii")
        self._canvas.showPage()  # an empty one: reportlab would keep the contents as they are until the end
        filters = PDFDictionary({"Filter": PDFName("FlateDecode")})
        self._canvas._doc.Pages[-1].Contents = PDFStream(filters, zlib.compress(page))
        self._ops = []
        self.count += 1

    def save(self, file: BinaryIO | Path) -> None:
        if isinstance(file, Path):
            file.write_bytes(self._canvas.getpdfdata())
        else:
            file.write(self._canvas.getpdfdata())

    def _same_for_all(self, drawn: Drawn) -> str:
        """What does not differ from stamp to stamp: what is pale goes first and lies under all."""
        ops = []
        if drawn.pale:
            ops.append(f"{PALE} g {self.text(drawn.pale)} 0 g")
        if drawn.frame:
            left, top, width, height = (measure * POINTS for measure in drawn.frame)
            ops.append(f"0.3 w {left:.2f} {-top - height:.2f} {width:.2f} {height:.2f} re S")
        return "\n".join((*ops, *(self.text(line) for line in drawn.lines if not line.digits)))

    def _snapped(self, place: tuple[float, float]) -> tuple[float, float]:
        """Where the label begins; on thermal paper so that its modules lie on the dots."""
        if not self.geometry.thermal:
            return place
        dot = self.geometry.dot
        left, top = (round(way / dot) * dot for way in place)
        return left, top


def page_size(geometry: Geometry) -> tuple[float, float]:
    """In points; on thermal paper a whole number of dots, so that no driver has to stretch it."""
    if not geometry.thermal:
        return geometry.page[0] * POINTS, geometry.page[1] * POINTS
    width, height = (round(way / geometry.dot) * 72 / geometry.dpi - 1e-4 for way in geometry.page)
    return width, height


class Letters:
    """Lines of text as operators of one file, whose fonts it puts into it."""

    def __init__(self, canvas: "Canvas") -> None:
        self._canvas = canvas
        self._coded: dict[tuple[str, bool], list[tuple[str, str]]] = {}

    def operators(self, line: Line) -> str:
        shown = " ".join(
            f"{font} {line.size * POINTS:.3f} Tf <{code}> Tj" for font, code in self._code(line.text, line.bold)
        )
        return f"BT {line.x * POINTS:.3f} {-line.y * POINTS:.3f} Td {shown} ET"

    def _code(self, text: str, bold: bool) -> list[tuple[str, str]]:
        """The font's name on the page and the letters as it numbers them, in hexadecimal."""
        key = (text, bold)
        coded = self._coded.get(key)
        if coded is None:
            if len(self._coded) >= _REMEMBERED:
                self._coded.clear()
            font, doc = _font(bold), self._canvas._doc
            coded = self._coded[key] = [
                (font.getSubsetInternalName(number, doc), code.hex()) for number, code in font.splitString(text, doc)
            ]
        return coded


def _font(bold: bool) -> "TTFont":
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    name = _NAMES[bold]
    if name not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont(name, FILES[bold]))
    return pdfmetrics.getFont(name)


@lru_cache(maxsize=64)
def _path(url: str, damp: bool) -> str:
    """The dark modules as one path, in modules from the symbol's top left, so that nothing white shows between them."""
    return "\n".join(_rectangle(*run) for run in symbol_of(url, damp).runs())


@lru_cache(maxsize=20_000)
def _rectangle(column: int, row: int, length: int) -> str:
    return f"{column} {row} {length} 1 re"


def _canvas(size: tuple[float, float], title: str) -> "Canvas":
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas("", pagesize=size, pageCompression=1, invariant=1, initialFontName=_font(False).fontName)
    canvas.setTitle(printable(title) or "Tem truy xuất")
    canvas.setCreator("chophien")
    return canvas
