"""What was done in a garden, on which day, to what; and what is no such thing."""

import json
from datetime import date
from pathlib import Path

import pytest

from bot.understand.diary import Work, asks_what_lacks, products_in, read_diary, read_wait
from bot.understand.keeping import wish_of_keeper
from bot.understand.past import told_day
from bot.understand.printing import PrintWish, asks_for_sheet_again, calls_off_printing, read_printing
from bot.understand.purchases import Bought, bought_at

TODAY = date(2026, 11, 21)  # a Saturday
DATA = Path(__file__).parent / "data"


@pytest.mark.parametrize(
    ("text", "works", "on", "products"),
    [
        ("hôm nay tôi phun thuốc vườn cam", [Work("spray", "phun thuốc")], TODAY, ("cam",)),
        ("hom nay toi phun thuoc vuon cam", [Work("spray", "phun thuốc")], TODAY, ("cam",)),
        ("sáng nay bác bón phân cho cam rồi", [Work("fertilise", "bón phân")], TODAY, ("cam",)),
        ("hôm qua tỉa cành", [Work("prune", "tỉa cành")], date(2026, 11, 20), ()),
        (
            "12/9 phun thuốc sinh học cam, cách ly 7 ngày",
            [Work("spray", "phun thuốc sinh học", 7)],
            date(2026, 9, 12),
            ("cam",),
        ),
        (
            "ngay 12/9 phun thuoc sinh hoc cam cach ly bay ngay",
            [Work("spray", "phun thuốc sinh học", 7)],
            date(2026, 9, 12),
            ("cam",),
        ),
        ("20/11 phun abamectin cho cam", [Work("spray", "phun abamectin")], date(2026, 11, 20), ("cam",)),
        (
            "3 hôm trước bón phân chuồng 2 tạ cho vườn cam",
            [Work("fertilise", "bón phân chuồng 2 tạ")],
            date(2026, 11, 18),
            ("cam",),
        ),
        ("thứ bảy tuần trước bón phân gà cho cam", [Work("fertilise", "bón phân gà")], date(2026, 11, 14), ("cam",)),
        ("hôm nay làm cỏ vườn bưởi", [Work("weed", "làm cỏ")], TODAY, ("bưởi",)),
        ("hom nay lam co vuon buoi", [Work("weed", "làm cỏ")], TODAY, ("buoi",)),
        ("hôm kia tưới nước cho cam", [Work("water", "tưới nước")], date(2026, 11, 19), ("cam",)),
        ("hôm qua gieo hạt", [Work("sow", "gieo hạt")], date(2026, 11, 20), ()),
        ("hôm nay cắt cam", [Work("harvest", "cắt")], TODAY, ("cam",)),
        ("phơi măng sáng nay", [Work("dry", "phơi")], TODAY, ("măng",)),
        ("hôm nay kiểm tra vườn cam", [Work("inspect", "kiểm tra vườn")], TODAY, ("cam",)),
        ("hôm qua bao trái cam", [Work("note", "bao trái")], date(2026, 11, 20), ("cam",)),
        (
            "ngưng phun, kiểm tra vườn cam hôm qua",
            [Work("stop_spray", "ngưng phun"), Work("inspect", "kiểm tra vườn")],
            date(2026, 11, 20),
            ("cam",),
        ),
        (
            "phân loại, đóng túi, dán tem cam hôm qua",
            [Work("pack", "phân loại, đóng túi, dán tem")],
            date(2026, 11, 20),
            ("cam",),
        ),
    ],
)
def test_work_is_read_with_its_day_and_goods(text: str, works: list[Work], on: date, products: tuple[str, ...]) -> None:
    told = read_diary(text, TODAY)
    assert (list(told.works), told.on, told.unclear, told.products) == (works, on, False, products)
    assert told.told_of


@pytest.mark.parametrize(
    "text",
    [
        "hôm nay không phun thuốc vườn cam vì mưa",
        "hom nay khong phun thuoc vuon cam vi mua",
        "hôm nay định phun thuốc",
        "hôm nay tính phun thuốc cho cam",
        "hôm qua chưa kịp phun thuốc",
        "hôm nay khỏi tưới nước",
        "đừng phun thuốc nữa",
        "hôm qua phun thuốc không được vì mưa",
        "khách bảo cam mới phun thuốc",
        "khách hỏi hôm qua phun thuốc à",
    ],
)
def test_what_was_left_undone_is_no_work(text: str) -> None:
    assert read_diary(text, TODAY).works == ()
    assert wish_of_keeper(text, TODAY) is None


@pytest.mark.parametrize(
    ("text", "works"),
    [
        ("hôm nay không phun thuốc, chỉ tưới nước cho cam", [Work("water", "tưới nước")]),
        ("hôm nay không mưa nên phun thuốc cam", [Work("spray", "phun thuốc")]),
        ("sáng nay cam tưới nước rồi, không cần phun", [Work("water", "tưới nước")]),
        ("tôi muốn ghi nhật ký hôm nay phun thuốc cam", [Work("spray", "phun thuốc")]),
        ("hôm qua định phun thuốc mà mưa, bón phân cho cam", [Work("fertilise", "bón phân")]),
    ],
)
def test_only_the_clause_that_denies_a_work_loses_it(text: str, works: list[Work]) -> None:
    assert list(read_diary(text, TODAY).works) == works


@pytest.mark.parametrize(
    "text",
    [
        "đã bón phân cam chưa em",
        "mới phun thuốc có bán được không cháu",
        "hôm qua phun thuốc gì vậy cháu",
        "hom qua phun thuoc gi vay chau oi",
        "hôm nay phun thuốc cam chưa hả bác",
    ],
)
def test_a_question_with_a_polite_tail_is_no_diary(text: str) -> None:
    assert (read_diary(text, TODAY).asked, wish_of_keeper(text, TODAY)) == (True, None)


@pytest.mark.parametrize(
    ("text", "on"),
    [
        ("phun 1/2 bình thuốc cho cam", None),
        ("phun 2/3 vườn cam", None),
        ("bón npk 5-10-3", None),
        ("bón npk 5-10", None),
        ("bón 2-3 kg mỗi gốc", None),
        ("hôm qua bón phân 2-3 kg mỗi gốc", date(2026, 11, 20)),
        ("hôm qua bón phân 3-4", date(2026, 11, 20)),
        ("12/9 vườn cam phun thuốc", date(2026, 9, 12)),
        ("5/10 vườn cam phun thuốc", date(2026, 10, 5)),
    ],
)
def test_an_amount_is_no_day(text: str, on: date | None) -> None:
    told = told_day(text, TODAY)
    assert (told.on, told.unclear) == (on, False)


@pytest.mark.parametrize(
    ("text", "on"),
    [
        ("hôm nay", TODAY),
        ("chiều qua", date(2026, 11, 20)),
        ("hôm kìa", date(2026, 11, 18)),
        ("12/9", date(2026, 9, 12)),
        ("12.9.2025", date(2025, 9, 12)),
        ("ngày 5 tháng 10", date(2026, 10, 5)),
        ("25/12", date(2026, 12, 25)),  # near ahead: it is told that this has not come yet
        ("2/3", date(2026, 3, 2)),
        ("mai", date(2026, 11, 22)),
        ("thứ năm", date(2026, 11, 19)),
        ("thứ bảy", date(2026, 11, 14)),
        ("thứ hai tuần trước", date(2026, 11, 9)),
        ("cách đây 3 ngày", date(2026, 11, 18)),
        ("31/2", None),
        ("tuần trước", None),
        ("hôm qua với hôm kia", None),
        ("hồi đó", None),
    ],
)
def test_a_past_day_is_read(text: str, on: date | None) -> None:
    assert told_day(text, TODAY).on == on


def test_in_january_a_day_of_autumn_is_last_years() -> None:
    assert told_day("12/9", date(2027, 1, 5)).on == date(2026, 9, 12)


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("7", ("", 7)),
        ("7 ngày", ("", 7)),
        ("bảy ngày", ("", 7)),
        ("abamectin 7 ngày", ("abamectin", 7)),
        ("thuốc sinh học, 10 hôm", ("thuốc sinh học", 10)),
        ("dầu neem", ("dầu neem", None)),
        ("không nhớ", ("", None)),
        ("999 ngày", ("", 180)),
    ],
)
def test_how_long_to_wait_is_read(text: str, remedy: tuple[str, int | None]) -> None:
    assert read_wait(text) == remedy


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("in tem cam 100", PrintWish("unit", 100, ("cam",))),
        ("in 100 tem cam", PrintWish("unit", 100, ("cam",))),
        ("In giúp chị một trăm tem cam nhé", PrintWish("unit", 100, ("cam",))),
        ("in tem lo cam 50", PrintWish("lot", 50, ("cam",))),
        ("in tem lô CAM-261122-1 50", PrintWish("unit", 50)),
        ("in tem", PrintWish("unit", None)),
        ("in tem banh uoi 10", PrintWish("unit", 10, ("banh uoi",))),
        ("in 0 tem cam", PrintWish("unit", 0, ("cam",))),
        ("in tem cam 2,5", PrintWish("unit", 0, ("cam",))),
        ("print 20 stamps of oranges", PrintWish("unit", 20, ("oranges",))),
        ("tem in ở đâu vậy", None),
        ("in bài thơ", None),
        ("có in tem không?", None),
        ("tín tem cam", None),
        ("in tem cam loại 1 100", PrintWish("unit", 100, ("cam",))),
        ("in 100 tem cam loại 1", PrintWish("unit", 100, ("cam",))),
        ("in tem mật ong 500 ml 30", PrintWish("unit", 30, ("mật ong",))),
        ("in tem mật ong 500ml", PrintWish("unit", None, ("mật ong",))),
        ("in 100 tem trứng hộp 10 quả", PrintWish("unit", 100, ("trứng",))),
        ("in tem cam 22/11", PrintWish("unit", None, ("cam",))),
        ("in tem cam ngày 22/11 50", PrintWish("unit", 50, ("cam",))),
        ("in tem lô 50 100", PrintWish("unit", 100)),
        ("in tem lô 50", PrintWish("unit", None)),
        ("thôi không in tem nữa", None),
        ("đừng in tem", None),
        ("hủy in tem", None),
        ("tôi in tem rồi", None),
        ("máy in hết tem rồi", None),
        ("không, in tem cam 10", PrintWish("unit", 10, ("cam",))),
    ],
)
def test_a_wish_to_print_is_read(text: str, wish: PrintWish | None) -> None:
    assert read_printing(text) == wish


@pytest.mark.parametrize("text", ["thôi không in nữa", "đừng in tem nữa", "hủy in tem", "khỏi in"])
def test_a_refusal_to_print_is_read(text: str) -> None:
    assert calls_off_printing(text)


@pytest.mark.parametrize(
    ("text", "again"),
    [
        ("gửi lại tờ tem", True),
        ("gui lai to tem", True),
        ("gửi lại tem cam", True),
        ("in lại tem cam", True),
        ("link tem hết hạn rồi", True),
        ("in lại 100 tem cam", False),
        ("đừng gửi lại tem", False),
        ("in tem cam 100", False),
        ("gửi lại hàng", False),
        ("tem hết hạn chưa?", False),
    ],
)
def test_a_wish_for_the_same_sheet_is_read(text: str, again: bool) -> None:
    assert asks_for_sheet_again(text) == again


@pytest.mark.parametrize(
    ("text", "bought"),
    [
        ("mua o cho que gan nha", Bought("market", "ở chợ quê")),
        ("chợ", Bought("market", "ở chợ")),
        ("mua o cho", Bought("market", "ở chợ")),
        ("bach hoa xanh", Bought("place", "ở siêu thị")),
        ("mua qua facebook", Bought("seller", "trên mạng")),
        ("được tặng", Bought("gift")),
        ("mua ở đầu làng", Bought("other")),
        ("cho chị hỏi", None),
        ("cho chi hoi", None),
    ],
)
def test_where_it_was_bought_is_read(text: str, bought: Bought | None) -> None:
    assert bought_at(text) == bought


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("hôm nay tôi phun thuốc vườn cam", "diary"),
        ("12/9 phun thuốc sinh học cam, cách ly 7 ngày", "diary"),
        ("3 hôm trước bón phân 2 tạ cho cam", "diary"),
        ("ghi nhật ký giúp bác", "diary"),
        ("hôm nay phun thuốc sâu cho cam", "diary"),
        ("in tem cam 100", "print_stamps"),
        ("lô cam còn thiếu gì", "passport"),
        ("ho chieu lo cam con thieu gi", "passport"),
        ("mai có 50 cân cam 25 nghìn", None),
        ("hôm nay có cam mới cắt 30 kg", None),
        ("hôm qua cắt 120 kg cam", None),
        ("mai cắt cam", None),
        ("hôm nay hái rau muống 20 bó 5k", None),
        ("cam này có phun thuốc không", None),
        ("4839 2017 6504", None),
        ("hết trứng rồi", None),
        ("hôm nay phun thuốc cam cho đơn DH8M3Q", None),
        ("hôm nay phun thuốc cam, gọi 0912 345 678", None),
        ("ghi nhật ký: gọi 0912345678", None),
        ("xem nhật ký lô cam", "lot_diary"),
        ("cho xem nhat ky lo cam", "lot_diary"),
        ("măng đã phơi khô, ai lấy nhắn tôi", None),
        ("trồng được 2 tạ cam", None),
        ("gửi lại tờ tem", "stamps_again"),
    ],
)
def test_a_keepers_wish_is_told_from_a_posting(text: str, name: str | None) -> None:
    wish = wish_of_keeper(text, TODAY)
    assert (wish.name if wish else None) == name


def test_what_producers_say_of_other_things_stays_what_it_is() -> None:
    taken = []
    for path in sorted(DATA.glob("utterances*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            said = json.loads(line)
            wish = wish_of_keeper(said["text"], TODAY) if said.get("role") == "producer" else None
            if wish is not None and wish.name != said["intent"]:
                taken.append((said["text"], said["intent"], wish.name))
    assert taken == []


def test_the_goods_of_a_question_are_found() -> None:
    assert asks_what_lacks("lô cam còn thiếu gì")
    assert products_in("ho chieu lo cam con thieu gi") == ("cam",)
    assert not asks_what_lacks("cam còn thiếu 2 kg")
