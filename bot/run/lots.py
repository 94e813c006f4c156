"""`chophien lots`: what was harvested or packed, its diary, and what its passport still lacks."""

from datetime import date, datetime

import click

from bot.run.shell import now_in, opened, plain, settings_of
from bot.run.trouble import Trouble
from catalog.lot import KINDS

DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def lots() -> None:
    """Enter lots, write their diary, check their passport.

    Example:  chophien lots check SM-CAM-01
    """


@lots.command(name="list")
@click.option("--coop", metavar="CODE", help="[default: the first co-op]")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_(coop: str | None, as_json: bool) -> None:
    """List the lots of a co-op, the newest first, with what each passport lacks.

    Example:  chophien lots list
    """
    from bot.run.lotting import lots_of

    settings = settings_of()
    with opened(settings) as database, database.reading() as db:
        for line in lots_of(db, coop, now_in(settings).date()):
            click.echo(line.json() if as_json else plain(line.words))


@lots.command()
@click.option("--product", "sku", required=True, metavar="SKU")
@click.option("--producer", metavar="CODE", help="NSX-017.  [default: the co-op itself]")
@click.option("--number", default="", metavar="NUMBER", help="At most 20 characters.  [default: the next one]")
@click.option("--place", default="", help="xã Đà Bắc")
@click.option("--plot", default="", help="Which field, or how large.")
@click.option("--at", "point", default="", metavar="LAT,LNG", help="Kept to some 11 km only.")
@click.option("--harvested", type=DAY, metavar="DATE", help="Or packed: 2026-11-18.")
@click.option("--best-before", type=DAY, metavar="DATE", help="[default: by the product's shelf life]")
@click.option("--amount", default="", help="120 kg")
@click.option("--coop", metavar="CODE", help="[default: the first co-op]")
def add(  # noqa: PLR0917 (by name, from the command line)
    sku: str,
    producer: str | None,
    number: str,
    place: str,
    plot: str,
    point: str,
    harvested: datetime | None,
    best_before: datetime | None,
    amount: str,
    coop: str | None,
) -> None:
    """Enter a lot as a draft.

    Example:  chophien lots add --product CAM --producer NSX-017 --harvested 2026-11-18 --place "xã Đà Bắc"
    """
    from bot.run.lotting import add_lot
    from catalog.acts.lots import LotEntry

    entry = LotEntry(number, place, plot, _point(point), _day(harvested), _day(best_before), amount)
    settings = settings_of()
    with opened(settings) as database, database.writing() as db:
        added = add_lot(db, sku, producer, coop, entry, now=now_in(settings))
    click.echo(f"Lot {added} is a draft. Next: chophien lots activate {added}")


@lots.command(name="set")
@click.argument("number", metavar="LOT")
@click.option("--place", default="", help="xã Đà Bắc")
@click.option("--plot", default="", help="Which field, or how large.")
@click.option("--at", "point", default="", metavar="LAT,LNG", help="Kept to some 11 km only.")
@click.option("--harvested", type=DAY, metavar="DATE")
@click.option("--best-before", type=DAY, metavar="DATE")
@click.option("--amount", default="", help="120 kg")
@click.option("--coop", metavar="CODE")
def set_(  # noqa: PLR0917 (by name, from the command line)
    number: str,
    place: str,
    plot: str,
    point: str,
    harvested: datetime | None,
    best_before: datetime | None,
    amount: str,
    coop: str | None,
) -> None:
    """Write down what was learned of a lot since. What is not named stays.

    Example:  chophien lots set SM-CAM-01 --plot "vườn sau đồi, 0,4 ha"
    """
    from bot.run.lotting import change_lot
    from catalog.acts.lots import LotEntry

    entry = LotEntry("", place, plot, _point(point), _day(harvested), _day(best_before), amount)
    settings = settings_of()
    with opened(settings) as database, database.writing() as db:
        change_lot(db, number, coop, entry, now_in(settings))
    click.echo(f"Lot {number}: written down.")


@lots.command()
@click.argument("sku", metavar="SKU")
@click.option("--brand", help="Cam Suối Mây")
@click.option("--warnings", help="Who should not eat it.")
@click.option("--storage", help="How to keep and use it.")
@click.option("--declared", multiple=True, metavar="WORDS", help="What the co-op says of it and nobody certified.")
@click.option("--coop", metavar="CODE", help="[default: the first co-op]")
def product(  # noqa: PLR0917 (by name, from the command line)
    sku: str,
    brand: str | None,
    warnings: str | None,
    storage: str | None,
    declared: tuple[str, ...],
    coop: str | None,
) -> None:
    """Write down what a passport says of a product. What is not named stays.

    Example:  chophien lots product MAT --warnings "Không dùng cho trẻ dưới 1 tuổi."
    """
    from bot.run.lotting import describe

    named = {"brand": brand, "warnings": warnings, "storage": storage, "declared": list(declared) or None}
    known = {field: value for field, value in named.items() if value is not None}
    if not known:
        raise click.UsageError("say what is to be written down: --brand, --warnings, --storage or --declared")
    settings = settings_of()
    with opened(settings) as database, database.writing() as db:
        describe(db, sku, coop, known, now_in(settings))
    click.echo(f"{sku}: written down.")


@lots.command()
@click.argument("sku", metavar="SKU")
@click.argument("name")
@click.option("--until", type=DAY, required=True, metavar="DATE", help="The last day: it goes by itself after that.")
@click.option("--number", default="", help="As on the paper.")
@click.option("--issuer", default="", help="Who gave it.")
@click.option("--coop", metavar="CODE", help="[default: the first co-op]")
def certify(  # noqa: PLR0917 (by name, from the command line)
    sku: str, name: str, until: datetime, number: str, issuer: str, coop: str | None
) -> None:
    """Enter a certificate of a product. One of the same name is replaced.

    Example:  chophien lots certify CAM VietGAP --number VietGAP-TT-12-34 --until 2027-08-31
    """
    from bot.run.lotting import Certified, add_certificate

    settings = settings_of()
    with opened(settings) as database, database.writing() as db:
        add_certificate(db, sku, coop, Certified(name, number, issuer, until.date()), now_in(settings))
    click.echo(f"{sku}: {name}, valid until {until.date()}.")


@lots.command()
@click.argument("number", metavar="LOT")
@click.option("--coop", metavar="CODE")
def check(number: str, coop: str | None) -> None:
    """Say what a lot's passport lacks, and which of its dates cannot be. Exit code 1 if something needed lacks.

    Example:  chophien lots check SM-CAM-01
    """
    from bot.run.lotting import checked

    settings = settings_of()
    with opened(settings) as database, database.reading() as db:
        lines, whole = checked(db, number, coop, now_in(settings).date())
    for line in lines:
        click.echo(plain(line))
    if not whole:
        raise Trouble(f"the passport of lot {number} is not whole")


@lots.command()
@click.argument("number", metavar="LOT")
@click.argument("words")
@click.option("--kind", type=click.Choice(KINDS), default="note", show_default=True)
@click.option("--on", type=DAY, metavar="DATE", help="[default: today]")
@click.option("--wait", "wait_days", type=click.IntRange(0, 365), metavar="DAYS", help="Of a spraying, by its label.")
@click.option("--coop", metavar="CODE")
def note(  # noqa: PLR0917 (by name, from the command line)
    number: str, words: str, kind: str, on: datetime | None, wait_days: int | None, coop: str | None
) -> None:
    """Write a line into a lot's diary. It can be struck out, never rubbed out.

    Example:  chophien lots note SM-CAM-01 "phun thuốc sinh học" --kind spray --on 2026-09-12 --wait 7
    """
    from bot.run.lotting import write_note

    settings = settings_of()
    now = now_in(settings)
    with opened(settings) as database, database.writing() as db:
        line = write_note(db, number, coop, kind, words, on=_day(on) or now.date(), wait_days=wait_days, now=now)
    click.echo(plain(line))


@lots.command()
@click.argument("number", metavar="LOT")
@click.option("--reason", required=True, help="As customers read it: bao gói hở, có thể bị ẩm mốc")
@click.option("--advice", required=True, help="What they shall do, a sentence.")
@click.option("--coop", metavar="CODE")
def recall(number: str, reason: str, advice: str, coop: str | None) -> None:
    """Recall a lot: nothing of it is sold from now on, and every stamp of it says so. It cannot be taken back.

    Example:  chophien lots recall SM-MIEN-02 --reason "bao gói hở" --advice "Anh/chị giữ lại gói, HTX đổi gói mới."
    """
    from bot.run.lotting import call_back

    settings = settings_of()
    with opened(settings) as database, database.writing() as db:
        click.echo(plain(call_back(db, number, coop, reason, advice, now=now_in(settings))))


@lots.command()
@click.argument("number", metavar="LOT")
@click.option("--coop", metavar="CODE")
def activate(number: str, coop: str | None) -> None:
    """Put a lot into the book: its stamps, those that were printed before too, speak for it from now on.

    Example:  chophien lots activate CAM-261122-1
    """
    from bot.run.lotting import put_into_book

    settings = settings_of()
    with opened(settings) as database, database.writing() as db:
        for line in put_into_book(db, number, coop, now_in(settings)):
            click.echo(plain(line))


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()


def _point(typed: str) -> tuple[float, float] | None:
    if not typed:
        return None
    try:
        latitude, longitude = (float(part) for part in typed[:40].split(","))
    except ValueError:
        raise click.UsageError("--at takes latitude and longitude, as 20.9,105.1") from None
    return latitude, longitude
