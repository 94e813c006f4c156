"""Trace codes, order codes and invitations."""

from random import Random

import pytest

from catalog import trace
from catalog.order import CODE_LETTERS

FIXTURE_CODES = [
    "483920176504",
    "715038629415",
    "260471835924",
    "937264058112",
    "582916407307",
    "346195720851",
    "609735841277",
    "824501379632",
    "519273640889",
]


@pytest.mark.parametrize("code", FIXTURE_CODES)
def test_the_codes_of_the_demo_are_right(code: str) -> None:
    assert trace.check(code)
    assert trace.complete(int(code[:10])) == code


@pytest.mark.parametrize(
    "code",
    ["123456789012", "48392017650", "4839201765040", "", "4839 2017 6504", "４８３９２０１７６５０４", "٤٨٣٩٢٠١٧٦٥٠٤"],
)
def test_other_strings_are_not_codes(code: str) -> None:
    assert not trace.check(code)


def test_a_new_code_is_ten_drawn_digits_and_their_check() -> None:
    assert trace.make(lambda below: 4839201765 % below) == "483920176504"
    assert trace.make(lambda _below: 0) == "000000000098"
    assert trace.check(trace.make())


def test_eleven_digits_are_not_completed() -> None:
    with pytest.raises(ValueError, match="ten digits"):
        trace.complete(10**10)


@pytest.mark.parametrize("code", FIXTURE_CODES)
def test_every_wrong_digit_and_every_swap_is_found_out_and_led_back(code: str) -> None:
    slipped = {code[:i] + digit + code[i + 1 :] for i in range(12) for digit in "0123456789"}
    slipped |= {code[:i] + code[i + 1] + code[i] + code[i + 2 :] for i in range(11)}
    slipped.discard(code)
    assert not any(trace.check(slip) for slip in slipped)
    assert all(code in trace.slips(slip) for slip in slipped)


def test_no_slip_and_no_swap_of_a_thousand_codes_passes_for_right() -> None:
    drawn = Random(97)
    for code in {trace.make(drawn.randrange) for _ in range(1000)}:
        wrong = {code[:i] + digit + code[i + 1 :] for i in range(12) for digit in "0123456789"}
        wrong |= {code[:i] + code[i + 1] + code[i] + code[i + 2 :] for i in range(11)}
        wrong |= {code[:i] + code[i + 2] + code[i + 1] + code[i] + code[i + 3 :] for i in range(10)}
        assert [slip for slip in wrong - {code} if trace.check(slip)] == []


def test_a_right_code_has_no_slips_and_neither_has_nonsense() -> None:
    assert trace.slips("483920176504") == []
    assert trace.slips("48392017650x") == []


def test_a_code_is_shown_in_groups_of_four() -> None:
    assert trace.grouped("483920176504") == "4839 2017 6504"


def test_order_codes_use_no_letter_that_is_read_as_another() -> None:
    assert len(set(CODE_LETTERS)) == len(CODE_LETTERS) == 27
    assert not set(CODE_LETTERS) & set("01BILOSUZ")
