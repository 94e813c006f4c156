"""A session that only thinks: it reads, remembers, and refuses to write; and ids that are reserved for many rows."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.orm import Session

from bot import outbox
from bot.outbox import OutboxRow, Promise
from bot.reply import Bubble
from catalog.account import Account, ensure_account, locked
from catalog.audit import Audit, record
from catalog.case import open_case
from catalog.db import Database, WouldWrite, once, reserve_ids
from catalog.organisation import Organisation, OrganisationKind
from tests.conftest import NOW
from tests.unit.batches import dumped

OUTBOX = OutboxRow.__tablename__


@pytest.fixture
def known(database: Database) -> Database:
    """One co-op with one account."""
    with database.writing() as db:
        db.add(Organisation(kind=OrganisationKind.COOP, code="SM", name="HTX", short_name="HTX"))
        db.flush()
        ensure_account(db, "messenger", "11", 1, None)
    return database


# Thinking


def _change_and_flush(db: Session) -> None:
    db.scalars(select(Account)).one().name = "changed"
    db.flush()


def _add_and_flush(db: Session) -> None:
    record(db, "test", "what", "subject", NOW)
    db.flush()


def _delete_and_flush(db: Session) -> None:
    db.delete(db.scalars(select(Account)).one())
    db.flush()


def _change_and_commit(db: Session) -> None:
    db.scalars(select(Account)).one().name = "changed"
    db.commit()


def _change_and_add_in_a_savepoint(db: Session) -> None:
    db.scalars(select(Account)).one().name = "changed"
    open_case(db, 1, 1, "kind", subject="", note="words", at=NOW)


def _lock_and_change(db: Session) -> None:
    locked(db, 1).name = "changed"
    db.flush()


WRITINGS: list[Callable[[Session], object]] = [
    _change_and_flush,
    _add_and_flush,
    _delete_and_flush,
    _change_and_commit,
    _change_and_add_in_a_savepoint,
    _lock_and_change,
    lambda db: open_case(db, 1, 1, "kind", subject="", note="words", at=NOW),
    lambda db: db.execute(update(Account).values(name="changed")),
    lambda db: db.execute(update(Account.__table__).values(name="changed")),  # type: ignore[arg-type]
    lambda db: db.scalar(update(Account).values(name="changed").returning(Account.id)),
    lambda db: db.execute(insert(Audit), [{"who": "a", "what": "b", "subject": "c", "done_at": NOW}]),
    lambda db: db.execute(insert(Audit.__table__), [{"who": "a", "what": "b", "subject": "c", "done_at": NOW}]),  # type: ignore[arg-type]
    lambda db: db.execute(delete(Account)),
    lambda db: db.execute(delete(Account).execution_options(synchronize_session=False)),
    lambda db: db.execute(text("UPDATE account SET name = 'changed'")),
]
NAMES = [
    *("flush", "add", "delete", "commit", "savepoint", "lock", "savepoint of its own", "update", "core update"),
    *("returning", "insert", "core insert", "delete many", "delete quietly", "words"),
]


@pytest.mark.parametrize("write", WRITINGS, ids=NAMES)
def test_whatever_writes_is_refused_and_leaves_nothing_behind(
    known: Database, write: Callable[[Session], None]
) -> None:
    as_it_was = dumped(known)

    with known.thinking() as db:
        with pytest.raises(WouldWrite):
            write(db)
        assert db.scalar(select(func.count()).select_from(Account)) == 1  # it can be read on

    assert dumped(known) == as_it_was
    with known.writing() as db:
        db.scalars(select(Account)).one().name = "now"
    with known.reading() as db:
        assert db.scalars(select(Account.name)).all() == ["now"]


def test_what_is_changed_in_memory_alone_is_nobodys_business(known: Database) -> None:
    as_it_was = dumped(known)

    with known.thinking() as db:
        account = db.scalars(select(Account)).one()
        account.name = "changed"
        record(db, "test", "what", "subject", NOW)
        assert db.scalars(select(Account)).one() is account  # read again, without a flush
        assert (account.name, db.scalars(select(Audit)).all()) == ("changed", [])

    assert dumped(known) == as_it_was
    with known.thinking() as db:
        assert db.scalars(select(Account.name)).all() == [""]


def test_a_refusal_in_one_session_is_none_in_the_next_kind(known: Database) -> None:
    with known.thinking() as db, pytest.raises(WouldWrite):
        db.execute(delete(Account))

    with known.writing() as db:
        db.execute(update(Account).values(name="written"))
        record(db, "test", "what", "subject", NOW)
    with known.reading() as db:
        assert (db.scalars(select(Account.name)).all(), len(db.scalars(select(Audit)).all())) == (["written"], 1)


def test_another_process_can_write_while_somebody_thinks(known: Database) -> None:
    with known.thinking() as db:
        assert db.scalar(select(Account.name)) == ""
        with known.writing() as other:
            other.execute(update(Account).values(name="written"))
        db.rollback()
        assert db.scalar(select(Account.name)) == "written"


class Asked:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> int:
        self.times += 1
        return self.times


def test_what_was_asked_is_remembered_within_the_session_for_each_key(known: Database) -> None:
    one, other = Asked(), Asked()
    with known.thinking() as db:
        db.scalar(select(Account.id))
        answers = [once(db, ("a", 1), one), once(db, ("a", 1), one), once(db, ("a", 2), other), once(db, ("a", 1), one)]

    assert (answers, one.times, other.times) == ([1, 1, 1, 1], 1, 1)


def test_an_answer_that_is_none_is_remembered_too(known: Database) -> None:
    asked: list[int] = []
    with known.thinking() as db:
        db.scalar(select(Account.id))
        for _ in range(3):
            assert once(db, "nothing", lambda: asked.append(1)) is None
    assert asked == [1]


def test_the_next_session_asks_again_and_so_does_the_next_transaction(known: Database) -> None:
    asked = Asked()
    for _ in range(2):
        with known.thinking() as db:
            db.scalar(select(Account.id))
            once(db, "key", asked)
            db.commit()
            db.scalar(select(Account.id))
            once(db, "key", asked)
    assert asked.times == 4


def test_two_sessions_at_once_do_not_share_what_they_remember(known: Database) -> None:
    asked = Asked()
    with known.thinking() as one, known.thinking() as other:
        for db in (one, other, one, other):
            db.scalar(select(Account.id))
            once(db, "key", asked)
    assert asked.times == 2


def test_sessions_that_read_or_write_ask_each_time(known: Database) -> None:
    asked = Asked()
    for opened in (known.reading, known.writing):
        with opened() as db:
            db.scalar(select(Account.id))
            once(db, "key", asked)
            once(db, "key", asked)
    assert asked.times == 4


def test_a_question_that_fails_is_asked_again(known: Database) -> None:
    with known.thinking() as db:
        db.scalar(select(Account.id))
        with pytest.raises(ZeroDivisionError):
            once(db, "key", lambda: 1 // 0)
        assert once(db, "key", lambda: 7) == 7


# Reserved ids


def replies(*words: str) -> list[Promise]:
    return [Promise(1, "messenger", "7", 7, 1, Bubble(one), NOW) for one in words]


def put(db: Session, words: str) -> OutboxRow:
    row = OutboxRow(account_id=1, channel="messenger", address="7", conversation_id=7, inbox_id=1, created_at=NOW)
    outbox.put(db, row, Bubble(words))
    return row


def in_the_table(database: Database) -> list[tuple[int, str]]:
    with database.reading() as db:
        rows = db.scalars(select(OutboxRow).order_by(OutboxRow.id))
        return [(row.id, outbox.opened(db, row).bubble.text) for row in rows]


def test_on_an_empty_table_ids_begin_with_one_and_go_up(known: Database) -> None:
    with known.writing() as db:
        kept = outbox.promise(db, replies("a", "b", "c"))

    assert [reply.id for reply in kept] == [1, 2, 3]
    assert in_the_table(known) == [(1, "a"), (2, "b"), (3, "c")]


def test_what_is_promised_is_what_lies_in_the_table(known: Database) -> None:
    with known.writing() as db:
        kept = outbox.promise(db, replies("a", "b"))

    with known.reading() as db:
        assert outbox.waiting(db, ["messenger"]) == kept


def test_nothing_to_promise_takes_no_ids(known: Database) -> None:
    with known.writing() as db:
        assert outbox.promise(db, []) == []
        assert [reply.id for reply in outbox.promise(db, replies("a"))] == [1]


def test_rows_that_are_put_one_by_one_and_rows_of_a_batch_never_meet(known: Database) -> None:
    with known.writing() as db:
        first = put(db, "a")
        db.flush()
        batch = outbox.promise(db, replies("b", "c"))
        last = put(db, "d")
        db.flush()
        more = outbox.promise(db, replies("e"))
        ids = [first.id, *(reply.id for reply in batch), last.id, *(reply.id for reply in more)]
    with known.writing() as db:
        again = put(db, "f")
        db.flush()
        ids.append(again.id)

    assert ids == sorted(set(ids))
    assert in_the_table(known) == list(zip(ids, "abcdef", strict=True))


def test_ids_of_a_transaction_that_was_rolled_back_hurt_nobody(known: Database) -> None:
    with known.writing() as db:
        outbox.promise(db, replies("a"))
    with known.writing() as db:
        outbox.promise(db, replies("x", "y"))
        db.rollback()
    with known.writing() as db:
        savepoint = db.begin_nested()
        outbox.promise(db, replies("z"))
        savepoint.rollback()
        outbox.promise(db, replies("b"))
    with known.writing() as db:
        put(db, "c")

    rows = in_the_table(known)
    assert [words for _, words in rows] == ["a", "b", "c"]
    assert [number for number, _ in rows] == sorted({number for number, _ in rows})


def test_an_id_is_never_given_twice_even_after_its_row_is_gone(known: Database) -> None:
    """Whoever watches for a higher id would not see it."""
    with known.writing() as db:
        (kept,) = outbox.promise(db, replies("a"))
    with known.writing() as db:
        db.execute(delete(OutboxRow))
    with known.writing() as db:
        (new,) = outbox.promise(db, replies("b"))

    assert new.id > kept.id


def test_what_one_of_two_open_transactions_reserves_the_other_does_not_get(known: Database) -> None:
    """On PostgreSQL both are open at once; on SQLite the second begins when the first is over."""
    if known.is_sqlite:
        with known.writing() as db:
            first = list(reserve_ids(db, OUTBOX, 3))
            assert first == [1, 2, 3]
            outbox.promise(db, replies("a", "b", "c"))
        with known.writing() as db:
            assert list(reserve_ids(db, OUTBOX, 3)) == [4, 5, 6]
        return
    with known.writing() as one, known.writing() as other:
        mine, hers = [list(reserve_ids(db, OUTBOX, 3)) for db in (one, other)]
        more = list(reserve_ids(one, OUTBOX, 2))
    assert not set(mine) & set(hers) & set(more)
    assert len({*mine, *hers, *more}) == 8
    assert [*mine, *more] == sorted([*mine, *more])


def test_two_writers_at_once_get_ids_of_their_own_each_in_order(known: Database) -> None:
    """Two threads, 20 batches of 7 each, rows put one by one in between."""
    both = threading.Barrier(2)

    def write(who: str) -> list[int]:
        ids: list[int] = []
        both.wait(10)
        for _ in range(20):
            with known.writing() as db:
                ids += [reply.id for reply in outbox.promise(db, replies(*[who] * 7))]
                row = put(db, who)
                db.flush()
                ids.append(row.id)
        return ids

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(write, ("x", "y"))

    assert (one, other) == (sorted(one), sorted(other))
    assert len({*one, *other}) == 2 * 20 * 8
    rows = in_the_table(known)
    assert [number for number, words in rows if words == "x"] == one
    assert [number for number, words in rows if words == "y"] == other
