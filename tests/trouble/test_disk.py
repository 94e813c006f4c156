"""The disk is full: 503 and never a 200 without a row, nothing corrupt, and all goes on when there is room again."""

import os
import resource
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import psutil
import pytest

from bot.run.settings import sqlite_file
from tests.e2e.people import Person
from tests.e2e.stage import eventually
from tests.trouble.conftest import OpenStage
from tests.trouble.flow import GROWER, STAMP, flow
from tests.trouble.oracle import judged
from tests.trouble.stage import Stage

pytestmark = pytest.mark.e2e

SMALL_MB = 48


class NoSmallDisk(Exception):
    """This machine does not let us mount anything; why, in the words of who refused."""


def mount(folder: Path, kind: str) -> None:
    """A file system of `SMALL_MB` on that folder. kind: tmpfs, or ext4 in a file. Raises `NoSmallDisk`."""
    if kind == "tmpfs":
        _run("mount", "-t", "tmpfs", "-o", f"size={SMALL_MB}m", "tmpfs", str(folder))
        return
    image = folder.with_suffix(".ext4")
    with image.open("wb") as file:
        file.truncate(SMALL_MB * 1024 * 1024)
    _run("mkfs.ext4", "-q", "-F", str(image))
    _run("mount", "-o", "loop", str(image), str(folder))


def _run(program: str, *arguments: str) -> None:
    found = shutil.which(program, path=f"{os.environ['PATH']}:/sbin:/usr/sbin")
    if found is None:
        raise NoSmallDisk(f"there is no {program}")
    done = subprocess.run([found, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoSmallDisk(done.stderr.strip())


@pytest.fixture
def small_disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path | None]:
    """A folder on a file system of its own, which outlives the stage. Its parameter: which kind, see `mount`.

    "limit": none, but the limit on the size of files is to be used. So is it where no tmpfs can be mounted, after a
    loud line; a test that asked for ext4 is skipped.
    """
    folder = tmp_path / "small"
    folder.mkdir()
    if request.param == "limit":
        yield None
        return
    try:
        mount(folder, request.param)
    except NoSmallDisk as why:
        line = f"NO SMALL DISK ({why})"
        if request.param != "tmpfs":
            pytest.skip(line)
        reporter = request.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.write_line(f"{line}: the limit on the size of files is used instead")
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """Not a byte is left, as long as the block runs."""
    filler = folder / "filler"
    with filler.open("ab", buffering=0) as file:
        for size in (65536, 4096, 512, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
    assert shutil.disk_usage(folder).free < 4096
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def limited(stage: Stage) -> Iterator[None]:
    """No file of the program may grow, neither its log nor what Valkey keeps: a quota that needs no rights."""
    members = stage.members()
    for member in members:
        member.rlimit(psutil.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        for member in members:
            if member.is_running():
                member.rlimit(psutil.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def refused(stage: Stage, seconds: float) -> None:
    """From now on no delivery is taken, for so long, however often it comes."""
    eventually(lambda: stage.meta.statuses[503] >= 10, "deliveries are sent back")
    taken = stage.meta.statuses[200]
    time.sleep(seconds)
    assert stage.meta.statuses[200] == taken


@pytest.mark.parametrize(
    ("small_disk", "seconds", "rate"),
    [
        pytest.param("tmpfs", 1.0, 15, id="tmpfs"),
        pytest.param("tmpfs", 20.0, 40, marks=pytest.mark.soak, id="tmpfs, soak"),
        pytest.param("ext4", 20.0, 40, marks=pytest.mark.soak, id="ext4, soak"),
        pytest.param("limit", 20.0, 40, marks=pytest.mark.soak, id="limit, soak"),
    ],
    indirect=["small_disk"],
)
def test_on_a_full_disk_webhooks_are_sent_back_and_all_is_answered_when_there_is_room(
    small_disk: Path | None, open_stage: OpenStage, seconds: float, rate: float
) -> None:
    stage = open_stage("sqlite", home=small_disk)
    full: AbstractContextManager[None] = limited(stage) if small_disk is None else filled(small_disk)
    with flow(stage, rate):
        assert GROWER in Person(stage, "7099000000000001").says(STAMP).text
        with full:
            refused(stage, seconds)

    judged(stage, may_repeat=False)  # every 200 has its row
    assert stage.meta.statuses[200] == len(stage.mids)
    assert stage.meta.statuses.keys() <= {200, 503}
    file = sqlite_file(stage.url)
    assert file is not None
    with closing(sqlite3.connect(file)) as looking:
        assert looking.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
