"""How we come to know a person: by her consent, by what she tells us after it, or by an invitation."""

import re

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.acts import Refused, Result, Who
from catalog.acts.person import ConsentKept, ContactKept, GiveConsent, NoInvitation, Redeem, Redeemed, SaveContact
from catalog.acts.standing import name_of, person_of, tie
from catalog.audit import record
from catalog.consent import Consent, purposes_of
from catalog.contact import ContactWords, keep_contact
from catalog.invitation import open_invitation, use_up
from catalog.person import Person, grant, keep_name, keep_phone, roles_of

PURPOSES = frozenset({"order", "producer", "news", "recall"})
KEEPS_A_CONTACT = frozenset({"order", "recall"})
"""Purposes for which name and phone are kept."""
_PHONE = re.compile(r"0[0-9]{9,10}")


def give_consent(db: Session, who: Who, command: GiveConsent) -> Result:
    """Keep the proof; with the first one we begin to know a person. A second yes to the same text adds none."""
    if command.purpose not in PURPOSES:
        return Refused()
    person_id = person_of(db, who)
    if person_id is None:
        person = Person(created_at=who.now)
        db.add(person)
        db.flush()
        person_id = person.id
        tie(db, who, person_id)
    given = select(Consent.id).where(
        Consent.person_id == person_id,
        Consent.purpose == command.purpose,
        Consent.version == command.version,
        Consent.withdrawn_at.is_(None),
    )
    if db.scalar(given) is None:
        db.add(
            Consent(
                person_id=person_id,
                purpose=command.purpose,
                version=command.version,
                given_at=who.now,
                message_key=who.message_key,
            )
        )
        db.flush()
    return ConsentKept(person_id)


def save_contact(db: Session, who: Who, command: SaveContact) -> Result:
    """ContactKept; Refused without consent, without anything to keep, or for a number that is none of Vietnam's."""
    person_id = person_of(db, who)
    words = ContactWords(command.name.strip(), _phone(command.phone), command.address.strip())
    if person_id is None or not KEEPS_A_CONTACT & purposes_of(db, person_id):
        return Refused()
    if not any(words) or (command.phone and not _PHONE.fullmatch(words.phone)):
        return Refused()
    contact = keep_contact(db, person_id, words, who.now)
    if not roles_of(db, person_id):  # a producer or a colleague keeps the name that the co-op knows her by
        _remember(db, db.get_one(Person, person_id), words, command)
    return ContactKept(contact.id)


def redeem(db: Session, who: Who, command: Redeem) -> Result:
    """Redeemed once; afterwards, and for every other code, NoInvitation."""
    invitation = open_invitation(db, command.code, who.now)
    if invitation is None or not use_up(db, invitation.id, who.now):
        return NoInvitation()
    person_id, role = invitation.person_id, invitation.role
    grant(db, person_id, invitation.organisation_id, role, who.now)
    tie(db, who, person_id)
    record(db, name_of(who, person_id), "redeem", f"invitation:{invitation.id}", who.now)
    return Redeemed(person_id, role, db.get_one(Person, person_id).given_name)


def _remember(db: Session, person: Person, words: ContactWords, command: SaveContact) -> None:
    if words.name:
        keep_name(db, person, words.name)
        person.given_name = command.given_name or person.given_name
    if words.phone:
        keep_phone(db, person, words.phone)
    if command.you:
        person.you = command.you
    db.flush()


def _phone(typed: str) -> str:
    """0912345678 of however it is written: +84 912 345 678, 0912.345.678."""
    digits = re.sub(r"[^0-9+]", "", typed)
    return re.sub(r"^(?:\+84|0084|84(?=[0-9]{9,10}$))", "0", digits)
