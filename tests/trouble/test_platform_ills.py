"""Both platforms fall ill in the middle of a burst: afterwards every reply has arrived, once, and in order.

The simulators echo what was sent, so that even a send whose outcome nobody knew is not made twice. The ills befall one
page and one OA; the other page and the other OA are used all the while.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.platforms import CONSULT, LONG_S, OA, Platforms, on_stage
from tests.e2e.stage import PAGE, eventually
from tests.simulators.graph_faults import TRANSIENT
from tests.simulators.graph_faults import Behaviour as GraphIll
from tests.simulators.graph_faults import Mode as Graph
from tests.simulators.zalo_errors import Refused
from tests.simulators.zalo_faults import Behaviour as ZaloIll
from tests.simulators.zalo_faults import Mode as Zalo
from tests.trouble.burst import Burst, Phone, bubbles, faults

pytestmark = pytest.mark.e2e

Today = Callable[[str, str], str]
Ills = Sequence[tuple[GraphIll, ZaloIll]]

SHORT: Ills = (
    (GraphIll(Graph.ERROR), ZaloIll(Zalo.ERROR)),
    (GraphIll(Graph.THROTTLED, retry_after="1"), ZaloIll(Zalo.BAD_GATEWAY)),
    (GraphIll(Graph.RESET), ZaloIll(Zalo.RESET)),
    (GraphIll(Graph.HALF), ZaloIll(Zalo.HALF)),
    (GraphIll(Graph.REFUSING, refusal=TRANSIENT[2], in_200=True), ZaloIll(Zalo.FAILED)),
)
LONG: Ills = (
    *SHORT,
    (GraphIll(Graph.THROTTLED), ZaloIll(Zalo.REFUSING, refusal=Refused(-32))),
    (GraphIll(Graph.HTML), ZaloIll(Zalo.LOST)),
    (GraphIll(Graph.EMPTY), ZaloIll(Zalo.EMPTY)),
    (GraphIll(Graph.SENT_ANYWAY), ZaloIll(Zalo.TRUNCATED)),
    (GraphIll(Graph.SLOW, seconds=2), ZaloIll(Zalo.SLOW, seconds=2)),
    (GraphIll(Graph.SILENCE, seconds=30), ZaloIll(Zalo.SILENCE, seconds=30)),
    (GraphIll(Graph.LATE, seconds=30), ZaloIll(Zalo.LATE, seconds=30)),
    (GraphIll(Graph.REFUSING, refusal=TRANSIENT[1200]), ZaloIll(Zalo.ERROR)),
)

FOR_ALL = {Graph.THROTTLED, Zalo.REFUSING}
"""What is meant for the whole account, which then waits for a second or a minute: once is enough."""


def met(calls: Counter[Any], mode: Graph | Zalo, times: int) -> bool:
    return calls[mode] >= times


def fall_ill(stage: Platforms, ills: Ills, times: int) -> None:
    """One pair after the other, each for so many calls; returns when all of them were met."""
    for of_graph, of_zalo in ills:
        for_graph, for_zalo = (1 if ill.mode in FOR_ALL else times for ill in (of_graph, of_zalo))
        here = partial(met, stage.graph.calls, of_graph.mode, stage.graph.calls[of_graph.mode] + for_graph)
        there = partial(met, stage.zalo.plans.calls, of_zalo.mode, stage.zalo.plans.calls[of_zalo.mode] + for_zalo)
        stage.graph.behave(of_graph, for_graph, page_id=PAGE, edge="messages")
        stage.zalo.behave(of_zalo, for_zalo, oa_id=OA, call=CONSULT[1])
        eventually(here, f"{of_graph.mode} is met", LONG_S)
        eventually(there, f"{of_zalo.mode} is met", LONG_S)


@pytest.mark.parametrize(
    ("ills", "people", "times"),
    [pytest.param(SHORT, 12, 2, id="short"), pytest.param(LONG, 60, 12, marks=pytest.mark.soak, id="soak")],
)
def test_after_every_illness_in_a_burst_all_replies_have_arrived_once_and_in_order(
    tmp_path: Path, today: Today, ills: Ills, people: int, times: int
) -> None:
    with on_stage(tmp_path, today) as stage:
        burst = Burst(stage, people)
        with burst.writing(24):
            fall_ill(stage, ills, times)

        assert faults(stage) == []
        assert stage.cases() == []
        assert burst.events() >= len(burst.everybody)


@pytest.mark.soak
def test_an_account_that_answers_nothing_holds_up_no_other_on_the_same_channel(tmp_path: Path, today: Today) -> None:
    """One page and one OA say 500 to everything while people write to all four."""
    with on_stage(tmp_path, today) as stage:
        burst = Burst(stage, 5)
        stage.graph.behave(Graph.ERROR, page_id=PAGE, edge="messages")
        stage.zalo.behave(Zalo.ERROR, oa_id=OA, call=CONSULT[1])
        with burst.writing(24):
            well: list[Phone] = [*burst.pages[1], *burst.oas[1]]
            for phone in well:
                phone.wait_for(1)
        assert bubbles([*burst.pages[0], *burst.oas[0]]) == [0] * 10
        stage.graph.behave(Graph.OK, page_id=PAGE, edge="messages")
        stage.zalo.behave(Zalo.OK, oa_id=OA, call=CONSULT[1])

        assert faults(stage) == []
