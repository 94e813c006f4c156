"""Fixtures that several suites share: a fresh database for each test, on SQLite and on PostgreSQL.

`database` is migrated and empty, `demo` holds the demo co-op as of Saturday 2026-11-21, nine in the morning. Both run
a test twice, once on each. Each is a copy of a template that is made once in a process.
"""

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import structlog

from catalog.db import Database
from catalog.migrate import to_head
from catalog.seed import seed
from catalog.vault import Vault
from tests.postgres import Postgres, quickest_place

SECRET = "a secret that only the tests know"
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=timezone(timedelta(hours=7)))
KINDS = ("sqlite", "postgresql")

structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rewrite", action="store_true", help="write every .chat file anew from what was received; review the diff"
    )


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for each process of the test run, started when the first test asks for it."""
    with Postgres(in_memory=True) as server:
        yield server


class Fresh:
    """Makes databases as copies of templates."""

    def __init__(self, folder: Path, request: pytest.FixtureRequest) -> None:
        self._folder = folder
        self._request = request
        self._numbers = itertools.count(1)
        self._templates: set[tuple[str, str]] = set()

    def url(self, kind: str, template: str) -> str:
        """A new database of that kind, "empty" or "demo"."""
        if (kind, template) not in self._templates:
            self._make(kind, template)
            self._templates.add((kind, template))
        return self._copy(kind, template, f"test_{next(self._numbers)}")

    def drop(self, url: str) -> None:
        if url.startswith("postgresql"):
            self._postgres().drop(url.partition("@/")[2].partition("?")[0])
            return
        for beside in ("", "-wal", "-shm", "-turnstile"):
            (self._folder / f"{Path(url).name}{beside}").unlink(missing_ok=True)

    def _make(self, kind: str, template: str) -> None:
        url = f"sqlite:///{self._folder / template}" if kind == "sqlite" else self._postgres().create(template)
        to_head(url)
        if template == "demo":
            database = opened(url)
            seed(database, NOW)
            database.close()

    def _copy(self, kind: str, template: str, name: str) -> str:
        if kind == "postgresql":
            return self._postgres().create(name, template)
        shutil.copyfile(self._folder / template, self._folder / name)
        return f"sqlite:///{self._folder / name}"

    def _postgres(self) -> Postgres:
        server: Postgres = self._request.getfixturevalue("postgres")
        return server


def opened(url: str) -> Database:
    return Database(url, Vault([SECRET]), pool_size=2)


@pytest.fixture(scope="session")
def fresh(request: pytest.FixtureRequest) -> Iterator[Fresh]:
    with tempfile.TemporaryDirectory(prefix="chophien-", dir=quickest_place()) as folder:
        yield Fresh(Path(folder), request)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Which database a test runs on."""
    return str(request.param)


@pytest.fixture
def database(fresh: Fresh, kind: str) -> Iterator[Database]:
    """Migrated, with nothing in it."""
    yield from _open(fresh, kind, "empty")


@pytest.fixture
def demo(fresh: Fresh, kind: str) -> Iterator[Database]:
    """Migrated, with the demo in it."""
    yield from _open(fresh, kind, "demo")


def _open(fresh: Fresh, kind: str, template: str) -> Iterator[Database]:
    url = fresh.url(kind, template)
    database = opened(url)
    yield database
    database.close()
    fresh.drop(url)
