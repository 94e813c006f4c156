"""`chophien inbox`: what waits for a person of the co-op, and what she can do about it from a terminal."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from bot.run.trouble import Trouble

MOMENT = re.compile(r"^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}[+-][0-9]{2}:[0-9]{2}")
"""How a note says when its later words were added (`catalog.case`)."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--reply", "answered", type=click.IntRange(min=1), metavar="ID", help="Write to the person of this case.")
@click.option("--files", "pictures", type=click.IntRange(min=1), metavar="ID", help="Save what that person sent.")
@click.option(
    "--forget", "erased", type=click.IntRange(min=1), metavar="ID", help="Delete what we keep of that person."
)
@click.option("--close", "closed", type=click.IntRange(min=1), metavar="ID", help="Somebody took care of this case.")
@click.argument("words", required=False)
def inbox(  # noqa: PLR0917 (by name, from the command line)
    as_json: bool,
    answered: int | None,
    pictures: int | None,
    erased: int | None,
    closed: int | None,
    words: str | None,
) -> None:
    """List what waits for a person of the co-op, answer it, or close it.

    Questions, complaints, failed sends with their reason; oldest first. Later words stand under the first ones, with
    their time. While you answer by hand the bot is silent there; closing the case hands the conversation back to it.

    Example:  chophien inbox --json

    Example:  chophien inbox --reply 12 "Chào chị, em Hoa đây ạ."

    Example:  chophien inbox --files 12 pictures/

    Example:  chophien inbox --forget 12

    Example:  chophien inbox --close 12
    """
    chosen = [number for number in (answered, pictures, erased, closed) if number is not None]
    if len(chosen) > 1 or bool(words) != (answered is not None or pictures is not None):
        raise click.UsageError('give one of: --reply ID "words", --files ID FOLDER, --forget ID, --close ID')
    if answered is not None:
        _answer(answered, str(words))
    elif pictures is not None:
        _take_out(pictures, Path(str(words)))
    elif erased is not None:
        _erase(erased)
    elif closed is not None:
        _close(closed)
    else:
        _list(as_json=as_json)


def _answer(case_id: int, words: str) -> None:
    from bot.plain import plain
    from bot.run.answering import answer
    from bot.run.couriers.making import terms_of
    from bot.run.shell import opened, settings_of

    settings = settings_of()
    with opened(settings) as database, database.writing() as db:
        permit = answer(db, case_id, words, datetime.now(UTC), terms_of(settings))
    if permit.reason is None:
        click.echo("It is on its way. The bot is silent there; closing the case hands the conversation back.")
    else:
        click.echo(f"It cannot go now. {plain(permit.reason, settings.default_locale)}")


def _take_out(case_id: int, folder: Path) -> None:
    from bot.run.answering import take_out
    from bot.run.shell import opened, settings_of

    settings = settings_of()
    with opened(settings) as database, database.reading() as db:
        written = take_out(db, case_id, settings.var_dir, database.vault, folder)
    for path in written:
        click.echo(path)
    if not written:
        click.echo("Nothing was sent, or nothing is here any more.")


def _erase(case_id: int) -> None:
    from bot.run.answering import erase
    from bot.run.shell import opened, settings_of

    click.confirm("Her name, phone, address and words are deleted for good. Go on?", abort=True)
    settings = settings_of()
    with opened(settings) as database, database.writing() as db:
        waiting = erase(db, case_id, datetime.now(UTC), settings.default_locale)
    click.echo("It is done, and she is told.")
    if waiting:
        click.echo(f"Still under way, and nobody knows to whom: {', '.join(waiting)}")


def _close(case_id: int) -> None:
    from bot.run.answering import close
    from bot.run.shell import opened, settings_of

    with opened(settings_of()) as database, database.writing() as db:
        if not close(db, case_id, datetime.now(UTC)):
            raise Trouble(f"there is no open case {case_id}")
    click.echo(f"Case {case_id} is closed.")


def _list(*, as_json: bool) -> None:
    import msgspec

    from bot.run.answering import files
    from bot.run.shell import opened, settings_of
    from catalog.case import note_of, open_cases

    settings = settings_of()
    with opened(settings) as database, database.reading() as db:
        cases = [
            {
                "case": case.id,
                "opened_at": case.opened_at,
                "kind": case.kind,
                "subject": case.subject,
                "conversation": case.conversation_id,
                "files": len(files(db, case.conversation_id)),
                "note": note_of(db, case),
            }
            for case in open_cases(db)
        ]
    if as_json:
        for case in cases:
            click.echo(msgspec.json.encode(case).decode())
        return
    _print(cases, settings.timezone)


def _print(cases: list[dict[str, Any]], timezone: str) -> None:
    """A line for each case, what was said under it."""
    from zoneinfo import ZoneInfo

    from bot.run.shell import plain

    if not cases:
        click.echo("Nobody waits.")
        return
    zone = ZoneInfo(timezone)

    def here(moment: re.Match[str]) -> str:
        return datetime.fromisoformat(moment[0]).astimezone(zone).strftime("%d/%m %H:%M")

    for case in cases:
        since = case["opened_at"].astimezone(zone).strftime("%d/%m %H:%M")
        about = [case["kind"], case["subject"]]
        about.append(f"conversation {case['conversation']}" if case["conversation"] else "")
        about.append(f"{case['files']} files" if case["files"] else "")
        click.secho(f"{case['case']}  {since}  {plain(' · '.join(part for part in about if part))}", bold=True)
        for line in str(case["note"]).splitlines():
            click.echo(f"    {plain(MOMENT.sub(here, line))}")
