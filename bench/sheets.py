"""`python -m bench.sheets`: ten thousand stamps on sheets of 65, how fast, and is every QR code read back?

The same sheet is made by the package qrcode and reportlab, as anybody would write it, in the same run: of its two ways,
an image a code and a path a code, the quicker one, which draws the same words in the same font at the same places.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import click

from bench.report import Figure, at_least, show, within
from catalog import trace
from handlers.papers.geometry import SHEETS, Geometry
from handlers.papers.label import Drawn, Stamp, lay_out

COUNT, QUICK_COUNT = 10_000, 650
SECONDS, MEMORY_MB, FARTHEST_MM = 30, 300, 0.2
PRINTERS = (300, 203)
SHEET = "65"
_EDGE = 1.0
"""How far a QR code may be from its place and still be measured, in mm; all of that is white."""

Box = tuple[float, float, float, float]


def stamps(count: int) -> Iterator[Stamp]:
    """Units of one lot, each with a code of its own; the same ones at every run."""
    for number in Random(20_261_122).sample(range(10**10), count):
        code = trace.complete(number)
        yield Stamp(
            f"https://htx.vn/t/{code}",
            code,
            "Cam sành loại 1",
            "HSD 02/12/2026",
            "Lô CAM-261118-1",
            "HTX Nông sản Suối Mây",
            "Nhắn mã này cho Zalo HTX Suối Mây",
        )


def ours(file: Path, count: int) -> None:
    from handlers.papers.sheet import write_pdf

    write_pdf(file, stamps(count), SHEETS[SHEET])


def with_images(file: Path, count: int) -> None:
    """qrcode.make gives an image, and the canvas draws it."""
    import qrcode
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    def draw(canvas: Canvas, url: str, left: float, bottom: float, side: float) -> None:
        image = qrcode.make(url, error_correction=qrcode.ERROR_CORRECT_M, border=0, box_size=4)
        canvas.drawImage(ImageReader(image.get_image()), left, bottom, side, side)

    _by_hand(file, count, draw)


def with_paths(file: Path, count: int) -> None:
    """The modules of qrcode as one path of squares, so that it prints as sharp as ours."""
    import qrcode
    from reportlab.pdfgen.canvas import Canvas

    def draw(canvas: Canvas, url: str, left: float, bottom: float, side: float) -> None:
        code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=0)
        code.add_data(url)
        code.make()
        module = side / len(code.modules)
        path = canvas.beginPath()
        for row, modules in enumerate(code.modules):
            for column, dark in enumerate(modules):
                if dark:
                    path.rect(left + column * module, bottom + side - (row + 1) * module, module, module)
        canvas.drawPath(path, stroke=0, fill=1)

    _by_hand(file, count, draw)


WAYS = {"ours": ours, "images": with_images, "paths": with_paths}


def _by_hand(file: Path, count: int, draw_code: object) -> None:
    from reportlab.lib.units import mm
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas

    from handlers.papers.typeface import FILES

    for bold, path in FILES.items():
        pdfmetrics.registerFont(TTFont(str(bold), path))
    geometry = SHEETS[SHEET]
    height = geometry.page[1]
    canvas, places = Canvas(str(file), pagesize=(geometry.page[0] * mm, height * mm), pageCompression=1), []
    for stamp in stamps(count):
        if not places:
            places = list(geometry.places())[::-1]
        left, top = places.pop()
        drawn = lay_out(stamp, geometry)
        side = drawn.side * drawn.module
        draw_code(canvas, stamp.url, (left + drawn.x) * mm, (height - top - drawn.y - side) * mm, side * mm)
        for line in drawn.lines:
            canvas.setFont(str(line.bold), line.size * mm)
            canvas.drawString((left + line.x) * mm, (height - top - line.y) * mm, line.text)
        if not places:
            canvas.showPage()
    canvas.save()


def measured(way: str, file: Path, count: int) -> tuple[float, float]:
    """Seconds and peak MB of a process of its own, from the first import of what draws to the file."""
    command = [sys.executable, "-m", "bench.sheets", "--only", way, "--count", str(count), "--file", str(file)]
    told = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return told["seconds"], told["peak_mb"]


def measure(count: int = COUNT) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        files = {way: Path(folder) / f"{way}.pdf" for way in WAYS}
        found = {way: measured(way, file, count) for way, file in files.items()}
        seconds, peak = found["ours"]
        size = files["ours"].stat().st_size / 1e6
        title = f"{count:,} unit stamps on sheets of {SHEET}"
        figures = [
            within(title, seconds, "s", SECONDS, note=f"{size:.1f} MB, {count / seconds:,.0f} stamps a second"),
            within("   memory at its peak", peak, "MB", MEMORY_MB),
        ]
        quicker = min(("images", "paths"), key=lambda way: found[way][0])
        for way in ("images", "paths"):
            theirs, held = found[way]
            figures.append(
                Figure(
                    f"   the same by qrcode {'as ' + way} and reportlab",
                    theirs,
                    "s",
                    against="ours" if way == quicker else "",
                    ratio=theirs / seconds if way == quicker else None,
                    holds=theirs > seconds if way == quicker else None,
                    note=f"peak {held:.0f} MB, file {files[way].stat().st_size / 1e6:.1f} MB",
                )
            )
        for dpi in PRINTERS:
            figures += read_back(files["ours"], list(stamps(count)), dpi)
    return figures


def read_back(file: Path, those: Sequence[Stamp], dpi: int) -> list[Figure]:
    """Every page as a printer of so many dots prints it: what a phone reads there, and where it is.

    Without micro QR codes, which a reader may see in any few modules: they have no more than three digits.
    """
    import pypdfium2
    import zxingcpp

    geometry = SHEETS[SHEET]
    drawn, places = lay_out(those[0], geometry), list(geometry.places())
    texts: list[str] = []
    farthest, start = 0.0, time.perf_counter()
    document = pypdfium2.PdfDocument(file)
    for number in range(len(document)):
        image = document[number].render(scale=dpi / 72, grayscale=True).to_pil()
        codes = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCodeModel2)
        texts += [one.text for one in codes]
        on_page = len(those[number * len(places) : (number + 1) * len(places)])
        dot = geometry.page[0] / image.width
        farthest = max(farthest, *(_off(image, place, drawn, dot) for place in places[:on_page]))
    spent = time.perf_counter() - start
    right = set(texts) & {stamp.url for stamp in those}
    return [
        at_least(
            f"   read back by zxing-cpp at {dpi} dpi",
            [len(right)],
            "codes",
            len(those),
            note=f"{len(texts):,} read, {len(set(texts)):,} unique, of {len(those):,}; {spent:.0f} s",
        ),
        within("   farthest edge of a QR code from its place", farthest, "mm", FARTHEST_MM, note=_dots(geometry, dpi)),
    ]


def _off(image: object, place: tuple[float, float], drawn: Drawn, dot: float) -> float:
    """How far the edges of a QR code are from where they ought to be, in mm."""
    left, top, side = place[0] + drawn.x, place[1] + drawn.y, drawn.side * drawn.module
    wanted = (left, top, left + side, top + side)
    around = (left - _EDGE, top - _EDGE, left + side + _EDGE, top + side + _EDGE)
    box = tuple(round(edge / dot) for edge in around)
    ink = image.crop(box).point(lambda grey: 255 if grey < 128 else 0).getbbox()  # type: ignore[attr-defined]
    if ink is None:
        return side
    found = (box[0] + ink[0], box[1] + ink[1], box[0] + ink[2], box[1] + ink[3])
    return max(abs(edge * dot - ought) for edge, ought in zip(found, wanted, strict=True))


def _dots(geometry: Geometry, dpi: int) -> str:
    return f"a dot is {25.4 / dpi:.3f} mm; the page is {geometry.page[0]:g} × {geometry.page[1]:g} mm"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--quick", is_flag=True, help=f"{QUICK_COUNT} stamps.")
@click.option("--only", type=click.Choice(list(WAYS)), hidden=True, help="Make the file, and say in JSON what it took.")
@click.option("--count", type=int, default=COUNT, hidden=True)
@click.option("--file", type=click.Path(path_type=Path), hidden=True)
def main(*, quick: bool, only: str | None, count: int, file: Path) -> None:
    """Exit code 1 unless every limit holds."""
    if only:
        start = time.perf_counter()
        WAYS[only](file, count)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": time.perf_counter() - start, "peak_mb": peak}))
        return
    figures = measure(QUICK_COUNT) if quick else measure()
    show(figures)
    if any(one.holds is False for one in figures):
        sys.exit(1)


if __name__ == "__main__":
    main()
