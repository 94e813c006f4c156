"""Votes are counted as if by hand, however many names there are."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from catalog.bits import highest, positions_of, row_of, tally

VOTES = st.lists(st.tuples(st.sets(st.integers(0, 300), max_size=40), st.integers(0, 4)), max_size=30)


def counted(votes: list[tuple[set[int], int]]) -> Counter[int]:
    return Counter({i: n for i in range(301) if (n := sum(2**power for names, power in votes if i in names))})


@given(VOTES)
def test_counters_hold_what_a_loop_counts(votes: list[tuple[set[int], int]]) -> None:
    counters = tally((row_of(names, 301), power) for names, power in votes)
    held = Counter(
        {i: n for i in range(301) if (n := sum((row >> i & 1) << place for place, row in enumerate(counters)))}
    )
    assert held == counted(votes)


@given(VOTES, st.integers(1, 50))
def test_the_highest_are_those_of_a_sorted_list_and_among_equals_the_first(
    votes: list[tuple[set[int], int]], limit: int
) -> None:
    counts = counted(votes)
    best = sorted(counts, key=lambda name: (-counts[name], name))[:limit]
    assert sorted(highest(tally((row_of(names, 301), power) for names, power in votes), limit)) == sorted(best)


@given(st.sets(st.integers(0, 100_000), max_size=50))
def test_a_row_gives_back_its_positions_from_the_lowest(positions: set[int]) -> None:
    assert positions_of(row_of(positions, 100_001), 50) == sorted(positions)


def test_nobody_is_chosen_without_a_vote() -> None:
    assert highest(tally([]), 5) == []
    assert highest([], 5) == []
    assert positions_of(0, 5) == []
