"""Buyers in processes of their own, all of whom confirm at the same moment, for the last ten kilos of oranges.

Each has seen the page that wants one yes, presses it by a door of her own, and her process takes that turn and no
other: as many orders are being placed at once as there are buyers, which no worker would do. Ten kilos are sold, to the
gram; who comes too late is told so, kindly.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.conversation import Conversation
from bot.inbox import InboxRow
from catalog.offer import Offer
from catalog.order import Order, OrderLine
from catalog.product import Product
from catalog.stock import StockMove, ledger_sum, move
from tests.e2e.people import ORDER_CODE
from tests.trouble.hands import Customer, Hand, hands, named, open_page, pressed, say_and_answer_alone

KILOS = Decimal(10)
WANTED = (1, 2, 5)
"""Kilos that each buyer of a round wants. Any of them divides ten, so nothing is left whoever is first."""
ORANGES = select(Product).where(Product.name_vi.like("Cam sành%")).order_by(Product.id).limit(1)
TOO_LATE = "Vừa có người mua hết cam sành rồi ạ."


@pytest.fixture
def here(today: Callable[[str, str], str], tmp_path: Path, kind: str) -> Iterator[Hand]:
    hand = Hand(today(kind, f"kilos-{tmp_path.name}"), tmp_path)
    open_page(hand.database)
    yield hand
    hand.close()


@pytest.mark.parametrize(("rounds", "buyers"), [(3, 12), pytest.param(50, 100, marks=pytest.mark.soak, id="soak")])
def test_ten_kilos_are_sold_to_the_gram_and_whoever_is_too_late_is_told(
    here: Hand, tmp_path: Path, rounds: int, buyers: int
) -> None:
    with hands(here.database.url, tmp_path, buyers) as processes:
        for number in range(rounds):
            wanted = Decimal(WANTED[number % len(WANTED)])
            leave(here, KILOS * buyers)
            crowd = [Customer(here, str(7_012_345_000_000_000 + number * buyers + n)) for n in range(buyers)]
            asked = [customer.decides(f"{wanted} kg cam") for customer in crowd]
            leave(here, KILOS)
            seen = [customer.newest() for customer in crowd]

            processes.at_once(
                [
                    (say_and_answer_alone, (customer.address, pressed(named(page)["yes"]), f"yes:{customer.address}"))
                    for customer, page in zip(crowd, asked, strict=True)
                ]
            )
            here.answers()

            told = [customer.told(after) for customer, after in zip(crowd, seen, strict=True)]
            codes = [[found[0] for reply in replies if (found := ORDER_CODE.search(reply.text))] for replies in told]
            won = [code for (code,) in filter(None, codes)]
            assert len(set(won)) == len(won) == KILOS / wanted
            assert sold(here, [customer.address for customer in crowd]) == sorted((code, wanted) for code in won)
            late = [replies for replies, code in zip(told, codes, strict=True) if not code]
            assert {replies[0].text for replies in late} == {TOO_LATE}
            assert [list(named(replies[-1])) for replies in late] == [["shop.browse"]] * (buyers - len(won))
            with here.database.reading() as db:
                assert left(db) == 0
                ill = select(InboxRow.id).where(InboxRow.error.is_not(None))
                assert db.scalars(ill).all() == []
                assert lowest(db) == 0


def leave(hand: Hand, kilos: Decimal) -> None:
    """So much of the oranges can be ordered now, in two lots."""
    at = datetime.now(UTC)
    with hand.database.writing() as db:
        offers = oranges(db)
        for offer in offers:
            move(db, offer.id, -offer.left, "corrected", ref="test", at=at)
        for offer, share in zip(offers, (kilos * 3 / 10, kilos * 7 / 10), strict=False):
            move(db, offer.id, share if len(offers) > 1 else kilos, "corrected", ref="test", at=at)


def oranges(db: Session) -> list[Offer]:
    product = db.scalars(ORANGES).one()
    return list(db.scalars(select(Offer).where(Offer.product_id == product.id).order_by(Offer.id)))


def left(db: Session) -> Decimal:
    offers = oranges(db)
    assert [offer.left for offer in offers] == [ledger_sum(db, offer.id) for offer in offers]
    return sum((offer.left for offer in offers), Decimal(0))


def lowest(db: Session) -> Decimal:
    """The least that was ever left of an offer, as its ledger has it."""
    least = Decimal(0)
    for offer in oranges(db):
        stands = Decimal(0)
        for delta in db.scalars(select(StockMove.delta).where(StockMove.offer_id == offer.id).order_by(StockMove.id)):
            stands += delta
            least = min(least, stands)
    return least


def sold(hand: Hand, addresses: list[str]) -> list[tuple[str, Decimal]]:
    """Code and kilos of every order of theirs. AssertionError where a draft made two."""
    with hand.database.reading() as db:
        hers = select(Order.code, OrderLine.quantity).join(OrderLine, OrderLine.order_id == Order.id)
        made = hers.join(Conversation, Conversation.id == Order.conversation_id).where(
            Conversation.address.in_(addresses)
        )
        doubled = select(Order.draft_id).group_by(Order.draft_id, Order.seller_id).having(func.count() > 1)
        assert db.scalars(doubled).all() == []
        return sorted((code, quantity) for code, quantity in db.execute(made))
