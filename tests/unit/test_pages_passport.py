"""The page behind a stamp: what it says of each state, and every row that the law's lists ask for."""

import gzip
import re
from dataclasses import replace
from datetime import date
from html import unescape
from typing import Any

import pytest

from bot.i18n import sentence
from bot.ports import Oddity
from handlers.pages.views import Doors, Paper, Passport, Place, Recorded, Stars
from tests.channels.web_pages import client_of, page_of, rows_of, words_of
from tests.channels.web_shop import Shelf
from tests.channels.web_stamps import FULL, ORANGES, bare, in_state, moment

CODE = "483920176504"
PATH = f"/t/{CODE}"
NO_PRICE = ["recalled", "expired", "draft", "sold", "used", "void", "printed"]


def in_english(passport: Passport) -> str:
    return words_of(page_of(passport))


def in_vietnamese(passport: Passport) -> str:
    return words_of(page_of(passport, "", sentence))


@pytest.mark.parametrize(
    ("passport", "said"),
    [
        (FULL, "✅ The code is right, it is in the co-op's book. This lot is on normal sale."),
        (in_state("draft"), "⚠ The code is right, it is in the co-op's book. This lot is not on sale yet."),
        (in_state("expired"), "⚠ This lot is past its date. The code is in the co-op's book"),
        (in_state("recalled"), "⛔ THIS LOT IS BEING RECALLED. Please do not eat it."),
        (
            replace(in_state("sold"), sold_on=date(2026, 11, 19)),
            "✅ The code is right, it is in the co-op's book. This package was sold on 19/11/2026.",
        ),
        (in_state("sold"), "✅ The code is right, it is in the co-op's book. This package has been sold."),
        (in_state("used"), "The code is right, it is in the co-op's book. This package is in the book as used up."),
        (in_state("void"), "⚠ This stamp is not valid any more. The co-op has taken it out of use."),
        (in_state("printed"), "⚠ This stamp is printed, but not activated yet. The co-op's book knows it"),
    ],
)
def test_the_state_comes_first_in_plain_words(passport: Passport, said: str) -> None:
    signs = re.sub(r'<img class="emo"[^>]*alt="([^"]*)"[^>]*>', r"\1", page_of(passport))
    assert words_of(signs).startswith(said)


def test_nothing_is_ever_called_genuine_or_false() -> None:
    for state in ["active", *NO_PRICE]:
        for sign in ("many", "early", "sold", "used", "expired"):
            words = in_vietnamese(in_state(state, odd=Oddity(sign, 14, 5, date(2026, 11, 16)))).lower()
            assert re.findall("hàng thật|hàng giả|hàng nhái|tem giả|chính hãng", words) == []


@pytest.mark.parametrize("state", NO_PRICE)
def test_only_what_is_on_sale_has_a_price_and_a_button_to_order(state: str) -> None:
    words = in_english(in_state(state))
    assert re.findall(r"28[.,]000|[Oo]rder|Price today|This price", words) == []
    assert "Ask the co-op in the chat" in words


def test_a_recalled_lot_says_why_and_what_to_do() -> None:
    words = in_english(in_state("recalled", recall_reason="bao gói hở", recall_advice="Giữ lại gói, HTX đổi gói mới."))
    assert "Reason: bao gói hở Giữ lại gói, HTX đổi gói mới." in words
    assert "Call 0218 3555 017" in words
    assert "Best until 02/12/2026" not in words[: words.index("This lot")]


def test_a_recall_without_reason_or_advice_leaves_no_empty_words() -> None:
    assert "Reason" not in in_english(in_state("recalled"))


@pytest.mark.parametrize("state", ["void", "printed"])
def test_a_stamp_that_stands_for_no_lot_tells_nothing_of_one(state: str) -> None:
    html = page_of(replace(in_state(state), asks_pin=True))
    words = words_of(html)
    assert rows_of(html) == {}
    assert re.findall("Bùi Thị Mến|SM-261118-01|Đà Bắc|/pictures/|PIN|VietGAP", html[html.index("<main") :]) == []
    assert "It was printed for: Cam sành loại 1." in words
    assert "Call 0218 3555 017" in words


def test_order_of_the_page_is_state_picture_name_price_buttons_code_and_rows() -> None:
    html = page_of(FULL)
    told = [
        "This lot is on normal sale.",
        'src="/pictures/cam-sanh.png" alt="Picture: Cam sành loại 1" width="640" height="335"',
        "Cam sành loại 1</h1>",
        "bà Bùi Thị Mến, xã Đà Bắc",
        "Best until 02/12/2026",
        "28,000₫/kg",
        "This price holds since 01/11/2026.",
        'href="/?ref=t-483920176504&amp;lang=en#chat"',
        "Ask about this lot or order it",
        'href="https://m.me/100200300?ref=t-483920176504"',
        "4839 2017 6504</p>",
        'href="https://zalo.me/4318400500"',
        'id="row-producer"',
        'id="row-place"',
        'src="/map/phu-tho.svg?at=20.9,105.2"',
        'id="row-stages"',
        'id="row-last_spray"',
        'id="row-certificates"',
        'id="row-brand"',
        'id="row-price"',
    ]
    body = unescape(html[html.index("<main") :]).replace("%2C", ",")
    assert sorted(map(unescape, told), key=body.index) == list(map(unescape, told))


def test_every_row_is_there_in_words() -> None:
    assert rows_of(page_of(FULL)) == {
        "producer": "Producer bà Bùi Thị Mến",
        "lot": "Lot number SM-261118-01",
        "harvested_on": "Harvested or packed 18/11/2026 (cắt)",
        "best_before": "Best until 02/12/2026",
        "amount": "Amount of the lot 120 kg",
        "place": "Place xã Đà Bắc, Phú Thọ Province (before July 2025: Hòa Bình)",
        "plot": "Plot or area vườn đồi Nà Chiếu, 0,8 ha",
        "stages": (
            "02/03/2026 bón phân hữu cơ Written down by the producer through Zalo, at 18:05 on 02/03/2026 "
            "12/09/2026 phun thuốc sinh học Written down by the producer through Messenger, at 17:40 on 12/09/2026 "
            "05/10/2026 ngưng phun, kiểm tra vườn Written down by the co-op's staff through the co-op's computer, "
            "at 08:12 on 06/10/2026 "
            "18/11/2026 cắt quả – 120 kg Written down by the producer through Zalo, at 16:20 on 18/11/2026"
        ),
        "last_spray": (
            "From the last spraying to the harvest 67 days "
            "This is what the co-op wrote down, not a laboratory's result."
        ),
        "certificates": (
            "Valid certificates VietGAP Number: VG-26-0117 Issued by: Trung tâm Chứng nhận Tây Bắc "
            "Valid until: 31/08/2027"
        ),
        "ocop": "OCOP stars OCOP 4 stars Number: 1187/QĐ-UBND Valid until: 30/06/2028",
        "declared": "Declared by the co-op, certified by nobody không dùng chất bảo quản sau thu hoạch",
        "brand": "Brand Suối Mây",
        "pack": "Pack túi lưới 5 kg",
        "shelf_life": "Shelf life 14 days",
        "warnings": "Warnings Không dùng quả đã dập, mốc.",
        "storage": "How to keep and use it Để nơi thoáng mát 7 ngày, ngăn mát 2 tuần.",
        "story": "Its story Vườn cam trên đồi Nà Chiếu, cắt sáng sớm, đóng túi trong ngày.",
        "price": "Price today 28,000₫/kg. This price holds since 01/11/2026.",
        "policy": "Exchange, return, delivery Hàng lỗi đổi trong 48 giờ. Giao trong tỉnh 1 ngày, tỉnh khác 2–3 ngày.",
        "seller": "Sold by HTX Nông sản Suối Mây",
        "tax_code": "Tax code 5400123456",
        "address": "Address Xóm Mây, xã Đà Bắc, tỉnh Phú Thọ",
        "phone": "Phone 0218 3555 017",
        "complaints": "Complaints Gọi chị Hoa 0912 555 017, hoặc viết “khiếu nại” vào khung chat.",
    }


def test_rows_in_vietnamese_name_the_old_province_and_what_nobody_certified() -> None:
    rows = rows_of(page_of(FULL, "", sentence))
    assert rows["place"].endswith("xã Đà Bắc, tỉnh Phú Thọ (trước 7/2025: Hòa Bình)")
    assert rows["declared"] == "HTX tự công bố, chưa có chứng nhận không dùng chất bảo quản sau thu hoạch"
    assert rows["price"].endswith("28.000đ/kg. Giá từ ngày 01/11/2026.")
    assert "Người ghi: nhà vườn, qua Zalo, lúc 16:20 ngày 18/11/2026" in rows["stages"]


def test_what_nobody_wrote_down_is_said_to_be_missing_just_as_for_machines() -> None:
    nothing = replace(
        ORANGES,
        goods=replace(ORANGES.goods, image="", price_vnd=0),
        number="",
        producer="",
        place="",
        harvested_on=None,
        best_before=None,
    )
    client = client_of(Shelf(True, bare(nothing)), sentence)
    rows = rows_of(client.get(PATH).text)
    unknown = [row for row, words in rows.items() if words.endswith("chưa có dữ liệu")]
    assert unknown == client.get(f"{PATH}/passport.json").json["missing"]
    assert len(unknown) == 23
    assert [row for row in rows if row not in unknown] == ["seller", "complaints"]


def test_parts_of_a_paper_that_nobody_knows_are_said_to_be_missing() -> None:
    rows = rows_of(
        page_of(replace(FULL, papers=(Paper("VietGAP", "", "", date(2027, 8, 31)),), stars=Stars(3, "", None)))
    )
    assert rows["certificates"] == (
        "Valid certificates VietGAP Number: no data yet Issued by: no data yet Valid until: 31/08/2027"
    )
    assert rows["ocop"] == "OCOP stars OCOP 3 stars Number: no data yet Valid until: no data yet"


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({"last_spray_days": 1}, "one day"),
        ({"last_spray_days": 0}, "0 days"),
        ({"last_spray_days": None, "stages": FULL.stages[:1]}, "The diary has no spraying in it"),
        ({"last_spray_days": None}, "no data yet"),
        ({"last_spray_days": None, "stages": ()}, "no data yet"),
    ],
)
def test_days_since_the_last_spraying_are_counted_and_never_promised(known: dict[str, Any], said: str) -> None:
    row = rows_of(page_of(replace(FULL, **known)))["last_spray"]
    assert row.startswith(f"From the last spraying to the harvest {said}")
    assert ("not a laboratory's result" in row) == ("no data" not in said)


@pytest.mark.parametrize(
    ("who", "channel", "said"),
    [
        ("staff", "", "Written down by the co-op's staff, at 08:12 on 06/10/2026"),
        ("", "web", "Written down through the web chat, at 08:12 on 06/10/2026"),
        ("", "", "Written down at 08:12 on 06/10/2026"),
        ("nobody we know", "pigeon", "Written down at 08:12 on 06/10/2026"),
    ],
)
def test_who_wrote_a_stage_down_is_told_as_far_as_it_is_known(who: str, channel: str, said: str) -> None:
    stage = Recorded(date(2026, 10, 5), "inspect", "kiểm tra vườn", who, channel, moment(6, 10, 8, 12))
    assert rows_of(page_of(replace(FULL, stages=(stage,))))["stages"] == f"05/10/2026 kiểm tra vườn {said}"


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (Place("xã Đà Bắc", "", "", "", None), "Place xã Đà Bắc"),
        (Place("", "Hà Nội", "", "", None), "Place Hà Nội City"),
        (Place("phường Hải Châu", "Đà Nẵng", "Quảng Nam", "", None),
         "Place phường Hải Châu, Đà Nẵng City (before July 2025: Quảng Nam)"),
        (Place("bản Mây", "Xứ Mường", "", "", None), "Place bản Mây, Xứ Mường"),
        (Place("", "", "", "", None), "Place no data yet"),
    ],
)  # fmt: skip
def test_a_place_has_its_province_of_today_and_the_old_name(place: Place, said: str) -> None:
    html = page_of(replace(FULL, place=place))
    assert rows_of(html)["place"] == said
    assert ("/map/" in html) == (place.province in ("Hà Nội", "Đà Nẵng"))


def test_the_map_comes_last_with_a_mark_that_is_only_about_right() -> None:
    exact = replace(FULL.place, point=(20.94817, 105.23456))
    html = page_of(replace(FULL, place=exact))
    assert "20.94817" not in html
    tag = re.search(r'<img src="/map/[^>]*>', html)
    assert tag is not None
    assert unescape(tag[0]).replace("%2C", ",") == (
        '<img src="/map/phu-tho.svg?at=20.9,105.2" alt="Map: Phú Thọ Province" width="585" height="680" '
        'loading="lazy" decoding="async">'
    )
    assert "only right to about 10 km" in html


def test_a_province_without_a_point_has_a_map_without_a_mark() -> None:
    html = page_of(replace(FULL, place=replace(FULL.place, point=None)))
    assert '<img src="/map/phu-tho.svg"' in html
    assert "10 km" not in html


def test_dates_that_do_not_fit_are_owned_up_to() -> None:
    assert "Some dates of this lot do not fit together." in in_english(replace(FULL, wrong=("best_before",)))
    assert "do not fit together" not in in_english(FULL)


def test_a_door_that_is_not_there_or_not_safe_is_not_shown() -> None:
    for doors in (Doors("", ""), Doors("javascript:alert(1)", "http://zalo.me/1")):
        html = page_of(replace(FULL, doors=doors))
        assert re.findall("Messenger</a>|Open Zalo|javascript:|http://", html) == []


def test_it_works_without_its_script() -> None:
    html = page_of(FULL)
    assert re.findall("<script[^>]*>", html) == [tag for tag in re.findall("<script[^>]*>", html) if "copy.js" in tag]
    assert re.findall(r'<button[^>]*id="copy"[^>]*\bhidden\b', html) != []
    assert re.findall(r"\son\w+=|\sstyle=|javascript:", html) == []


@pytest.mark.parametrize("passport", [FULL, bare(ORANGES), in_state("recalled"), in_state("void")])
def test_all_that_must_load_is_under_15_kb_compressed(passport: Passport) -> None:
    client = client_of(Shelf(True, replace(passport, asks_pin=True)), sentence)
    html = client.get(PATH).data
    loaded = [html]
    for path in re.findall(r'(?:src|href)="(/assets/[^"]+)"', html.decode()):
        with client.get(unescape(path)) as asset:
            loaded.append(asset.data)
    assert len(loaded) >= 4
    assert sum(len(gzip.compress(body)) for body in loaded) < 15_000


def test_long_names_and_a_long_diary_make_it_little_larger() -> None:
    long = "MiếnDongSuốiMây" * 13 + "Miến."
    stages = tuple(replace(FULL.stages[0], words=f"{long}{number}") for number in range(40))
    html = page_of(replace(in_state("active", goods=replace(ORANGES.goods, name=long)), stages=stages))
    assert (len(long), f"{long}</h1>" in html, f"{long}39" in html) == (200, True, True)
    assert len(gzip.compress(html.encode())) < 10_000


@pytest.mark.parametrize("state", ["active", "recalled", "sold", "printed", "void"])
def test_what_is_drawn_once_for_a_lot_differs_in_the_code_alone(state: str) -> None:
    other, here = "824501379632", in_state(state)
    there = replace(
        here,
        stamp=replace(here.stamp, code=other),
        doors=replace(here.doors, messenger=here.doors.messenger.replace(CODE, other)),
    )
    for query in ("", "?lang=en"):
        shelf = Shelf(True, here, there)
        client = client_of(shelf, sentence)
        first, second = (client.get(f"/t/{code}{query}").text for code in (CODE, other))

        assert first.count(CODE) == second.count(other) > 0
        assert first.count("4839 2017 6504") == second.count("8245 0137 9632") > 0
        assert second == first.replace(CODE, other).replace("4839 2017 6504", "8245 0137 9632")
        assert first == page_of(here, query, sentence)


def test_whatever_changes_shows_at_the_next_look() -> None:
    dearer = replace(FULL, stamp=replace(FULL.stamp, goods=replace(FULL.stamp.goods, price_vnd=31_000)))
    shelf = Shelf(True, FULL)
    client = client_of(shelf, sentence)
    before = client.get(PATH).text
    shelf.keep(dearer)
    after = client.get(PATH).text

    assert "28.000đ" in before
    assert "31.000đ" not in before
    assert "31.000đ" in after
