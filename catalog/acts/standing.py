"""Whose conversation a command comes from: the person it is tied to, and what she may do."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, FromClause, and_, column, or_, select, table, update
from sqlalchemy.orm import Session

from catalog.acts import Who
from catalog.order import Order
from catalog.organisation import Organisation, OrganisationKind
from catalog.person import Role

CONVERSATION = table("conversation", column("id"), column("person_id"))
"""A table of the floor above: all that the acts need of it is to whom it is tied."""


@dataclass(frozen=True, slots=True)
class Household:
    """For whom a producer acts."""

    person_id: int
    organisation_id: int
    seller_id: int  # the seller of record of what she grows


def person_of(db: Session, who: Who) -> int | None:
    """The person that the conversation is tied to; None as long as we know nobody."""
    return db.scalar(select(CONVERSATION.c.person_id).where(CONVERSATION.c.id == who.conversation_id))


def tie(db: Session, who: Who, person_id: int) -> None:
    """From now on this conversation is that person's. What the session holds of it is read anew."""
    db.flush()
    db.execute(update(CONVERSATION).where(CONVERSATION.c.id == who.conversation_id).values(person_id=person_id))
    db.expire_all()


def household_of(db: Session, who: Who) -> Household | None:
    """The household or co-op that the conversation's person is a producer of; None if she is none."""
    held = (
        select(Role.person_id, Organisation.id, Organisation.seller_id)
        .join(Organisation, Organisation.id == Role.organisation_id)
        .join(CONVERSATION, CONVERSATION.c.person_id == Role.person_id)
        .where(CONVERSATION.c.id == who.conversation_id, Role.role == "producer")
        .order_by(Role.id)
        .limit(1)
    )
    row = db.execute(held).first()
    if row is None or row.seller_id is None:
        return None
    return Household(row.person_id, row.id, row.seller_id)


@dataclass(frozen=True, slots=True)
class Desk:
    """For which co-op a member of staff answers, and as what: "staff" or "manager"."""

    person_id: int
    organisation_id: int
    role: str


def desk_of(db: Session, who: Who) -> Desk | None:
    """None for everybody but staff. Who is manager somewhere is taken for that."""
    held = (
        select(Role.person_id, Role.organisation_id, Role.role)
        .join(CONVERSATION, CONVERSATION.c.person_id == Role.person_id)
        .where(CONVERSATION.c.id == who.conversation_id, Role.role.in_(("staff", "manager")))
        .order_by(Role.role, Role.id)
        .limit(1)
    )
    row = db.execute(held).first()
    return None if row is None else Desk(*row)


def manages(db: Session, person_id: int, organisation_id: int) -> bool:
    """Whether she is its manager, who needs no right to print."""
    held = (Role.person_id == person_id, Role.organisation_id == organisation_id, Role.role == "manager")
    return db.scalar(select(Role.id).where(*held).limit(1)) is not None


def shows(own: FromClause, seller: FromClause) -> ColumnElement[bool]:
    """Whether pages of the one organisation show the goods of the other: `sellers_shown_by` inside a statement."""
    of_its_own = and_(own.c.kind != OrganisationKind.ALLIANCE, seller.c.id == own.c.seller_id)
    of_a_member = and_(seller.c.parent_id == own.c.id, seller.c.seller_id == seller.c.id)
    return or_(of_its_own, and_(own.c.kind == OrganisationKind.ALLIANCE, of_a_member))


def name_of(who: Who, person_id: int | None) -> str:
    """As the audit names her: person:12, conversation:7."""
    return f"conversation:{who.conversation_id}" if person_id is None else f"person:{person_id}"


def is_mine(order: Order, who: Who, person_id: int | None) -> bool:
    """Whether the order was placed in this conversation, or by its person."""
    return order.conversation_id == who.conversation_id or (person_id is not None and order.person_id == person_id)
