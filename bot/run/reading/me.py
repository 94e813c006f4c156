"""Whom we are talking to, and for whom we speak, in one SELECT."""

from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, func, select
from sqlalchemy.orm import Session

from bot.conversation import Conversation, Memory
from bot.ports import Contact, Me
from bot.understand.people import pretty_phone
from catalog.account import Account
from catalog.consent import Consent
from catalog.contact import Contact as ContactRow
from catalog.contact import read_contact
from catalog.db import Base, once
from catalog.organisation import Organisation
from catalog.person import Person, Role
from catalog.vault import Unsealable

_STAFF = {"staff", "manager", "officer"}
_UNKNOWN = "anh/chị"


_ACCOUNT, _CONSENT, _CONTACT, _COOP, _PERSON, _ROLE = (
    Base.metadata.tables[one.__tablename__] for one in (Account, Consent, ContactRow, Organisation, Person, Role)
)


def _joined(column: ColumnElement[Any], where: ColumnElement[bool]) -> ColumnElement[Any]:
    return select(func.aggregate_strings(column, ",")).where(where).scalar_subquery()


def _me() -> Select[Any]:
    """Made once, and columns instead of objects: to put both together takes longer than to ask the database."""
    person_id = bindparam("person_id", type_=_PERSON.c.id.type)
    newest = select(func.max(_CONTACT.c.id)).where(_CONTACT.c.person_id == person_id).scalar_subquery()
    return (
        select(
            *(_COOP.c[name] for name in ("short_name", "shop", "clerk", "clerk_phone", "demo")),
            *(_PERSON.c[name] for name in ("language", "you", "given_name")),
            _CONTACT.c.id.label("contact_id"),
            *(_CONTACT.c[name] for name in ("name", "phone", "address")),
            _joined(_ROLE.c.role, _ROLE.c.person_id == person_id).label("roles"),
            _joined(
                _CONSENT.c.purpose, and_(_CONSENT.c.person_id == person_id, _CONSENT.c.withdrawn_at.is_(None))
            ).label("consents"),
        )
        .join_from(_ACCOUNT, _COOP, _COOP.c.id == _ACCOUNT.c.organisation_id)
        .outerjoin(_PERSON, _PERSON.c.id == person_id)
        .outerjoin(_CONTACT, _CONTACT.c.id == newest)
        .where(_ACCOUNT.c.id == bindparam("account_id"))
    )


_ME = _me()


def read_me(db: Session, conversation: Conversation, memory: Memory, default_language: str) -> Me:
    whose = {"account_id": conversation.account_id, "person_id": conversation.person_id}
    row = once(db, (_ME, *whose.values()), lambda: db.execute(_ME, whose).one())
    return Me(
        person_id=conversation.person_id,
        role=_role(set((row.roles or "").split(","))),
        language=memory.language or row.language or default_language,
        you=row.you or memory.you or _UNKNOWN,
        name=row.given_name or "",
        consents=frozenset(row.consents.split(",")) if row.consents else frozenset(),
        contact=None if row.contact_id is None else _contact(db, row),
        coop=row.short_name,
        shop=row.shop,
        clerk=row.clerk,
        clerk_phone=pretty_phone(row.clerk_phone),
        demo=row.demo,
    )


def _role(held: set[str]) -> str:
    if "producer" in held:
        return "producer"
    return "staff" if held & _STAFF else "customer"


def _contact(db: Session, row: Row[Any]) -> Contact | None:
    """None where the key is gone that it was sealed with: then she is asked anew, as if we had never known."""
    try:
        words = read_contact(db, row)
    except Unsealable:
        return None
    return Contact(row.contact_id, words.name, pretty_phone(words.phone), words.address)
