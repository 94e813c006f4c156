"""The bell: tells the worker that something waits. Losing it delays a message by a sweep and loses none.

Rings are merged twice: threads of one process set one flag, and `SET NX` lets only the first process enqueue. A job
that wakes a drain costs 3–6 ms of RQ, so one job serves all rows that wait when it runs.
"""

import threading

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer

QUEUE = "chophien"
RUNG = "chophien:bell"
DRAIN = "bot.run.worker.drain"
LIFE_MS = 5_000  # of a ring whose job was lost, a little more than a drain lives

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

    def ring_now(self) -> bool:
        """Enqueue a drain unless one is rung for already. False if Redis did not answer; the sweep will find it."""
        try:
            if self._connection.set(RUNG, 1, nx=True, px=LIFE_MS):
                self._queue.enqueue_call(DRAIN, timeout=30, result_ttl=0, failure_ttl=3600, ttl=60)
        except RedisError as error:
            log.warning("bell_unheard", error=type(error).__name__)
            return False
        return True

    def unring(self) -> None:
        """Before the table is read, so that a row which comes after that rings anew."""
        try:
            self._connection.delete(RUNG)
        except RedisError as error:
            log.warning("bell_unheard", error=type(error).__name__)
