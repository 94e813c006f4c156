"""What adding any account has in common: for whom it speaks, how it is kept, how a refusal is told.

An account is checked against its platform first, then set up there, then kept. What the platform must have for the bot
to hear anything is done before anything is stored; what only makes it nicer is tried afterwards and told. Everything
can be done again: a second time renews the token and ends a pause.
"""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.officer import Officer
from bot.plain import SUBSCRIPTION
from bot.reply import Reason, SendError
from bot.run.settings import Settings
from bot.run.trouble import Trouble
from catalog import audit
from catalog.account import (
    Account,
    account_by,
    ensure_account,
    keep_pair,
    locked,
    note_found,
    note_given,
    refresh_token_of,
    token_of,
)
from catalog.db import Database
from catalog.organisation import Organisation, organisation_by_code

VALUES = {"order_new": ("code", "goods", "money"), "order_cancelled": ("code", "goods")}
"""What we can fill into a template of each purpose: the names of `bot.reply.Notice.values`."""

TROUBLES = (
    *(Reason.TOKEN, Reason.RIGHTS, Reason.PACKAGE, Reason.UNVERIFIED, Reason.BLOCKED, Reason.RESTRICTED),
    SUBSCRIPTION,
)
"""What a newly added account has no more, as far as anybody knows."""


class Taken(Trouble):
    """The account speaks for another co-op."""


@dataclass(slots=True)
class Report:
    """What was done, and what a person has to do yet, in plain words."""

    done: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Connected:
    """An account as its platform describes it, to be kept.

    pasted: what a person gave for it, which may have been renewed meanwhile; None after a consent.
    """

    channel: str
    external_id: str
    name: str
    token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None
    pasted: tuple[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Desk:
    """Where an account is added. coop: the code of the co-op that was asked for, None where nobody said."""

    settings: Settings
    database: Database
    coop: str | None
    now: datetime

    def home(self, channel: str, external_id: str = "") -> Organisation:
        """For whom it speaks: `coop`, whose it is already, or who has the first web account. Raises Trouble."""
        with self.database.reading() as db:
            return self._home(db, account_by(db, channel, external_id) if external_id else None)

    def keep(self, found: Connected) -> int:
        """Store the account with its tokens, end its pause and the cases about it. Gives our id. Raises Trouble.

        What a person gave, and what the environment gives, is marked as known, so that no later start puts a pair that
        was spent since then, or an older token, in place of these.
        """
        with self.database.writing() as db:
            home = self._home(db, account_by(db, found.channel, found.external_id))
            account = locked(db, ensure_account(db, found.channel, found.external_id, home.id, None).id)
            if (token_of(db, account), refresh_token_of(db, account)) != (found.token, found.refresh_token):
                keep_pair(db, account, found.token, found.refresh_token, found.expires_at)
            account.name = found.name or account.name
            account.paused_at, account.pause_reason = None, ""
            for trouble in TROUBLES:
                Officer().dismiss(db, account, trouble, self.now)
            if found.refresh_token:
                note_found(db, account, found.refresh_token, self.now)
            for token, refresh_token in filter(None, (found.pasted, self._given(found))):
                note_given(db, account, token, refresh_token or None, self.now)
            audit.record(db, "system", "connect", f"account:{account.id}", self.now)
            return account.id

    def paste(self, path: str, where: str) -> str:
        """What to paste where."""
        if not self.settings.public_url.startswith("https://"):
            return (
                f"PUBLIC_URL is {self.settings.public_url}, which no platform can reach: set the https address first."
            )
        return f"Paste {self.settings.public_url}/{path} into {where}, if it is not there yet."

    def _home(self, db: Session, account: Account | None) -> Organisation:
        if account is not None:
            owner = db.get_one(Organisation, account.organisation_id)
            if self.coop is not None and owner.code != self.coop:
                raise Taken(f"{account.external_id} speaks for {owner.code} already, not for {self.coop}")
            return owner
        if self.coop is not None:
            found = organisation_by_code(db, self.coop)
            if found is None:
                raise Trouble(f"there is no co-op {self.coop}")
            return found
        web = select(Account.organisation_id).where(Account.channel == "web").order_by(Account.id).limit(1)
        home_id = db.scalar(web)
        if home_id is None:
            raise Trouble("there is no co-op yet: chophien seed loads the demo")
        return db.get_one(Organisation, home_id)

    def _given(self, found: Connected) -> tuple[str, str] | None:
        """The tokens that the environment gives for this account."""
        settings = self.settings
        token, refresh_token = "", ""
        match found.channel:
            case "messenger" if found.external_id == settings.messenger_page_id:
                token = settings.messenger_page_token
            case "zalo" if found.external_id == settings.zalo_oa_id:
                token, refresh_token = settings.zalo_access_token, settings.zalo_refresh_token
            case "zalobot" if found.external_id == settings.zalobot_id:
                token = settings.zalobot_token
        return (token, refresh_token) if token else None


def told(platform: str, error: SendError, right: str) -> str:
    """An error as one line for whoever types the command. right: what the app needs for this."""
    match error.reason:
        case Reason.UNREACHABLE | Reason.LATER | Reason.THROTTLED:
            return f"{platform} gave no answer that helps ({error}); try again in some minutes"
        case Reason.TOKEN | Reason.EXPIRED:
            return f"{platform} refuses the token ({error}); make a new one and try again"
        case Reason.RIGHTS:
            return f"{platform} says that the app lacks a permission ({error}); it needs {right}"
        case Reason.PACKAGE:
            return f"the OA's package does not allow it ({error}); it needs Tăng trưởng or above"
        case Reason.UNVERIFIED:
            return f"the OA is not verified or is disabled ({error}); see oa.zalo.me"
        case _:
            return f"{platform} refuses it ({error})"
