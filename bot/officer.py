"""Telling the co-op's people that an account needs a hand: one open case for each account and trouble."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.plain import troubled
from bot.reply import Reason
from catalog.account import Account, pause, resume_from
from catalog.case import Case, close_case, open_case

KIND = "account"


class Officer:
    """Called inside the caller's transaction, which holds the account's row (`catalog.account.locked`).

    language: of what she reads.
    """

    def __init__(self, language: str = "vi") -> None:
        self._language = language

    def call(self, db: Session, account: Account, trouble: str, at: datetime, said: str = "") -> bool:
        """False, and nothing said again, while an earlier case about it is open. said: the platform's own words."""
        if _open(db, account, trouble):
            return False
        named = f"{account.name} ({account.external_id})" if account.name else account.external_id
        words = troubled(account.channel, trouble, named, self._language)
        self._open(db, account, trouble, f"{words}\n{said}".rstrip(), at)
        return True

    def pass_on(self, db: Session, account: Account, news: str, said: str, at: datetime) -> None:
        """What the platform says of the account and what stops nothing: once, as long as nobody has closed it."""
        if not _open(db, account, news):
            self._open(db, account, news, said, at)

    def _open(self, db: Session, account: Account, about: str, note: str, at: datetime) -> None:
        open_case(db, account.id, None, KIND, subject=_subject(account, about), note=note, at=at)

    def silence(self, db: Session, account: Account, trouble: Reason, at: datetime, said: str = "") -> bool:
        """Nothing goes out until it is mended; she is told once, unless the sender told her when it met the same."""
        known = account.paused_at is not None and account.pause_reason == trouble
        if not pause(db, account.id, trouble.value, at) and account.pause_reason != Reason.BLOCKED:
            account.pause_reason = trouble.value  # the newest that is known; only the platform ends a block
        return not known and self.call(db, account, trouble, at, said)

    def is_well(self, db: Session, account: Account, trouble: Reason, at: datetime) -> bool:
        """What was silenced for this sends again, and nobody need look any more. False if it was not."""
        self.dismiss(db, account, trouble, at)
        return resume_from(db, account.id, [trouble.value])

    def dismiss(self, db: Session, account: Account, trouble: str, at: datetime) -> None:
        """It mended itself."""
        for case in _open(db, account, trouble):
            close_case(db, case.id, at)


def _subject(account: Account, trouble: str) -> str:
    return f"{account.channel} {account.external_id}: {trouble}"


def _open(db: Session, account: Account, trouble: str) -> list[Case]:
    same = (Case.account_id == account.id, Case.conversation_id.is_(None), Case.kind == KIND)
    wanted = select(Case).where(*same, Case.subject == _subject(account, trouble), Case.closed_at.is_(None))
    return list(db.scalars(wanted))
