"""What real processes heard, played once more in one thread, and the first thing in which the two histories differ.

    found = difference(history(database), replayed(heard(database), fresh, settings))

The replay takes one row in one transaction, with one `Turns`, on a fresh SQLite database of the same seed, whichever
database the processes had. Rows come in the order in which their replies were promised, since that alone decides who
got the last of something; that this is the order of their ids within each conversation says `out_of_order`.

What the replay is given because nobody decides it, so that no word has to be left out of the comparison:

* the id of each row of the inbox (a draft is named after it), its key, when it was received, and what the clock said
  in its turn: a question is open from then on, and a yes that was received before is early;
* the code that each order drew, which is random.

What is left out because it differs by nature: ids of conversations, orders, parts, cases and outbox rows (PostgreSQL
burns numbers in what it rolls back); the key of a row that a turn wrote to somebody else, since it is made of such
ids; moments inside the memory, which a turn may read from the clock once or twice; whatever the sender alone decides
(what was held, promised again or typed by staff, and `owed`).
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from bot.conversation import Conversation, load_memory
from bot.event import Event, Inbound
from bot.inbox import InboxRow, event_of, receive
from bot.outbox import OutboxRow, opened
from bot.reply import Bubble
from bot.run.roof import make_world
from bot.run.settings import Settings
from bot.run.turns import Turns
from catalog.account import Account, ensure_account
from catalog.case import Case
from catalog.db import Database
from catalog.offer import Offer
from catalog.order import Order, OrderLine
from catalog.organisation import Organisation
from catalog.product import Product
from catalog.stock import StockMove

INNER = "tell:"
"""How the key of a row begins that a turn wrote into somebody else's inbox."""
HELD = datetime(2900, 1, 1, tzinfo=UTC)
"""Stands in `done_at` of a row whose time has not come in the replay."""
ABOVE = 10**12
"""Ids that the replay's own rows have until they get those of the processes: higher than any of these."""
UNKNOWN_CODE = "DH????"
"""What an order is called that the processes did not make."""


class Who(NamedTuple):
    """One conversation, by what it is called outside."""

    channel: str
    account: str
    address: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the inbox as it was taken.

    taken_at: what the clock said in its turn, as its replies have it; where there are none, when it was marked as done.
    place: of its first reply among all that were promised, so the place of its turn among all turns; of a row without
    replies that of the next one that she sent. codes: of the orders that its turn made, in the order of their making.
    """

    id: int
    who: Who
    organisation: str
    key: str
    at: datetime
    received_at: datetime
    taken_at: datetime
    place: int
    event: Event
    codes: tuple[str, ...]

    @property
    def inner(self) -> bool:
        return self.key.startswith(INNER)


@dataclass(slots=True)
class Talk:
    """All that became of one conversation. said: which row each reply answers, and the reply, as they were promised."""

    heard: list[tuple[str, str]] = field(default_factory=list)
    said: list[tuple[str, Bubble]] = field(default_factory=list)
    memory: Any = None
    standing: tuple[object, ...] = ()
    orders: list[tuple[object, ...]] = field(default_factory=list)
    cases: list[tuple[str, str, bool]] = field(default_factory=list)


@dataclass(slots=True)
class History:
    """talks: in the order in which they began. stock, moves, prices: sorted."""

    talks: dict[Who, Talk]
    stock: list[tuple[object, ...]]
    moves: list[tuple[object, ...]]
    prices: list[tuple[object, ...]]


# What was


def heard(database: Database) -> list[Row]:
    """Every row that was for a turn, in the order of the inbox. AssertionError where one still waits."""
    with database.reading() as db:
        accounts, drawn, rows = _accounts(db), _drawn(db), []
        answers = {cause: (at, place) for place, cause, at in db.execute(_PROMISED.order_by(OutboxRow.id.desc()))}
        later: dict[tuple[int, str], int] = {}  # the place of what she sent after this
        for row in db.scalars(select(InboxRow).where(InboxRow.kind != "Silent").order_by(InboxRow.id.desc())):
            assert row.done_at is not None, f"inbox {row.id} waits still"
            account, organisation = accounts[row.account_id]
            at, place = answers.get(row.id, (row.done_at, later.get((row.account_id, row.sender), ABOVE)))
            later[row.account_id, row.sender] = place
            rows.append(
                Row(
                    row.id,
                    Who(account.channel, account.external_id, row.sender),
                    organisation,
                    row.key,
                    row.at,
                    row.received_at,
                    at,
                    place,
                    event_of(db, row),
                    tuple(drawn[row.account_id, row.sender, at]),
                )
            )
        return rows[::-1]


def history(database: Database) -> History:
    """What is in the tables now."""
    with database.reading() as db:
        keys: dict[int, str] = {}
        talks: defaultdict[Who, Talk] = defaultdict(Talk)
        accounts = _accounts(db)
        for row in db.scalars(select(InboxRow).where(InboxRow.kind != "Silent").order_by(InboxRow.id)):
            account, _ = accounts[row.account_id]
            keys[row.id] = _outer(row.key)
            talks[Who(account.channel, account.external_id, row.sender)].heard.append(
                (keys[row.id], row.error or "" if row.done_at else "waits")
            )
        by_id = {}
        for conversation in db.scalars(select(Conversation)):
            account, _ = accounts[conversation.account_id]
            talk = by_id[conversation.id] = talks[Who(account.channel, account.external_id, conversation.address)]
            talk.memory = _memory(db, conversation)
            talk.standing = _standing(conversation)
        for reply in db.scalars(select(OutboxRow).order_by(OutboxRow.id)):
            if not (reply.again or reply.by_person) and reply.conversation_id in by_id:
                answered = keys.get(reply.inbox_id, "?")
                by_id[reply.conversation_id].said.append((answered, opened(db, reply).bubble))
        for order in db.scalars(select(Order).order_by(Order.draft_id, Order.seller_id)):
            if order.conversation_id in by_id:
                by_id[order.conversation_id].orders.append(_order(db, order))
        for case in db.scalars(select(Case)):
            if case.conversation_id in by_id:
                by_id[case.conversation_id].cases.append((case.kind, case.subject, case.closed_at is None))
        for talk in talks.values():
            talk.cases.sort()
        return History(dict(talks), *_shelves(db))


_PROMISED = select(OutboxRow.id, OutboxRow.inbox_id, OutboxRow.created_at).where(
    OutboxRow.again.is_(False), OutboxRow.by_person.is_(False)
)


def _accounts(db: Session) -> dict[int, tuple[Account, str]]:
    rows = db.execute(select(Account, Organisation.code).join(Organisation, Organisation.id == Account.organisation_id))
    return {account.id: (account, code) for account, code in rows}


def _drawn(db: Session) -> defaultdict[tuple[int, str, datetime], list[str]]:
    """The codes of orders by account, address and moment of the turn that made them."""
    drawn: defaultdict[tuple[int, str, datetime], list[str]] = defaultdict(list)
    made = select(Order, Conversation.address).join(Conversation, Conversation.id == Order.conversation_id)
    for order, address in db.execute(made.order_by(Order.id)):
        drawn[order.account_id, address, order.placed_at].append(order.code)
    return drawn


def _outer(key: str) -> str:
    return ":".join(key.split(":")[:2]) if key.startswith(INNER) else key


def _memory(db: Session, row: Conversation) -> Any:
    memory = load_memory(db, row)
    return None if memory is None else _timeless(msgspec.to_builtins(memory, builtin_types=(datetime,)))


def _timeless(value: Any) -> Any:
    match value:
        case datetime():
            return "a moment"
        case dict():
            return {name: _timeless(part) for name, part in value.items()}
        case list() | tuple():
            return [_timeless(part) for part in value]
        case _:
            return value


def _standing(row: Conversation) -> tuple[object, ...]:
    return (
        row.heard_at,
        row.seen_at,
        row.touched_at,
        row.taken_until,
        row.taken_by,
        row.handed_at,
        row.left_alone,
        row.minute_count,
    )


def _order(db: Session, order: Order) -> tuple[object, ...]:
    lines = select(OrderLine.product_id, OrderLine.quantity, OrderLine.price_vnd, OrderLine.trace_code)
    of_it = lines.where(OrderLine.order_id == order.id).order_by(OrderLine.product_id)
    packed = tuple(tuple(line) for line in db.execute(of_it))
    return order.code, order.draft_id, order.seller_id, order.way, order.status, order.total_vnd, packed


def _shelves(db: Session) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]], list[tuple[object, ...]]]:
    named = {
        offer.id: (offer.product_id, offer.organisation_id, offer.draft_key or f"seed {offer.id}")
        for offer in db.scalars(select(Offer))
    }
    stock = [(*named[offer.id], offer.posted, offer.left, offer.price_vnd) for offer in db.scalars(select(Offer))]
    moves = [(*named[move.offer_id], move.ref, move.reason, move.delta) for move in db.scalars(select(StockMove))]
    prices = db.execute(select(Product.id, Product.price_vnd, Product.markup_vnd))
    return sorted(stock, key=str), sorted(moves, key=str), sorted((tuple(price) for price in prices), key=str)


# Once more


@dataclass(slots=True)
class _Moment:
    """The clock and the dice of the replay: they stand as they did when the row was taken."""

    row: Row | None = None
    codes: Iterator[str] = field(default_factory=lambda: iter(()))

    def set(self, row: Row) -> None:
        self.row, self.codes = row, iter(row.codes)

    def now(self) -> datetime:
        assert self.row is not None
        return self.row.taken_at

    def code(self) -> str:
        return next(self.codes, UNKNOWN_CODE)


def replayed(rows: Sequence[Row], fresh: Database, settings: Settings) -> History:
    """Play the rows on a fresh database of the same seed; what came of it.

    fresh: SQLite, where an id may be given by hand. settings: those of the processes.
    """
    assert fresh.is_sqlite
    moment = _Moment()
    turns = Turns(fresh, make_world(settings, moment.now, moment.code), lambda: None)
    with fresh.writing() as db:
        accounts = {row.who[:2]: _account(db, row) for row in rows}
        db.execute(text("INSERT INTO sqlite_sequence VALUES ('inbox', :n)"), {"n": ABOVE})  # no id is in another's way
    for row in sorted(rows, key=lambda row: (row.place, row.id)):
        moment.set(row)
        with fresh.writing() as db:
            if not _let_in(db, row, accounts[row.who[:2]]):
                continue
        turns.take_batch()
        with fresh.writing() as db:
            db.execute(update(InboxRow).where(InboxRow.done_at.is_(None)).values(done_at=HELD))
    return history(fresh)


def _account(db: Session, row: Row) -> int:
    owner = db.scalars(select(Organisation.id).where(Organisation.code == row.organisation)).one()
    return ensure_account(db, row.who.channel, row.who.account, owner, None).id


def _let_in(db: Session, row: Row, account_id: int) -> bool:
    """Let this row and no other wait for its turn. False where the replay told nobody what the processes told."""
    mine = (InboxRow.account_id == account_id, InboxRow.sender == row.who.address)
    if row.inner:
        told = select(InboxRow.id).where(*mine, InboxRow.done_at == HELD).order_by(InboxRow.id).limit(1)
        number = db.scalar(told)
        if number is None:
            return False
    else:
        inbound = Inbound(row.who.account, row.who.address, row.key, row.at, row.event)
        receive(db, [(account_id, inbound)], row.received_at)
        number = db.scalars(select(InboxRow.id).where(InboxRow.account_id == account_id, InboxRow.key == row.key)).one()
    db.execute(update(InboxRow).where(InboxRow.id == number).values(id=row.id, done_at=None))
    return True


# What differs


def difference(real: History, again: History) -> str:
    """The first thing that is not the same, in words; empty if nothing differs."""
    for who in [*real.talks, *(who for who in again.talks if who not in real.talks)]:
        mine, other = real.talks.get(who, Talk()), again.talks.get(who, Talk())
        for name in ("heard", "said", "orders", "cases", "standing", "memory"):
            found = _first(getattr(mine, name), getattr(other, name))
            if found:
                return f"{' '.join(who)}: {name}{found}"
    for name in ("stock", "moves", "prices"):
        found = _first(getattr(real, name), getattr(again, name))
        if found:
            return f"{name}{found}"
    return ""


def _first(real: Any, again: Any) -> str:
    """Where two values part, with what stands there on both sides."""
    if real == again:
        return ""
    if isinstance(real, dict) and isinstance(again, dict):
        return next(
            f".{k}{_first(real.get(k), again.get(k))}" for k in {**real, **again} if real.get(k) != again.get(k)
        )
    if isinstance(real, list | tuple) and isinstance(again, list | tuple):
        for number, (one, other) in enumerate(zip(real, again, strict=False)):
            if one != other:
                return f"[{number}]{_first(one, other)}"
        return f": {len(real)} in the processes, {len(again)} in the replay"
    return f" was {real!r} in the processes and is {again!r} in the replay"


def out_of_order(database: Database) -> list[str]:
    """Conversations that were answered in another order than their rows came in; a line each."""
    newest: dict[int, int] = {}
    found = []
    with database.reading() as db:
        promised = _PROMISED.with_only_columns(OutboxRow.id, OutboxRow.conversation_id, OutboxRow.inbox_id)
        for number, talk, cause in db.execute(promised.order_by(OutboxRow.id)):
            if cause < newest.get(talk, 0):
                found.append(f"outbox {number} answers inbox {cause} after inbox {newest[talk]}")
            newest[talk] = max(cause, newest.get(talk, 0))
    return found
