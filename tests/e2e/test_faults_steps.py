"""The process dies between every two steps of a message's way, once at each: count the orders and the outbox."""

import multiprocessing
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.outbox import OutboxRow
from catalog.account import ensure_account
from catalog.order import Order
from catalog.organisation import organisation_by_code
from tests.conftest import opened
from tests.e2e import mortal
from tests.e2e.oracle import faults, repeats
from tests.e2e.people import named
from tests.e2e.stage import APP_SECRET, PAGE
from tests.simulators.graph import Graph
from tests.simulators.graph_page import Item, Page, signature, wire

pytestmark = pytest.mark.e2e

LAN = "7012345678900001"


@pytest.fixture(scope="module")
def processes() -> multiprocessing.context.ForkServerContext:
    """Children are forked from a process that has imported everything and holds nothing."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.e2e.mortal"])
    return context


class Way:
    """One customer and the stand-in for Graph over one database; whoever does the work may die of it."""

    def __init__(
        self, url: str, graph: Graph, folder: Path, processes: multiprocessing.context.ForkServerContext
    ) -> None:
        self.url, self.graph, self.folder, self._processes = url, graph, folder, processes
        self.database = opened(url)
        self.page = Page(PAGE, APP_SECRET, lambda body, header: 200, lambda: datetime.now(UTC))
        self.taken = 0
        with self.database.writing() as db:
            coop = organisation_by_code(db, "SM")
            assert coop is not None
            ensure_account(db, "messenger", PAGE, coop.id, "a token")

    def does(self, item: Item) -> None:
        """She does this and nobody dies."""
        assert mortal.live("", self.url, self.graph.url, self.folder, self._delivery(item)) == 200

    def dies(self, step: str, item: Item) -> None:
        """The process that works on this dies; the platform, which saw no 200 or lost it, delivers it again."""
        delivery = self._delivery(item)
        child = self._processes.Process(
            target=mortal.live, args=(step, self.url, self.graph.url, self.folder, delivery)
        )
        child.start()
        child.join(60)
        assert child.exitcode == -signal.SIGKILL
        self.killed_at = len(self.graph.delivered)
        assert mortal.live("", self.url, self.graph.url, self.folder, delivery) == 200

    def last(self, key: str) -> Item:
        """She presses the button of that name on the newest bubble."""
        button = named(self.graph.to(LAN)[-1])[key]
        return self.page.postback(LAN, button.title, button.payload)

    def counts(self) -> tuple[int, int, int]:
        """Orders that came by Messenger, replies that were promised, bubbles that arrived."""
        with self.database.reading() as db:
            orders = db.scalar(select(func.count(Order.id)).where(Order.draft_id.like("m%"))) or 0
            promised = db.scalar(select(func.count(OutboxRow.id))) or 0
        return orders, promised, len(self.graph.delivered)

    def _delivery(self, item: Item) -> tuple[bytes, str]:
        self.taken += 1
        body = wire(self.page.body(item))
        return body, signature(body, APP_SECRET)


@pytest.fixture
def way(
    kind: str,
    today: Callable[[str, str], str],
    tmp_path: Path,
    processes: multiprocessing.context.ForkServerContext,
) -> Iterator[Way]:
    """She has a cart and is asked for the last yes."""
    with Graph(app_secret=APP_SECRET) as graph:
        way = Way(today(kind, tmp_path.name), graph, tmp_path, processes)
        way.does(way.page.text(LAN, "2 goi mien"))
        way.does(way.last("yes"))
        way.does(way.last("no"))  # to the consent: she will pick it up
        yield way
        way.database.close()


@pytest.mark.parametrize("step", mortal.STEPS)
def test_whoever_dies_at_any_step_leaves_one_order_and_one_answer(way: Way, step: str) -> None:
    orders, promised, arrived = way.counts()
    assert (orders, promised) == (0, arrived)

    way.dies(step, way.last("yes"))

    again = int(step in mortal.SENT_BY_THEN)
    assert way.counts() == (1, promised + 1, arrived + 1 + again)
    assert repeats(way.graph.delivered) == again
    mids = [f"m_in{number}" for number in range(1, way.taken + 1)]
    assert faults(way.database, mids, way.graph.delivered, kills=[way.killed_at]) == []
