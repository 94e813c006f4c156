"""Addresses in chat lines, and the places that they name."""

import re
import tracemalloc
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.understand.addresses import AddressWords, find_address
from bot.understand.gazetteer import Commune, gazetteer, words_in
from bot.understand.places import Place, read_place, suggest

ADDRESSES = [
    ("giao ve 5 ly tu trong ben nghe sg 0912345678", "5 ly tu trong ben nghe sg"),
    ("giao về 7 bà triệu, hà nội trong sáng nay", "7 bà triệu, hà nội"),
    ("giao số 7 đường Bà Triệu, phường Cửa Nam, Hà Nội nha 0977001122", "số 7 đường Bà Triệu, phường Cửa Nam, Hà Nội"),
    ("ok đặt luôn đi em, gửi về 18 Nguyễn Huệ, Huế", "18 Nguyễn Huệ, Huế"),
    ("chốt nha 6kg mận hậu mộc châu về q7 sg", "q7 sg"),
    ("gui ve ngo 12 xom 3 xa da bac hoa binh", "ngo 12 xom 3 xa da bac hoa binh"),
    (
        "ship tới 12/5 hẻm 34 Lê Lợi p.Bến Nghé q1 tphcm sdt 0901234567",
        "12/5 hẻm 34 Lê Lợi p.Bến Nghé q1 tphcm",
    ),
    ("nhà em ở thôn 5 xã Ea Tu bmt", "thôn 5 xã Ea Tu bmt"),
    ("số 3 ngách 12/4 ngõ 5 Trần Duy Hưng cầu giấy hn", "số 3 ngách 12/4 ngõ 5 Trần Duy Hưng cầu giấy hn"),
    ("so 3 ngach 12/4 ngo 5 tran duy hung cau giay hn", "so 3 ngach 12/4 ngo 5 tran duy hung cau giay hn"),
    ("5 kg cam cao phong ve ha noi", "ha noi"),
    ("giao cam Cao Phong về Hà Nội giúp em", "Hà Nội"),
    ("ship chị 2 gói chè Thái Nguyên về Đà Nẵng", "Đà Nẵng"),
    ("ship hà nội được không", "hà nội"),
    ("giao về hà giang mất mấy ngày", "hà giang"),
    ("gửi về An Giang", "An Giang"),
    ("ship cho mình ra Hải Phòng với", "Hải Phòng"),
    ("nhà mình ở Thủ Đức", "Thủ Đức"),
    ("cho hoi gui ve bien hoa dong nai ship bao nhieu", "bien hoa dong nai"),
    ("giao tp vinh nghệ an", "tp vinh nghệ an"),
    ("địa chỉ: chợ Bến Thành, quận 1", "chợ Bến Thành, quận 1"),
    (
        "đc: 45 Trần Phú, Nha Trang, Khánh Hòa. sđt 0912 345 678 gặp chị Hoa",
        "45 Trần Phú, Nha Trang, Khánh Hòa",
    ),
    ("dc 45 tran phu nha trang nhe", "45 tran phu nha trang"),
    ("đổi địa chỉ sang 12 Lê Lợi, Vinh, Nghệ An giúp chị", "12 Lê Lợi, Vinh, Nghệ An"),
    ("Nguyễn Văn A, 12 Lê Lợi, phường Thuận Hóa, Huế, 0912345678", "12 Lê Lợi, phường Thuận Hóa, Huế"),
    ("Lan - 0912345678 - 36 Hàng Bạc, Hoàn Kiếm, Hà Nội", "36 Hàng Bạc, Hoàn Kiếm, Hà Nội"),
    (
        "giao hàng đến 123/4 Nguyễn Thị Minh Khai Q3 HCM cho anh Nam 0909123456",
        "123/4 Nguyễn Thị Minh Khai Q3 HCM",
    ),
    ("giao cho chị 2 bó rau muống ở 12 ngõ 5 Láng Hạ", "12 ngõ 5 Láng Hạ"),
    ("giao tới 45 tran phu nha", "45 tran phu"),
    ("GIAO VE 18 NGUYEN HUE, HUE", "18 NGUYEN HUE, HUE"),
    ("giao ve duong tran hung dao, q5, sai gon", "duong tran hung dao, q5, sai gon"),
    ("2 kg đường phèn giao về Cần Thơ", "Cần Thơ"),
    ("chuyển về xã Tân Lập huyện Mộc Châu tỉnh Sơn La", "xã Tân Lập huyện Mộc Châu tỉnh Sơn La"),
    ("gửi về thôn Nà Lốc, xã Bằng Lang, Hà Giang", "thôn Nà Lốc, xã Bằng Lang, Hà Giang"),
    ("bản Nậm Nhùn xã Mường Lay điện biên", "bản Nậm Nhùn xã Mường Lay điện biên"),
    ("ấp 3, xã Tân Thạnh, Long An", "ấp 3, xã Tân Thạnh, Long An"),
    (
        "tổ 5, khu phố 2, phường Long Bình, Biên Hòa, Đồng Nai nhé",
        "tổ 5, khu phố 2, phường Long Bình, Biên Hòa, Đồng Nai",
    ),
    ("giao chung cư Linh Đàm tòa HH4 nhé", "chung cư Linh Đàm tòa HH4"),
    (
        "số 12 ngõ 34 phố Huế, Hai Bà Trưng, HN nha em",
        "số 12 ngõ 34 phố Huế, Hai Bà Trưng, HN",
    ),
    (
        "deliver to 25 Ly Thuong Kiet, Hoan Kiem, Hanoi please",
        "25 Ly Thuong Kiet, Hoan Kiem, Hanoi",
    ),
    ("phường Bến Nghé, quận 1", "phường Bến Nghé, quận 1"),
]

NO_ADDRESSES = [
    "nhà bác có 3 sào ruộng",
    "đường phên còn không",
    "đường thốt nốt An Giang còn không",
    "về chưa em",
    "hàng về chưa shop",
    "giao 5kg vải Lục Ngạn",
    "cho 2kg cam Cao Phong",
    "gửi em 3kg gạo Điện Biên nhé",
    "vải thiều Lục Ngạn Bắc Giang giá sao",
    "bưởi Năm Roi Vĩnh Long 5 trái",
    "bò tơ Củ Chi 2kg",
    "cam ở Cao Phong hả shop",
    "cà phê Buôn Ma Thuột",
    "bán cho bác 3 sào cà phê ở Buôn Hồ",
    "hà nội",
    "địa chỉ cũ nhé",
    "đc rồi em",
    "dc ko e",
    "giao tới 5 giờ chiều",
    "giao đến 3 ngày nữa",
    "giao 12/5 nhé",
    "gửi 2 cam sành về cho chị",
    "đơn số 5 của em đâu",
    "đơn giao đến đâu rồi",
    "bấm số 2 nhé",
    "số 1 là cam",
    "chị ở xa lắm",
    "xã hội bây giờ",
    "cam này của xã mình à",
    "toi 45 tuoi",
    "toi ban 5 ta lua",
    "mua tổ yến 2 hộp",
    "ban 20 con ga",
    "chuyển tiền về chưa",
    "tới tháng 4",
    "ship 5k",
    "gọi lại cho bác số 0912345678",
    "shop ở đâu vậy",
    "48392017 6504",
    "hai cân mận, một cân đào, gửi cho bác trước chủ nhật",
    "Bác có hai tạ rưỡi sắn, bán bốn nghìn một cân nhé cháu",
]

HOSTILE = [
    "",
    " ",
    "huế " * 500,
    "Huế, " * 500,
    "phường Phường Phường " * 100,
    "xã " * 600,
    "về " * 700,
    "số 1 " * 400,
    "1/" * 1000,
    "A " * 1000,
    "đc: " * 500,
    "H'H'H'" * 300,
    "tp. " * 300 + "hcm",
    "a\u0301" * 1000,
    "\u0301" * 2000,
    "\u200b" * 2000,
    "\ud800 về",
    "về 9999999999999",
    "²³ Lê Lợi",
    "0" * 2000,
]


@pytest.mark.parametrize(("text", "words"), ADDRESSES)
def test_an_address_is_cut_out_of_a_chat_line_as_it_was_typed(text: str, words: str) -> None:
    found = find_address(text)
    assert found is not None
    assert (found.words, text[found.start : found.end]) == (words, words)


@pytest.mark.parametrize("text", NO_ADDRESSES)
def test_goods_of_a_place_and_other_talk_are_no_address(text: str) -> None:
    assert find_address(text) is None


def test_an_address_comes_with_the_places_of_today() -> None:
    assert find_address("gui ve ngo 12 xom 3 xa da bac hoa binh") == AddressWords(
        7, 38, "ngo 12 xom 3 xa da bac hoa binh", "Phú Thọ", "xã Đà Bắc", "Hòa Bình"
    )


def test_places_in_the_text_hold_for_letters_that_are_put_together() -> None:
    text = "gửi về xã Đà Bắc nhé"
    apart = unicodedata.normalize("NFD", text)
    found = find_address(apart)
    assert found is not None
    assert apart[found.start : found.end] == found.words
    assert (found.province, found.commune) == ("Phú Thọ", "xã Đà Bắc")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_no_address_or_a_part_of_themselves(text: str) -> None:
    found = find_address(text)
    assert found is None or text[found.start : found.end] == found.words != ""
    place = read_place(text)
    assert place is None or place.province in {None, *gazetteer().lists}
    assert len(suggest(text)) <= 3


@given(st.text(st.sampled_from("giaovềxãphườngq1. ,/-Huế0đcHN'ộ\u0301\u200b\n"), max_size=200))
def test_any_text_is_read_without_an_error(text: str) -> None:
    found = find_address(text)
    assert found is None or (text[found.start : found.end] == found.words and 0 <= found.start < found.end <= len(text))
    read_place(text)


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("số 7 đường Bà Triệu, phường Cửa Nam, Hà Nội", Place("Hà Nội", "phường Cửa Nam")),
        ("18 Nguyễn Huệ, Huế", Place("Huế")),
        ("18 nguyen hue hue", Place("Huế")),
        ("12/5 hẻm 34 Lê Lợi p.Bến Nghé q1 tphcm", Place("Hồ Chí Minh", "phường Sài Gòn")),
        ("p12 q gò vấp", Place("Hồ Chí Minh", "phường An Hội Tây")),
        ("thôn 5 xã Ea Tu bmt", Place("Đắk Lắk", "phường Tân An")),
        ("xa hien luong huyen da bac", Place("Phú Thọ", "xã Đà Bắc")),
        ("thi tran cao phong hoa binh", Place("Phú Thọ", "xã Cao Phong", "Hòa Bình")),
        ("đắk nông", Place("Lâm Đồng", None, "Đắk Nông")),
        ("brvt", Place("Hồ Chí Minh", None, "Bà Rịa - Vũng Tàu")),
        ("TP.HCM", Place("Hồ Chí Minh")),
        ("nhà số 5", None),
        ("", None),
    ],
)
def test_a_place_is_that_of_today(words: str, place: Place | None) -> None:
    assert read_place(words) == place


@pytest.mark.parametrize(
    ("words", "province", "first", "many"),
    [
        ("xã Tân Lập", None, Commune("xã Tân Lập", "Quảng Trị"), 3),
        ("xa thanh an hcm", "Hồ Chí Minh", Commune("xã Thanh An", "Hồ Chí Minh"), 2),
        ("cầu giấy hn", "Hà Nội", Commune("phường Cầu Giấy", "Hà Nội"), 9),
        ("q7 sg", "Hồ Chí Minh", Commune("phường Tân Thuận", "Hồ Chí Minh"), 4),
        ("Cao Lãnh, Đồng Tháp", "Đồng Tháp", Commune("phường Cao Lãnh", "Đồng Tháp"), 10),
    ],
)
def test_a_name_of_several_places_is_none_of_them_but_names_them_all(
    words: str, province: str | None, first: Commune, many: int
) -> None:
    place = read_place(words)
    assert place is not None
    assert (place.province, place.commune, place.candidates[0], len(place.candidates)) == (province, None, first, many)


@pytest.mark.parametrize(
    ("words", "likest"),
    [
        ("cau giya", "phường Cầu Giấy, Hà Nội"),
        ("ha noii", "Hà Nội"),
        ("phuong cua nma ha noi", "phường Cửa Nam, Hà Nội"),
        ("daklac", "Đắk Lắk"),
        ("xã Cao Phng", "xã Cao Phong, Phú Thọ"),
    ],
)
def test_a_misspelt_place_is_suggested_first_of_three_at_most(words: str, likest: str) -> None:
    suggested = suggest(words)
    assert suggested[0] == likest
    assert len(suggested) <= 3


@pytest.mark.parametrize("words", ["", "zzz", "!!!", "9"])
def test_nothing_is_suggested_for_what_is_like_no_place(words: str) -> None:
    assert suggest(words) == []


def test_the_names_are_those_of_the_law() -> None:
    names = gazetteer()
    assert (len(names.lists), sum(map(len, names.lists.values())), len(names.today)) == (34, 3_321, 63)
    assert len(names.districts) == 696
    assert "p Cầu Giấy" in names.lists["Hà Nội"]
    assert (names.today["Hòa Bình"], names.today["Đắk Nông"]) == ("Phú Thọ", "Lâm Đồng")


def test_every_commune_of_before_has_an_heir_and_every_commune_of_today_is_one() -> None:
    names = gazetteer()
    rows = [row for district in names.districts for row in district.communes.split("|")]
    assert len(rows) == 10_040
    assert [row for row in rows if not re.fullmatch(r"[xpt] [^>|()]+>[0-9]+(?:,[0-9]+)*", row)] == []
    heirs = {heir for district in names.districts for heir in names.parts([district])}
    assert heirs == {names.commune(row, province) for province, rows in names.lists.items() for row in rows}


def test_every_commune_is_found_by_its_own_name_and_province() -> None:
    """But for one whose name has no accent, beside another in its province that differs in accents only."""
    names = gazetteer()
    wrong: list[tuple[Commune, Place | None]] = []
    for province, rows in names.lists.items():
        for row in rows:
            commune = names.commune(row, province)
            place = read_place(f"{commune.name}, {province}")
            if place is None or (place.province, place.commune) != (province, commune.name):
                wrong.append((commune, place))
    two = (Commune("xã Thanh An", "Hồ Chí Minh"), Commune("xã Thạnh An", "Hồ Chí Minh"))
    assert wrong == [(two[0], Place("Hồ Chí Minh", None, None, two))]


def test_an_accent_that_was_typed_must_fit() -> None:
    assert bool(gazetteer().named(words_in("hue"))) is True
    assert bool(gazetteer().named(words_in("Huế"))) is True
    assert gazetteer().named(words_in("Huê")).provinces == ()


def test_all_names_take_less_than_ten_megabytes() -> None:
    gazetteer.cache_clear()
    tracemalloc.start()
    try:
        gazetteer().districts_with(words_in("Ea Tu"))
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 10_000_000
