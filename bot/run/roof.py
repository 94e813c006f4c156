"""The roof: where the settings become connections, and the floors are put together."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.dialogues import DIALOGUES
from bot.engine import World
from bot.run.reading import Readings
from bot.run.settings import Settings
from bot.run.shapes import learn_shapes
from catalog.account import Account, seed_account
from catalog.acts import Command, News, Result, Who
from catalog.acts.noting import count_scans
from catalog.acts.perform import make_order_code, perform
from catalog.acts.person import RecordScan
from catalog.db import Database
from catalog.vault import Vault


def utc_now() -> datetime:
    return datetime.now(UTC)


def open_database(settings: Settings) -> Database:
    """The first step of every process that answers, sends or waits, before its threads: so it learns the shapes too."""
    learn_shapes()
    return Database(settings.database_url, Vault(settings.secret_keys))


def make_world(
    settings: Settings,
    now: Callable[[], datetime] = utc_now,
    make_code: Callable[[], str] = make_order_code,
) -> World:
    """What turns need: the dialogues, what they may read, and what may be done. Clock and codes can be handed in."""

    def act(db: Session, who: Who, command: Command) -> tuple[Result, Sequence[News]]:
        return perform(db, who, command, make_code)

    def jot(db: Session, jots: Sequence[tuple[Who, Command]]) -> None:
        scans = [(who, command) for who, command in jots if isinstance(command, RecordScan)]
        if len(scans) < len(jots):
            raise TypeError("only a counted scan can be put off")
        count_scans(db, scans)

    return World(
        DIALOGUES,
        Readings(settings.timezone, settings.default_locale, settings.public_url).ports,
        act,
        now,
        timedelta(hours=settings.takeover_hours),
        settings.default_locale,
        jot,
    )


def keep_accounts(database: Database, settings: Settings) -> bool:
    """The first account of a channel is what the environment says; it speaks for the organisation whose page `/` is.

    False if there is no such organisation yet.
    """
    given = [
        ("messenger", settings.messenger_page_id, settings.messenger_page_token, ""),
        ("zalo", settings.zalo_oa_id, settings.zalo_access_token, settings.zalo_refresh_token),
        ("zalobot", settings.zalobot_id, settings.zalobot_token, ""),
    ]
    wanted = [account for account in given if account[1]]
    if not wanted:
        return True
    with database.writing() as db:
        home = db.scalar(select(Account).where(Account.channel == "web").order_by(Account.id).limit(1))
        if home is None:
            return False
        for channel, external_id, token, refresh_token in wanted:
            seed_account(
                db,
                channel,
                external_id,
                home.organisation_id,
                token=token or None,
                refresh_token=refresh_token or None,
                at=utc_now(),
            )
    return True
