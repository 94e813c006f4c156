"""The program `chophien`. Every command imports what it needs when it runs, so that `--help` is quick."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.run.trouble import Trouble

if TYPE_CHECKING:
    from bot.run.settings import Settings
    from catalog.db import Database


class Program(click.Group):
    """Turns whatever goes wrong into one line on stderr and exit code 1; wrong usage is 2 (click's own)."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.Abort, click.exceptions.Exit, BrokenPipeError):
            raise
        except Trouble as trouble:
            raise click.ClickException(str(trouble)) from trouble
        except OSError as error:
            raise click.ClickException(f"{error.filename or 'the system'}: {error.strerror or error}") from error
        except Exception as error:
            if os.environ.get("LOG_LEVEL", "").lower() == "debug":
                raise
            first = str(error).strip().partition("\n")[0]
            said = f"{type(error).__name__}: {first}"
            raise click.ClickException(f"{said} (LOG_LEVEL=debug shows where)") from error


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="chophien")
def main() -> None:
    """Chat commerce for farm co-operatives: customers trace and order, producers post what they have.

    Settings come from the environment and from a file .env in this folder.
    """


@main.command()
def up() -> None:
    """Run everything in one go, until Ctrl-C.

    Starts the embedded Valkey (unless REDIS_URL is set), brings the database up to date, loads the demo co-op once,
    then runs web, worker and clock, and starts each again if it falls.

    Example:  VAR_DIR=/tmp/second PORT=8001 chophien up
    """
    from bot.run import clock, web, worker
    from bot.run.up import up as run_all

    settings = _settings()
    web.refuse_taken_port(settings.port)
    run_all(
        settings,
        {
            "clock": partial(clock.main, settings),
            "worker": partial(worker.main, settings),
            "web": partial(web.serve, settings),
        },
        release=partial(_release, settings),
        ready=partial(web.answers, settings.port),
        announce=partial(_announce, settings),
    )


@main.command()
def web() -> None:
    """Answer HTTP: webhooks, public page, stamps.

    Example:  PORT=8080 WEB_WORKERS=2 chophien web
    """
    from bot.run.web import serve

    serve(_settings())


@main.command()
def worker() -> None:
    """Hold the conversations and send the replies.

    Example:  chophien worker
    """
    from bot.run import worker as process

    process.main(_settings())


@main.command()
def clock() -> None:
    """Do what is due: sweep, remind, forget.

    Example:  chophien clock
    """
    from bot.run import clock as process

    process.main(_settings())


@main.command()
def migrate() -> None:
    """Bring the tables of DATABASE_URL to this version's.

    Example:  DATABASE_URL=sqlite:////srv/chophien.db chophien migrate
    """
    from catalog.migrate import to_head

    settings = _settings()
    with _patience("Bringing the tables up to date"):
        to_head(settings.database_url)
    click.echo("The tables are current.")


@main.command()
def seed() -> None:
    """Load the demo co-ops, once.

    Goods, producers, lots, trace codes, orders. Doing it twice changes nothing.

    Example:  chophien seed
    """
    from bot.run.roof import keep_accounts
    from catalog.seed import seed as load

    settings = _settings()
    with _database(settings) as database, _patience("Loading the demo"):
        fresh = load(database, datetime.now(UTC))
        keep_accounts(database, settings)
    click.echo("The demo is loaded." if fresh else "The demo was there already.")


@main.command()
def doctor() -> None:
    """Check that all is well, and say how to mend what is not.

    A line each; exit code 1 if something is broken.

    Example:  chophien doctor
    """
    from rich.console import Console
    from rich.text import Text

    from bot.run.doctor import examine

    settings = _settings()
    signs = {"fine": ("✔", "green"), "look": ("!", "yellow"), "broken": ("✘", "red")}
    console = Console(soft_wrap=True, highlight=False)
    broken = 0
    with _database(settings) as database:
        for finding in examine(settings, database, datetime.now(UTC)):
            sign, colour = signs[finding.state]
            mend = f" → {finding.mend}" if finding.mend else ""
            console.print(Text(f"{sign} {finding.about}: {finding.words}{mend}", style=colour))
            broken += finding.state == "broken"
    if broken:
        raise Trouble(f"{broken} of these must be mended")


@main.command()
@click.option("--as", "role", type=click.Choice(["consumer", "producer"]), default="consumer", show_default=True)
@click.option("--lang", type=click.Choice(["vi", "en"]), help="Language of the answers.  [default: DEFAULT_LOCALE]")
def chat(role: str, lang: str | None) -> None:
    """Talk to the bot here in the terminal.

    Example:  chophien chat --as producer
    """
    from bot.run.chat import chat as talk
    from bot.run.settings import sqlite_file

    settings = _settings()
    if sqlite_file(settings.database_url):
        _release(settings)
    talk(settings, role, lang or settings.default_locale)


@main.command()
@click.argument("code", required=False)
@click.option("--staff", metavar="NAME", help="Invite a member of the co-op's staff instead of a producer.")
@click.option("--coop", metavar="CODE", help="Whose staff.  [default: the first co-op]")
def invite(code: str | None, staff: str | None, coop: str | None) -> None:
    """Print a single-use code that ties a person to a producer.

    Whoever sends the 12 digits, on any channel, is from then on the producer CODE, or that member of staff.

    Example:  chophien invite NSX-017

    Example:  chophien invite --staff "Nguyễn Thị Hoa"
    """
    if bool(code) == bool(staff) or (coop is not None and staff is None):
        raise click.UsageError("give either a producer's code, or --staff NAME (with --coop CODE)")
    from bot.run.invite import invite_producer, invite_staff
    from catalog.invitation import VALID_FOR
    from catalog.trace import grouped

    settings = _settings()
    now = datetime.now(UTC)
    with _database(settings) as database, database.writing() as db:
        digits = invite_staff(db, staff, coop, now) if staff else invite_producer(db, str(code), now)
    click.echo(grouped(digits))
    click.echo(f"ref=nsx-{digits}")
    if settings.messenger_page_id:
        click.echo(f"https://m.me/{settings.messenger_page_id}?ref=nsx-{digits}")
    click.echo(f"Valid once, for {VALID_FOR.days} days.", err=True)


@main.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Keep database and pictures in one FILE, while all runs.

    The secret key is in it too, if it is kept in VAR_DIR: without it, what is sealed cannot be read.

    Example:  chophien backup chophien-2026-11-21.tar
    """
    from bot.run.keep import backup as take

    settings = _settings()
    with _patience("Taking the backup"):
        kept = take(settings, file, datetime.now(UTC))
    click.echo(f"{file}: {kept.files} files, {kept.bytes / 1e6:.1f} MB, checked.")
    if kept.with_key:
        click.secho(
            "It HOLDS THE SECRET KEY: whoever has it can read every phone and address in it.", bold=True, err=True
        )
    else:
        click.secho(
            "It is worthless without your SECRET_KEY, which is NOT in it: keep that elsewhere.", bold=True, err=True
        )


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Even if there is data already; it is set aside in VAR_DIR.")
def restore(file: Path, force: bool) -> None:
    """Put a backup back, after checking all of it.

    Nothing else may be running. What is there already is never lost: see --force.

    Example:  VAR_DIR=/srv/chophien chophien restore chophien-2026-11-21.tar
    """
    from bot.run.keep import restore as put_back

    settings = _settings()
    with _patience("Checking and restoring"):
        kept = put_back(settings, file, datetime.now(UTC), force=force)
    click.echo(f"Restored {kept.files} files as of {kept.made_at:%Y-%m-%d %H:%M} UTC. Now: chophien migrate")
    if kept.set_aside:
        click.echo(f"What was there before is in {kept.set_aside}.")


@main.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--close", "case_id", type=click.IntRange(min=1), metavar="ID", help="Somebody took care of this case.")
def inbox(as_json: bool, case_id: int | None) -> None:
    """List what waits for a person of the co-op, or close a case of it.

    Questions, complaints, failed sends; oldest first. Later words stand under the first ones, with their time.

    Example:  chophien inbox --json

    Example:  chophien inbox --close 12
    """
    if case_id is not None:
        _close_case(case_id)
        return
    import msgspec

    from catalog.case import note_of, open_cases

    settings = _settings()
    with _database(settings) as database, database.reading() as db:
        cases = [
            {
                "case": case.id,
                "opened_at": case.opened_at,
                "kind": case.kind,
                "subject": case.subject,
                "conversation": case.conversation_id,
                "note": note_of(db, case),
            }
            for case in open_cases(db)
        ]
    if as_json:
        for case in cases:
            click.echo(msgspec.json.encode(case).decode())
        return
    _print_cases(cases, settings.timezone)


def _close_case(case_id: int) -> None:
    from catalog.audit import record
    from catalog.case import close_case

    now = datetime.now(UTC)
    with _database(_settings()) as database, database.writing() as db:
        if not close_case(db, case_id, now):
            raise Trouble(f"there is no open case {case_id}")
        record(db, "system", "close", f"case:{case_id}", now)
    click.echo(f"Case {case_id} is closed.")


def _print_cases(cases: list[dict[str, Any]], timezone: str) -> None:
    from zoneinfo import ZoneInfo

    from rich.console import Console
    from rich.table import Table

    if not cases:
        click.echo("Nobody waits.")
        return
    table = Table("case", "since", "kind", "about", "conversation", "words", box=None)
    for case in cases:
        since = case["opened_at"].astimezone(ZoneInfo(timezone)).strftime("%d/%m %H:%M")
        whose = case["conversation"] or ""
        table.add_row(
            *(_plain(value) for value in (case["case"], since, case["kind"], case["subject"], whose, case["note"]))
        )
    Console().print(table)


def _plain(value: object) -> Any:
    """What a person wrote is never markup, nor a command to the terminal."""
    from rich.text import Text

    return Text("".join(char if char.isprintable() else " " for char in str(value)))


def _settings() -> "Settings":
    from bot.run.logs import set_up_logs
    from bot.run.settings import Settings

    os.umask(0o077)  # whatever we write is for this user alone
    settings = Settings.read(os.environ, Path(".env"))
    settings.var_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    set_up_logs(settings)
    return settings


@contextmanager
def _database(settings: "Settings") -> "Iterator[Database]":
    from sqlalchemy.exc import SQLAlchemyError

    from catalog.db import Database
    from catalog.vault import Unsealable, Vault

    database = Database(settings.database_url, Vault(settings.secret_keys))
    try:
        yield database
    except Unsealable as error:
        raise Trouble("SECRET_KEY is not the one that the data was sealed with; add that to SECRET_KEY_OLD") from error
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).strip().partition("\n")[0]
        raise Trouble(f"the database: {reason} (chophien doctor says more)") from error
    finally:
        database.close()


def _release(settings: "Settings") -> None:
    """What is done before every start: the tables are made current, and an empty database gets the demo."""
    from sqlalchemy import select

    from bot.run.roof import keep_accounts
    from catalog.migrate import to_head
    from catalog.organisation import Organisation
    from catalog.seed import seed as load

    with _database(settings) as database:
        to_head(settings.database_url)
        with database.reading() as db:
            empty = db.scalar(select(Organisation.id).limit(1)) is None
        if empty:
            load(database, datetime.now(UTC))
        keep_accounts(database, settings)


def _announce(settings: "Settings") -> None:
    address = f"http://127.0.0.1:{settings.port}/"
    click.echo()
    click.secho("  chophien is running.", bold=True)
    click.echo(f"  As a customer   open {address} and write: 4839 2017 6504")
    click.echo("  As a producer   turn the switch on that page, or run: chophien chat --as producer")
    click.echo("                  and write: mai co 50 can cam 25 nghin")
    click.echo("  To stop         Ctrl-C")
    click.echo()


@contextmanager
def _patience(doing: str) -> Iterator[None]:
    """A moving bar on stderr for work that takes over two seconds, where somebody is watching."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=Console(stderr=True), transient=True
    )
    bar.add_task(doing, total=None)
    later = threading.Timer(2.0, bar.start)
    later.start()
    try:
        yield
    finally:
        later.cancel()
        later.join()
        bar.stop()
