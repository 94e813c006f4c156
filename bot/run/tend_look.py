"""What every look at an account has in common: which accounts, what a failure means, what a template is called now."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.officer import Officer
from bot.reply import SendError
from catalog.account import Account, locked, token_of
from catalog.db import Database
from catalog.template import set_status, templates_of
from catalog.vault import Unsealable

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Known:
    """An account that is looked at. token: of a page; empty for an OA, whose token the grants have."""

    id: int
    external_id: str
    token: str = field(repr=False)


@dataclass(slots=True)
class Look:
    """stopping: no further account is begun once it is set."""

    database: Database
    officer: Officer
    now: Callable[[], datetime]
    stopping: threading.Event

    def each(self, channel: str, look: Callable[[Known], None]) -> None:
        """One account after the other. One that fails keeps none of the others from being looked at."""
        for known in self._accounts(channel):
            if self.stopping.is_set():
                return
            try:
                look(known)
            except SendError as error:
                self._failed(known, error)

    def templates(self, known: Known) -> list[str]:
        """Those that we know, by the platform's name or number."""
        with self.database.reading() as db:
            return [template.external_id for template in templates_of(db, known.id)]

    def keep_statuses(self, known: Known, statuses: Mapping[str, str]) -> None:
        """The platform's word for each of our templates; others are none of ours."""
        with self.database.reading() as db:
            ours = [(one.external_id, one.status) for one in templates_of(db, known.id)]
        changed = {name: statuses[name] for name, status in ours if statuses.get(name, status) != status}
        if not changed:
            return
        with self.database.writing() as db:
            for name, status in changed.items():
                set_status(db, known.id, name, status)
        log.info("templates_changed", account=known.id, count=len(changed))

    def _accounts(self, channel: str) -> list[Known]:
        with self.database.reading() as db:
            accounts = db.scalars(select(Account).where(Account.channel == channel).order_by(Account.id)).all()
            return [Known(one.id, one.external_id, _page_token(db, one)) for one in accounts]

    def _failed(self, known: Known, error: SendError) -> None:
        """What a person must mend is told to her, once; the rest is only logged."""
        log.warning("account_not_tended", account=known.id, reason=error.reason.value, error=str(error))
        if error.pauses:
            with self.database.writing() as db:
                self.officer.silence(db, locked(db, known.id), error.reason, self.now())


def _page_token(db: Session, account: Account) -> str:
    """Empty for an OA, and where it cannot be read: the doctor says so."""
    if account.channel != "messenger":
        return ""
    try:
        return token_of(db, account) or ""
    except Unsealable:
        return ""
