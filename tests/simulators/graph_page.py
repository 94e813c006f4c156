"""The other half of the stand-in: Meta delivering events to a webhook, and a person with her phone in her hand.

    page = Page("112233445566778", "app-secret", to_webhook(url), now)
    Phone(page, graph, "7012345678901234").type("Chào")

A page that knows its graph, `Page(..., graph)`, also keeps the platform's rules: it tells Graph what it hears, delivers
subscribed fields only, turns events into `standby` while staff hold the thread, and echoes what was sent.
"""

import itertools
from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Any

from tests.simulators.graph import Graph
from tests.simulators.graph_book import INBOX
from tests.simulators.graph_items import Items
from tests.simulators.graph_lanes import taken_by_inbox
from tests.simulators.graph_notices import Item
from tests.simulators.graph_phone import Phone
from tests.simulators.graph_send import Sent
from tests.simulators.graph_subscriptions import admitted, change_admitted
from tests.simulators.graph_wire import Post, old_signature, proof_of, signature, to_webhook, wire

__all__ = ["Item", "Page", "Phone", "Post", "old_signature", "proof_of", "signature", "to_webhook", "wire"]

Entry = dict[str, Any]


class Page(Items):
    """A page with a webhook: makes items of every kind and delivers them, signed.

    now: the moment that events carry. Message ids count up from 1, `m_in1`.
    """

    def __init__(
        self, page_id: str, secret: str, post: Post, now: Callable[[], datetime], graph: Graph | None = None
    ) -> None:
        super().__init__(page_id, now)
        self.graph = graph
        self._secret = secret
        self._post = post
        if graph is not None:
            graph.attach(page_id, self.tell_sent)

    # Delivering

    def deliver(self, *items: Item, times: int = 1) -> int:
        """All items in one POST, sent that many times over; the last status, 0 if nothing is to be delivered."""
        entries = [self.entry(*items)] if self.graph is None else self._entries(items, self.graph)
        return self.deliver_entries(*entries, times=times) if entries else 0

    def deliver_changes(self, *changes: Item, times: int = 1) -> int:
        """What came of comments or of templates: an entry with `changes` only."""
        if self.graph is not None:
            fields = self.graph.fields_of(self.page_id)
            for change in changes:
                if change.get("field") == "feed":
                    self.graph.commented(self.page_id, change["value"])
            changes = tuple(change for change in changes if change_admitted(change, fields))
        return self.deliver_entries(self.entry(*changes, key="changes"), times=times) if changes else 0

    def deliver_entries(self, *entries: Entry, of: str = "page", times: int = 1) -> int:
        """These entries in one POST as they are. of: the `object`, "page" if it is about one."""
        return self.deliver_raw(wire({"object": of, "entry": list(entries)}), times=times)

    def deliver_raw(self, body: bytes, header: str | None = None, times: int = 1) -> int:
        """Any bytes, under a right signature or under this header."""
        statuses = [self._post(body, signature(body, self._secret) if header is None else header) for _ in range(times)]
        return statuses[-1]

    def scatter(self, items: list[Item], dice: Random, copies: int = 1) -> list[int]:
        """A POST for each copy of each item, in any order, as after a failure. The statuses."""
        posts = [item for item in items for _ in range(copies)]
        dice.shuffle(posts)
        return [self.deliver(item) for item in posts]

    def body(self, *items: Item) -> dict[str, Any]:
        """The envelope, an item per `messaging` list entry."""
        return {"object": "page", "entry": [self.entry(*items)]}

    def entry(self, *items: Item, key: str = "messaging") -> Entry:
        """key: messaging, standby or changes."""
        return {"id": self.page_id, "time": self._millis(), key: list(items)}

    # The platform's rules

    def tell_sent(self, sent: Sent) -> None:
        """After a message of ours: its echo, a delivery, a read. Raises OSError."""
        assert self.graph is not None
        named = {"mid": sent.message_id}
        if "metadata" in sent.message:
            named["metadata"] = sent.message["metadata"]
        app_id = int(self.graph.app_id)
        attachment = sent.message.get("attachment")
        if attachment is None:
            said = self.echo(sent.psid, sent.message.get("text", ""), app_id, **named)
        elif attachment.get("type") == "template":
            said = self.template_echo(sent.psid, attachment.get("payload", {}), app_id, **named)
        else:
            said = self.from_page(sent.psid, attachments=[attachment], app_id=app_id, **named)
        self.deliver(said)
        self.deliver(self.delivery(sent.psid, sent.message_id))
        self.deliver(self.read(sent.psid))

    def colleague(self, psid: str, words: str) -> int:
        """Somebody of the page answers by hand in Meta's inbox, which takes the thread: echo, then `take`."""
        graph = self._known()
        status = self.deliver(self.echo(psid, words))
        graph.note(self.page_id, psid, "staff", words)
        with graph.lock:
            before = taken_by_inbox(graph.thread(self.page_id, psid), graph.clock())
        if before != INBOX:
            taken = self.take_thread(psid, INBOX, before or None)
            self.deliver_entries(*self._subscribed([taken], graph))
        return status

    def hand_back(self, psid: str) -> int:
        """The colleague is done: the inbox passes the thread to our app."""
        graph = self._known()
        graph.hold(self.page_id, psid, graph.app_id)
        return self.deliver(self.pass_thread(psid, graph.app_id, INBOX))

    def let_go(self, psid: str) -> None:
        """The colleague is done: the thread is idle, and nobody is told."""
        self._known().hold(self.page_id, psid, "")

    def reviewed(self, name: str, status: str = "APPROVED", language: str = "vi") -> int:
        """Meta has decided on a template."""
        self._known().page(self.page_id).templates[name, language].status = status
        return self.deliver_changes(self.template_status(name, status))

    def _known(self) -> Graph:
        if self.graph is None:
            raise LookupError("this page knows no graph: Page(..., graph)")
        return self.graph

    def _entries(self, items: tuple[Item, ...], graph: Graph) -> list[Entry]:
        reached = [item for item in items if graph.hears(_person(item, self.page_id))]
        for item in reached:
            graph.heard(self.page_id, item)
        return self._subscribed(reached, graph)

    def _subscribed(self, items: list[Item], graph: Graph) -> list[Entry]:
        """An entry for each run of items that go the same way."""
        fields = graph.fields_of(self.page_id)
        going = []
        for item in items:
            about_control = any(key.endswith("_thread_control") for key in item)
            aside = not about_control and graph.standby(self.page_id, _person(item, self.page_id))
            admitted_item = admitted(item, fields, standby=aside)
            if admitted_item is not None:
                going.append(("standby" if aside else "messaging", admitted_item))
        runs = itertools.groupby(going, key=lambda one: one[0])
        return [self.entry(*(item for _, item in run), key=key) for key, run in runs]


def _person(item: Item, page_id: str) -> str:
    """The PSID that an item is about; empty where it is about the page."""
    parties = [str((item.get(party) or {}).get("id") or "") for party in ("sender", "recipient")]
    return next((party for party in parties if party and party != page_id), "")
