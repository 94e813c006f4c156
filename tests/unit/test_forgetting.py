"""A person takes her rights: nothing names her afterwards, and the co-op's sums are as they were. On both databases."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from bot.conversation import Conversation
from catalog.acts import Refused
from catalog.acts.forgetting import Forgotten, conversations_of, forget, forget_her, orders_under_way
from catalog.acts.order import Placed, PlaceOrder, Wanted
from catalog.acts.person import ContactKept, GiveConsent, OpenCase, SaveContact, Wish
from catalog.audit import Audit
from catalog.case import Case, close_case, note_of
from catalog.consent import Consent, purposes_of
from catalog.contact import Contact
from catalog.db import Database, vault_of
from catalog.erasure import ErasureState, ask_erasure, erasure_by, settle
from catalog.invitation import invite
from catalog.order import Order, OrderLine, advance, order_by_code
from catalog.organisation import organisation_by_code
from catalog.part import Allocation, Part
from catalog.person import Person, grant
from catalog.stock import StockMove
from catalog.tables import METADATA
from catalog.vault import Unsealable, Vault
from tests.conftest import NOW
from tests.contracts.towns import RealTalk, RealTown
from tests.people import by_phone

LATER = NOW + timedelta(days=1)
NAME, PHONE, STREET = "Đinh Thị Ngoan", "0912345699", "số 5 ngõ 20 Dịch Vọng"
WORDS = ("Ngoan", "912345699", "Dịch Vọng", "gọi trước", "bị dập", "chôm chôm nhãn")
TALK = {"conversation", "inbox", "outbox", "attachment", "upload"}
"""Tables of the floor above, which it empties itself."""

Row = tuple[object, ...]


@pytest.fixture
def town(demo: Database) -> Iterator[RealTown]:
    with demo.writing() as db:
        yield RealTown(db, NOW)


@pytest.fixture
def her(town: RealTown) -> RealTalk:
    """Who said all that we ever keep: consent, contact, an order, a complaint, a wish, an invitation."""
    talk = town.talk("v1")
    order(talk, agreed(talk))
    talk.do(OpenCase("complaint", "cam bị dập hết", "DH2K7F"))
    talk.do(Wish("chôm chôm nhãn"))
    assert talk.conversation.person_id is not None
    invite(town.db, talk.conversation.person_id, coop(town.db), "producer", NOW)
    return talk


def agreed(talk: RealTalk) -> int:
    """She agreed and left name, phone and address: her contact's id."""
    talk.do(GiveConsent("order", "2026-11"))
    kept = talk.do(SaveContact(NAME, PHONE, STREET, you="chị"))
    assert isinstance(kept, ContactKept)
    return kept.contact_id


def order(talk: RealTalk, contact_id: int | None, draft_id: str = "m7") -> str:
    """The code of an order of two kilos of oranges: delivered, or picked up where there is no contact."""
    oranges = talk.ports.shelf.search("cam sành")[0].goods
    line = Wanted(oranges.id, Decimal(2), oranges.price_vnd, "483920176504")
    if contact_id is None:
        placed = talk.do(PlaceOrder(draft_id, (line,), "pickup", None, 0, note="gọi trước"))
    else:
        placed = talk.do(PlaceOrder(draft_id, (line,), "delivery", contact_id, 30_000, note="gọi trước"))
    assert isinstance(placed, Placed)
    return placed.orders[0].code


def coop(db: Session) -> int:
    found = organisation_by_code(db, "SM")
    assert found is not None
    return found.id


def tables(db: Session) -> dict[str, list[Row]]:
    """Every row of the truth, as the database has it."""
    db.flush()
    named = [table for table in METADATA.sorted_tables if table.name not in TALK]
    return {table.name: sorted(map(tuple, db.execute(select(table))), key=repr) for table in named}


def told(db: Session) -> set[str]:
    """Tables in which any of her words can be read, sealed or not."""

    def readable(value: object) -> str:
        if not isinstance(value, bytes):
            return str(value)
        try:
            return vault_of(db).open(value).decode()
        except Unsealable:
            return ""  # a hash key, drawn for a day

    return {
        name
        for name, rows in tables(db).items()
        if any(word in readable(value) for row in rows for value in row for word in WORDS)
    }


def test_nothing_that_names_her_is_left(town: RealTown, her: RealTalk) -> None:
    person_id = her.conversation.person_id
    assert told(town.db) == {"person", "contact", "orders", "cases", "wish"}

    assert forget(town.db, her.conversation.id, LATER) is True

    assert told(town.db) == set()
    assert by_phone(town.db, PHONE) == []
    person = town.db.get_one(Person, person_id)
    assert (person.name, person.given_name, person.title, person.you) == (None, "", "", "")
    assert (person.phone, person.phone_index, person.language) == (None, None, "vi")
    left = tables(town.db)
    assert [row for row in left["contact"] + left["invitation"] if person_id in row[1:3]] == []
    assert her.conversation.person_id is None


def test_goods_amounts_and_days_of_an_order_stay(town: RealTown, her: RealTalk) -> None:
    columns = select(
        Order.code,
        Order.seller_id,
        Order.account_id,
        Order.way,
        Order.carrier,
        Order.status,
        Order.goods_vnd,
        Order.fee_vnd,
        Order.total_vnd,
        Order.source_code,
        Order.placed_at,
        Order.expected_on,
    ).order_by(Order.id)
    orders, before = town.db.execute(columns).all(), tables(town.db)
    assert (orders[-1].code, orders[-1].total_vnd, orders[-1].source_code) == ("DH2222", 86_000, "483920176504")

    forget(town.db, her.conversation.id, LATER)

    assert town.db.execute(columns).all() == orders
    after = tables(town.db)
    changed = {name for name, rows in after.items() if rows != before[name]}
    assert changed == {"person", "contact", "orders", "cases", "wish", "invitation", "consent", "stock_move", "audit"}
    assert {table.__tablename__ for table in (OrderLine, Part, Allocation)} <= after.keys() - changed
    moves = select(StockMove.offer_id, StockMove.delta, StockMove.reason, StockMove.ref).order_by(StockMove.id.desc())
    newest = town.db.execute(moves.limit(1)).one()
    assert (newest.delta, newest.reason, newest.ref) == (Decimal(-2), "sold", "forgotten")
    assert links(town.db, "DH2222") == ("forgotten:DH2222", None, None, None, None)


def links(db: Session, code: str) -> Row:
    """All of an order that leads to a person."""
    found = order_by_code(db, code)
    assert found is not None
    return found.draft_id, found.conversation_id, found.person_id, found.contact_id, found.note


def test_no_number_leads_from_what_is_left_back_to_her(town: RealTown) -> None:
    """Without consent an order hangs on the conversation alone, and so does its line in the audit."""
    talk = town.talk("v1")
    talk.do(OpenCase("complaint", "cam bị dập", order(talk, None)))
    case = town.db.scalars(select(Case).where(Case.kind == "complaint")).one()
    close_case(town.db, case.id, NOW)

    forget(town.db, talk.conversation.id, LATER)

    assert links(town.db, "DH2222") == ("forgotten:DH2222", None, None, None, None)
    assert (case.conversation_id, case.note, case.subject) == (None, None, "DH2222")
    written = town.db.execute(select(Audit.who, Audit.what, Audit.subject).order_by(Audit.id.desc()).limit(2)).all()
    herself = f"conversation:{talk.conversation.id}"
    assert written == [(herself, "forget", herself), ("forgotten", "order", f"order:{newest_order(town.db)}")]


def newest_order(db: Session) -> int:
    return db.scalars(select(Order.id).order_by(Order.id.desc())).first() or 0


def test_an_order_of_hers_in_a_conversation_that_is_somebody_elses_by_now(town: RealTown, her: RealTalk) -> None:
    shared = town.talk("v2")
    shared.conversation.person_id = her.conversation.person_id
    order(shared, agreed(shared), "m8")
    producer = town.talk_of("v3", "NSX-017")
    shared.conversation.person_id = producer.conversation.person_id  # an invitation was used there

    assert forget(town.db, her.conversation.id, LATER) is True

    assert links(town.db, "DH2223") == ("forgotten:DH2223", None, None, None, None)
    assert shared.conversation.person_id == producer.conversation.person_id


def test_the_audit_never_has_a_person_and_her_conversation_in_one_line(town: RealTown, her: RealTalk) -> None:
    person_id = her.conversation.person_id

    forget(town.db, her.conversation.id, LATER)

    line = town.db.execute(
        select(Audit.who, Audit.what, Audit.subject, Audit.done_at).order_by(Audit.id.desc())
    ).first()
    assert line == (f"person:{person_id}", "forget", f"person:{person_id}", LATER)


def test_what_she_agreed_to_is_withdrawn_and_stays_as_proof(town: RealTown, her: RealTalk) -> None:
    person_id = her.conversation.person_id
    assert person_id is not None
    her.do(GiveConsent("news", "2026-11"))
    hers = select(Consent).where(Consent.person_id == person_id).order_by(Consent.id)
    town.db.scalars(hers.where(Consent.purpose == "news")).one().withdrawn_at = NOW

    forget(town.db, her.conversation.id, LATER)

    proofs = [(one.purpose, one.given_at, one.withdrawn_at) for one in town.db.scalars(hers)]
    assert proofs == [("order", NOW, LATER), ("news", NOW, NOW)]
    assert purposes_of(town.db, person_id) == frozenset()


def test_forgetting_again_changes_nothing_but_the_audit(town: RealTown, her: RealTalk) -> None:
    forget(town.db, her.conversation.id, LATER)
    before = tables(town.db)

    assert forget(town.db, her.conversation.id, LATER + timedelta(days=1)) is True

    after = tables(town.db)
    assert {name for name in after if after[name] != before[name]} == {"audit"}


@pytest.mark.parametrize("house", ["producer", "clerk", "invited"])
def test_a_producer_or_a_colleague_is_left_to_a_person(town: RealTown, house: str) -> None:
    """Her name is on stamps, or in what she did for others; nothing of it goes by itself."""
    talk = town.talk_of("v1", "NSX-017") if house == "producer" else town.talk("v1")
    agreed(talk)
    person = town.db.get_one(Person, talk.conversation.person_id)
    if house == "clerk":
        grant(town.db, person.id, coop(town.db), "staff", NOW)
    if house == "invited":
        person.organisation_id = coop(town.db)
    talk.do(OpenCase("question", "khi nào thu ạ"))
    before = tables(town.db)

    assert forget(town.db, talk.conversation.id, LATER) is False
    assert forget_her(town.db, talk.who) == Refused()

    assert tables(town.db) == before
    assert talk.conversation.person_id == person.id


def test_who_never_agreed_to_anything_is_forgotten_too(town: RealTown) -> None:
    talk = town.talk("v1")
    talk.do(Wish("chôm chôm nhãn"))
    talk.do(OpenCase("complaint", "cam bị dập"))
    town.talk("v2").do(Wish("mít"))
    assert told(town.db) == {"wish", "cases"}

    assert forget(town.db, talk.conversation.id, LATER) is True

    assert told(town.db) == set()
    assert [row[3] for row in tables(town.db)["wish"]] == ["mít"]


def test_all_her_conversations_are_forgotten_together(town: RealTown, her: RealTalk) -> None:
    other, stranger = town.talk("v2"), town.talk("v3")
    other.conversation.person_id = her.conversation.person_id
    other.do(Wish("chôm chôm nhãn"))
    stranger.do(Wish("mít"))
    both = [her.conversation.id, other.conversation.id]
    assert conversations_of(town.db, other.conversation.id) == both

    forget(town.db, other.conversation.id, LATER)

    assert told(town.db) == set()
    assert (her.conversation.person_id, other.conversation.person_id) == (None, None)
    assert [row[3] for row in tables(town.db)["wish"]] == ["mít"]


def test_somebody_else_with_the_same_phone_is_not_touched(town: RealTown, her: RealTalk) -> None:
    """A number is only typed, never proved: else whoever knows it could wipe its owner."""
    other = town.talk("v2")
    agreed(other)

    forget(town.db, her.conversation.id, LATER)

    assert [person.id for person in by_phone(town.db, PHONE)] == [other.conversation.person_id]
    assert town.db.scalars(select(Contact.person_id)).all().count(other.conversation.person_id) == 1


def test_orders_under_way_are_named_before_and_are_a_case_afterwards(town: RealTown) -> None:
    talk = town.talk("v1")
    contact_id = agreed(talk)
    codes = [order(talk, contact_id, f"m{n}") for n in range(4)]
    for code, events in zip(
        codes, ((), ("confirm", "pack", "send", "deliver"), ("cancel",), ("confirm",)), strict=True
    ):
        placed = order_by_code(town.db, code)
        assert placed is not None
        assert [advance(town.db, placed, event, NOW) for event in events] == [True] * len(events)
    waiting = [codes[0], codes[3]]
    assert orders_under_way(town.db, talk.conversation.id) == waiting

    assert forget_her(town.db, talk.who) == Forgotten(tuple(waiting))

    cases = town.db.scalars(select(Case).where(Case.kind == "forgotten buyer").order_by(Case.id)).all()
    assert [(case.subject, case.account_id, case.conversation_id) for case in cases] == [
        (code, town.account.id, None) for code in waiting
    ]
    assert [note_of(town.db, case) for case in cases] == ["", ""]
    assert forget_her(town.db, talk.who) == Forgotten()


def test_an_open_case_keeps_its_conversation_so_that_somebody_can_answer(town: RealTown, her: RealTalk) -> None:
    forget(town.db, her.conversation.id, LATER)

    case = town.db.scalars(select(Case).where(Case.kind == "complaint")).one()
    assert (case.conversation_id, case.closed_at, note_of(town.db, case)) == (her.conversation.id, None, "")


def test_she_may_begin_anew_as_somebody_we_do_not_know(town: RealTown, her: RealTalk) -> None:
    before = her.conversation.person_id

    forget(town.db, her.conversation.id, LATER)

    assert (her.ports.me.name, her.ports.me.contact, list(her.ports.orders.mine())) == ("", None, [])
    code = order(her, agreed(her))  # of the very draft that was forgotten
    assert code == "DH2223"
    assert her.conversation.person_id not in (None, before)
    assert [view.code for view in her.ports.orders.mine()] == ["DH2223"]


def test_the_turn_that_forgets_can_still_be_saved(town: RealTown, her: RealTalk) -> None:
    version = her.conversation.version

    forget(town.db, her.conversation.id, LATER)
    her.conversation.heard_at = LATER
    town.db.flush()

    assert (her.conversation.version, her.conversation.heard_at) == (version + 2, LATER)


def test_a_turn_that_began_before_cannot_bring_her_back(demo: Database) -> None:
    with demo.writing() as db:
        talk = RealTown(db, NOW).talk("v1")
        agreed(talk)
    with demo.reading() as db:
        before = db.get_one(Conversation, talk.conversation.id)
    with demo.writing() as db:
        forget(db, talk.conversation.id, LATER)

    with pytest.raises(StaleDataError):
        save(demo, before)


def save(demo: Database, conversation: Conversation) -> None:
    with demo.writing() as db:
        db.add(conversation)
        conversation.heard_at = LATER


# Requests, as a platform sends them on and a page shows them.


def test_a_request_keeps_when_it_was_asked_and_never_by_whom(town: RealTown) -> None:
    asked = ask_erasure(town.db, "messenger", "7012345678901234", NOW)

    assert (asked.channel, asked.asked_at, asked.done_at, asked.state) == (
        "messenger",
        NOW,
        None,
        ErasureState.RECEIVED,
    )
    assert "7012345678901234" not in repr(tables(town.db)["erasure"])
    assert len(asked.code) == 10


def test_asking_twice_is_one_request_also_after_a_rotation_of_the_key(demo: Database) -> None:
    with demo.writing() as db:
        first = ask_erasure(db, "messenger", "7012", NOW)
        assert ask_erasure(db, "messenger", "7012", LATER) is first
        db.info["vault"] = Vault(["a new secret", "a secret that only the tests know"])
        assert ask_erasure(db, "messenger", "7012", LATER) is first
        others = [
            ask_erasure(db, channel, whose, LATER) for channel, whose in (("zalo", "7012"), ("messenger", "7013"))
        ]

    assert first.asked_at == NOW
    assert len({first.code, *(other.code for other in others)}) == 3


@pytest.mark.parametrize(
    ("state", "done_at", "found"),
    [
        (ErasureState.DONE, LATER, True),
        (ErasureState.NOBODY, LATER, False),
        (ErasureState.BY_HAND, None, True),
        (ErasureState.RECEIVED, None, False),
    ],
)
def test_what_became_of_a_request_is_kept(
    town: RealTown, state: ErasureState, done_at: datetime | None, found: bool
) -> None:
    asked = ask_erasure(town.db, "messenger", "7012", NOW)

    settle(asked, state, LATER)

    assert (asked.state, asked.done_at, asked.found) == (state, done_at, found)


def test_who_came_back_and_asks_again_is_asked_for_anew(town: RealTown) -> None:
    first = ask_erasure(town.db, "messenger", "7012", NOW)
    settle(first, ErasureState.DONE, NOW)

    again = ask_erasure(town.db, "messenger", "7012", LATER)

    assert (again.code, again.state, again.asked_at) == (first.code, ErasureState.RECEIVED, LATER)


def test_a_code_is_found_however_it_is_typed_and_nothing_else_is(town: RealTown) -> None:
    asked = ask_erasure(town.db, "messenger", "7012", NOW)

    assert erasure_by(town.db, f" {asked.code.lower()} ") is asked
    for typed in (
        "",
        "X",
        asked.code[:-1],
        f"{asked.code}X",
        f"Y{asked.code[1:]}",
        "X%" + asked.code[2:],
        "Xıııııııı\x00",
    ):
        assert erasure_by(town.db, typed) is None
