"""What must be true when all is quiet, whatever died, came twice or went wrong before."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.inbox import InboxRow
from bot.outbox import OutboxRow, opened
from bot.speech import MAX_BUBBLES
from catalog.db import Database
from catalog.offer import Offer
from catalog.order import Order, OrderLine
from catalog.part import Allocation
from catalog.stock import StockMove
from handlers.channels.messenger import codec
from tests.simulators.graph import Delivered

SILENT = ("Silent", "Touched", "TakenOver", "Overheard", "AccountNews")
FOR_NOBODY = ("Due", "OrderNews")  # may have nothing to say any more


def faults(
    database: Database,
    mids: Collection[str],
    delivered: Sequence[Delivered],
    *,
    kills: Sequence[int] = (),
    may_be_silent: Collection[str] = (),
    refused: int = 0,
) -> list[str]:
    """What is wrong, a line each; empty if all is well.

    mids: ids of all messages that were taken. kills: how many bubbles had arrived when a killed sender came back.
    may_be_silent: people who were told to wait a minute. refused: how many replies Graph would not have.
    """
    with database.reading() as db:
        found = [*_inbox(db, mids), *_answers(db, may_be_silent), *_orders(db), *_stock(db)]
        return found + _arrivals(db, delivered, kills, refused)


def repeats(delivered: Sequence[Delivered]) -> int:
    """How many bubbles arrived that had arrived before."""
    return len(delivered) - len({_what(one) for one in delivered})


def _inbox(db: Session, mids: Collection[str]) -> list[str]:
    rows = db.scalars(select(InboxRow).order_by(InboxRow.id)).all()
    found = [
        f"inbox {row.id} ({row.kind}) is not done well: tries {row.tries}, {row.error}"
        for row in rows
        if row.done_at is None or row.error is not None
    ]
    keys = Counter((row.account_id, row.key) for row in rows)
    found += [f"{key} is there {count} times" for (_, key), count in keys.items() if count > 1]
    kept = {row.key.partition(":")[2] for row in rows}
    return found + [f"{mid} was taken and is not there" for mid in mids if mid not in kept]


def _answers(db: Session, may_be_silent: Collection[str]) -> list[str]:
    answers = Counter(db.scalars(select(OutboxRow.inbox_id)))
    found = []
    for row in db.scalars(select(InboxRow).where(InboxRow.kind.not_in(SILENT))):
        least = 0 if row.kind in FOR_NOBODY or row.sender in may_be_silent else 1
        if not least <= answers[row.id] <= MAX_BUBBLES:
            found.append(f"inbox {row.id} ({row.kind}) was answered with {answers[row.id]} bubbles")
    return found


def _orders(db: Session) -> list[str]:
    drafts = Counter(db.execute(select(Order.draft_id, Order.seller_id)))
    found = [f"draft {draft} became {count} orders" for draft, count in drafts.items() if count > 1]
    for line in db.scalars(select(OrderLine).join(Order, Order.id == OrderLine.order_id).where(Order.draft_id != "")):
        shares = select(func.coalesce(func.sum(Allocation.quantity, type_=OrderLine.quantity.type), 0))
        shared = db.scalar(shares.where(Allocation.order_line_id == line.id))
        if shared != line.quantity and not _is_old(db, line):
            found.append(f"line {line.id} wants {line.quantity} and was given {shared}")
    return found


def _is_old(db: Session, line: OrderLine) -> bool:
    """An order of the demo: it has no allocations and took nothing from the stock."""
    order = db.get_one(Order, line.order_id)
    return db.scalar(select(StockMove.id).where(StockMove.ref == order.draft_id).limit(1)) is None


def _stock(db: Session) -> list[str]:
    moved: defaultdict[int, Decimal] = defaultdict(Decimal)
    sold: defaultdict[str, Decimal] = defaultdict(Decimal)
    for move in db.scalars(select(StockMove)):
        moved[move.offer_id] += move.delta
        if move.reason in ("sold", "returned"):
            sold[move.ref] -= move.delta
    found = [
        f"offer {offer.id} has {offer.left} left, its ledger says {moved[offer.id]}"
        for offer in db.scalars(select(Offer))
        if offer.left != moved[offer.id] or offer.left < 0
    ]
    ordered: defaultdict[str, Decimal] = defaultdict(Decimal)
    lines = select(Order.draft_id, OrderLine.quantity).join(OrderLine, OrderLine.order_id == Order.id)
    for draft_id, quantity in db.execute(lines.where(Order.status != "cancelled")):
        ordered[draft_id] += quantity
    found += [
        f"draft {draft}: {quantity} left the stock, {ordered[draft]} was ordered"
        for draft, quantity in sold.items()
        if quantity and quantity != ordered[draft]
    ]
    return found


def _arrivals(db: Session, delivered: Sequence[Delivered], kills: Sequence[int], refused: int) -> list[str]:
    """All that was promised arrived, in order, and twice only where the sender was killed in between."""
    rows = db.scalars(select(OutboxRow).where(OutboxRow.channel == "messenger").order_by(OutboxRow.id)).all()
    dead = [row for row in rows if row.dead_at is not None]
    found = [f"outbox {row.id} was not sent: {row.error}" for row in rows if row not in dead and row.sent_at is None]
    found += [f"outbox {row.id} is dead: {row.error}" for row in dead[refused:]]
    promised: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row not in dead:
            messages = codec.render(opened(db, row).bubble)
            promised[row.address] += [f"out:{row.id}.{place}" for place in range(len(messages))]
    first_at: dict[tuple[str, str, object], int] = {}
    arrived: defaultdict[str, list[str]] = defaultdict(list)
    for number, one in enumerate(delivered):
        what = _what(one)
        if what not in first_at:
            first_at[what] = number
            arrived[one.psid].append(one.bubble.metadata)
        elif not any(first_at[what] < kill <= number for kill in kills):
            found.append(f"{one.bubble.metadata} came again, bubble {number} after {first_at[what]}, without a kill")
        first_at[what] = number
    return found + [
        f"{person} received {arrived[person]} instead of {parts}"
        for person, parts in promised.items()
        if arrived[person] != parts
    ]


def _what(one: Delivered) -> tuple[str, str, object]:
    return one.psid, one.bubble.metadata, one.bubble
