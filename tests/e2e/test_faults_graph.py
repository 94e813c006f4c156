"""Graph is ill and gets well again: every reply arrives, in order, and nobody else waits for it."""

import pytest

from tests.e2e.conftest import OpenStage
from tests.e2e.people import Person
from tests.e2e.stage import eventually
from tests.simulators.graph import Behaviour, Mode
from tests.simulators.graph_rules import Refused

pytestmark = pytest.mark.e2e

GROWER = "Bùi Thị Mến"
BLOCKED = Refused(551, "(#551) This person isn't available right now.", 1545041)


def test_after_every_illness_of_graph_all_replies_arrive_in_order(open_stage: OpenStage) -> None:
    """The order is the oracle's business: it looks at all that ever arrived."""
    stage = open_stage("sqlite")
    illnesses = [
        (Behaviour(Mode.ERROR), 3),
        (Behaviour(Mode.THROTTLED, retry_after="1"), 3),
        (Behaviour(Mode.THROTTLED), 1),  # without a word how long, each one waits longer than the last
        (Behaviour(Mode.RESET), 3),
        (Behaviour(Mode.SILENCE, seconds=0.5), 3),
    ]
    psids = iter(range(7_012_345_678_000_000, 7_012_345_678_001_000))
    everybody: list[Person] = []
    for illness, times in illnesses:
        people = [Person(stage, str(next(psids))) for _ in range(3)]
        met = stage.graph.calls[illness.mode] + times
        stage.graph.behave(illness, times, edge="messages")
        for words in ("4839 2017 6504", "0", "co gi ban ko shop"):
            for person in people:
                person.type(words)
        eventually(lambda mode=illness.mode, times=met: stage.graph.calls[mode] >= times, "each met it once")
        everybody += people

    stage.rest()

    assert [len(stage.graph.to(person.psid)) for person in everybody] == [3] * len(everybody)


def test_a_reply_that_graph_refuses_for_good_is_put_aside_and_the_next_one_goes(open_stage: OpenStage) -> None:
    stage = open_stage("sqlite", MESSENGER_TYPING="never")
    lan = Person(stage, "7012345678000001")
    stage.graph.behave(Behaviour(Mode.REFUSING, refusal=BLOCKED), times=1)
    stage.refused = 1
    lan.type("4839 2017 6504")
    eventually(lambda: stage.graph.calls[Mode.REFUSING] == 1, "it is refused")

    assert lan.says("co gi ban ko shop")
    assert len(stage.graph.to(lan.psid)) == 1


def test_a_silent_page_does_not_hold_up_another(open_stage: OpenStage) -> None:
    stage = open_stage("sqlite")
    stage.graph.behave(Behaviour(Mode.SILENCE, seconds=4), page_id=stage.other_page.page_id)
    waiting = [Person(stage, str(7_012_345_678_000_000 + n), stage.other_page) for n in range(80)]
    for person in waiting:
        person.type("4839 2017 6504")
    eventually(lambda: stage.graph.calls[Mode.SILENCE] >= 64, "all threads of that page hang")

    for number in range(5):
        assert GROWER in Person(stage, str(7_012_345_679_000_000 + number)).says("4839 2017 6504").text
    assert not any(stage.graph.to(person.psid) for person in waiting)

    stage.graph.behave(Mode.OK, page_id=stage.other_page.page_id)
    assert all(GROWER in person.next().text for person in waiting)
