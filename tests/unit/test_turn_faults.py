# ruff: noqa: F811 (fixtures of its neighbours)
"""What a review of the turns found: each cost more than one person, or was heard too late."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from redis.exceptions import ConnectionError as RedisDown
from sqlalchemy import select
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from bot import inbox
from bot.conversation import Conversation
from bot.dialogue import Dialogue
from bot.effect import Effect, say
from bot.engine import World, take_turn
from bot.event import AccountNews, Text
from bot.forget import forget_talk
from bot.run.bell import Bell
from catalog.acts import Command
from catalog.template import Template, keep_template
from tests.unit.batches import NotingLedger
from tests.unit.test_bell import Staff, Valkey, bell, staff, valkey  # noqa: F401
from tests.unit.test_turns import HELP, MENU, _pending, toys, turns_of  # noqa: F401
from tests.unit.toys import DIALOGUES, ToyShop, tap


def with_dialogue(toys: ToyShop, *effects: Effect) -> World:
    dialogue = Dialogue("evil")

    @dialogue.action("start")
    def start(at: None, ask: Any, ports: Any) -> Any:
        return None, list(effects)

    return replace(toys.world, dialogues={**DIALOGUES, "evil": dialogue})


def drained(toys: ToyShop, world: World) -> None:
    turns = turns_of(toys, world)
    for _ in range(inbox.MAX_TRIES + 1):
        turns.drain()
        toys.now += timedelta(minutes=5)


def test_a_reply_that_cannot_be_kept_costs_only_its_own_person(toys: ToyShop) -> None:
    toys.receives(tap("0:evil.start:"), "lan")
    toys.receives(Text("0"), "mai")

    drained(toys, with_dialogue(toys, say("\ud800")))

    bad, other = toys.rows()[-2:]
    assert (bad.tries, bad.error, other.error) == (5, "UnicodeEncodeError", None)
    assert toys.said() == [MENU, "person: broken"]


@dataclass(frozen=True, slots=True)
class Look(Command):
    awaited: ClassVar[bool] = False


def test_a_jot_that_fails_costs_only_its_own_person(toys: ToyShop) -> None:
    def jot(db: Any, jots: Any) -> None:
        raise ZeroDivisionError

    toys.receives(tap("0:evil.start:"), "lan")
    toys.receives(Text("0"), "mai")

    drained(toys, replace(with_dialogue(toys, Look(), say("ok")), jot=jot))

    assert None not in {row.done_at for row in toys.rows()}


def test_an_sql_error_in_one_thought_sends_no_other_person_by_hand(toys: ToyShop) -> None:
    def ports(db: Any, conversation: Any, memory: Any, row: inbox.Pending, now: Any) -> Any:
        db.scalar(select(Conversation.id).where(Conversation.id == (2**70 if row.key == "bad" else 1)))
        return toys.world.ports(db, conversation, memory, row, now)

    toys.receives(Text("0"), "mai")
    toys.receives(Text("0"), "lan", key="bad")
    for _ in range(5):
        toys.receives(Text("0"), "hoa")
    turns = turns_of(toys, replace(toys.world, ports=ports))
    turns.drain()

    figures = turns.snapshot()
    assert (figures["turns"], figures["by_hand"], figures["failed"]) == (6, 0, 1)


def test_a_drain_goes_on_where_another_took_the_first_of_two_rows(toys: ToyShop) -> None:
    toys.receives(Text("0"), "mai")
    toys.receives(Text("?"), "mai")
    first, ledger = toys.rows()[-2], NotingLedger()

    def other() -> None:
        ledger.on_take = lambda: None
        with toys.database.writing() as db:
            take_turn(db, _pending(db, first.id, toys.now), toys.world)

    ledger.on_take = other

    assert turns_of(toys, ledger=ledger).drain()
    assert toys.said() == [MENU, HELP]


def test_a_job_that_breaks_lets_the_bell_go(staff: Staff) -> None:
    staff.rings()
    real = staff.worker.turns.drain

    def once(*_: Any, **__: Any) -> bool:
        staff.worker.turns.drain = real  # type: ignore[method-assign]
        raise OperationalError("BEGIN", {}, Exception("locked"))

    staff.worker.turns.drain = once  # type: ignore[method-assign]
    with pytest.raises(SQLAlchemyError):
        staff.worker.answer()
    staff.rings()

    assert staff.valkey.jobs == 2


def test_a_ring_whose_job_could_not_be_enqueued_is_let_go(valkey: Valkey, bell: Bell) -> None:
    real = bell._queue.enqueue_call

    def once(*_: Any, **__: Any) -> Any:
        bell._queue.enqueue_call = real  # type: ignore[method-assign]
        raise RedisDown

    bell._queue.enqueue_call = once  # type: ignore[method-assign]
    assert [bell.ring_now(), bell.ring_now()] == [False, True]
    assert valkey.jobs == 1


def test_words_that_were_erased_after_they_were_read_are_not_answered(toys: ToyShop) -> None:
    toys.receives(Text("my secret"), "lan")
    ledger = NotingLedger()

    def erase() -> None:
        with toys.database.writing() as db:
            hers = select(Conversation).where(Conversation.address == "lan")
            forget_talk(db, db.scalars(hers).one(), 0, toys.now)

    ledger.on_take = erase
    turns_of(toys, ledger=ledger).drain()

    assert toys.said() == []


def test_news_of_an_account_goes_by_hand_beside_words_of_the_same_sender(toys: ToyShop) -> None:
    with toys.database.writing() as db:
        keep_template(db, toys.account_id, "order", "t1", parameters="", status="PENDING")
    toys.receives(Text("0"), "lan")
    toys.receives(AccountNews("template", "t1", "APPROVED"), "lan")
    toys.turns.drain()

    with toys.database.reading() as db:
        assert db.scalars(select(Template.status)).all() == ["APPROVED"]


def test_a_failed_try_is_not_noted_on_a_row_that_another_has_done(toys: ToyShop) -> None:
    toys.receives(Text("0"))
    with toys.database.writing() as db:
        row = _pending(db, toys.rows()[-1].id, toys.now)
        inbox.finish(db, row, toys.now)
        inbox.put_back(db, row, toys.now, "ZeroDivisionError")

    assert (toys.rows()[-1].tries, toys.rows()[-1].error) == (0, None)
