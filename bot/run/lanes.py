"""Who waits behind whom: a lane for each conversation, and so many of an account's lanes under way at once.

In memory alone; the table is the truth. Nothing here knows a database, a platform or a thread.
"""

import heapq
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.conversation import Standing
from bot.outbox import Outgoing
from bot.permit import Way
from bot.run.courier import Message
from bot.run.holds import BACK_OFF

LANES = 1000  # conversations of one account held in memory at once; its others wait in the table
AT_ONCE = 400  # of an account's lanes under way: with an answer after 0.1 s they make 4,000 replies a second
IN_ALL = 800  # of all accounts: each is a connection, 50 KB and an open file
OWN = 8  # lanes that an account may have under way however many the others have


@dataclass(slots=True, eq=False)
class Lane:
    """One conversation's waiting replies. `busy` while the first is on its way or waits for another try.

    Of the first reply: place: how many of its messages the platform has. way: as what these went. doubtful: whether it
    may have the next one as well. since: when the first try of it began. breaks: how often its courier broke. waited:
    it did, and all behind it too, so that everything may be different by now.

    Of the try that is under way: began: when, by `time.monotonic`. messages: all of the reply, None before it was
    rendered. first: the place of the first that goes now. mended: something was mended for the next message.
    """

    conversation_id: int
    account_id: int
    channel: str
    standing: Standing
    replies: deque[Outgoing] = field(default_factory=deque)
    busy: bool = False
    under_way: bool = False
    tries: int = 0
    breaks: int = 0
    place: int = 0
    way: Way = Way.REPLY
    doubtful: bool = False
    waited: bool = False
    since: datetime | None = None
    began: float = 0.0
    messages: Sequence[Message] | None = None
    first: int = 0
    mended: bool = False

    def next_reply(self) -> None:
        self.replies.popleft()
        self.tries = self.breaks = self.place = 0
        self.doubtful = False
        self.since = self.messages = None

    def begin_try(self) -> None:
        self.began = time.monotonic()
        self.messages = None
        self.first = self.place
        self.mended = False

    def arrived(self) -> None:
        """The platform has the next message."""
        self.place += 1
        self.doubtful = self.replies[0].tries > 0  # somebody else may have sent the one after it before our time
        self.mended = False


@dataclass(frozen=True, slots=True)
class Traffic:
    """What became of an account's replies since the start. under_way: just now; ready: would go, but so many may not.

    failures: of tries, by `bot.reply.Reason`.
    """

    lanes: int
    under_way: int
    ready: int
    sent: int
    failures: dict[str, int]


@dataclass(slots=True)
class _Account:
    lanes: int = 0
    under_way: int = 0
    sent: int = 0
    full: bool = False  # it left replies in the table, until the next rescan
    ready: deque[Lane] = field(default_factory=deque)
    failures: Counter[str] = field(default_factory=Counter)


class Lanes:
    """Threads share it. go: is given a lane whose first reply may go, and must not wait; it ends in `done` or
    `put_off`. stir: is set when somebody should look at `take_room` and `pause` again. at_once: how many lanes of an
    account on this channel may be under way.
    """

    def __init__(
        self,
        go: Callable[[Lane], None],
        stir: threading.Event,
        now: Callable[[], datetime],
        *,
        most: int = LANES,
        in_all: int = IN_ALL,
        at_once: Callable[[str], int],
    ) -> None:
        self._go = go
        self._stir = stir
        self._now = now
        self._most = most
        self._in_all = in_all
        self._at_once = at_once
        self._lanes: dict[int, Lane] = {}
        self._accounts: dict[int, _Account] = {}
        self._later: list[tuple[float, int]] = []  # by `time.monotonic`, the conversation
        self._crowded: dict[int, None] = {}  # accounts that wait because of the others, who came first in front
        self._under_way = 0
        self._room = False
        self._stopping = False
        self._lock = threading.Condition(threading.Lock())

    @property
    def under_way(self) -> int:
        return self._under_way

    def snapshot(self) -> dict[int, Traffic]:
        """By account."""
        with self._lock:
            return {
                number: Traffic(one.lanes, one.under_way, len(one.ready), one.sent, dict(one.failures))
                for number, one in self._accounts.items()
            }

    def full(self, account_id: int) -> bool:
        """Whether what follows of this account has to stay in the table, so that nothing overtakes."""
        account = self._accounts.get(account_id)
        return account is not None and account.full

    def empty_the_table(self) -> None:
        """A rescan begins: what was left behind will be put again, in order."""
        with self._lock:
            for account in self._accounts.values():
                account.full = False

    def take_room(self) -> bool:
        """Whether an account that left replies in the table has lanes again, and nobody asked since."""
        with self._lock:
            room, self._room = self._room, False
            return room

    def put(self, reply: Outgoing, standing: Standing) -> bool:
        """Behind all earlier ones of its conversation. False where it has to stay in the table."""
        with self._lock:
            account = self._account(reply.account_id)
            lane = self._lanes.get(reply.conversation_id)
            account.full = account.full or (lane is None and account.lanes >= self._most)
            if account.full:
                return False
            if lane is None:
                lane = Lane(reply.conversation_id, reply.account_id, reply.channel, standing)
                self._lanes[reply.conversation_id] = lane
                account.lanes += 1
            lane.standing = standing
            lane.replies.append(reply)
            if not lane.busy:
                self._next(lane, account)
            return True

    def done(self, lane: Lane, *, sent: bool) -> None:
        """The first reply is out of the way: the next one's turn."""
        with self._lock:
            account = self._leave(lane)
            account.sent += sent
            lane.next_reply()
            self._next(lane, account)
            self._fill(account)

    def put_off(self, lane: Lane, seconds: float) -> None:
        with self._lock:
            account = self._leave(lane)
            self._wait(lane, seconds)
            self._fill(account)

    def failed(self, lane: Lane, reason: str) -> None:
        """Count it."""
        with self._lock:
            self._account(lane.account_id).failures[reason] += 1

    def all_are_news(self, lane: Lane) -> bool:
        """Whether no reply in the lane is an answer to somebody."""
        with self._lock:
            return all(reply.notice for reply in lane.replies)

    def release(self) -> None:
        """Lanes whose wait is over go on."""
        with self._lock:
            while self._later and self._later[0][0] <= time.monotonic():
                lane = self._lanes.get(heapq.heappop(self._later)[1])
                if lane is not None:
                    self._next(lane, self._account(lane.account_id))

    def pause(self) -> float | None:
        """Seconds until `release` has something to do; None if nothing waits."""
        with self._lock:
            return max(0.0, self._later[0][0] - time.monotonic()) if self._later else None

    def stop(self) -> None:
        """No lane begins any more."""
        with self._lock:
            self._stopping = True

    def wait(self, seconds: float) -> None:
        """After `stop`: until none is under way, or the time is over."""
        with self._lock:
            self._lock.wait_for(lambda: not self._under_way, seconds)

    # The lock is held in all that follows.

    def _account(self, account_id: int) -> _Account:
        account = self._accounts.get(account_id)
        if account is None:
            account = self._accounts[account_id] = _Account()
        return account

    def _next(self, lane: Lane, account: _Account) -> None:
        if not lane.replies:
            self._end(lane, account)
            return
        lane.busy = True
        reply = lane.replies[0]
        wait = 0.0 if lane.waited else self._left(reply)
        if wait > 0:
            self._wait(lane, wait)
        else:
            account.ready.append(lane)
            self._fill(account)

    def _left(self, reply: Outgoing) -> float:
        """Seconds that are left of a pause that began before our time; no more than such pauses last, whatever the
        table says: the clock may have been put back."""
        if reply.next_at is None:
            return 0.0
        longest = 1.2 * BACK_OFF[min(max(reply.tries - 1, 0), len(BACK_OFF) - 1)]
        return min(longest, (reply.next_at - self._now()).total_seconds())

    def _fill(self, account: _Account) -> None:
        """Let go as many as may. Where others take all the room, the account is next when one of them leaves."""
        while account.ready and not self._stopping:
            lane = account.ready[0]
            if account.under_way >= self._at_once(lane.channel):
                return
            if self._under_way >= self._in_all and account.under_way >= OWN:
                self._crowded[lane.account_id] = None
                return
            account.ready.popleft()
            lane.under_way = True
            account.under_way += 1
            self._under_way += 1
            self._go(lane)

    def _leave(self, lane: Lane) -> _Account:
        account = self._account(lane.account_id)
        lane.under_way = False
        account.under_way -= 1
        self._under_way -= 1
        if self._crowded and self._under_way < self._in_all:
            first = next(iter(self._crowded))
            del self._crowded[first]
            self._fill(self._account(first))
        if self._stopping and not self._under_way:
            self._lock.notify_all()
        return account

    def _wait(self, lane: Lane, seconds: float) -> None:
        lane.waited = True
        heapq.heappush(self._later, (time.monotonic() + seconds, lane.conversation_id))
        self._stir.set()

    def _end(self, lane: Lane, account: _Account) -> None:
        """The lane is empty. Once half of a full account's are, there is room: not for every single one."""
        del self._lanes[lane.conversation_id]
        account.lanes -= 1
        if account.full and account.lanes <= self._most // 2:
            self._room = True
            self._stir.set()
