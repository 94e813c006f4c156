"""Stages with a database that is ready: migrated, with the demo as of today."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from catalog.migrate import to_head
from catalog.seed import seed
from tests.conftest import opened
from tests.e2e.oracle import faults
from tests.e2e.stage import Stage

OpenStage = Callable[..., Stage]


@pytest.fixture(scope="session")
def today(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Callable[[str, str], str]:
    """Gives the URL of a new database of that kind, under that name. The processes on a stage live in the real now."""
    folder = tmp_path_factory.mktemp("today")

    def filled(url: str) -> None:
        to_head(url)
        database = opened(url)
        seed(database, datetime.now(UTC))
        database.close()

    @cache
    def template(kind: str) -> None:
        filled(f"sqlite:///{folder / 'template'}" if kind == "sqlite" else server().create(folder.name))

    def server():  # type: ignore[no-untyped-def]
        return request.getfixturevalue("postgres")

    def copy(kind: str, name: str) -> str:
        template(kind)
        if kind == "postgresql":
            return str(server().create(name, folder.name))
        shutil.copyfile(folder / "template", folder / name)
        return f"sqlite:///{folder / name}"

    return copy


@pytest.fixture
def open_stage(tmp_path: Path, today: Callable[[str, str], str]) -> Iterator[OpenStage]:
    """Gives a stage on a database of that kind, started. At the end all must be quiet and the oracle content."""
    stages: list[Stage] = []

    def begin(kind: str, *, patient: bool = False, **settings: str) -> Stage:
        folder = tmp_path / f"stage{len(stages)}"
        folder.mkdir()
        stages.append(Stage(folder, today(kind, f"{tmp_path.name}-{len(stages)}"), patient=patient, **settings))
        stages[-1].start()
        return stages[-1]

    yield begin
    try:
        for stage in stages:
            stage.rest()
            found = faults(
                stage.database,
                stage.page.mids + stage.other_page.mids,
                stage.graph.delivered,
                kills=stage.kills,
                may_be_silent=stage.may_be_silent,
                refused=stage.refused,
            )
            assert not found, "\n".join(found)
            stage.stop()
    finally:
        for stage in stages:
            stage.close()
