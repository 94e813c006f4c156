"""QR symbols that are summed up from parts are the ones that segno draws."""

from random import Random

import pytest
import segno

from catalog import trace
from handlers.papers.symbol import CAPACITY, Symbol, symbol_of, version_for

Matrix = tuple[tuple[int, ...], ...]


def drawn(symbol: Symbol) -> Matrix:
    rows = [[0] * symbol.side for _ in range(symbol.side)]
    for column, row, length in symbol.runs():
        rows[row][column : column + length] = [1] * length
    return tuple(map(tuple, rows))


def by_segno(url: str, damp: bool, mask: int | None = None) -> Matrix:
    made = segno.make_qr(url, error="Q" if damp else "M", mode="byte", boost_error=True, mask=mask)
    return tuple(map(tuple, made.matrix))


@pytest.mark.parametrize("damp", [False, True])
@pytest.mark.parametrize(
    "host", ["a.vn", "htx.vn", "suoimay.lienminhhtx.vn", "tem.lienminhhtx.hoabinh.gov.vn", "h" * 80]
)
def test_a_symbol_is_one_of_the_eight_that_segno_can_draw(host: str, damp: bool) -> None:
    chance = Random(1)

    for _ in range(5):
        url = f"https://{host}/t/{trace.complete(chance.randrange(10**10))}"
        assert drawn(symbol_of(url, damp)) in {by_segno(url, damp, mask) for mask in range(8)}


def test_the_mask_is_the_one_that_segno_chooses() -> None:
    """But for finder-like patterns that overlap, which the standard leaves open: 1 in 100."""
    chance = Random(2)
    urls = [f"https://htx.vn/t/{trace.complete(chance.randrange(10**10))}" for _ in range(200)]

    assert sum(drawn(symbol_of(url)) == by_segno(url, damp=False) for url in urls) >= 196


def test_capacities_are_those_of_the_standard() -> None:
    for level, capacities in CAPACITY.items():
        for version, most in enumerate(capacities, 1):
            fits = segno.make_qr("x" * most, error=level, mode="byte", boost_error=False)
            over = segno.make_qr("x" * (most + 1), error=level, mode="byte", boost_error=False)
            assert (fits.version, over.version) == (version, version + 1)


def test_an_address_gets_the_smallest_version_for_its_goods() -> None:
    assert [version_for(length, damp=False) for length in (26, 27, 42, 43, 213, 214)] == [2, 3, 3, 4, 10, None]
    assert [version_for(length, damp=True) for length in (20, 21, 32, 33, 151, 152)] == [2, 3, 3, 4, 10, None]


@pytest.mark.parametrize(
    "url",
    ["https://htx.vn/t/48392017650", "https://suốimây.vn/t/483920176504", "https://h tx.vn/t/483920176504", "4" * 300],
)
def test_what_is_no_address_of_a_stamp_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="address"):
        symbol_of(url)
