"""Who takes a reply to which platform. The web's replies are fetched by the browser, the console's by its terminal."""

import threading
import time
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from bot.outbox import Outgoing
from bot.reply import SendError
from bot.run.sender import Courier
from bot.run.settings import Settings
from catalog.account import Account, token_of
from catalog.db import Database
from catalog.vault import Unsealable
from handlers.channels.messenger import codec as messenger_codec
from handlers.channels.messenger.client import MessengerClient

ACCOUNT_SECONDS = 30.0


def make_couriers(settings: Settings, database: Database, threads: int) -> dict[str, Courier]:
    """One for every channel whose replies we push. A channel that is off has one too: its old replies still go."""
    client = MessengerClient(
        settings.messenger_api_url, settings.messenger_api_version, settings.messenger_app_secret, pool_size=threads
    )
    return {"messenger": MessengerCourier(client, Tokens(database))}


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
            raise SendError("the account has no token", pauses=True)
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
            raise SendError("the account's token is sealed with another key", pauses=True) from error


@dataclass(slots=True)
class MessengerCourier:
    client: MessengerClient
    tokens: Tokens

    def deliver(self, reply: Outgoing) -> None:
        """Send every part of the reply. Raises `SendError`; a reply of several parts then begins anew."""
        page_id, token = self.tokens.of(reply.account_id)
        parts = messenger_codec.render(reply.bubble)
        if not parts:
            raise SendError("nothing is left of this reply", permanent=True)
        for message in parts:
            self.client.send(page_id, token, reply.address, message, f"out:{reply.id}")
