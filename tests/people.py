"""People of the tables, as a test names them."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.db import vault_of
from catalog.person import Person


def by_phone(db: Session, phone: str) -> list[Person]:
    """Everybody with this number (0xxxxxxxxx), oldest first."""
    known = Person.phone_index.in_(vault_of(db).indexes(phone))
    return list(db.scalars(select(Person).where(known).order_by(Person.id)))
