"""What a producer has on sale, and the notice of a new order."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from bot.dialogue import Ask
from bot.dialogues.garden import garden
from bot.effect import Hold, Say
from bot.event import OrderCancelled, OrderNews
from bot.i18n import words
from catalog.acts.order import PlaceOrder, Wanted
from tests.unit.producer import Talk, voice


def notice(talk: Talk, part_id: int) -> str:
    _, effects = garden.listeners[OrderNews](None, OrderNews(part_id), talk.ports)
    return "\n".join(words(effect, voice(talk.ports)) for effect in effects if isinstance(effect, Say))


def order(talk: Talk, wanted: dict[str, int]) -> int:
    """Somebody orders; the id of this producer's part of it."""
    goods = {product.record.short_vi: product for product in talk.shop.products}
    lines = tuple(Wanted(goods[name].id, Decimal(many), goods[name].price_vnd) for name, many in wanted.items())
    talk.shop.talk("a customer").do(PlaceOrder("draft", lines, "pickup", None, 0))
    return talk.shop.parts[-1].id


def test_her_goods_are_listed_with_amounts_and_her_prices() -> None:
    talk = Talk()
    lines = talk.open("show", dialogue="garden").split("\n")
    assert lines == [
        "Hàng của bác Mến:",
        "🍊 Cam: còn 120 kg, 25.000đ/kg",
        "🥚 Trứng gà: còn 40 chục, 40.000đ/chục",
    ]
    assert talk.buttons == ["Báo hàng bán", "Xong"]


def test_an_order_that_is_called_off_is_told_with_what_need_not_be_packed() -> None:
    talk = Talk()
    part_id = order(talk, {"cam": 3})
    placed = talk.shop.orders[-1]
    placed.status = "cancelled"
    _, effects = garden.listeners[OrderCancelled](None, OrderCancelled(part_id), talk.ports)
    assert [words(effect, voice(talk.ports)) for effect in effects if isinstance(effect, Say)] == [
        f"Đơn {placed.code} khách đã hủy, bác không phải chuẩn bị nữa ạ:\n🍊 Cam 3 kg"
    ]
    assert notice(talk, part_id) == ""


def test_an_order_that_stands_is_not_told_as_called_off() -> None:
    talk = Talk()
    part_id = order(talk, {"cam": 3})
    assert garden.listeners[OrderCancelled](None, OrderCancelled(part_id), talk.ports) == (None, [])


def test_goods_of_several_postings_are_told_as_one_sum() -> None:
    talk = Talk()
    newest = talk.shop.offers[-1]
    talk.shop.offers.append(replace(newest, id=newest.id + 1, left=Decimal(50), posted=Decimal(50)))
    assert "🍊 Cam: còn 170 kg, 25.000đ/kg" in talk.open("show", dialogue="garden")


def test_what_she_asks_about_is_told_alone() -> None:
    talk = Talk()
    said = talk.open("stock_query", "trung con may chuc", dialogue="garden", product="trứng")
    assert said == "Hàng của bác Mến:\n🥚 Trứng gà: còn 40 chục, 40.000đ/chục"


def test_goods_for_later_say_from_when_and_sold_out_ones_say_so() -> None:
    talk = Talk()
    cam, eggs = talk.shop.offers[-1], talk.shop.offers[-2]
    cam.available_from = talk.shop.today + timedelta(days=2)
    eggs.left = Decimal(0)
    said = talk.open("show", dialogue="garden")
    assert "🍊 Cam: 120 kg, 25.000đ/kg, có từ 23/11" in said
    assert "🥚 Trứng gà: hết" in said


def test_a_look_at_her_goods_leaves_her_talk_where_it_is() -> None:
    _, effects = garden.openers["show"](None, Ask("show"), Talk().ports)
    assert effects[0] == Hold()


def test_customers_have_no_goods_here() -> None:
    talk = Talk(code="")
    assert "mã mời" in talk.open("show", dialogue="garden")


def test_the_notice_says_what_is_wanted_and_what_she_gets() -> None:
    talk = Talk()
    said = notice(talk, order(talk, {"cam": 3, "trứng": 1}))
    assert said == ("🔔 Bác Mến có đơn mới!\n🍊 Cam 3 kg\n🥚 Trứng gà 1 chục\nBác được: 75.000đ + 40.000đ = 115.000đ")


def test_a_notice_of_one_line_needs_no_sum() -> None:
    talk = Talk()
    assert notice(talk, order(talk, {"cam": 3})) == "🔔 Bác Mến có đơn mới!\n🍊 Cam 3 kg\nBác được: 75.000đ"


def test_news_of_an_order_that_is_gone_say_nothing() -> None:
    assert notice(Talk(), 4711) == ""
