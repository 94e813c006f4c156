"""The clock: what has to happen although nobody wrote. Ring for what was left lying, remind, forget."""

import signal
import threading
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import FrameType
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot import inbox, outbox, thread
from bot.conversation import Conversation, load_memory
from bot.event import Due, Inbound
from bot.run.bell import Bell, short_redis
from bot.run.logs import set_up_logs
from bot.run.media import forget_media
from bot.run.roof import open_database
from bot.run.settings import Settings
from bot.run.tend import make_tender
from bot.run.vital import vital
from catalog.stamp import forget_scan_keys

TICK_SECONDS = 2.0
TIDY_SECONDS = 3600.0
RAW_DAYS = 7
CHAT_DAYS = 90
HELD_DAYS = 30  # until what was held is no news any more
FETCHED = ("web", "console")  # channels whose replies are fetched, not pushed
WINDOW = timedelta(hours=23)  # inside every platform's free window, with an hour to spare
AWAKE = range(7, 21)  # hours in which a reminder may be sent

log = structlog.get_logger(__name__)


def remind(db: Session, now: datetime, zone: ZoneInfo) -> int:
    """Put the reminders that are due into their inboxes, once for each draft, by day and inside the window."""
    due = db.scalars(select(Conversation).where(Conversation.remind_at <= now).limit(200)).all()
    reminded = 0
    for row in due:
        if now.astimezone(zone).hour not in AWAKE:
            continue
        memory = load_memory(db, row)
        draft = str(memory.talks[-1].state.get("draft_id", "")) if memory and memory.talks else ""
        if draft and row.touched_at is not None and now - row.touched_at < WINDOW:
            arrival = Inbound("", row.address, f"due:cart:{draft}", now, Due("cart_reminder", draft))
            inbox.receive(db, [(row.account_id, arrival)], now)
            reminded += 1
        row.remind_at = None
    return reminded


def tick(db: Session, now: datetime, zone: ZoneInfo) -> bool:
    """All that is due now. True if rows wait."""
    remind(db, now, zone)
    thread.alarms(db, now)
    count, _ = inbox.oldest_pending(db)
    return count > 0


def tidy(db: Session, now: datetime, var_dir: Path) -> None:
    """Forget what need not be kept any longer."""
    inbox.forget_bodies(db, now - timedelta(days=RAW_DAYS))
    outbox.bury_held(db, now - timedelta(days=HELD_DAYS), now)
    outbox.forget_bodies(db, now - timedelta(days=CHAT_DAYS))
    forget_scan_keys(db, now.date())
    forget_media(db, var_dir, now)
    outbox.give_up_unfetched(db, FETCHED, now - timedelta(days=RAW_DAYS), now)


def main(settings: Settings) -> None:
    """Tick until SIGTERM."""
    set_up_logs(settings)
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    database = open_database(settings)
    bell = Bell(short_redis(settings.redis_url))
    zone = ZoneInfo(settings.timezone)
    tender = vital("tender", partial(make_tender(settings, database).run_forever, stopping))
    tender.start()
    tidy_at = 0.0
    while not stopping.wait(TICK_SECONDS):
        try:
            with database.writing() as db:
                waiting = tick(db, datetime.now(UTC), zone)
                if time.monotonic() >= tidy_at:
                    tidy(db, datetime.now(UTC), settings.var_dir)
                    tidy_at = time.monotonic() + TIDY_SECONDS
        except SQLAlchemyError as error:
            log.warning("database_gone", error=type(error).__name__)
            continue
        if waiting:
            bell.ring_now()
    tender.join(10)
    database.close()
