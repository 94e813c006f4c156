"""The door: a delivery is stored when `accept` returns, whoever did the storing."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.event import Inbound, Text
from bot.inbox import Door, Down, InboxRow
from catalog.account import ensure_account
from catalog.db import Database
from catalog.organisation import Organisation
from catalog.tables import METADATA
from catalog.vault import Vault

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)


def heard(key: str) -> Inbound:
    return Inbound("page", f"person {key}", key, NOW, Text("chào"))


@pytest.fixture
def database(tmp_path: Path) -> Database:
    opened = Database(f"sqlite:///{tmp_path / 'door.db'}", Vault(["k"]))
    METADATA.create_all(opened.engine)
    with opened.writing() as db:
        home = Organisation(kind="coop", code="SM", name="HTX", short_name="HTX")
        db.add(home)
        db.flush()
        ensure_account(db, "messenger", "page", home.id, None)
    return opened


def rows(database: Database) -> int:
    with database.reading() as db:
        return db.scalar(select(func.count()).select_from(InboxRow)) or 0


def together(calls: list[Callable[[], None]], before: Callable[[], None]) -> list[str]:
    """Start all of them, do `before`, and say how each ended: "stored" or "down"."""
    ends: list[str] = []

    def run(call: Callable[[], None]) -> None:
        try:
            call()
            ends.append("stored")
        except Down:
            ends.append("down")

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    before()
    for thread in threads:
        thread.join(20)
    return sorted(ends)


def test_deliveries_that_wait_for_each_other_are_all_stored_once(database: Database) -> None:
    rung: list[int] = []
    door = Door(database, lambda: rung.append(1), lambda: NOW)
    turn = database.writing()
    turn.__enter__()
    calls = [lambda key=f"k{n % 10}": door.accept("messenger", [heard(key)]) for n in range(20)]
    assert together(calls, lambda: turn.__exit__(None, None, None)) == ["stored"] * 20
    assert (rows(database), len(rung)) == (10, 20)


def test_one_that_cannot_be_stored_does_not_take_its_neighbours_along(database: Database) -> None:
    door = Door(database, lambda: None, lambda: NOW)
    turn = database.writing()
    turn.__enter__()
    calls: list[Callable[[], None]] = [lambda key=f"k{n}": door.accept("messenger", [heard(key)]) for n in range(4)]
    nowhen = replace(heard("lost"), at=NOW.replace(tzinfo=None))  # the table takes no moment without a zone
    calls.append(lambda: door.accept("messenger", [nowhen]))
    assert together(calls, lambda: turn.__exit__(None, None, None)) == ["down", "stored", "stored", "stored", "stored"]
    assert rows(database) == 4


def test_without_tables_nothing_is_said_to_be_stored(tmp_path: Path) -> None:
    empty = Database(f"sqlite:///{tmp_path / 'empty.db'}", Vault(["k"]))
    rung: list[int] = []
    door = Door(empty, lambda: rung.append(1), lambda: NOW)
    with pytest.raises(Down):
        door.accept("messenger", [heard("k")])
    assert rung == []


def test_a_page_that_we_do_not_know_is_kept_in_silence(database: Database) -> None:
    door = Door(database, lambda: None, lambda: NOW)
    door.accept("messenger", [Inbound("another page", "p", "k", NOW, Text("chào"))])
    with database.reading() as db:
        assert [(row.kind, row.done_at is not None) for row in db.scalars(select(InboxRow))] == [("Silent", True)]
