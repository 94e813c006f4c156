"""Days and stretches of days as people name them. The lunar ones: `test_understand_lunar.py`."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.understand.days import day_words, parse_day

SUNDAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("hôm nay", SUNDAY),
        ("tối nay", SUNDAY),
        ("bữa nay", SUNDAY),
        ("mai", date(2026, 11, 23)),
        ("sáng mai", date(2026, 11, 23)),
        ("mốt", date(2026, 11, 24)),
        ("bữa mốt", date(2026, 11, 24)),
        ("ngày kia", date(2026, 11, 24)),
        ("3 ngày nữa", date(2026, 11, 25)),
        ("thứ bảy này", date(2026, 11, 28)),
        ("thu 7 nay", date(2026, 11, 28)),
        ("thứ 7 tuần sau", date(2026, 11, 28)),
        ("cn", date(2026, 11, 29)),
        ("cuối tuần", SUNDAY),
        ("22/11", SUNDAY),
        ("22-11-2026", SUNDAY),
        ("25 tháng 12", date(2026, 12, 25)),
    ],
)
def test_a_day_to_come_is_computed(said: str, day: date) -> None:
    assert parse_day(said, SUNDAY) == day


@pytest.mark.parametrize(
    "said", ["hôm qua", "tuần trước", "tháng trước", "hôm kia", "tuần này", "tháng 4", "tết", "vụ sau", "mai mốt"]
)
def test_past_days_and_stretches_are_no_day_to_come(said: str) -> None:
    assert parse_day(said, SUNDAY) is None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("hai cân mận, một cân đào, gửi cho bác trước chủ nhật", ["chủ nhật"]),
        ("Bà muốn mua hai chục quả trứng vịt, mai bà lấy", ["mai"]),
        ("để cho má hai con gà thả vườn chủ nhật này má làm giỗ", ["chủ nhật"]),
        ("Đặt giúp mình combo rau tuần này, giao thứ ba", ["tuần này", "thứ ba"]),
        ("cho bác huỷ cái đơn hôm nay nhé", ["hôm nay"]),
        ("dat truoc 1 con lon tet", ["tet"]),
        ("Tết này cho chị giữ 2 con gà trống thiến", ["Tết"]),
        ("dat truoc 5 hu mat ong hoa nhan thang 4", ["thang 4"]),
        ("bữa nay hết dưa leo, mai có lại", ["bữa nay", "mai"]),
        ("hom qua ban duoc bao tien", ["hom qua"]),
        ("tiền hàng tuần trước khi nào về tài khoản em", ["tuần trước"]),
        ("hôm kia với bữa trước, tháng này", ["hôm kia", "bữa trước", "tháng này"]),
        ("cuối tháng 10 có hồng, vụ sau có cam", ["cuối tháng 10", "vụ sau"]),
        ("2 tuần nữa hái, mùng 2 tết bán", ["2 tuần nữa", "mùng 2 tết"]),
        ("25 tháng chạp và 22/11", ["25 tháng chạp", "22/11"]),
        ("rằm này có hoa", ["rằm"]),
        ("thứ 7 tuần sau", ["thứ 7 tuần sau"]),
        ("banh tet 2 cai", []),
        ("hoa mai 2 cây, gà mái 3 con", []),
        ("tháng 13", []),
        ("5 kg cam", []),
        ("", []),
        ("\ud800\u0301", []),
    ],
)
def test_every_day_and_stretch_is_found_where_it_stands(text: str, named: list[str]) -> None:
    assert [text[first:last] for first, last in day_words(text)] == named


def test_places_are_those_of_the_text_as_it_was_given() -> None:
    text = "  Me\u0323 \u200bơi,\n ho\u0302m   qua nhe\u0301"
    assert [text[first:last] for first, last in day_words(text)] == ["ho\u0302m   qua"]


@given(st.text(st.sampled_from("mairằmtếtthángnày 0123456789/-\u0301\u200b\n"), max_size=200))
def test_days_of_any_text_stand_apart_and_inside_it(text: str) -> None:
    spans = day_words(text)
    places = [place for span in spans for place in span]
    assert places == sorted(places)
    assert all(0 <= first < last <= len(text) for first, last in spans)
    day = parse_day(text, SUNDAY)
    assert day is None or day >= SUNDAY
