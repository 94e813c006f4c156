"""Everything that a stand-in for Zalo remembers, behind one lock."""

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from tests.simulators.zalo_errors import OA_LIMIT, Refused
from tests.simulators.zalo_events import Event, Events
from tests.simulators.zalo_grants import Grants
from tests.simulators.zalo_rules import Shown
from tests.simulators.zalo_world import App, Line, Oa, Person, Switches, ZaloUser


@dataclass(frozen=True, slots=True)
class Delivered:
    """One bubble on one phone, in order of arrival. charged: đồng that it cost. reactions are not bubbles."""

    oa_id: str
    user_id: str
    message_id: str
    bubble: Shown
    charged: int = 0


@dataclass(frozen=True, slots=True)
class Upload:
    """kind: image, gif or file."""

    oa_id: str
    kind: str
    content: bytes
    until: datetime
    name: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A ZBS message that went out."""

    message_id: str
    oa_id: str
    phone: str
    template_id: str
    tracking_id: str
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Room:
    """What is left of a rate in this clock minute."""

    limit: int
    remain: int


@dataclass(slots=True)
class State:
    """Whoever reads or changes it holds `changed`, which is notified at each bubble."""

    apps: dict[str, App]
    oas: dict[str, Oa]
    clock: Callable[[], datetime]
    dice: random.Random
    grants: Grants
    switches: Switches = field(default_factory=Switches)
    people: dict[str, Person] = field(default_factory=dict)
    delivered: list[Delivered] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    uploads: dict[str, Upload] = field(default_factory=dict)
    uploads_of_month: Counter[tuple[str, str]] = field(default_factory=Counter)
    notices: list[Notice] = field(default_factory=list)
    reactions: Counter[tuple[str, str]] = field(default_factory=Counter)
    calls_of_minute: Counter[tuple[str, str]] = field(default_factory=Counter)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def new_id(self) -> str:
        """A message id: 19 hexadecimal characters."""
        with self.changed:
            return f"{self.dice.getrandbits(76):019x}"

    def events(self, oa: Oa) -> Events:
        return Events(oa, self.clock, self.new_id)

    def deliver(self, oa: Oa, user_id: str, bubble: Shown, charged: int = 0, *, by_officer: bool = False) -> Delivered:
        """Put the bubble on the phone and into the history."""
        one = Delivered(oa.oa_id, user_id, self.new_id(), bubble, charged)
        self.delivered.append(one)
        self.lines.append(
            Line(
                oa.oa_id,
                user_id,
                one.message_id,
                0,
                bubble.kind,
                bubble.text,
                self.clock(),
                bubble.image,
                by_officer=by_officer,
            )
        )
        self.changed.notify_all()
        return one

    def heard(self, oa: Oa, user: ZaloUser, event: Event, *, hidden: bool = False) -> None:
        """Keep what a person sent in the history, and open her window."""
        message = event["message"]
        attachments = message.get("attachments") or [{"type": "text", "payload": {}}]
        user.wrote = True
        user.last_interaction = self.clock()
        self.lines.append(
            Line(
                oa.oa_id,
                user.user_id,
                message["msg_id"],
                1,
                attachments[0]["type"],
                message.get("text", ""),
                self.clock(),
                str(attachments[0]["payload"].get("url", "")),
                hidden,
            )
        )

    def history(self, oa_id: str, user_id: str | None = None) -> list[Line]:
        """Oldest first."""
        return [line for line in self.lines if line.oa_id == oa_id and user_id in (None, line.user_id)]

    def count_call(self, app: App, oa: Oa, *, of_oa: bool) -> Room:
        """Count a call in this clock minute; what is left to the OA, or to the app where the OA's rate is not used.

        Raises Refused (-32) in two wordings.
        """
        minute = f"{self.clock():%Y%m%d%H%M}"
        app_key, oa_key = (minute, app.app_id), (minute, f"oa {oa.oa_id}")
        if self.calls_of_minute[app_key] >= app.rate:
            raise Refused(-32)
        if of_oa and self.calls_of_minute[oa_key] >= oa.package.rate:
            raise Refused(-32, OA_LIMIT)
        self.calls_of_minute[app_key] += 1
        if of_oa:
            self.calls_of_minute[oa_key] += 1
        return self.room(app, oa, of_oa=of_oa)

    def room(self, app: App, oa: Oa, *, of_oa: bool) -> Room:
        minute = f"{self.clock():%Y%m%d%H%M}"
        of_app = Room(app.rate, app.rate - self.calls_of_minute[(minute, app.app_id)])
        if not of_oa:
            return of_app
        of_account = Room(oa.package.rate, oa.package.rate - self.calls_of_minute[(minute, f"oa {oa.oa_id}")])
        return min(of_app, of_account, key=lambda room: room.remain)


def state_of(
    apps: Iterable[App], oas: Iterable[Oa], clock: Callable[[], datetime], switches: Switches, seed: int
) -> State:
    """An empty memory. Raises ValueError for an OA whose app is not there."""
    dice = random.Random(seed)
    known = {app.app_id: app for app in apps}
    accounts = {oa.oa_id: oa for oa in oas}
    for oa in accounts.values():
        if oa.app_id not in known:
            raise ValueError(f"OA {oa.oa_id} belongs to no app")
    return State(known, accounts, clock, dice, Grants(clock, dice), switches)
