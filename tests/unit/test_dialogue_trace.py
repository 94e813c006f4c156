"""A stamp's code that was mistyped: what of it is wrong, as far as that can be told."""

import pytest

from bot.dialogue import Ask
from bot.dialogues.trace import wants_to_trace
from bot.dialogues.tracing import Asked
from bot.effect import Remember, Say
from bot.i18n import words
from tests.fakes import FakeShop
from tests.unit.producer import voice


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("4839 20177 6504", "Nhóm thứ hai có 5 số, mỗi nhóm chỉ 4 số ạ. "),
        ("483 2017 6504", "Nhóm thứ nhất có 3 số, mỗi nhóm chỉ 4 số ạ. "),
        ("4839-2017-650", "Nhóm thứ ba có 3 số, mỗi nhóm chỉ 4 số ạ. "),
        ("4839 2O177 6504", "Nhóm thứ hai có 5 số, mỗi nhóm chỉ 4 số ạ. "),
        ("48392017650", "Em đếm được 11 số, mã tem có 12 số. "),
        ("4839201765041", "Em đếm được 13 số, mã tem có 12 số. "),
    ],
)
def test_the_group_that_is_wrong_is_named(typed: str, told: str) -> None:
    talk = FakeShop().talk("her phone")
    state, effects = wants_to_trace(None, Ask("trace", words=typed), talk)
    missed, said = effects
    assert (state, missed) == (Asked(), Remember("missed", "1"))
    assert isinstance(said, Say)
    assert words(said, voice(talk)).startswith(told)
