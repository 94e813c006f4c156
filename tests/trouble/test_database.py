"""The database is locked by a stranger, frozen, or shut down: 503 or a late 200, never a 200 without a row."""

import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import psycopg
import pytest

from bot.run.settings import sqlite_file
from tests.e2e.people import Person
from tests.trouble.conftest import OpenStage
from tests.trouble.flow import GROWER, STAMP, flow
from tests.trouble.oracle import judged
from tests.trouble.postgres import MortalPostgres
from tests.trouble.stage import Stage

pytestmark = pytest.mark.e2e

REFUSED = {503, 0}
"""What a delivery may get besides 200; 0: no answer within ten seconds."""


def answered_again(stage: Stage, psid: str = "7099000000000001") -> None:
    """Somebody new, who waits for her reply."""
    assert GROWER in Person(stage, psid).says(STAMP).text


def only_late_or_refused(stage: Stage) -> None:
    """Each message got its one 200, and the oracle has found each in the table; what else came was a refusal."""
    assert stage.meta.statuses[200] == len(stage.mids)
    assert stage.meta.statuses.keys() <= {200, *REFUSED}


@contextmanager
def locked(stage: Stage) -> Iterator[None]:
    """Somebody else, who knows nothing of our turnstile, is about to write: an officer's `sqlite3` in a terminal."""
    file = sqlite_file(stage.url)
    assert file is not None
    with closing(sqlite3.connect(file, isolation_level=None, timeout=30)) as stranger:
        stranger.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            stranger.execute("ROLLBACK")


@contextmanager
def table_locked(stage: Stage) -> Iterator[None]:
    """The same on PostgreSQL: a migration by hand, or a `VACUUM FULL`."""
    with psycopg.connect(stage.url.replace("+psycopg", "")) as stranger:
        stranger.execute("LOCK TABLE inbox IN ACCESS EXCLUSIVE MODE")
        yield
        stranger.rollback()


@pytest.mark.parametrize(
    ("seconds", "rate"), [(2.0, 15), pytest.param(10.0, 40, marks=pytest.mark.soak, id="soak")], ids=str
)
def test_a_locked_database_makes_webhooks_late_or_sends_them_back_and_loses_none(
    open_stage: OpenStage, seconds: float, rate: float
) -> None:
    stage = open_stage("sqlite")
    with flow(stage, rate):
        time.sleep(0.5)
        with locked(stage):
            time.sleep(seconds)
        answered_again(stage)

    judged(stage, may_repeat=False)
    only_late_or_refused(stage)


@pytest.mark.soak
def test_a_locked_inbox_on_postgresql_loses_none(open_stage: OpenStage) -> None:
    stage = open_stage("postgresql")
    with flow(stage, 40):
        time.sleep(0.5)
        with table_locked(stage):
            time.sleep(10)
        answered_again(stage)

    judged(stage, may_repeat=False)
    only_late_or_refused(stage)


def frozen(server: MortalPostgres, seconds: float) -> None:
    """All of its processes stop at once: connections stay open and nobody answers."""
    members = server.members()
    for member in members:
        os.kill(member.pid, signal.SIGSTOP)
    time.sleep(seconds)
    for member in reversed(members):
        os.kill(member.pid, signal.SIGCONT)


def shut_down(server: MortalPostgres, seconds: float) -> None:
    """An orderly end that does not wait for anybody ("fast"), and a new start."""
    assert server._server is not None
    server._server.send_signal(signal.SIGINT)
    server._server.wait(30)
    time.sleep(seconds)
    server.start()


def suffer(
    stage: Stage, server: MortalPostgres, trouble: Callable[[MortalPostgres, float], None], seconds: float
) -> None:
    """The trouble while people write, and somebody new is answered afterwards."""
    moment, at = datetime.now(UTC), time.monotonic()
    trouble(server, seconds)
    stage.note_outage("postgres", at, moment)
    answered_again(stage, f"7099000000000{len(stage.deaths):03d}")


def test_a_postgresql_that_is_frozen_and_then_shut_down_is_only_a_wait(
    open_stage: OpenStage, mortal_postgres: MortalPostgres
) -> None:
    """A second of each, under 15 messages a second."""
    stage = open_stage("postgresql", server=mortal_postgres)
    with flow(stage, 15):
        suffer(stage, mortal_postgres, frozen, 1.0)
        suffer(stage, mortal_postgres, shut_down, 1.0)

    judged(stage)
    only_late_or_refused(stage)


@pytest.mark.soak
@pytest.mark.parametrize("trouble", [frozen, shut_down])
def test_ten_seconds_without_postgresql_are_only_a_wait(
    open_stage: OpenStage, mortal_postgres: MortalPostgres, trouble: Callable[[MortalPostgres, float], None]
) -> None:
    """Three times, under 40 messages a second."""
    stage = open_stage("postgresql", server=mortal_postgres)
    with flow(stage, 40):
        for _ in range(3):
            suffer(stage, mortal_postgres, trouble, 10.0)

    judged(stage)
    only_late_or_refused(stage)
