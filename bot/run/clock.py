"""The clock: what has to happen although nobody wrote. Ring for what was left lying, remind, and have things tidied."""

import signal
import threading
from datetime import UTC, datetime, timedelta
from functools import partial
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
from bot.run.roof import open_database, utc_now
from bot.run.settings import Settings
from bot.run.tally import EVERY, Tally
from bot.run.tend import make_tender
from bot.run.tidy import Tidier, tidy_forever
from bot.run.vital import vital

TICK_SECONDS = 2.0
WINDOW = timedelta(hours=23)  # inside every platform's free window, with an hour to spare
AHEAD = timedelta(minutes=1)  # by more than that one machine's clock was wrong, not another's
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


def take_up_early(db: Session, now: datetime) -> None:
    """What a clock that was ahead has held goes now that it is right: by it, nothing of that was held yet."""
    for conversation_id in outbox.held_after(db, now + AHEAD):
        conversation = db.get_one(Conversation, conversation_id)
        conversation.owed = not outbox.take_up(db, conversation_id, now, taken=thread.is_taken(conversation, now))


def tick(db: Session, now: datetime, zone: ZoneInfo) -> bool:
    """All that is due now. True if rows wait."""
    remind(db, now, zone)
    thread.alarms(db, now)
    take_up_early(db, now)
    count, _ = inbox.oldest_pending(db)
    return count > 0


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
    tally = Tally(database, "clock", utc_now)
    tidier = Tidier(database, settings.var_dir, zone, stopping.wait, tally)
    helpers = [
        vital("tender", partial(make_tender(settings, database).run_forever, stopping)),
        vital("tidier", partial(tidy_forever, tidier, utc_now, stopping)),
    ]
    for helper in helpers:
        helper.start()
    published_at = datetime.fromtimestamp(0, UTC)
    while not stopping.wait(TICK_SECONDS):
        now = utc_now()
        try:
            with database.writing() as db:
                waiting = tick(db, now, zone)
        except SQLAlchemyError as error:
            log.warning("database_gone", error=type(error).__name__)
            continue
        if waiting:
            bell.ring_now()
        if abs(now - published_at) >= timedelta(seconds=EVERY):  # here, and not in a thread: it says that we tick
            tally.publish()
            published_at = now
    for helper in helpers:
        helper.join(10)
    tally.publish()
    database.close()
