"""Cleaning and folding: hostile text becomes plain text, and people's text keeps its meaning."""

import unicodedata

import pytest

from bot.understand.text import MAX_CHARS, bare, clean, fold, has_marks, tone_key


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("  cam   sành \n 2kg ", "cam sành 2kg"),
        ("cam\x00\x07\x9f", "cam"),
        ("ca\u200bm\u202e\ufeff", "cam"),
        ("cam\ud800", "cam\ufffd"),
        (unicodedata.normalize("NFD", "mật ong rừng"), "mật ong rừng"),
        ("", ""),
    ],
)
def test_what_cannot_be_stored_or_seen_is_gone(raw: str, cleaned: str) -> None:
    assert clean(raw) == cleaned


def test_a_text_is_cut_before_anything_else() -> None:
    assert clean("x" * 100_000) == "x" * MAX_CHARS


def test_a_pile_of_combining_marks_becomes_four() -> None:
    assert clean("x" + "\u0301\u0323" * 5_000) == unicodedata.normalize("NFC", "x" + "\u0301\u0323" * 2)


def test_cleaning_twice_is_cleaning_once() -> None:
    once = clean("  Bác\u200b có\nhai  tạ\ud900 " + "\u0301" * 9)
    assert clean(once) == once


def test_folding_drops_accents_and_keeps_signs_only_between_digits() -> None:
    assert fold("Cam sành, 2,5kg – 22/11… ĐẶT!") == "cam sanh 2,5kg 22/11 dat"


def test_bare_text_has_letters_and_digits_only() -> None:
    assert bare("🏪 Lấy ở cửa hàng!") == "lay o cua hang"


@pytest.mark.parametrize(("text", "marked"), [("cam sanh", False), ("cam sành", True), ("đ", True), ("2 👍", False)])
def test_accents_are_noticed(text: str, marked: bool) -> None:
    assert has_marks(text) is marked


def test_both_ways_to_place_a_tone_are_one_word() -> None:
    assert tone_key("hoà") == tone_key("hòa")
    assert tone_key("thúy") == tone_key("thuý")
    assert tone_key("hoà") != tone_key("hoa")
