"""Letters as people type them: without marks, in raw Telex, in short forms, several words in one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.syllables import fold, parted, sound, telex_readings, tone_last, words_of


@pytest.mark.parametrize(
    ("typed", "folded"),
    [("đường phèn", "duong phen"), ("Ngọc Ẩn".lower(), "ngoc an"), ("st25", "st25"), ("кg ŵ", "кg w"), ("", "")],
)
def test_folding_takes_off_every_mark_and_nothing_else(typed: str, folded: str) -> None:
    assert fold(typed) == folded


def test_words_are_the_same_composed_or_not_and_signs_part_them() -> None:
    assert words_of("Cam-sành, 2kg (VIP)!") == words_of("Cam-sa\u0300nh, 2kg (VIP)!") == ["cam", "sành", "2kg", "vip"]


def test_a_word_is_one_wherever_its_tone_is_put() -> None:
    assert tone_last("hoà") == tone_last("hòa")
    assert len({tone_last(word) for word in ("hoa", "hòa", "hóa", "hoạ", "hơa")}) == 5


@pytest.mark.parametrize(
    ("struck", "meant"),
    [
        ("sanhf", "sành"),
        ("safnh", "sành"),
        ("dduwowngf", "đường"),
        ("dduongwf", "đường"),
        ("nuowcs", "nước"),
        ("nuocws", "nước"),
        ("trungws", "trứng"),
        ("bowr", "bở"),
        ("ddaauj", "đậu"),
        ("quar", "quả"),
        ("beef", "bề"),
        ("mawng", "măng"),
    ],
)
def test_raw_telex_is_read_as_the_keyboard_would_have(struck: str, meant: str) -> None:
    assert tone_last(meant) in list(telex_readings(struck))


def test_long_words_are_not_read_as_telex() -> None:
    assert list(telex_readings("s" * 13)) == list(telex_readings("s")) == []


@pytest.mark.parametrize(
    ("short", "full"),
    [("thjt", "thit"), ("zua", "dua"), ("fe", "phe"), ("kam", "cam"), ("jo", "gio"), ("my", "mi"), ("wit", "quit")],
)
def test_short_letters_sound_like_the_full_word(short: str, full: str) -> None:
    assert sound(short) == sound(full)


def test_vowels_that_end_in_y_are_not_those_that_end_in_i() -> None:
    assert sound("vay") != sound("vai")
    assert sound("tuy") != sound("tui")


VOCABULARY = {"mat", "ong", "cam", "sanh", "ca", "nh", "rung"}


@pytest.mark.parametrize(
    ("together", "words"),
    [
        ("matong", ["mat", "ong"]),
        ("matongrung", ["mat", "ong", "rung"]),
        ("camsanh", ["cam", "sanh"]),
        ("camx", None),
        ("xcam", None),
        ("", None),
        ("ong" * 100, None),
    ],
)
def test_words_in_one_come_apart_only_into_known_words(together: str, words: list[str] | None) -> None:
    assert parted(together, VOCABULARY) == words


@given(st.text(max_size=60))
def test_any_text_folds_without_fail(text: str) -> None:
    """All of Unicode: surrogate-free text, marks alone, signs without letters, letters that grow when lowered."""
    for word in words_of(text):
        readings = list(telex_readings(fold(word)))
        assert all(isinstance(reading, str) for reading in readings)
        assert fold(fold(word)) == fold(word)
        assert tone_last(tone_last(word)) == tone_last(word)
        pieces = parted(fold(word), VOCABULARY)
        assert pieces is None or "".join(pieces) == fold(word)
