"""The page of figures of a real family of processes: all that the trouble did can be seen, and nobody by name."""

import re

import pytest
import requests
from sqlalchemy import func, select

from bot.inbox import InboxRow
from bot.outbox import OutboxRow
from catalog.account import account_by
from tests.e2e.conftest import OpenStage
from tests.e2e.people import Person
from tests.e2e.stage import PAGE, Stage, eventually
from tests.simulators.graph import Behaviour, Mode
from tests.simulators.graph_rules import Refused

pytestmark = pytest.mark.e2e

PATIENCE_S = 40.0  # every process brings what it counted within ten seconds
BLOCKED = Refused(551, "(#551) This person isn't available right now.", 1545041)
LINE = re.compile(r"([a-z_]+)(?:\{(.*)\})? (\S+)")


def shown(stage: Stage) -> dict[str, float]:
    """Each line of the page by its name and labels."""
    answered = requests.get(f"http://127.0.0.1:{stage.port}/metrics", timeout=10)
    assert answered.status_code == 200
    found = [LINE.fullmatch(line) for line in answered.text.splitlines() if not line.startswith("#")]
    return {f"{one[1]}{{{one[2]}}}" if one[2] else one[1]: float(one[3]) for one in found if one}


def test_what_came_what_was_answered_and_what_failed_is_on_the_page(open_stage: OpenStage, kind: str) -> None:
    stage = open_stage(kind)
    with stage.database.reading() as db:
        account = account_by(db, "messenger", PAGE)
        assert account is not None
        number = account.id
    people = [Person(stage, str(7_012_345_678_000_000 + n)) for n in range(6)]
    for person in people:
        person.says("4839 2017 6504")
    stage.graph.behave(Behaviour(Mode.REFUSING, refusal=BLOCKED), times=1)
    stage.refused = 1
    people[0].type("0")
    eventually(lambda: shown(stage)["chophien_outbox_held"] == 1, "it waits until she writes again")
    assert 'chophien_cases_open{kind="failed send"}' in shown(stage)
    people[0].says("co gi ban ko shop")
    assert stage.deliveries.post(b"{}", {"X-Hub-Signature-256": "sha256=0"})[0] == 403
    stage.rest()
    with stage.database.reading() as db:
        kept = db.scalar(select(func.count(InboxRow.id)).where(InboxRow.key.not_like("due:%"))) or 0
        sent = db.scalar(select(func.count(OutboxRow.id)).where(OutboxRow.sent_at.is_not(None))) or 0

    expected = {
        'chophien_events_total{channel="messenger"}': kept,
        'chophien_deliveries_total{channel="messenger"}': kept,
        'chophien_refused_signatures_total{channel="messenger"}': 1,
        f'chophien_replies_sent_total{{account="{number}"}}': sent,
        f'chophien_sends_failed_total{{account="{number}",reason="gone"}}': 1,
        "chophien_outbox_held": 0,
        f'chophien_account{{account="{number}",channel="messenger"}}': 1,
        "chophien_ingest_batch_sum": kept,
        "chophien_turns_total": 8,
        "chophien_lanes": 0,
        "chophien_inbox_pending": 0,
        "chophien_inbox_dead": 0,
        "chophien_outbox_unsent": 0,
        "chophien_worker_alive": 1,
        "chophien_database_up": 1,
        "chophien_redis_up": 1,
    }
    eventually(lambda: expected.items() <= shown(stage).items(), f"{expected} in {shown(stage)}", PATIENCE_S)
    page = shown(stage)
    assert page["chophien_clock_tick_seconds"] < 30
    assert page["chophien_turn_seconds"] < 60
    assert not [line for line in page if any(person.psid in line for person in people)]


def test_a_killed_worker_takes_no_count_back_and_without_redis_the_page_is_whole(open_stage: OpenStage) -> None:
    stage = open_stage("sqlite")
    person = Person(stage, "7012345678000001")
    for _ in range(3):
        person.says("4839 2017 6504")
    eventually(lambda: shown(stage)["chophien_turns_total"] == 3, "three turns are counted", PATIENCE_S)
    stage.kill("worker")
    person.says("co gi ban ko shop")
    eventually(lambda: shown(stage)["chophien_turns_total"] == 4, "and a fourth one", PATIENCE_S)

    with stage.redis() as redis:
        redis.config_set("maxclients", 1)  # nobody else gets in any more, until the next life
        redis.client_kill_filter(_type="normal", skipme=True)
        eventually(lambda: shown(stage)["chophien_redis_up"] == 0, "it says that Redis is gone", PATIENCE_S)
        page = shown(stage)
        assert (page["chophien_turns_total"], page["chophien_worker_alive"]) == (4, 1)
        assert person.says("0")
