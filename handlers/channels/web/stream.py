"""Replies as server-sent events: a bounded number of open streams, woken by one thread that watches the outbox."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.outbox import Outgoing
from handlers.channels.web.codec import render

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Pace:
    """How patient the streams are; all in seconds, except how many may be open in this process.

    lifetime: then a stream ends by itself, so that its thread comes back. look_again: a stream reads its replies at
    least this often, whatever the watcher saw: ids are not in commit order everywhere. watch: between two looks of
    the watcher.
    """

    max_streams: int = 24
    lifetime: float = 300
    heartbeat: float = 15
    look_again: float = 2
    watch: float = 0.08
    retry_ms: int = 500
    poll_ms: int = 2000


class Watcher:
    """Looks for new replies while somebody listens, in one thread, and wakes all who listen."""

    def __init__(self, newest: Callable[[], int], every: float) -> None:
        self._newest = newest
        self._every = every
        self._changed = threading.Condition()
        self._listeners = 0
        self._ticks = 0
        self._running = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        with self._changed:
            self._listeners += 1
            if not self._running:
                self._running = True
                threading.Thread(target=self._watch, name="web-chat-watcher", daemon=True).start()
        try:
            yield
        finally:
            with self._changed:
                self._listeners -= 1

    @property
    def ticks(self) -> int:
        """How often something new was seen: read it before the replies, and hand it to `wait` after them."""
        with self._changed:
            return self._ticks

    def wait(self, since: int, timeout: float) -> None:
        """Come back when something new was seen after `since`, or after the time-out."""
        with self._changed:
            self._changed.wait_for(lambda: self._ticks != since, timeout)

    def _watch(self) -> None:
        newest = -1
        blind = False
        while self._somebody_listens():
            seen = newest
            try:
                seen = self._newest()
                blind = False
            except SQLAlchemyError as error:
                if not blind:
                    log.warning("web_watcher_blind", error=type(error).__name__)
                blind = True
            if seen != newest:
                newest = seen
                with self._changed:
                    self._ticks += 1
                    self._changed.notify_all()
            time.sleep(self._every)

    def _somebody_listens(self) -> bool:
        with self._changed:
            self._running = self._listeners > 0
            return self._running


class Streams:
    """The open streams of this process."""

    def __init__(self, newest: Callable[[], int], pace: Pace) -> None:
        self._pace = pace
        self._places = threading.BoundedSemaphore(pace.max_streams)
        self._watcher = Watcher(newest, pace.watch)

    def follow(self, replies: Callable[[], Sequence[Outgoing]], stay: bool) -> Iterator[str]:
        """One person's replies as events, each id once, until the lifetime is over.

        Without a free place, or where `stay` is false, only what waits now: then the browser comes back by itself.
        `replies` may raise SQLAlchemyError: the stream stays and tries again.
        """
        if not stay or not self._places.acquire(blocking=False):
            yield f"retry: {self._pace.poll_ms}\n\n"
            yield from self._news(replies, set())
            return
        try:
            with self._watcher.listening():
                yield from self._stay(replies)
        finally:
            self._places.release()

    def _stay(self, replies: Callable[[], Sequence[Outgoing]]) -> Iterator[str]:
        pace = self._pace
        shown: set[int] = set()
        started = spoke = time.monotonic()
        yield f"retry: {pace.retry_ms}\n\n"
        while time.monotonic() - started < pace.lifetime:
            ticks = self._watcher.ticks
            for news in self._news(replies, shown):
                yield news
                spoke = time.monotonic()
            if time.monotonic() - spoke >= pace.heartbeat:
                yield ": here\n\n"
                spoke = time.monotonic()
            self._watcher.wait(ticks, pace.look_again)

    def _news(self, replies: Callable[[], Sequence[Outgoing]], shown: set[int]) -> Iterator[str]:
        try:
            waiting = replies()
        except SQLAlchemyError as error:
            log.warning("web_stream_blind", error=type(error).__name__)
            return
        for reply in waiting:
            if reply.id not in shown:
                shown.add(reply.id)
                yield f"id: {reply.id}\ndata: {json.dumps(render(reply.bubble), ensure_ascii=False)}\n\n"
