"""Buyers in processes of their own, all at the same moment: threads would prove nothing about two databases."""

import multiprocessing
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier

from catalog.acts.order import PlaceOrder, Wanted
from tests.conftest import NOW, opened
from tests.contracts.towns import RealTown

SECONDS = 60


def rush(url: str, buyers: int, line: Wanted) -> list[str]:
    """What each of them got, by the name of the result, in no order. All want the same line and pick it up."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    ready, results = context.Barrier(buyers), context.SimpleQueue()
    processes = [
        context.Process(target=_buy, args=(url, number, line, ready, results), daemon=True) for number in range(buyers)
    ]
    for process in processes:
        process.start()
    got = [results.get() for _ in processes]
    for process in processes:
        process.join(SECONDS)
    return got


def _buy(url: str, number: int, line: Wanted, ready: Barrier, results: "SimpleQueue[str]") -> None:
    outcome = "died"
    database = opened(url)
    try:
        ready.wait(SECONDS)
        with database.writing() as db:
            town = RealTown(db, NOW)
            town.codes = iter([f"DH{number:04}"])
            result = town.talk(f"buyer {number}").do(PlaceOrder(f"rush {number}", (line,), "pickup", None, 0))
        outcome = type(result).__name__
    finally:
        results.put(outcome)
        database.close()
