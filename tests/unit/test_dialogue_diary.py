"""A line for a lot's diary: read back, written once, struck out again; and never lost."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from bot.dialogues.journal import Changing, Choosing, Confirming, Cut, Dating, Telling, Waiting, Written
from bot.event import Back, Change, Number
from catalog.acts.offer import Posting, PostOffers
from catalog.acts.person import OpenCase
from catalog.acts.stamps import StrikeDiary, WriteDiary
from tests.fakes import FakeShop
from tests.unit.talks import Talk

TODAY = date(2026, 11, 21)


def grower(*, posts: bool = True) -> Talk:
    """Who cuts oranges tomorrow, if she has posted them."""
    talk = Talk("diary", FakeShop().talk_of("her phone", "NSX-017"))
    if posts:
        oranges = next(one for one in talk.ports._shop.products if one.record.sku == "CAM")
        talk.ports.do(PostOffers("p", (Posting(oranges.id, Decimal(50), 25_000, TODAY + timedelta(days=1)),)))
    return talk


def diary(talk: Talk, number: str) -> list[tuple[date, str, str, int | None]]:
    lot = talk.ports._shop.store.lot(number)
    assert lot is not None
    return [(line.on, line.kind, line.words, line.wait_days) for line in lot.diary]


def test_nothing_is_written_before_her_yes() -> None:
    talk = grower()
    assert talk.open("diary", "hôm nay tôi phun thuốc vườn cam") == (
        "Cháu ghi vào nhật ký lô cam CAM-261122-1: hôm nay 21/11 phun thuốc. Khách quét tem sẽ thấy dòng này. "
        "Đúng không bác?"
    )
    assert (type(talk.state), talk.keys, talk.done) == (Confirming, ["yes", "no", "stop"], [])
    assert talk.pick("stop") == "Dạ, cháu không ghi gì ạ."
    assert (talk.state, diary(talk, "CAM-261122-1")) == (None, [])


def test_a_spraying_is_asked_about_once_and_may_be_left_open() -> None:
    talk = grower()
    talk.open("diary", "hôm nay tôi phun thuốc vườn cam")
    assert talk.pick("yes").startswith("Bác phun thuốc gì, cách ly mấy ngày ạ?")
    told = talk.pick("skip")
    assert told == "Cháu ghi rồi ạ. Ghi nhầm thì bác gõ: lại\nTừ lần phun cuối đến ngày thu: 1 ngày."
    assert diary(talk, "CAM-261122-1") == [(TODAY, "spray", "phun thuốc", None)]


def test_what_she_remembers_of_it_is_written_with_it() -> None:
    talk = grower()
    talk.open("diary", "hôm nay tôi phun thuốc vườn cam")
    talk.pick("yes")
    assert "⚠️ Cách ly đủ 10 ngày thì từ 01/12 mới nên thu ạ." in talk.type("abamectin, 10 ngày")
    assert diary(talk, "CAM-261122-1") == [(TODAY, "spray", "phun thuốc: abamectin", 10)]


def test_an_absurd_number_of_days_is_asked_for_again() -> None:
    talk = grower()
    talk.open("diary", "hôm nay tôi phun thuốc vườn cam")
    talk.pick("yes")
    talk.hear(Number(Decimal(4000)))
    assert (talk.hinted, talk.done) == (True, [])


@pytest.mark.parametrize(
    "typed", ["cam 10 kg 25 nghìn", "in tem cam 100", "hôm qua tưới nước cho bưởi", "hộ chiếu lô cam còn thiếu gì"]
)
def test_another_wish_is_no_name_of_a_remedy(typed: str) -> None:
    talk = grower()
    talk.open("diary", "hôm nay phun thuốc cam")
    talk.pick("yes")
    talk.type(typed)
    assert (talk.hinted, type(talk.state), talk.done) == (True, Waiting, [])


@pytest.mark.parametrize(
    ("typed", "words", "days"),
    [
        ("thuốc trừ sâu sinh học 2 bình", "phun thuốc: thuốc trừ sâu sinh học 2 bình", None),
        ("phun abamectin cho cam, cách ly 7 ngày", "phun thuốc: phun abamectin cho cam", 7),
        ("dầu neem", "phun thuốc: dầu neem", None),
    ],
)
def test_what_was_sprayed_is_an_answer(typed: str, words: str, days: int | None) -> None:
    talk = grower()
    talk.open("diary", "hôm nay phun thuốc cam")
    talk.pick("yes")
    talk.type(typed)
    assert diary(talk, "CAM-261122-1") == [(TODAY, "spray", words, days)]


def test_a_spraying_that_waits_is_written_before_the_next_line_begins() -> None:
    talk = grower()
    talk.open("diary", "hôm nay phun thuốc cam")
    talk.pick("yes")
    told = talk.open("diary", "hôm qua tưới nước cho cam")
    assert told.startswith("Cháu ghi lần phun thuốc rồi ạ. Giờ đến việc này:\nCháu ghi vào nhật ký lô cam")
    assert isinstance(talk.state, Confirming)
    assert diary(talk, "CAM-261122-1") == [(TODAY, "spray", "phun thuốc", None)]
    talk.pick("yes")
    assert [line[1] for line in diary(talk, "CAM-261122-1")] == ["water", "spray"]


@pytest.mark.parametrize("private", ["gọi 0912 345 678", "tỉa cành cho đơn DH8M3Q"])
def test_nothing_of_a_customer_comes_into_a_line(private: str) -> None:
    talk = grower()
    told = [talk.open("diary", f"hôm nay phun thuốc cam, {private}")]
    assert isinstance(talk.state, Telling)
    told.append(talk.type(f"tỉa cành cam, {private}"))
    talk.type("hôm nay phun thuốc cam")
    told.append(talk.type(private))
    talk.pick("no")
    told.append(talk.type(private))
    talk.type("hôm qua")
    talk.pick("yes")
    told.append(talk.type(private))
    assert (isinstance(talk.state, Waiting), talk.done) == (True, [])
    assert ["không ghi số điện thoại hay mã đơn" in one for one in told] == [True] * 5


def test_a_question_is_not_taken_for_work() -> None:
    talk = grower()
    talk.open("diary", "ghi nhật ký giúp bác")
    talk.type("đã bón phân cam chưa cháu")
    assert (talk.hinted, type(talk.state)) == (True, Telling)


def test_a_long_line_is_read_back_without_more_words() -> None:
    talk = grower()
    told = talk.open(
        "diary", "hôm qua bón phân chuồng 2 tạ trộn vôi với lân nung chảy cho từng gốc một rồi tưới nước cho cam"
    )
    assert "Khách quét tem" not in told
    assert len(told.split()) <= 40


def test_the_diary_of_a_lot_is_shown_and_none_begun() -> None:
    talk = grower()
    assert talk.open("lot_diary", "xem nhật ký lô cam") == "Nhật ký lô cam CAM-261122-1 chưa có dòng nào ạ."
    assert talk.open("lot_diary", "xem nhật ký lô SM-CAM-01") == (
        "Nhật ký lô cam SM-CAM-01 có 5 dòng, mới nhất:\n05/10 ngưng phun, kiểm tra vườn\n18/11 cắt quả – 120 kg\n"
        "19/11 phân loại, đóng túi, dán tem"
    )
    assert (talk.state, talk.keys) == (None, ["trace.journey", "diary.start"])
    assert "lô" in talk.open("lot_diary", "xem nhật ký lô sầu riêng")


def test_two_works_of_a_day_are_two_lines_and_one_slip_takes_both() -> None:
    talk = grower()
    told = talk.open("diary", "hôm qua bón phân rồi tưới nước cho cam")
    assert told.endswith("hôm qua 20/11 bón phân, tưới nước. Khách quét tem sẽ thấy dòng này. Đúng không bác?")
    talk.pick("yes")
    assert [line[1] for line in diary(talk, "CAM-261122-1")] == ["fertilise", "water"]
    assert talk.hear(Back()) == "Cháu bỏ dòng vừa ghi rồi ạ."
    assert (talk.state, diary(talk, "CAM-261122-1")) == (None, [])
    assert [type(one) for one in talk.done] == [WriteDiary, WriteDiary, StrikeDiary, StrikeDiary]


def test_what_is_changed_after_it_was_written_is_written_anew() -> None:
    talk = grower()
    talk.open("diary", "hôm qua bón phân cho cam")
    talk.pick("yes")
    talk.hear(Change())
    assert isinstance(talk.state, Changing)
    talk.type("hôm kia")
    talk.pick("yes")
    assert diary(talk, "CAM-261122-1") == [(date(2026, 11, 19), "fertilise", "bón phân", None)]


def test_another_day_or_lot_is_read_back_again() -> None:
    talk = grower()
    talk.open("diary", "hôm qua bón phân cho cam")
    assert "ngày 16/11/2026 bón phân" in talk.type("16/11")
    assert "lô cam SM-CAM-01: ngày 16/11/2026 bón phân" in talk.type("lô SM-CAM-01")
    assert "tỉa cành" in talk.type("tỉa cành")
    talk.type("ờ thì")
    assert talk.hinted


def test_the_same_yes_twice_is_one_line() -> None:
    talk = grower()
    talk.open("diary", "hôm qua bón phân cho cam")
    asked = talk.state
    talk.pick("yes")
    talk.state = asked
    talk.pick("yes")
    assert len(diary(talk, "CAM-261122-1")) == 1


def test_several_lots_are_a_question() -> None:
    talk = grower()
    assert talk.open("diary", "hôm qua dán tem") == (
        "Lô nào ạ?\n1. cam CAM-261122-1, cắt 22/11\n2. trứng SM-TRUNG-01, nhặt 20/11"
    )
    assert isinstance(talk.state, Choosing)
    assert "lô trứng SM-TRUNG-01: hôm qua 20/11 dán tem" in talk.type("trứng")


def test_after_a_harvest_it_is_for_the_next_lot_and_a_person_keeps_it() -> None:
    talk = grower(posts=False)
    talk.open("diary", "hôm nay tôi phun thuốc vườn cam")
    assert isinstance(talk.state, Cut)
    assert talk.pick("yes") == "Cháu đã chuyển chị Hoa giữ lại cho lứa sau ạ. Lô mới có khi báo hàng bán."
    assert talk.done == [OpenCase("diary", note="hôm nay tôi phun thuốc vườn cam")]
    assert talk.keys == ["post.start", "person.call"]


def test_without_a_lot_she_hears_how_one_begins_and_nothing_is_lost() -> None:
    talk = grower(posts=False)
    told = talk.open("diary", "hôm nay bón phân vườn bưởi")
    assert told.startswith("Chưa có lô nào để ghi ạ: lô có khi bác báo hàng bán.")
    assert (talk.done, talk.keys) == (
        [OpenCase("diary", note="hôm nay bón phân vườn bưởi")],
        ["post.start", "person.call"],
    )


def test_a_day_to_come_is_not_written_down() -> None:
    talk = grower()
    assert talk.open("diary", "mai phun thuốc cam").startswith("Ngày đó chưa tới ạ, cháu chỉ ghi việc đã làm.")
    assert isinstance(talk.state, Dating)
    assert "hôm qua 20/11 phun thuốc" in talk.pick("yesterday")


def test_an_unclear_day_is_asked_for() -> None:
    talk = grower()
    talk.open("diary", "tuần trước phun thuốc cam")
    assert isinstance(talk.state, Dating)
    talk.type("chả nhớ")
    assert talk.hinted
    assert "ngày 12/11/2026 phun thuốc" in talk.type("12/11")


def test_a_day_of_long_ago_is_asked_for_again() -> None:
    talk = grower()
    told = talk.open("diary", "12/9/2019 bón phân cam")
    assert told.startswith("Ngày đó đã quá ba năm, cháu không ghi được nữa ạ.")
    assert (type(talk.state), talk.done) == (Dating, [])
    talk.type("12/9/2020")
    assert isinstance(talk.state, Dating)
    assert "ngày 12/09/2026 bón phân" in talk.type("12/9")
    assert talk.type("12/9/2020").startswith("Ngày đó đã quá ba năm")


def test_who_only_wants_to_write_is_asked_what() -> None:
    talk = grower()
    talk.open("diary", "ghi nhật ký giúp bác")
    assert isinstance(talk.state, Telling)
    talk.type("ờ")
    assert talk.hinted
    talk.type("hôm qua bón phân cam")
    assert isinstance(talk.state, Confirming)


def test_staff_write_for_any_lot_of_their_co_op_and_see_whose_it_is() -> None:
    talk = Talk("diary", FakeShop().talk_of_staff("desk"))
    told = talk.open("diary", "hôm qua dán tem miến")
    assert told == (
        "Em ghi vào nhật ký lô miến SM-MIEN-02 của ông Lường Văn Inh: hôm qua 20/11 dán tem. "
        "Khách quét tem sẽ thấy dòng này. Đúng không chị?"
    )
    talk.pick("yes")
    assert isinstance(talk.state, Written)
    assert diary(talk, "SM-MIEN-02")[-1] == (date(2026, 11, 20), "pack", "dán tem", None)


def test_what_a_customer_says_goes_to_a_person() -> None:
    talk = Talk("diary", FakeShop().talk("her phone"))
    assert talk.open("diary", "hôm nay phun thuốc") == "Em đã chuyển lời cho chị Hoa bên HTX Suối Mây ạ."
    assert talk.done == [OpenCase("diary", note="hôm nay phun thuốc")]


def test_a_lot_that_is_gone_meanwhile_is_refused_kindly() -> None:
    talk = grower()
    talk.open("diary", "hôm qua bón phân cho cam")
    talk.ports.person = talk.ports._shop.people["NSX-022"]
    talk.pick("yes")
    assert talk.state is None
    assert talk.said[-1].choices


@pytest.mark.parametrize(
    "typed",
    [
        "hôm nay tôi phun thuốc vườn cam",
        "mai phun thuốc cam",
        "hôm nay bón phân vườn bưởi",
        "hôm qua dán tem",
        "ghi sổ",
    ],
)
def test_a_producer_reads_few_words_and_lines(typed: str) -> None:
    talk = grower()
    told = [talk.open("diary", typed)]
    if isinstance(talk.state, Confirming):
        told += [talk.pick("yes"), talk.hear(Number(Decimal(10))), talk.hear(Back())]
    assert [words for words in told if len(words.split()) > 40 or words.count("\n") > 3] == []


# What a passport lacks


def test_the_most_important_rows_are_told_in_one_line() -> None:
    talk = grower()
    talk.ports._shop.demo.coop.tax_code = ""
    talk.ports._shop.demo.coop.sales_policy = ""
    talk.open("diary", "hôm qua bón phân cho cam")
    told = talk.pick("yes")
    assert told.split("\n")[-1] == "Lô này còn thiếu: mã số thuế bên bán, chính sách bán hàng."


def test_the_whole_list_is_told_when_asked_for() -> None:
    talk = grower()
    talk.ports._shop.demo.coop.sales_policy = ""
    assert talk.open("passport", "hộ chiếu lô cam còn thiếu gì") == (
        "Hộ chiếu lô cam CAM-261122-1:\nCòn thiếu: nhật ký.\nNên có thêm: chính sách bán hàng."
    )
    talk.open("diary", "20/11 phun thuốc cam, cách ly 7 ngày")
    talk.pick("yes")
    assert talk.open("passport", "lô cam còn thiếu gì") == (
        "Hộ chiếu lô cam CAM-261122-1:\nĐã đủ các mục bắt buộc.\nNên có thêm: chính sách bán hàng.\n"
        "Cần xem lại: thu hoạch khi chưa đủ ngày cách ly."
    )


@pytest.mark.parametrize("words", ["lô bưởi còn thiếu gì", "lô sầu riêng còn thiếu gì"])
def test_of_no_lot_nothing_lacks(words: str) -> None:
    talk = grower()
    assert talk.open("passport", words) == "Chưa có lô nào như vậy ạ: lô có khi bác báo hàng bán."


def test_a_customer_hears_of_no_passports() -> None:
    talk = Talk("diary", FakeShop().talk("her phone"))
    assert "12 số" in talk.open("lacks")
