"""Trace codes, invitations and order codes in the shapes that people type."""

import pytest

from bot.understand.codes import find_invitation, find_order_code, find_trace_code, looks_like_code, valid


@pytest.mark.parametrize(
    "typed",
    [
        "483920176504",
        "4839.2017 6504",
        "tem ghi 483.920.176.504, hàng từ xã nào ra",
        "4839–2017–6504",
        "4839 - 2017 - 6504",
        "mã 4839 2017 6504 nhé",
        "48392017 6504 cua nha ai trong",
        "4 8 3 9 2 0 1 7 6 5 0 4",
        "4839 2O17 65o4",
        "4839 20I7 6504",
        "o ơi 483920176504",
        "t-483920176504",
        "https://sm.example/t/483920176504?x=1",
    ],
)
def test_a_trace_code_is_found_in_any_spacing(typed: str) -> None:
    assert find_trace_code(typed) == "483920176504"


@pytest.mark.parametrize(
    "typed",
    [
        "123456789012",
        "0912 345 678",
        "+84 912 345 678",
        "120.000.000.000",
        "cam 50 kg 25.000đ 0912345678",
        "https://id.example.vn/01/08931234567996/10/MO2611",
        "nsx-519273640889",
        "9" * 2_000,
        "1 " * 1_000,
        "٤٨٣٩٢٠١٧٦٥٠٤",
        "",
    ],
)
def test_other_numbers_are_no_trace_code(typed: str) -> None:
    assert find_trace_code(typed) is None


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("4839 2018 6504", "483920186504"),
        ("123456789012", "123456789012"),
        ("48392017650", "48392017650"),
        ("4839 2017 65044", "4839201765044"),
        ("483920176504", None),
        ("0912 345 678", None),
        ("84912345678", None),
        ("25.000 28.000", None),
        ("2 kg cam 3 kg buoi", None),
        ("9" * 2_000, None),
    ],
)
def test_a_code_with_a_slip_is_told_apart_from_no_code(typed: str, digits: str | None) -> None:
    assert looks_like_code(typed) == digits


@pytest.mark.parametrize("typed", ["nsx-519273640889", "5192 7364 0889", "NSX-519273640889"])
def test_an_invitation_is_found_as_it_is_written(typed: str) -> None:
    assert find_invitation(typed) == "519273640889"


def test_an_invitation_with_wrong_check_digits_is_none() -> None:
    assert find_invitation("nsx-519273640888") is None


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("huy don dh8m3q", "DH8M3Q"),
        ("đơn DH2K7F đâu", "DH2K7F"),
        ("DH0000", None),
        ("dh hang", None),
        ("DH2K7FX", None),
    ],
)
def test_an_order_code_is_found_in_any_case(typed: str, code: str | None) -> None:
    assert find_order_code(typed) == code


@pytest.mark.parametrize("code", ["483920176504", "715038629415", "609735841277", "824501379632"])
def test_every_single_wrong_digit_breaks_the_check(code: str) -> None:
    slips = {code[:i] + d + code[i + 1 :] for i in range(12) for d in "0123456789"} - {code}
    assert valid(code)
    assert not [slip for slip in slips if valid(slip)]
