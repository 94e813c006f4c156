"""Codes that are in nobody's book: who guesses learns nothing from the fifth one on, and soon gets no answer at all."""

import pytest

from bot.dialogue import Ask
from bot.dialogues.missing import UNIFORM_FROM
from bot.dialogues.tie import tie
from bot.ports import MISSES_AN_HOUR
from tests.fakes import FakeShop
from tests.unit.talks import Talk

UNIFORM = (
    "Em không tìm thấy mã này trong sổ của HTX Suối Mây. Anh/chị so lại 12 số dưới mã QR, hoặc để nhân viên xem giúp ạ."
)
TOO_MANY = "Có nhiều mã chưa đúng quá nên em xin tạm ngừng tra mã trong 1 giờ."
WRONG = ["4839 2018 6504", "4839 20177 6504", "48392017650", "1234 5678 9012"]


def missed(times: int) -> Talk:
    talk = Talk("trace", FakeShop().talk("her phone"))
    talk.ports.missed_lately = times
    return talk


def test_four_misses_are_helped_with() -> None:
    told = [missed(UNIFORM_FROM - 2).open("trace", typed) for typed in WRONG]
    assert len(set(told)) == len(WRONG)
    assert "Có phải anh/chị đọc nhầm 4839 2017 6504" in told[0]
    assert told[3].startswith("⚠️ Em không tìm thấy mã 1234 5678 9012")


@pytest.mark.parametrize("typed", WRONG)
def test_from_the_fifth_on_all_wrong_codes_are_the_same(typed: str) -> None:
    talk = missed(UNIFORM_FROM - 1)
    assert (talk.open("trace", typed), talk.keys) == (UNIFORM, ["trace.ask", "person.call"])
    assert talk.ports.missed_lately == UNIFORM_FROM
    assert (talk.ports.suggested_lately, talk.done, talk.state) == (0, [], None)


@pytest.mark.parametrize("name", ["scan", "journey", "book"])
def test_a_code_that_checks_and_is_nobodys_is_a_miss_too(name: str) -> None:
    talk = missed(UNIFORM_FROM - 1)
    assert talk.open(name, arg="000000000098") == UNIFORM
    assert talk.ports.missed_lately == UNIFORM_FROM


@pytest.mark.parametrize("name", ["scan", "journey", "book"])
def test_after_twenty_not_even_a_right_code_is_looked_up(name: str) -> None:
    talk = missed(MISSES_AN_HOUR)
    assert talk.open(name, arg="483920176504").startswith(TOO_MANY)
    assert (talk.keys, talk.done) == (["person.call"], [])
    assert talk.ports.missed_lately == MISSES_AN_HOUR
    assert missed(MISSES_AN_HOUR - 1).open("scan", arg="483920176504").startswith("🍊")


def test_nor_is_it_by_the_button_of_a_stamp_or_a_made_up_report() -> None:
    talk = Talk("order", missed(MISSES_AN_HOUR).ports)
    assert talk.open("lot", arg="483920176504").startswith(TOO_MANY)
    other = Talk("recall", talk.ports)
    assert other.open("swap", arg="609735841277").startswith(TOO_MANY)


def test_invitations_count_as_codes() -> None:
    talk = Talk("tie", FakeShop().talk("her phone"))
    talk.open("invited", arg="519273640889")
    assert talk.ports.missed_lately == 1
    talk.ports.missed_lately = MISSES_AN_HOUR
    state, _ = tie.openers["invited"](None, Ask("invited", talk.ports._shop.invite("NSX-017")), talk.ports)
    assert state is None
    talk.ports.missed_lately = MISSES_AN_HOUR - 1
    assert talk.open("invited", arg=talk.ports._shop.invite("NSX-017")).startswith("Cháu chào bác Mến!")
