"""How the accounts are, in words for a terminal."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.plain import WHY
from bot.reply import Reason
from bot.run.settings import Settings
from catalog.account import Account, is_lost, refresh_token_of
from catalog.db import Database
from catalog.organisation import Organisation
from catalog.vault import Unsealable

OURS = ("web", "console")


def described(settings: Settings, database: Database) -> list[tuple[str, str, str, str, str, str]]:
    """Channel, id, name, co-op, state and token of every account, the oldest first."""
    zone = ZoneInfo(settings.timezone)
    with database.reading() as db:
        found = db.execute(
            select(Account, Organisation.code)
            .join(Organisation, Organisation.id == Account.organisation_id)
            .order_by(Account.id)
        )
        return [
            (one.channel, one.external_id, one.name, code, _state(settings, one, zone), _token(db, one, zone))
            for one, code in found
        ]


def _state(settings: Settings, account: Account, zone: ZoneInfo) -> str:
    if account.paused_at is None:
        return f"sends, {_terms(settings, account.channel)}"
    reason = account.pause_reason
    why = WHY[Reason(reason)].msgid if reason in set(Reason) else reason
    return f"paused since {_moment(account.paused_at, zone)}: {why}"


def _terms(settings: Settings, channel: str) -> str:
    match channel:
        case "messenger":
            people = ", staff 7 days" if settings.messenger_human_agent else ""
            return f"up to {settings.messenger_window_hours} hours after their last words{people}"
        case "zalo":
            paid = ", paid up to 7 days" if settings.zalo_paid else ""
            return f"up to 48 hours after their last words{paid}"
        case _:
            return "at any time"


def _token(db: Session, account: Account, zone: ZoneInfo) -> str:
    if account.channel in OURS:
        return "needs none"
    if account.token is None:
        return "none"
    try:
        refresh = refresh_token_of(db, account)
    except Unsealable:
        return "sealed with another key"
    if refresh is not None and is_lost(db, account, refresh):
        return "lost: connect it again"
    if account.channel != "zalo":
        return "without an end"
    until = _moment(account.token_expires_at, zone) if account.token_expires_at else "an unknown day"
    return f"until {until}, {'cannot be renewed' if refresh is None else 'renews itself'}"


def _moment(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%d/%m %H:%M")
