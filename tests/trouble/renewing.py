"""One of several senders that find the same token dead at the same moment: a process of its own, with its threads."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.run.grants import Grants
from handlers.channels.zalo.oauth import ZaloOAuth
from tests.conftest import opened

THREADS = 4


@dataclass(frozen=True, slots=True)
class Renewing:
    """platform: address, app id, app secret. start: a barrier of all senders. told: a queue of (round, tokens)."""

    url: str
    platform: tuple[str, str, str]
    account_id: int
    rounds: int
    start: Any
    told: Any
    now: Callable[[], datetime]

    def __call__(self, name: str) -> None:
        """In each round, when all are there, every thread asks for a token that is not that of the round before."""
        database, oauth = opened(self.url), ZaloOAuth(*self.platform)
        grants = Grants(database, oauth, self.now, name)
        stale = grants.token(self.account_id)
        with ThreadPoolExecutor(THREADS) as threads:
            for number in range(self.rounds):
                self.start.wait(60)
                asked = [threads.submit(grants.renew, self.account_id, stale) for _ in range(THREADS)]
                given = [one.result() for one in asked]
                self.told.put((number, given))
                stale = given[0]
        oauth.close()
        database.close()
