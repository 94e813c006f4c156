"""The program `chophien`. Every command imports what it needs when it runs, so that `--help` is quick."""

import io
import os
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.run.account import account
from bot.run.desk import inbox
from bot.run.lots import lots
from bot.run.shell import opened, patience, settings_of
from bot.run.stamps import stamps
from bot.run.trouble import Trouble

if TYPE_CHECKING:
    from bot.run.settings import Settings


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


main.add_command(inbox)
main.add_command(account)
main.add_command(lots)
main.add_command(stamps)


@main.command()
def up() -> None:
    """Run everything in one go, until Ctrl-C.

    Starts the embedded Valkey (unless REDIS_URL is set), brings the database up to date, loads the demo co-op once,
    then runs web, worker, media and clock, and starts each again if it falls.

    Example:  VAR_DIR=/tmp/second PORT=8001 chophien up
    """
    from bot.run import clock, media, web, worker
    from bot.run.up import up as run_all
    from bot.run.warm import warm

    settings = settings_of()
    web.refuse_taken_port(settings.port)
    warm()
    run_all(
        settings,
        {
            "clock": partial(clock.main, settings),
            "media": partial(media.main, settings),
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

    serve(settings_of())


@main.command()
def worker() -> None:
    """Hold the conversations and send the replies.

    Example:  chophien worker
    """
    from bot.run import worker as process

    process.main(settings_of())


@main.command()
def media() -> None:
    """Fetch the pictures and voice notes that people send, before the platforms' links die.

    Example:  chophien media
    """
    from bot.run import media as process

    process.main(settings_of())


@main.command()
def clock() -> None:
    """Do what is due: sweep, remind, forget.

    Example:  chophien clock
    """
    from bot.run import clock as process

    process.main(settings_of())


@main.command()
def migrate() -> None:
    """Bring the tables of DATABASE_URL to this version's.

    Example:  DATABASE_URL=sqlite:////srv/chophien.db chophien migrate
    """
    from catalog.migrate import to_head

    settings = settings_of()
    with patience("Bringing the tables up to date"):
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

    settings = settings_of()
    with opened(settings) as database, patience("Loading the demo"):
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

    settings = settings_of()
    signs = {"fine": ("✔", "green"), "look": ("!", "yellow"), "broken": ("✘", "red")}
    console = Console(soft_wrap=True, highlight=False)
    broken = 0
    with opened(settings) as database:
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

    settings = settings_of()
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

    settings = settings_of()
    now = datetime.now(UTC)
    with opened(settings) as database, database.writing() as db:
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

    settings = settings_of()
    with patience("Taking the backup"):
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
@click.option("--role", type=click.Choice(["consumer", "producer"]), default="consumer", help="Of lines that say none.")
def understand(role: str) -> None:
    """Say what the bot makes of messages: JSON objects in, one a line, and one a line out.

    In: {"id": 1, "role": "consumer", "text": "2kg cam"}. Out: id, intent, slots, confidence from 0 to 1. Goods are
    those of the database; without one, only the built-in list of products. Nothing is written, nobody is answered.

    Example:  chophien understand --role producer < messages.jsonl
    """
    from bot.run.understanding import find_of
    from bot.run.understanding import understand as answers

    settings = settings_of()
    find = find_of(settings)
    if find is None:
        click.echo("There is no catalogue yet (chophien seed makes one): products of the built-in list only.", err=True)
    failed, wrong = False, list[str]()
    lines = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", errors="replace")
    for answer in answers(lines, find, role, wrong.append):
        click.echo(answer)
        while wrong:
            click.echo(wrong.pop(), err=True)
            failed = True
    if failed:
        raise click.exceptions.Exit(1)


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Even if there is data already; it is set aside in VAR_DIR.")
def restore(file: Path, force: bool) -> None:
    """Put a backup back, after checking all of it.

    Nothing else may be running. What is there already is never lost: see --force.

    Example:  VAR_DIR=/srv/chophien chophien restore chophien-2026-11-21.tar
    """
    from bot.run.keep import restore as put_back

    settings = settings_of()
    with patience("Checking and restoring"):
        kept = put_back(settings, file, datetime.now(UTC), force=force)
    click.echo(f"Restored {kept.files} files as of {kept.made_at:%Y-%m-%d %H:%M} UTC. Now: chophien migrate")
    if kept.set_aside:
        click.echo(f"What was there before is in {kept.set_aside}.")


def _release(settings: "Settings") -> None:
    """What is done before every start: the tables are made current, and an empty database gets the demo."""
    from sqlalchemy import select

    from bot.run.roof import keep_accounts
    from catalog.migrate import to_head
    from catalog.organisation import Organisation
    from catalog.seed import seed as load

    with opened(settings) as database:
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
