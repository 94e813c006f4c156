"""What only a person can do: noted with her words, and said as it is today."""

import pytest

from bot.dialogue import Ask
from bot.dialogues.person import person
from bot.effect import Say
from bot.i18n import words
from catalog.acts import Command
from catalog.acts.person import OpenCase
from tests.fakes import FakeShop
from tests.unit.producer import voice


def asked(name: str, typed: str, code: str = "") -> tuple[list[Command], str]:
    """What is done, and what she is told."""
    talk = FakeShop().talk_of("her phone", code) if code else FakeShop().talk("her phone")
    state, effects = person.openers[name](None, Ask(name, words=typed), talk)
    assert state is None
    told = [words(effect, voice(talk)) for effect in effects if isinstance(effect, Say)]
    return [effect for effect in effects if isinstance(effect, Command)], "\n".join(told)


@pytest.mark.parametrize("typed", ["đừng nhắn tin nữa", "unsubscribe", "ngừng gửi quảng cáo cho tôi"])
def test_who_wants_no_messages_hears_what_still_comes(typed: str) -> None:
    done, told = asked("data_rights", typed)
    assert done == [OpenCase("data request", note=typed)]
    assert told.endswith("Tin về đơn hàng của anh/chị thì vẫn tới ạ. HTX Suối Mây (chị Hoa) cũng đã biết.")


def test_a_button_for_it_is_noted_without_words() -> None:
    assert asked("opts_out", "")[0] == [OpenCase("data request", note="no unasked messages")]


def test_other_rights_are_noted_as_before() -> None:
    done, told = asked("data_rights", "xóa dữ liệu của tôi")
    assert done == [OpenCase("data request", note="xóa dữ liệu của tôi")]
    assert "giỏ hàng" not in told


def test_buying_together_is_arranged_by_a_person() -> None:
    done, told = asked("group_buying", "cả xóm mua chung được không")
    assert done == [OpenCase("group buying", note="cả xóm mua chung được không")]
    assert told.startswith("Mua chung thì em chưa tự gom được ạ. Em đã báo chị Hoa bên HTX Suối Mây,")
