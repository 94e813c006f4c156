"""Stages in trouble: a prepared database, its copy from before the first message, and an end that leaves nothing."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.run.settings import sqlite_file
from catalog import trace
from catalog.migrate import to_head
from catalog.seed import seed
from tests.conftest import opened
from tests.e2e.conftest import today
from tests.postgres import Postgres
from tests.trouble.oracle import judged
from tests.trouble.postgres import MortalPostgres
from tests.trouble.stage import Stage, prepare

__all__ = ["today"]

OpenStage = Callable[..., Stage]


@pytest.fixture
def mortal_postgres() -> Iterator[MortalPostgres]:
    """A server of this test's own that may be killed."""
    with MortalPostgres() as server:
        yield server


@pytest.fixture
def open_stage(tmp_path: Path, today: Callable[[str, str], str], request: pytest.FixtureRequest) -> Iterator[OpenStage]:
    """Gives a started stage on a database of that kind, see `begin`. At the end the oracle looks, and all must stop."""
    stages: list[Stage] = []

    def begin(
        kind: str,
        *,
        server: MortalPostgres | None = None,
        home: Path | None = None,
        invitations: int = 0,
        started: bool = True,
        **more: Any,
    ) -> Stage:
        """server: instead of the one of all tests. home: the folder of a SQLite file. more: what `Stage` takes."""
        folder = tmp_path / f"stage{len(stages)}"
        folder.mkdir()
        name = f"{tmp_path.name}-{len(stages)}"
        url = today(kind, name) if server is None else _filled(server, name)
        if home is not None:
            url = _moved(url, home)
        base = today("sqlite", f"{name}-base")
        codes = [trace.make() for _ in range(invitations)]
        for each in (url, base):
            prepare(each, codes)
        stage = Stage(folder, url, base_url=base, invitations=codes, **more)
        stages.append(stage)
        if started:
            stage.start()
        return stage

    yield begin
    try:
        for stage in stages:
            if not stage.judged:
                judged(stage)
            stage.stop()
    finally:
        for stage in stages:
            stage.close()


def _filled(server: Postgres, name: str) -> str:
    url = server.create(name)
    to_head(url)
    database = opened(url)
    seed(database, datetime.now(UTC))
    database.close()
    return url


def _moved(url: str, home: Path) -> str:
    file = sqlite_file(url)
    assert file is not None, "only a SQLite file can be moved"
    return f"sqlite:///{shutil.move(file, home / file.name)}"
