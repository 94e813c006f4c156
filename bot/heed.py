"""What the platform says of a whole page or OA: kept where it counts, and told to staff in plain words."""

from datetime import datetime

from sqlalchemy.orm import Session

from bot.event import AccountNews
from bot.officer import Officer
from bot.reply import Reason
from catalog.account import locked
from catalog.template import set_status

PAUSES = {"blocked": Reason.BLOCKED, "removed": Reason.TOKEN}


def heed(db: Session, account_id: int, news: AccountNews, now: datetime, language: str = "vi") -> None:
    """Note a template's new status; stop or resume sending; and tell staff once what a person should see."""
    if news.kind == "template":
        set_status(db, account_id, news.ref, news.words)
        return
    account, officer = locked(db, account_id), Officer(language)
    if news.kind == "unblocked":
        officer.is_well(db, account, Reason.BLOCKED, now)
        return
    reason = PAUSES.get(news.kind)
    if reason is not None:
        officer.silence(db, account, reason, now, said=news.words)
    else:
        officer.pass_on(db, account, news.kind, news.words, now)
