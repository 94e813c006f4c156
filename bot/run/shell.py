"""What every command begins with: settings, an open database, patience, and words that are safe to print."""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.run.trouble import Trouble

if TYPE_CHECKING:
    from bot.run.settings import Settings
    from catalog.db import Database


JOINER = "\u200d"
"""Between the parts of one emoji."""


def plain(value: object) -> str:
    """What a person wrote is no command to the terminal."""
    return "".join(char if char.isprintable() or char == JOINER else " " for char in str(value))


def settings_of() -> "Settings":
    from bot.run.logs import set_up_logs
    from bot.run.settings import Settings

    os.umask(0o077)  # whatever we write is for this user alone
    settings = Settings.read(os.environ, Path(".env"))
    settings.var_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    set_up_logs(settings)
    return settings


def now_in(settings: "Settings") -> datetime:
    """Now, in the zone of the co-op: its day is the one that counts."""
    return datetime.now(UTC).astimezone(ZoneInfo(settings.timezone))


@contextmanager
def opened(settings: "Settings") -> "Iterator[Database]":
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


@contextmanager
def patience(doing: str) -> Iterator[None]:
    """A moving bar on stderr for work that takes over two seconds, where somebody is watching."""
    with counted(doing):
        yield


@contextmanager
def counted(doing: str) -> Iterator[Callable[[int], None]]:
    """As `patience`; what is given is told how many are done."""
    if not sys.stderr.isatty():
        yield lambda _done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=Console(stderr=True), transient=True
    )
    task = bar.add_task(doing, total=None)
    later = threading.Timer(2.0, bar.start)
    later.start()
    try:
        yield lambda done: bar.update(task, description=f"{doing}: {done}")
    finally:
        later.cancel()
        later.join()
        bar.stop()
