"""Consent, contact, invitations, cases, wishes and scans, on the fake and on the real shop."""

from datetime import timedelta

import pytest

from bot.ports import Contact
from catalog.acts import Command, Refused
from catalog.acts.person import (
    CaseOpened,
    ConsentKept,
    ContactKept,
    Counted,
    GiveConsent,
    NoInvitation,
    OpenCase,
    RecordScan,
    Redeem,
    Redeemed,
    SaveContact,
    Wish,
    WishKept,
)
from tests.contracts.towns import Town


def test_nothing_is_kept_of_anybody_before_she_agrees(town: Town) -> None:
    talk = town.talk("v1")
    assert talk.do(SaveContact("Hằng", "0912345678", "Hà Nội")) == Refused()
    assert (talk.ports.me.person_id, talk.ports.me.contact, talk.ports.me.name) == (None, None, "")


def test_consent_makes_a_person_and_a_contact_fills_up(town: Town) -> None:
    talk = town.talk("v1")
    agreed = talk.do(GiveConsent("order", "2026-11"))
    assert agreed == ConsentKept(talk.ports.me.person_id or 0)
    assert talk.do(GiveConsent("order", "2026-11")) == agreed
    assert talk.ports.me.consents == {"order"}
    talk.do(SaveContact("Nguyễn Thu Hằng", "0912345678", you="chị"))
    kept = talk.do(SaveContact(address="Số 5 ngõ 20, phường Cầu Giấy, Hà Nội"))
    assert isinstance(kept, ContactKept)
    me = talk.ports.me
    assert (me.role, me.name, me.you) == ("customer", "Hằng", "chị")
    assert me.contact == Contact(
        kept.contact_id, "Nguyễn Thu Hằng", "0912 345 678", "Số 5 ngõ 20, phường Cầu Giấy, Hà Nội"
    )
    assert talk.do(SaveContact(name="Nguyễn Thu Hằng")) == kept
    assert town.talk("v2").ports.me.contact is None


def test_agreeing_to_something_else_is_no_consent_to_orders(town: Town) -> None:
    talk = town.talk("v1")
    talk.do(GiveConsent("news", "2026-11"))
    assert talk.do(SaveContact("Hằng", "0912345678")) == Refused()
    assert talk.do(GiveConsent("anything", "2026-11")) == Refused()


def test_a_number_is_kept_for_a_recall_and_agrees_to_no_order(town: Town) -> None:
    talk = town.talk("v1")
    talk.do(GiveConsent("recall", "recall-2026-11"))
    kept = talk.do(SaveContact(phone="0912345678"))
    assert isinstance(kept, ContactKept)
    assert talk.ports.me.contact == Contact(kept.contact_id, "", "0912 345 678", "")
    assert talk.ports.me.consents == {"recall"}


def test_an_invitation_is_good_once(town: Town) -> None:
    code, first, second = town.invite("NSX-017"), town.talk("v1"), town.talk("v2")
    assert first.ports.book.invited(code)
    redeemed = first.do(Redeem(code))
    assert redeemed == Redeemed(first.ports.me.person_id or 0, "producer", "Mến")
    assert (first.ports.me.role, len(first.ports.garden.grown())) == ("producer", 2)
    assert second.ports.book.invited(code)  # it was one: still no stamp
    assert second.do(Redeem(code)) == NoInvitation()
    assert first.do(Redeem(code)) == NoInvitation()
    assert second.ports.me.role == "customer"


def test_an_invitation_expires(town: Town) -> None:
    code, talk = town.invite("NSX-017"), town.talk("v1")
    town.now += timedelta(days=14, seconds=1)
    assert talk.ports.book.invited(code)
    assert talk.do(Redeem(code)) == NoInvitation()
    assert talk.ports.me.person_id is None


def test_a_made_up_invitation_is_none(town: Town) -> None:
    talk = town.talk("v1")
    assert (talk.ports.book.invited("000000000098"), talk.do(Redeem("000000000098"))) == (False, NoInvitation())


def test_the_same_trouble_is_one_case(town: Town) -> None:
    talk = town.talk("v1")
    first = talk.do(OpenCase("complaint", "dập hết rồi", "DH2K7F"))
    assert isinstance(first, CaseOpened)
    assert talk.do(OpenCase("complaint", "vẫn dập", "DH2K7F")) == first
    assert talk.do(OpenCase("question", "", "DH2K7F")) != first
    assert town.talk("v2").do(OpenCase("complaint", "", "DH2K7F")) != first


def test_a_wish_is_kept_and_nothing_is_no_wish(town: Town) -> None:
    talk = town.talk("v1")
    assert talk.do(Wish(" sầu  riêng ")) == WishKept("sầu riêng")
    assert talk.do(Wish("sầu riêng")) == WishKept("sầu riêng")
    assert talk.do(Wish(" ")) == Refused()


def test_only_a_stamp_that_exists_is_counted(town: Town) -> None:
    talk = town.talk("v1")
    assert talk.do(RecordScan("483920176504")) == Counted("483920176504")
    assert talk.do(RecordScan("000000000098")) == Refused()


@pytest.mark.parametrize("command", [Command()])
def test_a_command_that_nobody_knows_is_refused(town: Town, command: Command) -> None:
    assert town.talk("v1").do(command) == Refused()
