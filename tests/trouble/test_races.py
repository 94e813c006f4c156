"""Two processes that want the same thing at the same moment, on both databases: one of them has it, both are told.

Each takes its event in by a door of its own and then takes whatever turns wait, so that even the two turns of one
conversation race. Afterwards the row that lost has been taken again; no row has failed.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.conversation import Conversation, conversation_by, take_over
from bot.event import TakenOver, Tap, Text
from bot.inbox import InboxRow
from bot.outbox import OutboxRow
from bot.reply import Bubble
from catalog.account import account_by
from catalog.case import Case, note_of
from catalog.lot import Lot
from catalog.offer import Offer, left_of
from catalog.order import Order, OrderLine
from catalog.person import Person, grant, producer_by_code
from catalog.product import Product, set_price
from catalog.stock import ledger_sum
from tests.e2e.people import ORDER_CODE
from tests.trouble.hands import (
    CHANNEL,
    PAGE,
    Customer,
    Hand,
    Hands,
    hands,
    named,
    now,
    pressed,
    say_and_answer,
)
from tests.trouble.stage import prepare

ROUNDS = pytest.mark.parametrize("rounds", [4, pytest.param(100, marks=pytest.mark.soak, id="soak")])
NOODLES = select(Product).where(Product.name_vi.like("Miến dong%")).order_by(Product.id).limit(1)
HELD_FOR = timedelta(hours=12)


@dataclass(slots=True)
class Place:
    """A shop with two processes beside the test's own hand."""

    here: Hand
    both: Hands

    def customers(self, count: int) -> list[Customer]:
        return [Customer(self.here, str(7_012_345_678_000_000 + number)) for number in range(count)]

    def settle(self) -> None:
        """Take what is left, and see that nothing failed and every amount adds up."""
        self.here.answers()
        with self.here.database.reading() as db:
            bad = db.scalars(select(InboxRow).where(InboxRow.error.is_not(None)))
            assert [(row.id, row.kind, row.tries, row.error) for row in bad] == []
            for offer in db.scalars(select(Offer)):
                assert offer.left == ledger_sum(db, offer.id) >= 0

    def orders(self, customer: Customer) -> list[Order]:
        with self.here.database.reading() as db:
            hers = select(Order).join(Conversation, Conversation.id == Order.conversation_id)
            return list(db.scalars(hers.where(Conversation.address == customer.address)))

    def left(self) -> Decimal:
        """Of the noodles."""
        with self.here.database.reading() as db:
            product_id = db.scalars(NOODLES).one().id
            return left_of(db, [product_id], now().date())[product_id]

    def answers_to(self, key: str) -> int:
        """How many replies the row of that key got."""
        with self.here.database.reading() as db:
            replies = select(func.count(OutboxRow.id)).join(InboxRow, InboxRow.id == OutboxRow.inbox_id)
            return db.scalar(replies.where(InboxRow.key == key)) or 0


@pytest.fixture
def place(today: Callable[[str, str], str], tmp_path: Path, kind: str) -> Iterator[Place]:
    url = today(kind, f"races-{tmp_path.name}")
    prepare(url)
    here = Hand(url, tmp_path)
    with hands(url, tmp_path, 2) as both:
        yield Place(here, both)
    here.close()


def code_in(bubbles: list[Bubble]) -> list[str]:
    return [found[0] for bubble in bubbles if (found := ORDER_CODE.search(bubble.text))]


@ROUNDS
def test_two_confirmations_of_one_draft_make_one_order(place: Place, rounds: int) -> None:
    for customer in place.customers(rounds):
        asked, before = customer.decides("2 goi mien"), place.left()
        yes, seen = pressed(named(asked)["yes"]), customer.newest()

        place.both.at_once([(say_and_answer, (customer.address, yes, f"yes:{customer.address}:{n}")) for n in "ab"])
        place.settle()

        [order] = place.orders(customer)
        assert (order.status, before - place.left()) == ("placed", Decimal(2))
        assert set(code_in(customer.told(seen))) == {order.code}
        assert [place.answers_to(f"yes:{customer.address}:{n}") > 0 for n in "ab"] == [True, True]


@ROUNDS
@pytest.mark.parametrize("other", ["stop", "hủy"])
def test_a_confirmation_against_a_cancellation_ends_as_one_of_the_two(place: Place, rounds: int, other: str) -> None:
    """Whichever row was first: a whole order that she has the code of, or a whole cart and nothing taken."""
    for customer in place.customers(rounds):
        asked, before = named(customer.decides("2 goi mien")), place.left()
        no = pressed(asked["stop"]) if other == "stop" else Text(other)
        seen, (yes_key, no_key) = customer.newest(), (f"{what}:{customer.address}" for what in ("yes", "no"))

        place.both.at_once(
            [
                (say_and_answer, (customer.address, pressed(asked["yes"]), yes_key)),
                (say_and_answer, (customer.address, no, no_key)),
            ]
        )
        place.settle()

        made, taken = place.orders(customer), before - place.left()
        assert (len(made), taken) in ((0, Decimal(0)), (1, Decimal(2)))
        assert code_in(customer.told(seen))[:1] == [order.code for order in made]
        assert [place.answers_to(key) > 0 for key in (yes_key, no_key)] == [True, True]


@ROUNDS
def test_two_cancellations_of_one_order_bring_its_goods_back_once(place: Place, rounds: int) -> None:
    for customer in place.customers(rounds):
        before = place.left()
        placed = customer.says(pressed(named(customer.decides("2 goi mien"))["yes"]))[-1]
        sure = customer.says(pressed(named(placed)["mine.cancel"]))[-1]
        yes = pressed(named(sure)["yes"])
        assert before - place.left() == 2

        place.both.at_once([(say_and_answer, (customer.address, yes, f"drop:{customer.address}:{n}")) for n in "ab"])
        place.settle()

        [order] = place.orders(customer)
        assert (order.status, place.left()) == ("cancelled", before)


def change_price(hand: Hand, price_vnd: int) -> None:
    """As staff do it."""
    with hand.database.writing() as db:
        product = db.scalars(NOODLES).one()
        set_price(db, product, price_vnd, product.markup_vnd, who="person:1", at=now())


@ROUNDS
def test_a_price_that_moves_while_she_confirms_costs_her_what_she_saw(place: Place, rounds: int) -> None:
    """What we said holds for a day: she is not even asked again."""
    for number, customer in enumerate(place.customers(rounds)):
        asked = customer.decides("2 goi mien")
        with place.here.database.reading() as db:
            seen_vnd = db.scalars(NOODLES).one().price_vnd
        yes = pressed(named(asked)["yes"])

        place.both.at_once(
            [
                (say_and_answer, (customer.address, yes, f"yes:{customer.address}")),
                (change_price, (60_000 + 1_000 * number,)),
            ]
        )
        place.settle()

        [order] = place.orders(customer)
        with place.here.database.reading() as db:
            [line] = db.scalars(select(OrderLine).where(OrderLine.order_id == order.id))
        assert (line.price_vnd, order.total_vnd) == (seen_vnd, 2 * seen_vnd)
        assert f"{2 * seen_vnd:,}đ".replace(",", ".") in asked.text


@ROUNDS
def test_two_postings_of_one_household_at_once_are_two_offers_with_a_lot_each(place: Place, rounds: int) -> None:
    """Mother and daughter post oranges for the same day: neither the lot's number nor the price gets lost."""
    with place.here.database.writing() as db:
        mother = producer_by_code(db, "NSX-017")
        assert mother is not None
        assert mother.organisation_id is not None
        daughter = Person(code="NSX-917", organisation_id=mother.organisation_id, given_name="Mai", created_at=now())
        db.add(daughter)
        db.flush()
        grant(db, daughter.id, mother.organisation_id, "producer", now())
        people, household = (mother.id, daughter.id), mother.organisation_id
    for number in range(rounds):
        two = [Customer(place.here, f"7012345678{number:05}{n}") for n in range(2)]
        for person_id, producer in zip(people, two, strict=True):
            producer.says("xin chao")
            with place.here.database.writing() as db:
                _talk_of(db, producer.address).person_id = person_id
        sure = [producer.says(f"mai co {n + 5} can cam 25 nghin")[-1] for n, producer in enumerate(two)]
        with place.here.database.reading() as db:
            before = set(db.scalars(select(Offer.id)))

        place.both.at_once(
            [
                (say_and_answer, (producer.address, pressed(named(asked)["yes"]), f"post:{n}:{number}"))
                for n, (producer, asked) in enumerate(zip(two, sure, strict=True))
            ]
        )
        place.settle()

        with place.here.database.reading() as db:
            posted = db.scalars(select(Offer).where(Offer.id.not_in(before))).all()
            lots = db.scalars(select(Lot).where(Lot.id.in_([offer.lot_id for offer in posted]))).all()
        assert sorted((offer.person_id, offer.posted, offer.left) for offer in posted) == sorted(
            (person_id, Decimal(n + 5), Decimal(n + 5)) for n, person_id in enumerate(people)
        )
        assert {offer.organisation_id for offer in posted} == {household}
        assert len({lot.number for lot in lots}) == 2


@ROUNDS
def test_a_message_against_a_colleagues_words_is_answered_or_kept_for_her_never_both(place: Place, rounds: int) -> None:
    """The colleague's echo is an event like any other; whichever row is taken first decides."""
    for customer in place.customers(rounds):
        customer.says("2 goi mien")
        hers = f"hers:{customer.address}"
        words = f"cho toi hoi {customer.address[-3:]}"

        place.both.at_once(
            [
                (say_and_answer, (customer.address, Text(words), hers)),
                (say_and_answer, (customer.address, TakenOver("42", "Chào chị ạ"), f"echo:{customer.address}")),
            ]
        )
        place.settle()

        answered, noted = place.answers_to(hers), words in _note(place, customer)
        assert bool(answered) != noted
        assert customer.says("alo") == []  # the colleague has the thread now


def take_over_by_hand(hand: Hand, address: str) -> None:
    """As the sender does it where the platform says that somebody else has the thread."""
    with hand.database.writing() as db:
        assert take_over(db, _talk_of(db, address).id, "inbox", now=now(), until=now() + HELD_FOR)


@ROUNDS
def test_a_turn_whose_thread_is_taken_meanwhile_is_taken_again_and_the_take_over_stays(
    place: Place, rounds: int
) -> None:
    """What the sender writes into a conversation bumps its version: the turn under way rolls back whole, once."""
    for customer in place.customers(rounds):
        customer.says("2 goi mien")
        hers, words = f"hers:{customer.address}", f"cho toi hoi {customer.address[-3:]}"

        place.both.at_once(
            [
                (say_and_answer, (customer.address, Text(words), hers)),
                (take_over_by_hand, (customer.address,)),
            ]
        )
        place.settle()

        assert bool(place.answers_to(hers)) != (words in _note(place, customer))
        assert customer.says(Tap("0:menu.open:", "Menu")) == []


def _talk_of(db: Session, address: str) -> Conversation:
    account = account_by(db, CHANNEL, PAGE)
    assert account is not None
    talk = conversation_by(db, account.id, address)
    assert talk is not None
    return talk


def _note(place: Place, customer: Customer) -> str:
    with place.here.database.reading() as db:
        hers = select(Case).join(Conversation, Conversation.id == Case.conversation_id)
        cases = db.scalars(hers.where(Conversation.address == customer.address)).all()
        return "\n".join(itertools.chain.from_iterable([note_of(db, case)] for case in cases))
