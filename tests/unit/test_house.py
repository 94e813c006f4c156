"""The order of reading: what a message means, before any dialogue sees it."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bot.conversation import OpenChoice, Question
from bot.event import Event, Number, Photo, Referral, Tap, Text, Voice
from bot.house import Action, Chosen, Code, Early, House, HouseWord, Meaning, Over, Rest, meaning
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


LISTED = Question(
    7,
    Bubble("?", offset=2),
    (OpenChoice("show", "1", "Cam sành"), OpenChoice("show", "2", "Mật ong"), YES),
    "",
    False,
    NOW,
    NOW,
)


@pytest.mark.parametrize(
    ("words", "place"),
    [
        *(("hai", 1), ("số 2", 1), ("so 2 nhe", 1), ("lấy số 2", 1), ("cái thứ 2", 1), ("cái thứ hai", 1), ("3", 2)),
        *(("cái đầu tiên", 0), ("cai dau", 0), ("cái thứ nhất", 0), ("cho chị cái đầu đi em", 0)),
        *(("cái cuối", 1), ("cái cuối cùng nha", 1), ("loại cuối", 1)),
        *(("dạ mật ong ạ", 1), ("cho em cam sành", 0), ("ừ đặt tiếp", 2), ("dung roi dat tiep di", 2)),
    ],
)
def test_a_choice_is_named_or_counted_in_many_words(words: str, place: int) -> None:
    assert read(Text(words), LISTED) == Chosen(LISTED.choices[place])


@pytest.mark.parametrize(
    "words",
    [
        *("đừng đặt tiếp", "đừng đặt", "không đặt tiếp", "chưa đặt tiếp", "tối đặt tiếp", "đặt tiếp không"),
        *("được không", "có không em", "số 4", "cái thứ chín", "loại 1", "thứ hai", "2,5", "lấy 2", "hai cam", "đầu"),
        *("cái đầu tiên có ngọt không", "em ơi cho chị hỏi là cái thứ hai bao nhiêu tiền", "０", "cái " * 500),
    ],
)
def test_what_only_sounds_like_a_choice_picks_none(words: str) -> None:
    assert not isinstance(read(Text(words), LISTED), Chosen)


def test_without_accents_do_not_is_no_yes_where_a_yes_saves() -> None:
    post = OpenChoice("yes", "", "Đúng, đăng bán", ("đăng",))
    weighty = asked(post, weighty=True)
    assert [read(Text(words), weighty) for words in ("dung dang ban", "dung dang", "đừng đăng bán")] == [
        Rest(Text(words)) for words in ("dung dang ban", "dung dang", "đừng đăng bán")
    ]
    for words in ("dung", "dung roi", "dung roi dang di", "đúng đăng bán", "dang ban", "Đúng, đăng bán"):
        assert read(Text(words), weighty) == Chosen(post)


def test_a_bare_number_stays_a_number_where_one_is_asked_for() -> None:
    question = asked(YES, EDIT, expects="number")
    assert read(Text("hai"), question) == Rest(Number(Decimal(2)))
    assert read(Text("cái đầu tiên"), question) == Rest(Text("cái đầu tiên"))


@pytest.mark.parametrize(("words", "word"), [("số 0", "menu"), ("so 9 nhe", "person"), ("0", "menu")])
def test_the_numbers_of_the_house_are_called_numbers_too(words: str, word: HouseWord) -> None:
    assert read(Text(words), LISTED) == House(word)
    assert read(Text(words)) == House(word)


def test_yes_to_an_open_question_is_also_there_is() -> None:
    assert read(Text("có"), asked(YES)) == Chosen(YES)
    assert read(Text("có"), asked(YES, weighty=True), counts=False) == Early()
    assert read(Text("ừ đặt tiếp"), asked(YES, weighty=True), counts=False) == Early()
    assert read(Text("có")) == Rest(Text("có"))


@pytest.mark.parametrize("words", ["cho xem hình", "gửi ảnh đi", "có hình không em", "xem lại ảnh nhé", "coi hinh"])
def test_pictures_are_asked_for_in_many_words(words: str) -> None:
    assert read(Text(words), asked(YES)) == Action("shop.pictures", "")
