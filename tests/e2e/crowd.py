"""Many people at once, each at her own pace, all of them buying."""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from tests.e2e.people import Shopper
from tests.e2e.stage import Stage

MESSAGES = 12
"""How many each of them sends if all goes well."""


def two_orders(stage: Stage, number: int) -> list[str]:
    """She looks up a stamp, buys noodles, looks around, buys eggs: the codes of her orders."""
    home = [f"Chị Hằng 09123{number:05d}", f"số {number} ngõ 20 Dịch Vọng, Cầu Giấy, Hà Nội"]
    shopper = Shopper(stage, str(7_012_345_678_000_000 + number), home)
    shopper.says("4839 2017 6504")
    codes = [shopper.buys("2 goi mien")]
    shopper.says("co gi ban ko shop")
    return [*codes, shopper.buys("1 chuc trung")]


def all_of(talks: Iterable[Future[list[str]]]) -> list[str]:
    """The codes that everybody got. Raises what went wrong with the first one to whom something did."""
    return [code for talk in talks for code in talk.result()]


@contextmanager
def crowd(stage: Stage, people: Iterable[int]) -> Iterator[list[Future[list[str]]]]:
    """They have begun, each in a thread of her own."""
    numbers = list(people)
    with ThreadPoolExecutor(len(numbers)) as pool:
        yield [pool.submit(two_orders, stage, number) for number in numbers]
