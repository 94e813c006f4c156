"""Two web processes before one database: what comes to both is one row, whoever takes it, on both databases."""

import threading

from sqlalchemy import select

from bot.event import Inbound, Text
from bot.inbox import Door, Down, InboxRow
from catalog.account import first_account
from catalog.db import Database
from tests.conftest import NOW, opened


def heard(number: int) -> Inbound:
    return Inbound("nobody's page", f"person {number}", f"message:{number}", NOW, Text("chào"))


def test_the_same_deliveries_to_two_doors_in_opposite_order_are_one_row_each(demo: Database) -> None:
    """Batches that hold the same keys in another order lock each other out on PostgreSQL; the platform is not told."""
    second = opened(demo.url)
    doors = [Door(demo, lambda: None, lambda: NOW), Door(second, lambda: None, lambda: NOW)]
    with demo.reading() as db:
        assert first_account(db) is not None
    ends: list[str] = []
    barrier = threading.Barrier(16)

    def deliver(door: Door, numbers: list[int]) -> None:
        barrier.wait(20)
        for number in numbers:
            try:
                door.accept("messenger", [heard(number)])
                ends.append("stored")
            except Down as down:
                ends.append(str(down))

    lanes = [list(range(lane, 240, 8)) for lane in range(8)]
    threads = [threading.Thread(target=deliver, args=(doors[0], lane)) for lane in lanes]
    threads += [threading.Thread(target=deliver, args=(doors[1], lane[::-1])) for lane in lanes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    second.close()

    assert ends == ["stored"] * 480
    with demo.reading() as db:
        keys = sorted(db.scalars(select(InboxRow.key).where(InboxRow.key.like("message:%"))))
    assert keys == sorted(f"message:{number}" for number in range(240))
    counts = [door.snapshot() for door in doors]
    assert [one["deliveries:messenger"] for one in counts] == [240, 240]
    assert sum(one["events:messenger"] for one in counts) == 240
