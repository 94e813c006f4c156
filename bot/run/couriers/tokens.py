"""The tokens of accounts whose token does not change by itself."""

import threading
import time
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError

from bot.reply import Reason, SendError
from catalog.account import Account, token_of
from catalog.db import Database
from catalog.vault import Unsealable

FRESH_S = 5.0
"""A token that somebody changes is known after so many seconds; at once where the platform refuses the old one."""
OLD_S = 30.0
"""So old a token may be while another thread looks, or where the database does not answer."""
LOOKS_S = 1.0
"""So long one who was sent to look may take before another is."""


@dataclass(slots=True)
class _Kept:
    """The platform's id and the token, empty for none. In seconds of `time.monotonic`."""

    external_id: str
    token: str = field(repr=False)
    read_at: float
    asked_at: float = 0.0

    def younger_than(self, seconds: float) -> bool:
        return time.monotonic() - self.read_at < seconds


class Tokens:
    """The platform's id and the token of an account. Threads may share it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: dict[int, _Kept] = {}
        self._lock = threading.Lock()

    def of(self, account_id: int) -> tuple[str, str]:
        """(external id, token). Raises `SendError`, which pauses the account where there is no token to be had."""
        with self._lock:
            kept = self._kept.get(account_id)
            if kept is None or not kept.younger_than(FRESH_S):
                kept = self._kept[account_id] = self._read(account_id, kept)
        if not kept.token:
            raise SendError("the account has no token", reason=Reason.TOKEN, pauses=True)
        return kept.external_id, kept.token

    def known(self, account_id: int) -> tuple[str, str] | None:
        """The same without a look at the database; None for somebody who should look, by `of`.

        Of many who ask for one that is no longer fresh, one is sent to look and the others go with what there is.
        """
        kept = self._kept.get(account_id)
        if kept is None or not kept.token or not kept.younger_than(OLD_S):
            return None
        if not kept.younger_than(FRESH_S) and time.monotonic() - kept.asked_at > LOOKS_S:
            kept.asked_at = time.monotonic()
            return None
        return kept.external_id, kept.token

    def forget(self, account_id: int) -> None:
        """It was refused, so the table may know better."""
        with self._lock:
            self._kept.pop(account_id, None)

    def _read(self, account_id: int, known: _Kept | None) -> _Kept:
        try:
            with self._database.reading() as db:
                account = db.get_one(Account, account_id)
                return _Kept(account.external_id, token_of(db, account) or "", time.monotonic())
        except SQLAlchemyError as error:
            if known is not None and known.younger_than(OLD_S):
                return known
            raise SendError(f"no database: {type(error).__name__}") from error
        except Unsealable as error:
            raise SendError(
                "the account's token is sealed with another key", reason=Reason.TOKEN, pauses=True
            ) from error
