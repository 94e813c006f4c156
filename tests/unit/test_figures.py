"""The page of figures: what the tables say, on both databases, and that it answers whatever is gone."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import event, insert, text

from bot.attachment import Attachment
from bot.inbox import InboxRow
from bot.outbox import OutboxRow
from bot.run.bell import short_redis
from bot.run.figures import FRESH, Figures
from bot.run.figures_looked_up import LAST_BACKUP
from bot.run.figures_named import NAMES
from bot.run.tally import Tally
from bot.run.worker import Ownership
from catalog.account import Account
from catalog.case import Case
from catalog.db import Base, Database
from tests.conftest import NOW
from tests.unit.doors import House

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
Page = dict[tuple[str, tuple[tuple[str, str], ...]], float]


class Watch:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> Any:
        return self.at


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


@pytest.fixture
def figures(house: House, watch: Watch, tmp_path: Path) -> Figures:
    return Figures(house.database, watch, var_dir=tmp_path)


def shown(figures: Figures) -> Page:
    """Each line of the page: name and labels → value; without the moments at which counters began."""
    families = text_string_to_metric_families(figures.text().decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


def of(page: Page, name: str) -> dict[tuple[str, ...], float]:
    """One figure's lines, by the values of its labels in the order of their names."""
    return {tuple(value for _, value in labels): number for (found, labels), number in page.items() if found == name}


def put(database: Database, table: type[Base], *rows: dict[str, Any]) -> None:
    with database.writing() as db:
        db.execute(insert(table), list(rows))


def event_row(number: int, **more: object) -> dict[str, Any]:
    plain = {"account_id": 1, "sender": "7", "key": f"k{number}", "kind": "Text", "at": NOW, "received_at": NOW}
    return {**plain, "body": b"", "tries": 0, "done_at": None, "error": None, **more}


def reply_row(**more: object) -> dict[str, Any]:
    plain = {"account_id": 1, "channel": "messenger", "address": "7", "conversation_id": 7, "inbox_id": 1, "tries": 0}
    flags = dict.fromkeys(("by_person", "notice", "reclaims", "again"), False)
    moments = dict.fromkeys(("sent_at", "dead_at", "held_at"), None)
    return {**plain, **flags, **moments, "reason": "", "way": "", "created_at": NOW, **more}


def let_go(owner: Ownership) -> None:
    """What the system does at its end."""
    if owner._file is not None:
        os.close(owner._file)
    if owner._connection is not None:
        owner._connection.invalidate()
        owner._connection.close()


def test_what_waits_is_counted_with_its_age(figures: Figures, house: House, watch: Watch) -> None:
    done = {"done_at": NOW}
    put(
        house.database,
        InboxRow,
        event_row(1, received_at=NOW - 3 * MINUTE),
        event_row(2, tries=2, error="ValueError"),
        event_row(3, **done),
        event_row(4, tries=5, error="ValueError", **done),
    )
    page = shown(figures)
    names = ("pending", "oldest_seconds", "retrying", "dead")
    assert [of(page, f"chophien_inbox_{name}") for name in names] == [{(): 2}, {(): 180}, {(): 1}, {(): 1}]


def test_replies_are_told_apart_by_account_and_by_what_hinders_them(figures: Figures, house: House) -> None:
    put(
        house.database,
        OutboxRow,
        reply_row(created_at=NOW - MINUTE),
        reply_row(reason="throttled"),
        reply_row(account_id=2, reason="throttled", created_at=NOW - 2 * MINUTE),
        reply_row(sent_at=NOW),
        reply_row(held_at=NOW, reason="window"),
        reply_row(dead_at=NOW, reason="gone"),
        reply_row(account_id=2, dead_at=NOW, reason="shape"),
        reply_row(dead_at=NOW, held_at=NOW, reason="window"),  # it was promised anew
        reply_row(dead_at=NOW),  # its person wants to be forgotten
        reply_row(channel="web"),
        reply_row(channel="web", dead_at=NOW),
    )
    page = shown(figures)
    assert of(page, "chophien_outbox_unsent") == {(): 3}
    assert of(page, "chophien_outbox_oldest_seconds") == {(): 120}
    assert of(page, "chophien_outbox_account_unsent") == {("1",): 2, ("2",): 1}
    assert of(page, "chophien_outbox_failing") == {("1", "throttled"): 1, ("2", "throttled"): 1}
    assert of(page, "chophien_outbox_held") == {(): 1}
    assert of(page, "chophien_outbox_dead") == {("1", "gone"): 1, ("2", "shape"): 1}


def test_an_account_is_told_by_its_number_with_what_ails_it(figures: Figures, house: House) -> None:
    with house.database.writing() as db:
        first, second = (db.get_one(Account, number) for number in house.pages.values())
        first.paused_at, first.pause_reason = NOW - 5 * MINUTE, "token"
        second.token_expires_at = NOW + DAY / 2
    page = shown(figures)
    numbers = [str(number) for number in house.pages.values()]
    assert of(page, "chophien_account") == {(number, "messenger"): 1 for number in numbers}
    assert of(page, "chophien_account_paused_seconds") == {(numbers[0], "token"): 300}
    assert of(page, "chophien_accounts_paused") == {(): 1}
    assert of(page, "chophien_token_days_left") == {(numbers[1],): 0.5}


def test_people_of_the_co_op_and_files_that_wait_are_counted(figures: Figures, house: House) -> None:
    plain = {"account_id": 1, "conversation_id": None, "subject": ""}
    cases = [("question", None), ("question", None), ("complaint", None), ("complaint", NOW)]
    ages = {"question": NOW - DAY, "complaint": NOW - 2 * DAY}
    put(
        house.database,
        Case,
        *({**plain, "kind": kind, "opened_at": ages[kind], "closed_at": closed} for kind, closed in cases),
    )
    photo = {"account_id": 1, "conversation_id": 7, "inbox_id": 1, "kind": "photo", "created_at": NOW - MINUTE}
    more = {"tries": 0, "error": "", "media_type": "", "size": 0, "path": ""}
    gone = [None, NOW]
    put(
        house.database,
        Attachment,
        *({**photo, **more, "place": n, "fetched_at": at, "failed_at": None} for n, at in enumerate(gone)),
    )
    page = shown(figures)
    assert of(page, "chophien_cases_open") == {("complaint",): 1, ("question",): 2}
    assert of(page, "chophien_cases_oldest_seconds") == {(): 172_800}
    assert (of(page, "chophien_media_waiting"), of(page, "chophien_media_oldest_seconds")) == ({(): 1}, {(): 60})


def test_room_on_the_disk_size_of_the_database_and_age_of_the_backup(figures: Figures, tmp_path: Path) -> None:
    page = shown(figures)
    assert of(page, "chophien_database_bytes")[()] > 100_000
    assert of(page, "chophien_disk_free_bytes")[()] > 0
    assert of(page, "chophien_backup_seconds") == {}
    (tmp_path / LAST_BACKUP).touch()
    assert of(shown(figures), "chophien_backup_seconds")[()] >= 0


def test_a_worker_is_alive_as_long_as_it_owns_the_conversations(figures: Figures, house: House, tmp_path: Path) -> None:
    assert of(shown(figures), "chophien_worker_alive") == {(): 0}
    owner, other = Ownership(house.database, tmp_path), Ownership(house.database, tmp_path)
    assert (owner.take(), other.take()) == (True, False)
    assert of(shown(figures), "chophien_worker_alive") == {(): 1}
    assert owner.held()
    let_go(owner)
    assert of(shown(figures), "chophien_worker_alive") == {(): 0}


def test_all_processes_count_into_one_figure_and_none_is_ever_shown_less(house: House, watch: Watch) -> None:
    webs = [Figures(house.database, watch) for _ in range(2)]
    hits = [web.refused("zalo") for web in webs]
    seen = []
    for number in range(1, 7):
        hits[number % 2]()
        seen.append(of(shown(webs[number % 2]), "chophien_refused_signatures_total"))
    assert seen == [{("zalo",): number} for number in range(1, 7)]
    assert of(shown(webs[1]), "chophien_refused_signatures_total") == {("zalo",): 6}


def test_a_counter_that_was_never_counted_is_nought_and_not_away(figures: Figures) -> None:
    figures.refused("zalobot")
    page = shown(figures)
    assert of(page, "chophien_refused_signatures_total") == {("zalobot",): 0}
    assert of(page, "chophien_turns_total") == {(): 0}


def test_what_a_process_said_is_true_for_a_minute(figures: Figures, house: House, watch: Watch) -> None:
    worker = Tally(house.database, "worker", watch, host="far away")
    worker.set("chophien_lanes", 12)
    worker.add("chophien_turns", 3)
    worker.publish()
    watch.at += FRESH - timedelta(seconds=1)
    page = shown(figures)
    assert of(page, "chophien_lanes") == {(): 12}
    assert of(page, "chophien_turn_seconds") == {(): 59}
    assert of(page, "chophien_process_seconds") == {("far away", "worker"): 59}
    watch.at += timedelta(seconds=1)
    page = shown(figures)
    assert of(page, "chophien_lanes") == {}
    assert of(page, "chophien_process_seconds") == {("far away", "worker"): 60}
    assert of(page, "chophien_turns_total") == {(): 3}


def test_the_clocks_last_tick_is_that_of_whichever_clock_ticked_last(
    figures: Figures, house: House, watch: Watch
) -> None:
    for host in ("one", "two"):
        Tally(house.database, "clock", watch, host=host).publish()
        watch.at += MINUTE
    assert of(shown(figures), "chophien_clock_tick_seconds") == {(): 60}


def test_sizes_are_shown_as_a_histogram_that_adds_up(figures: Figures) -> None:
    for size in (1, 2, 3, 5, 5, 600):
        figures.tally.observe("chophien_ingest_batch", size)
    page = shown(figures)
    buckets = {labels[0]: value for labels, value in of(page, "chophien_ingest_batch_bucket").items()}
    assert [buckets[bound] for bound in ("1", "2", "5", "10", "500", "+Inf")] == [1, 2, 5, 5, 5, 6]
    assert (of(page, "chophien_ingest_batch_sum"), of(page, "chophien_ingest_batch_count")) == ({(): 616}, {(): 6})


def test_without_database_and_redis_it_says_so_and_keeps_what_it_knew(
    figures: Figures, house: House, watch: Watch, tmp_path: Path
) -> None:
    nobody = short_redis(f"unix://{tmp_path}/nobody.sock")
    page = Figures(house.database, watch, var_dir=tmp_path / "gone", redis=nobody)
    page.refused("zalo")()
    before = shown(page)
    assert (of(before, "chophien_database_up"), of(before, "chophien_redis_up")) == ({(): 1}, {(): 0})
    with house.database.writing() as db:
        db.execute(text("ALTER TABLE figure RENAME TO elsewhere"))
        db.execute(text("ALTER TABLE inbox RENAME TO nowhere"))
    page.refused("zalo")()
    after = shown(page)
    assert (of(after, "chophien_database_up"), of(after, "chophien_inbox_pending")) == ({(): 0}, {})
    assert of(after, "chophien_refused_signatures_total") == {("zalo",): 1}
    with house.database.writing() as db:
        db.execute(text("ALTER TABLE elsewhere RENAME TO figure"))
        db.execute(text("ALTER TABLE nowhere RENAME TO inbox"))
    assert of(shown(page), "chophien_refused_signatures_total") == {("zalo",): 2}


def test_nothing_on_the_page_is_without_a_name_of_its_own(figures: Figures, house: House) -> None:
    put(house.database, InboxRow, event_row(1))
    put(house.database, OutboxRow, reply_row(reason="later"))
    known = {family.name for family in text_string_to_metric_families(figures.text().decode())}
    assert {name.removesuffix("_created") for name in known} == set(NAMES)


def test_no_look_at_a_big_table_reads_more_than_what_is_unfinished(figures: Figures, house: House) -> None:
    """By the database's own plan: never a scan of a whole table but of those that are small."""
    statements: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _x: Any, _m: bool) -> None:
        statements.append((statement, parameters))

    big = [event_row(n, done_at=NOW) for n in range(3000)]
    put(house.database, InboxRow, *big)
    put(house.database, OutboxRow, *(reply_row(sent_at=NOW, conversation_id=n) for n in range(3000)))
    with house.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    event.listen(house.database.engine, "before_cursor_execute", note)
    figures.text()
    event.remove(house.database.engine, "before_cursor_execute", note)
    explain = "EXPLAIN QUERY PLAN " if house.database.is_sqlite else "EXPLAIN "
    with house.database.engine.connect() as connection:
        plans = [
            str(line[-1])
            for statement, parameters in statements
            if statement.startswith("SELECT")
            for line in connection.exec_driver_sql(explain + statement, parameters)
        ]
    scans = [line for line in plans if "inbox" in line or "outbox" in line]
    assert len(scans) == 5
    assert all("ix_inbox_" in line or "ix_outbox_" in line for line in scans), scans
