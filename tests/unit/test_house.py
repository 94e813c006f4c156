"""The order of reading: what a message means, before any dialogue sees it."""

from datetime import UTC, datetime

import pytest

from bot.conversation import OpenChoice, Question
from bot.event import Event, Number, Photo, Referral, Tap, Text, Voice
from bot.house import Action, Chosen, Code, Early, House, Meaning, Over, Rest, meaning
from bot.reply import Bubble

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
STAMP = "483920176504"
YES = OpenChoice("yes", "", "Đúng, đặt tiếp")
EDIT = OpenChoice("edit", "", "Sửa giỏ")
LEAVE = OpenChoice("stop", "", "Thôi")


def asked(*choices: OpenChoice, expects: str = "", weighty: bool = False) -> Question:
    return Question(7, Bubble("?"), choices, expects, weighty, NOW, NOW)


def read(event: Event, question: Question | None = None, *, counts: bool = True) -> Meaning:
    return meaning(event, question, counts=counts)


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (Referral(f"t-{STAMP}"), Code(STAMP)),
        (Referral(f"nsx-{STAMP}"), Code(STAMP, invites=True)),
        (Text(f"nsx-{STAMP}"), Code(STAMP, invites=True)),
        (Text("tem 4839 2017 6504 đây"), Code(STAMP)),
        (Photo(("https://cdn.example/1.jpg",), "4839.2017.6504"), Code(STAMP)),
        (Voice("https://cdn.example/1.m4a", "4839.2017.6504"), Code(STAMP)),
    ],
)
def test_a_code_wins_whatever_is_open(event: Event, code: Code) -> None:
    assert read(event) == code
    assert read(event, asked(YES, expects="number")) == code


def test_a_photo_without_a_code_is_for_the_step() -> None:
    photo = Photo(("https://cdn.example/1.jpg",), "cam đẹp không")
    assert read(photo) == Rest(photo)


def test_a_tapped_button_of_the_open_question_is_its_choice_and_an_old_one_is_over() -> None:
    question = asked(YES, EDIT)
    assert read(Tap("7:yes:"), question) == Chosen(YES)
    assert read(Tap("6:yes:"), question) == Over()
    assert read(Tap("6:trace.journey:483920176504"), question) == Action("trace.journey", STAMP)


def test_a_number_is_the_answer_where_one_is_asked_for_also_nought_and_nine() -> None:
    question = asked(YES, expects="number")
    assert [type(read(Text(words), question)) for words in ("0", "9", "1")] == [Rest, Rest, Rest]
    assert isinstance(getattr(read(Text("9"), question), "heard", None), Number)
    assert read(Text("9")) == House("person")


def test_the_words_of_a_choice_come_before_the_house_words() -> None:
    assert read(Text("thoi"), asked(YES, LEAVE)) == Chosen(LEAVE)
    assert read(Text("thoi"), asked(YES)) == House("cancel")
    assert read(Text("sua gio"), asked(YES, EDIT)) == Chosen(EDIT)
    assert read(Text("sua"), asked(YES, EDIT)) == House("change")


def test_the_beginning_of_one_title_is_that_choice() -> None:
    buy, ask = OpenChoice("order.lot", STAMP, "Đặt mua 28.000đ/kg"), OpenChoice("person.call", "", "Gặp nhân viên")
    assert read(Text("dat mua"), asked(buy, ask)) == Chosen(buy)
    assert read(Text("gap nhan vien"), asked(buy, ask)) == Chosen(ask)


def test_a_weighty_yes_counts_only_if_it_is_later_than_the_question() -> None:
    question = asked(YES, weighty=True)
    for words in ("ok", "1", "dat tiep", "vâng"):
        assert read(Text(words), question) == Chosen(YES)
        assert read(Text(words), question, counts=False) == Early()
    assert read(Text("ok"), asked(YES), counts=False) == Chosen(YES)
