"""Sends the replies: in order for each conversation, side by side for different ones.

The table is the truth; the lanes here are rebuilt from it at every start. A reply that the platform has is marked a few
milliseconds later, many at once: a crash in between repeats those, which is what "at least once" means.
"""

import heapq
import queue
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot import outbox
from bot.outbox import Outgoing
from bot.reply import SendError
from catalog.case import open_case
from catalog.db import Database

BACK_OFF = (1, 4, 15, 60, 300)  # seconds
GIVE_UP = timedelta(hours=24)
ACCOUNT_HOLD = 60.0
THREADS = 64
LANES = 1000  # conversations of one account held in memory at once; its others wait in the table
PAGE = 500
RESCAN = 5.0

log = structlog.get_logger(__name__)


class Courier(Protocol):
    """Takes one reply to one platform."""

    def deliver(self, reply: Outgoing) -> None:
        """Returns when the platform has it. Raises `SendError`."""
        ...


@dataclass(slots=True)
class _Lane:
    """One conversation's waiting replies. `busy` while one is on its way or waits for another try."""

    account_id: int
    replies: deque[Outgoing] = field(default_factory=deque)
    busy: bool = False
    tries: int = 0


class Sender:
    """`start`, `wake` after every commit that promised something, `stop`."""

    def __init__(
        self,
        database: Database,
        couriers: Mapping[str, Courier],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        threads: int = THREADS,
        *,
        lanes: int = LANES,
        rescan_s: float = RESCAN,
    ) -> None:
        self._database = database
        self._couriers = couriers
        self._now = now
        self._threads = threads
        self._most_lanes = lanes
        self._rescan_s = rescan_s
        self._lanes: dict[int, _Lane] = {}
        self._lanes_of: Counter[int] = Counter()  # by account
        self._full: set[int] = set()  # accounts that left replies in the table; looked at again by the next rescan
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = False
        self._newest = 0
        self._later: list[tuple[float, int]] = []
        self._account_free_at: dict[int, float] = {}
        self._pools: dict[int, ThreadPoolExecutor] = {}
        self._delivered: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._known: set[int] = set()
        self._feeder = threading.Thread(target=self._feed, name="feeder", daemon=True)
        self._marker = threading.Thread(target=self._mark, name="marker", daemon=True)

    def start(self) -> None:
        self._feeder.start()
        self._marker.start()

    def wake(self) -> None:
        self._wake.set()

    def stop(self, seconds: float) -> None:
        """Let what is on its way arrive, for so long; mark it; leave the rest in the table."""
        self._stopping = True
        self._wake.set()
        end = time.monotonic() + seconds
        self._feeder.join(seconds)
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)
        while time.monotonic() < end and any(
            thread.is_alive() for pool in self._pools.values() for thread in pool._threads
        ):
            time.sleep(0.02)
        self._delivered.put(None)
        self._marker.join(max(0.1, end - time.monotonic()))

    # From the table into the lanes

    def _feed(self) -> None:
        rescan_at = 0.0
        while not self._stopping:
            self._wake.wait(self._pause())
            self._wake.clear()
            rescan = time.monotonic() >= rescan_at
            if rescan:
                rescan_at = time.monotonic() + self._rescan_s
                self._full.clear()
            try:
                self._load(0 if rescan else self._newest)
            except SQLAlchemyError as error:
                log.warning("database_gone", error=type(error).__name__)
                time.sleep(0.5)
            self._release()

    def _pause(self) -> float:
        with self._lock:
            return min(1.0, max(0.0, self._later[0][0] - time.monotonic())) if self._later else 1.0

    def _load(self, after_id: int) -> None:
        """Put what waits into the lanes, in order. Where an account has no lane left, all that follows stays behind."""
        with self._lock:
            known = set(self._known)  # before reading: a row that is marked meanwhile is unsent in what we read
        with self._database.reading() as db:
            for row in outbox.unsent(db, self._couriers, after_id):
                self._newest = max(self._newest, row.id)
                if row.id not in known and row.account_id not in self._full:
                    self._queue(outbox.opened(db, row))

    def _queue(self, reply: Outgoing) -> None:
        with self._lock:
            lane = self._lanes.get(reply.conversation_id)
            if lane is None:
                if self._lanes_of[reply.account_id] >= self._most_lanes:
                    self._full.add(reply.account_id)
                    return
                lane = self._lanes[reply.conversation_id] = _Lane(reply.account_id)
                self._lanes_of[reply.account_id] += 1
            lane.replies.append(reply)
            self._known.add(reply.id)
            if not lane.busy:
                self._send_next(reply.conversation_id, lane)

    def _release(self) -> None:
        """Lanes whose pause is over go on."""
        with self._lock:
            while self._later and self._later[0][0] <= time.monotonic():
                _, conversation_id = heapq.heappop(self._later)
                lane = self._lanes.get(conversation_id)
                if lane is not None:
                    self._send_next(conversation_id, lane)

    def _send_next(self, conversation_id: int, lane: _Lane) -> None:
        """Hand the lane's first reply to a thread. The lock is held."""
        if not lane.replies:
            lane.busy = False
            del self._lanes[conversation_id]
            self._lanes_of[lane.account_id] -= 1
            return
        lane.busy = True
        reply = lane.replies[0]
        wait = max(
            (reply.next_at - self._now()).total_seconds() if reply.next_at else 0.0,
            self._account_free_at.get(lane.account_id, 0.0) - time.monotonic(),
        )
        if wait > 0:
            heapq.heappush(self._later, (time.monotonic() + wait, conversation_id))
            self._wake.set()
        elif not self._stopping:
            self._pool(lane.account_id).submit(self._send, conversation_id, lane, reply)

    def _pool(self, account_id: int) -> ThreadPoolExecutor:
        """Each account has its own threads: one platform that is silent holds up its own replies only."""
        if account_id not in self._pools:
            self._pools[account_id] = ThreadPoolExecutor(self._threads, thread_name_prefix=f"send-{account_id}")
        return self._pools[account_id]

    # One reply

    def _send(self, conversation_id: int, lane: _Lane, reply: Outgoing) -> None:
        try:
            self._couriers[reply.channel].deliver(reply)
        except SendError as error:
            self._failed(conversation_id, lane, reply, error)
        except Exception as error:
            log.exception("send_broke", outbox_id=reply.id, error=type(error).__name__)
            self._failed(conversation_id, lane, reply, SendError(type(error).__name__, permanent=True))
        else:
            self._delivered.put(reply.id)
            self._go_on(conversation_id, lane)

    def _go_on(self, conversation_id: int, lane: _Lane) -> None:
        with self._lock:
            lane.replies.popleft()
            lane.tries = 0
            self._send_next(conversation_id, lane)

    def _failed(self, conversation_id: int, lane: _Lane, reply: Outgoing, error: SendError) -> None:
        dead = error.permanent or self._now() - reply.created_at > GIVE_UP
        wait = error.retry_after if error.retry_after is not None else _back_off(reply.tries + lane.tries)
        if error.pauses:
            wait = ACCOUNT_HOLD
            self._account_free_at[lane.account_id] = time.monotonic() + wait
        log.warning("send_failed", outbox_id=reply.id, dead=dead, wait=round(wait, 1), error=str(error)[:120])
        noted = self._note(reply, error, dead=dead, next_at=None if dead else self._now() + timedelta(seconds=wait))
        if dead and noted:
            self._go_on(conversation_id, lane)
            return
        with self._lock:
            lane.tries += 1
            heapq.heappush(self._later, (time.monotonic() + wait, conversation_id))
            self._wake.set()

    def _note(self, reply: Outgoing, error: SendError, *, dead: bool, next_at: datetime | None) -> bool:
        """Keep the failure, and call a person where it will not mend itself. False if the database did not answer."""
        try:
            with self._database.writing() as db:
                outbox.mark_failed(db, reply.id, self._now(), str(error), next_at)
                if dead or error.pauses:
                    open_case(
                        db,
                        reply.account_id,
                        reply.conversation_id,
                        "failed send",
                        subject="account" if error.pauses else f"outbox {reply.id}",
                        note=str(error),
                        at=self._now(),
                    )
        except SQLAlchemyError as gone:
            log.warning("database_gone", error=type(gone).__name__)
            return False
        return True

    # Marks

    def _mark(self) -> None:
        """Collect what was delivered for some milliseconds, then mark it in one transaction; again if that fails."""
        done: list[int] = []
        ending = False
        while not ending:
            first = self._delivered.get()
            time.sleep(0.005)
            done += [] if first is None else [first]
            ending = first is None
            while not self._delivered.empty():
                more = self._delivered.get()
                ending = ending or more is None
                done += [] if more is None else [more]
            if done and self._marked(done):
                with self._lock:
                    self._known.difference_update(done)
                done = []

    def _marked(self, ids: list[int]) -> bool:
        try:
            with self._database.writing() as db:
                outbox.mark_sent(db, ids, self._now())
        except SQLAlchemyError as error:
            log.warning("database_gone", error=type(error).__name__)
            time.sleep(0.2)
            self._delivered.put(ids[-1])
            return False
        return True


def _back_off(tries: int) -> float:
    base = BACK_OFF[min(tries, len(BACK_OFF) - 1)]
    return base * random.uniform(0.8, 1.2)  # noqa: S311 (jitter, not a secret)
