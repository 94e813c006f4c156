"""A cart's amounts, over the shop in memory."""

from decimal import Decimal

from bot.dialogues.buying import Basket, HowMuch
from bot.dialogues.cart import Line
from bot.dialogues.filling import edited, taken
from bot.effect import Amount, Say
from bot.ports import Goods
from bot.understand.orders import Edit
from tests.fakes import FakeShop, FakeTalk


def goods(talk: FakeTalk, words: str) -> Goods:
    return talk.shelf.search(words)[0].goods


def test_none_of_it_is_left_out_and_the_cart_goes_on() -> None:
    talk = FakeShop().talk("v1")
    oranges, honey = goods(talk, "cam sành"), goods(talk, "mật ong")
    cart = (Line(honey.id, Decimal(1), honey.price_vnd),)
    state, _ = taken(HowMuch("d1", cart, oranges.id), oranges, Decimal(0), "kg", talk)
    assert state == Basket("d1", cart)
    state, (said,) = taken(HowMuch("d1", (), oranges.id), oranges, Decimal(0), "kg", talk)
    assert state is None
    assert isinstance(said, Say)
    assert not any(isinstance(value, Amount) for value in said.params.values())


def test_set_to_nothing_a_line_goes_out_of_the_cart() -> None:
    talk = FakeShop().talk("v1")
    oranges, honey = goods(talk, "cam sành"), goods(talk, "mật ong")
    cart = (Line(oranges.id, Decimal(2), oranges.price_vnd), Line(honey.id, Decimal(1), honey.price_vnd))
    state, _ = edited(Basket("d1", cart), [Edit("set", "cam", oranges.id, 100.0, Decimal(0), "kg")], talk)
    assert isinstance(state, Basket)
    assert state.cart == cart[1:]
