"""The worker: takes turns, a batch in one transaction, and has the replies sent.

One process at a time owns the conversations (`Ownership`): a lock that the system frees at the moment its holder dies.
The fence of every turn is `conversation.version` all the same.
"""

import fcntl
import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import SimpleWorker
from rq.serializers import JSONSerializer
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from bot.run.bell import LISTENS, Bell, listen, queue_of, short_redis
from bot.run.couriers.making import make_couriers
from bot.run.figures_wired import follow_worker
from bot.run.grants import make_grants
from bot.run.kin import OWNER_LOCK, WORKER_LOCK
from bot.run.logs import set_up_logs
from bot.run.pace import Pace
from bot.run.press import Press
from bot.run.roof import make_world, open_database, utc_now
from bot.run.sender import THREADS, Sender
from bot.run.settings import Settings
from bot.run.tally import Tally
from bot.run.turns import Turns
from bot.run.vital import vital
from bot.run.warm import learn_words
from catalog.db import Database

SWEEP_SECONDS = 2.0
QUIET_SECONDS = 1.0  # of listening without a ring, then the job ends
STOP_SECONDS = 10.0

log = structlog.get_logger(__name__)


class Ownership:
    """Who takes turns and sends: one process. A file lock beside SQLite, an advisory lock on PostgreSQL.

    Both are gone the moment the holder dies, kill -9 included, so that nobody waits for a lease to run out.
    """

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._path = folder / WORKER_LOCK
        self._file: int | None = None
        self._connection: Connection | None = None

    def take(self) -> bool:
        """Try once. True if it is ours now. Raises SQLAlchemyError when the database is gone."""
        if self._database.is_sqlite:
            return self._take_file()
        connection = self._database.engine.connect()
        held = bool(connection.scalar(text("SELECT pg_try_advisory_lock(:n)"), {"n": OWNER_LOCK}))
        connection.commit()
        if held:
            self._connection = connection
        else:
            connection.close()
        return held

    def _take_file(self) -> bool:
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        self._file = file
        return True

    def held(self) -> bool:
        """Whether it is still ours: PostgreSQL may have dropped the connection, and the lock with it."""
        if self._connection is None:
            return self._file is not None
        try:
            self._connection.execute(text("SELECT 1"))
            self._connection.commit()
        except SQLAlchemyError:
            self._connection.invalidate()
            self._connection = None
            return False
        return True


class Worker:
    """One worker process: turns when the bell rings or the sweep finds something, replies as they are promised."""

    def __init__(self, settings: Settings) -> None:
        self.database = open_database(settings)
        self.bell = Bell(short_redis(settings.redis_url))
        pace = Pace()
        self.sender = Sender(
            self.database,
            make_couriers(
                settings,
                self.database,
                make_grants(settings, self.database),
                THREADS,
                pace=pace,
                documents=Press(self.database, settings.public_url),
            ),
            language=settings.default_locale,
            takeover=timedelta(hours=settings.takeover_hours),
            pace=pace,
        )
        self.turns = Turns(
            self.database,
            make_world(settings),
            self.sender.wake,
            offer=self.sender.offer,
            ledger=self.sender.marks,
        )
        self.ownership = Ownership(self.database, settings.var_dir)
        self.redis: Redis = Redis.from_url(settings.redis_url, protocol=2)
        self.ears: Redis = Redis.from_url(
            settings.redis_url, protocol=2, socket_timeout=QUIET_SECONDS + 2, retry=Retry(NoBackoff(), 0)
        )
        self.stopping = threading.Event()
        self.owns = False
        self.tally = Tally(self.database, "worker", utc_now)

    def answer(self) -> None:
        """What the bell's job does: take all that waits and listen for more, until it is quiet for a second.

        What comes while it ends rings anew: the bell is let go before the table is read for the last time.
        """
        end = time.monotonic() + LISTENS
        try:
            self._listen_until(end)
        finally:
            self.bell.unring()
        if self.owns and (time.monotonic() > end or not self.turns.drain(unless=self.stopping.is_set)):
            self.bell.ring_now()

    def _listen_until(self, end: float) -> None:
        while self.owns and not self.stopping.is_set() and time.monotonic() < end:
            self.bell.hush()
            if self.turns.drain(unless=self.stopping.is_set) and not listen(self.ears, QUIET_SECONDS):
                return

    def sweep(self) -> None:
        """Every two seconds, whether Redis answers or not: nothing that was received waits longer than that."""
        while not self.stopping.wait(SWEEP_SECONDS):
            if not self.ownership.held():
                log.error("lost_ownership")
                os.kill(os.getpid(), signal.SIGTERM)
                return
            try:
                while not self.stopping.is_set() and not self.turns.drain(unless=self.stopping.is_set):
                    pass
            except SQLAlchemyError as error:
                log.warning("database_gone", error=type(error).__name__)

    def run(self) -> None:
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        self.tally.start()
        while not self.stopping.is_set() and not self._take_over():
            self.stopping.wait(0.2)
        if self.stopping.is_set():
            return
        self.owns = True
        follow_worker(self.tally, self.turns, self.sender)
        self.sender.start()
        sweeper = vital("sweep", self.sweep)
        sweeper.start()
        self._answer_first()
        while not self.stopping.is_set():
            try:
                worker = _Quiet(
                    [queue_of(self.redis)],
                    connection=self.redis,
                    serializer=JSONSerializer,
                    maintenance_interval=60,
                    worker_ttl=60,
                    log_job_description=False,
                )
                worker.on_stop = self.stopping.set
                worker.work(logging_level="WARNING", max_jobs=100_000)
            except RedisError as error:
                log.warning("redis_gone", error=type(error).__name__)
                self.stopping.wait(1)
        sweeper.join(STOP_SECONDS)
        self.sender.stop(STOP_SECONDS)
        self.tally.stop()
        self.database.close()

    def _answer_first(self) -> None:
        """What waits from before our time. A ring of then may never be heard any more: let it go."""
        self.bell.unring()
        try:
            self.turns.drain(unless=self.stopping.is_set)
        except SQLAlchemyError as error:
            log.warning("database_gone", error=type(error).__name__)

    def _take_over(self) -> bool:
        try:
            return self.ownership.take()
        except SQLAlchemyError as error:
            log.warning("database_gone", error=type(error).__name__)
            return False

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self.stopping.set()


class _Quiet(SimpleWorker):
    """RQ's own worker in this process; a signal ends it after the job that is running."""

    on_stop: Callable[[], Any]
    max_connection_wait_time = 2.0  # as long as a sweep; RQ's own minute would leave us deaf to a Redis that is back

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        self.on_stop()
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]


_worker: Worker | None = None


def drain() -> None:
    """The bell's job: RQ imports it by name and calls it in the worker's process."""
    if _worker is not None:
        _worker.answer()


def main(settings: Settings) -> None:
    """Run a worker until SIGTERM. Started as a function of this module, so that the job finds the same `_worker`."""
    global _worker  # noqa: PLW0603 (RQ calls a module function; this is its one door to the process's worker)
    set_up_logs(settings)
    learn_words()
    _worker = Worker(settings)
    _worker.run()
