"""No text, of any length and in any script, makes a reader of free text raise, dawdle or say something absurd.

Tried are letters of all of Unicode; our own words, numbers, products, days, codes and places in random order, with all
habits of typing (no accents, NFD, raw Telex, look-alikes, zero-width marks, capitals, joined words); 4,000 characters
of one thing; and what a coverage-guided fuzzer (atheris) thinks of, starting from labelled sentences.
"""

import json
import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.understand import lunar
from bot.understand.amounts import Quantity
from bot.understand.days import parse_day
from bot.understand.intent import Intent
from bot.understand.numbers import digits
from tests.fuzz.claims import FAR, TODAY
from tests.fuzz.hostile import hostile
from tests.fuzz.readers import READERS, check, shelf, warmed
from tests.fuzz.words import HABITS, NUMBERS, SIGNS, STRANGE, WORDS, vocabulary

ROOT = Path(__file__).parents[2]
RUNS = 2_000


def bounded(examples: int) -> settings:
    """The same texts at every run."""
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=examples, derandomize=True, database=None, deadline=None, suppress_health_check=slow)


words = st.one_of(
    st.sampled_from(NUMBERS), st.sampled_from(WORDS), st.sampled_from(vocabulary()), st.sampled_from(STRANGE)
)


@st.composite
def spoken(draw: st.DrawFn, most: int) -> str:
    """Up to so many of our words in a row, with signs between, typed with one or two habits."""
    signs = st.sampled_from(SIGNS) if draw(st.booleans()) else st.just(" ")
    text = "".join(word + draw(signs) for word in draw(st.lists(words, min_size=1, max_size=most)))
    for habit in draw(st.lists(st.sampled_from(HABITS), max_size=2)):
        text = habit(text)
    return text


# What each reader could take for an amount, a price, a day or a phone, and must not.
ABSURD = (
    "999999999 tấn cam",
    "999999 tấn rưỡi cam",
    "cam 0 kg",
    "0kg cam 0đ",
    "0 200đ",
    "AY 0",
    "0 BY",
    "0.001 g cam",
    "0,001 lạng cam giá 0,001 nghìn",
    "-5 kg cam",
    "1e9 kg cam",
    "1e400 kg cam giá 1e400",
    "nan kg cam giá inf",
    "999999999 chục cam",
    "999999999 tỷ",
    "999 tỷ tỷ",
    "cam giá hai tỷ một lạng",
    "cam giá hai tỷ lạng 2",
    "cam giá 9999tr g 2",
    "cam 1-2 tỷ lạng",
    "cam 0–1tr250",
    "0g999 cam",
    "1/4 g cam",
    "cam 0-1 tấn",
    "cam giá 0/0 k /kg",
    "cam 999999999 tỷ một lạng",
    "cam 99 tỷ một lạng",
    "1/0 kg cam",
    "nửa nửa nửa kg",
    "ngày 22/11/2099 có 2kg cam",
    "31/12/9999",
    "1/1/0000",
    "29/2/2027",
    "018001234",
    "1800123456 chị Hằng",
    "giao cam ngày 32/13",
)


@pytest.fixture(scope="module", autouse=True)
def _loaded() -> None:
    warmed()


@pytest.mark.parametrize("name", READERS)
def test_a_reader_takes_any_message(name: str) -> None:
    @bounded(40)
    @given(st.one_of(st.text(max_size=80), spoken(12)))
    def holds(typed: str) -> None:
        check(name, typed)

    holds()


@pytest.mark.parametrize("name", READERS)
def test_a_reader_takes_a_message_of_any_length(name: str) -> None:
    @bounded(6)
    @given(
        st.lists(words, min_size=1, max_size=6), st.sampled_from(SIGNS), st.sampled_from(HABITS), st.integers(20, 2_500)
    )
    def holds(row: list[str], sign: str, habit: Any, length: int) -> None:
        one = habit(sign.join(row) + " ")
        check(name, (one * (length // max(1, len(one)) + 1))[:length])

    holds()


@pytest.mark.parametrize("name", READERS)
def test_no_repetition_makes_a_reader_dawdle(name: str) -> None:
    for typed in hostile().values():
        check(name, typed)


@pytest.mark.parametrize("name", READERS)
def test_no_reader_believes_an_absurd_amount(name: str) -> None:
    for typed in ABSURD:
        check(name, typed)


@pytest.mark.parametrize(
    ("name", "absurd"),
    [
        ("numbers.bare_number", Decimal("NaN")),
        ("numbers.bare_number", Decimal("Infinity")),
        ("numbers.bare_number", Decimal(-1)),
        ("amounts.parse_quantity", Quantity(Decimal(10**9), "kg")),
        ("amounts.parse_price", 0),
        ("amounts.parse_price", 10**10),
        ("days.parse_day", TODAY - timedelta(days=1)),
        ("codes.code_spans", [(2, 2)]),
        ("intent.read, customer", Intent("order", {"product": "cam", "quantity": 0})),
        ("intent.read, customer", Intent("order", {"items": [{"product": "cam"}] * 21})),
        ("intent.read, customer", Intent("order", {"quantity": float("nan")})),
        ("intent.read, customer", Intent("order", {"quantity": Decimal(2)})),
        ("intent.read, producer", Intent("post_stock", {"price_vnd": 25_000.5})),
        ("intent.read, producer", Intent("post_stock", {}, 1.01)),
    ],
)
def test_an_absurd_answer_would_be_noticed(name: str, absurd: Any) -> None:
    with pytest.raises((AssertionError, TypeError, ValueError)):
        READERS[name].claim("cam", absurd)


@bounded(100)
@given(st.dates(date(2024, 1, 1), date(2090, 12, 31)), spoken(6))
def test_a_day_lies_ahead_and_not_far_whenever_it_is_named(today: date, typed: str) -> None:
    found = parse_day(typed, today)
    assert found is None or today <= found <= today + FAR
    moon = lunar.lunar_day(typed, today)
    assert moon is None or today <= moon.solar <= today + FAR


@bounded(100)
@given(st.dates(date(2024, 1, 1), date(2090, 12, 31)), st.integers(1, 30), st.integers(1, 12), st.booleans())
def test_every_day_of_the_calendars_is_found_ahead(today: date, day: int, month: int, lunar_too: bool) -> None:
    typed = f"{day}/{month} âm lịch" if lunar_too else f"ngày {day}/{month}"
    found = parse_day(typed, today)
    assert found is None or today <= found <= today + FAR


@bounded(100)
@given(st.text(alphabet="0123456789.,-+eE٣", max_size=14))
def test_digits_are_read_as_they_are_written_or_not_at_all(typed: str) -> None:
    found = digits(typed)
    assert (
        found is None
        or found == Decimal(typed.replace(",", "."))
        or found == Decimal(typed.replace(".", "").replace(",", ""))
    )


@bounded(100)
@given(spoken(8), st.integers(0, 12))
def test_a_search_gives_no_more_than_was_asked_for(typed: str, limit: int) -> None:
    assert shelf().search(typed, limit) == shelf().search(typed, 100)[:limit]


@pytest.mark.skipif(
    find_spec("atheris") is None, reason="atheris is NOT INSTALLED (it has wheels for Linux only): no fuzzing"
)
def test_a_fuzzer_that_sees_every_branch_finds_no_fault(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fuzz.harness", str(tmp_path), f"-runs={RUNS}", "-seed=1", "-max_len=100"]
    run = subprocess.run(
        [*command, "-print_final_stats=1"], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert run.returncode == 0, run.stderr[-2_000:]
    assert f"stat::number_of_executed_units: {RUNS}\n" in run.stderr
    faults = tmp_path / "faults.jsonl"
    assert not faults.exists(), faults.read_text("utf-8")
    slowest: dict[str, tuple[float, str]] = json.loads((tmp_path / "slowest.json").read_text("utf-8"))
    assert slowest.keys() == READERS.keys()
    for name, (_, typed) in slowest.items():
        check(name, typed)
