"""What the platform says of a whole page or OA: kept where it counts, and told to staff in plain words."""

from datetime import datetime

from sqlalchemy.orm import Session

from bot.event import AccountNews
from bot.plain import plain
from bot.reply import Reason
from catalog.account import pause, resume
from catalog.case import open_case
from catalog.template import set_status

PAUSES = {"blocked": Reason.RESTRICTED, "removed": Reason.TOKEN}


def heed(db: Session, account_id: int, news: AccountNews, now: datetime, language: str = "vi") -> None:
    """Stop or resume sending, note a template's new status, and open a case for what a person should see."""
    if news.kind == "template":
        set_status(db, account_id, news.ref, news.words)
        return
    if news.kind == "unblocked":
        resume(db, [account_id])
        return
    reason = PAUSES.get(news.kind)
    if reason is not None and not pause(db, account_id, reason.value, now):
        return
    words = plain(reason, language) if reason is not None else ""
    note = "\n".join(part for part in (words, news.words) if part)
    open_case(db, account_id, None, "account", subject=f"account {account_id} {news.kind}", note=note, at=now)
