"""Fetches the pictures and voice notes that people sent, at once, because a platform's links die.

What is fetched lies sealed under VAR_DIR/media. A row is taken for a try by one guarded UPDATE, so several processes
may run; every try is counted before it begins, so that a file which kills the process is not tried for ever.
"""

import os
import resource
import secrets
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import FrameType

import structlog
from sqlalchemy import delete, or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.attachment import FORGOTTEN, MOST_TRIES, Attachment, claim, due, mark_failed, mark_fetched, put_off
from bot.i18n import sentence
from bot.run.fetch import Fetched, Fetcher, Unfetchable
from bot.run.link import MESSENGER_HOSTS, ZALO_HOSTS
from bot.run.logs import set_up_logs
from bot.run.settings import Settings
from bot.run.up import Backoff, Family, ToldToStop
from catalog.case import open_case
from catalog.db import Database
from catalog.vault import Unsealable, Vault

FOLDER = "media"
CASE = "media"
BATCH = 100
PAUSE_SECONDS = 2.0
STOP_SECONDS = 5.0
MEMORY = 512 * 1024 * 1024  # of address space, for the process that meets the strangers' bytes
KEPT = timedelta(days=90)
STRAY = timedelta(hours=1)  # a file that no row names by then was left behind by a process that was killed
WANTED = {"photo": "image/", "voice": "audio/"}

log = structlog.get_logger(__name__)


class Media:
    """language: of what staff read."""

    def __init__(
        self, database: Database, fetcher: Fetcher, var_dir: Path, now: Callable[[], datetime], language: str = "vi"
    ) -> None:
        self._database = database
        self._fetcher = fetcher
        self._var_dir = var_dir
        self._now = now
        self._language = language

    def take(self, stopping: Callable[[], bool] = lambda: False) -> int:
        """Try what is due, oldest first; how many files were tried. Raises SQLAlchemyError when the database is gone.

        Where a platform is silent, the account's other files wait for the next round: they hold up nobody else's.
        """
        with self._database.reading() as db:
            rows = due(db, self._now(), BATCH)
            forgotten = db.scalar(select(Attachment.id).where(Attachment.error == FORGOTTEN).limit(1)) is not None
        if forgotten:
            with self._database.writing() as db:
                wipe(db, self._var_dir)
        silent: set[int] = set()
        tried = 0
        for row in rows:
            if stopping():
                break
            if row.account_id not in silent and (tries := self._claim(row)):
                tried += 1
                if not self._try(row, tries):
                    silent.add(row.account_id)
        return tried

    def _claim(self, row: Attachment) -> int:
        with self._database.writing() as db:
            return claim(db, row, self._now())

    def _try(self, row: Attachment, tries: int) -> bool:
        """False if another try may go better."""
        try:
            fetched = self._fetch(row, tries)
            path = keep_file(self._var_dir / FOLDER, self._database.vault.seal(fetched.content))
        except Unfetchable as error:
            self._failed(row, tries, error)
            return not error.again
        except OSError as error:
            self._failed(row, tries, Unfetchable(f"disk: {error.strerror}", again=True))
            return False
        with self._database.writing() as db:
            kept = mark_fetched(
                db, row.id, tries, self._now(), path=path, media_type=fetched.media_type, size=len(fetched.content)
            )
        if not kept:  # forgotten meanwhile, or it took so long that another process has it
            (self._var_dir / FOLDER / path).unlink(missing_ok=True)
        log.info("media_fetched", attachment_id=row.id, size=len(fetched.content), kept=kept)
        return True

    def _fetch(self, row: Attachment, tries: int) -> Fetched:
        if tries > MOST_TRIES:
            raise Unfetchable("every try was cut off", again=False)
        try:
            url = self._database.vault.open(row.url or b"").decode()
        except Unsealable:
            raise Unfetchable("sealed with another key", again=False) from None
        fetched = self._fetcher.fetch(url)
        if not fetched.media_type.startswith(WANTED[row.kind]):
            raise Unfetchable(f"not a {row.kind}: {fetched.media_type}", again=False)
        return fetched

    def _failed(self, row: Attachment, tries: int, error: Unfetchable) -> None:
        again = error.again and tries < MOST_TRIES
        log.warning("media_not_fetched", attachment_id=row.id, why=error.why, tries=tries, again=again)
        with self._database.writing() as db:
            now = self._now()
            if again:
                put_off(db, row.id, tries, now, error.why)
            elif mark_failed(db, row.id, tries, now, error.why):
                note = (
                    sentence("🖼 The picture could not be fetched.", self._language)
                    if row.kind == "photo"
                    else sentence("🎧 The voice note could not be fetched.", self._language)
                )
                open_case(db, row.account_id, row.conversation_id, CASE, subject="", note=note, at=now)


def keep_file(folder: Path, sealed: bytes) -> str:
    """Write a new file: whole and on the disk, or not there. Its path under `folder`. Raises OSError."""
    name = secrets.token_hex(16)
    shelf = folder / name[:2]
    folder.mkdir(mode=0o700, exist_ok=True)
    shelf.mkdir(mode=0o700, exist_ok=True)
    half = shelf / f"{name}.half"
    try:
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as stream:
            stream.write(sealed)
            stream.flush()
            os.fsync(stream.fileno())
        half.rename(shelf / name)
    except OSError:
        half.unlink(missing_ok=True)
        raise
    for entered in (shelf, folder):  # a name lasts only when its folder is on the disk too
        handle = os.open(entered, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    return f"{shelf.name}/{name}"


def read_media(var_dir: Path, vault: Vault, row: Attachment) -> bytes:
    """The picture or sound of a row that was fetched. Raises FileNotFoundError, `Unsealable`."""
    if not row.path:
        raise FileNotFoundError("not fetched")
    return vault.open((var_dir / FOLDER / row.path).read_bytes())


def wipe(db: Session, var_dir: Path, before: datetime | None = None) -> int:
    """Remove what its person wants forgotten, and what came earlier than that: rows and files. How many rows."""
    gone = Attachment.error == FORGOTTEN
    if before is not None:
        gone = or_(gone, Attachment.created_at < before)
    quietly = {"synchronize_session": False}
    paths = db.scalars(delete(Attachment).where(gone).returning(Attachment.path).execution_options(**quietly)).all()
    for path in filter(None, paths):
        (var_dir / FOLDER / path).unlink(missing_ok=True)
    return len(paths)


def forget_media(db: Session, var_dir: Path, now: datetime) -> int:
    """What is older than `KEPT` goes, with its file, and files that no row names. How many rows went."""
    count = wipe(db, var_dir, now - KEPT)
    forget_strays(db, var_dir, now)
    return count


def forget_strays(db: Session, var_dir: Path, now: datetime) -> int:
    """Remove files that no row names. How many."""
    named = set(db.scalars(select(Attachment.path).where(Attachment.path != "")))
    count = 0
    for file in (var_dir / FOLDER).glob("*/*"):
        with suppress(FileNotFoundError):  # the process that fetches has renamed or removed it
            if f"{file.parent.name}/{file.name}" not in named and file.stat().st_mtime < (now - STRAY).timestamp():
                file.unlink()
                count += 1
    return count


def work(settings: Settings) -> None:
    """Fetch until SIGTERM, within `MEMORY`."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    database = Database(settings.database_url, Vault(settings.secret_keys), pool_size=1)
    fetcher = Fetcher((*MESSENGER_HOSTS, *ZALO_HOSTS), private_hosts=settings.media_hosts)
    media = Media(database, fetcher, settings.var_dir, lambda: datetime.now(UTC), settings.default_locale)
    while not stopping.wait(PAUSE_SECONDS):
        try:
            media.take(stopping.is_set)
        except SQLAlchemyError as error:
            log.warning("database_gone", error=type(error).__name__)
    database.close()


def main(settings: Settings) -> None:
    """Keep a child at work until SIGTERM; when it ends, be it for want of memory, another one follows."""
    set_up_logs(settings)
    with suppress(ToldToStop), Family(Backoff()) as family:
        family.start("fetching", partial(work, settings), grace_s=STOP_SECONDS)
        family.watch(lambda: False, every_s=None)
