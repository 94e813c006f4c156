"""What is old goes while people talk: the real clock, on real processes, and nobody's message or reply suffers."""

import pytest
from sqlalchemy import func, select

from bench.old_rows import fill
from bot.inbox import InboxRow
from bot.outbox import OutboxRow
from catalog.account import account_by
from tests.e2e.stage import PAGE, eventually
from tests.trouble.conftest import OpenStage
from tests.trouble.oracle import judged, order_codes
from tests.trouble.stage import Stage
from tests.trouble.traffic import Traffic

pytestmark = pytest.mark.e2e


def old_ones(stage: Stage) -> tuple[int, int]:
    """Events and replies of a past that the stage never had."""
    with stage.database.reading() as db:
        events = db.scalar(select(func.count(InboxRow.id)).where(InboxRow.key.like("old:%"))) or 0
        replies = db.scalar(select(func.count(OutboxRow.id)).where(OutboxRow.conversation_id >= 900_000_000)) or 0
    return events, replies


@pytest.mark.parametrize(
    ("kind", "rows"),
    [
        ("sqlite", 2500),
        pytest.param("sqlite", 100_000, marks=pytest.mark.soak, id="sqlite-soak"),
        pytest.param("postgresql", 100_000, marks=pytest.mark.soak, id="postgresql-soak"),
    ],
)
def test_old_events_and_replies_go_beside_a_market_evening(open_stage: OpenStage, kind: str, rows: int) -> None:
    stage = open_stage(kind, started=False)
    with stage.database.reading() as db:
        account = account_by(db, "messenger", PAGE)
        assert account is not None
        number = account.id
    fill(stage.database, number, rows, rows, oldest_days=365, newest_days=91)
    assert old_ones(stage) == (rows, rows)

    stage.start()
    with Traffic(stage, seed=rows) as traffic:
        traffic.wait_for_more(60)
        eventually(lambda: old_ones(stage) == (0, 0), "all that is old is gone", 300)

    judged(stage, may_repeat=False)
    assert sorted(traffic.codes) == order_codes(stage)
