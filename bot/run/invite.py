"""Invitations: a code of 12 digits that ties whoever sends it to a producer, or to a member of the co-op's staff."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.run.trouble import Trouble
from catalog import audit
from catalog.invitation import invite
from catalog.organisation import Organisation, OrganisationKind, organisation_by_code
from catalog.person import Person, Role, full_name, keep_name, producer_by_code, roles_of


def invite_producer(db: Session, code: str, at: datetime) -> str:
    """The 12 digits for the producer NSX-017. Raises `Trouble` if there is none."""
    person = producer_by_code(db, code)
    if person is None:
        raise Trouble(f"there is no producer {code}")
    held = [role.organisation_id for role in roles_of(db, person.id) if role.role == "producer"]
    organisation_id = held[0] if held else person.organisation_id
    if organisation_id is None:
        raise Trouble(f"{code} belongs to no co-op yet")
    return _invite(db, person, organisation_id, "producer", at)


def invite_staff(db: Session, name: str, coop: str | None, at: datetime) -> str:
    """The 12 digits for `name`, who is entered as staff if she is new. Raises `Trouble`.

    coop: the co-op's code; None for the first one.
    """
    organisation = _coop(db, coop)
    person = _colleague(db, organisation.id, name)
    if person is None:
        person = Person(organisation_id=organisation.id, created_at=at)
        keep_name(db, person, name)
        db.add(person)
        db.flush()
    return _invite(db, person, organisation.id, "staff", at)


def _invite(db: Session, person: Person, organisation_id: int, role: str, at: datetime) -> str:
    audit.record(db, "system", "invite", f"person:{person.id}", at)
    return invite(db, person.id, organisation_id, role, at)


def _coop(db: Session, code: str | None) -> Organisation:
    if code is None:
        coops = select(Organisation).where(Organisation.kind == OrganisationKind.COOP)
        found = db.scalar(coops.order_by(Organisation.id).limit(1))
    else:
        found = organisation_by_code(db, code)
    if found is None:
        raise Trouble(f"there is no co-op {code}" if code else "there is no co-op yet: chophien seed loads the demo")
    return found


def _colleague(db: Session, organisation_id: int, name: str) -> Person | None:
    """Somebody of that name who works there, or was invited to."""
    works_there = select(Role.person_id).where(Role.organisation_id == organisation_id, Role.role == "staff")
    people = select(Person).where(
        (Person.organisation_id == organisation_id) | Person.id.in_(works_there), Person.code.is_(None)
    )
    return next((person for person in db.scalars(people) if full_name(db, person) == name), None)
