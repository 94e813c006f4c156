"""A cart's amounts, over the shop in memory."""

from dataclasses import replace
from decimal import Decimal

from bot.dialogues.buying import Basket, HowMuch
from bot.dialogues.cart import Absurd, Line, TooMuch, fit, spoken_of
from bot.dialogues.filling import edited, fill, read_changes, taken
from bot.dialogues.harvest import fit as offered
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


def test_an_amount_alone_is_about_the_only_thing_sold_so_or_the_one_changed_last() -> None:
    talk = FakeShop().talk("v1")
    oranges, honey, eggs = goods(talk, "cam sành"), goods(talk, "mật ong"), goods(talk, "trứng gà")
    before = (Line(oranges.id, Decimal(2), 0), Line(honey.id, Decimal(1), 0), Line(eggs.id, Decimal(1), 0))
    after = (before[0], before[1], Line(eggs.id, Decimal(3), 0))
    assert spoken_of(before, (), "kg", talk.shelf) == oranges.id
    assert spoken_of(before, (), "chai", talk.shelf) == honey.id
    assert spoken_of(after, before, None, talk.shelf) == eggs.id
    assert spoken_of(before, (), None, talk.shelf) is None
    assert spoken_of(before, (), "bó", talk.shelf) is None
    assert spoken_of((), (), "kg", talk.shelf) is None


def test_more_than_anybody_buys_is_a_slip_and_more_than_there_is_is_none() -> None:
    talk = FakeShop().talk("v1")
    oranges = goods(talk, "cam sành")
    assert fit(oranges, Decimal(100_000), "kg") == TooMuch()
    assert fit(oranges, Decimal("100000.1"), "kg") == Absurd(Decimal("100000.1"))
    assert fit(oranges, Decimal(99_999_000), "kg") == Absurd(Decimal(99_999_000))


def test_an_amount_is_set_where_we_asked_what_to_change_and_added_elsewhere() -> None:
    talk = FakeShop().talk("v1")
    oranges = goods(talk, "cam sành")
    cart = (Line(oranges.id, Decimal(2), oranges.price_vnd),)
    for editing, quantity in ((True, Decimal(5)), (False, Decimal(7))):
        filled = fill(Basket("d1", cart, editing=editing), "cam 5kg", talk)
        assert filled is not None
        state = filled[0]
        assert isinstance(state, Basket)
        assert [(line.product_id, line.quantity) for line in state.cart] == [(oranges.id, quantity)]
        assert not state.editing


def test_no_part_of_a_change_is_left_away() -> None:
    talk = FakeShop().talk("v1")
    oranges, honey = goods(talk, "cam sành"), goods(talk, "mật ong")
    cart = (Line(oranges.id, Decimal(3), 0), Line(honey.id, Decimal(2), 0))
    told = read_changes(Basket("d1", cart, editing=True), "mật ong 1 chai, thêm 1 kg cam", talk)
    assert [(edit.op, edit.quantity, edit.unit) for edit in told] == [
        ("set", Decimal(1), "chai"),
        ("add", Decimal(1), "kg"),
    ]
    assert read_changes(Basket("d1", cart), "cam có ngọt không", talk) == []


def test_a_chuc_is_as_many_as_its_coop_counts() -> None:
    """Ten, but twelve in Bến Tre and fourteen in Cái Bè; what is ordered is the number of pieces."""
    pomelos = goods(FakeShop().talk("v1"), "bưởi")
    assert (pomelos.unit, pomelos.ten) == ("quả", 10)
    counted = [fit(replace(pomelos, ten=ten), Decimal(2), "chục") for ten in (10, 12, 14)]
    assert counted == [Decimal(20), Decimal(24), Decimal(28)]
    assert offered(replace(pomelos, ten=12), Decimal(2), "chục") == Decimal(24)
