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
from redis.exceptions import RedisError
from rq import SimpleWorker
from rq.serializers import JSONSerializer
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from bot import inbox
from bot.engine import Lost, World, give_up, take_turn
from bot.run.bell import Bell, queue_of, short_redis
from bot.run.couriers.making import make_couriers
from bot.run.grants import make_grants
from bot.run.kin import WORKER_LOCK
from bot.run.logs import set_up_logs
from bot.run.pace import Pace
from bot.run.roof import make_world, open_database
from bot.run.sender import THREADS, Sender
from bot.run.settings import Settings
from bot.run.vital import vital
from catalog.db import Database

BATCH = 50
DRAIN_SECONDS = 2.0
SWEEP_SECONDS = 2.0
STOP_SECONDS = 10.0
OWNER_LOCK = 7_304_051  # any number that nobody else uses for an advisory lock

log = structlog.get_logger(__name__)


class Turns:
    """Takes the pending rows, oldest first."""

    def __init__(self, database: Database, world: World, on_commit: Callable[[], None]) -> None:
        self._database = database
        self._world = world
        self._on_commit = on_commit
        self._one_at_a_time = threading.Lock()
        self._raced: set[int] = set()  # rows whose turns met the writing of another process in the last batch

    def drain(self, seconds: float = DRAIN_SECONDS) -> bool:
        """Take batches until nothing waits. False if time ran out first."""
        with self._one_at_a_time:
            end = time.monotonic() + seconds
            while self.take_batch():
                if time.monotonic() > end:
                    return False
        return True

    def take_batch(self) -> int:
        """One transaction with a savepoint for each turn, so that a broken one costs only itself.

        How many turns were taken or met another's writing: unless it is 0, another batch is worth it.
        """
        taken = 0
        raced_before, self._raced = self._raced, set()
        put_aside: set[tuple[int, str]] = set()
        with self._database.writing() as db:
            for row in inbox.pending(db, self._world.now(), BATCH):
                person = (row.account_id, row.sender)
                if person in put_aside:
                    continue
                if self._take(db, row, again=row.id in raced_before):
                    taken += 1
                else:
                    put_aside.add(person)
        if taken:
            self._on_commit()
        return taken + len(self._raced)

    def _take(self, db: Session, row: inbox.InboxRow, *, again: bool) -> bool:
        """again: it met another's writing in the last batch; twice in a row is no chance."""
        row_id = row.id
        try:
            with db.begin_nested():
                take_turn(db, row, self._world)
        except Lost:
            return False
        except Exception as error:
            if isinstance(error, SQLAlchemyError) and not db.is_active:
                raise
            if isinstance(error, StaleDataError | IntegrityError) and not again:
                log.info("turn_raced", inbox_id=row_id, error=type(error).__name__)
                self._raced.add(row_id)
                return False
            log.exception("turn_failed", inbox_id=row_id, tries=row.tries + 1, error=type(error).__name__)
            return self._put_back(db, row, type(error).__name__)
        return True

    def _put_back(self, db: Session, row: inbox.InboxRow, error: str) -> bool:
        if not inbox.put_back(db, row, self._world.now(), error):
            return False
        try:
            with db.begin_nested():
                give_up(db, row, self._world, error)
        except Exception as second:
            log.exception("giving_up_failed", inbox_id=row.id, error=type(second).__name__)
            inbox.finish(db, row, self._world.now(), error=f"{error}, then {type(second).__name__}")
        return True


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
            make_couriers(settings, self.database, make_grants(settings, self.database), THREADS, pace=pace),
            language=settings.default_locale,
            takeover=timedelta(hours=settings.takeover_hours),
            pace=pace,
        )
        self.turns = Turns(self.database, make_world(settings), self.sender.wake)
        self.ownership = Ownership(self.database, settings.var_dir)
        self.redis: Redis = Redis.from_url(settings.redis_url, protocol=2)
        self.stopping = threading.Event()
        self.owns = False

    def answer(self) -> None:
        """What the bell's job does: take all that waits, and ring again if time ran out."""
        self.bell.unring()
        if self.owns and not self.turns.drain():
            self.bell.ring_now()

    def sweep(self) -> None:
        """Every two seconds, whether Redis answers or not: nothing that was received waits longer than that."""
        while not self.stopping.wait(SWEEP_SECONDS):
            if not self.ownership.held():
                log.error("lost_ownership")
                os.kill(os.getpid(), signal.SIGTERM)
                return
            try:
                while not self.stopping.is_set() and not self.turns.drain():
                    pass
            except SQLAlchemyError as error:
                log.warning("database_gone", error=type(error).__name__)

    def run(self) -> None:
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        while not self.stopping.is_set() and not self._take_over():
            self.stopping.wait(0.2)
        if self.stopping.is_set():
            return
        self.owns = True
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
        self.database.close()

    def _answer_first(self) -> None:
        try:
            self.answer()
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
    _worker = Worker(settings)
    _worker.run()
