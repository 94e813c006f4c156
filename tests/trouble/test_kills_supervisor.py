"""`kill -9` of `chophien up` itself: everybody goes with it, and the next one goes on where it was."""

import random
import time

import pytest

from tests.trouble.conftest import OpenStage
from tests.trouble.oracle import judged, order_codes
from tests.trouble.traffic import Traffic

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("kills", [2, pytest.param(10, marks=pytest.mark.soak, id="soak")])
def test_a_killed_supervisor_leaves_nobody_behind_and_the_next_one_goes_on(open_stage: OpenStage, kills: int) -> None:
    """The real program with all of its children. `kill_all` fails where a single one outlives its head."""
    stage = open_stage("sqlite", patient=True, invitations=5 * kills)
    chance = random.Random(kills)
    with Traffic(stage, seed=kills) as traffic:
        for _ in range(kills):
            traffic.wait_for_more(15)
            stage.busy()
            time.sleep(chance.uniform(0, 0.05))
            stage.kill_all()

    verdict = judged(stage)

    assert sorted(traffic.codes) == order_codes(stage)
    assert len(verdict.by_kill) == kills
