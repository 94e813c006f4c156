"""`python -m bench.passports`: the page behind a stamp, among ten thousand stamps and among a million.

Two databases are asked in turns, the same way: what a page costs must not grow with the number of stamps. Then the
product serves the larger one through Granian, as fast as it can and at a steady pace, everybody from an address of her
own; and a stamp that is voided must say so within a second, whichever process is asked.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import ceil
from pathlib import Path
from random import Random
from statistics import median

import click
from flask import Flask
from sqlalchemy import insert, select, text, update

from bench.people import Message
from bench.product import CHOPHIEN, Broken, answers, environment, free_port, new_folder, program, valkey, wait_until
from bench.report import Figure, at_least, show, within
from bench.wire import as_fast_as_answered, at_a_pace
from bot.run.app import create_app
from bot.run.roof import open_database
from bot.run.settings import Settings, valkey_socket
from catalog import trace
from catalog.db import Database
from catalog.lot import Lot, LotEvent, LotState
from catalog.migrate import to_head
from catalog.product import Product
from catalog.scan import Scan
from catalog.seed import seed
from catalog.stamp import TraceCode

FEW, MANY = 10_000, 1_000_000
A_LOT = 5_000
LOOKED_AT = 10
"""One stamp in so many was looked at, three times."""
ROUNDS, PAGES = 7, 400
MOST_RATIO = 1.3
PAGES_A_SECOND, P99_MS, PACE = 250, 50.0, 100
CONNECTIONS, FAST_PAGES, STEADY_S = 16, 3_000, 15
SHOWN_S = 1.0


@dataclass(slots=True)
class Shelf:
    """A product with so many stamps. codes: a thousand of them, drawn at random."""

    stamps: int
    database: Database
    app: Flask
    codes: list[str] = field(default_factory=list)
    wall_ms: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)

    def round(self, chance: Random) -> None:
        """So many people look at one stamp each."""
        client, wanted = self.app.test_client(), chance.sample(self.codes, PAGES)
        cpu, wall = time.process_time(), time.monotonic()
        for code in wanted:
            if client.get(f"/t/{code}", headers={"X-Forwarded-For": _somebody(chance)}).status_code != 200:
                raise Broken(f"no page for {code}")
        self.cpu_ms.append((time.process_time() - cpu) / PAGES * 1e3)
        self.wall_ms.append((time.monotonic() - wall) / PAGES * 1e3)


def fill(database: Database, stamps: int) -> list[str]:
    """Lots of 5,000 packages, each with its stamp and its diary; a thousand of the codes."""
    chance, at = Random(stamps), datetime.now(UTC) - timedelta(days=1)
    drawn = chance.sample(range(10**10), stamps)
    with database.reading() as db:
        product = db.scalars(select(Product).where(Product.sku == "MAT")).one()
    for first in range(0, stamps, A_LOT):
        with database.writing() as db:
            lot = Lot(
                number=f"BENCH-{first // A_LOT}",
                product_id=product.id,
                organisation_id=product.organisation_id,
                place="xã Đà Bắc",
                harvested_on=at.date() - timedelta(days=20),
                best_before=at.date() + timedelta(days=700),
                state=LotState.ACTIVE,
                recall_reason="",
                recall_advice="",
                created_at=at,
            )
            db.add(lot)
            db.flush()
            db.add_all(
                LotEvent(
                    lot_id=lot.id,
                    happened_on=at.date() - timedelta(days=20 - day),
                    kind="note",
                    words=words,
                    recorded_at=at,
                )
                for day, words in enumerate(("quay mật", "lọc", "đóng chai", "dán tem"))
            )
            codes = [trace.complete(number) for number in drawn[first : first + A_LOT]]
            given = {"kind": "unit", "lot_id": lot.id, "created_at": at, "activated_at": at, "pin_tries": 0}
            db.execute(insert(TraceCode), [{"code": code} | given for code in codes])
            looks = [
                {"code": code, "channel": "page", "scanned_at": at, "person_hash": f"{number:064}"}
                for code in codes[::LOOKED_AT]
                for number in range(3)
            ]
            db.execute(insert(Scan), looks)
    with database.writing() as db:
        db.execute(text("ANALYZE"))
    return [trace.complete(number) for number in chance.sample(drawn, 1000)]


@contextmanager
def shelf(parent: Path, stamps: int) -> Iterator[tuple[Shelf, Path]]:
    """And its folder."""
    with new_folder(parent) as folder, valkey(folder):
        settings = Settings.read(environment(folder, 1, 1))
        to_head(settings.database_url)
        database = open_database(settings)
        seed(database, datetime.now(UTC))
        codes = fill(database, stamps)
        yield Shelf(stamps, database, create_app(settings), codes), folder
        database.close()


def measure(parent: Path, many: int = MANY) -> list[Figure]:
    with ExitStack() as stack:
        few, _ = stack.enter_context(shelf(parent, min(FEW, many)))
        lots, folder = stack.enter_context(shelf(parent, many))
        for number in range(ROUNDS + 1):
            for one in (few, lots):
                one.round(Random(number))
        for one in (few, lots):  # the first round reads pages and makes plans
            del one.cpu_ms[0], one.wall_ms[0]
        ratio = median(lots.wall_ms) / median(few.wall_ms)
        grown = Figure(
            f"a stamp's page among {many:,} stamps, in the process",
            median(lots.wall_ms),
            "ms",
            (min(lots.wall_ms), max(lots.wall_ms)),
            against=f"{median(few.wall_ms):.2f} among {few.stamps:,}; at most × {MOST_RATIO}",
            ratio=ratio,
            holds=ratio <= MOST_RATIO,
            note=f"CPU {median(lots.cpu_ms):.2f} against {median(few.cpu_ms):.2f} ms",
        )
        return [slips(), grown, *_served(folder, lots, many)]


def slips(count: int = 1000) -> Figure:
    """Every one-digit slip, swap of neighbours and swap over one digit of so many codes: how many pass for right."""
    chance = Random(97)
    passed = tried = 0
    for _ in range(count):
        code = trace.make(chance.randrange)
        wrong = {code[:at] + digit + code[at + 1 :] for at in range(12) for digit in "0123456789"}
        for apart in (1, 2):
            for at in range(12 - apart):
                letters = list(code)
                letters[at], letters[at + apart] = letters[at + apart], letters[at]
                wrong.add("".join(letters))
        wrong.discard(code)
        tried += len(wrong)
        passed += sum(map(trace.check, wrong))
    return Figure(
        f"slips and swaps of {count:,} codes that pass for right, of {tried:,}",
        passed,
        "",
        against="none",
        holds=not passed,
    )


def _served(folder: Path, lots: Shelf, many: int) -> list[Figure]:
    port = free_port()
    env = environment(folder, port, port) | {"REDIS_URL": f"unix://{valkey_socket(folder)}"}
    with program((*CHOPHIEN, "web"), folder, env) as process:
        wait_until(lambda: answers(port, "/readyz"), process, folder)
        chance = Random(7)
        as_fast_as_answered(_asking(lots.codes, 200, port, chance), port, CONNECTIONS)  # warms up
        rates = []
        for _ in range(3):
            wanted = _asking(lots.codes, FAST_PAGES, port, chance)
            start = time.monotonic()
            as_fast_as_answered(wanted, port, CONNECTIONS)
            rates.append(len(wanted) / (time.monotonic() - start))
            _all_shown(wanted)
        calm = _asking(lots.codes, PACE * STEADY_S, port, chance)
        at_a_pace(calm, port, PACE)
        _all_shown(calm)
        waits = sorted((one.answered - one.due) / 1e6 for one in calm)
    with program((*CHOPHIEN, "web"), folder, env | {"WEB_WORKERS": "2"}) as process:
        wait_until(lambda: answers(port, "/readyz"), process, folder)
        late = [_shown_after(lots, code, port, chance) for code in lots.codes[-5:]]
    return [
        at_least(f"pages of stamps through Granian, {CONNECTIONS} connections, {many:,} stamps", rates, "pages/s",
                 PAGES_A_SECOND),
        within(f"p99 of a page at {PACE} a second", waits[ceil(len(waits) * 0.99) - 1], "ms", P99_MS),
        within("a void stamp says so on both of two processes after", max(late), "s", SHOWN_S),
    ]  # fmt: skip


def _asking(codes: Sequence[str], count: int, port: int, chance: Random) -> list[Message]:
    """Requests of so many people."""
    wanted = []
    for number in range(count):
        code = chance.choice(codes)
        head = (
            f"GET /t/{code} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: Mozilla/5.0 (Linux; Android 13)\r\n"
            f"X-Forwarded-For: {_somebody(chance)}\r\nAccept: text/html\r\n\r\n"
        )
        wanted.append(Message(str(number), code, head.encode()))
    return wanted


def _somebody(chance: Random) -> str:
    return f"113.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(1, 255)}"


def _all_shown(wanted: Sequence[Message]) -> None:
    wrong = [one.status for one in wanted if one.status != 200]
    if wrong:
        raise Broken(f"{len(wrong)} of {len(wanted)} pages were not shown: {sorted(set(wrong))}")


def _shown_after(lots: Shelf, code: str, port: int, chance: Random) -> float:
    """Void a stamp while both processes show it, and ask until nobody has said the old state for a second."""
    import urllib.request

    def state() -> str:
        asked = urllib.request.Request(
            f"http://127.0.0.1:{port}/t/{code}",
            headers={"Accept": "application/json", "X-Forwarded-For": _somebody(chance)},
        )
        with urllib.request.urlopen(asked, timeout=10) as answer:
            content: bytes = answer.read()
        return "void" if b'"void"' in content else "other"

    for _ in range(20):
        state()
    with lots.database.writing() as db:
        db.execute(update(TraceCode).where(TraceCode.code == code).values(voided_at=datetime.now(UTC)))
    voided = old = time.monotonic()
    while time.monotonic() - old < SHOWN_S:
        if state() == "other":
            old = time.monotonic()
            if old - voided > 10 * SHOWN_S:
                raise Broken("a void stamp is shown as if nothing were")
    return old - voided


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), default="var", help="On the disk to use.")
@click.option("--stamps", default=MANY, help="In the larger of the two databases.")
def main(folder: Path, stamps: int) -> None:
    """Say what the page behind a stamp costs. Exit code 1 if a limit is missed."""
    figures = measure(folder, stamps)
    show(figures)
    if not all(one.holds for one in figures):
        sys.exit(1)


if __name__ == "__main__":
    main()
