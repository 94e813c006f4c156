"""What becomes of a producer's goods, on the fake and on the real shop."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from bot.ports import Goods
from catalog.acts import Refused
from catalog.acts.offer import (
    Corrected,
    CorrectOffer,
    Posted,
    PostedOffer,
    Posting,
    PostOffers,
    SoldMore,
    Withdrawn,
    WithdrawOffers,
)
from catalog.acts.order import Placed, PlaceOrder, Wanted
from tests.contracts.towns import Talk, Town

TOMORROW = date(2026, 11, 22)


@pytest.fixture
def grower(town: Town) -> Talk:
    return town.talk_of("grower", "NSX-017")


def goods(town: Town, words: str) -> Goods:
    return town.talk("anybody").ports.shelf.search(words)[0].goods


def oranges(town: Town, quantity: str = "50", price_vnd: int = 25_000, on: date = TOMORROW) -> Posting:
    return Posting(goods(town, "cam sành").id, Decimal(quantity), price_vnd, on)


def post(talk: Talk, draft: str, *items: Posting) -> tuple[PostedOffer, ...]:
    posted = talk.do(PostOffers(draft, items))
    assert isinstance(posted, Posted)
    return posted.offers


def buy(town: Town, words: str, quantity: str) -> None:
    product = goods(town, words)
    line = Wanted(product.id, Decimal(quantity), product.price_vnd)
    assert isinstance(town.talk("buyer").do(PlaceOrder("b1", (line,), "pickup", None, 0)), Placed)


def test_what_is_there_tomorrow_can_be_ordered_now(town: Town, grower: Talk) -> None:
    eggs = Posting(goods(town, "trứng gà").id, Decimal(3), 40_000, TOMORROW)
    offers = post(grower, "d1", oranges(town), eggs)
    assert offers == (
        PostedOffer(offers[0].offer_id, oranges(town).product_id, Decimal(50), 25_000, 28_000, 3_000),
        PostedOffer(offers[1].offer_id, eggs.product_id, Decimal(3), 40_000, 45_000, 5_000),
    )
    assert (goods(town, "cam sành").left, goods(town, "trứng gà").left) == (170, 43)
    newest = grower.ports.garden.grown()[0]
    assert (newest.offer_id, newest.called, newest.posted) == (offers[1].offer_id, "Trứng gà", 3)


def test_what_comes_later_is_not_on_sale_yet(town: Town, grower: Talk) -> None:
    post(grower, "d1", oranges(town, on=TOMORROW + timedelta(days=1)))
    assert goods(town, "cam sành").left == 120
    town.now += timedelta(days=1)
    assert goods(town, "cam sành").left == 170


def test_one_draft_is_one_posting(town: Town, grower: Talk) -> None:
    first = post(grower, "d1", oranges(town))
    assert post(grower, "d1", oranges(town)) == first
    assert goods(town, "cam sành").left == 170


def test_only_a_producer_posts_and_only_a_real_amount(town: Town, grower: Talk) -> None:
    assert town.talk("v1").do(PostOffers("d1", (oranges(town),))) == Refused()
    for item in (oranges(town, "0"), oranges(town, "-1"), oranges(town, price_vnd=0)):
        assert grower.do(PostOffers("d2", (item,))) == Refused()
    assert grower.do(PostOffers("d3", (Posting(999_999, Decimal(1), 1, TOMORROW),))) == Refused()
    assert grower.do(PostOffers("d4", ())) == Refused()
    assert goods(town, "cam sành").left == 120


def test_a_new_price_is_shown_with_the_co_ops_part_and_goes_with_the_posting(town: Town, grower: Talk) -> None:
    (offer,) = post(grower, "d1", oranges(town, price_vnd=28_000))
    assert (offer.price_vnd, offer.shown_vnd, offer.fee_vnd) == (28_000, 31_000, 3_000)
    assert goods(town, "cam sành").price_vnd == 31_000
    grower.do(WithdrawOffers((offer.offer_id,)))
    assert goods(town, "cam sành").price_vnd == 28_000
    assert [one.price_vnd for one in grower.ports.garden.grown() if one.called == "Cam"] == [25_000]


def test_the_price_of_a_neighbours_goods_stays(town: Town, grower: Talk) -> None:
    """She would get 17.000, he gets 171.000: customers go on paying what he is owed."""
    honey = goods(town, "mật ong")
    (offer,) = post(grower, "d1", Posting(honey.id, Decimal(5), 17_000, TOMORROW))
    assert (offer.price_vnd, offer.shown_vnd, offer.fee_vnd) == (17_000, 180_000, 9_000)
    assert goods(town, "mật ong").price_vnd == 180_000
    grower.do(WithdrawOffers((offer.offer_id,)))
    assert goods(town, "mật ong").price_vnd == 180_000


def test_the_price_of_sold_out_goods_moves_and_comes_back(town: Town, grower: Talk) -> None:
    buy(town, "mật ong", "24")
    (offer,) = post(grower, "d1", Posting(goods(town, "mật ong").id, Decimal(5), 150_000, TOMORROW))
    assert (offer.shown_vnd, goods(town, "mật ong").price_vnd) == (159_000, 159_000)
    grower.do(WithdrawOffers((offer.offer_id,)))
    assert goods(town, "mật ong").price_vnd == 180_000


def test_customers_never_pay_less_than_she_gets_for_what_is_left(town: Town, grower: Talk) -> None:
    (cheap,) = post(grower, "d1", oranges(town, price_vnd=20_000))
    assert (cheap.shown_vnd, goods(town, "cam sành").price_vnd) == (28_000, 28_000)
    (dear,) = post(grower, "d2", oranges(town, price_vnd=28_000))
    (newer,) = post(grower, "d3", oranges(town, price_vnd=30_000))
    assert goods(town, "cam sành").price_vnd == 33_000
    grower.do(WithdrawOffers((dear.offer_id,)))
    assert goods(town, "cam sành").price_vnd == 33_000
    grower.do(WithdrawOffers((newer.offer_id,)))
    assert goods(town, "cam sành").price_vnd == 31_000


def test_taking_back_several_shows_the_price_before_all_of_them(town: Town, grower: Talk) -> None:
    (first,) = post(grower, "d1", oranges(town, price_vnd=28_000))
    (second,) = post(grower, "d2", oranges(town, price_vnd=30_000))
    grower.do(WithdrawOffers((first.offer_id, second.offer_id)))
    assert goods(town, "cam sành").price_vnd == 28_000


def test_taking_back_leaves_what_was_sold(town: Town, grower: Talk) -> None:
    (offer,) = post(grower, "d1", oranges(town))
    buy(town, "cam sành", "130")
    assert grower.do(WithdrawOffers((offer.offer_id,))) == Withdrawn((offer.offer_id,))
    assert goods(town, "cam sành").left == 0
    assert grower.do(WithdrawOffers((offer.offer_id,))) == Withdrawn((offer.offer_id,))
    assert goods(town, "cam sành").left == 0


def test_nobody_touches_somebody_elses_posting(town: Town, grower: Talk) -> None:
    (offer,) = post(grower, "d1", oranges(town))
    (hers,) = post(grower, "d2", oranges(town, "1"))
    for other in (town.talk("v1"), town.talk_of("v2", "NSX-022")):
        assert other.do(WithdrawOffers((offer.offer_id,))) == Refused()
        assert other.do(CorrectOffer(offer.offer_id, Decimal(1))) == Refused()
    assert grower.do(WithdrawOffers((hers.offer_id, 999_999))) == Refused()
    assert goods(town, "cam sành").left == 171


def test_a_correction_sets_the_whole_amount(town: Town, grower: Talk) -> None:
    (offer,) = post(grower, "d1", oranges(town))
    result = grower.do(CorrectOffer(offer.offer_id, Decimal(15)))
    assert result == Corrected(offer.offer_id, Decimal(50), Decimal(15), 25_000, Decimal(0))
    assert goods(town, "cam sành").left == 135
    assert grower.do(CorrectOffer(offer.offer_id, Decimal(50))) == Corrected(
        offer.offer_id, Decimal(15), Decimal(50), 25_000, Decimal(0)
    )
    assert goods(town, "cam sành").left == 170


def test_a_correction_below_what_is_sold_changes_nothing(town: Town, grower: Talk) -> None:
    (offer,) = post(grower, "d1", oranges(town))
    buy(town, "cam sành", "150")
    assert grower.do(CorrectOffer(offer.offer_id, Decimal(29))) == SoldMore(offer.offer_id, Decimal(30))
    assert goods(town, "cam sành").left == 20
    assert grower.do(CorrectOffer(offer.offer_id, Decimal(30))) == Corrected(
        offer.offer_id, Decimal(50), Decimal(30), 25_000, Decimal(30)
    )
    assert goods(town, "cam sành").left == 0


def test_what_is_off_sale_is_not_corrected(town: Town, grower: Talk) -> None:
    (offer,) = post(grower, "d1", oranges(town))
    grower.do(WithdrawOffers((offer.offer_id,)))
    assert grower.do(CorrectOffer(offer.offer_id, Decimal(10))) == Refused()


def test_a_first_posting_is_called_by_the_products_short_name(town: Town, grower: Talk) -> None:
    honey = goods(town, "mật ong")
    post(grower, "d1", Posting(honey.id, Decimal(2), 171_000, TOMORROW))
    newest = grower.ports.garden.grown()[0]
    assert (newest.called, newest.price_vnd, newest.shown_vnd, newest.left) == ("Mật", 171_000, 180_000, 2)
