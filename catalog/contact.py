"""Where to deliver: name, phone and address, all sealed."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ForeignKey, Row, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalog.db import Base, BigId, vault_of


class Contact(Base):
    """Never changed once it is written: orders point to what they were placed with. The newest one counts."""

    __tablename__ = "contact"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    name: Mapped[bytes]
    phone: Mapped[bytes]
    phone_index: Mapped[str] = mapped_column(String(64), index=True)
    address: Mapped[bytes]  # as typed
    created_at: Mapped[datetime]


class ContactWords(NamedTuple):
    """A contact in clear; `phone` is 0xxxxxxxxx. Fields that nobody gave are empty."""

    name: str = ""
    phone: str = ""
    address: str = ""


def newest_contact(db: Session, person_id: int) -> Contact | None:
    return db.scalar(select(Contact).where(Contact.person_id == person_id).order_by(Contact.id.desc()).limit(1))


def read_contact(db: Session, contact: Contact | Row[Any]) -> ContactWords:
    """contact: the object, or a row that was selected with its sealed columns. Raises `Unsealable`."""
    vault = vault_of(db)
    return ContactWords(*(vault.open(field).decode() for field in (contact.name, contact.phone, contact.address)))


def keep_contact(db: Session, person_id: int, words: ContactWords, at: datetime) -> Contact:
    """A new contact; empty fields are taken over from the one before. The same words again are the same contact."""
    before = newest_contact(db, person_id)
    known = ContactWords() if before is None else read_contact(db, before)
    now = ContactWords(*(new or old for new, old in zip(words, known, strict=True)))
    if before is not None and now == known:
        return before
    vault = vault_of(db)
    contact = Contact(
        person_id=person_id,
        name=vault.seal(now.name.encode()),
        phone=vault.seal(now.phone.encode()),
        phone_index=vault.index(now.phone) if now.phone else "",
        address=vault.seal(now.address.encode()),
        created_at=at,
    )
    db.add(contact)
    db.flush()
    return contact
