"""Stamps as a PDF to print."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

from handlers.papers.geometry import Geometry, GeometryError
from handlers.papers.label import Stamp, plan
from handlers.papers.pages import Pages
from handlers.papers.ruler import write_ruler

__all__ = ["write_pdf", "write_ruler"]


def write_pdf(
    file: BinaryIO | Path,
    stamps: Iterable[Stamp],
    geometry: Geometry,
    *,
    start: int = 1,
    damp: bool = False,
    sample: bool = False,
    title: str = "",
    progress: Callable[[int], None] | None = None,
) -> int:
    """One label a stamp, from label `start` of the first page on; the number of pages, none without stamps.

    progress: told after each page how many stamps are drawn. Raises GeometryError for a start that is not on the page,
    DoesNotFit for a stamp that does not fit; then nothing is written.
    """
    if not 1 <= start <= geometry.per_page:
        raise GeometryError(f"label {start} is not on the page; it has labels 1 to {geometry.per_page}")
    pages = Pages(geometry, title)
    places = list(geometry.places())
    at, count = start - 1, 0
    for count, stamp in enumerate(stamps, 1):
        drawn = plan(stamp, geometry, damp=damp, sample=sample)
        if at == len(places):
            pages.turn()
            at = 0
            if progress:
                progress(count - 1)
        pages.draw(drawn, stamp, places[at], damp)
        at += 1
    if not count:
        return 0
    pages.turn()
    pages.save(file)
    if progress:
        progress(count)
    return pages.count
