"""Stamps from the chat: who may, for which lot, how many; and what is said where it cannot be."""

from datetime import timedelta
from decimal import Decimal

import pytest

from bot.dialogues.printing import Choosing, Confirming, Counting
from bot.effect import Paper
from bot.event import Number
from catalog.acts.offer import Posting, PostOffers
from catalog.acts.stamps import ActivateLot, PrintStamps
from tests.fakes import FakeShop, FakeTalk
from tests.unit.talks import Talk


def manager(shop: FakeShop | None = None) -> Talk:
    shop = shop or FakeShop()
    shop.store.left = 400
    return Talk("press", shop.talk_of_staff("desk", manager=True))


def grower(number: int, shop: FakeShop | None = None) -> Talk:
    """A producer who may print so many, and cuts oranges tomorrow."""
    shop = shop or FakeShop()
    shop.store.left = 400
    talk = shop.talk_of("her phone", "NSX-017")
    posts(talk)
    if number:
        shop.may_print(shop.people["NSX-017"], number)
    return Talk("press", talk)


def posts(talk: FakeTalk) -> None:
    oranges = next(one for one in talk._shop.products if one.record.sku == "CAM")
    tomorrow = talk._shop.today + timedelta(days=1)
    talk.do(PostOffers("p", (Posting(oranges.id, Decimal(50), 25_000, tomorrow),)))


def test_the_lot_the_number_and_what_is_left_are_read_back() -> None:
    talk = manager()
    assert talk.open("print_stamps", "in tem cam 100") == (
        "In 100 tem cho lô cam SM-CAM-01 của bà Bùi Thị Mến, cắt 18/11, dùng đến 02/12. Còn 400 tem. Đúng không chị?"
    )
    assert (talk.keys, talk.done) == (["yes", "other", "stop"], [])
    assert talk.pick("stop") == "Dạ, em không in gì ạ."
    assert (talk.state, talk.ports._shop.store.left) == (None, 400)


def test_a_yes_prints_and_the_sheet_comes_with_the_words() -> None:
    talk = manager()
    talk.open("print_stamps", "in tem cam 100")
    assert talk.pick("yes") == (
        "Đã làm 100 tem cho lô cam SM-CAM-01 của bà Bùi Thị Mến, còn 300 tem. In lên giấy A4 loại 65 nhãn ạ."
    )
    ((lot, sheet_id, count),) = talk.ports._shop.store.sheets.values()
    assert (lot.number, count) == ("SM-CAM-01", 100)
    link = f"https://example.org/sheets/token-{sheet_id}"
    assert talk.said[-1].file == Paper("tem-cam-100.pdf", f"/sheets/{sheet_id}", link)
    assert talk.state is None


def test_the_same_yes_twice_prints_once_and_gives_no_second_link() -> None:
    talk = manager()
    talk.open("print_stamps", "in tem cam 100")
    asked = talk.state
    talk.pick("yes")
    talk.state = asked
    talk.pick("yes")
    assert (talk.ports._shop.store.left, talk.said[-1].file) == (300, None)
    assert [one for one in talk.done if isinstance(one, PrintStamps)] == [talk.done[0]] * 2


def test_the_lots_own_stamp_is_another_wish() -> None:
    talk = manager()
    assert talk.open("print_stamps", "in tem lo mat ong 50").startswith(
        "In 50 tem lô (cùng một mã) cho lô mật SM-MAT-01"
    )
    talk.pick("yes")
    assert [one.kind for one in talk.done if isinstance(one, PrintStamps)] == ["lot"]


def test_a_lot_is_named_by_its_number_too() -> None:
    talk = manager()
    posts(talk.ports._shop.talk_of("her phone", "NSX-017"))
    assert "lô cam CAM-261122-1" in talk.open("print_stamps", "in tem cam 10")
    assert "lô cam SM-CAM-01" in talk.open("print_stamps", "in 10 tem SM-CAM-01")


def test_of_several_goods_she_chooses_and_then_says_how_many() -> None:
    talk = manager()
    assert talk.open("print_stamps", "in tem").startswith(
        "Lô nào ạ?\n1. trứng SM-TRUNG-01, nhặt 20/11\n2. cam SM-CAM-01"
    )
    assert isinstance(talk.state, Choosing)
    assert talk.type("cam") == "In bao nhiêu tem cho lô cam SM-CAM-01 của bà Bùi Thị Mến ạ? Còn 400 tem."
    assert isinstance(talk.state, Counting)
    talk.hear(Number(Decimal(12)))
    assert isinstance(talk.state, Confirming)
    assert talk.type("15 thôi").startswith("In 15 tem cho lô cam")


def test_a_whole_wish_in_place_of_an_answer_is_a_new_one() -> None:
    talk = manager()
    talk.open("print_stamps", "in tem lo cam 50")
    for _ in range(2):
        assert talk.type("in tem mien 20").startswith("In 20 tem cho lô miến SM-MIEN-02")
        talk.pick("other")


@pytest.mark.parametrize(
    ("count", "told"),
    [
        ("0", "Mỗi lần in từ 1 đến 5.000 tem ạ. In bao nhiêu tem?"),
        ("2,5", "Mỗi lần in từ 1 đến 5.000 tem ạ. In bao nhiêu tem?"),
        ("5001", "Ở đây em in mỗi lần tối đa 5.000 tem, nhiều hơn thì in tại máy của HTX ạ. In bao nhiêu tem?"),
        ("99999999", "Ở đây em in mỗi lần tối đa 5.000 tem, nhiều hơn thì in tại máy của HTX ạ. In bao nhiêu tem?"),
    ],
)
def test_an_absurd_number_is_asked_for_again(count: str, told: str) -> None:
    talk = manager()
    assert talk.open("print_stamps", f"in tem cam {count}") == told
    assert (type(talk.state), talk.done) == (Counting, [])


@pytest.mark.parametrize("words", ["thôi không in nữa", "đừng in tem", "hủy in tem"])
@pytest.mark.parametrize("wish", ["in tem", "in tem cam", "in tem cam 100"])
def test_a_refusal_calls_it_off_at_any_question(wish: str, words: str) -> None:
    talk = manager()
    talk.open("print_stamps", wish)
    assert talk.type(words) == "Dạ, em không in gì ạ."
    assert (talk.state, talk.done) == (None, [])


def test_a_lot_whose_number_is_a_number_is_meant_behind_its_word_alone() -> None:
    talk = manager()
    lot = talk.ports._shop.store.lot("SM-MIEN-02")
    assert lot is not None
    lot.number = "50"
    assert "In 50 tem cho lô cam SM-CAM-01" in talk.open("print_stamps", "in tem cam 50")
    assert "In 20 tem cho lô miến 50" in talk.open("print_stamps", "in tem lô 50 20")
    assert "In 20 tem cho lô miến 50" in talk.open("print_stamps", "in tem lô số 50 20")


def test_her_newest_sheet_comes_once_more_without_drawing_any() -> None:
    talk = manager()
    for words in ("in tem cam 100", "in tem mien 20"):
        talk.open("print_stamps", words)
        talk.pick("yes")
    (_, oranges, _), (_, noodles, _) = talk.ports._shop.store.sheets.values()
    assert talk.open("stamps_again", "gửi lại tờ tem") == (
        "Em gửi lại tờ 20 tem lô miến dong SM-MIEN-02 ạ. Vẫn các mã cũ, mỗi mã chỉ dán một lần."
    )
    link = f"https://example.org/sheets/token-{noodles}-1"
    assert talk.said[-1].file == Paper("tem-mien-dong-20.pdf", f"/sheets/{noodles}", link)
    assert "100 tem lô cam sành SM-CAM-01" in talk.open("stamps_again", "in lại tem cam")
    assert (talk.ports._shop.store.sent, talk.ports._shop.store.left) == ([noodles, oranges], 280)
    assert talk.state is None


@pytest.mark.parametrize("words", ["gửi lại tờ tem", "gửi lại tem cam", "gửi lại tem sầu riêng"])
def test_where_she_printed_none_she_hears_how_one_is_printed(words: str) -> None:
    talk = grower(50)
    assert talk.open("stamps_again", words) == (
        "Cháu không thấy tờ tem nào bác đã in ạ. Muốn in thì gõ, ví dụ: in tem cam 100"
    )
    assert talk.state is None


def test_what_is_not_there_is_said_with_a_way_on() -> None:
    talk = manager()
    assert talk.open("print_stamps", "in tem sầu riêng 20").startswith("Chưa có lô nào của món đó đang mở ạ.")
    assert talk.keys == ["press.any", "person.call"]
    assert talk.open("any").startswith("Lô nào ạ?")


def test_too_few_stamps_print_none() -> None:
    talk = manager()
    talk.ports._shop.store.left = 30
    assert talk.open("print_stamps", "in tem cam 40") == "HTX chỉ còn 30 tem nên em chưa in. In bao nhiêu tem ạ?"
    talk.hear(Number(Decimal(30)))
    talk.ports._shop.store.left = 20  # somebody else prints meanwhile
    assert talk.pick("yes") == "HTX chỉ còn 20 tem nên em chưa in. In bao nhiêu tem ạ?"
    talk.ports._shop.store.left = 0
    assert talk.open("print_stamps", "in tem cam 1").startswith("HTX hết tem rồi")
    assert talk.state is None


def test_who_has_no_right_is_told_kindly() -> None:
    talk = grower(0)
    assert talk.open("print_stamps", "in tem cam 5") == (
        "Bác chưa có quyền in 5 tem cho lô này, hoặc đã dùng hết. Quản lý HTX Suối Mây cấp quyền được ạ. "
        "Cháu chưa in gì."
    )
    assert (talk.state, talk.done) == (None, [])


def test_a_right_that_is_withdrawn_before_the_yes_prints_nothing() -> None:
    talk = grower(50)
    talk.open("print_stamps", "in tem cam 5")
    talk.ports._shop.store.rights[0].withdrawn = True
    assert talk.pick("yes").startswith("Bác chưa có quyền in 5 tem cho lô này")
    assert (talk.state, talk.ports._shop.store.left) == (None, 400)


def test_what_the_passport_lacks_is_said_before_it_is_printed() -> None:
    talk = grower(50)
    assert talk.open("print_stamps", "in tem cam 5") == (
        "In 5 tem cho lô cam CAM-261122-1, cắt 22/11, dùng đến 06/12. Còn 400 tem.\n"
        "Hộ chiếu lô còn thiếu: nhật ký. Vẫn in chứ bác?"
    )


def test_of_a_draft_staff_are_offered_to_put_it_into_the_book_and_producers_are_told() -> None:
    hers = grower(50)
    hers.open("print_stamps", "in tem cam 5")
    assert hers.pick("yes").endswith("Lô chưa vào sổ, ai quét lúc này sẽ thấy như vậy; HTX sẽ đưa lô vào sổ.")
    assert hers.said[-1].choices == ()

    staff = manager(hers.ports._shop)
    staff.open("print_stamps", "in tem cam 5")
    assert staff.pick("yes").endswith("Lô này chưa vào sổ: ai quét lúc này sẽ thấy lô chưa vào sổ.")
    (button,) = staff.said[-1].choices
    assert button.key == "press.activate"
    assert staff.open("activate", arg=button.arg) == "Lô CAM-261122-1 đã vào sổ HTX. Hộ chiếu lô còn thiếu: nhật ký."
    assert staff.state is None
    lot = staff.ports._shop.store.lot("CAM-261122-1")
    assert lot is not None
    assert lot.state == "active"


@pytest.mark.parametrize("arg", ["", "x", "999999"])
def test_a_made_up_button_puts_nothing_into_the_book(arg: str) -> None:
    talk = manager()
    talk.open("activate", arg=arg)
    assert talk.state is None
    other = grower(0)
    other.open("activate", arg="1")
    assert [one for one in other.done if isinstance(one, ActivateLot)] == []


def test_what_fits_on_no_label_is_said_at_once() -> None:
    talk = manager()
    talk.ports.press.too_long = True
    assert talk.open("print_stamps", "in tem cam 5") == (
        "Em chưa in tem ở đây được: địa chỉ trang web của HTX quá dài cho nhãn 65. Nhờ người quản trị đặt tên miền "
        "ngắn (99 ký tự trở lại)."
    )
    assert (talk.state, talk.done) == (None, [])


def test_a_lot_that_is_recalled_before_the_yes_is_not_printed_for() -> None:
    talk = manager()
    talk.open("print_stamps", "in tem cam 5")
    lot = talk.ports._shop.store.lot("SM-CAM-01")
    assert lot is not None
    lot.state = "recalled"
    assert talk.pick("yes") == "Chưa có lô nào như vậy đang mở ạ. Lô có khi người trồng báo hàng bán."
    assert (talk.state, talk.ports._shop.store.left) == (None, 400)


def test_a_customer_is_asked_for_a_code_and_hears_of_no_rights() -> None:
    talk = Talk("press", FakeShop().talk("her phone"))
    for name in ("print_stamps", "any", "stamps_again"):
        assert talk.open(name, "in tem cam 5") == "Anh/chị gõ 12 số in dưới mã QR giúp em, ba nhóm bốn số ạ."
    assert (talk.state, talk.done) == (None, [])


def test_a_lot_that_no_list_has_room_for_is_reached_by_its_number() -> None:
    talk = manager()
    hers = talk.ports._shop.talk_of("her phone", "NSX-017")
    oranges = next(one for one in hers._shop.products if one.record.sku == "CAM")
    for number in range(25):
        hers.do(PostOffers(f"p{number}", (Posting(oranges.id, Decimal(5), 25_000, hers._shop.today + timedelta(1)),)))
    told = talk.open("print_stamps", "in tem")
    assert ("cam CAM-" in told, "mật SM-MAT-01" in told) == (True, True)  # the newest of each kind of goods
    talk.state = Choosing("d1", "unit", 5, (hers.lots.open()[0].id,))
    assert "In 5 tem cho lô mật SM-MAT-01" in talk.type("lô SM-MAT-01")
    talk.pick("yes")
    assert [one.number for one, _, _ in talk.ports._shop.store.sheets.values()] == ["SM-MAT-01"]
