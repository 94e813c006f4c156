"""A PostgreSQL server that can be killed, frozen and started again, and that keeps what it has committed."""

import os
import signal
import subprocess
from functools import partial
from pathlib import Path
from typing import Self

import psutil

from bot.run.kin import die_with
from tests.postgres import OPTIONS, START_SECONDS, Postgres

SAFE = {**OPTIONS, "fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
"""The server of the other tests may forget its last commits when it is killed; this one may not."""


class MortalPostgres(Postgres):
    """`kill -9` of the server and all its processes, and a new life on the same data."""

    def __enter__(self) -> Self:
        self._run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C")
        self.start()
        return self

    @property
    def data(self) -> Path:
        return self._folder / "data"

    def start(self) -> None:
        """Returns when it answers. From the main thread: the kernel ends the server with the thread that forked it."""
        options = [f"--{name}={value}" for name, value in SAFE.items()]
        with (self._folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [self._program("postgres"), "-D", self.data, "-k", self._folder, *options],
                stdout=log,
                stderr=log,
                preexec_fn=partial(die_with, os.getpid()),  # noqa: PLW1509 (as in `Postgres`)
                **self._as,
            )
        self._wait_until_up(self._server)

    def kill(self) -> None:
        """All of its processes at once; returns when none is left. It stays down until `start`."""
        members = self.members()
        for member in members:
            member.send_signal(signal.SIGKILL)
        assert self._server is not None
        self._server.wait(START_SECONDS)
        _, left = psutil.wait_procs(members, START_SECONDS)
        assert not left, left

    def members(self) -> list[psutil.Process]:
        """The postmaster first, then its children."""
        assert self._server is not None
        head = psutil.Process(self._server.pid)
        return [head, *head.children(recursive=True)]
