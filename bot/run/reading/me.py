"""Whom we are talking to, and for whom we speak, in one SELECT."""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, select
from sqlalchemy.orm import Session

from bot.conversation import Conversation, Memory
from bot.ports import Contact, Me
from bot.understand.people import pretty_phone
from catalog.account import Account
from catalog.consent import Consent
from catalog.contact import Contact as ContactRow
from catalog.contact import read_contact
from catalog.organisation import Organisation
from catalog.person import Person, Role
from catalog.vault import Unsealable

_STAFF = {"staff", "manager", "officer"}
_UNKNOWN = "anh/chị"


def _joined(column: Any, where: ColumnElement[bool]) -> ColumnElement[Any]:
    return select(func.aggregate_strings(column, ",")).where(where).scalar_subquery()


def _me() -> Select[Any]:
    """Made once: to put it together takes longer than to run it."""
    person_id = bindparam("person_id", type_=Person.id.type)
    roles = _joined(Role.role, Role.person_id == person_id)
    consents = _joined(Consent.purpose, and_(Consent.person_id == person_id, Consent.withdrawn_at.is_(None)))
    newest = select(func.max(ContactRow.id)).where(ContactRow.person_id == person_id).scalar_subquery()
    return (
        select(Organisation, Person, ContactRow, roles, consents)
        .join_from(Account, Organisation, Organisation.id == Account.organisation_id)
        .outerjoin(Person, Person.id == person_id)
        .outerjoin(ContactRow, ContactRow.id == newest)
        .where(Account.id == bindparam("account_id"))
    )


_ME = _me()


def read_me(db: Session, conversation: Conversation, memory: Memory, default_language: str) -> Me:
    whose = {"account_id": conversation.account_id, "person_id": conversation.person_id}
    coop, person, contact, held, agreed = db.execute(_ME, whose).one()
    return Me(
        person_id=conversation.person_id,
        role=_role(set((held or "").split(","))),
        language=memory.language or (person.language if person else "") or default_language,
        you=(person.you if person else "") or memory.you or _UNKNOWN,
        name=person.given_name if person else "",
        consents=frozenset(agreed.split(",")) if agreed else frozenset(),
        contact=None if contact is None else _contact(db, contact),
        coop=coop.short_name,
        shop=coop.shop,
        clerk=coop.clerk,
        clerk_phone=pretty_phone(coop.clerk_phone),
        demo=coop.demo,
    )


def _role(held: set[str]) -> str:
    if "producer" in held:
        return "producer"
    return "staff" if held & _STAFF else "customer"


def _contact(db: Session, row: ContactRow) -> Contact | None:
    """None where the key is gone that it was sealed with: then she is asked anew, as if we had never known."""
    try:
        words = read_contact(db, row)
    except Unsealable:
        return None
    return Contact(row.id, words.name, pretty_phone(words.phone), words.address)
