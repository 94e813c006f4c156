"""People of the demo: staff, producers with their households, and one customer."""

from datetime import timedelta

from sqlalchemy.orm import Session

from catalog.consent import Consent
from catalog.contact import Contact, ContactWords, keep_contact
from catalog.organisation import Organisation, OrganisationKind
from catalog.person import Person, grant, keep_name, keep_phone
from catalog.seed.calendar import Calendar
from catalog.seed.goods import Grower
from catalog.seed.organisations import add_member
from catalog.seed.records import CustomerRecord, ProducerRecord, StaffRecord
from catalog.sheet import PrintRight

PRINTS_FOR = timedelta(days=365)
STAMPS_OF_STAFF = 5_000


def add_staff(db: Session, coop: Organisation, record: StaffRecord, calendar: Calendar) -> None:
    person = _add_person(db, Person(organisation_id=coop.id, title=record.title, you=record.you), record.name, calendar)
    keep_phone(db, person, record.phone)
    grant(db, person.id, coop.id, record.role, calendar.now)
    db.add(
        PrintRight(
            organisation_id=coop.id,
            person_id=person.id,
            valid_from=calendar.today,
            valid_until=calendar.today + PRINTS_FOR,
            number=STAMPS_OF_STAFF,
            used=0,
            granted_by="seed",
            granted_at=calendar.now,
        )
    )


def add_producer(db: Session, coop: Organisation, record: ProducerRecord, calendar: Calendar) -> Grower:
    """The producer and her household; the household goes by her code, so that her name stays sealed."""
    household = add_member(db, OrganisationKind.HOUSEHOLD, f"{coop.code}-{record.code}", f"Hộ {record.code}", coop)
    person = Person(code=record.code, organisation_id=household.id, title=record.title, you=record.you)
    _add_person(db, person, record.name, calendar)
    grant(db, person.id, household.id, "producer", calendar.now)
    _consent(db, person, "producer", calendar)
    return Grower(household.id, person.id, record.place)


def add_customer(db: Session, record: CustomerRecord, calendar: Calendar) -> Contact:
    person = _add_person(db, Person(title=record.title, you=record.you), record.name, calendar)
    keep_phone(db, person, record.phone)
    _consent(db, person, "order", calendar)
    return keep_contact(db, person.id, ContactWords(record.name, record.phone, record.address), calendar.now)


def _add_person(db: Session, person: Person, name: str, calendar: Calendar) -> Person:
    person.created_at = calendar.now
    keep_name(db, person, name)
    db.add(person)
    db.flush()
    return person


def _consent(db: Session, person: Person, purpose: str, calendar: Calendar) -> None:
    db.add(Consent(person_id=person.id, purpose=purpose, version="demo", given_at=calendar.now, message_key="demo"))
