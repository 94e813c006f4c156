"""`chophien up` itself: the whole program, from an empty folder, as `make run` starts it."""

import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import requests

from bot.run.settings import Settings
from catalog.db import Database
from catalog.organisation import Organisation
from catalog.vault import Vault

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
PATIENCE_S = 30.0
MEMORY_MB = 250


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def running(folder: Path, port: int) -> Iterator[tuple[psutil.Popen, str]]:
    """The program and what it printed by the time it was up."""
    printed = folder / "printed"
    with printed.open("w") as out, (folder / "log").open("a") as log:
        program = psutil.Popen(
            [sys.executable, "-c", "from bot.run.cli import main; main(prog_name='chophien')", "up"],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PORT": str(port)},
            stdout=out,
            stderr=log,
            start_new_session=True,
        )
    try:
        until = time.monotonic() + PATIENCE_S
        while "To stop" not in printed.read_text():
            assert program.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < until, (folder / "log").read_text()
            time.sleep(0.05)
        yield program, printed.read_text()
    finally:
        if program.poll() is None:
            program.send_signal(signal.SIGTERM)
            program.wait(PATIENCE_S)


def family(program: psutil.Popen) -> list[psutil.Process]:
    return [psutil.Process(program.pid), *program.children(recursive=True)]


def all_gone(members: list[psutil.Process]) -> bool:
    return not any(member.is_running() and member.status() != psutil.STATUS_ZOMBIE for member in members)


def organisations(folder: Path) -> int:
    settings = Settings.read({"VAR_DIR": str(folder / "var")})
    database = Database(settings.database_url, Vault(settings.secret_keys))
    with database.reading() as db:
        count = db.query(Organisation).count()
    database.close()
    return count


def test_it_comes_up_from_nothing_fits_into_its_memory_and_leaves_nothing_behind(tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path, port) as (program, printed):
        assert f"http://127.0.0.1:{port}/" in printed
        assert requests.get(f"http://127.0.0.1:{port}/healthz", timeout=5).status_code == 200
        assert requests.get(f"http://127.0.0.1:{port}/readyz", timeout=5).status_code == 200
        members = family(program)
        assert len(members) == 8  # supervisor, Valkey, clock, worker, media and its fetcher, Granian and its worker
        assert sum(member.memory_full_info().pss for member in members) <= MEMORY_MB * 1024 * 1024
        program.send_signal(signal.SIGTERM)
        assert program.wait(PATIENCE_S) == 0
    assert all_gone(members)


def test_a_second_start_keeps_what_was_there_even_after_a_kill(tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path, port) as (program, _):
        members = family(program)
        loaded = organisations(tmp_path)
        program.kill()
        program.wait(PATIENCE_S)
        until = time.monotonic() + PATIENCE_S
        while not all_gone(members):
            assert time.monotonic() < until
            time.sleep(0.02)
    with running(tmp_path, port):
        assert loaded > 1
        assert organisations(tmp_path) == loaded
