"""The town of a contract test: the fake, then the real one on each database."""

from collections.abc import Iterator

import pytest

from tests.conftest import KINDS, NOW, Fresh, opened
from tests.contracts.towns import FakeTown, RealTown, Town


@pytest.fixture(params=("fake", *KINDS))
def town(request: pytest.FixtureRequest, fresh: Fresh) -> Iterator[Town]:
    if request.param == "fake":
        yield FakeTown(NOW)
        return
    url = fresh.url(request.param, "demo")
    database = opened(url)
    with database.writing() as db:
        yield RealTown(db, NOW)
    database.close()
    fresh.drop(url)
