"""The stage of the trouble suite: the real family of processes, a platform that notes everything, and kills.

    stage = open_stage("sqlite")                       # started, migrated, demo, plenty of goods
    stage.pour([lambda: stage.page.deliver(item)])     # over many connections, again until each is taken
    stage.kill("worker")                               # returns when its next life has begun
    judged(stage)                                      # tests.trouble.oracle: AssertionError where anything is wrong

It goes on where `tests.e2e.stage` ends; its people, `Person` and `Shopper`, live here as well.
"""

import itertools
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import psutil
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.inbox import InboxRow
from bot.outbox import OutboxRow
from catalog.account import ensure_account
from catalog.db import vault_of
from catalog.invitation import VALID_FOR, Invitation
from catalog.offer import Offer
from catalog.organisation import organisation_by_code
from catalog.person import producer_by_code
from catalog.stock import move
from tests.conftest import opened
from tests.e2e.stage import APP_SECRET, OTHER_PAGE, PAGE, alive, eventually
from tests.e2e.stage import Stage as CalmStage
from tests.trouble.noting import NotingDeliveries, NotingGraph, NotingPage

TOKEN, OTHER_TOKEN = "EAAG-page-token-of-the-first-7Qx", "EAAG-page-token-of-the-other-2Zk"
PLENTY = Decimal(100_000)
PRODUCERS = ("NSX-017", "NSX-022", "NSX-009", "NSX-031")
LATENCY_S = 0.05
STOP_S = 30.0


@dataclass(frozen=True, slots=True)
class Kill:
    """Somebody's sudden end. at, back: `time.monotonic()` of the end and of when the next life had begun.

    moment: the end by the wall clock. pending: ids of inbox rows that were kept and not done. unsent: ids of outbox
    rows that were not marked as sent. in_flight: sends that the platform had not answered yet. excuses: whatever the
    platform had of the unsent ones may come to it again, since the one who knew of it is dead.
    """

    name: str
    at: float
    back: float
    moment: datetime
    pending: frozenset[int]
    unsent: frozenset[int]
    in_flight: int
    excuses: bool


def prepare(url: str, invitations: Sequence[str] = ()) -> None:
    """What is there before the first message: both pages, plenty of every offer, invitations for producers by turns.

    invitations: their codes, 12 digits each.
    """
    now = datetime.now(UTC)
    database = opened(url)
    with database.writing() as db:
        keep_pages(db)
        for offer in db.scalars(select(Offer).order_by(Offer.id)):
            move(db, offer.id, PLENTY - offer.left, "corrected", ref="plenty", at=now)
        for code, producer in zip(invitations, itertools.cycle(PRODUCERS), strict=False):
            _invite(db, code, producer, now)
    database.close()


def _invite(db: Session, code: str, producer: str, now: datetime) -> None:
    """As `catalog.invitation.invite`, which draws the code by lot."""
    person = producer_by_code(db, producer)
    assert person is not None
    assert person.organisation_id is not None
    db.add(
        Invitation(
            code_index=vault_of(db).index(code),
            person_id=person.id,
            organisation_id=person.organisation_id,
            role="producer",
            created_at=now,
            expires_at=now + VALID_FOR,
        )
    )


def keep_pages(db: Session) -> None:
    """Both pages, with tokens that can be told from any word."""
    coop = organisation_by_code(db, "SM")
    assert coop is not None
    for page, token in ((PAGE, TOKEN), (OTHER_PAGE, OTHER_TOKEN)):
        ensure_account(db, "messenger", page, coop.id, token)


class Stage(CalmStage):
    """One VAR_DIR with its program; a prepared database; a platform that takes `latency_s` for each send.

    base_url: a SQLite database as this one was before the first message, for the replay. patient: run `chophien up` as
    it is, else a supervisor that starts at once what falls (no media worker). invitations: see `prepare`.
    first and other are the pages, platform and meta what they send to and deliver by, under names that say what they
    can here. deaths: what was killed. judged: the oracle has looked at it. settings: more variables, or other values.
    """

    def __init__(
        self,
        folder: Path,
        database_url: str,
        *,
        base_url: str = "",
        patient: bool = False,
        latency_s: float = LATENCY_S,
        invitations: Sequence[str] = (),
        **settings: str,
    ) -> None:
        super().__init__(folder, database_url, patient=patient, **{"MESSENGER_PAGE_TOKEN": TOKEN, **settings})
        self.graph.stop()  # the calm one
        self.graph = self.platform = NotingGraph(latency_s, app_secret=APP_SECRET, on_delivery=self.letterboxes.keep)
        self.graph.start()
        self.deliveries = self.meta = NotingDeliveries(self.port)
        self.page = self.first = NotingPage(PAGE, self.meta)
        self.other_page = self.other = NotingPage(OTHER_PAGE, self.meta)
        self.base_url = base_url
        self.invitations = list(invitations)
        self.deaths: list[Kill] = []
        self.judged = False  # the oracle has looked
        with self.database.writing() as db:
            keep_pages(db)  # the calm one has put its own tokens

    @property
    def mids(self) -> list[str]:
        """The ids of all messages; with `pour`, and with people, each of them was taken in the end."""
        return self.page.mids + self.other_page.mids

    @property
    def log(self) -> str:
        """What all processes have written so far."""
        return (self.folder / "log").read_text(encoding="utf-8")

    # Delivering

    def pour(self, works: Sequence[Callable[[], object]], connections: int = 16) -> None:
        """Do all of these, in this order, over so many connections. Raises what went wrong with the first."""
        with ThreadPoolExecutor(connections) as pool:
            for done in [pool.submit(work) for work in works]:
                done.result()

    # Dying

    def kill(self, name: str) -> None:
        """`kill -9` of worker, web, clock or valkey; returns when its next life has begun."""
        # The supervisor is frozen until what the dead one left behind is noted.
        assert self.program is not None
        last = self.pid(name)
        self.program.suspend()
        try:
            at, moment = time.monotonic(), datetime.now(UTC)
            in_flight = self.platform.in_flight()
            os.kill(last, signal.SIGKILL)
            eventually(lambda: not alive([psutil.Process(last)]), f"the {name} is dead")
            pending, unsent = self.left_behind()
        finally:
            self.program.resume()
        eventually(lambda: self.pid(name) != last, f"another {name}")
        self._note(Kill(name, at, time.monotonic(), moment, pending, unsent, in_flight, name == "worker"))

    def kill_all(self) -> None:
        """`kill -9` of the supervisor: the whole family must go with it. Then `up` again."""
        members = self.members()
        assert self.program is not None
        at, moment = time.monotonic(), datetime.now(UTC)
        in_flight = self.platform.in_flight()
        self.program.kill()
        self.program.wait(STOP_S)
        eventually(lambda: not alive(members), "nobody outlives the supervisor")
        pending, unsent = self.left_behind()
        self.start()
        self._note(Kill("supervisor", at, time.monotonic(), moment, pending, unsent, in_flight, excuses=True))

    def kill_inner(self, name: str) -> None:
        """`kill -9` of a child's own child, such as the process of the web server that answers; it must have another
        one soon."""
        head = psutil.Process(self.pid(name))
        at, moment = time.monotonic(), datetime.now(UTC)
        last = head.children()[0]
        last.kill()
        eventually(lambda: any(child != last for child in head.children()), f"the {name} has another")
        pending, unsent = self.left_behind()
        self._note(Kill(f"inner {name}", at, time.monotonic(), moment, pending, unsent, 0, excuses=False))

    def note_outage(self, name: str, at: float, moment: datetime, *, excuses: bool = True) -> Kill:
        """Something beside the family was killed at that moment and answers again: what is not marked by now may come
        to the platform again, if that excuses it."""
        self.database.engine.dispose()  # its connections may have died too
        pending, unsent = self.left_behind()
        return self._note(Kill(name, at, time.monotonic(), moment, pending, unsent, 0, excuses))

    def stop_politely(self, name: str) -> None:
        """SIGTERM to a child; returns when it has ended in order and its next life has begun."""
        last = self.pid(name)
        os.kill(last, signal.SIGTERM)
        eventually(lambda: self.pid(name) != last, f"another {name}", STOP_S)
        ends = [line for line in self._log() if line["event"] == "ended" and line.get("process") == name]
        assert ends[-1]["how"] == "exit 0", ends[-1]

    @contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """SIGSTOP for as long as the block runs."""
        number = self.pid(name)
        os.kill(number, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(number, signal.SIGCONT)

    def left_behind(self) -> tuple[frozenset[int], frozenset[int]]:
        """Ids of inbox rows that are not done, and of outbox rows that are not sent."""
        with self.database.reading() as db:
            pending = db.scalars(select(InboxRow.id).where(InboxRow.done_at.is_(None))).all()
            waiting = select(OutboxRow.id).where(OutboxRow.sent_at.is_(None), OutboxRow.dead_at.is_(None))
            return frozenset(pending), frozenset(db.scalars(waiting.where(OutboxRow.channel == "messenger")))

    def busy(self, seconds: float = 60.0) -> None:
        """Wait until a message waits for its turn, or a reply is on its way to the platform, right now."""
        eventually(lambda: self.platform.in_flight() or self.left_behind()[0], "something is on its way", seconds)

    def sending(self, seconds: float = 60.0) -> None:
        """Wait until a reply is on its way to the platform, right now."""
        eventually(self.platform.in_flight, "a reply is on its way", seconds)

    def _note(self, kill: Kill) -> Kill:
        self.kills.append(len(self.platform.delivered))
        self.deaths.append(kill)
        return kill

    # The end

    def close(self) -> None:
        super().close()
        left = self.left_running()
        for process in left:
            process.kill()
        assert not left, f"left running: {left}"

    def left_running(self) -> list[psutil.Process]:
        """Processes of ours that live by this VAR_DIR, known by their environment."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("VAR_DIR") == str(self.var_dir) and process.pid != os.getpid():
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
                continue
        return found
