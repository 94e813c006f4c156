"""Pictures for platforms: read from our own files, uploaded once, and used by id until the id lapses."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.reply import Reason, SendError
from bot.upload import forget_upload, keep_upload, uploaded
from catalog.db import Database

log = structlog.get_logger(__name__)


class Pictures:
    """picture: the bytes behind a path under the public address, None where there are none."""

    def __init__(self, database: Database, picture: Callable[[str], bytes | None], now: Callable[[], datetime]) -> None:
        self._database = database
        self._picture = picture
        self._now = now

    def send(
        self,
        account_id: int,
        path: str,
        lives: timedelta,
        *,
        upload: Callable[[bytes], str],
        send: Callable[[str], None],
    ) -> None:
        """Send it by the id that is known, else by a fresh one. A refused picture is left out: the words matter more.

        upload: gives the platform's id of these bytes, which lives so long. send: sends by id. Raises SendError.
        """
        try:
            known = self._known(account_id, path)
            if known is not None:
                try:
                    send(known)
                    return
                except SendError as error:
                    if not _about_the_picture(error):
                        raise
                    self._forget(account_id, path)
            send(self._upload(account_id, path, lives, upload))
        except SendError as error:
            if not _about_the_picture(error):
                raise
            log.warning("picture_refused", account_id=account_id, reason=error.reason.value, error=str(error)[:80])

    def _known(self, account_id: int, path: str) -> str | None:
        """The id under which the platform has it; None if it must be uploaded. Raises SendError."""
        try:
            with self._database.reading() as db:
                return uploaded(db, account_id, _digest(self._bytes(path)), self._now())
        except SQLAlchemyError as error:
            raise SendError(f"no database: {type(error).__name__}") from error

    def _upload(self, account_id: int, path: str, lives: timedelta, send: Callable[[bytes], str]) -> str:
        """Upload it by `send`, which gives the id, and remember that for so long. Raises SendError."""
        content = self._bytes(path)
        external_id = send(content)
        try:
            with self._database.writing() as db:
                keep_upload(db, account_id, _digest(content), external_id, now=self._now(), lives=lives)
        except SQLAlchemyError as error:
            raise SendError(f"no database: {type(error).__name__}") from error
        return external_id

    def _forget(self, account_id: int, path: str) -> None:
        """The platform does not know the id any more. Raises SendError."""
        try:
            with self._database.writing() as db:
                forget_upload(db, account_id, _digest(self._bytes(path)))
        except SQLAlchemyError as error:
            raise SendError(f"no database: {type(error).__name__}") from error

    def _bytes(self, path: str) -> bytes:
        content = self._picture(path)
        if content is None:
            raise SendError("no such picture", reason=Reason.MEDIA, permanent=True)
        return content


def _about_the_picture(error: SendError) -> bool:
    """Whether the words may still go: it is no passing failure, and not about the account or her."""
    return error.reason in (Reason.MEDIA, Reason.SHAPE, Reason.QUOTA, Reason.RIGHTS) and not error.unknown


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
