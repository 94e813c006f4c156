"""The same thing twice, two things at once, twenty people for the last of it."""

import random
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from catalog.offer import Offer, left_of
from catalog.order import Order, OrderLine
from catalog.product import Product
from catalog.stock import move
from tests.e2e.conftest import OpenStage
from tests.e2e.people import ORDER_CODE, Person, Shopper, named
from tests.e2e.stage import Stage
from tests.simulators.graph_page import Item

pytestmark = pytest.mark.e2e

STORY = (
    "2 goi mien",
    "dat hang",
    "dong y",
    "Hằng 0912 345 678",
    "so 5 ngo 20 dich vong, cau giay, hn",
    "đúng",
    "chốt",
)
LAST_KG = Decimal(10)


def number_of_orders(stage: Stage) -> int:
    with stage.database.reading() as db:
        return db.scalar(select(func.count(Order.id)).where(Order.draft_id.like("m%"))) or 0


def at_once(do: Callable[[Any], Any], things: Sequence[Any]) -> list[Any]:
    """Each in a thread, and so on a connection, of its own. Raises what went wrong with the first."""
    with ThreadPoolExecutor(min(len(things), 100)) as pool:
        return list(pool.map(do, things))


def test_an_event_that_comes_three_times_is_answered_once(open_stage: OpenStage, kind: str) -> None:
    stage = open_stage(kind)
    people = [str(7_012_345_678_000_000 + number) for number in range(5)]
    for words in STORY:
        items = [stage.page.text(psid, words) for psid in people]
        at_once(lambda item: stage.page.deliver(item, times=3), items)
        stage.rest()

    assert number_of_orders(stage) == len(people)
    for psid in people:
        told = stage.graph.to(psid)
        assert len(told) == len(STORY)
        assert ORDER_CODE.search(told[-1].text)


def test_whatever_the_order_and_the_number_in_which_events_come_all_is_answered_and_nothing_doubled(
    open_stage: OpenStage, kind: str
) -> None:
    """Each three times, all shuffled, in deliveries of any size, over eight connections."""
    stage = open_stage(kind)
    chance = random.Random(7)
    people = [str(7_012_345_678_000_000 + number) for number in range(12)]
    events: list[Item] = 3 * [stage.page.text(psid, words) for words in STORY for psid in people]
    chance.shuffle(events)
    deliveries: list[list[Item]] = []
    while events:
        size = chance.randint(1, 6)
        deliveries.append(events[:size])
        events = events[size:]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda items: stage.page.deliver(*items), deliveries))
    stage.rest()

    assert number_of_orders(stage) <= len(people)


def test_two_messages_of_the_same_millisecond_both_count(open_stage: OpenStage) -> None:
    stage = open_stage("sqlite")
    together, apart = Person(stage, "7012345678000001"), Person(stage, "7012345678000002")
    moment = int(datetime.now(UTC).timestamp() * 1000)

    def said(person: Person) -> list[Item]:
        return [stage.page.text(person.psid, words) | {"timestamp": moment} for words in ("2 goi mien", "1 chuc trung")]

    stage.page.deliver(*said(together))
    at_once(stage.page.deliver, said(apart))
    stage.rest()

    for person in (together, apart):
        told = stage.graph.to(person.psid)
        assert len(told) == 2
        assert re.search("miến.*trứng|trứng.*miến", told[-1].text.lower(), re.DOTALL)


def test_two_taps_on_one_confirmation_make_one_order(open_stage: OpenStage, kind: str) -> None:
    """On one connection after the other, on two at once, and as one message that comes twice."""
    stage = open_stage(kind)
    shoppers = [Shopper(stage, str(7_012_345_678_000_000 + number)) for number in range(6)]
    at_once(lambda shopper: shopper.decides("2 goi mien"), shoppers)
    for number, shopper in enumerate(shoppers):
        yes = named(shopper.asked)["yes"]
        match number % 3:
            case 0:
                shopper.tap(yes)
                shopper.tap(yes)
            case 1:
                at_once(shopper.tap, [yes, yes])
            case 2:
                shopper.tap(yes, times=2)
    stage.rest()

    assert number_of_orders(stage) == len(shoppers)
    for shopper in shoppers:
        codes = {code[0] for shown in stage.graph.to(shopper.psid) if (code := ORDER_CODE.search(shown.text))}
        assert len(codes) == 1


@pytest.mark.parametrize(("rounds", "buyers"), [(5, 20), pytest.param(50, 100, marks=pytest.mark.soak, id="soak")])
def test_twenty_buyers_at_once_for_the_last_ten_kilos(
    open_stage: OpenStage, kind: str, rounds: int, buyers: int
) -> None:
    """Each has one to three kilos in her cart; whoever comes too late is told kindly, or takes what is left."""
    stage = open_stage(kind)
    shoppers = [Shopper(stage, str(7_012_345_678_000_000 + number)) for number in range(rounds * buyers)]
    product_id = _leave(stage, Decimal(1000))
    at_once(lambda entry: entry[1].decides(f"{entry[0] % 3 + 1}kg cam"), list(enumerate(shoppers)))
    for first in range(0, len(shoppers), buyers):
        _leave(stage, LAST_KG)
        before = _sold(stage, product_id)

        codes = at_once(Shopper.confirms, shoppers[first : first + buyers])

        assert len(codes) == buyers
        assert _sold(stage, product_id) - before == LAST_KG
        assert _left(stage, product_id) == 0
        won = [code for code in codes if code]
        assert len(won) == len(set(won)) >= 4
        assert codes.count("") >= buyers - LAST_KG


def _leave(stage: Stage, kilos: Decimal) -> int:
    """So much of the oranges can be ordered now. The product's id."""
    now = datetime.now(UTC)
    with stage.database.writing() as db:
        product = db.scalars(select(Product).where(Product.name_vi.like("Cam sành%"))).one()
        offers = db.scalars(select(Offer).where(Offer.product_id == product.id).order_by(Offer.id)).all()
        for offer in offers[1:]:
            move(db, offer.id, -offer.left, "corrected", ref="stage", at=now)
        move(db, offers[0].id, kilos - offers[0].left, "corrected", ref="stage", at=now)
        return product.id


def _left(stage: Stage, product_id: int) -> Decimal:
    with stage.database.reading() as db:
        return left_of(db, [product_id], datetime.now(UTC).date())[product_id]


def _sold(stage: Stage, product_id: int) -> Decimal:
    with stage.database.reading() as db:
        lines = select(func.sum(OrderLine.quantity, type_=OrderLine.quantity.type))
        return db.scalar(lines.where(OrderLine.product_id == product_id)) or Decimal(0)
