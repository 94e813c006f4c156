"""A person takes her rights: what names her goes, what the co-op must account for stays without her.

Law 91/2025/QH15 gives the right; orders are kept for 3 years as amounts, goods and dates.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Executable, column, delete, or_, select, table, update
from sqlalchemy.orm import Session

from catalog.acts import Command, Refused, Result, Who
from catalog.audit import Audit, record
from catalog.case import Case, open_case
from catalog.consent import Consent, Wish
from catalog.contact import Contact
from catalog.invitation import Invitation
from catalog.lot import LotEvent
from catalog.order import Order, Status
from catalog.person import Person, roles_of
from catalog.sheet import PrintRight
from catalog.stock import StockMove

FORGOTTEN = "forgotten"
OVER = (Status.DELIVERED, Status.CANCELLED)
_CONVERSATION = table("conversation", column("id"), column("person_id"), column("version"))
"""A table of the floor above: whose it is, and the fence that a turn under way runs into."""


@dataclass(frozen=True, slots=True)
class Forget(Command):
    """Forget the person of this conversation, with all her other conversations."""


@dataclass(frozen=True, slots=True)
class Forgotten(Result):
    """under_way: codes of her orders that were not delivered yet; nobody knows to whom any more."""

    under_way: tuple[str, ...] = ()


def forget_her(db: Session, who: Who) -> Result:
    """Forgotten; Refused, and nothing changed, for a producer or somebody of the co-op."""
    waiting = tuple(orders_under_way(db, who.conversation_id))
    return Forgotten(waiting) if forget(db, who.conversation_id, who.now) else Refused()


def forget(db: Session, conversation_id: int, now: datetime) -> bool:
    """Erase whoever wrote in this conversation. Doing it again changes nothing.

    False, and nothing changed, for a producer or somebody of the co-op: her name is on stamps and in what others did
    with her, so a person has to look. An order under way opens a case, because nobody knows to whom it goes any more.
    What lies in the talk's own tables is not touched; ask `conversations_of` before, not after.
    """
    person_id = _person_of(db, conversation_id)
    if person_id is not None and _belongs_to_a_house(db, person_id):
        return False
    hers = conversations_of(db, conversation_id)
    db.flush()
    for order in db.scalars(select(Order).where(_ordered(hers, person_id), Order.status.not_in(OVER))).all():
        open_case(db, order.account_id, None, "forgotten buyer", subject=order.code, note="", at=now)
    _take_her_off_orders(db, hers, person_id)
    _drop_what_she_said(db, hers, person_id)
    if person_id is not None:
        _empty_person(db, person_id, now)
    _do(
        db,
        update(_CONVERSATION)
        .where(_CONVERSATION.c.id.in_(hers))
        .values(person_id=None, version=_CONVERSATION.c.version + 1),
    )
    # Never conversation and person in one line: that would tie her to what is left of her.
    herself = f"conversation:{conversation_id}" if person_id is None else f"person:{person_id}"
    record(db, herself, "forget", herself, now)
    db.flush()
    db.expire_all()
    return True


def conversations_of(db: Session, conversation_id: int) -> list[int]:
    """This conversation and all others of the same person, in ascending id."""
    person_id = _person_of(db, conversation_id)
    if person_id is None:
        return [conversation_id]
    hers = select(_CONVERSATION.c.id).where(_CONVERSATION.c.person_id == person_id)
    return list(db.scalars(hers.order_by(_CONVERSATION.c.id)))


def orders_under_way(db: Session, conversation_id: int) -> list[str]:
    """Codes of her orders that are neither delivered nor called off, oldest first: what she should know before."""
    hers = _ordered(conversations_of(db, conversation_id), _person_of(db, conversation_id))
    return list(db.scalars(select(Order.code).where(hers, Order.status.not_in(OVER)).order_by(Order.id)))


def _person_of(db: Session, conversation_id: int) -> int | None:
    return db.scalar(select(_CONVERSATION.c.person_id).where(_CONVERSATION.c.id == conversation_id))


def _belongs_to_a_house(db: Session, person_id: int) -> bool:
    return db.get_one(Person, person_id).organisation_id is not None or bool(roles_of(db, person_id))


def _ordered(conversation_ids: Sequence[int], person_id: int | None) -> ColumnElement[bool]:
    """Orders of a person are also those that she placed here before we knew her."""
    here = Order.conversation_id.in_(conversation_ids)
    return here if person_id is None else or_(here, Order.person_id == person_id)


def _take_her_off_orders(db: Session, conversation_ids: Sequence[int], person_id: int | None) -> None:
    """Goods, amounts, days, seller and stamp stay. A draft's id comes from one of her messages, so it goes too."""
    ordered = _ordered(conversation_ids, person_id)
    drafts = list(db.scalars(select(Order.draft_id).where(ordered)))
    _do(db, update(StockMove).where(StockMove.ref.in_(drafts)).values(ref=FORGOTTEN))
    _do(
        db,
        update(Order)
        .where(ordered)
        .values(
            draft_id=FORGOTTEN + ":" + Order.code,
            conversation_id=None,
            person_id=None,
            contact_id=None,
            note=None,
        ),
    )


def _drop_what_she_said(db: Session, conversation_ids: Sequence[int], person_id: int | None) -> None:
    """Cases that are still open keep their conversation, so that somebody can close them with her; but no words."""
    wished = Wish.conversation_id.in_(conversation_ids)
    _do(db, delete(Wish).where(wished if person_id is None else or_(wished, Wish.person_id == person_id)))
    hers = Case.conversation_id.in_(conversation_ids)
    _do(db, update(Case).where(hers).values(note=None))
    _do(db, update(Case).where(hers, Case.closed_at.is_not(None)).values(conversation_id=None))
    names = [f"conversation:{conversation_id}" for conversation_id in conversation_ids]
    _do(db, update(Audit).where(Audit.who.in_(names)).values(who=FORGOTTEN))


def _empty_person(db: Session, person_id: int, now: datetime) -> None:
    """The row stays as a number, so that what she agreed to, and until when, can still be proved."""
    _do(db, delete(Contact).where(Contact.person_id == person_id))
    _do(db, delete(Invitation).where(Invitation.person_id == person_id))
    rights = (PrintRight.person_id == person_id, PrintRight.withdrawn_at.is_(None))
    _do(db, update(PrintRight).where(*rights).values(withdrawn_at=now))
    _do(db, update(LotEvent).where(LotEvent.person_id == person_id).values(draft_key=None))  # the id of a message
    still_given = (Consent.person_id == person_id, Consent.withdrawn_at.is_(None))
    _do(db, update(Consent).where(*still_given).values(withdrawn_at=now))
    nothing = {"name": None, "given_name": "", "title": "", "you": "", "phone": None, "phone_index": None}
    _do(db, update(Person).where(Person.id == person_id).values(language="vi", **nothing))


def _do(db: Session, statement: Executable) -> None:
    """At once, past what the session holds; `forget` lets it read everything anew."""
    db.execute(statement, execution_options={"synchronize_session": False})
