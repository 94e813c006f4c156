"""What is measured, and in which turns: rounds of things that are compared follow one another, never hour by hour."""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from statistics import median

from bench.disk import fsyncs_a_second
from bench.orders import orders_a_second
from bench.people import CODES, Message, Page
from bench.product import (
    APP_SECRET,
    PAGE_ID,
    Broken,
    Family,
    Graph,
    bare_route,
    environment,
    family,
    new_folder,
    web_alone,
)
from bench.report import Figure, at_least, of_rounds, within
from bench.tally import Tally, percentile, tally
from bench.wire import as_fast_as_answered, at_a_pace
from bot.run.settings import Settings

EACH = len(CODES)
ACK_P99_MS = 500.0
CALM_ACK_P99_MS = 15.0
CALM_P95_MS = 20.0
CPU_MS = 1.0
IDLE_MB, LOADED_MB = 200.0, 300.0
START_S = 5.0
SLOW_S = 0.1
CALM_A_SECOND = 20.0


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything. people: they write six messages each, so that nobody is told to slow down."""

    rounds: int
    deliveries: int
    people: int
    calm_messages: int
    orders: int
    many: int  # people who have written before, for what a message costs then


FULL = Size(rounds=3, deliveries=3000, people=320, calm_messages=200, orders=1_000, many=1_000_000)
QUICK = Size(rounds=1, deliveries=600, people=64, calm_messages=60, orders=60, many=2_000)


@dataclass(frozen=True, slots=True, eq=False)
class Load:
    name: str
    connections: int
    seconds: float  # that the platform takes
    least: Mapping[str, float]  # replies a second, by database
    aim: float


LOADS = (
    Load("platform at once, 16 connections", 16, 0.0, {"SQLite": 1_500, "PostgreSQL": 1_300}, 2_400),
    Load("platform takes 100 ms, 64 connections", 64, SLOW_S, {"SQLite": 1_600, "PostgreSQL": 1_500}, 2_700),
)


ORDERS_A_SECOND = 300.0


def order_turns(parent: Path, size: Size, databases: Mapping[str, str]) -> list[Figure]:
    """Stock reserved, an order made, two producers' parts told: the worker's own turns, nothing sent."""
    figures = []
    for name, url in databases.items():
        with new_folder(parent) as folder:
            found = orders_a_second(folder, url, size.orders)
        figures.append(at_least(f"{name}: order turns, two producers each", [found], "a second", ORDERS_A_SECOND))
    return figures


@dataclass(slots=True)
class Round:
    replies_a_second: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    parts_ms: list[Mapping[str, float]] = field(default_factory=list)
    tallies: list[Tally] = field(default_factory=list)


def disk(folder: Path) -> Figure:
    return of_rounds("disk: 4 KiB made durable", [fsyncs_a_second(folder) for _ in range(3)], "a second")


def webhook(parent: Path, stand_in: Graph, size: Size, fsyncs: float) -> list[Figure]:
    """A delivery until its durable 200, beside the bare route on the same server."""
    page = Page(PAGE_ID, APP_SECRET)
    rates: dict[str, list[float]] = {"ours": [], "bare": []}
    waits: dict[str, list[float]] = {"ours": [], "bare": []}
    with ExitStack() as stack:
        folder = stack.enter_context(new_folder(parent))
        beside = stack.enter_context(new_folder(parent))
        settings = Settings.read(environment(folder, 1, 1))
        ports = {
            "ours": stack.enter_context(web_alone(folder, stand_in.port)),
            "bare": stack.enter_context(bare_route(beside, settings.web_workers, settings.web_threads)),
        }
        for number in range(size.rounds + 1):
            for which, port in ports.items():
                people = (size.deliveries if number else 200) // EACH  # the first round only warms up
                messages = page.messages(people, EACH, port)
                start = time.monotonic()
                as_fast_as_answered(messages, port, 16)
                seconds = time.monotonic() - start
                bad = next((message.status for message in messages if message.status != 200), None)
                if bad is not None:
                    raise Broken(f"{which}: a delivery was answered {bad}")
                if number:
                    rates[which].append(len(messages) / seconds)
                    waits[which] += [(message.answered - message.left) / 1e6 for message in messages]
    bare = median(rates["bare"])
    ours = median(rates["ours"])
    return [
        of_rounds(
            "webhook until its durable 200, 16 connections",
            rates["ours"],
            "a second",
            against=f"bare Flask + HMAC route {bare:,.0f} ({min(rates['bare']):,.0f}–{max(rates['bare']):,.0f})",
            ratio=ours / bare,
            note=f"{ours / fsyncs:.2f} for each fsync that the disk could do",
        ),
        Figure(
            "   its wait, p50",
            percentile(waits["ours"], 50),
            "ms",
            against=f"bare route {percentile(waits['bare'], 50):.1f} ms",
            ratio=percentile(waits["ours"], 50) / percentile(waits["bare"], 50),
        ),
        within(
            "   its wait, p99",
            percentile(waits["ours"], 99),
            "ms",
            ACK_P99_MS,
            note=f"bare route {percentile(waits['bare'], 99):.1f} ms",
        ),
    ]


def standing(parent: Path, stand_in: Graph) -> list[Figure]:
    """How long a start takes and what the family holds in memory while nobody writes."""
    with new_folder(parent) as folder:
        with _timed() as cold, family(folder, stand_in.port):
            cold.stop()
        with _timed() as warm, family(folder, stand_in.port) as house:
            warm.stop()
            _greet(house, stand_in)
            time.sleep(3)
            held = house.memory_mb()
    parts = ", ".join(f"{part} {mb:.0f}" for part, mb in sorted(held.items(), key=lambda item: -item[1]))
    return [
        Figure("first start: tables, demo data, all processes", cold.seconds, "s"),
        within("warm start until /readyz", warm.seconds, "s", START_S),
        within("memory of the idle family, sum of PSS", sum(held.values()), "MB", IDLE_MB, note=parts),
    ]


def whole_path(parent: Path, stand_in: Graph, size: Size, databases: Mapping[str, str]) -> tuple[list[Figure], bool]:
    """Message to reply on every database, at an instant platform and at one that takes 100 ms, then calmly.

    databases: URL by name, an empty one for SQLite in the product's own folder. True beside the figures if every
    message was taken and answered once, in order.
    """
    page = Page(PAGE_ID, APP_SECRET)
    rounds: dict[tuple[str, Load], Round] = {(name, load): Round() for load in LOADS for name in databases}
    calm: dict[str, Tally] = {}
    with ExitStack() as stack:
        houses = {
            name: stack.enter_context(family(stack.enter_context(new_folder(parent)), stand_in.port, url))
            for name, url in databases.items()
        }
        for house in houses.values():
            _greet(house, stand_in)
        for _ in range(size.rounds):
            for (name, load), found in rounds.items():
                _run_load(page.messages(size.people, EACH, houses[name].port), houses[name], stand_in, load, found)
        for name, house in houses.items():
            calm[name] = _calm(page, house, stand_in, size)
        grown = {name: sum(house.memory_mb().values()) for name, house in houses.items()}
    figures = [figure for (name, load), found in rounds.items() for figure in _path_figures(name, load, found)]
    for name, one in calm.items():
        title = f"{name}, calm, 20 messages a second, platform 100±50 ms"
        figures += [
            within(f"{title}: acknowledged p99", percentile(one.acks_ms, 99), "ms", CALM_ACK_P99_MS),
            Figure("   message to reply p50", percentile(one.replies_ms, 50), "ms"),
            within("   p95", percentile(one.replies_ms, 95), "ms", CALM_P95_MS),
            _faults([one]),
        ]
    figures += [
        within(f"{name}: memory of the family after all that, sum of PSS", mb, "MB", LOADED_MB)
        for name, mb in grown.items()
    ]
    tallies = [*calm.values(), *chain.from_iterable(found.tallies for found in rounds.values())]
    return figures, all(one.right for one in tallies)


def _run_load(messages: Sequence[Message], house: Family, stand_in: Graph, load: Load, found: Round) -> None:
    stand_in.pace(load.seconds)
    stand_in.received()
    before = house.cpu_seconds()
    as_fast_as_answered(messages, house.port, load.connections)
    stand_in.settle(len(messages))
    after = house.cpu_seconds()
    one = tally(messages, stand_in.received())
    parts = {part: (spent - before.get(part, 0.0)) * 1e3 / max(1, one.answered) for part, spent in after.items()}
    found.tallies.append(one)
    found.replies_a_second.append(one.answered / one.seconds if one.answered else 0.0)
    found.cpu_ms.append(sum(parts.values()))
    found.parts_ms.append(parts)


def _calm(page: Page, house: Family, stand_in: Graph, size: Size) -> Tally:
    """The reply's moment is its arrival at the platform, so that the platform's own time does not count."""
    stand_in.pace(SLOW_S, SLOW_S / 2)
    stand_in.received()
    messages = page.messages(math.ceil(size.calm_messages / EACH), EACH, house.port)
    at_a_pace(messages, house.port, CALM_A_SECOND)
    stand_in.settle(len(messages))
    return tally(messages, stand_in.received())


def _path_figures(name: str, load: Load, found: Round) -> Iterator[Figure]:
    title = f"{name}, {load.name}"
    last = found.tallies[-1]
    yield at_least(
        f"{title}: replies",
        found.replies_a_second,
        "a second",
        load.least[name],
        aim=load.aim if name == "SQLite" else 0,
        note=f"last round: p50 {percentile(last.replies_ms, 50):,.0f}, p95 {percentile(last.replies_ms, 95):,.0f}, "
        f"200 at p99 {percentile(last.acks_ms, 99):,.0f} ms",
    )
    parts = {part: median(one.get(part, 0.0) for one in found.parts_ms) for part in found.parts_ms[-1]}
    told = ", ".join(f"{part} {ms:.2f}" for part, ms in sorted(parts.items(), key=lambda item: -item[1]))
    yield within("   CPU of all our processes", median(found.cpu_ms), "ms a reply", CPU_MS, note=told)
    yield _faults(found.tallies)


def _faults(tallies: Sequence[Tally]) -> Figure:
    lost, doubled = sum(one.lost for one in tallies), sum(one.doubled for one in tallies)
    disordered, refused = sum(one.out_of_order for one in tallies), sum(one.refused for one in tallies)
    return Figure(
        "   lost, doubled, out of order",
        lost + doubled + disordered,
        "faults",
        against="none",
        holds=all(one.right for one in tallies),
        note=f"{lost}, {doubled}, {disordered} of {sum(one.sent for one in tallies):,}"
        + (f"; {refused} NOT TAKEN" if refused else ""),
    )


def _greet(house: Family, stand_in: Graph) -> None:
    """One message through everything, so that what is made at first use is made. Raises `Broken` without a reply."""
    stand_in.pace(0)
    stand_in.received()
    messages = Page(PAGE_ID, APP_SECRET).messages(8, 1, house.port)
    as_fast_as_answered(messages, house.port, 4)
    stand_in.settle(len(messages))
    found = tally(messages, stand_in.received())
    if found.answered < len(messages):
        raise Broken(f"{found.answered} of {len(messages)} first messages were answered, {found.refused} not taken")


@dataclass(slots=True)
class _Watch:
    started: float
    seconds: float = 0.0

    def stop(self) -> None:
        self.seconds = time.monotonic() - self.started


@contextmanager
def _timed() -> Iterator[_Watch]:
    yield _Watch(time.monotonic())
