"""Batches of turns: what is kept together, what goes by hand, what another process or a dead database does to it."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from bot import inbox
from bot.conversation import Conversation, Memory, Standing, owe, take_over
from bot.engine import World, take_turn
from bot.event import OrderNews, Photo, Text
from bot.outbox import OutboxRow, Outgoing, opened
from bot.ports import Ports
from bot.run.turns import BATCH, Turns, _handfuls
from catalog.audit import Audit, record
from catalog.case import open_cases
from catalog.db import Database
from catalog.organisation import Organisation, OrganisationKind
from tests.unit.batches import NotingLedger
from tests.unit.toys import ToyShop, tap

RACES = [StaleDataError("0 rows matched"), IntegrityError("INSERT", {}, Exception("unique"))]
MENU, HELP = "menu: open [Count]", "menu: help"


@pytest.fixture
def toys(database: Database) -> ToyShop:
    shop = ToyShop(database)
    shop.acquaint("lan", "mai", "hoa")
    return shop


def turns_of(toys: ToyShop, world: World | None = None, **more: Any) -> Turns:
    return Turns(toys.database, world or toys.world, lambda: None, **more)


# Turns that break or race, one by one


def raced(toys: ToyShop, races: Iterator[Exception]) -> Turns:
    def ports(*arguments: Any) -> Ports:
        for race in races:
            raise race
        return toys.world.ports(*arguments)

    return turns_of(toys, replace(toys.world, ports=ports))


@pytest.mark.parametrize("race", RACES, ids=lambda race: type(race).__name__)
def test_a_turn_that_met_anothers_writing_is_taken_again_and_no_failure(toys: ToyShop, race: Exception) -> None:
    toys.receives(Text("0"))

    assert raced(toys, iter([race])).drain()

    row = toys.rows()[-1]
    assert (row.tries, row.error, row.done_at) == (0, None, toys.now)
    assert toys.said() == [MENU]


@pytest.mark.parametrize("race", RACES, ids=lambda race: type(race).__name__)
def test_what_meets_it_twice_in_a_row_has_failed_once_and_waits(toys: ToyShop, race: Exception) -> None:
    toys.receives(Text("0"))
    races = iter([race] * 5)

    assert raced(toys, races).drain()

    row = toys.rows()[-1]
    assert (row.tries, row.error, row.done_at) == (1, type(race).__name__, None)
    assert len(list(races)) == 2  # thought out in vain, raced by hand, and failed by hand


def broken(toys: ToyShop) -> None:
    """Her next word breaks the step."""
    toys.hears(tap("0:count.start:"))
    toys.receives(Text("break"))
    toys.receives(Text("?"))
    toys.receives(Text("0"), "mai")
    toys.receives(Text("?"), "hoa")


def test_a_step_that_breaks_costs_only_its_own_person_and_one_try_a_batch(toys: ToyShop) -> None:
    broken(toys)

    assert toys.turns.take_batch() == 2

    assert toys.said() == [MENU, HELP]
    bad, after, *others = toys.rows()[-4:]
    assert (bad.tries, bad.error, bad.done_at) == (1, "ZeroDivisionError", None)
    assert (after.tries, after.error, after.done_at) == (0, None, None)
    assert [row.done_at for row in others] == [toys.now, toys.now]
    assert toys.turns.take_batch() == 0  # both wait for the next try
    figures = toys.turns.snapshot()
    assert (figures["failed"], figures.get("dead", 0), figures.get("undone", 0)) == (1, 0, 0)


def test_the_fifth_time_it_is_put_aside_with_an_apology_and_the_next_row_goes_on(toys: ToyShop) -> None:
    broken(toys)

    for tries in range(1, inbox.MAX_TRIES):
        toys.turns.drain()
        assert toys.rows()[-4].tries == tries
        toys.now += timedelta(minutes=5)
    toys.said()
    toys.turns.drain()

    bad, after = toys.rows()[-4:-2]
    assert (bad.tries, bad.error, bad.done_at) == (inbox.MAX_TRIES, "ZeroDivisionError", toys.now)
    assert after.done_at == toys.now
    assert toys.said() == ["person: broken", "How many?", HELP, "How many?"]
    figures = toys.turns.snapshot()
    assert (figures["failed"], figures["dead"]) == (5, 1)


def test_what_nobody_said_and_breaks_five_times_is_a_case_for_a_person(toys: ToyShop) -> None:
    toys.receives(OrderNews(3))
    toys.receives(Text("0"), "mai")
    poison = toys.rows()[-2]

    def ports(db: Session, conversation: Conversation, memory: Memory, row: inbox.Pending, now: datetime) -> Ports:
        if row.id == poison.id:
            raise ZeroDivisionError
        return toys.world.ports(db, conversation, memory, row, now)

    turns = turns_of(toys, replace(toys.world, ports=ports))
    for _ in range(inbox.MAX_TRIES):
        turns.drain()
        toys.now += timedelta(minutes=5)

    dead, other = toys.rows()[-2:]
    assert (dead.tries, dead.error, other.error) == (inbox.MAX_TRIES, "ZeroDivisionError", None)
    assert None not in {dead.done_at, other.done_at}
    assert toys.said() == [MENU]
    with toys.database.reading() as db:
        assert [(case.kind, case.subject) for case in open_cases(db)] == [("poison", f"inbox {poison.id}")]


# What a batch leaves


def offered(toys: ToyShop) -> tuple[Turns, list[tuple[Outgoing, Standing]], list[int]]:
    """Turns, what they offer, and how much was offered by the time of each wake."""
    replies: list[tuple[Outgoing, Standing]] = []
    wakes: list[int] = []
    turns = Turns(toys.database, toys.world, lambda: wakes.append(len(replies)), offer=replies.extend)
    return turns, replies, wakes


def test_what_is_offered_is_what_was_promised_in_the_order_of_ids_with_how_each_stands(toys: ToyShop) -> None:
    toys.now += timedelta(minutes=1)
    toys.said()
    before = toys._read
    for sender, age in (("lan", 3), ("mai", 2), ("lan", 1)):
        toys.receives(Text("0"), sender, age=timedelta(seconds=age))
    turns, replies, wakes = offered(toys)

    assert turns.take_batch() == 3

    with toys.database.reading() as db:
        rows = db.scalars(select(OutboxRow).where(OutboxRow.id > before).order_by(OutboxRow.id)).all()
        assert [reply for reply, _ in replies] == [opened(db, row) for row in rows]
    hers, others = (Standing(toys.now - timedelta(seconds=age), None) for age in (1, 2))
    assert [standing for _, standing in replies] == [hers, others, hers]
    assert [reply.address for reply, _ in replies] == ["lan", "mai", "lan"]
    assert wakes == []


def test_replies_of_turns_by_hand_are_read_from_the_table_after_their_commit(toys: ToyShop) -> None:
    """The wake comes after what was offered, so that she hears the answers in the order of her messages."""
    for sender, event in (("lan", Text("0")), ("lan", Photo(("https://example.org/1.jpg",))), ("mai", Text("?"))):
        toys.receives(event, sender)
    turns, replies, wakes = offered(toys)

    assert turns.take_batch() == 3

    assert [(reply.address, reply.bubble.text) for reply, _ in replies] == [("lan", "menu: open"), ("mai", HELP)]
    assert wakes == [2]
    assert toys.said()[-1:] == ["person: media 🖼"]


def test_turns_that_say_nothing_offer_nothing(toys: ToyShop) -> None:
    for _ in range(40):
        toys.receives(Text("0"))
    toys.answers()
    toys.receives(Text("0"))
    turns, replies, wakes = offered(toys)

    assert (turns.take_batch(), replies, wakes) == (1, [], [])


def test_without_anybody_to_offer_to_a_batch_wakes_once(toys: ToyShop) -> None:
    wakes: list[bool] = []
    for sender in ("lan", "mai"):
        toys.receives(Text("0"), sender)

    assert Turns(toys.database, toys.world, lambda: wakes.append(True)).take_batch() == 2
    assert wakes == [True]


def test_more_than_a_batch_is_taken_in_batches_and_each_persons_in_order(toys: ToyShop) -> None:
    for number in range(25):
        toys.receives(Text(("0", "?")[number % 2]), ("lan", "mai", "hoa")[number % 3])
    turns = turns_of(toys, batch=4)

    assert turns.drain()

    with toys.database.reading() as db:
        answered = list(db.scalars(select(OutboxRow.inbox_id).order_by(OutboxRow.id)))[-25:]
    assert answered == [row.id for row in toys.rows()[-25:]]
    figures = turns.snapshot()
    assert (figures["batches"], figures["turns"], figures["biggest"], figures.get("by_hand", 0)) == (7, 25, 4, 0)


def test_a_drain_that_shall_stop_ends_after_a_batch_and_says_that_more_may_wait(toys: ToyShop) -> None:
    for sender in ("lan", "mai", "hoa"):
        toys.receives(Text("0"), sender)
    turns = turns_of(toys, batch=1)

    assert not turns.drain(unless=lambda: True)
    assert toys.said() == [MENU]
    assert not turns.drain(seconds=-1.0)
    assert toys.said() == [MENU]
    assert turns.drain()
    assert toys.said() == [MENU]


def test_nothing_that_waits_is_no_batch(toys: ToyShop) -> None:
    ledger = NotingLedger("a")
    turns = turns_of(toys, ledger=ledger)

    assert (turns.take_batch(), turns.snapshot(), ledger.story) == (0, {}, [])


# The ledger


def written(toys: ToyShop) -> list[str]:
    with toys.database.reading() as db:
        return list(db.scalars(select(Audit.subject).where(Audit.what == "arrived")))


def noted(toys: ToyShop, db: Session) -> None:
    record(db, "ledger", "arrived", "a", toys.now)


def test_what_has_arrived_is_kept_with_the_turns_and_settled_after_the_commit(toys: ToyShop) -> None:
    ledger = NotingLedger("a", "b")
    seen: list[tuple[list[str], datetime | None]] = []
    ledger.on_write = lambda db: noted(toys, db)
    ledger.on_settled = lambda: seen.append((written(toys), toys.rows()[-1].done_at))
    toys.receives(Text("0"))

    assert turns_of(toys, ledger=ledger).take_batch() == 1

    both = ("a", "b")
    assert ledger.story == [("take", both), ("write", both), ("settled", both)]
    assert seen == [(["a"], toys.now)]


def test_turns_that_all_go_by_hand_take_nothing_along(toys: ToyShop) -> None:
    ledger = NotingLedger("a")
    toys.receives(Photo(("https://example.org/1.jpg",)))

    assert turns_of(toys, ledger=ledger).take_batch() == 1
    assert ledger.story == []


def test_where_nothing_has_arrived_nothing_is_written(toys: ToyShop) -> None:
    ledger = NotingLedger()
    toys.receives(Text("0"))

    assert turns_of(toys, ledger=ledger).take_batch() == 1
    assert ledger.story == [("take", ()), ("settled", ())]


# Another process writes between thinking and keeping


def taken_by_another(toys: ToyShop) -> None:
    """`chophien chat` takes the turn of the first row."""
    first = toys.rows()[-3]
    with toys.database.writing() as db:
        take_turn(db, _pending(db, first.id, toys.now), toys.world)


def put_aside_by_another(toys: ToyShop) -> None:
    """The row alone is closed; nothing is said."""
    first = toys.rows()[-3]
    with toys.database.writing() as db:
        inbox.finish(db, _pending(db, first.id, toys.now), toys.now, error="put aside")


def owes_another(toys: ToyShop) -> None:
    """The sender holds a reply of hers."""
    with toys.database.writing() as db:
        owe(db, toys.conversation("mai").id)


def taken_over(toys: ToyShop) -> None:
    """The sender hears that a colleague has the thread."""
    with toys.database.writing() as db:
        take_over(db, toys.conversation("mai").id, "elsewhere", now=toys.now, until=toys.now + timedelta(hours=1))


def changed_by_another(toys: ToyShop) -> None:
    """Through the ORM, as the clock does."""
    toys.change("mai", lambda talk: setattr(talk, "remind_at", toys.now))


def _pending(db: Session, number: int, now: datetime) -> inbox.Pending:
    return next(row for row in inbox.pending(db, now, BATCH) if row.id == number)


OTHERS = [
    pytest.param(taken_by_another, [HELP, MENU, HELP], 2, id="a row was answered"),
    pytest.param(put_aside_by_another, [MENU, HELP], 2, id="a row was put aside"),
    pytest.param(owes_another, [HELP, MENU, HELP], 3, id="a reply is held"),
    pytest.param(taken_over, [HELP, HELP], 3, id="a colleague has the thread"),
    pytest.param(changed_by_another, [HELP, MENU, HELP], 3, id="a conversation was changed"),
]


@pytest.mark.parametrize(("other", "said", "taken"), OTHERS)
def test_where_another_was_faster_nothing_of_the_batch_is_kept_and_it_is_thought_out_anew(
    toys: ToyShop, other: Callable[[ToyShop], None], said: list[str], taken: int
) -> None:
    for sender, words in (("lan", "?"), ("mai", "0"), ("hoa", "?")):
        toys.receives(Text(words), sender)
    toys.said()
    ledger = NotingLedger("a")

    def once() -> None:
        ledger.on_take = lambda: None
        other(toys)

    ledger.on_take = once
    turns = turns_of(toys, ledger=ledger)

    assert turns.drain()

    assert toys.said() == said
    assert [row.done_at for row in toys.rows()[-3:]] == [toys.now] * 3
    assert [step for step, _ in ledger.story] == ["take", "put_back", "take", "write", "settled"]
    figures = turns.snapshot()
    assert (figures["undone"], figures["by_hand"], figures["turns"]) == (1, int(other is taken_over), taken)
    assert figures.get("failed", 0) == 0
    with toys.database.reading() as db:
        answers = list(db.scalars(select(OutboxRow.inbox_id)))
    assert len(answers) == len(set(answers))


def test_where_another_is_faster_again_and_again_each_row_is_answered_by_hand(toys: ToyShop) -> None:
    for sender, words in (("lan", "?"), ("mai", "0"), ("hoa", "?")):
        toys.receives(Text(words), sender)
    toys.said()
    ledger = NotingLedger("a")
    ledger.on_take = lambda: owes_another(toys)
    ledger.on_write = lambda db: noted(toys, db)
    turns = turns_of(toys, ledger=ledger)

    assert turns.drain()

    assert toys.said() == [HELP, MENU, HELP]
    assert (ledger.story, written(toys)) == ([("take", ("a",)), ("put_back", ("a",))] * 2, [])
    figures = turns.snapshot()
    assert (figures["undone"], figures["by_hand"], figures["turns"]) == (2, 3, 3)


def test_a_row_that_breaks_a_rule_of_the_database_while_the_batch_is_kept_sends_all_of_it_by_hand(
    toys: ToyShop,
) -> None:
    """An IntegrityError, and a real one: the batch writes a second co-op of the same code."""
    coop = {"kind": OrganisationKind.COOP, "code": "SM", "name": "HTX", "short_name": "HTX"}
    for sender in ("lan", "mai"):
        toys.receives(Text("0"), sender)
    ledger = NotingLedger("a")
    ledger.on_write = lambda db: db.execute(insert(Organisation), [coop])
    turns = turns_of(toys, ledger=ledger)

    assert turns.drain()

    assert toys.said() == [MENU, MENU]
    assert ledger.story == [("take", ("a",)), ("write", ("a",)), ("put_back", ("a",))] * 2
    figures = turns.snapshot()
    assert (figures["undone"], figures["by_hand"]) == (2, 2)
    with toys.database.reading() as db:
        assert len(db.scalars(select(Organisation)).all()) == 1


def dies(db: Session) -> None:
    """The connection is cut by the server; SQLite refuses the statement."""
    cut = "SELECT pg_terminate_backend(pg_backend_pid())"
    db.execute(text(cut if db.get_bind().dialect.name == "postgresql" else "INSERT INTO nowhere VALUES (1)"))


def test_a_database_that_dies_while_a_batch_is_kept_loses_nothing_and_the_next_drain_answers_all(
    toys: ToyShop,
) -> None:
    for sender in ("lan", "mai", "lan"):
        toys.receives(Text("0"), sender)
    ledger = NotingLedger("a")
    ledger.on_write = dies
    replies: list[tuple[Outgoing, Standing]] = []
    turns = turns_of(toys, ledger=ledger, offer=replies.extend)

    with pytest.raises(SQLAlchemyError):
        turns.drain()

    assert [row.done_at for row in toys.rows()[-3:]] == [None] * 3
    assert [row.tries for row in toys.rows()[-3:]] == [0] * 3
    assert (toys.said(), replies) == ([], [])
    assert ledger.story == [("take", ("a",)), ("write", ("a",)), ("put_back", ("a",))]

    ledger.on_write = lambda db: noted(toys, db)
    assert turns.drain()

    assert toys.said() == [MENU] * 3
    assert ledger.story[3:] == [("take", ("a",)), ("write", ("a",)), ("settled", ("a",))]
    assert (written(toys), len(replies)) == (["a"], 3)


@pytest.mark.parametrize("event", [Text("0"), Photo(("https://example.org/1.jpg",))], ids=["kept", "by hand"])
def test_a_database_that_is_gone_before_a_batch_is_kept_loses_nothing(toys: ToyShop, event: Text | Photo) -> None:
    class Gone(Database):
        gone = True

        def writing(self) -> Any:
            if self.gone:
                raise OperationalError("BEGIN", {}, Exception("gone"))
            return super().writing()

    database = Gone(toys.database.url, toys.database.vault)
    ledger = NotingLedger("a")
    turns = Turns(database, toys.world, lambda: None, ledger=ledger)
    toys.receives(event)

    with pytest.raises(SQLAlchemyError):
        turns.drain()
    assert [name for name, _ in ledger.story] == (["take", "put_back"] if isinstance(event, Text) else [])

    database.gone = False
    assert turns.drain()
    assert len(toys.said()) == 1
    database.close()


def test_new_people_of_whom_another_heard_first_are_answered_once(toys: ToyShop) -> None:
    """Her conversation comes into being after we looked for it."""
    toys.receives(Text("0"), "thu")
    (row,) = [row for row in toys.rows() if row.sender == "thu"]

    class Overtaken(Database):
        taken = False

        def writing(self) -> Any:
            if not self.taken:
                self.taken = True
                with toys.database.writing() as db:
                    take_turn(db, _pending(db, row.id, toys.now), toys.world)
            return super().writing()

    database = Overtaken(toys.database.url, toys.database.vault)

    assert Turns(database, toys.world, lambda: None).drain()

    assert toys.said() == ["Hello! I am the automatic assistant of the co-op.\nmenu: open [Count]"]
    with toys.database.reading() as db:
        assert len(db.scalars(select(Conversation).where(Conversation.address == "thu")).all()) == 1
    database.close()


ANSWERS = {"0": MENU, "?": HELP, "photo": "person: media 🖼"}


def test_two_processes_that_take_turns_at_once_answer_each_row_once_and_in_order(toys: ToyShop) -> None:
    """Two workers with databases of their own, while a third writes to the conversations; 72 rows of 12 people."""
    people = [f"s{number}" for number in range(12)]
    toys.acquaint(*people)
    toys.said()
    before, asked = toys._read, [("0", "?", "photo")[number % 3] for number in range(72)]
    for number, words in enumerate(asked):
        event = Photo(("https://example.org/1.jpg",)) if words == "photo" else Text(words)
        toys.receives(event, people[number * 5 % 12])
    rows = toys.rows()[-72:]
    databases = [Database(toys.database.url, toys.database.vault) for _ in range(2)]
    both, over = threading.Barrier(3), threading.Event()

    def work(database: Database) -> None:
        turns = Turns(database, toys.world, lambda: None, batch=7)
        both.wait(10)
        while not over.is_set():
            with contextlib.suppress(SQLAlchemyError):  # a deadlock that PostgreSQL has ended: look again
                turns.drain(0.05)
            over.wait(0.001)

    threads = [threading.Thread(target=work, args=(database,)) for database in databases]
    for thread in threads:
        thread.start()
    both.wait(10)
    for number in range(600):
        with toys.database.writing() as db:
            owe(db, toys.conversation(people[number % 12]).id)
        toys.now += timedelta(milliseconds=200)  # what failed is tried again
        if all(row.done_at for row in toys.rows()):
            break
        over.wait(0.02)
    over.set()
    for thread, database in zip(threads, databases, strict=True):
        thread.join(20)
        assert not thread.is_alive()
        database.close()

    with toys.database.reading() as db:
        replies = db.scalars(select(OutboxRow).where(OutboxRow.id > before).order_by(OutboxRow.id)).all()
    said = dict(zip((reply.inbox_id for reply in replies), toys.said(), strict=True))
    assert len(replies) == 72
    assert said == {row.id: ANSWERS[words] for row, words in zip(rows, asked, strict=True)}
    for person in people:
        hers = [reply.inbox_id for reply in replies if reply.address == person]
        assert hers == sorted(hers)
    assert [row.error for row in toys.rows() if row.tries >= inbox.MAX_TRIES] == []


# By hand


def test_a_handful_ends_when_its_time_is_up_and_no_row_is_left_out_or_taken_twice(
    toys: ToyShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for sender in ("lan", "mai", "lan"):
        toys.receives(Text("0"), sender)
    with toys.database.reading() as db:
        rows = inbox.pending(db, toys.now, BATCH)
    monkeypatch.setattr("bot.run.turns.HANDFUL_SECONDS", -1.0)
    alone = [[row.id for row in handful] for handful in _handfuls(rows)]
    monkeypatch.setattr("bot.run.turns.HANDFUL_SECONDS", 60.0)
    together = [[row.id for row in handful] for handful in _handfuls(rows)]

    assert len(rows) == 3
    assert alone == [[row.id] for row in rows]
    assert together == [[row.id for row in rows]]
    assert list(_handfuls([])) == []


def test_who_was_put_aside_stays_so_in_the_next_handful(toys: ToyShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.run.turns.HANDFUL_SECONDS", -1.0)
    broken(toys)
    toys.receives(Photo(("https://example.org/1.jpg",)), "mai")
    wakes: list[bool] = []
    turns = Turns(toys.database, toys.world, lambda: wakes.append(True))

    assert turns.take_batch() == 3

    assert [row.done_at is not None for row in toys.rows() if row.sender == "lan"][-2:] == [False, False]
    assert len(wakes) == 2  # the batch, and the one handful in which something was said
    with toys.database.reading() as db:
        assert open_cases(db) == []
