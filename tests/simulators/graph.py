"""A stand-in for graph.facebook.com on loopback: it keeps what each person received, and fails when told to.

    with Graph() as graph:
        MessengerClient(graph.url, "v25.0", "app-secret").send(...)
        graph.to("7012345678901234")

`Graph(strict=True, clock=...)` has windows, subscriptions, people and rates as well; see `Platform`. By hand, with a
page to talk on: `python -m tests.simulators.graph --port 9100 --webhook URL --secret SECRET`.
"""

import contextlib
import queue
import threading
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from tests.simulators import graph_call
from tests.simulators.graph_book import Line, PageState
from tests.simulators.graph_call import Call
from tests.simulators.graph_clock import today
from tests.simulators.graph_edges import EDGES, upload
from tests.simulators.graph_faults import Behaviour, Mode, Plans, afterwards, instead, refused
from tests.simulators.graph_fields import Refused
from tests.simulators.graph_platform import Platform
from tests.simulators.graph_send import Sent, send
from tests.simulators.graph_shown import Shown
from tests.simulators.graph_wire import proof_of
from tests.simulators.server import Answer, Loopback, Request

__all__ = ["Behaviour", "Delivered", "Graph", "Mode"]


@dataclass(frozen=True, slots=True)
class Delivered:
    """One bubble on one phone, in order of arrival."""

    page_id: str
    psid: str
    message_id: str
    bubble: Shown


class Graph(Platform):
    """tokens: page id → its token; empty: any token is right. people: who may be written to; None: anybody.

    app_secret: if set, `appsecret_proof` must be right. on_delivery: called for each bubble, after it is kept.
    echoes: after each message, pages that are attached deliver its echo, a delivery and a read. desk: answers what is
    no path of Graph's. Other arguments: see Platform.
    """

    def __init__(
        self,
        *,
        tokens: Mapping[str, str] | None = None,
        app_secret: str = "",
        people: Collection[str] | None = None,
        port: int = 0,
        on_delivery: Callable[[Delivered], None] = lambda delivered: None,
        strict: bool = False,
        clock: Callable[[], datetime] = today,
        app_id: str = "900000000000001",
        default_app: str = "",
        echoes: bool = False,
        desk: Callable[[Request], Answer] | None = None,
    ) -> None:
        super().__init__(strict=strict, clock=clock, app_id=app_id, people=people, default_app=default_app)
        self.tokens = dict(tokens or {})
        self.app_secret = app_secret
        self.echoes, self.desk = echoes, desk
        self._on_delivery = on_delivery
        self._delivered: list[Delivered] = []
        self._plans = Plans()
        self._arrived = threading.Condition(self.lock)
        self._attached: dict[str, Callable[[Sent], None]] = {}
        self._sent: queue.SimpleQueue[Sent | None] = queue.SimpleQueue()
        self._unsettled = 0
        self._server = Loopback(self._answer, port)
        self._aftermath = threading.Thread(target=self._tell_pages)

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def calls(self) -> Counter[Mode]:
        """How many calls met each way of behaving."""
        return self._plans.calls

    @property
    def delivered(self) -> list[Delivered]:
        with self._arrived:
            return list(self._delivered)

    def start(self) -> Self:
        self._server.start()
        self._aftermath.start()
        return self

    def stop(self) -> None:
        """End every open connection, also those that hang, and wait for their threads."""
        self._server.stop()
        self._sent.put(None)
        self._aftermath.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def behave(self, behaviour: Behaviour | Mode, times: int | None = None, page_id: str = "", edge: str = "") -> None:
        """From now on, or for that many calls and then well again; the plan of a page or an edge goes before."""
        with self._arrived:
            self._plans.behave(behaviour, times, page_id, edge)

    def to(self, psid: str, page_id: str | None = None) -> list[Shown]:
        """What this person received, oldest first."""
        return [one.bubble for one in self.delivered if one.psid == psid and page_id in (None, one.page_id)]

    def wait_for(self, psid: str, count: int, seconds: float = 10.0) -> list[Shown]:
        """Her bubbles once there are that many; raises TimeoutError with those that came."""
        with self._arrived:
            if self._arrived.wait_for(lambda: sum(one.psid == psid for one in self._delivered) >= count, seconds):
                return [one.bubble for one in self._delivered if one.psid == psid]
        raise TimeoutError(f"{count} bubbles wanted, came: {self.to(psid)}")

    def attach(self, page_id: str, tell: Callable[[Sent], None]) -> None:
        """tell: delivers the echo and the receipts of a message of that page."""
        self._attached[page_id] = tell

    def settle(self, seconds: float = 10.0) -> None:
        """Wait until all echoes and receipts are delivered. Raises TimeoutError."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: not self._unsettled, seconds):
                raise TimeoutError(f"{self._unsettled} messages have no echo yet")

    def _answer(self, request: Request) -> Answer:
        call = graph_call.read(request)
        if call is None and self.desk is not None:
            return self.desk(request)
        page_id = self._page_of(call) if call else ""
        with self._arrived:
            behaviour = self._plans.next(page_id, call.edge if call else "")
        answer = instead(behaviour, request)
        if answer is None:
            try:
                answer = afterwards(behaviour, Answer(200, self._do(call, page_id)))
            except Refused as refusal:
                answer = refused(refusal)
        return replace(answer, headers={**self._usage(page_id), **answer.headers})

    def _page_of(self, call: Call) -> str:
        """Whose call it is: the page in the path, or for `me` and for a person the token's."""
        with self.lock:
            by_token = next((page_id for page_id, token in self.tokens.items() if token == call.token), "")
            if call.node == "me":
                return by_token or next(iter(self.book.pages), "me")
            if call.method == "GET" and not call.edge and call.node not in self.tokens:
                return by_token or self.book.page_with(call.node) or call.node
            return call.node

    def _do(self, call: Call | None, page_id: str) -> dict[str, Any]:
        """The body of a success. Raises Refused."""
        if call is None:
            raise Refused(2500, "Unknown path components", status=404)
        page = self._authorised(call, page_id)
        if self.strict:
            with self.lock:
                self.rates.call(page_id, page.engaged, self.clock())
        if call.why:
            raise Refused(100, call.why)
        if (call.method, call.edge) == ("POST", "messages"):
            answer, sent = send(self, page, call, self._deliver)
            if sent is not None and self.echoes and sent.page_id in self._attached:
                with self._arrived:
                    self._unsettled += 1
                self._sent.put(sent)
            return answer
        edge = EDGES.get((call.method, call.edge))
        if edge is None:
            raise Refused(2500, "Unknown path components", status=404)
        if edge is upload:  # it may have to fetch something, and locks what it changes
            return upload(self, page, call)
        with self.lock:
            return edge(self, page, call)

    def _authorised(self, call: Call, page_id: str) -> PageState:
        if not call.token or (self.tokens and self.tokens.get(page_id) != call.token):
            raise Refused(190, "Invalid OAuth access token.", 463)
        page = self.page(page_id)
        if page.dead is not None:
            raise Refused(190, "Error validating access token.", page.dead, status=401)
        if self.app_secret and not call.proof:
            raise Refused(100, "API calls from the server require an appsecret_proof argument")
        if self.app_secret and call.proof != proof_of(call.token, self.app_secret):
            raise Refused(100, "Invalid appsecret_proof provided in the API argument")
        return page

    def _usage(self, page_id: str) -> dict[str, str]:
        with self.lock:
            page = self.book.pages.get(page_id)
            return self.rates.headers(page_id, page.engaged if page else 0, self.clock())

    def _deliver(self, page_id: str, psid: str, bubble: Shown) -> str:
        """Put the bubble on the phone and return its message id."""
        with self._arrived:
            delivered = Delivered(page_id, psid, f"m_out{len(self._delivered) + 1}", bubble)
            self._delivered.append(delivered)
            line = Line("bot", "\n".join(bubble.lines(buttons=False)), self.clock(), bubble, delivered.message_id)
            self.book.page(page_id).thread(psid).lines.append(line)
            self._arrived.notify_all()
        self._on_delivery(delivered)
        return delivered.message_id

    def _tell_pages(self) -> None:
        while (sent := self._sent.get()) is not None:
            with contextlib.suppress(OSError):  # a webhook that is down hears nothing of it
                self._attached[sent.page_id](sent)
            with self._arrived:
                self._unsettled -= 1
                self._arrived.notify_all()


if __name__ == "__main__":
    from tests.simulators.graph_console import main

    main()
