"""Zalo's consent: an officer opens a link, says yes, and the callback page connects her OA."""

import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import func, select

from bot.reply import Reason, SendError
from bot.run.adding import Connected, Desk, Taken
from bot.run.clients import zalo_client, zalo_oauth
from bot.run.roof import utc_now
from bot.run.settings import Settings
from bot.run.trouble import Trouble
from catalog.account import Account
from catalog.audit import Audit
from catalog.db import Database
from handlers.channels.zalo.client import ZaloClient
from handlers.channels.zalo.oauth import GrantLost, ZaloOAuth, challenge, consent_url, new_verifier
from handlers.pages.oauth import VALID_FOR, NotConnected, Problem, State, make_state

CALLBACK = "oauth/zalo/callback"
LOOK_SECONDS = 1.0
PROBLEMS: dict[Reason, Problem] = {Reason.PACKAGE: "package", Reason.RIGHTS: "app"}


def make_connect(settings: Settings, database: Database, now: Callable[[], datetime] = utc_now) -> "ZaloConnect":
    """For the callback page of one web process."""
    client = zalo_client(settings)
    oauth = zalo_oauth(settings)
    return ZaloConnect(settings, database, client, oauth, now)


class ZaloConnect:
    """What the callback page calls: the code becomes a pair, and the pair is kept, or nothing is."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        client: ZaloClient,
        oauth: ZaloOAuth,
        now: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._database = database
        self._client = client
        self._oauth = oauth
        self._now = now

    def __call__(self, *, code: str, oa_id: str, state: State) -> str:
        """The OA's name. oa_id: as the address says, which anybody could have changed: Zalo is asked whose tokens
        these are. Raises NotConnected.
        """
        now = self._now()
        desk = Desk(self._settings, self._database, state.organisation, now)
        try:
            desk.home("zalo", oa_id)
            grant = self._oauth.exchange(code, state.verifier)
            found = self._client.get_oa(grant.access_token)
            if found.oa_id != oa_id:
                raise NotConnected("other")
            expires_at = now + timedelta(seconds=grant.expires_in)
            desk.keep(Connected("zalo", oa_id, found.name, grant.access_token, grant.refresh_token, expires_at))
        except Taken:
            raise NotConnected("taken") from None
        except Trouble:
            raise NotConnected("nobody") from None
        except GrantLost:
            raise NotConnected("code") from None
        except SendError as error:
            raise NotConnected(PROBLEMS.get(error.reason, "unreachable")) from None
        return found.name

    def close(self) -> None:
        self._client.close()
        self._oauth.close()


def consent_link(settings: Settings, database: Database, organisation: str, now: datetime) -> str:
    """Where she says yes; good for ten minutes. organisation: the co-op's code."""
    verifier = settings.zalo_pkce_verifier or new_verifier(random.SystemRandom())
    state = make_state(database.vault, State(verifier, organisation), now)
    callback = f"{settings.public_url}/{CALLBACK}"
    return consent_url(settings.zalo_oauth_url, settings.zalo_app_id, callback, challenge(verifier), state)


def connected_so_far(database: Database) -> int:
    """A mark to wait from."""
    with database.reading() as db:
        return db.scalar(select(func.max(Audit.id))) or 0


def wait_for_consent(
    database: Database,
    organisation_id: int,
    since: int,
    now: Callable[[], datetime],
    wait: Callable[[float], object] = time.sleep,
) -> Account:
    """The OA of this co-op that was connected after `since`. Raises Trouble after ten minutes."""
    until = now() + VALID_FOR
    connected = select(Audit.subject).where(Audit.id > since, Audit.what == "connect")
    while now() < until:
        with database.reading() as db:
            for subject in db.scalars(connected):
                account = db.get(Account, int(subject.partition(":")[2]))
                if account and (account.channel, account.organisation_id) == ("zalo", organisation_id):
                    return account
        wait(LOOK_SECONDS)
    raise Trouble("nobody has said yes within ten minutes: run it again for a new link")
