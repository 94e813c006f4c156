"""The bell: tells the worker that something waits. Losing it delays a message by a sweep and loses none.

Rings are merged three times. Threads of one process set one flag, which its ringing thread looks at every few
milliseconds. `SET … NX` lets only the first process enqueue a job: one costs 3 ms of RQ before our first line runs, so
one serves all that waits. And the job goes on listening for a while when it is done, so that the next message is a
push to a list and no job at all: measured, 4.4 ms of CPU a message in calm instead of 8.6, answered in 4.3 ms, not 6.6.
"""

import threading
import time

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer

QUEUE = "chophien"
RUNG = "chophien:bell"
DING = "chophien:ding"
DRAIN = "bot.run.worker.drain"
LISTENS = 20.0  # seconds that one job stays at most, before it has itself enqueued anew
LIFE_MS = 25_000  # of a ring whose job was lost, a little more than that
MERGED = 0.003  # seconds in which more rings are one

log = structlog.get_logger(__name__)


def short_redis(url: str) -> Redis:
    """A connection that gives up at once: redis-py's defaults block for 4 s when Redis is gone, 58 s when frozen."""
    connection: Redis = Redis.from_url(
        url, socket_timeout=0.3, socket_connect_timeout=0.3, retry=Retry(NoBackoff(), 0), protocol=2
    )
    return connection


def queue_of(connection: Redis) -> Queue:
    return Queue(QUEUE, connection=connection, serializer=JSONSerializer)


class Bell:
    """Rings from a thread of its own, so that nobody's 200 waits for Redis."""

    def __init__(self, connection: Redis) -> None:
        self._connection = connection
        self._queue = queue_of(connection)
        self._wanted = threading.Event()
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None

    def ring(self) -> None:
        """Returns at once. The thread is started by the first ring, after any fork."""
        self._wanted.set()
        if self._thread is None:
            with self._start:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._keep_ringing, name="bell", daemon=True)
                    self._thread.start()

    def _keep_ringing(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            self.ring_now()
            time.sleep(MERGED)

    def ring_now(self) -> bool:
        """Enqueue a drain; if one is rung for already, it may be listening. False if Redis did not answer: the sweep
        will find what waits."""
        try:
            if self._connection.set(RUNG, 1, nx=True, px=LIFE_MS):
                self._enqueue()
            else:
                with self._connection.pipeline(transaction=False) as both:
                    both.lpush(DING, 1)
                    both.ltrim(DING, 0, 0)
                    both.execute()
        except RedisError as error:
            log.warning("bell_unheard", error=type(error).__name__)
            return False
        return True

    def _enqueue(self) -> None:
        try:
            self._queue.enqueue_call(DRAIN, timeout=60, result_ttl=0, failure_ttl=3600, ttl=60)
        except RedisError:
            self.unring()  # else every ring is taken for one that is heard
            raise

    def unring(self) -> None:
        """Before the table is read for the last time, so that a row which comes after that rings for a new job."""
        self._delete(RUNG)

    def hush(self) -> None:
        """Before the table is read, so that only what comes after that is heard by `listen`."""
        self._delete(DING)

    def _delete(self, key: str) -> None:
        try:
            self._connection.delete(key)
        except RedisError as error:
            log.warning("bell_unheard", error=type(error).__name__)


def listen(connection: Redis, seconds: float) -> bool:
    """Whether somebody rang within that time, since the last `hush`. False at once where Redis does not answer.

    connection: one that waits longer for an answer than these seconds.
    """
    try:
        return connection.blpop([DING], timeout=seconds) is not None
    except RedisError as error:
        log.warning("bell_unheard", error=type(error).__name__)
        return False
