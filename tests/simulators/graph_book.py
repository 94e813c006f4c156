"""What the platform remembers: pages, the people at each of them, who may be written to, who holds a thread."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.simulators.graph_clock import DAY
from tests.simulators.graph_fields import Refused
from tests.simulators.graph_media import Saved
from tests.simulators.graph_shown import Shown
from tests.simulators.graph_utility import Template

INBOX = "263902037430900"
"""The app id of Meta's own inbox, where staff write by hand."""
QUESTIONS = "meta-questions"
"""Stands for Meta's automated questions and answers as the holder of a thread."""
WINDOW, WINDOW_OF_AN_AD = DAY, 7 * DAY
CONTROL_LAPSES = DAY
Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One thing in a thread as a person sees it. who: "person", "bot", "staff" or "system"."""

    who: str
    words: str
    at: datetime
    bubble: Shown | None = None
    mid: str = ""


@dataclass(slots=True)
class Thread:
    """One person at one page. opened_at: her last act that lets the page write. owner: an app id; empty is idle."""

    psid: str
    person: str = ""
    opened_at: datetime | None = None
    open_until: datetime | None = None
    blocked: bool = False
    owner: str = ""
    active_at: datetime | None = None
    refusal: Refused | None = None
    profile: dict[str, str] | None = None
    by_phone_number: bool = False
    menu: list[Any] | None = None
    waits_since: datetime | None = None
    lines: list[Line] = field(default_factory=list)

    def holder(self, now: datetime) -> str:
        """Control lapses after a day without anybody's word."""
        return "" if self.active_at is None or now - self.active_at > CONTROL_LAPSES else self.owner


@dataclass(slots=True)
class Comment:
    """A comment or a visitor's post, which can be answered once in private."""

    psid: str
    at: datetime
    answered: bool = False


@dataclass(slots=True)
class PageState:
    """fields: what its webhook is subscribed to; None where nobody ever asked. dead: subcode of a dead token."""

    page_id: str
    name: str = "HTX Thử"
    fields: frozenset[str] | None = None
    dead: int | None = None
    restricted: bool = False
    profile: dict[str, Any] = field(default_factory=dict)
    templates: dict[tuple[str, str], Template] = field(default_factory=dict)
    personas: dict[str, dict[str, str]] = field(default_factory=dict)
    comments: dict[str, Comment] = field(default_factory=dict)
    threads: dict[str, Thread] = field(default_factory=dict)
    order_numbers: set[str] = field(default_factory=set)

    def thread(self, psid: str) -> Thread:
        """Hers; a new one where there is none."""
        return self.threads.setdefault(psid, Thread(psid))

    @property
    def engaged(self) -> int:
        """How many people the page can reach."""
        return sum(thread.opened_at is not None for thread in self.threads.values())


class Book:
    """All pages. delays: how long each input had to wait for an answer. Not locked: its owner does that."""

    def __init__(self) -> None:
        self.pages: dict[str, PageState] = {}
        self.saved: dict[str, Saved] = {}
        self.delays: list[timedelta] = []
        self._ids = itertools.count(687_800_000_000_001)
        self._people = itertools.count(7_312_000_000_000_001, 7)

    def page(self, page_id: str) -> PageState:
        return self.pages.setdefault(page_id, PageState(page_id))

    def new_id(self) -> str:
        return str(next(self._ids))

    def join(self, page_id: str, person: str) -> str:
        """The PSID of a person at a page: another one at every page, always the same at one."""
        threads = self.page(page_id).threads
        for thread in threads.values():
            if thread.person == person:
                return thread.psid
        psid = str(next(self._people))
        threads[psid] = Thread(psid, person)
        return psid

    def page_with(self, psid: str) -> str:
        return next((page.page_id for page in self.pages.values() if psid in page.threads), "")

    def heard(self, page_id: str, item: Item) -> None:
        """Keep what an event says about its thread: a window opened, a word for the transcript."""
        sender = str((item.get("sender") or {}).get("id") or "")
        if not sender or sender == page_id:
            return
        page = self.page(page_id)
        thread = page.thread(sender)
        at = moment(item.get("timestamp"))
        if _opens(item):
            thread.blocked = False  # who writes has lifted her block
            thread.opened_at = max(at, thread.opened_at or at)  # an old event may come late
            thread.active_at = max(at, thread.active_at or at)
            from_ad = (item.get("message") or {}).get("referral", {}).get("source") == "ADS"
            until = at + (WINDOW_OF_AN_AD if from_ad else WINDOW)
            thread.open_until = max(until, thread.open_until or until)
        if _wants_an_answer(item, page.profile) and thread.waits_since is None:
            thread.waits_since = at
        thread.lines += _lines(item, at)

    def commented(self, page_id: str, value: dict[str, Any]) -> None:
        """A comment or a post by somebody else than the page."""
        sender = str((value.get("from") or {}).get("id") or "")
        name = str(value.get("comment_id") or value.get("post_id") or "")
        if sender and sender != page_id and value.get("verb") == "add":
            self.page(page_id).comments[name] = Comment(sender, moment(value.get("created_time")))


def moment(timestamp: object) -> datetime:
    """Milliseconds, seconds, or either as a string."""
    number = int(str(timestamp))
    return datetime.fromtimestamp(number / 1000 if number >= 10**12 else number, UTC)


def _opens(item: Item) -> bool:
    """Source: "send-messages", what opens the window. An edit, a receipt and a reaction taken back do not."""
    acts = "message" in item or "postback" in item or "referral" in item
    return acts or (item.get("reaction") or {}).get("action") == "react"


def _wants_an_answer(item: Item, profile: dict[str, Any]) -> bool:
    """Source: "policy/responsiveness": text, quick replies, buttons, menu; not Get Started."""
    get_started = profile.get("get_started", {}).get("payload", "GET_STARTED")
    return "message" in item or ("postback" in item and item["postback"].get("payload") != get_started)


def _lines(item: Item, at: datetime) -> Iterator[Line]:
    mid = str((item.get("message") or item.get("postback") or {}).get("mid", ""))
    match item:
        case {"message": {"text": str(text)}}:
            yield Line("person", text, at, mid=mid)
        case {"message": {"attachments": [*parts]}}:
            yield Line("person", " ".join(f"⟨{part.get('type')}⟩" for part in parts), at, mid=mid)
        case {"message": dict()}:
            yield Line("person", "⟨message⟩", at, mid=mid)
        case {"postback": {"title": title}}:
            yield Line("person", f"[{title}]", at, mid=mid)
        case {"referral": dict()}:
            yield Line("system", "⟨came by a link⟩", at)
        case {"reaction": {"emoji": emoji, "action": "react"}}:
            yield Line("person", f"⟨{emoji}⟩", at)
        case {"message_edit": {"text": text}}:
            yield Line("person", f"✎ {text}", at)
