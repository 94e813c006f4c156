"""Orders, cases, invitations and contacts: what may happen to a row, and what happens once only."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog import trace
from catalog.account import Account, account_by, ensure_account, ids_of_channel, token_of
from catalog.case import LONGEST_NOTE, Case, close_case, note_of, open_case, open_cases
from catalog.contact import Contact, ContactWords, keep_contact, newest_contact, read_contact
from catalog.db import Database
from catalog.invitation import VALID_FOR, Invitation, invite, open_invitation, use_up
from catalog.order import NEXT, Order, Status, advance, order_by_code, orders_of
from catalog.person import producer_by_code
from catalog.product import PriceChange, Product, set_price
from tests.people import by_phone

NOW = datetime(2026, 11, 21, 2, tzinfo=UTC)


@pytest.fixture
def db(demo: Database) -> Iterator[Session]:
    with demo.writing() as session:
        yield session


@pytest.fixture
def account(db: Session) -> Account:
    account = account_by(db, "web", "SM")
    assert account is not None
    return account


def test_every_order_can_be_brought_to_an_end() -> None:
    ends = {Status.DELIVERED, Status.CANCELLED}
    for status in Status:
        reached = {status}
        while step := {after for (before, _), after in NEXT.items() if before in reached} - reached:
            reached |= step
        assert reached & ends, status
        assert status not in ends or reached == {status}


def test_an_order_is_cancelled_once_and_not_on_its_way(db: Session) -> None:
    order = order_by_code(db, "dh2k7f")
    assert order is not None
    assert not advance(db, order, "cancel", NOW)
    assert order.status == Status.SENT
    assert advance(db, order, "deliver", NOW)
    assert (order.status, order.status_at) == (Status.DELIVERED, NOW)
    assert not advance(db, order, "deliver", NOW)


def test_orders_belong_to_a_conversation_and_to_its_person(db: Session) -> None:
    (hang,) = by_phone(db, "0912345678")
    assert [order.code for order in orders_of(db, 7, hang.id)] == ["DH2K7F", "DHK9RT"]
    assert orders_of(db, 7, None) == []
    assert db.scalar(select(func.count()).select_from(Order)) == 5


def test_the_same_question_is_one_case_until_it_is_closed(db: Session, account: Account) -> None:
    def ask(note: str, conversation_id: int | None = 7) -> Case:
        return open_case(db, account.id, conversation_id, "question", subject="", note=note, at=NOW)

    first = ask("Bao giờ có cam?")
    assert ask("Alo?") is first
    assert ask("") is first
    assert note_of(db, first) == "Bao giờ có cam?\n2026-11-21 02:00+00:00 Alo?\n2026-11-21 02:00+00:00"
    assert close_case(db, first.id, NOW)
    assert not close_case(db, first.id, NOW)
    second = ask("Còn mật không?")
    of_another = ask("", conversation_id=8)
    of_nobody = [ask("", conversation_id=None) for _ in range(2)]
    assert open_cases(db) == [second, of_another, *of_nobody]


def test_of_a_very_long_complaint_the_newest_words_are_kept(db: Session, account: Account) -> None:
    for words in ("a" * LONGEST_NOTE, "Alo?"):
        case = open_case(db, account.id, 7, "complaint", subject="", note=words, at=NOW)
    note = note_of(db, case)
    assert (len(note), note[:2], note[-5:]) == (LONGEST_NOTE, "…a", " Alo?")


def test_an_invitation_is_used_once_and_not_too_late(db: Session) -> None:
    men = producer_by_code(db, "nsx-017")
    assert men is not None
    assert men.organisation_id is not None
    code = invite(db, men.id, men.organisation_id, "producer", NOW)
    assert trace.check(code)
    invitation = open_invitation(db, code, NOW + VALID_FOR - timedelta(seconds=1))
    assert invitation is not None
    assert (invitation.person_id, invitation.role) == (men.id, "producer")
    assert open_invitation(db, code, NOW + VALID_FOR) is None
    assert use_up(db, invitation.id, NOW)
    assert not use_up(db, invitation.id, NOW)
    assert open_invitation(db, code, NOW) is None
    assert code not in {row.code_index for row in db.scalars(select(Invitation))}


def test_a_contact_keeps_what_was_not_said_again_and_old_orders_keep_theirs(db: Session) -> None:
    (hang,) = by_phone(db, "0912345678")
    before = newest_contact(db, hang.id)
    assert before is not None
    assert keep_contact(db, hang.id, ContactWords(name="Hằng"), NOW) is before
    moved = keep_contact(db, hang.id, ContactWords(address="12 Lê Lợi"), NOW)
    assert read_contact(db, moved) == ContactWords("Hằng", "0912345678", "12 Lê Lợi")
    assert read_contact(db, before).address == "Số 5 ngõ 20, phường Cầu Giấy, Hà Nội"
    assert db.scalar(select(func.count()).select_from(Contact)) == 2


def test_an_account_is_made_once_and_its_token_is_sealed(db: Session, account: Account) -> None:
    page = ensure_account(db, "messenger", "1234", account.organisation_id, "EAAB-1")
    assert ensure_account(db, "messenger", "1234", account.organisation_id, None) is page
    assert token_of(db, page) == "EAAB-1"
    assert page.token is not None
    assert b"EAAB" not in page.token
    ensure_account(db, "messenger", "1234", account.organisation_id, "EAAB-2")
    assert token_of(db, page) == "EAAB-2"
    assert ids_of_channel(db, "messenger") == {"1234": page.id}


def test_a_new_price_is_remembered_and_the_same_price_is_not(db: Session) -> None:
    cam = db.scalars(select(Product).where(Product.sku == "CAM")).one()
    set_price(db, cam, 31_000, 3_000, who="person:1", at=NOW)
    set_price(db, cam, 31_000, 3_000, who="person:1", at=NOW)
    changes = db.scalars(select(PriceChange).where(PriceChange.product_id == cam.id).order_by(PriceChange.id))
    assert [(change.price_vnd, change.markup_vnd, change.who) for change in changes] == [
        (28_000, 3_000, "system"),
        (31_000, 3_000, "person:1"),
    ]
