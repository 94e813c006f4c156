"""Does the chat notice when a million old rows go?

    python -m bench.tidying [--rows 1000000] [--per-second 20] [--database sqlite|postgresql]

The real web and worker answer at a steady pace over a database with that many rows: half are events (half of those too
old to keep, half only too old to keep their words), half are replies that are too old. First without the clock, then
with it, until it says that it has tidied.
"""

import argparse
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from bench.old_rows import fill
from bench.people import CODES, Page
from bench.product import (
    APP_SECRET,
    CHOPHIEN,
    PAGE_ID,
    Graph,
    answers,
    environment,
    free_port,
    graph,
    new_folder,
    program,
    run,
    valkey,
    wait_until,
)
from bench.tally import Tally, percentile, tally
from bench.wire import at_a_pace
from bot.inbox import InboxRow
from bot.outbox import OutboxRow
from bot.run.roof import open_database
from bot.run.settings import Settings
from catalog.account import Account
from catalog.db import Database
from tests.postgres import Postgres

EACH = len(CODES)
CALM_S = 30.0
SLICE_S = 10.0


@dataclass(frozen=True, slots=True)
class Left:
    """Old rows that are still there, with what was said."""

    events: int
    bodies: int
    replies: int


def left(database: Database, account_id: int) -> Left:
    old = (InboxRow.account_id == account_id, InboxRow.key.like("old:%"))
    with database.reading() as db:
        events = db.scalar(select(func.count(InboxRow.id)).where(*old)) or 0
        bodies = db.scalar(select(func.count(InboxRow.id)).where(*old, InboxRow.body.is_not(None))) or 0
        replies = db.scalar(select(func.count(OutboxRow.id)).where(OutboxRow.conversation_id >= 900_000_000)) or 0
    return Left(events, bodies, replies)


def talk(page: Page, port: int, platform: Graph, a_second: float, until: Callable[[], bool]) -> Tally:
    """Messages at that pace, in slices, until it holds; every one is answered."""
    said, came = [], []
    while True:
        messages = page.messages(max(1, round(a_second * SLICE_S / EACH)), EACH, port)
        before = platform.count()
        at_a_pace(messages, port, a_second)
        platform.settle(before + len(messages))
        said += messages
        came += platform.received()
        if until():
            return tally(said, came)


def shown(name: str, result: Tally) -> str:
    wrong = "" if result.right else f"  WRONG: {result.lost} lost, {result.doubled} doubled, {result.refused} refused"
    return (
        f"{name:<8} {result.sent:>6} messages  ack p50 {percentile(result.acks_ms, 50):5.1f}  "
        f"p99 {percentile(result.acks_ms, 99):6.1f}  max {max(result.acks_ms):6.1f} ms   message to reply "
        f"p50 {percentile(result.replies_ms, 50):5.1f}  p95 {percentile(result.replies_ms, 95):6.1f}  "
        f"max {max(result.replies_ms):6.1f} ms{wrong}"
    )


def finished(log: Path) -> dict[str, int] | None:
    """What the clock says it has tidied; None before."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if '"tidied"' in line]
    told: dict[str, int] | None = json.loads(lines[-1]) if lines else None
    return told


@contextmanager
def chophien(part: str, folder: Path, env: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    place = folder / part
    place.mkdir()
    with program((*CHOPHIEN, part), place, env) as process:
        yield process


def measure(parent: Path, rows: int, a_second: float, postgres: Postgres | None) -> Iterator[str]:
    """A line for each finding, as soon as it is known."""
    with ExitStack() as stack:
        platform = stack.enter_context(graph(parent))
        platform.pace(0.1, 0.05)
        folder = stack.enter_context(new_folder(parent))
        port = free_port()
        url = postgres.create("tidying") if postgres is not None else ""
        env = environment(folder, port, platform.port, url)
        stack.enter_context(valkey(folder))
        run((*CHOPHIEN, "migrate"), folder, env)
        run((*CHOPHIEN, "seed"), folder, env)
        settings = Settings.read(env)
        web = stack.enter_context(chophien("web", folder, env))
        wait_until(lambda: answers(port, "/readyz"), web, folder / "web")
        database = open_database(settings)
        stack.callback(database.close)
        with database.reading() as db:
            account_id = db.scalars(select(Account.id).where(Account.external_id == PAGE_ID)).one()
        quarter = rows // 4
        took = fill(database, account_id, quarter, 2 * quarter, oldest_days=365, newest_days=91)
        took += fill(database, account_id, quarter, 0, oldest_days=89, newest_days=8, first=quarter)
        yield f"filled in {took:.0f} s: {left(database, account_id)}"
        stack.enter_context(chophien("worker", folder, env))
        page = Page(PAGE_ID, APP_SECRET)
        talk(page, port, platform, a_second, lambda: True)  # warms up
        end = time.monotonic() + CALM_S
        without = talk(page, port, platform, a_second, lambda: time.monotonic() > end)
        yield shown("without", without)
        alone = {**env, "MESSENGER_APP_SECRET": ""}  # it has no page to look after: the stand-in only takes messages
        stack.enter_context(chophien("clock", folder, alone))
        log = folder / "clock" / "log"
        beside = talk(page, port, platform, a_second, lambda: finished(log) is not None)
        yield shown("with", beside)
        told = finished(log) or {}
        gone = sum(number for name, number in told.items() if name in {"events", "event_bodies", "replies"})
        seconds = float(told.get("seconds", 0.0))
        rest = left(database, account_id)
        yield f"tidied {gone:,} rows in {seconds:.0f} s: {gone / seconds:,.0f} rows/s; of the old ones {rest}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--per-second", type=float, default=20.0)
    parser.add_argument("--database", choices=("sqlite", "postgresql"))
    given = parser.parse_args()
    for kind in (given.database,) if given.database else ("sqlite", "postgresql"):
        print(f"{kind}, {given.rows:,} old rows, {given.per_second:g} messages a second", flush=True)
        with ExitStack() as stack:
            server = stack.enter_context(Postgres()) if kind == "postgresql" else None
            for line in measure(Path("var/bench"), given.rows, given.per_second, server):
                print(f"  {line}", flush=True)


if __name__ == "__main__":
    main()
