"""SIGTERM in the middle of everything: what is on its way arrives and is marked, the rest waits for the next life."""

import random
import time

import pytest

from tests.trouble.conftest import OpenStage
from tests.trouble.oracle import judged, order_codes
from tests.trouble.traffic import Traffic

pytestmark = pytest.mark.e2e

SOAK = pytest.mark.soak


@pytest.mark.parametrize(
    ("kind", "stops"),
    [
        ("sqlite", 3),
        pytest.param("sqlite", 20, marks=SOAK, id="sqlite-soak"),
        pytest.param("postgresql", 20, marks=SOAK, id="postgresql-soak"),
    ],
)
def test_a_polite_stop_under_load_repeats_and_loses_nothing_at_all(
    open_stage: OpenStage, kind: str, stops: int
) -> None:
    """By turns the worker alone, and the whole family, which is started again."""
    stage = open_stage(kind, invitations=5 * stops)
    chance = random.Random(stops)
    caught = 0
    with Traffic(stage, seed=stops) as traffic:
        for number in range(stops):
            traffic.wait_for_more(8)
            stage.sending()
            time.sleep(chance.uniform(0, 0.02))
            caught += stage.platform.in_flight() > 0
            if number % 2:
                stage.stop()
                stage.start()
            else:
                stage.stop_politely("worker")

    verdict = judged(stage, may_repeat=False)

    assert sorted(traffic.codes) == order_codes(stage)
    assert verdict.repeats == 0
    assert caught >= stops / 2  # sends were on their way
