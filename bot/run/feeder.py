"""Brings the replies that wait in the table into the lanes, each once and those of a conversation in order.

The worker offers what it has just promised, so that nothing is read and opened again: 0.09 ms of CPU a reply, not 0.18.
An offered reply goes straight into its lane only if every row below it is known here. If a number is missing, it may be
another process's reply to the same person, so the table is read first.
"""

import threading
import time
from collections import deque
from collections.abc import Collection, Sequence

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot import outbox
from bot.conversation import Standing, standings
from bot.outbox import Outgoing
from bot.reply import Reason
from bot.run.lanes import Lanes
from bot.run.vital import vital
from catalog.account import paused_for
from catalog.db import Database

RESCAN = 5.0
LOOKS_S = 1.0  # between two looks for what other processes have promised

log = structlog.get_logger(__name__)

Offer = tuple[Outgoing, Standing]


class Feeder:
    """`start`, `wake` and `offer` from any thread, `forget` when a reply is out of the way, `stop`.

    channels: whose replies we push. stir: wakes the thread. rescan_s: seconds between two readings of all that waits.
    """

    def __init__(
        self,
        database: Database,
        channels: Collection[str],
        lanes: Lanes,
        stir: threading.Event,
        rescan_s: float = RESCAN,
    ) -> None:
        self._database = database
        self._channels = channels
        self._lanes = lanes
        self._rescan_s = rescan_s
        self.blocked: frozenset[int] = frozenset()  # accounts that their platform has blocked until it says otherwise
        self._lock = threading.Lock()  # before the lanes' own, never inside it
        self._stir = stir
        self._stopping = False
        self._news = True  # read what came after `_newest`
        self._all_anew = True  # read all that waits
        self._reading = True  # the table may hold what is not in the lanes: nothing may overtake it
        self._newest = 0  # all rows up to this one are in the lanes, or were left in the table knowingly
        self._known: set[int] = set()  # in a lane, or on the way to its mark
        self._gone: list[int] = []  # out of the way while the table was being read
        self._offered: deque[Offer] = deque()
        self._thread = vital("feeder", self._feed)

    def start(self) -> None:
        self._stir.set()
        self._thread.start()

    def stop(self, seconds: float) -> None:
        self._stopping = True
        self._stir.set()
        self._thread.join(seconds)

    def wake(self) -> None:
        """Something was promised: read it."""
        self._news = True
        self._stir.set()

    def offer(self, batch: Sequence[Offer]) -> None:
        """All that one transaction has promised, after its commit, in the order of ids.

        What goes out by nobody's courier is passed over; it only shows that no number is missing.
        """
        with self._lock:
            self._offered.extend(batch)
            if not self._reading:
                self._admit()

    def forget(self, outbox_ids: Collection[int]) -> None:
        """These are out of the way. While the table is read they stay known: what was read may show them as waiting."""
        with self._lock:
            if self._reading:
                self._gone.extend(outbox_ids)
            else:
                self._known.difference_update(outbox_ids)

    def _feed(self) -> None:
        look_at = rescan_at = 0.0
        while not self._stopping:
            pause = self._lanes.pause()
            self._stir.wait(LOOKS_S if pause is None else min(LOOKS_S, pause))
            self._stir.clear()
            now = time.monotonic()
            if self._lanes.take_room() or now >= rescan_at:
                self._all_anew = True
            if self._news or self._all_anew or now >= look_at:
                rescan_at = now + self._rescan_s if self._all_anew else rescan_at
                look_at = now + LOOKS_S
                self._look()
            self._lanes.release()

    def _look(self) -> None:
        with self._lock:
            anew, self._all_anew, self._news = self._all_anew, False, False
            self._reading = True
            if anew:
                self._lanes.empty_the_table()
        try:
            self._load(0 if anew else self._newest)
        except SQLAlchemyError as error:
            log.warning("database_gone", error=type(error).__name__)
            self._all_anew = True  # some of it may have come into the lanes, some not
            time.sleep(0.5)
            return
        with self._lock:
            self._reading = False
            self._admit()
            self._known.difference_update(self._gone)
            self._gone.clear()

    def _load(self, after_id: int) -> None:
        with self._database.reading() as db:
            self.blocked = frozenset(paused_for(db, Reason.BLOCKED.value))
            for page in outbox.unsent(db, self._channels, after_id):
                new = [row for row in page if row.id not in self._known and not self._lanes.full(row.account_id)]
                standing = standings(db, {row.conversation_id for row in new}) if new else {}
                replies = [outbox.opened(db, row) for row in new]
                with self._lock:
                    for reply in replies:
                        self._put(reply, standing.get(reply.conversation_id, Standing(None, None)))
                    self._newest = max(self._newest, page[-1].id)

    # The lock is held in all that follows.

    def _admit(self) -> None:
        """Offers that follow without a gap. What came before `_newest` was read from the table."""
        while self._offered:
            reply, standing = self._offered[0]
            if reply.id > self._newest + 1:
                self.wake()
                return
            self._offered.popleft()
            if reply.id == self._newest + 1:
                self._newest = reply.id
                if reply.channel in self._channels:
                    self._put(reply, standing)
            elif reply.channel in self._channels and not self._placed(reply):
                self._all_anew = True  # it was committed after a later one that is known already
                self._stir.set()

    def _placed(self, reply: Outgoing) -> bool:
        return reply.id in self._known or self._lanes.full(reply.account_id)

    def _put(self, reply: Outgoing, standing: Standing) -> None:
        if reply.id not in self._known:
            self._known.add(reply.id)  # first: it may be out of the way before `put` returns
            if not self._lanes.put(reply, standing):
                self._known.discard(reply.id)
