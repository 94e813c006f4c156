"""The platform delivers everything again and again: one turn each, and what is new is answered while the flood runs."""

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import pytest

from tests.e2e.people import Person
from tests.simulators.graph_page import Item
from tests.trouble.conftest import OpenStage
from tests.trouble.flow import GROWER, STAMP
from tests.trouble.oracle import judged
from tests.trouble.stage import Stage

pytestmark = pytest.mark.e2e

NEWCOMERS = 5
META_WAITS_S = 5.0


@contextmanager
def flood(stage: Stage, items: list[Item], copies: int) -> Iterator[None]:
    """So many copies of each, shuffled, in deliveries of one to five, over eight connections, beside the block."""
    dice = random.Random(20)
    posts = items * copies
    dice.shuffle(posts)
    deliveries: list[Callable[[], object]] = []
    while posts:
        size = dice.randint(1, 5)
        deliveries.append(partial(stage.page.deliver, *posts[:size]))
        del posts[:size]
    with ThreadPoolExecutor(1) as beside:
        pouring = beside.submit(stage.pour, deliveries, 8)
        yield
        assert not pouring.done() or copies < 5, "there was no flood any more"
        pouring.result()


@pytest.mark.parametrize(
    ("kind", "events", "copies"),
    [
        pytest.param("sqlite", 50, 20, id="small"),
        pytest.param("sqlite", 500, 20, marks=pytest.mark.soak, id="sqlite, soak"),
        pytest.param("postgresql", 500, 20, marks=pytest.mark.soak, id="postgresql, soak"),
    ],
)
def test_twenty_copies_of_everything_are_one_turn_each_and_newcomers_do_not_wait_for_them(
    open_stage: OpenStage, kind: str, events: int, copies: int
) -> None:
    """All were answered before the flood comes; what comes first, comes again with what is new between it."""
    stage = open_stage(kind)
    items = [stage.page.text(str(7_099_000_000_000_000 + number), STAMP) for number in range(events)]
    stage.pour([partial(stage.page.deliver, item) for item in items])
    stage.rest()

    with flood(stage, items, copies):
        for number in range(NEWCOMERS):
            assert GROWER in Person(stage, str(7_098_000_000_000_000 + number)).says(STAMP).text

    verdict = judged(stage, may_repeat=False)
    assert verdict.messages == events + NEWCOMERS
    assert stage.meta.statuses.keys() == {200}
    assert max(stage.meta.acks_s) < META_WAITS_S
