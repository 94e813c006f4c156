"""The state behind Graph and the delivering side, and the switches that a test turns."""

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.simulators.graph_book import Book, Item, Line, PageState, Thread
from tests.simulators.graph_clock import today
from tests.simulators.graph_fields import Refused
from tests.simulators.graph_media import Fetch, fetched, taken_at_its_word
from tests.simulators.graph_rates import Limits, Rates

NO_FIELD: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Action:
    """A sender action that was taken: "typing_on", "mark_seen", …"""

    page_id: str
    psid: str
    name: str
    at: datetime


class Platform:
    """One app at Meta with its pages.

    strict: only who was heard of can be written to, and only inside the window; only subscribed fields are delivered;
    calls are counted; addresses of attachments are fetched. live: else only `roles` are heard and reached.
    default_app: an app id, where conversation routing has one. profiles: whether people's names may be read.
    review: what becomes of a new template.
    """

    def __init__(
        self,
        *,
        strict: bool = False,
        clock: Callable[[], datetime] = today,
        app_id: str = "900000000000001",
        people: Collection[str] | None = None,
        default_app: str = "",
    ) -> None:
        self.strict, self.clock, self.app_id, self.people = strict, clock, app_id, people
        self.default_app = default_app
        self.live, self.roles = True, set[str]()
        self.profiles = True
        self.review = "APPROVED"
        self.fetch: Fetch = fetched if strict else taken_at_its_word
        self.book, self.rates = Book(), Rates()
        self.actions: list[Action] = []
        self.lock = threading.RLock()

    @property
    def limits(self) -> Limits:
        return self.rates.limits

    @property
    def delays(self) -> list[timedelta]:
        """How long each input waited for an answer; a bot that calls itself automated has 30 seconds."""
        with self.lock:
            return list(self.book.delays)

    def page(self, page_id: str) -> PageState:
        with self.lock:
            return self.book.page(page_id)

    def thread(self, page_id: str, psid: str) -> Thread:
        """Hers at that page; from now on there is one."""
        with self.lock:
            return self.book.page(page_id).thread(psid)

    def seen(self, page_id: str, psid: str) -> Thread:
        """The same to look at; an empty one where there is none."""
        with self.lock:
            return self.book.page(page_id).threads.get(psid) or Thread(psid)

    def join(self, page_id: str, person: str, **profile: str) -> str:
        """Her PSID at this page. profile: `first_name`, `last_name`, `profile_pic`. She has not written yet."""
        with self.lock:
            psid = self.book.join(page_id, person)
            if profile:
                self.book.page(page_id).thread(psid).profile = profile
            return psid

    def block(self, page_id: str, psid: str) -> None:
        """She blocks the page; writing again lifts it."""
        self.thread(page_id, psid).blocked = True

    def restrict(self, page_id: str, *, on: bool = True) -> None:
        self.page(page_id).restricted = on

    def kill_token(self, page_id: str, subcode: int | None = 460) -> None:
        """From now on its token is dead: 460 password changed, 463 expired, … None brings it back."""
        self.page(page_id).dead = subcode

    def refuse_to(self, page_id: str, psid: str, refusal: Refused | None) -> None:
        """Every message to her is refused with that; None ends it."""
        self.thread(page_id, psid).refusal = refusal

    def hold(self, page_id: str, psid: str, owner: str) -> None:
        """Give control of the thread to an app, the inbox or Meta's questions; empty: idle."""
        with self.lock:
            thread = self.book.page(page_id).thread(psid)
            thread.owner, thread.active_at = owner, self.clock()

    def standby(self, page_id: str, psid: str) -> bool:
        """Whether somebody else holds the thread, so that her events come beside, not to us."""
        with self.lock:
            return self.seen(page_id, psid).holder(self.clock()) not in ("", self.app_id)

    def fields_of(self, page_id: str) -> frozenset[str] | None:
        """What is delivered of this page; None is everything."""
        fields = self.page(page_id).fields
        return NO_FIELD if fields is None and self.strict else fields

    def unsubscribe(self, page_id: str) -> None:
        self.page(page_id).fields = NO_FIELD

    def hears(self, psid: str) -> bool:
        """Whether this person's events reach the app at all."""
        return self.live or psid in self.roles

    def heard(self, page_id: str, item: Item) -> None:
        with self.lock:
            self.book.heard(page_id, item)

    def commented(self, page_id: str, value: dict[str, Any]) -> None:
        with self.lock:
            self.book.commented(page_id, value)

    def note(self, page_id: str, psid: str, who: str, words: str) -> None:
        """A line that comes neither by an event of hers nor by a call."""
        with self.lock:
            self.book.page(page_id).thread(psid).lines.append(Line(who, words, self.clock()))

    def transcript(self, page_id: str, psid: str) -> list[Line]:
        """Both sides of a talk, oldest first."""
        with self.lock:
            return list(self.seen(page_id, psid).lines)
