"""How well messages are understood, against labelled lines: `python -m bench.understanding [--wrong] [FILE…]`.

Nothing of these lines is known to the rules but by their author's hand; those in `bench/data` were written by somebody
who had not seen the rules, and are looked at only as sums.
"""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any, TextIO

import click

from bench.asked import Lexicon
from bench.report import Figure, at_least, show, within
from bench.searching import distractors, held_mb
from bench.tally import percentile
from bot.understand import intent
from bot.understand.intent import Intent
from bot.understand.lexicon import canonical
from bot.understand.text import bare
from catalog.search import Index
from tests.fuzz.hostile import hostile
from tests.fuzz.readers import READERS, check, warmed

CHOPHIEN = str(Path(sys.executable).with_name("chophien"))
Row = dict[str, Any]

HERE = Path(__file__).parent
LABELLED = HERE.parent / "tests" / "unit" / "data"
FILES = {
    "160 first lines": LABELLED / "utterances.jsonl",
    "customers": LABELLED / "utterances_customers.jsonl",
    "producers": LABELLED / "utterances_producers.jsonl",
    "everyday": LABELLED / "utterances_everyday.jsonl",
    "in haste": LABELLED / "utterances_haste.jsonl",
    "further": LABELLED / "utterances_further.jsonl",
    "fresh": LABELLED / "utterances_fresh.jsonl",
    "kept apart": HERE / "data" / "utterances_apart.jsonl",
}
LIMITS = {
    "intent": 97.0,
    "order + post_stock recall": 97.0,
    "quantity + unit": 97.0,
    "price": 97.0,
    "product": 95.0,
    "trace code": 100.0,
    "phone": 100.0,
    "unknown not written": 100.0,
}
"""What is wanted of the first lines; of the others it is what they are for to tell how far that goes."""
CATALOGUE, LARGE = 1_000, 10_000
MOST_MEDIAN_MS, MOST_P99_MS, MOST_HOSTILE_MS = 1.0, 5.0, 20.0
MOST_START_S, LEAST_A_SECOND, MOST_MB = 2.0, 1_000.0, 60.0
SELLING = {"order", "post_stock"}
WRITES = {"order", "cart_edit", "checkout", "cancel", "preorder", "post_stock", "update_stock", "update_price"}
STEPS = (0.0, 0.5, 0.7, 0.85, 0.95, 1.01)  # of confidence, for the calibration


@dataclass(slots=True)
class Score:
    """right and seen, by what is counted; wrong: lines to look at."""

    right: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    confident: list[tuple[float, bool]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def count(self, what: str, right: bool) -> bool:
        self.seen[what] += 1
        self.right[what] += right
        return right

    def share(self, what: str) -> float:
        return self.right[what] / self.seen[what] if self.seen[what] else 1.0

    @property
    def calibration(self) -> list[tuple[str, int, float, float]]:
        """By band of confidence: how many, the mean confidence in it, and the share that was right."""
        bands = []
        for low, high in pairwise(STEPS):
            inside = [(sure, right) for sure, right in self.confident if low <= sure < high]
            if inside:
                mean = sum(sure for sure, _ in inside) / len(inside)
                bands.append(
                    (f"{low:.2f}–{min(high, 1):.2f}", len(inside), mean, sum(r for _, r in inside) / len(inside))
                )
        return bands


def load(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def judge(rows: Iterable[Row], read: Callable[[str, intent.Role], Intent]) -> Score:
    """Stateless: each line alone. The values are judged whatever the intent was taken for."""
    score = Score()
    for row in rows:
        role: intent.Role = "producer" if row["role"] == "producer" else "customer"
        begun = time.perf_counter()
        found = read(row["text"], role)
        score.seconds.append(time.perf_counter() - begun)
        wanted, slots = row["intent"], row["slots"]
        right = score.count("intent", found.name == wanted)
        score.confident.append((found.confidence, right))
        if wanted in SELLING:
            score.count("order + post_stock recall", right)
        if wanted == "unknown":
            score.count("unknown not written", found.name not in WRITES)
        _judge_slots(score, row, slots, found.slots)
        if not right:
            score.wrong.append(f"{row['id']} {wanted} → {found.name}: {row['text']}")
    return score


def _judge_slots(score: Score, row: Row, wanted: Row, got: Row) -> None:
    judged = {
        "quantity + unit": _judged(wanted, got, ("quantity", "unit")),
        "price": _judged(wanted, got, ("price_vnd",)),
        "price unit": _judged(wanted, got, ("price_unit",)),
        "product": _judged(wanted, got, ("product",)),
        "trace code": _judged(wanted, got, ("trace_code",)),
        "phone": _judged(wanted, got, ("phone",)),
        "other values": _others(wanted, got),
    }
    for what, right in judged.items():
        if right is not None and not score.count(what, right):
            score.wrong.append(f"{row['id']}   {what}: {row['text']} | {wanted} | {got}")


def _judged(wanted: Row, got: Row, names: Sequence[str]) -> bool | None:
    """Whether these values are the wanted ones, in every item; None if none of them is wanted."""
    items = wanted.get("items") or [wanted]
    if not any(name in item for item in items for name in names):
        return None
    found = got.get("items") or [got]
    if len(found) != len(items):
        return False
    return all(
        _same(name, item.get(name), other.get(name))
        for item, other in zip(items, found, strict=True)
        for name in names
        if names[0] in item or name in item
    )


def _others(wanted: Row, got: Row) -> bool | None:
    counted = {"quantity", "unit", "price_vnd", "price_unit", "product", "trace_code", "phone", "items"}
    names = [name for name in wanted if name not in counted]
    if not names:
        return None
    return all(_same(name, wanted[name], got.get(name)) for name in names)


def _same(name: str, wanted: Any, got: Any) -> bool:
    if name in ("product", "replace_with"):
        return got is not None and _same_product(str(wanted), str(got))
    if isinstance(wanted, str) and isinstance(got, str):
        return bare(wanted) == bare(got)
    return bool(wanted == got)


def _same_product(wanted: str, got: str) -> bool:
    """Both sides through the same list of names, without accents; one may say more than the other."""
    left, right = f" {bare(canonical(wanted))} ", f" {bare(canonical(got))} "
    return left in right or right in left


def figures(name: str, score: Score, limits: Mapping[str, float]) -> list[Figure]:
    found = []
    for what in score.seen:
        share, told = 100 * score.share(what), f"{score.right[what]} of {score.seen[what]}"
        if least := limits.get(what):
            one = at_least(f"{name}: {what}", [share], "%", least)
            found.append(replace(one, against=f"{told}, {one.against}"))
        else:
            found.append(Figure(f"{name}: {what}", share, "%", None, told))
    bands = ", ".join(f"{band} {100 * right:.0f} % of {many}" for band, many, _, right in score.calibration)
    return [*found, Figure(f"{name}: right by confidence", 100 * score.share("intent"), "%", note=bands)]


def measure() -> list[Figure]:
    """Every file, then how long it takes with a catalogue, as a program, and what an index holds."""
    lexicon = Lexicon.shipped()
    shelf = Index([*lexicon.entries(), *distractors(lexicon, Random(1), CATALOGUE)][:CATALOGUE])

    def read(text: str, role: intent.Role) -> Intent:
        return intent.read_alone(text, role, shelf.search)

    found, times = list[Figure](), list[float]()
    for name, path in FILES.items():
        rows = load(path)
        judge(rows[:5], intent.read_alone)  # lists are read when they are first needed
        found += figures(name, judge(rows, intent.read_alone), LIMITS if path == FILES["160 first lines"] else {})
        times += [1000 * seconds for seconds in judge(rows, read).seconds]
    note = f"{len(times)} lines, a catalogue of {CATALOGUE:,}"
    found.append(within("a message, median", percentile(times, 50), "ms", MOST_MEDIAN_MS, note))
    found.append(within("a message, p99", percentile(times, 99), "ms", MOST_P99_MS))
    found.append(worst_of_hostile())
    found += as_a_program([row for path in FILES.values() for row in load(path)])
    held = in_memory(lexicon)
    found.append(within(f"an index over {LARGE:,} products", held, "MB", MOST_MB))
    return found


def worst_of_hostile() -> Figure:
    """CPU time for the message that is made to be slow, 4,000 characters long before the cut."""
    warmed()
    spent = {
        (reader, name): check(reader, typed, None, tries=5)
        for reader in READERS
        if reader.startswith("intent.read")
        for name, typed in hostile().items()
    }
    reader, name = max(spent, key=spent.__getitem__)
    note = f"{name}, {reader}; of {len(spent)}, the best of 5 each"
    return within("a hostile message, the worst", 1000 * spent[reader, name], "ms", MOST_HOSTILE_MS, note)


def as_a_program(rows: Sequence[Row]) -> list[Figure]:
    """`chophien understand` over the demo catalogue: until the first answer, and lines a second after that."""
    with TemporaryDirectory() as folder:
        around = {**os.environ, "VAR_DIR": folder, "LOG_LEVEL": "error"}
        for command in ("migrate", "seed"):
            subprocess.run([CHOPHIEN, command], env=around, check=True, capture_output=True)
        lines = [json.dumps({key: row[key] for key in ("id", "role", "text")}) + "\n" for row in rows]
        begun = time.perf_counter()
        with subprocess.Popen(
            [CHOPHIEN, "understand"], env=around, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as program:
            assert program.stdin is not None
            assert program.stdout is not None
            program.stdin.write(lines[0])
            program.stdin.flush()
            program.stdout.readline()
            first = time.perf_counter()
            writer = Thread(target=_write, args=(program.stdin, lines * 3))
            writer.start()
            answered = sum(1 for _ in program.stdout)
            spent = time.perf_counter() - first
            writer.join()
    start = within("chophien understand: until the first answer", first - begun, "s", MOST_START_S)
    return [start, at_least("chophien understand", [answered / spent], "lines/s", LEAST_A_SECOND)]


def _write(pipe: TextIO, lines: Sequence[str]) -> None:
    pipe.writelines(lines)
    pipe.close()


def in_memory(lexicon: Lexicon) -> float:
    """What an index adds to this process, in MB."""
    entries = [*lexicon.entries(), *distractors(lexicon, Random(2), LARGE)][:LARGE]
    before = held_mb()
    index = Index(entries)
    held = held_mb() - before
    assert index.search("cam")
    return held


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--wrong", is_flag=True, help="Also show the lines that were not understood.")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(wrong: bool, files: tuple[Path, ...]) -> None:
    """Say how many labelled lines are understood. Without FILES: everything, with times and memory."""
    if not files:
        show(measure())
    for path in files:
        score = judge(load(path), intent.read_alone)
        show(figures(path.name, score, {}))
        if wrong:
            click.echo("\n".join(score.wrong))


if __name__ == "__main__":
    main()
