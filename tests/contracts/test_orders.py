"""What becomes of orders, on the fake and on the real shop."""

from datetime import date
from decimal import Decimal

import pytest

from bot.ports import Goods, OrderView, PartView
from catalog.acts import Refused, Result
from catalog.acts.order import (
    Cancelled,
    CancelOrder,
    Placed,
    PlacedOrder,
    PlaceOrder,
    PriceMoved,
    SoldOut,
    TooLate,
    Wanted,
)
from catalog.acts.person import ContactKept, GiveConsent, SaveContact
from tests.contracts.towns import Talk, Town

CONTACT = SaveContact("Hằng", "0912345678", "Số 5 ngõ 20, phường Cầu Giấy, Hà Nội", you="chị")


def goods(town: Town, words: str) -> Goods:
    return town.talk("anybody").ports.shelf.search(words)[0].goods


def wanted(town: Town, words: str, quantity: str) -> Wanted:
    product = goods(town, words)
    return Wanted(product.id, Decimal(quantity), product.price_vnd)


def pick_up(town: Town, draft: str, *lines: tuple[str, str]) -> PlaceOrder:
    return PlaceOrder(draft, tuple(wanted(town, *line) for line in lines), "pickup", None, 0)


def known(talk: Talk) -> int:
    """The id of the contact that she left with her consent."""
    talk.do(GiveConsent("order", "2026-11"))
    kept = talk.do(CONTACT)
    assert isinstance(kept, ContactKept)
    return kept.contact_id


def left(town: Town) -> list[Decimal]:
    return [one.left for one in town.talk("anybody").ports.shelf.on_sale()]


def code_of(result: Result) -> str:
    assert isinstance(result, Placed)
    return result.orders[0].code


def test_a_pick_up_needs_no_name(town: Town) -> None:
    talk = town.talk("v1")
    result = talk.do(pick_up(town, "d1", ("cam sành", "2.5"), ("mật ong", "1")))
    code = code_of(result)
    assert result == Placed((PlacedOrder(code, "HTX Suối Mây", 250_000, date(2026, 11, 22)),))
    view = OrderView(code, "placed", 250_000, "2,5 kg cam, 1 chai mật", date(2026, 11, 22), date(2026, 11, 21))
    assert list(talk.ports.orders.mine()) == [view]
    assert talk.ports.orders.by_code(code.lower()) == view
    assert goods(town, "cam sành").left == Decimal("117.5")


def test_lines_of_one_product_are_summed_before_its_stock_is_looked_at(town: Town) -> None:
    result = town.talk("v1").do(pick_up(town, "d1", ("măng", "2"), ("măng", "2")))
    assert result == SoldOut(((goods(town, "măng").id, Decimal(3)),))


def test_one_draft_makes_one_order(town: Town) -> None:
    talk, command = town.talk("v1"), pick_up(town, "d1", ("măng", "2"))
    first = talk.do(command)
    assert talk.do(command) == first
    assert len(talk.ports.orders.mine()) == 1
    assert goods(town, "măng").left == 1
    assert [news.about for news in town.news] == ["order"]


def test_somebody_elses_draft_is_refused(town: Town) -> None:
    command = pick_up(town, "d1", ("măng", "1"))
    town.talk("v1").do(command)
    assert town.talk("v2").do(command) == Refused()


def test_too_much_of_one_thing_places_nothing_of_the_others(town: Town) -> None:
    before, talk = left(town), town.talk("v1")
    result = talk.do(pick_up(town, "d1", ("cam sành", "2"), ("măng", "4"), ("mật ong", "25")))
    short = {goods(town, "măng").id: Decimal(3), goods(town, "mật ong").id: Decimal(24)}
    assert isinstance(result, SoldOut)
    assert dict(result.left) == short
    assert (left(town), list(talk.ports.orders.mine()), list(town.news)) == (before, [], [])


def test_a_price_that_moved_is_asked_about_and_nothing_is_placed(town: Town) -> None:
    before, talk, oranges = left(town), town.talk("v1"), goods(town, "cam sành")
    said = PlaceOrder("d1", (Wanted(oranges.id, Decimal(1), 27_000),), "pickup", None, 0)
    assert talk.do(said) == PriceMoved(((oranges.id, 28_000),), 0)
    assert (left(town), list(talk.ports.orders.mine())) == (before, [])


def test_a_fee_that_is_not_the_tables_is_asked_about(town: Town) -> None:
    talk = town.talk("v1")
    contact_id = known(talk)
    said = PlaceOrder("d1", (wanted(town, "miến", "2"),), "delivery", contact_id, 20_000)
    assert talk.do(said) == PriceMoved((), 30_000)


def test_a_delivery_comes_with_fee_and_day(town: Town) -> None:
    talk = town.talk("v1")
    contact_id = known(talk)
    result = talk.do(PlaceOrder("d1", (wanted(town, "miến", "2"),), "delivery", contact_id, 30_000))
    assert result == Placed((PlacedOrder(code_of(result), "HTX Suối Mây", 140_000, date(2026, 11, 23)),))


def test_nothing_is_delivered_to_nobody_or_to_somebody_elses_address(town: Town) -> None:
    theirs = known(town.talk("v1"))
    lines = (wanted(town, "miến", "2"),)
    stranger, other = town.talk("v2"), town.talk("v3")
    known(other)
    assert stranger.do(PlaceOrder("d2", lines, "delivery", None, 30_000)) == Refused()
    assert stranger.do(PlaceOrder("d3", lines, "delivery", theirs, 30_000)) == Refused()
    assert other.do(PlaceOrder("d4", lines, "delivery", theirs, 30_000)) == Refused()
    assert goods(town, "miến").left == 80


def test_a_contact_without_an_address_is_not_delivered_to(town: Town) -> None:
    talk = town.talk("v1")
    talk.do(GiveConsent("order", "2026-11"))
    kept = talk.do(SaveContact("Hằng", "0912345678"))
    assert isinstance(kept, ContactKept)
    command = PlaceOrder("d1", (wanted(town, "miến", "2"),), "delivery", kept.contact_id, 30_000)
    assert talk.do(command) == Refused()


@pytest.mark.parametrize("quantity", ["0", "-1"])
def test_no_amount_is_no_order(town: Town, quantity: str) -> None:
    assert town.talk("v1").do(pick_up(town, "d1", ("miến", quantity))) == Refused()


def test_an_empty_cart_and_unknown_goods_are_refused(town: Town) -> None:
    talk = town.talk("v1")
    assert talk.do(PlaceOrder("d1", (), "pickup", None, 0)) == Refused()
    assert talk.do(PlaceOrder("d2", (Wanted(999_999, Decimal(1), 1),), "pickup", None, 0)) == Refused()


def test_cancelling_puts_the_stock_back_once(town: Town) -> None:
    before, talk = left(town), town.talk("v1")
    code = code_of(talk.do(pick_up(town, "d1", ("cam sành", "3"), ("măng", "3"))))
    assert talk.do(CancelOrder(code.lower())) == Cancelled(code)
    assert left(town) == before
    assert talk.do(CancelOrder(code)) == TooLate(code, "cancelled")
    assert left(town) == before
    assert [order.status for order in talk.ports.orders.mine()] == ["cancelled"]


def test_nobody_else_sees_or_cancels_an_order(town: Town) -> None:
    talk, other = town.talk("v1"), town.talk("v2")
    code = code_of(talk.do(pick_up(town, "d1", ("măng", "3"))))
    assert other.do(CancelOrder(code)) == Refused()
    assert (list(other.ports.orders.mine()), other.ports.orders.by_code(code)) == ([], None)
    assert other.do(CancelOrder("DH9999")) == Refused()
    assert [order.status for order in talk.ports.orders.mine()] == ["placed"]


def test_the_producer_hears_of_her_part_and_what_it_brings_her(town: Town) -> None:
    result = town.talk("v1").do(pick_up(town, "d1", ("cam sành", "3"), ("trứng gà", "1"), ("mật ong", "1")))
    grower = town.talk_of("v2", "NSX-017")
    hers = [news.ref for news in town.news if news.person_id == grower.ports.me.person_id]
    assert len(town.news) == 2
    assert [grower.ports.orders.part(ref) for ref in hers] == [
        PartView(
            code_of(result),
            (("🍊", "Cam", Decimal(3), "kg", 75_000), ("🥚", "Trứng gà", Decimal(1), "chục", 40_000)),
            115_000,
        )
    ]
    beekeeper = town.talk_of("v3", "NSX-022")
    assert [beekeeper.ports.orders.part(ref) for ref in hers] == [None]
    assert [town.talk("v1").ports.orders.part(ref) for ref in hers] == [None]


def test_a_producer_hears_that_an_order_is_called_off(town: Town) -> None:
    talk = town.talk("v1")
    talk.do(CancelOrder(code_of(talk.do(pick_up(town, "d1", ("cam sành", "3"))))))
    placed, called_off = town.news
    assert (placed.about, called_off.about) == ("order", "cancelled")
    assert (called_off.person_id, called_off.ref) == (placed.person_id, placed.ref)
    part = town.talk_of("v2", "NSX-017").ports.orders.part(called_off.ref)
    assert part is not None
    assert not part.stands
