"""Labelled lines: what people write, and what they want by it. The floors are a little below what is reached.

All files but the last were read while the rules were written. The lines of the last were written by somebody who had
not seen the rules, and are looked at as sums only: how many are right is what other lines of that kind can expect.
"""

from pathlib import Path

import pytest

from bench.understanding import FILES, LABELLED, Score, judge, load
from bot.understand import intent

READ = {
    "160 first lines": (0.97, 0.97, 0.97, 0.97, 0.95),
    "customers": (0.94, 0.97, 0.93, 0.70, 0.92),
    "producers": (0.93, 0.96, 0.91, 0.90, 0.90),
    "everyday": (0.95, 0.98, 0.95, 0.97, 0.94),
    "in haste": (0.94, 0.98, 0.95, 0.93, 0.90),
    "further": (0.90, 0.97, 0.85, 0.70, 0.80),
    "fresh": (0.95, 0.96, 0.96, 0.94, 0.95),
    "kept apart": (0.90, 0.94, 0.90, 0.90, 0.90),
}
"""Least share of right intents, orders and postings heard, amounts, prices, products."""
MOST_WRITES = dict(zip(READ, (0, 3, 5, 2, 4, 1, 1, 4), strict=True))
"""How many lines that want nothing may be taken for something that writes; it is read back before it does."""


@pytest.fixture(scope="module")
def scores() -> dict[str, Score]:
    return {name: judge(load(path), intent.read_alone) for name, path in FILES.items()}


def test_the_lines_that_came_with_the_rules_are_here() -> None:
    assert [len(load(path)) for path in FILES.values()] == [160, 320, 280, 500, 500, 360, 300, 400]
    assert {path.parent for path in FILES.values()} - {LABELLED} == {Path(LABELLED.parents[2], "bench", "data")}


@pytest.mark.parametrize("name", FILES)
def test_the_lines_are_understood(name: str, scores: dict[str, Score]) -> None:
    score = scores[name]
    what = ("intent", "order + post_stock recall", "quantity + unit", "price", "product")
    reached = tuple(round(score.share(one), 3) for one in what)
    assert all(share >= least for share, least in zip(reached, READ[name], strict=True)), (reached, score.wrong)


@pytest.mark.parametrize("name", FILES)
def test_who_wants_nothing_is_hardly_ever_sold_anything(name: str, scores: dict[str, Score]) -> None:
    score = scores[name]
    written = score.seen["unknown not written"] - score.right["unknown not written"]
    assert written <= MOST_WRITES[name]


def test_who_is_surer_is_more_often_right(scores: dict[str, Score]) -> None:
    """Of what claims to be right nine times in ten, nine in ten are; of guesses, fewer."""
    sure = [right for score in scores.values() for confidence, right in score.confident if confidence >= 0.85]
    guessed = [right for score in scores.values() for confidence, right in score.confident if confidence < 0.85]
    assert sum(sure) / len(sure) >= 0.9
    assert sum(guessed) / len(guessed) < sum(sure) / len(sure)


def test_the_issues_of_words_are_understood() -> None:
    read = intent.read_alone
    sale = read("Bác có hai tạ rưỡi sắn, bán bốn nghìn một cân nhé cháu", "producer")
    assert (sale.name, sale.slots) == (
        "post_stock",
        {"product": "sắn", "quantity": 250, "unit": "kg", "price_vnd": 4000, "price_unit": "kg"},
    )
    order = read("cho e 2kg camr sanhf vs 1 chuc trung", "customer")
    assert (order.name, order.slots["items"]) == (
        "order",
        [{"product": "cam sành", "quantity": 2, "unit": "kg"}, {"product": "trứng", "quantity": 10, "unit": "quả"}],
    )
    wishes = [
        read(text, "customer").name for text in ("ad oi mit con k", "thom bao nhieu 1 trai", "do you still have honey?")
    ]
    assert wishes == ["search", "search", "search"]
    assert read("3 bo rau muong thoi nha", "customer").slots == {"product": "rau muống", "quantity": 3, "unit": "bó"}
    assert read("48392017 6504", "customer").slots == {"trace_code": "483920176504"}
    assert read("con tôi năm nay lên 5 tuổi rồi", "producer").name == "unknown"
