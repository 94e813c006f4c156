"""A page, an OA or a bot as our own tables have it: whether it sends, and what it could not be asked with."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.reply import Reason
from bot.run.accounts import described
from bot.run.doctor_finding import Finding
from bot.run.doctor_web import NAMES
from bot.run.settings import Settings
from bot.run.shell import plain
from catalog.account import Account, is_lost, refresh_token_of, token_of
from catalog.db import Database
from catalog.template import APPROVED, templates_of
from catalog.vault import Unsealable

ADD = {
    "messenger": "chophien account add messenger",
    "zalo": "chophien account add zalo --consent",
    "zalobot": "chophien account add zalobot",
}
"""What connects an account anew."""


@dataclass(frozen=True, slots=True)
class Kept:
    """state, token_told: in the words of `chophien account list`. token: "" where there is none, or it is `sealed`.

    paused: why, "" if it sends. lost: the platform has ended its grant. templates: status by purpose.
    """

    channel: str
    external_id: str
    about: str
    state: str
    token_told: str
    token: str = field(repr=False)
    sealed: bool
    renewable: bool
    lost: bool
    expires_at: datetime | None
    paused: str
    templates: dict[str, str]

    @property
    def templates_told(self) -> str:
        """All are approved where nothing else was found."""
        return (
            f"templates for late news: {', '.join(self.templates)}" if self.templates else "no templates for late news"
        )


def kept_accounts(settings: Settings, database: Database, channel: str) -> list[Kept]:
    """The oldest first."""
    told = {(row[0], row[1]): row[4:] for row in described(settings, database)}
    with database.reading() as db:
        wanted = select(Account).where(Account.channel == channel).order_by(Account.id)
        return [_kept(db, one, told.get((channel, one.external_id), ("", ""))) for one in db.scalars(wanted)]


def before_asking(kept: Kept) -> Iterator[Finding]:
    """What is not well as far as we know without the platform."""
    if kept.paused:
        mend = ADD[kept.channel]
        if kept.paused != Reason.TOKEN:
            mend = "mend that; what waits is tried every minute, and the first success ends the pause"
        yield Finding("broken", kept.about, kept.state, mend)
    if kept.sealed:
        yield Finding("broken", kept.about, "its token is sealed with another key", "add that key to SECRET_KEY_OLD")
    elif kept.lost and kept.paused != Reason.TOKEN:
        yield Finding("broken", kept.about, "the platform has ended its connection", ADD[kept.channel])
    elif not kept.token and kept.paused != Reason.TOKEN:
        yield Finding("broken", kept.about, "it has no token", ADD[kept.channel])
    waiting = [f"{purpose} ({status})" for purpose, status in kept.templates.items() if status != APPROVED]
    if waiting:
        words = f"not approved: {', '.join(waiting)}; such news cannot go late"
        yield Finding("look", kept.about, words, "see the platform's page of templates; the clock looks every hour")


def _kept(db: Session, account: Account, told: tuple[str, ...]) -> Kept:
    token, refresh, sealed = "", None, False
    try:
        token = token_of(db, account) or ""
        refresh = refresh_token_of(db, account)
    except Unsealable:
        token, sealed = "", True
    named = f" ({plain(account.name)})" if account.name else ""
    return Kept(
        channel=account.channel,
        external_id=account.external_id,
        about=f"{NAMES[account.channel]} {plain(account.external_id)}{named}",
        state=told[0],
        token_told=told[1],
        token=token,
        sealed=sealed,
        renewable=refresh is not None,
        lost=refresh is not None and is_lost(db, account, refresh),
        expires_at=account.token_expires_at,
        paused="" if account.paused_at is None else account.pause_reason or "unknown",
        templates={one.purpose: one.status for one in templates_of(db, account.id)},
    )
