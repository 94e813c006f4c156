"""Sends the replies: in order for each conversation, side by side for different ones.

Here is what becomes of one reply; `bot.run.lanes` knows whose turn it is, `bot.run.feeder` brings the replies, and
`bot.run.marks` keeps what became of them. A reply that the platform has is marked a few milliseconds later, many at
once: a crash in between repeats those, which is what "at least once" means.

Before anything goes, `bot.permit.may_send` says whether it may and as what; what may not go now is held in the table
until she writes again, and staff are told why.

A try begins in the one thread of `handlers.curling` where the courier is a hot one, else in a thread of its account.
In the first nothing may wait, so what has to (the database, an upload, a doubt) goes on in a thread of the account.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot import outbox
from bot.conversation import Standing, standings
from bot.outbox import Outgoing
from bot.permit import Permit, Way, may_send
from bot.reply import Reason, SendError
from bot.run.courier import Courier, HotCourier, Message, Sending
from bot.run.feeder import RESCAN, Feeder
from bot.run.holds import Holds, back_off
from bot.run.lanes import AT_ONCE, LANES, Lane, Lanes, Traffic
from bot.run.marks import TAKEOVER, Arrival, Failure, Fate, Marks
from bot.run.pace import Pace
from bot.run.vital import vital
from catalog.db import Database
from handlers.calling import Answered, Call
from handlers.curling import Curls

GIVE_UP = timedelta(hours=24)
FEW = 2  # tries that must have failed, however old a reply is: the account may just have been mended
MOST_BREAKS = 5  # a courier that breaks so often over one reply will not get it there
PAUSED_S = 60.0  # between two looks at whether an account that somebody must mend has been mended
THREADS = 16  # of each account, for what has to wait

log = structlog.get_logger(__name__)


class _MustWait(Exception):
    """The next step takes its time, and this is the thread in which nothing may."""


class Sender:
    """`start`, `wake` or `offer` after every commit that promised something, `stop`.

    marks: a turn's transaction may take along what has arrived.
    """

    def __init__(
        self,
        database: Database,
        couriers: Mapping[str, Courier],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        threads: int = THREADS,
        *,
        lanes: int = LANES,
        at_once: int = AT_ONCE,
        rescan_s: float = RESCAN,
        language: str = "vi",
        takeover: timedelta = TAKEOVER,
        pace: Pace | None = None,
        curls: Curls | None = None,
    ) -> None:
        self._database = database
        self._couriers = couriers
        self._hot = {channel: one for channel, one in couriers.items() if isinstance(one, HotCourier)}
        self._now = now
        self._threads = threads
        self._holds = Holds()
        self._pace = pace if pace is not None else Pace()
        self._pools: dict[int, ThreadPoolExecutor] = {}
        stir = threading.Event()
        self._lanes = Lanes(
            self._go,
            stir,
            now,
            most=lanes,
            at_once=lambda channel: at_once if channel in self._hot else threads,
        )
        self._feeder = Feeder(database, couriers.keys(), self._lanes, stir, rescan_s)
        self.marks = Marks(database, now, self._feeder.forget, language, takeover)
        self._curls = curls if curls is not None else Curls() if self._hot else None
        self._curler = vital("curls", self._curls.run) if self._curls is not None else None

    def start(self) -> None:
        if self._curler is not None:
            self._curler.start()
        self._feeder.start()
        self.marks.start()

    def wake(self) -> None:
        """Something was promised; it is read from the table."""
        self._feeder.wake()

    def offer(self, batch: Sequence[tuple[Outgoing, Standing]]) -> None:
        """All that one transaction has promised, after its commit and in the order of ids: it need not be read again.

        Web and console replies may be among them: those are fetched, not sent.
        """
        self._feeder.offer(batch)

    @property
    def in_flight(self) -> int:
        """Replies under way just now, of all accounts."""
        return self._lanes.under_way

    def snapshot(self) -> dict[int, Traffic]:
        """By account, since the start."""
        return self._lanes.snapshot()

    def stop(self, seconds: float) -> None:
        """Let what is on its way arrive, for so long; mark it; leave the rest in the table."""
        end = time.monotonic() + seconds
        self._lanes.stop()
        self._feeder.stop(seconds)
        self._lanes.wait(max(0.0, end - time.monotonic()))
        if self._curls is not None and self._curler is not None:
            self._curls.stop(0.0)
            self._curler.join(max(1.0, end - time.monotonic()))
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)
        self.marks.stop(max(0.1, end - time.monotonic()))

    # One reply

    def _go(self, lane: Lane) -> None:
        """It is the lane's turn: hand it to the thread in which it begins."""
        if lane.channel in self._hot and self._curls is not None:
            self._curls.soon(partial(self._begin, lane, patient=False))
        else:
            self._elsewhere(lane, partial(self._begin, lane, patient=True))

    def _elsewhere(self, lane: Lane, job: Callable[[], None]) -> None:
        """Do it in a thread of the account: one platform that is silent holds up its own replies only."""
        pool = self._pools.get(lane.account_id)
        if pool is None:
            made = ThreadPoolExecutor(self._threads, thread_name_prefix=f"send-{lane.account_id}")
            pool = self._pools.setdefault(lane.account_id, made)
        pool.submit(self._watched, lane, job)

    def _watched(self, lane: Lane, job: Callable[[], None]) -> None:
        """Whatever breaks, the lane does not stay where it is for ever."""
        try:
            job()
        except Exception as error:
            log.exception("lane_broke", conversation_id=lane.conversation_id, error=type(error).__name__)
            if lane.under_way:
                self._lanes.put_off(lane, PAUSED_S)

    def _begin(self, lane: Lane, *, patient: bool) -> None:
        """A try. patient: in a thread that may wait."""
        wait = PAUSED_S if lane.account_id in self._feeder.blocked else self._holds.wait(lane.account_id)
        wait = wait or self._paced(lane)
        if wait > 0:
            self._lanes.put_off(lane, wait)
            return
        lane.begin_try()
        self._go_on(lane, patient=patient)

    def _go_on(self, lane: Lane, *, patient: bool) -> None:
        """As far as it gets: to the next call, or to the end of the reply."""
        try:
            self._advance(lane, patient=patient)
        except _MustWait:
            self._elsewhere(lane, partial(self._go_on, lane, patient=True))
        except SendError as error:
            failed = partial(self._failed, lane, error)
            failed() if patient else self._elsewhere(lane, failed)
        except Exception as error:
            log.exception("send_broke", outbox_id=lane.replies[0].id, error=type(error).__name__)
            broke = partial(self._broke, lane, error)
            broke() if patient else self._elsewhere(lane, broke)

    def _advance(self, lane: Lane, *, patient: bool) -> None:
        """Raises SendError, and `_MustWait` where it must and may not."""
        reply, courier = lane.replies[0], self._couriers[lane.channel]
        if lane.messages is None:
            if lane.waited and not patient:
                raise _MustWait
            if lane.waited and not self._still_wanted(lane, reply):
                self.marks.dropped(reply.id)
                self._lanes.done(lane, sent=False)
                return
            lane.messages = self._rendered(courier, lane, reply, patient=patient)
        while lane.place < len(lane.messages):
            since = lane.since if lane.since is not None and reply.tries == 0 else reply.created_at
            sending = Sending(reply, lane.messages[lane.place], lane.place, lane.way, since)
            if not patient and lane.doubtful:
                raise _MustWait
            if lane.doubtful and self._arrived(courier, sending):
                log.info("arrived_after_all", outbox_id=reply.id, place=lane.place)
                lane.arrived()
                continue
            hot = self._hot.get(lane.channel)
            call = hot.ready(sending) if hot is not None else None
            if call is None and not patient:
                raise _MustWait
            wait = self._paced(lane) if lane.place > lane.first else 0.0
            if wait > 0:
                self._lanes.put_off(lane, wait)
                return
            if call is not None and hot is not None:
                self._make(hot, lane, sending, call)
                return
            courier.send(sending)
            lane.arrived()
        well = self._holds.sent(lane.account_id, lane.began)
        self.marks.arrived(Arrival(reply, well, lane.way))
        self._lanes.done(lane, sent=True)

    def _make(self, hot: HotCourier, lane: Lane, sending: Sending, call: Call) -> None:
        """The call goes out, and its answer comes to `_answered`."""
        assert self._curls is not None
        self._curls.submit(call, partial(self._answered, hot, lane, sending, call))

    def _answered(
        self, hot: HotCourier, lane: Lane, sending: Sending, call: Call, outcome: Answered | SendError
    ) -> None:
        """Nothing may wait in this thread."""
        try:
            if isinstance(outcome, SendError):
                raise outcome
            hot.settle(sending, outcome)
        except SendError as error:
            self._elsewhere(lane, partial(self._mend, hot, lane, sending, call, error))
        except Exception as error:
            log.exception("send_broke", outbox_id=sending.reply.id, error=type(error).__name__)
            self._elsewhere(lane, partial(self._broke, lane, error))
        else:
            lane.arrived()
            self._go_on(lane, patient=False)

    def _mend(self, hot: HotCourier, lane: Lane, sending: Sending, call: Call, error: SendError) -> None:
        """Once for each message and try."""
        try:
            other = None if lane.mended else hot.mend(sending, call, error)
        except SendError as worse:
            other, error = None, worse
        except Exception as broke:
            log.exception("send_broke", outbox_id=sending.reply.id, error=type(broke).__name__)
            self._broke(lane, broke)
            return
        if other is None:
            self._failed(lane, error)
        else:
            lane.mended = True
            self._make(hot, lane, sending, other)

    def _rendered(self, courier: Courier, lane: Lane, reply: Outgoing, *, patient: bool) -> Sequence[Message]:
        """The messages as what the permit allows them to go. Raises SendError."""
        way = self._permit(courier, lane, reply, patient=patient).way or Way.REPLY
        if way is Way.TEMPLATE and not patient:
            raise _MustWait
        if way is not lane.way:
            lane.way, lane.place, lane.doubtful = way, 0, False  # other messages than those that went before
            lane.first = 0
        if lane.since is None:
            lane.since, lane.doubtful = self._now(), reply.tries > 0  # before our time somebody else may have sent it
        messages = courier.render(reply, way)
        if not messages:
            raise SendError("nothing is left of this reply", reason=Reason.EMPTY, permanent=True)
        return messages

    def _still_wanted(self, lane: Lane, reply: Outgoing) -> bool:
        """After a wait, by what the table says now: it was not forgotten meanwhile. Reads anew how she stands."""
        with self._reading() as db:
            lane.standing = standings(db, [reply.conversation_id]).get(reply.conversation_id, lane.standing)
            return outbox.is_open(db, reply.id)

    def _permit(self, courier: Courier, lane: Lane, reply: Outgoing, *, patient: bool) -> Permit:
        """As what it may go. Raises SendError where it may not: a "no" is never taken from memory."""
        permit = self._asked(courier, lane.standing, reply)
        if permit.way is None and not patient:
            raise _MustWait
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

    def _paced(self, lane: Lane) -> float:
        """Seconds to wait where calls are counted. A notice with a reply behind it waits no longer than that."""
        calls_a_minute = self._couriers[lane.channel].calls_a_minute
        if calls_a_minute is None:
            return 0.0
        return self._pace.wait(lane.account_id, calls_a_minute, notice=self._lanes.all_are_news(lane))

    def _broke(self, lane: Lane, error: Exception) -> None:
        lane.breaks += 1
        over = lane.breaks >= MOST_BREAKS
        self._failed(lane, SendError(type(error).__name__, reason=Reason.SHAPE, permanent=over))

    def _failed(self, lane: Lane, error: SendError) -> None:
        reply = lane.replies[0]
        lane.tries = 0 if error.pauses else lane.tries
        too_late = lane.tries >= FEW and self._now() - reply.created_at > GIVE_UP
        if too_late and not (error.permanent or error.waits):
            error = SendError(str(error), reason=Reason.TOO_LATE, permanent=True)
        if error.reason is Reason.HELD and not (reply.notice or reply.by_person):  # somebody speaks with her
            error = SendError(str(error), reason=Reason.HELD, permanent=True)
        over = error.permanent or error.waits
        if error.whole_account:
            wait = self._holds.hold(lane.account_id, lane.began, PAUSED_S if error.pauses else error.retry_after)
        else:
            wait = error.retry_after if error.retry_after is not None else back_off(reply.tries + lane.tries)
        self._lanes.failed(lane, error.reason.value)
        log.warning(
            "send_failed",
            outbox_id=reply.id,
            over=over,
            wait=round(wait, 1),
            reason=error.reason.value,
            error=str(error)[:120],
        )
        fate: Fate = "held" if error.waits else "dead" if error.permanent else "later"
        noted = self.marks.failed(Failure(reply, error, fate, self._now() + timedelta(seconds=wait)))
        if over and noted:
            self._lanes.done(lane, sent=False)
            return
        lane.tries += 1
        lane.doubtful = lane.doubtful or error.unknown
        self._lanes.put_off(lane, wait)
