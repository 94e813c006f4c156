"""The real programs, each in a process of its own, in a fresh folder; they end with the benchmark, however it ends."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psutil

from bench.tally import Received
from bot.run.kin import die_with
from bot.run.settings import NAMES
from bot.run.valkey import make_room, wait_until_up

PAGE_ID = "102938475610293"
APP_SECRET = "a secret that only the benchmark knows"
ROOT = Path(__file__).parent.parent
CHOPHIEN = (sys.executable, "-c", "from bot.run.cli import main; main()")
VALKEY = (
    sys.executable,
    "-c",
    "import pathlib, sys; from bot.run.valkey import run_valkey; run_valkey(pathlib.Path(sys.argv[1]))",
)
START_S, END_S = 60.0, 20.0


class Broken(Exception):
    """A program did not start or did not end; the words say which, and its last lines of log."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def new_folder(parent: Path) -> Iterator[Path]:
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=parent.absolute()))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def environment(folder: Path, port: int, graph_port: int, database_url: str = "") -> dict[str, str]:
    """The settings of one product over an environment that names none; all others are the defaults."""
    given = {
        "VAR_DIR": str(folder),
        "PORT": str(port),
        "DATABASE_URL": database_url,
        "SECRET_KEY": "benchmark" * 4,
        "MESSENGER_APP_ID": "1234567890",
        "MESSENGER_APP_SECRET": APP_SECRET,
        "MESSENGER_VERIFY_TOKEN": "benchmark",
        "MESSENGER_PAGE_ID": PAGE_ID,
        "MESSENGER_PAGE_TOKEN": "EAAbenchmark",
        "MESSENGER_API_URL": f"http://127.0.0.1:{graph_port}",
    }
    around = {name: value for name, value in os.environ.items() if name not in NAMES}
    return around | {"PYTHONPATH": str(ROOT)} | given


@contextmanager
def program(command: tuple[str, ...], folder: Path, env: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A running program that is told to stop at the end; its output goes into `folder/log`, which is its directory.

    It leads a session of its own, so that Ctrl-C reaches only the benchmark.
    """
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(env),
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=partial(die_with, os.getpid()),  # noqa: PLW1509 (no other thread runs here)
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired as error:
            process.kill()
            process.wait()
            raise Broken(f"{command[-1]} did not stop in {END_S:.0f} s") from error


def run(command: tuple[str, ...], folder: Path, env: Mapping[str, str]) -> None:
    """Run to the end. Raises `Broken`."""
    done = subprocess.run(command, cwd=folder, env=dict(env), capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        raise Broken(f"{command[-1]}: {done.stderr.strip()[-500:]}")


def get(port: int, path: str, body: bytes | None = None) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", body, timeout=30) as answer:
        content: bytes = answer.read()
        return content


def wait_until(holds: Callable[[], bool], process: subprocess.Popen[bytes], folder: Path) -> None:
    """Look every 10 ms. Raises `Broken` when the process has ended or took too long."""
    end = time.monotonic() + START_S
    while not holds():
        if process.poll() is not None or time.monotonic() > end:
            raise Broken((folder / "log").read_text(errors="replace")[-2000:])
        time.sleep(0.01)


def answers(port: int, path: str) -> bool:
    try:
        get(port, path)
    except OSError:
        return False
    return True


class Graph:
    """The stand-in for the Send API, from outside."""

    def __init__(self, port: int) -> None:
        self.port = port

    def pace(self, seconds: float, spread: float = 0.0) -> None:
        get(self.port, "/bench/pace", json.dumps({"seconds": seconds, "spread": spread}).encode())

    def count(self) -> int:
        return int(get(self.port, "/bench/count"))

    def received(self) -> list[Received]:
        """All calls since the last look."""
        return [Received(*call) for call in json.loads(get(self.port, "/bench/received"))]

    def settle(self, wanted: int, quiet_s: float = 4.0, most_s: float = 120.0) -> None:
        """Until so many calls came and a moment more, so that one too many is seen; or none came for `quiet_s`."""
        start = changed = time.monotonic()
        before = -1
        while time.monotonic() - start < most_s:
            count = self.count()
            if count != before:
                before, changed = count, time.monotonic()
            if time.monotonic() - changed > (0.5 if count >= wanted else quiet_s):
                return
            time.sleep(0.05)


@contextmanager
def graph(parent: Path) -> Iterator[Graph]:
    port = free_port()
    with new_folder(parent) as folder:
        env = environment(folder, port, port)
        with program((sys.executable, "-m", "bench.graph", str(port)), folder, env) as process:
            wait_until(lambda: answers(port, "/bench/count"), process, folder)
            yield Graph(port)


class Family:
    """A running `chophien up`: what it costs, by the part that each of its processes plays."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path, port: int) -> None:
        self.port = port
        self._head = psutil.Process(process.pid)
        self._folder = folder

    def cpu_seconds(self) -> dict[str, float]:
        """User and system time so far, of all processes that live, by part."""
        spent: dict[str, float] = defaultdict(float)
        for part, member in self._members():
            times = member.cpu_times()
            spent[part] += times.user + times.system
        return spent

    def memory_mb(self) -> dict[str, float]:
        """PSS by part: what several processes share counts once in the sum."""
        held: dict[str, float] = defaultdict(float)
        for part, member in self._members():
            held[part] += member.memory_full_info().pss / 1e6
        return held

    def _members(self) -> Iterator[tuple[str, psutil.Process]]:
        yield "supervisor", self._head
        parts = self._parts()
        for child in self._head.children():
            for member in (child, *child.children(recursive=True)):
                yield parts.get(child.pid, "other"), member

    def _parts(self) -> dict[int, str]:
        """From the supervisor's log: which process it started as what."""
        lines = (self._folder / "log").read_text(errors="replace").splitlines()
        started = [json.loads(line) for line in lines if line.startswith("{") and '"started"' in line]
        return {line["pid"]: line["process"] for line in started if "pid" in line}


@contextmanager
def family(folder: Path, graph_port: int, database_url: str = "") -> Iterator[Family]:
    """`chophien up`, ready to answer."""
    port = free_port()
    env = environment(folder, port, graph_port, database_url)
    with program((*CHOPHIEN, "up"), folder, env) as process:
        wait_until(lambda: answers(port, "/readyz"), process, folder)
        yield Family(process, folder, port)


@contextmanager
def valkey(folder: Path) -> Iterator[None]:
    """The embedded server of a product whose folder this is, without the product."""
    make_room(folder)
    with program((*VALKEY, str(folder)), folder, os.environ | {"PYTHONPATH": str(ROOT)}):
        wait_until_up(folder)
        yield


@contextmanager
def web_alone(folder: Path, graph_port: int) -> Iterator[int]:
    """`chophien web` with its bell but without a worker; the port."""
    port = free_port()
    env = environment(folder, port, graph_port)
    with valkey(folder):
        run((*CHOPHIEN, "migrate"), folder, env)
        run((*CHOPHIEN, "seed"), folder, env)
        with program((*CHOPHIEN, "web"), folder, env) as process:
            wait_until(lambda: answers(port, "/readyz"), process, folder)
            yield port


@contextmanager
def bare_route(folder: Path, workers: int, threads: int) -> Iterator[int]:
    """The route of `bench.bare`; the port."""
    port = free_port()
    env = environment(folder, port, port)
    command = (sys.executable, "-m", "bench.bare", str(port), str(workers), str(threads))
    with program(command, folder, env) as process:
        wait_until(lambda: listens(port), process, folder)
        yield port


def listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.5):
            return True
    except OSError:
        return False
