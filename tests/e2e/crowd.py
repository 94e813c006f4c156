"""Many people at once, each at her own pace, all of them buying."""

import random
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from tests.e2e.people import Shopper
from tests.e2e.stage import Stage

MESSAGES = 12
"""How many each of them sends if all goes well."""


def two_orders(stage: Stage, number: int, most_thought_s: float) -> list[str]:
    """She looks up a stamp, buys noodles, looks around, buys eggs: the codes of her orders."""
    home = [f"Chị Hằng 09123{number:05d}", f"số {number} ngõ 20 Dịch Vọng, Cầu Giấy, Hà Nội"]
    chance = random.Random(number)
    shopper = Shopper(stage, str(7_012_345_678_000_000 + number), home, lambda: chance.uniform(0, most_thought_s))
    shopper.says("4839 2017 6504")
    codes = [shopper.buys("2 goi mien")]
    shopper.says("co gi ban ko shop")
    return [*codes, shopper.buys("1 chuc trung")]


def all_of(talks: Iterable[Future[list[str]]]) -> list[str]:
    """The codes that everybody got. Raises what went wrong with the first one to whom something did."""
    return [code for talk in talks for code in talk.result()]


@contextmanager
def crowd(stage: Stage, people: Iterable[int], most_thought_s: float = 0.3) -> Iterator[list[Future[list[str]]]]:
    """They have begun, each in a thread of her own, and take up to so many seconds before each message."""
    numbers = list(people)
    with ThreadPoolExecutor(len(numbers)) as pool:
        yield [pool.submit(two_orders, stage, number, most_thought_s) for number in numbers]
