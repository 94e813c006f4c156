"""What a batch of turns does when another process writes the same rows at the same moment."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from bot.event import Text
from bot.ports import Ports
from bot.run.worker import Turns
from catalog.db import Database
from tests.unit.toys import ToyShop

RACES = [StaleDataError("0 rows matched"), IntegrityError("INSERT", {}, Exception("unique"))]


@pytest.fixture
def toys(database: Database) -> ToyShop:
    shop = ToyShop(database)
    shop.acquaint()
    return shop


def raced(toys: ToyShop, races: Iterator[Exception]) -> Turns:
    def ports(*arguments: Any) -> Ports:
        for race in races:
            raise race
        return toys.world.ports(*arguments)

    return Turns(toys.database, replace(toys.world, ports=ports), lambda: None)


@pytest.mark.parametrize("race", RACES, ids=lambda race: type(race).__name__)
def test_a_turn_that_met_anothers_writing_is_taken_again_and_no_failure(toys: ToyShop, race: Exception) -> None:
    toys.receives(Text("0"))

    assert raced(toys, iter([race])).drain()

    row = toys.rows()[-1]
    assert (row.tries, row.error, row.done_at) == (0, None, toys.now)
    assert toys.said() == ["menu: open [Count]"]


@pytest.mark.parametrize("race", RACES, ids=lambda race: type(race).__name__)
def test_what_meets_it_twice_in_a_row_has_failed_once_and_waits(toys: ToyShop, race: Exception) -> None:
    toys.receives(Text("0"))
    races = iter([race] * 5)

    assert raced(toys, races).drain()

    row = toys.rows()[-1]
    assert (row.tries, row.error, row.done_at) == (1, type(race).__name__, None)
    assert len(list(races)) == 3
