"""Looks at pages, counted beside the answer."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from bot.run.looks import Looks
from catalog.case import Case
from catalog.db import Database
from catalog.scan import Look, Scan
from tests.conftest import NOW

HONEY = "824501379632"


def count(database: Database) -> int:
    with database.reading() as db:
        return db.scalar(select(func.count(Scan.id))) or 0


def until(reached: Callable[[], bool]) -> bool:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if reached():
            return True
        time.sleep(0.02)
    return False


class Shaky(Database):
    """Its first write fails."""

    failures = 1

    def writing(self) -> AbstractContextManager[Session]:
        if self.failures:
            self.failures -= 1
            raise OperationalError("BEGIN", {}, Exception("gone"))
        return super().writing()


def test_every_look_is_counted_and_what_is_odd_is_told(demo: Database) -> None:
    looks = Looks(demo)
    for one in range(50):
        looks.add(Look(HONEY, "page", f"person {one % 7}", NOW), "many" if one == 49 else "")

    assert until(lambda: count(demo) == 50)
    with demo.reading() as db:
        assert db.scalar(select(func.count(func.distinct(Scan.person_hash)))) == 7
        assert db.scalars(select(Case.subject).where(Case.kind == "suspicious stamp")).all() == [HONEY]


def test_a_database_that_is_gone_for_a_moment_loses_none(demo: Database) -> None:
    shaky = Shaky(demo.url, demo.vault, pool_size=2)
    Looks(shaky).add(Look(HONEY, "page", "somebody", NOW), "")

    assert until(lambda: count(demo) == 1)
    assert shaky.failures == 0
    shaky.close()
