"""People who write all the while, whatever happens to the platform, the database or the bell meanwhile."""

import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from tests.trouble.noting import NotingPage
from tests.trouble.stage import Stage

STAMP = "4839 2017 6504"
GROWER = "Bùi Thị Mến"
"""Stands in the answer to that stamp."""
CONNECTIONS = 8


@contextmanager
def written(write: Callable[[int], object], rate: float) -> Iterator[None]:
    """While the block runs, `write` is called with 0, 1, 2 … about so many times a second, over some connections.

    At the end it waits until every call has returned. Raises what went wrong with the first.
    """
    over = threading.Event()
    numbers = itertools.count()

    def keep_writing() -> None:
        while not over.wait(CONNECTIONS / rate):
            write(next(numbers))

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        lines = [pool.submit(keep_writing) for _ in range(CONNECTIONS)]
        try:
            yield
        finally:
            over.set()
        for line in lines:
            line.result()


@contextmanager
def flow(stage: Stage, rate: float = 15.0, people: int = 100, page: NotingPage | None = None) -> Iterator[None]:
    """So many people type a stamp's code by turns; each message is delivered until it is taken.

    As many people as here, so that nobody writes more than 30 messages a minute, which the bot would stop to answer.
    """
    one = page or stage.page
    first = 7_012_345_600_000_000

    def write(number: int) -> None:
        one.deliver(one.text(str(first + number % people), STAMP))

    with written(write, rate):
        yield
