"""`kill -9` of the worker in the middle of its steps, while people talk and replies are on their way."""

import random
import time

import pytest

from tests.trouble.conftest import OpenStage
from tests.trouble.oracle import judged, order_codes
from tests.trouble.traffic import Traffic

pytestmark = pytest.mark.e2e

SOAK = pytest.mark.soak


@pytest.mark.parametrize(
    ("kind", "kills"),
    [
        ("sqlite", 10),
        pytest.param("sqlite", 200, marks=SOAK, id="sqlite-soak"),
        pytest.param("postgresql", 200, marks=SOAK, id="postgresql-soak"),
    ],
)
def test_a_worker_that_is_killed_in_the_middle_of_its_steps_loses_doubles_and_swaps_nothing(
    open_stage: OpenStage, kind: str, kills: int
) -> None:
    """Each kill comes up to 30 ms after something was seen on its way; at least half of them must have caught it."""
    stage = open_stage(kind, invitations=3 * kills)
    chance = random.Random(kills)
    with Traffic(stage, seed=kills) as traffic:
        for _ in range(kills):
            traffic.wait_for_more(4)
            stage.busy()
            time.sleep(chance.uniform(0, 0.03))
            stage.kill("worker")

    verdict = judged(stage)

    assert sorted(traffic.codes) == order_codes(stage)
    assert traffic.told.keys() == {"bought", "asked", "sold"}
    assert len(verdict.by_kill) == kills
    assert sum(bool(kill.pending or kill.unsent) for kill in stage.deaths) >= kills / 2
