"""Hundreds of mixed deliveries by strict simulators: each event answered once and in order, silence elsewhere."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.crowd_messenger import MessengerCrowd
from tests.e2e.crowd_zalo import ZaloCrowd
from tests.e2e.platforms import on_stage

pytestmark = pytest.mark.e2e

SIZES = [
    pytest.param(30, 600, id="hundreds"),
    pytest.param(460, 10_000, marks=pytest.mark.soak, id="soak"),
]


@pytest.mark.parametrize("crowd", [MessengerCrowd, ZaloCrowd])
@pytest.mark.parametrize(("people", "deliveries"), SIZES)
def test_every_event_of_mixed_deliveries_is_answered_once_and_in_order_and_nothing_else_is(
    tmp_path: Path,
    today: Callable[[str, str], str],
    crowd: type[MessengerCrowd] | type[ZaloCrowd],
    people: int,
    deliveries: int,
) -> None:
    with on_stage(tmp_path, today, brisk=False) as stage:
        came = crowd(stage, people).run()

    assert came.faults == []
    assert came.posts >= deliveries
    assert (came.refused_posts, came.refused, came.lost, came.doubled, came.out_of_order) == (0, 0, 0, 0, 0)
    assert came.answered == came.events
