"""Printed pages, looked at as a printer and a phone see them: dots, and QR codes read from the dots."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from random import Random
from typing import Any

import pypdfium2
import zxingcpp
from PIL import Image

from catalog import trace
from handlers.papers.geometry import Geometry
from handlers.papers.label import Drawn, Stamp
from handlers.papers.sheet import write_pdf

HOST = "https://htx.vn/t/"
Box = tuple[float, float, float, float]
ORANGES = Stamp(
    HOST + "483920176504",
    "483920176504",
    "Cam sành loại 1",
    "HSD 02/12/2026",
    "Lô CAM-261118-1",
    "HTX Nông sản Suối Mây",
    "Nhắn mã này cho Zalo HTX Suối Mây",
)


def stamps(count: int, host: str = HOST, **words: Any) -> list[Stamp]:
    """Of one lot, each with a code of its own, the same at every run."""
    words = {name: getattr(ORANGES, name) for name in ("product", "best_before", "lot", "coop", "invite")} | words
    chance = Random(20_261_122)
    codes = [trace.complete(chance.randrange(10**10)) for _ in range(count)]
    return [Stamp(host + code, code, **words) for code in codes]


def pdf(those: Sequence[Stamp], geometry: Geometry, **more: Any) -> bytes:
    file = BytesIO()
    write_pdf(file, those, geometry, **more)
    return file.getvalue()


def dots(document: bytes, dpi: int = 300, page: int = 0) -> Image.Image:
    """A page as a printer of so many dots prints it, in greys."""
    return pypdfium2.PdfDocument(document)[page].render(scale=dpi / 72, grayscale=True).to_pil()


def words(document: bytes, page: int = 0) -> list[str]:
    return pypdfium2.PdfDocument(document)[page].get_textpage().get_text_bounded().splitlines()


def pages(document: bytes) -> int:
    return len(pypdfium2.PdfDocument(document))


@dataclass(frozen=True, slots=True)
class Read:
    """A QR code as it was found; its middle in mm from the page's top left."""

    text: str
    x: float
    y: float
    level: str


def read(image: Image.Image, wide: float = 210.0) -> list[Read]:
    """Row by row. wide: the page, in mm."""
    found = [
        Read(one.text, *_middle(one.position, wide / image.width), one.ec_level)
        for one in zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCodeModel2)
    ]
    return sorted(found, key=lambda one: (round(one.y), one.x))


def _middle(corners: Any, dot: float) -> tuple[float, float]:
    every = (corners.top_left, corners.top_right, corners.bottom_right, corners.bottom_left)
    return sum(one.x for one in every) / 4 * dot, sum(one.y for one in every) / 4 * dot


def middles(drawn: Drawn, geometry: Geometry) -> list[tuple[float, float]]:
    """Where the QR codes of a full page ought to be."""
    half = drawn.side * drawn.module / 2
    return [(left + drawn.x + half, top + drawn.y + half) for left, top in geometry.places()]


def farthest(found: Sequence[Read], wanted: Sequence[tuple[float, float]]) -> float:
    """The worst distance in mm."""
    return max(math.dist((one.x, one.y), place) for one, place in zip(found, wanted, strict=True))


def ink(image: Image.Image, box: Box, dpi: float = 300, dark: int = 128) -> Box | None:
    """How far what is dark in a box reaches: left, top, right, bottom in mm; None if nothing is dark there."""
    left, top = (max(0, round(side * dpi / 25.4)) for side in box[:2])
    right, bottom = (min(most, round(side * dpi / 25.4)) for side, most in zip(box[2:], image.size, strict=True))
    found = image.crop((left, top, right, bottom)).point(lambda grey: 255 if grey < dark else 0).getbbox()
    if found is None:
        return None
    edges = (left + found[0], top + found[1], left + found[2], top + found[3])
    return tuple(edge * 25.4 / dpi for edge in edges)  # type: ignore[return-value]


def around(place: tuple[float, float], drawn: Drawn, more: float = 0.0) -> Box:
    """The QR code of the label at this place, and so many mm on each side."""
    left, top, side = place[0] + drawn.x, place[1] + drawn.y, drawn.side * drawn.module
    return left - more, top - more, left + side + more, top + side + more
