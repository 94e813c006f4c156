"""Where something odd was bought: her words are with the co-op as soon as she has said them."""

import pytest

from bot.event import Photo
from catalog.acts.person import OpenCase, RecordScan
from tests.fakes import FakeShop
from tests.unit.talks import Talk

BOTTLE, NOBODYS = "824501379632", "000000000098"


@pytest.fixture
def suspected() -> Talk:
    shop = FakeShop()
    for number in range(10):
        shop.talk(f"v{number}").do(RecordScan(BOTTLE))
    talk = Talk("trace", shop.talk("her phone"))
    talk.open("scan", arg=BOTTLE)
    talk.done.clear()
    return talk


def case(note: str) -> OpenCase:
    return OpenCase("suspicious stamp", subject=BOTTLE, note=note)


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("mua o cho que gan nha", "Em ghi: mua ở chợ quê. Chợ đó ở xã, tỉnh nào ạ?"),
        ("chợ phiên", "Em ghi: mua ở chợ phiên. Chợ đó ở xã, tỉnh nào ạ?"),
        ("siêu thị", "Em ghi: mua ở siêu thị. Chỗ đó ở xã, tỉnh nào ạ?"),
        ("mua tren facebook", "Em ghi: mua trên mạng. Người bán hay trang bán tên là gì ạ?"),
        ("của người quen", "Em ghi: mua của người quen. Người bán hay trang bán tên là gì ạ?"),
        ("mua ở đầu làng", "Em ghi lại rồi. Chỗ đó ở xã, tỉnh nào ạ?"),
    ],
)
def test_a_place_is_understood_at_once_and_one_thing_more_is_asked(suspected: Talk, typed: str, asked: str) -> None:
    assert suspected.type(typed) == f"Cảm ơn anh/chị. {asked}"
    assert suspected.done == [case(typed)]
    told = suspected.type("xã Đà Bắc, Phú Thọ")
    assert told == "Cảm ơn anh/chị. Em đã báo chị Hoa bên HTX kiểm tra ạ."
    assert suspected.done == [case(typed), case("xã Đà Bắc, Phú Thọ")]
    assert suspected.state is None


@pytest.mark.parametrize("typed", ["giỏ hàng", "đơn của tôi đâu", "đặt 2 kg cam"])
def test_another_wish_is_no_name_of_a_place(suspected: Talk, typed: str) -> None:
    suspected.type("chợ phiên")
    suspected.done.clear()
    suspected.type(typed)
    assert (suspected.hinted, suspected.done) == (True, [])
    suspected.type("xã Đà Bắc, Phú Thọ")
    assert suspected.done == [case("xã Đà Bắc, Phú Thọ")]


@pytest.mark.parametrize("typed", ["chị Lan bán cam", "Shop Lan Anh", "ở cửa hàng cam bà Bảy"])
def test_the_name_of_a_seller_is_a_place(suspected: Talk, typed: str) -> None:
    suspected.type("mua tren facebook")
    suspected.type(typed)
    assert suspected.done[-1] == case(typed)


@pytest.mark.parametrize("typed", ["chợ Đà Bắc, xã Đà Bắc, tỉnh Phú Thọ", "tôi được tặng"])
def test_what_says_it_all_is_not_asked_about(suspected: Talk, typed: str) -> None:
    assert suspected.type(typed) == "Cảm ơn anh/chị. Em đã báo chị Hoa bên HTX kiểm tra ạ."
    assert (suspected.done, suspected.state) == ([case(typed)], None)


@pytest.mark.parametrize("typed", ["co gi ban ko", "cho hoi gia cam", "2 chai mật", "qua bao nhieu tien"])
def test_other_words_may_be_another_wish(suspected: Talk, typed: str) -> None:
    suspected.type(typed)
    assert (suspected.hinted, suspected.done) == (True, [])


def test_a_picture_goes_to_a_person(suspected: Talk) -> None:
    suspected.hear(Photo(("https://example.org/1.jpg",), "đây"))
    assert suspected.done == [case("đây\nhttps://example.org/1.jpg")]


def test_after_the_button_any_words_are_an_answer() -> None:
    talk = Talk("trace", FakeShop().talk("her phone"))
    talk.open("report", arg=BOTTLE)
    talk.type("bà Năm đầu xóm")
    assert talk.done == [case("bà Năm đầu xóm")]


def test_a_code_that_is_not_ours_stands_in_the_sealed_note_only() -> None:
    talk = Talk("trace", FakeShop().talk("her phone"))
    talk.open("report", arg=NOBODYS)
    talk.type("chợ quê")
    assert talk.done == [OpenCase("suspicious stamp", note=f"{NOBODYS}: chợ quê")]
    assert talk.state is None
