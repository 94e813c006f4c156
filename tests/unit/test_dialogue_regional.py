"""Names that mean several products: what is asked, of whom, and that nothing is guessed or denied."""

from decimal import Decimal

import msgspec
import pytest

from bot.dialogue import Ask, Turn
from bot.dialogues.buying import AnyState, Basket, HowMuch, Which
from bot.dialogues.cart import Line
from bot.dialogues.filling import fill
from bot.dialogues.harvest import meant
from bot.dialogues.order import order
from bot.dialogues.regional import names_of, on_shelf, several, sold_as
from bot.dialogues.shop import Wishing, search, shop
from bot.effect import Say
from bot.event import Pick, Text
from bot.i18n import words
from catalog.acts.offer import PostOffers
from catalog.acts.person import OpenCase, Wish, WishKept
from catalog.seed.records import ProductRecord, read_demo
from tests.fakes import FakeShop, FakeTalk
from tests.unit.producer import Talk, buttons, voice


def shop_with(**called: str) -> FakeShop:
    """The demo's shop, in which the product of a SKU has another name, and no other names."""
    demo = read_demo()
    products = [_called(one, called.get(one.sku, "")) for one in demo.products]
    return FakeShop(demo=msgspec.structs.replace(demo, products=products))


def _called(product: ProductRecord, name: str) -> ProductRecord:
    if not name:
        return product
    return msgspec.structs.replace(product, name_vi=name, label_vi=name, short_vi=name.lower(), aliases=[])


def filled(typed: str, talk: FakeTalk) -> Turn[AnyState | None] | None:
    return fill(Basket("d1", ()), typed, talk)


def told(turn: Turn[object] | None, talk: FakeTalk) -> list[str]:
    assert turn is not None
    return [words(effect, voice(talk)) for effect in turn[1] if isinstance(effect, Say)]


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("củ sắn", ("sắn", "củ đậu")),
        ("CU SAN", ("sắn", "củ đậu")),
        ("mận", ("mận", "roi")),
        ("bo", ("bơ", "bò")),
        ("bò", ("bò",)),
        ("củ sắn với cam", ()),
        ("điện thoại", ()),
        ("", ()),
        ("👍" * 50, ()),
        ("s" * 5000, ()),
    ],
)
def test_the_whole_words_are_a_name_or_none(typed: str, names: tuple[str, ...]) -> None:
    assert names_of(typed) == names


def test_what_is_there_decides_which_meaning_is_asked_about() -> None:
    shops = {"none": FakeShop(), "roi": shop_with(BUOI="Roi"), "both": shop_with(BUOI="Roi", CAM="Mận")}
    asked = {}
    for name, one in shops.items():
        talk = one.talk("her phone")
        asked[name] = several("mận", lambda word, talk=talk: sold_as(word, talk))  # type: ignore[misc]
    assert asked == {"none": (), "roi": ("roi", "mận"), "both": ()}


def test_a_customer_chooses_among_the_meanings_that_are_sold() -> None:
    talk = shop_with(CAM="Sắn", BUOI="Củ đậu").talk("her phone")
    san, dau = (talk.shelf.search(name)[0].goods for name in ("sắn", "củ đậu"))
    turn = filled("2 kg củ sắn", talk)
    assert turn is not None
    state = turn[0]
    assert state == Which("d1", (), (san.id, dau.id), Decimal(2), "kg", words="củ sắn", names=("sắn", "củ đậu"))
    assert told(turn, talk) == [
        'Anh/chị nói "củ sắn" là sắn hay củ đậu ạ? Ở đây có:\n1. 🍊 Sắn 28.000đ/kg\n2. 🍈 Củ đậu 35.000đ/quả'
    ]
    chosen, _ = order.take(state, Pick("this", str(san.id)), talk)
    assert chosen == Basket("d1", (Line(san.id, Decimal(2), san.price_vnd, "", talk.now),))
    left, said = order.take(state, Pick("stop"), talk)
    assert left is None
    assert len(said) == 1


def test_the_one_meaning_that_is_sold_is_offered_and_not_put_into_the_cart() -> None:
    talk = shop_with(BUOI="Củ đậu").talk("her phone")
    dau = talk.shelf.search("củ đậu")[0].goods
    turn = filled("3 củ sắn", talk)
    assert turn is not None
    assert isinstance(turn[0], Which)
    assert (turn[0].cart, turn[0].product_ids, turn[0].names) == ((), (dau.id,), ("củ đậu", "sắn"))
    assert order.load(order.dump(turn[0])) == turn[0]


def test_where_the_shelf_is_sure_nothing_is_asked() -> None:
    talk = shop_with(BUOI="Củ sắn").talk("her phone")
    assert [match.goods.short for match in on_shelf("củ sắn", talk)] == ["củ sắn"]
    turn = filled("2 quả củ sắn", talk)
    assert turn is not None
    assert isinstance(turn[0], Basket)


def test_goods_are_found_by_the_usual_name_of_what_she_calls_them() -> None:
    talk = shop_with(CAM="Mướp đắng").talk("her phone")
    goods = talk.shelf.search("mướp đắng")[0].goods
    turn = filled("2 kg khổ qua", talk)
    assert turn is not None
    assert turn[0] == Basket("d1", (Line(goods.id, Decimal(2), goods.price_vnd, "", talk.now),))


@pytest.mark.parametrize("typed", ["2 kg mận", "cho 2 kg man", "1 kg bo", "2kg gà"])
def test_the_name_of_other_goods_is_never_taken_for_ours(typed: str) -> None:
    talk = FakeShop().talk("her phone")
    turn = filled(typed, talk)
    assert turn is None or not isinstance(turn[0], Basket | HowMuch)
    assert [goods.short for goods in meant(typed.rsplit(maxsplit=1)[-1], talk)[0]] == []


def test_none_of_the_meanings_is_sold_so_she_says_of_which_she_wants_to_hear() -> None:
    talk = FakeShop().talk("her phone")
    state, said = search(None, Ask("search", words="có củ sắn không", slots={"product": "củ sắn"}), talk)
    assert state == Wishing("củ sắn", ("sắn", "củ đậu"))
    assert isinstance(said[0], Say)
    assert buttons(said[0], talk) == ["Sắn", "Củ đậu", "Thôi"]
    for heard in (Pick("name", "sắn"), Text("khoai mì")):
        after, effects = shop.take(state, heard, talk)
        assert (after, list(effects)) == (state, [Wish("sắn")])
    over, _ = shop.take(state, WishKept("sắn"), talk)
    assert over is None


def test_more_than_two_meanings_are_a_numbered_list() -> None:
    talk = FakeShop().talk("her phone")
    state, said = search(None, Ask("search", words="có cà không", slots={"product": "cà"}), talk)
    assert state == Wishing("cà", ("cà chua", "cà tím", "cà pháo"))
    assert isinstance(said[0], Say)
    assert [item.arg for item in said[0].items] == ["cà chua", "cà tím", "cà pháo"]
    assert buttons(said[0], talk) == ["Thôi"]


# A producer


def test_a_producer_is_asked_and_her_amount_and_price_are_kept() -> None:
    talk = Talk(shop=shop_with(CAM="Sắn"))
    assert talk.open("post_stock", "có 20 kg củ sắn 26k") == 'Bác nói "củ sắn" là sắn hay củ đậu ạ?'
    assert talk.buttons == ["Sắn", "Củ đậu", "Món khác"]
    assert talk.done == []
    assert talk.pick("named", "sắn") == "Cháu ghi:\n🍊 Sắn 20 kg – 26.000đ/kg\nĐúng không bác?"
    talk.pick("yes")
    posts = [command for command in talk.done if isinstance(command, PostOffers)]
    assert [(line.quantity, line.price_vnd) for post in posts for line in post.items] == [(Decimal(20), 26_000)]


@pytest.mark.parametrize("typed", ["củ đậu", "cu dau"])
def test_a_meaning_that_the_co_op_does_not_sell_goes_to_a_person(typed: str) -> None:
    talk = Talk(shop=shop_with(CAM="Sắn"))
    talk.open("post_stock", "có 20 kg củ sắn 26k")
    assert talk.type(typed).startswith("Cháu ghi: củ đậu 20 kg – 26.000đ/kg. HTX Suối Mây chưa có món này")
    talk.pick("yes")
    assert talk.done == [OpenCase("new goods", note="củ đậu 20 kg, 26000đ/kg")]


def test_a_name_that_she_has_chosen_is_not_asked_about_again() -> None:
    talk = Talk(shop=shop_with(BUOI="Roi"))
    assert talk.open("post_stock", "bán 5 kg mận 20 nghìn") == 'Bác nói "mận" là roi hay mận ạ?'
    assert talk.pick("named", "mận").startswith("Cháu ghi: mận 5 kg – 20.000đ/kg. HTX Suối Mây chưa có món này")


def test_amounts_are_turned_into_the_unit_of_the_chosen_goods() -> None:
    talk = Talk(shop=shop_with(TRUNG="Củ đậu"))
    talk.open("post_stock", "có 30 quả củ sắn 5 nghìn 1 quả")
    line = talk.state.draft.lines[0]
    assert (line.quantity, line.told, line.told_unit) == (None, Decimal(30), "quả")
    talk.pick("named", "củ đậu")
    line = talk.state.draft.lines[0]
    assert (line.quantity, line.price_vnd, line.told, line.told_unit) == (Decimal(3), 50_000, None, None)
