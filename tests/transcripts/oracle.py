"""What must be true after any talk, whatever was said."""

from collections import Counter, defaultdict

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.inbox import InboxRow
from bot.outbox import OutboxRow
from bot.speech import MAX_BUBBLES
from catalog.db import Database
from catalog.offer import Offer
from catalog.stock import StockMove
from tests.transcripts.script import Reply, Script

MOST_CHARACTERS = 500
MOST_WITH_BUTTONS = 300
MOST_BUTTONS = 3
MOST_IN_A_TITLE = 20


def faults(database: Database, played: Script) -> list[str]:
    """What is wrong, a line each; empty if all is well."""
    with database.reading() as db:
        kept = [*_inbox(db), *_stock(db), *_outbox(db)]
    return kept + [fault for beat in played.beats for reply in beat.replies for fault in _shape(reply)]


def _inbox(db: Session) -> list[str]:
    rows = db.scalars(select(InboxRow).where(InboxRow.done_at.is_(None) | InboxRow.error.is_not(None)))
    return [f"inbox {row.id} ({row.kind}) is not done well: {row.error}" for row in rows]


def _stock(db: Session) -> list[str]:
    total = func.coalesce(func.sum(StockMove.delta, type_=Offer.left.type), 0)
    query = select(Offer.id, Offer.left, total).outerjoin(StockMove, StockMove.offer_id == Offer.id)
    rows = db.execute(query.group_by(Offer.id, Offer.left)).all()
    return [f"offer {row} has {left} left, its ledger says {moved}" for row, left, moved in rows if left != moved]


def _outbox(db: Session) -> list[str]:
    rows = db.scalars(select(OutboxRow).order_by(OutboxRow.id)).all()
    found = [f"outbox {row.id} was not sent: {row.error}" for row in rows if row.sent_at is None or row.dead_at]
    found += [
        f"inbox {row} was answered with {count} bubbles"
        for row, count in Counter(row.inbox_id for row in rows).items()
        if count > MAX_BUBBLES
    ]
    answered = defaultdict(list)
    for row in rows:
        answered[row.conversation_id].append(row.inbox_id)
    disorder = [conversation for conversation, rows in answered.items() if rows != sorted(rows)]
    return found + [f"conversation {conversation} was answered out of order" for conversation in disorder]


def _shape(reply: Reply) -> list[str]:
    most = MOST_WITH_BUTTONS if reply.buttons else MOST_CHARACTERS
    found = []
    if len(reply.text) > most:
        found.append(f"{len(reply.text)} characters, at most {most}: {reply.text}")
    if len(reply.buttons) > MOST_BUTTONS:
        found.append(f"{len(reply.buttons)} buttons: {reply}")
    found += [f"a title of {len(title)}: {title}" for title in reply.buttons if len(title) > MOST_IN_A_TITLE]
    return found
