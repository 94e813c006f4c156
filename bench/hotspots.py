"""Where the CPU time of a delivery, a turn and a send goes: each alone in this process, one after the other.

A timer of the system that runs on CPU time asks every few milliseconds which functions are at work. So nothing is
slowed down by being watched, waiting costs nothing, and time inside C counts for the function that called it.
"""

import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine, event

from bench.people import CODES, Page
from bench.product import APP_SECRET, PAGE_ID, ROOT, Broken, environment, graph, new_folder, valkey
from bot import outbox
from bot.permit import Way
from bot.reply import SendError
from bot.run.app import create_app
from bot.run.courier import Courier, HotCourier, Sending
from bot.run.couriers.making import make_couriers
from bot.run.grants import make_grants
from bot.run.roof import make_world, open_database, utc_now
from bot.run.settings import Settings
from bot.run.turns import Turns
from catalog.db import Database
from catalog.migrate import to_head
from catalog.seed import seed
from handlers.calling import Answered
from handlers.curling import Curls

EVERY_S = 0.001
OPENED = 1  # sends that look up the page's token first
AT_ONCE = 50
SHOWN = 15
OURS = ("bot", "handlers", "catalog")


@dataclass(slots=True)
class Spent:
    """One kind of work: how often, for how much, and in whose functions."""

    name: str
    count: int = 0
    cpu_s: float = 0.0
    wall_s: float = 0.0
    statements: int = 0  # of SQL
    samples: int = 0
    within: Counter[str] = field(default_factory=Counter)  # our functions, with all that they call
    libraries: Counter[str] = field(default_factory=Counter)  # who was at work itself
    lines: Counter[str] = field(default_factory=Counter)  # the last line of ours before it left our code


def tell(parent: Path, turns: int) -> None:
    with new_folder(parent) as folder, graph(parent) as stand_in, valkey(folder):
        settings = Settings.read(environment(folder, 1, stand_in.port))
        database = open_database(settings)
        to_head(settings.database_url)
        seed(database, utc_now())
        with _statements() as count:
            for spent in _journey(settings, database, turns, count):
                show(spent)
        database.close()


def _journey(settings: Settings, database: Database, turns: int, count: Counter[str]) -> Iterator[Spent]:
    client = create_app(settings).test_client()
    messages = Page(PAGE_ID, APP_SECRET).messages(turns // len(CODES), len(CODES), settings.port)

    with watched("a delivery, until it is durable (Flask's test client in front)", count) as spent:
        for message in messages:
            head, _, body = message.request.partition(b"\r\n\r\n")
            signature = head.partition(b"X-Hub-Signature-256: ")[2].partition(b"\r\n")[0].decode()
            answer = client.post(
                "/webhooks/messenger",
                data=body,
                content_type="application/json",
                headers={"X-Hub-Signature-256": signature},
            )
            spent.count += answer.status_code == 200
    yield spent

    worker = Turns(database, make_world(settings), lambda: None)
    with watched("a turn, in batches as the worker takes them", count) as spent:
        while taken := worker.take_batch():
            spent.count += taken
    yield spent

    couriers = make_couriers(settings, database, make_grants(settings, database), threads=1)
    courier = couriers["messenger"]
    assert isinstance(courier, HotCourier)
    replies = _waiting(database, couriers)
    with watched("a send, to a platform that answers at once", count) as spent:
        for _ in range(OPENED):
            courier.send(_first(courier, next(replies)))
        spent.count = OPENED + _call(courier, replies)
    yield spent


def _first(courier: Courier, reply: outbox.Outgoing) -> Sending:
    return Sending(reply, courier.render(reply, Way.REPLY)[0], 0, Way.REPLY, reply.created_at)


def _call(courier: HotCourier, replies: Iterator[outbox.Outgoing]) -> int:
    """Make the calls in this thread, some at once. How many there were."""
    curls = Curls()
    open_calls = done = 0

    def submit() -> None:
        nonlocal open_calls
        reply = next(replies, None)
        if reply is None:
            if not open_calls:
                curls.stop(0.0)
            return
        sending = _first(courier, reply)
        call = courier.ready(sending)
        if call is None:
            raise Broken("a reply that is not one call")
        open_calls += 1
        curls.submit(call, partial(settle, sending))

    def settle(sending: Sending, outcome: Answered | SendError) -> None:
        nonlocal open_calls, done
        if isinstance(outcome, SendError):
            raise outcome
        courier.settle(sending, outcome)
        open_calls -= 1
        done += 1
        submit()

    for _ in range(AT_ONCE):
        submit()
    curls.run()
    return done


def _waiting(database: Database, couriers: Any) -> Iterator[outbox.Outgoing]:
    newest = 0
    while True:
        with database.reading() as db:
            replies = outbox.waiting(db, couriers, newest)
        if not replies:
            return
        yield from replies
        newest = replies[-1].id


@contextmanager
def _statements() -> Iterator[Counter[str]]:
    """How many statements any database was sent so far."""
    count: Counter[str] = Counter()

    def one_more(*_: Any) -> None:
        count["sent"] += 1

    event.listen(Engine, "before_cursor_execute", one_more)
    yield count
    event.remove(Engine, "before_cursor_execute", one_more)


@contextmanager
def watched(name: str, count: Counter[str]) -> Iterator[Spent]:
    spent = Spent(name)

    def look(_signal: int, frame: FrameType | None) -> None:
        _note(spent, frame)

    before = count["sent"]
    signal.signal(signal.SIGPROF, look)
    wall, cpu = time.monotonic(), time.process_time()
    signal.setitimer(signal.ITIMER_PROF, EVERY_S, EVERY_S)
    try:
        yield spent
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        spent.wall_s, spent.cpu_s = time.monotonic() - wall, time.process_time() - cpu
        spent.statements = count["sent"] - before
    if not spent.count:
        raise Broken(f"nothing was done: {name}")


def _note(spent: Spent, frame: FrameType | None) -> None:
    spent.samples += 1
    spent.libraries[_library(frame.f_code.co_filename) if frame else "?"] += 1
    seen: set[str] = set()
    while frame is not None:
        code = frame.f_code
        place = _place(code.co_filename)
        if place:
            if not seen:
                spent.lines[f"{place}:{frame.f_lineno} {code.co_qualname}"] += 1
            seen.add(f"{place} {code.co_qualname}")
        frame = frame.f_back
    spent.within.update(seen)


def _place(file: str) -> str:
    """`bot/engine.py` for a file of ours, empty for others'."""
    if not file.startswith(f"{ROOT}/"):
        return ""
    inside = file[len(f"{ROOT}/") :]
    return inside if inside.startswith(OURS) else ""


def _library(file: str) -> str:
    _, found, inside = file.partition("site-packages/")
    if found:
        return inside.partition("/")[0].removesuffix(".py")
    return (
        "our own code" if _place(file) else "the benchmark" if file.startswith(f"{ROOT}/bench") else "Python's library"
    )


def show(spent: Spent) -> None:
    console = Console(width=120)
    console.print(
        f"\n[bold]{spent.name}[/]: {spent.count:,} × {spent.cpu_s / spent.count * 1e3:.3f} ms of CPU, "
        f"{spent.wall_s / spent.count * 1e3:.3f} ms in all, {spent.statements / spent.count:.1f} statements; "
        f"{spent.samples:,} looks"
    )
    for title, found in (
        ("our functions, with all that they call", spent.within),
        ("the last line of ours", spent.lines),
        ("whose code was at work", spent.libraries),
    ):
        table = Table("share", "ms each", title, box=None, pad_edge=False)
        for name, hits in found.most_common(SHOWN):
            share = hits / max(1, spent.samples)
            table.add_row(f"{share:6.1%}", f"{share * spent.cpu_s / spent.count * 1e3:.3f}", name)
        console.print(table)
