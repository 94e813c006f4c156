"""One stamp as a picture: SVG for whoever makes the print, PNG for a chat."""

from collections.abc import Iterator
from io import BytesIO
from itertools import pairwise
from xml.sax.saxutils import escape

from handlers.papers.geometry import Geometry
from handlers.papers.label import Line, Stamp, lay_out
from handlers.papers.pages import PALE
from handlers.papers.symbol import symbol_of
from handlers.papers.typeface import FILES, Contour, printable, typeface

_PALE = round(PALE * 255)


def one_svg(stamp: Stamp, geometry: Geometry, *, damp: bool = False, sample: bool = False) -> str:
    """In millimetres, letters as outlines: it looks the same in every program. Raises DoesNotFit."""
    drawn = lay_out(stamp, geometry, damp=damp, sample=sample)
    width, height = geometry.label
    title = escape(printable(f"{stamp.product} {stamp.code}").strip())
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}mm" height="{height:g}mm" '
        f'viewBox="0 0 {width:g} {height:g}"><title>{title}</title>',
        f'<rect width="{width:g}" height="{height:g}" fill="#fff"/>',
    ]
    if drawn.pale:
        parts.append(f'<path fill="rgb({_PALE},{_PALE},{_PALE})" d="{_outlines(drawn.pale)}"/>')
    if drawn.frame:
        left, top, wide, high = drawn.frame
        parts.append(
            f'<rect x="{left:.3f}" y="{top:.3f}" width="{wide:g}" height="{high:g}" '
            'fill="none" stroke="#000" stroke-width="0.1"/>'
        )
    parts += [f'<path d="{_outlines(line)}"/>' for line in drawn.lines]
    runs = "".join(
        f"M{column} {row}h{length}v1h-{length}z" for column, row, length in symbol_of(stamp.url, damp).runs()
    )
    parts.append(
        f'<path transform="translate({drawn.x:.4f} {drawn.y:.4f}) scale({drawn.module:.5f})" '
        f'shape-rendering="crispEdges" d="{runs}"/></svg>'
    )
    return "\n".join(parts) + "\n"


def one_png(stamp: Stamp, geometry: Geometry, *, dpi: int = 300, damp: bool = False, sample: bool = False) -> bytes:
    """Black on white, sharp at every module's edge. Raises DoesNotFit."""
    from PIL import Image, ImageDraw, ImageFont

    drawn = lay_out(stamp, geometry, damp=damp, sample=sample)
    scale = dpi / 25.4
    width, height = (max(1, round(side * scale)) for side in geometry.label)
    image = Image.new("L", (width, height), 255)
    draw = ImageDraw.Draw(image)

    def write(line: Line, grey: int) -> None:
        font = ImageFont.truetype(FILES[line.bold], line.size * scale)
        draw.text((line.x * scale, line.y * scale), line.text, grey, font, anchor="ls")

    if drawn.pale:
        write(drawn.pale, _PALE)
    if drawn.frame:
        left, top, wide, high = (measure * scale for measure in drawn.frame)
        draw.rectangle((left, top, left + wide, top + high), outline=0)
    for line in drawn.lines:
        write(line, 0)
    edges = [
        [round((start + module * drawn.module) * scale) for module in range(drawn.side + 1)]
        for start in (drawn.x, drawn.y)
    ]
    for column, row, length in symbol_of(stamp.url, damp).runs():
        draw.rectangle((edges[0][column], edges[1][row], edges[0][column + length] - 1, edges[1][row + 1] - 1), 0)
    file = BytesIO()
    image.save(file, "PNG", optimize=True, dpi=(dpi, dpi))
    return file.getvalue()


def _outlines(line: Line) -> str:
    face = typeface(line.bold)
    scale, at, parts = line.size / face.units, line.x, []
    for letter in line.text:
        for contour in face.outline(letter):
            parts.append(_contour([(at + x * scale, line.y - y * scale, on) for x, y, on in contour]))  # noqa: PERF401
        at += face.widths[letter] * scale
    return "".join(parts)


def _contour(points: Contour) -> str:
    """A closed curve. Between two points that it does not go through, it goes through their middle."""
    whole = list(_with_middles(points))
    first = next(number for number, (_, _, on) in enumerate(whole) if on)
    whole = whole[first:] + whole[: first + 1]
    parts = [f"M{whole[0][0]:.3f} {whole[0][1]:.3f}"]
    for (x, y, on), (next_x, next_y, next_on) in pairwise(whole):
        if not on:
            parts.append(f"Q{x:.3f} {y:.3f} {next_x:.3f} {next_y:.3f}")
        elif next_on:
            parts.append(f"L{next_x:.3f} {next_y:.3f}")
    return "".join(parts) + "Z"


def _with_middles(points: Contour) -> Iterator[tuple[float, float, bool]]:
    for (x, y, on), (next_x, next_y, next_on) in pairwise([*points, points[0]]):
        yield x, y, on
        if not on and not next_on:
            yield (x + next_x) / 2, (y + next_y) / 2, True
