"""After it is on sale: slips, taking back, another price."""

from decimal import Decimal

import pytest

from bot.event import Back, Number
from catalog.acts.offer import CorrectOffer, WithdrawOffers
from catalog.acts.person import OpenCase
from tests.unit.producer import Talk


def on_sale(words: str = "mai co 50 can cam 25 nghin, 3 chuc trung") -> Talk:
    talk = Talk()
    talk.open("post_stock", words)
    talk.pick("yes")
    talk.done.clear()
    return talk


def sell(talk: Talk, quantity: int) -> None:
    """Customers order that much of her newest posting of oranges."""
    offer = next(offer for offer in reversed(talk.shop.offers) if offer.called == "Cam")
    offer.left -= quantity


def test_a_slip_is_read_back_and_corrected_by_her_yes() -> None:
    talk = on_sale()
    assert talk.type("nham roi 15 can thoi") == "Cháu sửa cam từ 50 kg xuống 15 kg nhé bác?"
    assert talk.buttons == ["Đúng, 15 kg", "Không phải", "Xóa hết cam"]
    assert talk.said[-1].weighty
    assert talk.done == []
    assert talk.pick("yes") == "Sửa rồi ạ: cam 15 kg, 25.000đ/kg. Khách đã đặt 0 kg."
    assert talk.buttons == ["Lại như cũ", "Xem hàng của tôi", "Xong"]
    assert talk.done == [CorrectOffer(talk.state.offers[0].offer_id, Decimal(15))]


@pytest.mark.parametrize("back", [True, False])
def test_a_correction_is_taken_back_by_its_button_and_by_a_word(back: bool) -> None:
    talk = on_sale()
    talk.type("nham roi 15 can thoi")
    talk.pick("yes")
    said = talk.hear(Back()) if back else talk.pick("as_before")
    assert said == "Cháu sửa cam từ 15 kg lên 50 kg nhé bác?"
    assert talk.pick("yes") == "Sửa rồi ạ: cam 50 kg, 25.000đ/kg. Khách đã đặt 0 kg."


def test_more_is_sold_already_so_nothing_changes_and_a_person_calls() -> None:
    talk = on_sale()
    sell(talk, 20)
    talk.type("nham roi 15 can thoi")
    assert talk.pick("yes") == ("Khách đã đặt 20 kg cam rồi nên cháu chưa sửa, chị Hoa của HTX Suối Mây sẽ gọi bác ạ.")
    assert [offer.posted for offer in talk.shop.offers[-2:]] == [Decimal(50), Decimal(3)]


def test_no_means_that_everything_stays() -> None:
    talk = on_sale()
    talk.type("nham roi 15 can thoi")
    assert talk.pick("no") == "Vâng, cháu giữ nguyên ạ."
    assert talk.done == []


def test_undo_takes_the_posting_off_after_asking_once() -> None:
    talk = on_sale()
    ids = tuple(offer.offer_id for offer in talk.state.offers)
    assert talk.hear(Back()) == "Cháu gỡ cam 50 kg, trứng 3 chục xuống, không bán nữa nhé bác?"
    assert talk.done == []
    assert talk.pick("yes").startswith("Cháu gỡ cam 50 kg, trứng 3 chục xuống rồi ạ.")
    assert talk.done == [WithdrawOffers(ids)]
    assert talk.state is None


def test_all_of_one_product_is_taken_off_alone() -> None:
    talk = on_sale()
    cam = talk.state.offers[0].offer_id
    talk.type("nham roi 15 can thoi")
    assert talk.pick("all") == "Cháu gỡ cam 50 kg xuống, không bán nữa nhé bác?"
    talk.pick("yes")
    assert talk.done == [WithdrawOffers((cam,))]


def test_a_new_posting_or_a_new_wish_is_no_correction() -> None:
    talk = on_sale()
    before = talk.state
    for words in ("mai co 20 can buoi 30 nghin", "co 20 can cam 26 nghin", "xem hang cua toi", "troi mua ko"):
        talk.type(words)
        assert talk.state == before, words


def test_goods_that_are_not_hers_are_no_correction() -> None:
    talk = on_sale()
    before = talk.state
    talk.type("mang con 3 goi thoi")
    assert talk.state == before


def test_what_is_left_is_told_at_any_time_and_counts_what_is_sold_on_top() -> None:
    talk = Talk()
    newest = next(offer for offer in reversed(talk.shop.offers) if offer.called == "Cam")
    newest.left = Decimal(100)
    sold = newest.posted - newest.left
    assert talk.open("update_stock", "cam con 15 can thoi") == "Cháu sửa cam từ 100 kg xuống 15 kg nhé bác?"
    talk.pick("yes")
    assert talk.done == [CorrectOffer(newest.id, sold + 15)]
    assert newest.left == Decimal(15)


def test_sold_out_takes_it_off_after_a_yes() -> None:
    talk = Talk()
    assert talk.open("update_stock", "het trung roi").startswith("Cháu gỡ trứng")
    talk.pick("yes")
    assert [type(command) for command in talk.done] == [WithdrawOffers]


def test_an_amount_on_top_is_a_posting() -> None:
    talk = Talk()
    said = talk.open("update_stock", "cong them 20 can cam nua", op="add")
    assert "🍊 Cam 20 kg" in said


def test_it_is_asked_which_when_she_names_nothing() -> None:
    talk = Talk()
    assert talk.open("update_stock", "con 3 thoi") == "Bác nhắn lại cho đúng giúp cháu, ví dụ: cam 15 kg thôi."


def test_another_price_is_checked_read_back_and_passed_on() -> None:
    talk = Talk()
    assert talk.open("update_price", "cam len 280", product="cam", price_vnd=280_000) == (
        "Bác muốn giá cam bao nhiêu 1 cân ạ? Giá bây giờ là 25 nghìn."
    )
    assert talk.buttons == ["28 nghìn", "280 nghìn", "Giá khác"]
    assert talk.type("28") == "Cháu báo chị Hoa đổi giá cam từ 25.000đ thành 28.000đ/kg nhé bác?"
    assert talk.done == []
    assert talk.pick("yes") == "Cháu báo chị Hoa đổi giá rồi ạ. Đơn đã đặt vẫn giá cũ."
    assert [(command.kind, command.note) for command in talk.done if isinstance(command, OpenCase)] == [
        ("price", "cam: 28000")
    ]


def test_a_price_without_a_number_is_asked_for() -> None:
    talk = Talk()
    talk.open("update_price", "doi gia cam", product="cam")
    assert talk.said[-1].expects == "number"
    assert "28.000đ/kg" in talk.hear(Number(Decimal(28)))
