"""The platform's two sides with a memory: which bubble arrived when, how it was answered, what the webhook said."""

import http.client
import threading
import time
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from tests.e2e.stage import PATIENCE_S, Deliveries
from tests.e2e.stage import NotingPage as CalmPage
from tests.simulators.graph import Graph
from tests.simulators.graph_page import Item
from tests.simulators.server import Answer, Fault, Request


@dataclass(slots=True)
class Arrived:
    """A bubble that reached the platform. at: `time.monotonic()`. whole: the sender could know of it by the answer."""

    psid: str
    metadata: str
    at: float
    whole: bool = True

    @property
    def outbox_id(self) -> int:
        """The row that it belongs to: our metadata is `out:<row>.<place>`."""
        return int(self.metadata.removeprefix("out:").partition(".")[0])


class NotingGraph(Graph):
    """Notes every bubble with its moment. latency_s: what every answer to a send takes; may be changed at any time.

    Whatever `behave` plans goes on top of the latency.
    """

    def __init__(self, latency_s: float, **arguments: Any) -> None:
        self.arrived: list[Arrived] = []
        self.statuses: Counter[int] = Counter()  # of the answers to sends
        self.latency_s = latency_s
        self._mine = threading.local()
        super().__init__(**arguments)

    def in_flight(self) -> int:
        """How many sends of bubbles have not been answered yet; none where there is no latency."""
        since = time.monotonic() - self.latency_s
        newest = self.arrived[-64:]
        return sum(one.at > since for one in newest)

    def _deliver(self, page_id: str, psid: str, bubble: Any) -> str:
        arrived = Arrived(psid, bubble.metadata, time.monotonic())
        with self._arrived:  # so that both lists have one order
            message_id = super()._deliver(page_id, psid, bubble)
            self.arrived.append(arrived)
        self._mine.last = arrived
        return message_id

    def _answer(self, request: Request) -> Answer:
        self._mine.last = None
        answer = super()._answer(request)
        if not request.path.endswith("/messages"):
            return answer
        with self._arrived:
            self.statuses[answer.status] += 1
        if self._mine.last is not None:
            told = isinstance(answer.body, dict) and "message_id" in answer.body
            self._mine.last.whole = answer.status == 200 and told and answer.fault in {Fault.NONE, Fault.SLOW}
        if self.latency_s and answer.fault is Fault.NONE:
            return replace(answer, fault=Fault.SLOW, seconds=self.latency_s)
        return answer


class NotingDeliveries(Deliveries):
    """A kept connection for each thread; what is not answered with 200 comes again until it is, as Meta's would.

    statuses: of all tries; 0 where there was no answer. acks_s: how long each 200 took. patience_s: until it gives up.
    """

    def __init__(self, port: int, pause_s: float = 0.1) -> None:
        super().__init__(port)
        self.statuses: Counter[int] = Counter()
        self.acks_s: list[float] = []
        self._noting = threading.Lock()
        self.pause_s = pause_s
        self.patience_s = PATIENCE_S

    def __call__(self, body: bytes, signature: str) -> int:
        """Deliver until it is taken. AssertionError where it never is."""
        until = time.monotonic() + self.patience_s
        while True:
            began = time.monotonic()
            try:
                status, _ = self.post(body, {"X-Hub-Signature-256": signature})
            except (OSError, http.client.HTTPException):
                status = 0
            with self._noting:
                self.statuses[status] += 1
                if status == 200:
                    self.acks_s.append(time.monotonic() - began)
            if status == 200:
                return status
            assert time.monotonic() < until, f"the webhook answers {status}"
            time.sleep(self.pause_s)


class NotingPage(CalmPage):
    """Remembers the ids and the words of everything that was ever said to it."""

    def __init__(self, page_id: str, post: Deliveries) -> None:
        super().__init__(page_id, post)
        self.words: set[str] = set()

    def text(self, psid: str, words: str, **more: object) -> Item:
        self.words.add(words)
        return super().text(psid, words, **more)
