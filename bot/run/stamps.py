"""`chophien stamps`: grant, print, and say what became of stamps."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.run.shell import counted, now_in, opened, plain, settings_of
from bot.run.trouble import Trouble

if TYPE_CHECKING:
    from bot.run.settings import Settings
    from catalog.db import Database

DAY = click.DateTime(["%Y-%m-%d"])
ID = click.IntRange(1, 2**62)
MOST = 10_000_000
"""Stamps that are granted or allowed at once."""


@click.group()
def stamps() -> None:
    """Grant, print, list and void stamps.

    Example:  chophien stamps print --lot SM-CAM-01 --count 65 -o cam.pdf
    """


@stamps.command(name="print")
@click.option("--lot", "number", metavar="LOT", help="The lot's number, or one of its codes.")
@click.option("--product", "sku", metavar="SKU", help="Without --lot: stamps that are bound to a lot later.")
@click.option("--count", type=click.IntRange(1, MOST), help="How many labels.")
@click.option("--kind", type=click.Choice(["unit", "lot"]), default="unit", show_default=True,
              help="unit: every label its own code. lot: the lot's code on all.")  # fmt: skip
@click.option("--sheet", default="65", show_default=True, metavar="SHEET",
              help="65, 40, 24, 80, 50x30, or columns=4,rows=8,label=45x30,pitch=48x33,margin=9x12.")  # fmt: skip
@click.option("--start", type=click.IntRange(min=1), default=1, show_default=True, help="First label of the page.")
@click.option("--damp", is_flag=True, help="For damp or curved goods: a QR code that bears more damage.")
@click.option("--pin", "pins", is_flag=True, help="Six digits under a scratch field, for dear goods.")
@click.option("--again", type=ID, metavar="ID", help="Print a sheet of before once more, the same.")
@click.option("--coop", metavar="CODE", help="Whose lot.  [default: whoever has one of that number]")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The PDF.")
def print_(  # noqa: PLR0917 (by name, from the command line)
    number: str | None,
    sku: str | None,
    count: int | None,
    kind: str,
    sheet: str,
    start: int,
    damp: bool,
    pins: bool,
    again: int | None,
    coop: str | None,
    output: Path,
) -> None:
    """Print stamps for a lot, as a PDF.

    Each has a fresh code, drawn from what the Alliance granted. Print at 100 %, never "fit to page"; chophien stamps
    ruler makes a page to check that.

    Example:  chophien stamps print --lot SM-CAM-01 --count 65 -o cam.pdf

    Example:  chophien stamps print --lot SM-MAT-01 --count 24 --sheet 50x30 --damp --pin -o mat.pdf

    Example:  chophien stamps print --again 3 -o cam.pdf
    """
    from bot.run.printing import check_again, draw_sheet, draw_sheet_for_product, lacks_of

    if again is None and (count is None or bool(number) == bool(sku)):
        raise click.UsageError("give --count and either --lot or --product, or --again")
    if again is not None and (count is not None or number or sku):
        raise click.UsageError("--again prints a sheet as it was: it takes no --lot, --product or --count")
    if pins and kind == "lot":
        raise click.UsageError("a PIN is for one package: a lot's stamp is the same on all")
    settings = settings_of()
    now = now_in(settings)
    with opened(settings) as database, _beside(output) as unfinished:
        if again is not None:
            check_again(database, again, now.date())
            sheet_id, left = again, None
        else:
            from catalog.acts.stamps import PrintStamps

            wanted = PrintStamps("", 0, count or 0, kind, sheet, start, damp, pins)
            if number:
                sheet_id, left = draw_sheet(database, settings.public_url, number, coop, wanted, now=now)
            else:
                sheet_id, left = draw_sheet_for_product(database, settings.public_url, str(sku), coop, wanted, now=now)
        pages = _write(database, settings, sheet_id, unfinished)
        unfinished.replace(output)
        lacks = lacks_of(database, sheet_id, now.date())
    click.echo(f"{output}: sheet {sheet_id}, {pages} page{'s' if pages != 1 else ''}.")
    if left is not None:
        click.echo(f"{left} stamps are left.")
    if lacks:
        click.echo(f"What a customer sees is not whole: {', '.join(lacks)} (chophien lots check).", err=True)
    from bot.run.press import is_sample

    if is_sample(settings.public_url):
        click.secho(
            f"Every stamp says MẪU: PUBLIC_URL is {settings.public_url}, which customers cannot open.",
            bold=True,
            err=True,
        )


@stamps.command(name="list")
@click.option("--lot", "number", metavar="LOT", help="Only the sheets of this lot.")
@click.option("--sheet", "sheet_id", type=ID, metavar="ID", help="The codes of this sheet.")
@click.option("--coop", metavar="CODE", help="[default: the first co-op]")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_(number: str | None, sheet_id: int | None, coop: str | None, as_json: bool) -> None:
    """Say what was granted, drawn and is left; the sheets; or the codes of one sheet.

    Example:  chophien stamps list

    Example:  chophien stamps list --sheet 3 --json
    """
    from bot.run.printing import books, codes_on, sheets_of

    settings = settings_of()
    with opened(settings) as database, database.reading() as db:
        if sheet_id is not None:
            for line in codes_on(db, sheet_id):
                click.echo(line.json() if as_json else plain(line.words))
            return
        if not as_json and number is None:
            click.echo(plain(books(db, coop)))
        for line in sheets_of(db, coop, number):
            click.echo(line.json() if as_json else plain(line.words))


@stamps.command()
@click.argument("codes", nargs=-1, metavar="CODE…")
@click.option("--sheet", "sheet_id", type=ID, metavar="ID", help="A whole sheet, lost or spoilt.")
def void(codes: tuple[str, ...], sheet_id: int | None) -> None:
    """Void stamps that are lost or spoilt: who scans one is told.

    Example:  chophien stamps void 4839 2017 6504

    Example:  chophien stamps void --sheet 3
    """
    from bot.run.printing import step_each, void_whole_sheet

    if bool(codes) == (sheet_id is not None):
        raise click.UsageError("give codes, or --sheet ID")
    settings = settings_of()
    now = now_in(settings)
    with opened(settings) as database, database.writing() as db:
        if sheet_id is not None:
            click.echo(f"{void_whole_sheet(db, sheet_id, now)} labels are void.")
        else:
            for words in step_each(db, codes, "void", now):
                click.echo(words)


@stamps.command()
@click.argument("codes", nargs=-1, required=True, metavar="CODE…")
@click.option("--used", is_flag=True, help="Used up: opened or eaten.")
def sold(codes: tuple[str, ...], used: bool) -> None:
    """Note that packages are sold, or used up.

    Example:  chophien stamps sold 8245 0137 9632
    """
    from bot.run.printing import step_each

    settings = settings_of()
    with opened(settings) as database, database.writing() as db:
        for words in step_each(db, codes, "used" if used else "sold", now_in(settings)):
            click.echo(words)


@stamps.command()
@click.argument("sheet_id", type=ID, metavar="SHEET")
@click.option("--lot", "number", required=True, metavar="LOT")
@click.option("--coop", metavar="CODE")
def activate(sheet_id: int, number: str, coop: str | None) -> None:
    """Bind a sheet that was printed without a lot to one: from now on its stamps speak for it.

    Example:  chophien stamps activate 4 --lot SM-CAM-02
    """
    from bot.run.printing import bind

    settings = settings_of()
    with opened(settings) as database, database.writing() as db:
        click.echo(bind(db, sheet_id, number, coop, now_in(settings)))


@stamps.command()
@click.argument("coop", metavar="COOP")
@click.argument("count", type=click.IntRange(-MOST, MOST))
def grant(coop: str, count: int) -> None:
    """Let a co-op print so many stamps more; a negative number takes back what it has not drawn.

    Example:  chophien stamps grant SM 500

    Example:  chophien stamps grant SM -- -100
    """
    from bot.run.printing import grant_stamps

    settings = settings_of()
    with opened(settings) as database, database.writing() as db:
        click.echo(f"{coop} has {grant_stamps(db, coop, count, now_in(settings))} stamps left.")


@stamps.command()
@click.argument("who", metavar="WHO")
@click.option("--count", type=click.IntRange(1, MOST), required=True, help="How many labels at most.")
@click.option("--until", type=DAY, required=True, metavar="DATE", help="The last day: 2026-12-31.")
@click.option("--from", "since", type=DAY, metavar="DATE", help="The first day.  [default: today]")
@click.option("--lot", "number", metavar="LOT", help="Only for this lot.")
@click.option("--product", "sku", metavar="SKU", help="Only for this product.")
@click.option("--coop", metavar="CODE", help="[default: the first co-op]")
def allow(  # noqa: PLR0917 (by name, from the command line)
    who: str,
    count: int,
    until: datetime,
    since: datetime | None,
    number: str | None,
    sku: str | None,
    coop: str | None,
) -> None:
    """Let a person print stamps from the chat: a producer by her code, a colleague by her name.

    Example:  chophien stamps allow NSX-017 --count 200 --until 2026-12-31 --product CAM
    """
    from bot.run.printing import Allowed, allow_printing

    span = (since.date() if since else None, until.date())
    settings = settings_of()
    with opened(settings) as database, database.writing() as db:
        allowed = Allowed(who, count, span, number, sku)
        click.echo(f"Right {allow_printing(db, allowed, coop, now_in(settings))} is given.")


@stamps.command()
@click.argument("right_id", type=ID, required=False, metavar="RIGHT")
@click.option("--coop", metavar="CODE", help="[default: the first co-op]")
def withdraw(right_id: int | None, coop: str | None) -> None:
    """Take back the right to print; without a number: list the rights.

    Example:  chophien stamps withdraw 2
    """
    from bot.run.printing import rights, take_right_back

    settings = settings_of()
    with opened(settings) as database:
        if right_id is None:
            with database.reading() as db:
                for words in rights(db, coop):
                    click.echo(plain(words))
            return
        with database.writing() as db:
            take_right_back(db, right_id, now_in(settings))
    click.echo(f"Right {right_id} is withdrawn.")


@stamps.command()
@click.argument("code", metavar="CODE")
@click.option("--sheet", default="50x30", show_default=True, metavar="SHEET", help="On a label of this geometry.")
@click.option("--damp", is_flag=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help=".svg or .png")
def draw(code: str, sheet: str, damp: bool, output: Path) -> None:
    """Draw one stamp that was printed, for a leaflet or a packaging of one's own.

    Example:  chophien stamps draw 4839 2017 6504 -o cam.svg
    """
    from bot.run.printing import draw_one

    settings = settings_of()
    with opened(settings) as database, database.reading() as db:
        content = draw_one(db, settings.public_url, code, sheet, damp=damp, ending=output.suffix.lower())
    with _beside(output) as unfinished:
        unfinished.write_bytes(content)
        unfinished.replace(output)
    click.echo(f"{output}: {len(content) / 1000:.1f} kB.")


@stamps.command()
@click.option("--sheet", default="65", show_default=True, metavar="SHEET")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The PDF.")
def ruler(sheet: str, output: Path) -> None:
    """Make a page that shows whether the printer keeps measure, before stamps are drawn.

    Example:  chophien stamps ruler --sheet 40 -o thuoc.pdf
    """
    from handlers.papers.geometry import GeometryError, geometry_of
    from handlers.papers.sheet import write_ruler

    try:
        geometry = geometry_of(sheet)
    except GeometryError as error:
        raise Trouble(str(error)) from error
    with _beside(output) as unfinished:
        write_ruler(unfinished, geometry)
        unfinished.replace(output)
    click.echo(f"{output}: print it at 100 %, lay a sheet of labels over it, and measure the bars.")


@stamps.command()
@click.argument("kind", type=click.Choice(["unit", "lot"]))
@click.argument("sign", type=click.Choice(["many", "early", "sold", "used", "expired"]))
@click.argument("people", type=click.IntRange(min=1, max=10_000))
@click.option("--coop", metavar="CODE", help="[default: the first co-op]")
def limit(kind: str, sign: str, people: int, coop: str | None) -> None:
    """Say from how many people within a week on a stamp is odd.

    many: of a package on sale; early: before it was activated; sold, used, expired: after that.

    Example:  chophien stamps limit unit many 20
    """
    from bot.run.printing import set_limit

    settings = settings_of()
    with opened(settings) as database, database.writing() as db:
        set_limit(db, kind, sign, people, coop)
    click.echo(f"A {kind} stamp is odd ({sign}) from {people} people on.")


@contextmanager
def _beside(output: Path) -> Iterator[Path]:
    """A file next to the one that is wanted, made before anything is drawn; gone unless it is moved there."""
    handle, name = tempfile.mkstemp(prefix=f".{output.name}.", dir=output.parent)
    os.close(handle)
    unfinished = Path(name)
    unfinished.chmod(0o600)
    try:
        yield unfinished
    finally:
        unfinished.unlink(missing_ok=True)


def _write(database: "Database", settings: "Settings", sheet_id: int, file: Path) -> int:
    """The pages; whatever goes wrong says how to get the same stamps."""
    from bot.run.press import write_sheet

    try:
        with counted("Drawing stamps") as progress, file.open("wb") as out:
            return write_sheet(database, sheet_id, settings.public_url, out, progress)
    except LookupError as error:
        raise Trouble(f"sheet {sheet_id}: {error}") from error
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or error
        raise Trouble(f"{said}. Nothing is lost: chophien stamps print --again {sheet_id} -o FILE") from error
