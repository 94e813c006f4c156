"""People in the tables: proof of consent, sealed contacts, roles, and scans that name nobody."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from catalog import consent
from catalog.acts import Refused
from catalog.acts.person import GiveConsent, OpenCase, RecordScan, Redeem, SaveContact, Wish
from catalog.audit import Audit
from catalog.case import Case, note_of
from catalog.contact import Contact, newest_contact, read_contact
from catalog.db import Database
from catalog.person import Person, full_name, producer_by_code, roles_of
from catalog.scan import Scan, ScanKey
from tests.conftest import NOW
from tests.contracts.towns import RealTown
from tests.people import by_phone

CODE = "483920176504"


@pytest.fixture
def town(demo: Database) -> Iterator[RealTown]:
    with demo.writing() as db:
        yield RealTown(db, NOW)


def test_a_consent_is_kept_with_its_proof_once(town: RealTown) -> None:
    talk = town.talk("v1")
    for version in ("2026-11", "2026-11", "2026-12"):
        talk.do(GiveConsent("order", version))
    proofs = select(consent.Consent).where(consent.Consent.person_id == talk.conversation.person_id)
    assert [(one.purpose, one.version, one.given_at, one.message_key) for one in town.db.scalars(proofs)] == [
        ("order", "2026-11", NOW, "first of v1"),
        ("order", "2026-12", NOW, "first of v1"),
    ]


def test_a_contact_lies_sealed_in_the_database(town: RealTown) -> None:
    talk = town.talk("v1")
    talk.do(GiveConsent("order", "2026-11"))
    talk.do(SaveContact("Nguyễn Thu Hằng", "+84 912 345 699", "số 5 ngõ 20 dịch vọng"))
    person_id = talk.conversation.person_id
    assert person_id is not None
    contact = newest_contact(town.db, person_id)
    assert contact is not None
    assert tuple(read_contact(town.db, contact)) == ("Nguyễn Thu Hằng", "0912345699", "số 5 ngõ 20 dịch vọng")
    sealed = contact.name + contact.phone + contact.address
    assert not any(word.encode() in sealed for word in ("Hằng", "912", "dịch"))
    assert [person.id for person in by_phone(town.db, "0912345699")] == [person_id]


@pytest.mark.parametrize("phone", ["12345", "+44 20 7946 0958", "gọi sau"])
def test_a_number_that_is_none_of_vietnams_is_refused(town: RealTown, phone: str) -> None:
    talk = town.talk("v1")
    talk.do(GiveConsent("order", "2026-11"))
    assert talk.do(SaveContact("Hằng", phone)) == Refused()
    assert town.db.scalar(select(Contact.id).where(Contact.person_id == talk.conversation.person_id)) is None


def test_a_producer_who_orders_keeps_the_name_that_the_co_op_knows(town: RealTown) -> None:
    talk = town.talk_of("v1", "NSX-017")
    talk.do(GiveConsent("order", "2026-11"))
    talk.do(SaveContact("cháu Hoa", "0987000111", "chợ Đà Bắc", you="chị"))
    person = producer_by_code(town.db, "NSX-017")
    assert person is not None
    assert (full_name(town.db, person), person.given_name, person.you) == ("Bùi Thị Mến", "Mến", "bác")


def test_a_given_name_may_be_another_than_the_last_word(town: RealTown) -> None:
    talk = town.talk("v1")
    talk.do(GiveConsent("order", "2026-11"))
    talk.do(SaveContact("Hằng Nguyễn", "0912345699", given_name="Hằng"))
    person = town.db.get_one(Person, talk.conversation.person_id)
    assert (full_name(town.db, person), person.given_name) == ("Hằng Nguyễn", "Hằng")


def test_an_invitation_gives_its_role_and_is_written_down(town: RealTown) -> None:
    talk = town.talk("v1")
    talk.do(GiveConsent("order", "2026-11"))  # a customer until then
    talk.do(Redeem(town.invite("NSX-022")))
    person_id = talk.conversation.person_id
    assert person_id is not None
    assert [role.role for role in roles_of(town.db, person_id)] == ["producer"]
    assert town.db.scalars(select(Audit.who).where(Audit.what == "redeem")).all() == [f"person:{person_id}"]
    assert talk.ports.me.name == "Páo"


def test_a_note_of_a_case_is_sealed_and_later_words_are_added(town: RealTown) -> None:
    talk = town.talk("v1")
    talk.do(OpenCase("complaint", "cam bị dập hết rồi", "DH2K7F"))
    talk.do(OpenCase("complaint", "vẫn dập", "DH2K7F"))
    case = town.db.scalars(select(Case).where(Case.kind == "complaint")).one()
    assert (note_of(town.db, case), case.subject) == ("cam bị dập hết rồi\n2026-11-21 09:00+07:00 vẫn dập", "DH2K7F")
    assert case.note is not None
    assert b"cam" not in case.note


def test_a_wish_is_kept_with_day_and_channel_once(town: RealTown) -> None:
    talk = town.talk("v1")
    talk.do(Wish("Sầu riêng"))
    talk.do(Wish("sầu  riêng"))
    wishes = town.db.scalars(select(consent.Wish)).all()
    assert [(wish.words, wish.channel, wish.wished_at) for wish in wishes] == [("Sầu riêng", "web", NOW)]


def test_a_scan_tells_people_apart_for_a_day_and_names_nobody(town: RealTown) -> None:
    first, second = town.talk("v1"), town.talk("v2")
    for talk in (first, first, second):
        talk.do(RecordScan(CODE))
    hashes = town.db.scalars(select(Scan.person_hash).order_by(Scan.id)).all()
    assert (hashes[0] == hashes[1], hashes[0] == hashes[2], len(hashes[0])) == (True, False, 64)
    keys = town.db.scalars(select(ScanKey.key)).all()
    town.now += timedelta(days=1)
    first.do(RecordScan(CODE))
    assert town.db.scalars(select(Scan.person_hash).order_by(Scan.id.desc())).first() not in hashes
    left = town.db.scalars(select(ScanKey.key)).all()
    assert (len(keys), len(left), set(keys) & set(left)) == (1, 1, set())


def test_the_day_of_a_scan_begins_at_midnight_in_vietnam(town: RealTown) -> None:
    talk = town.talk("v1")
    for hour, minute in ((23, 59), (0, 0)):
        town.now = NOW.replace(hour=hour, minute=minute) + timedelta(days=hour == 0)
        talk.do(RecordScan(CODE))
    assert len(set(town.db.scalars(select(Scan.person_hash)))) == 2


def test_a_code_that_was_not_found_leaves_no_trace(town: RealTown) -> None:
    assert town.talk("v1").do(RecordScan("000000000098")) == Refused()
    assert town.db.scalars(select(Scan)).all() == []
