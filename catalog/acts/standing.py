"""Whose conversation a command comes from: the person it is tied to, and what she may do."""

from dataclasses import dataclass

from sqlalchemy import column, select, table, update
from sqlalchemy.orm import Session

from catalog.account import Account
from catalog.acts import Who
from catalog.order import Order
from catalog.organisation import Organisation
from catalog.person import Role

_CONVERSATION = table("conversation", column("id"), column("person_id"))
"""A table of the floor above: all that the acts need of it is to whom it is tied."""


@dataclass(frozen=True, slots=True)
class Household:
    """For whom a producer acts."""

    person_id: int
    organisation_id: int
    seller_id: int  # the seller of record of what she grows


def person_of(db: Session, who: Who) -> int | None:
    """The person that the conversation is tied to; None as long as we know nobody."""
    return db.scalar(select(_CONVERSATION.c.person_id).where(_CONVERSATION.c.id == who.conversation_id))


def tie(db: Session, who: Who, person_id: int) -> None:
    """From now on this conversation is that person's. What the session holds of it is read anew."""
    db.flush()
    db.execute(update(_CONVERSATION).where(_CONVERSATION.c.id == who.conversation_id).values(person_id=person_id))
    db.expire_all()


def household_of(db: Session, who: Who) -> Household | None:
    """The household or co-op that the conversation's person is a producer of; None if she is none."""
    held = (
        select(Role.person_id, Organisation.id, Organisation.seller_id)
        .join(Organisation, Organisation.id == Role.organisation_id)
        .join(_CONVERSATION, _CONVERSATION.c.person_id == Role.person_id)
        .where(_CONVERSATION.c.id == who.conversation_id, Role.role == "producer")
        .order_by(Role.id)
        .limit(1)
    )
    row = db.execute(held).first()
    if row is None or row.seller_id is None:
        return None
    return Household(row.person_id, row.id, row.seller_id)


def organisation_of(db: Session, who: Who) -> int:
    """Whose page, OA or site the command came in at."""
    return db.scalars(select(Account.organisation_id).where(Account.id == who.account_id)).one()


def name_of(who: Who, person_id: int | None) -> str:
    """As the audit names her: person:12, conversation:7."""
    return f"conversation:{who.conversation_id}" if person_id is None else f"person:{person_id}"


def is_mine(order: Order, who: Who, person_id: int | None) -> bool:
    """Whether the order was placed in this conversation, or by its person."""
    return order.conversation_id == who.conversation_id or (person_id is not None and order.person_id == person_id)
