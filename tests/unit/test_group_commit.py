"""The writer that keeps what many threads hand in: in order, in few batches, and nobody waits for ever."""

import threading
from collections.abc import Callable, Sequence

import pytest

from bot.group_commit import GroupCommit, NotKept, daemon


class Book:
    """What is written is kept in batches. A write waits at the gate; it fails while an item of it is `bad`."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.tried: list[list[int]] = []
        self.bad: set[int] = set()
        self.gate = threading.Event()
        self.gate.set()
        self.reached = threading.Semaphore(0)

    def write(self, items: Sequence[int]) -> None:
        self.tried.append(list(items))
        self.reached.release()
        assert self.gate.wait(20)
        if self.bad & set(items):
            raise ValueError("bad")
        self.batches.append(list(items))


class Crowd:
    """Threads that each hand something in, and how each of them ended: "kept" or the name of what was raised."""

    def __init__(self) -> None:
        self.ends: dict[int, str] = {}
        self._threads: list[threading.Thread] = []

    def hand_in(self, group: GroupCommit[int], item: int) -> None:
        def run() -> None:
            try:
                group.keep(item)
                self.ends[item] = "kept"
            except NotKept as failure:
                self.ends[item] = repr(failure.__cause__ or failure)

        self._threads.append(threading.Thread(target=run))
        self._threads[-1].start()

    def wait(self) -> None:
        for thread in self._threads:
            thread.join(20)
            assert not thread.is_alive()


def never(_failure: Exception) -> bool:
    return False


def always(_failure: Exception) -> bool:
    return True


def until(holds: Callable[[], bool]) -> None:
    """Bounded: each look gives the others a turn."""
    nap = threading.Event()
    for _ in range(20_000):
        if holds():
            return
        nap.wait(0.001)
    raise AssertionError("it never came true")


def crowd_behind_the_first(
    book: Book, crowd: Crowd, items: Sequence[int], *, most: int = 500, blames_one: Callable[[Exception], bool] = never
) -> GroupCommit[int]:
    """The first item is being written and waits at the gate; the others have been handed in behind it, in order."""
    group = GroupCommit(book.write, blames_one, most=most, patience_s=20)
    book.gate.clear()
    for number, item in enumerate(items):
        crowd.hand_in(group, item)
        if number == 0:
            assert book.reached.acquire(timeout=20)
        until(lambda behind=number: group.waiting == behind)  # type: ignore[misc]
    return group


def test_who_comes_alone_is_written_alone_and_waits_for_nobody() -> None:
    book = Book()
    group = GroupCommit(book.write, never)

    for item in (1, 2, 3):
        group.keep(item)

    assert book.batches == [[1], [2], [3]]


def test_what_comes_during_a_write_goes_with_the_next_one_in_order() -> None:
    book, crowd = Book(), Crowd()
    crowd_behind_the_first(book, crowd, range(1, 31))

    book.gate.set()
    crowd.wait()

    assert book.batches == [[1], list(range(2, 31))]
    assert set(crowd.ends.values()) == {"kept"}


def test_a_batch_holds_no_more_than_it_may() -> None:
    book, crowd = Book(), Crowd()
    crowd_behind_the_first(book, crowd, range(1, 9), most=3)

    book.gate.set()
    crowd.wait()

    assert book.batches == [[1], [2, 3, 4], [5, 6, 7], [8]]


def test_a_failure_that_is_nobodys_fault_is_everybodys_and_is_not_tried_again() -> None:
    book, crowd = Book(), Crowd()
    crowd_behind_the_first(book, crowd, (1, 2, 3, 4))
    book.bad = {3}

    book.gate.set()
    crowd.wait()

    assert crowd.ends == {1: "kept", 2: "ValueError('bad')", 3: "ValueError('bad')", 4: "ValueError('bad')"}
    assert (book.tried, book.batches) == ([[1], [2, 3, 4]], [[1]])


def test_one_that_cannot_be_kept_takes_nobody_along() -> None:
    book, crowd = Book(), Crowd()
    crowd_behind_the_first(book, crowd, (1, 2, 3, 4), blames_one=always)
    book.bad = {3}

    book.gate.set()
    crowd.wait()

    assert crowd.ends == {1: "kept", 2: "kept", 3: "ValueError('bad')", 4: "kept"}
    assert (book.tried, book.batches) == ([[1], [2, 3, 4], [2], [3], [4]], [[1], [2], [4]])


def test_one_alone_that_fails_is_tried_once() -> None:
    book = Book()
    book.bad = {1}
    group = GroupCommit(book.write, always)

    with pytest.raises(NotKept) as caught:
        group.keep(1)

    assert repr(caught.value.__cause__) == "ValueError('bad')"
    assert book.tried == [[1]]


def test_who_has_waited_long_enough_is_told_so_and_may_be_kept_all_the_same() -> None:
    book, crowd = Book(), Crowd()
    group = GroupCommit(book.write, never, patience_s=0.05)
    book.gate.clear()

    crowd.hand_in(group, 1)
    assert book.reached.acquire(timeout=20)
    crowd.hand_in(group, 2)
    crowd.wait()

    assert crowd.ends == {1: "Stuck()", 2: "Stuck()"}
    assert book.batches == []
    book.gate.set()
    until(lambda: book.batches == [[1], [2]])


def test_a_writer_without_work_leaves_and_the_next_item_starts_another() -> None:
    book = Book()
    writers: list[threading.Thread] = []

    def hired(name: str, work: Callable[[], None]) -> threading.Thread:
        writers.append(daemon(name, work))
        return writers[-1]

    group = GroupCommit(book.write, never, linger_s=0.01, thread=hired)
    assert writers == []
    for number in (1, 2):
        group.keep(number)
        writers[-1].join(20)
        assert [writer.is_alive() for writer in writers] == [False] * number

    assert book.batches == [[1], [2]]


def test_a_writer_that_leaves_at_that_very_moment_loses_nothing() -> None:
    book, crowd = Book(), Crowd()
    group = GroupCommit(book.write, never, patience_s=20, linger_s=0)
    barrier = threading.Barrier(4)

    def keep(numbers: range) -> None:
        barrier.wait(20)
        for number in numbers:
            group.keep(number)
            crowd.ends[number] = "kept"

    threads = [threading.Thread(target=keep, args=(range(first, 1200, 4),)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(item for batch in book.batches for item in batch) == list(range(1200))
    assert len(crowd.ends) == 1200
