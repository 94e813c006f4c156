"""A name and a number in one line, and how to address somebody."""

import pytest

from bot.understand.people import ContactWords, form_of_address, pretty_phone, read_contact


@pytest.mark.parametrize(
    ("typed", "contact"),
    [
        ("Hằng 0912 345 678", ContactWords("Hằng", "0912345678")),
        ("chị Hằng, 0912.345.678", ContactWords("Hằng", "0912345678", "chị")),
        ("0912345678", ContactWords("", "0912345678")),
        ("+84 912 345 678", ContactWords("", "0912345678")),
        ("Hằng", ContactWords("Hằng", None)),
        ("hang 0912345678", ContactWords("Hang", "0912345678")),
        ("tôi là Nguyễn Văn Nam sđt 0987000111", ContactWords("Nguyễn Văn Nam", "0987000111")),
        ("NGUYEN THI MAI 0912 345 678", ContactWords("Nguyen Thi Mai", "0912345678")),
        ("so 5 ngo 20 dich vong, cau giay, hn", ContactWords("", None)),
        ("khong", ContactWords("", None)),
        ("0112", ContactWords("", None)),
        ("x" * 2_000, ContactWords("", None)),
        ("0 " * 1_000, ContactWords("", None)),
        ("\ud800", ContactWords("", None)),
    ],
)
def test_a_contact_is_read_from_one_line(typed: str, contact: ContactWords) -> None:
    assert read_contact(typed) == contact


def test_a_phone_is_shown_in_three_groups() -> None:
    assert pretty_phone("0912345678") == "0912 345 678"
    assert pretty_phone("1900") == "1900"


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("chị Nam", "chị"),
        ("anh Hoa", "anh"),
        ("Hằng", "chị"),
        ("Nguyễn Thị Hoa", "chị"),
        ("Hang", "chị"),
        ("Dũng", "anh"),
        ("Dung", ""),
        ("Bình", ""),
        ("Nam", ""),
        ("", ""),
    ],
)
def test_an_address_is_hers_or_sure_or_none(name: str, title: str) -> None:
    assert form_of_address(name) == title
