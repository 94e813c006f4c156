"""`kill -9` of the embedded Valkey: the bell is gone for a moment, and no message with it."""

import random
import time

import pytest

from tests.trouble.conftest import OpenStage
from tests.trouble.oracle import judged, order_codes
from tests.trouble.traffic import Traffic

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.soak, id="soak")])
def test_a_valkey_that_is_killed_again_and_again_delays_and_loses_nothing(open_stage: OpenStage, kills: int) -> None:
    """Every delivery goes on being answered with 200, and not one reply comes twice."""
    stage = open_stage("sqlite", invitations=5 * kills)
    chance = random.Random(kills)
    with Traffic(stage, seed=kills) as traffic:
        for _ in range(kills):
            traffic.wait_for_more(8)
            time.sleep(chance.uniform(0, 0.05))
            stage.kill("valkey")

    verdict = judged(stage, may_repeat=False)

    assert sorted(traffic.codes) == order_codes(stage)
    assert len(verdict.by_kill) == kills
    assert stage.meta.statuses.keys() == {200}
