"""`kill -9` of the PostgreSQL server and all its processes, and a new start after a while."""

import random
import time
from datetime import UTC, datetime

import pytest

from tests.trouble.conftest import OpenStage
from tests.trouble.oracle import judged, order_codes
from tests.trouble.postgres import MortalPostgres
from tests.trouble.traffic import Traffic

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("kills", [2, pytest.param(10, marks=pytest.mark.soak, id="soak")])
def test_a_database_server_that_is_killed_again_and_again_loses_and_doubles_nothing(
    open_stage: OpenStage, mortal_postgres: MortalPostgres, kills: int
) -> None:
    """Down for up to a second each time. A delivery is answered with 503 or not at all, never with a 200 that lies."""
    stage = open_stage("postgresql", server=mortal_postgres, invitations=5 * kills)
    chance = random.Random(kills)
    with Traffic(stage, seed=kills) as traffic:
        for _ in range(kills):
            traffic.wait_for_more(15)
            stage.busy()
            time.sleep(chance.uniform(0, 0.05))
            at, moment = time.monotonic(), datetime.now(UTC)
            mortal_postgres.kill()
            time.sleep(chance.uniform(0, 1))
            mortal_postgres.start()
            stage.note_outage("postgresql", at, moment)

    verdict = judged(stage)

    assert sorted(traffic.codes) == order_codes(stage)
    assert len(verdict.by_kill) == kills
    assert stage.meta.statuses[503] > 0
    assert stage.meta.statuses.keys() <= {0, 200, 503}
