"""`kill -9` of the web server while deliveries are under way: what was not answered with 200 comes again."""

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
        ("sqlite", 5),
        pytest.param("sqlite", 50, marks=SOAK, id="sqlite-soak"),
        pytest.param("postgresql", 50, marks=SOAK, id="postgresql-soak"),
    ],
)
def test_a_web_server_that_is_killed_again_and_again_loses_and_doubles_nothing(
    open_stage: OpenStage, kind: str, kills: int
) -> None:
    """By turns its head and the process that answers. It sends nothing to the platform, so nothing may come twice."""
    stage = open_stage(kind, invitations=5 * kills)
    chance = random.Random(kills)
    with Traffic(stage, seed=kills) as traffic:
        for number in range(kills):
            traffic.wait_for_more(8)
            time.sleep(chance.uniform(0, 0.05))
            if number % 2:
                stage.kill_inner("web")
            else:
                stage.kill("web")

    verdict = judged(stage, may_repeat=False)

    assert sorted(traffic.codes) == order_codes(stage)
    assert len(verdict.by_kill) == kills
    assert stage.meta.statuses[0] >= kills  # deliveries that nobody answered
    assert stage.meta.statuses.keys() <= {0, 200, 503}
