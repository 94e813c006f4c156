"""Sends the replies: in order for each conversation, side by side for different ones.

The table is the truth; the lanes here are rebuilt from it at every start. A reply that the platform has is marked a few
milliseconds later, many at once: a crash in between repeats those, which is what "at least once" means.

Before anything goes, `bot.permit.may_send` says whether it may and as what; what may not go now is held in the table
until she writes again, and staff are told why.
"""

import heapq
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot import outbox
from bot.conversation import Standing, standings
from bot.outbox import Outgoing
from bot.permit import Permit, Way, may_send
from bot.reply import Reason, SendError
from bot.run.courier import Courier, Sending
from bot.run.holds import Holds, back_off
from bot.run.marks import TAKEOVER, Arrival, Failure, Fate, Marks
from bot.run.pace import Pace
from bot.run.vital import vital
from catalog.account import paused_for
from catalog.db import Database

GIVE_UP = timedelta(hours=24)
FEW = 2  # tries that must have failed, however old a reply is: the account may just have been mended
MOST_BREAKS = 5  # a courier that breaks so often over one reply will not get it there
PAUSED_S = 60.0  # between two looks at whether an account that somebody must mend has been mended
THREADS = 64
LANES = 1000  # conversations of one account held in memory at once; its others wait in the table
RESCAN = 5.0

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Lane:
    """One conversation's waiting replies. `busy` while one is on its way or waits for another try.

    Of the first reply: place: how many of its messages the platform has. way: as what these went. doubtful: whether it
    may have the next one as well. since: when the first try of it began. breaks: how often its courier broke. waited:
    it did, and all behind it too, so that everything may be different by now.
    """

    account_id: int
    standing: Standing
    replies: deque[Outgoing] = field(default_factory=deque)
    busy: bool = False
    tries: int = 0
    breaks: int = 0
    place: int = 0
    way: Way = Way.REPLY
    doubtful: bool = False
    waited: bool = False
    since: datetime | None = None

    def next_reply(self) -> None:
        self.replies.popleft()
        self.tries = self.breaks = self.place = 0
        self.doubtful = False
        self.since = None


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
        language: str = "vi",
        takeover: timedelta = TAKEOVER,
        pace: Pace | None = None,
    ) -> None:
        self._database = database
        self._couriers = couriers
        self._now = now
        self._threads = threads
        self._most_lanes = lanes
        self._rescan_s = rescan_s
        self._lanes: dict[int, _Lane] = {}
        self._lanes_of: Counter[int] = Counter()  # by account
        self._full: set[int] = set()  # accounts that left replies in the table, until the next rescan
        self._room = False  # one of those has lanes again: rescan now
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = False
        self._newest = 0
        self._later: list[tuple[float, int]] = []
        self._blocked: frozenset[int] = frozenset()  # accounts that their platform has blocked until it says otherwise
        self._holds = Holds()
        self._pace = pace if pace is not None else Pace()
        self._pools: dict[int, ThreadPoolExecutor] = {}
        self._known: set[int] = set()  # in a lane, or on the way to its mark
        self._marks = Marks(database, now, self._forget, language, takeover)
        self._feeder = vital("feeder", self._feed)

    def start(self) -> None:
        self._feeder.start()
        self._marks.start()

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
        self._marks.stop(max(0.1, end - time.monotonic()))

    # From the table into the lanes

    def _feed(self) -> None:
        rescan_at = 0.0
        while not self._stopping:
            self._wake.wait(self._pause())
            self._wake.clear()
            with self._lock:
                rescan = self._room or time.monotonic() >= rescan_at
                if rescan:
                    rescan_at = time.monotonic() + self._rescan_s
                    self._room = False
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
            self._blocked = frozenset(paused_for(db, Reason.BLOCKED.value))
            for page in outbox.unsent(db, self._couriers, after_id):
                self._newest = max(self._newest, page[-1].id)
                new = [row for row in page if row.id not in known]
                standing = standings(db, {row.conversation_id for row in new}) if new else {}
                for row in new:
                    if row.account_id not in self._full:
                        self._queue(outbox.opened(db, row), standing.get(row.conversation_id, Standing(None, None)))

    def _queue(self, reply: Outgoing, standing: Standing) -> None:
        with self._lock:
            lane = self._lanes.get(reply.conversation_id)
            if lane is None:
                if self._lanes_of[reply.account_id] >= self._most_lanes:
                    self._full.add(reply.account_id)
                    return
                lane = self._lanes[reply.conversation_id] = _Lane(reply.account_id, standing)
                self._lanes_of[reply.account_id] += 1
            lane.standing = standing
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
            self._end(conversation_id, lane)
            return
        lane.busy = True
        reply = lane.replies[0]
        wait = (reply.next_at - self._now()).total_seconds() if reply.next_at else 0.0
        if wait > 0:
            self._put_off(conversation_id, wait)
        elif not self._stopping:
            self._pool(lane.account_id).submit(self._send, conversation_id, lane, reply)

    def _end(self, conversation_id: int, lane: _Lane) -> None:
        """The lane is empty. Once half of a full account's are, the table is read for more: not for every single one.

        The lock is held.
        """
        del self._lanes[conversation_id]
        self._lanes_of[lane.account_id] -= 1
        if lane.account_id in self._full and self._lanes_of[lane.account_id] <= self._most_lanes // 2:
            self._room = True
            self._wake.set()

    def _put_off(self, conversation_id: int, seconds: float) -> None:
        """The lock is held."""
        self._lanes[conversation_id].waited = True
        heapq.heappush(self._later, (time.monotonic() + seconds, conversation_id))
        self._wake.set()

    def _forget(self, outbox_ids: Sequence[int]) -> None:
        with self._lock:
            self._known.difference_update(outbox_ids)

    def _pool(self, account_id: int) -> ThreadPoolExecutor:
        """Each account has its own threads: one platform that is silent holds up its own replies only."""
        if account_id not in self._pools:
            self._pools[account_id] = ThreadPoolExecutor(self._threads, thread_name_prefix=f"send-{account_id}")
        return self._pools[account_id]

    # One reply

    def _send(self, conversation_id: int, lane: _Lane, reply: Outgoing) -> None:
        wait = PAUSED_S if lane.account_id in self._blocked else self._holds.wait(lane.account_id)
        courier = self._couriers[reply.channel]
        wait = wait or self._paced(courier, lane)
        if wait > 0:
            with self._lock:
                self._put_off(conversation_id, wait)
            return
        began = time.monotonic()
        try:
            if lane.waited and not self._still_wanted(lane, reply):
                self._marks.dropped(reply.id)
                self._go_on(conversation_id, lane)
                return
            permit = self._permit(courier, lane, reply)
            if not self._send_messages(courier, conversation_id, lane, reply, permit):
                return
        except SendError as error:
            self._failed(conversation_id, lane, reply, error, began)
        except Exception as error:
            log.exception("send_broke", outbox_id=reply.id, error=type(error).__name__)
            lane.breaks += 1
            broke = SendError(type(error).__name__, reason=Reason.SHAPE, permanent=lane.breaks >= MOST_BREAKS)
            self._failed(conversation_id, lane, reply, broke, began)
        else:
            well = self._holds.sent(lane.account_id, began)
            self._marks.arrived(Arrival(reply, well, lane.way))
            self._go_on(conversation_id, lane)

    def _still_wanted(self, lane: _Lane, reply: Outgoing) -> bool:
        """After a wait, by what the table says now: it was not forgotten meanwhile. Reads anew how she stands."""
        with self._reading() as db:
            lane.standing = standings(db, [reply.conversation_id]).get(reply.conversation_id, lane.standing)
            return outbox.is_open(db, reply.id)

    def _permit(self, courier: Courier, lane: _Lane, reply: Outgoing) -> Permit:
        """As what it may go. Raises SendError where it may not: a "no" is never taken from memory."""
        permit = self._asked(courier, lane.standing, reply)
        if permit.way is None:
            with self._reading() as db:
                lane.standing = standings(db, [reply.conversation_id]).get(reply.conversation_id, lane.standing)
            permit = self._asked(courier, lane.standing, reply, template=courier.has_template(reply))
        if permit.way is None:
            reason = permit.reason or Reason.WINDOW
            raise SendError(f"not sent: {reason.value}", reason=reason, waits=True)
        return permit

    def _asked(self, courier: Courier, standing: Standing, reply: Outgoing, *, template: bool = False) -> Permit:
        now = self._now()
        return may_send(
            courier.terms,
            now,
            touched_at=standing.touched_at,
            by_person=reply.by_person,
            template=template,
            taken=standing.taken_until is not None and standing.taken_until > now,
            notice=reply.notice,
        )

    def _send_messages(
        self, courier: Courier, conversation_id: int, lane: _Lane, reply: Outgoing, permit: Permit
    ) -> bool:
        """Send what is left of the reply, from `lane.place` on. False: the pace made it wait. Raises SendError."""
        way = permit.way or Way.REPLY
        if way is not lane.way:
            lane.way, lane.place, lane.doubtful = way, 0, False  # other messages than those that went before
        if lane.since is None:
            lane.since, lane.doubtful = self._now(), reply.tries > 0  # before our time somebody else may have sent it
        messages = courier.render(reply, way)
        if not messages:
            raise SendError("nothing is left of this reply", reason=Reason.EMPTY, permanent=True)
        first = lane.place
        for place, message in list(enumerate(messages))[first:]:
            sending = Sending(reply, message, place, way, lane.since if reply.tries == 0 else reply.created_at)
            if lane.doubtful and self._arrived(courier, sending):
                log.info("arrived_after_all", outbox_id=reply.id, place=place)
            else:
                wait = self._paced(courier, lane) if place > first else 0.0
                if wait > 0:
                    with self._lock:
                        self._put_off(conversation_id, wait)
                    return False
                courier.send(sending)
            lane.place, lane.doubtful = place + 1, reply.tries > 0
        return True

    def _arrived(self, courier: Courier, sending: Sending) -> bool:
        with self._reading() as db:
            return courier.arrived(db, sending)

    @contextmanager
    def _reading(self) -> Iterator[Session]:
        """For reading. Raises SendError where the database does not answer."""
        try:
            with self._database.reading() as db:
                yield db
        except SQLAlchemyError as error:
            raise SendError(f"no database: {type(error).__name__}") from error

    def _paced(self, courier: Courier, lane: _Lane) -> float:
        """Seconds to wait where calls are counted. A notice with a reply behind it waits no longer than that."""
        if courier.calls_a_minute is None:
            return 0.0
        with self._lock:
            notice = all(reply.notice for reply in lane.replies)
        return self._pace.wait(lane.account_id, courier.calls_a_minute, notice=notice)

    def _go_on(self, conversation_id: int, lane: _Lane) -> None:
        with self._lock:
            lane.next_reply()
            self._send_next(conversation_id, lane)

    def _failed(self, conversation_id: int, lane: _Lane, reply: Outgoing, error: SendError, began: float) -> None:
        lane.tries = 0 if error.pauses else lane.tries
        too_late = lane.tries >= FEW and self._now() - reply.created_at > GIVE_UP
        if too_late and not (error.permanent or error.waits):
            error = SendError(str(error), reason=Reason.TOO_LATE, permanent=True)
        if error.reason is Reason.HELD and not (reply.notice or reply.by_person):  # somebody speaks with her
            error = SendError(str(error), reason=Reason.HELD, permanent=True)
        over = error.permanent or error.waits
        if error.whole_account:
            wait = self._holds.hold(lane.account_id, began, PAUSED_S if error.pauses else error.retry_after)
        else:
            wait = error.retry_after if error.retry_after is not None else back_off(reply.tries + lane.tries)
        log.warning(
            "send_failed",
            outbox_id=reply.id,
            over=over,
            wait=round(wait, 1),
            reason=error.reason.value,
            error=str(error)[:120],
        )
        fate: Fate = "held" if error.waits else "dead" if error.permanent else "later"
        noted = self._marks.failed(Failure(reply, error, fate, self._now() + timedelta(seconds=wait)))
        if over and noted:
            self._go_on(conversation_id, lane)
            return
        with self._lock:
            lane.tries += 1
            lane.doubtful = lane.doubtful or error.unknown
            self._put_off(conversation_id, wait)
