"""Zalo's tokens: a pair for each OA, rotated without ever being lost between two processes.

A refresh token is good for one use, and its use kills the access token beside it ("Official Account API / Xác thực và
ủy quyền"). So one process refreshes at a time, under a lease in the database; the new pair is committed before anybody
uses it; and an answer that did not come proves nothing. Where the platform rotated and we died before the commit, the
grant is lost: the account is paused, an officer is told once, and nobody tries again before she has connected it anew.
"""

import itertools
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy import or_, select
from sqlalchemy.exc import SQLAlchemyError

from bot.officer import Officer
from bot.reply import Reason, SendError
from bot.run.clients import zalo_oauth
from bot.run.roof import utc_now
from bot.run.settings import Settings
from catalog.account import (
    Account,
    drop_lease,
    is_lost,
    keep_pair,
    locked,
    note_lost,
    refresh_token_of,
    take_lease,
    token_of,
)
from catalog.db import Database
from catalog.vault import Unsealable
from handlers.channels.zalo.oauth import Grant, GrantLost

CACHED = timedelta(seconds=30)
LEASE = timedelta(seconds=60)
"""Far longer than a call of `handlers.calling` takes, which is bounded but for the look-up of the name: about 3 seconds
for each address, 10 to hand over the form and 10 for the answer. Who takes a lease that is still in use spends the same
refresh token a second time, and hears that the grant is lost."""
EARLY = timedelta(hours=5)
STEP, STEPS = 0.2, 200  # seconds between two looks at somebody else's lease, and how many
BACK_OFF = (60.0, 240.0, 900.0, 1800.0)  # seconds after an answer that did not come; the last one for ever

log = structlog.get_logger(__name__)


class OAuth(Protocol):
    def refresh(self, refresh_token: str) -> Grant:
        """Raises GrantLost where the platform says that it is over, SendError where it is not known."""
        ...


@dataclass(frozen=True, slots=True)
class _Fresh:
    """A pair that is not committed yet. spent: the refresh token that it came for."""

    account_id: int
    spent: str = field(repr=False)
    grant: Grant
    expires_at: datetime


def make_grants(settings: Settings, database: Database, now: Callable[[], datetime] = utc_now) -> "Grants":
    """Those of one process."""
    oauth = zalo_oauth(settings)
    owner = f"{socket.gethostname()[:24]}:{os.getpid()}:{secrets.token_hex(4)}"
    return Grants(database, oauth, now, owner, officer=Officer(settings.default_locale))


class Grants:
    """Threads share it. owner: names this process among all that share the database."""

    def __init__(
        self,
        database: Database,
        oauth: OAuth,
        now: Callable[[], datetime],
        owner: str,
        *,
        officer: Officer | None = None,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        self._database = database
        self._oauth = oauth
        self._now = now
        self._owner = owner[:50]
        self._officer = officer or Officer()
        self._wait = wait
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._turns: dict[int, threading.Lock] = {}
        self._kept: dict[int, tuple[datetime, str]] = {}
        self._unsaved: dict[int, _Fresh] = {}
        self._unheard: dict[int, tuple[int, datetime]] = {}
        """How often nobody answered, and when to ask again."""

    def token(self, account_id: int) -> str:
        """The access token, at most half a minute old. Raises SendError; pausing, if there is none to be had."""
        now = self._now()
        with self._lock:
            kept = self._kept.get(account_id)
        if kept and kept[0] <= now < kept[0] + CACHED:
            return kept[1]
        try:
            with self._database.reading() as db:
                token = token_of(db, db.get_one(Account, account_id))
        except SQLAlchemyError as error:
            raise _no_database(error) from None
        except Unsealable as error:
            raise _sealed() from error
        if not token:
            raise SendError("the account has no token", reason=Reason.TOKEN, pauses=True)
        return self._remember(account_id, token)

    def renew(self, account_id: int, stale: str) -> str:
        """A token that is not `stale`: the stored one if it is another by now, else a new one from the platform.

        Raises SendError: pausing where the grant is lost, otherwise to be tried later.
        """
        with self._lock:
            turn = self._turns.setdefault(account_id, threading.Lock())
        if not turn.acquire(timeout=STEP * STEPS):  # one of our threads looks at the lease, the others wait for it
            raise _busy()
        try:
            return self._remember(account_id, self._renewed(account_id, stale, f"{self._owner}:{next(self._numbers)}"))
        except SQLAlchemyError as error:
            raise _no_database(error) from None
        except Unsealable as error:
            raise _sealed() from error
        finally:
            turn.release()

    def renew_due(self, now: datetime) -> int:
        """Renew every pair that has less than five hours left, or of unknown age; how many. One after the other."""
        dying = or_(Account.token_expires_at.is_(None), Account.token_expires_at <= now + EARLY)
        wanted = select(Account.id).where(Account.channel == "zalo", Account.refresh_token.is_not(None), dying)
        with self._database.reading() as db:
            due = list(db.scalars(wanted.order_by(Account.id)))
        renewed = 0
        for account_id in due:
            try:
                stale = self._stale(account_id)
                if stale is None:
                    continue
                self.renew(account_id, stale)
            except SendError as error:
                log.warning("token_not_renewed", account=account_id, reason=error.reason.value, error=str(error))
            else:
                renewed += 1
        return renewed

    def _stale(self, account_id: int) -> str | None:
        """The stored token, "" if there is only a refresh token; None where the grant is lost."""
        try:
            with self._database.reading() as db:
                account = db.get_one(Account, account_id)
                refresh = refresh_token_of(db, account)
                return None if not refresh or is_lost(db, account, refresh) else token_of(db, account) or ""
        except SQLAlchemyError as error:
            raise _no_database(error) from None
        except Unsealable as error:
            raise _sealed() from error

    def _renewed(self, account_id: int, stale: str, holder: str) -> str:
        for _ in range(STEPS):
            self._save_what_is_left(account_id)
            token, refresh = self._claim(account_id, stale, holder)
            if token:
                return token
            if refresh:
                return self._refresh(account_id, refresh, holder)
            self._wait(STEP)
        raise _busy()

    def _claim(self, account_id: int, stale: str, holder: str) -> tuple[str, str]:
        """A token that somebody else got meanwhile, or the refresh token to spend under our lease, or neither: wait."""
        now = self._now()
        with self._database.writing() as db:
            account = locked(db, account_id)
            token, refresh = token_of(db, account), refresh_token_of(db, account)
            if token and token != stale:
                return token, ""
            if not refresh or is_lost(db, account, refresh):
                raise SendError("the account must be connected anew", reason=Reason.TOKEN, pauses=True)
            with self._lock:
                _, not_before = self._unheard.get(account_id, (0, now))
            if now < not_before <= now + timedelta(seconds=BACK_OFF[-1]):  # else the clock was put back
                left = (not_before - now).total_seconds()
                raise SendError(
                    "the token could not be renewed", reason=Reason.UNREACHABLE, whole_account=True, retry_after=left
                )
            return "", refresh if take_lease(db, account_id, holder, now, now + LEASE) else ""

    def _refresh(self, account_id: int, refresh: str, holder: str) -> str:
        """One call, outside of any transaction; what it gave is committed before it is returned."""
        asked_at = self._now()
        try:
            grant = self._oauth.refresh(refresh)
        except GrantLost as lost:
            return self._lost(account_id, refresh, holder, lost.code)
        except SendError as error:
            if error.pauses:
                self._misconfigured(account_id, holder, error.reason)
                raise
            self._not_heard(account_id, holder)
            raise SendError(
                f"the token could not be renewed: {error}",
                reason=Reason.UNREACHABLE,
                whole_account=True,
                retry_after=BACK_OFF[0],
            ) from None
        fresh = _Fresh(account_id, refresh, grant, asked_at + timedelta(seconds=grant.expires_in))
        with self._lock:
            self._unsaved[account_id] = fresh
            self._unheard.pop(account_id, None)
        log.info("token_renewed", account=account_id)
        return self._save(fresh)

    def _save_what_is_left(self, account_id: int) -> None:
        """A pair that the database did not take when it came: nobody else in the world has it."""
        with self._lock:
            fresh = self._unsaved.get(account_id)
        if fresh is not None:
            self._save(fresh)

    def _save(self, fresh: _Fresh) -> str:
        """Commit the pair and free the lease, whosever it is by now. Gives the token that counts.

        That is the stored one where it did not come from the token that we spent: a person connected the OA meanwhile.
        A pair that comes late, after another process has called the grant lost, mends it.
        """
        with self._database.writing() as db:
            account = locked(db, fresh.account_id)
            token = token_of(db, account)
            if refresh_token_of(db, account) == fresh.spent:
                token = fresh.grant.access_token
                keep_pair(db, account, token, fresh.grant.refresh_token, fresh.expires_at)
                for trouble in (Reason.TOKEN, Reason.RIGHTS):
                    self._officer.is_well(db, account, trouble, self._now())
            account.lease_owner, account.lease_until = "", None
        with self._lock:
            self._unsaved.pop(fresh.account_id, None)
        return token or fresh.grant.access_token

    def _lost(self, account_id: int, refresh: str, holder: str, code: int) -> str:
        """Pause the account and tell an officer, once; unless the pair was replaced while we asked."""
        with self._database.writing() as db:
            drop_lease(db, account_id, holder)
            account = locked(db, account_id)
            token = token_of(db, account)
            if token and refresh_token_of(db, account) != refresh:
                return token
            now = self._now()
            note_lost(db, account, refresh, now)
            self._officer.silence(db, account, Reason.TOKEN, now)
        log.warning("grant_lost", account=account_id, code=code)
        raise SendError(f"the grant is lost: {code}", reason=Reason.TOKEN, pauses=True)

    def _misconfigured(self, account_id: int, holder: str, trouble: Reason) -> None:
        """Pause the account and tell an officer, once. The pair stays: it is tried again, and is well when mended."""
        with self._database.writing() as db:
            drop_lease(db, account_id, holder)
            self._officer.silence(db, locked(db, account_id), trouble, self._now())
        log.warning("grant_refused", account=account_id, reason=trouble.value)

    def _not_heard(self, account_id: int, holder: str) -> None:
        """The old pair stays; it may be good still."""
        with self._lock:
            tries, _ = self._unheard.get(account_id, (0, None))
            seconds = BACK_OFF[min(tries, len(BACK_OFF) - 1)]
            self._unheard[account_id] = (tries + 1, self._now() + timedelta(seconds=seconds))
        with self._database.writing() as db:
            drop_lease(db, account_id, holder)

    def _remember(self, account_id: int, token: str) -> str:
        with self._lock:
            self._kept[account_id] = (self._now(), token)
        return token


def _busy() -> SendError:
    return SendError("somebody else is renewing the token", reason=Reason.EXPIRED, whole_account=True)


def _no_database(error: SQLAlchemyError) -> SendError:
    return SendError(f"no database: {type(error).__name__}")


def _sealed() -> SendError:
    return SendError("the account's token is sealed with another key", reason=Reason.TOKEN, pauses=True)
