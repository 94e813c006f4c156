"""A person whom we know by consent or by invitation, and what she is to an organisation."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalog.db import Base, BigId, vault_of


class Person(Base):
    __tablename__ = "person"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str | None] = mapped_column(String(20), unique=True)  # NSX-017, for producers
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    """Her household, or the co-op that she works for. None for customers."""
    name: Mapped[bytes | None]  # sealed: Bùi Thị Mến
    given_name: Mapped[str] = mapped_column(default="")  # Mến
    title: Mapped[str] = mapped_column(default="")  # bà: before her full name, on a stamp
    you: Mapped[str] = mapped_column(default="")  # bác: how the bot addresses her; empty until known
    language: Mapped[str] = mapped_column(String(10), default="vi")
    phone: Mapped[bytes | None]  # sealed: 0xxxxxxxxx
    phone_index: Mapped[str | None] = mapped_column(String(64), index=True)
    created_at: Mapped[datetime]


class Role(Base):
    """What a person may do at an organisation: producer, staff, manager, officer. Customers have none."""

    __tablename__ = "role"
    __table_args__ = (UniqueConstraint("person_id", "organisation_id", "role"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    role: Mapped[str] = mapped_column(String(20))
    granted_at: Mapped[datetime]


def producer_by_code(db: Session, code: str) -> Person | None:
    """`code` as it is printed: NSX-017."""
    return db.scalar(select(Person).where(Person.code == code.upper()))


def roles_of(db: Session, person_id: int) -> list[Role]:
    return list(db.scalars(select(Role).where(Role.person_id == person_id).order_by(Role.id)))


def grant(db: Session, person_id: int, organisation_id: int, role: str, at: datetime) -> None:
    """Give a role; having it already is fine."""
    held = select(Role.id).where(
        Role.person_id == person_id, Role.organisation_id == organisation_id, Role.role == role
    )
    if db.scalar(held) is None:
        db.add(Role(person_id=person_id, organisation_id=organisation_id, role=role, granted_at=at))
        db.flush()


def keep_name(db: Session, person: Person, name: str) -> None:
    """Seal the full name; the given name, which comes last in Vietnamese, is kept to address her."""
    person.name = vault_of(db).seal(name.encode())
    *_, person.given_name = name.split() or [""]


def keep_phone(db: Session, person: Person, phone: str) -> None:
    """`phone`: 0xxxxxxxxx."""
    person.phone = vault_of(db).seal(phone.encode())
    person.phone_index = vault_of(db).index(phone)


def full_name(db: Session, person: Person) -> str:
    """Bùi Thị Mến, or the given name, or nothing. Raises `Unsealable`."""
    return person.given_name if person.name is None else vault_of(db).open(person.name).decode()


def public_name(db: Session, person: Person) -> str:
    """A producer as a stamp names her: bà Bùi Thị Mến."""
    return f"{person.title} {full_name(db, person)}".strip()


def phone_of(db: Session, person: Person) -> str:
    """0xxxxxxxxx, or empty. Raises `Unsealable`."""
    return "" if person.phone is None else vault_of(db).open(person.phone).decode()
