"""The tokens of accounts whose token does not change by itself."""

import threading
import time

from sqlalchemy.exc import SQLAlchemyError

from bot.reply import Reason, SendError
from catalog.account import Account, token_of
from catalog.db import Database
from catalog.vault import Unsealable

ACCOUNT_SECONDS = 30.0


class Tokens:
    """The platform's id and the token of an account, looked up at most every half minute."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: dict[int, tuple[float, str, str]] = {}
        self._lock = threading.Lock()

    def of(self, account_id: int) -> tuple[str, str]:
        """(external id, token). Raises `SendError`, which pauses the account where there is no token to be had."""
        with self._lock:
            kept = self._kept.get(account_id)
            if kept is None or kept[0] < time.monotonic():
                kept = self._kept[account_id] = (time.monotonic() + ACCOUNT_SECONDS, *self._read(account_id))
        if not kept[2]:
            raise SendError("the account has no token", reason=Reason.TOKEN, pauses=True)
        return kept[1], kept[2]

    def _read(self, account_id: int) -> tuple[str, str]:
        """The token is empty if there is none."""
        try:
            with self._database.reading() as db:
                account = db.get_one(Account, account_id)
                return account.external_id, token_of(db, account) or ""
        except SQLAlchemyError as error:
            raise SendError(f"no database: {type(error).__name__}") from error
        except Unsealable as error:
            raise SendError(
                "the account's token is sealed with another key", reason=Reason.TOKEN, pauses=True
            ) from error
