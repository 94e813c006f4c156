"""Choices where there are no buttons, or may be none: lines that say what can be typed, and nothing twice."""

from bot.reply import Bubble, Button
from handlers.channels.console import codec as console
from handlers.channels.zalo import codec as zalo
from handlers.channels.zalobot import codec as zalobot
from handlers.fit import choices_in_lines

YES, NO = Button("7:yes:", "Đúng"), Button("7:no:", "Sửa")


def test_choices_go_on_from_the_numbers_of_a_list() -> None:
    assert choices_in_lines(Bubble("1. Cam\n2. Ổi", (YES, NO), offset=2)) == ["3. Đúng", "4. Sửa"]


def test_a_list_that_is_the_choices_is_not_printed_again() -> None:
    told = Bubble("Bác bán gì ạ?\n1. 🍊 Cam\n2. Món khác", (Button("7:a:", "Cam"), Button("7:b:", "Món khác")))

    assert choices_in_lines(told) == []
    assert zalo.render(told, buttons=False) == [{"text": told.text}]
    assert zalobot.render(told) == [{"text": told.text}]


def test_a_list_of_something_else_takes_no_choice_away() -> None:
    assert choices_in_lines(Bubble("1. Cam\n2. Ổi", (YES, NO))) == ["1. Đúng", "2. Sửa"]


def test_a_title_is_one_line_and_no_pattern() -> None:
    odd = Button("7:odd:", "a.*\n(b")

    assert choices_in_lines(Bubble("1. anything (b", (odd,))) == ["1. a.* (b"]


def test_beside_the_open_question_no_number_means_two_things() -> None:
    """A typed 1 answers the question that is open, so nothing else is called 1."""
    aside = Bubble("Em nhận được rồi.", (YES,), numbered=False)

    assert choices_in_lines(aside) == ["• Đúng"]
    assert zalo.render(aside, buttons=True)[0]["text"] == "Em nhận được rồi.\n• Đúng"
    assert zalobot.render(aside) == [{"text": "Em nhận được rồi.\n• Đúng"}]
    assert console.render(aside) == "Em nhận được rồi.\n  • Đúng"
