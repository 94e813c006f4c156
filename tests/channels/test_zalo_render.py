"""Every bubble keeps Zalo's limits: the stand-in enforces them, so here it says whether a message may go out."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.event import Tap, Text
from bot.reply import Bubble, Button, Limits, Paper
from handlers.channels.zalo import codec
from handlers.channels.zalo.said import said
from handlers.channels.zalo.shapes import Message
from tests.simulators.zalo_errors import Refused
from tests.simulators.zalo_rules import Button as ShownButton
from tests.simulators.zalo_rules import Shown, read

THREE = (Button("7:yes:", "Đúng"), Button("7:no:", "Sửa"), Button("7:stop:", "Thôi"))


def received(bubble: Bubble, *, buttons: bool = True) -> list[Shown]:
    """What the person sees. Raises Refused where a limit is not kept."""
    messages = codec.render(bubble, buttons=buttons)
    return [read(message).bubble for message in messages if "image" not in message]


def test_the_limits_are_those_of_the_manual() -> None:
    assert Limits(max_text=2000, max_text_with_buttons=2000, max_buttons=5, max_title=100) == codec.LIMITS


def test_choices_are_numbered_lines_and_buttons_too() -> None:
    assert codec.render(Bubble("Đúng chưa ạ?", THREE), buttons=True) == [
        {
            "text": "Đúng chưa ạ?\n1. Đúng\n2. Sửa\n3. Thôi",
            "attachment": {
                "type": "template",
                "payload": {
                    "buttons": [
                        {"title": "Đúng", "type": "oa.query.hide", "payload": "#7.yes"},
                        {"title": "Sửa", "type": "oa.query.hide", "payload": "#7.no"},
                        {"title": "Thôi", "type": "oa.query.hide", "payload": "#7.stop"},
                    ]
                },
            },
        }
    ]


def test_a_package_without_buttons_gets_the_same_words() -> None:
    [bare] = codec.render(Bubble("Đúng chưa ạ?", THREE), buttons=False)
    [full] = codec.render(Bubble("Đúng chưa ạ?", THREE), buttons=True)

    assert bare == {"text": "Đúng chưa ạ?\n1. Đúng\n2. Sửa\n3. Thôi"}
    assert codec.numbered_only(full) == bare
    assert (codec.has_buttons(full), codec.has_buttons(bare)) == (True, False)


def test_what_has_no_buttons_stays_as_it_is() -> None:
    shown = codec.picture("a1")

    assert codec.numbered_only(shown) == shown
    assert read(shown).bubble == Shown(image="a1", kind="image")


def test_numbers_go_on_where_a_printed_list_ends() -> None:
    [bubble] = received(Bubble("1. Cam\n2. Ổi", THREE, offset=2))

    assert bubble.text == "1. Cam\n2. Ổi\n3. Đúng\n4. Sửa\n5. Thôi"


def test_more_than_five_choices_are_numbers_only() -> None:
    five = tuple(Button(f"7:pick:{n}", f"Món {n}") for n in range(1, 6))
    six = (*five, Button("7:pick:6", "Món 6"))

    [with_buttons], [without] = received(Bubble("Chọn ạ:", five)), received(Bubble("Chọn ạ:", six))

    assert with_buttons.titles == ("Món 1", "Món 2", "Món 3", "Món 4", "Món 5")
    assert (without.titles, without.text) == ((), "Chọn ạ:\n" + "\n".join(f"{n}. Món {n}" for n in range(1, 7)))


def test_a_card_is_words_and_a_picture_goes_first() -> None:
    bubble = Bubble("Có món này ạ:", (), 0, "Cam sành", "35.000đ/kg", "/pictures/cam-sanh.png")

    assert codec.render(bubble, buttons=True) == [
        {"image": "/pictures/cam-sanh.png"},
        {"text": "Có món này ạ:\nCam sành\n35.000đ/kg"},
    ]


def test_a_file_goes_last_under_the_words_and_their_buttons() -> None:
    file = Paper("tem.pdf", "/sheets/12", "https://htx.example/s/k7", "Tải tờ tem ở đây:", "Tờ tem không còn nữa ạ.")
    [plain] = codec.render(Bubble("Tờ tem đây ạ.", THREE), buttons=True)

    assert codec.render(Bubble("Tờ tem đây ạ.", THREE, file=file), buttons=True) == [plain, {"file": file}]
    assert codec.numbered_only({"file": file}) == {"file": file}
    assert codec.document("k7") == {"attachment": {"type": "file", "payload": {"token": "k7"}}}


def test_nothing_is_nothing() -> None:
    assert codec.render(Bubble("  \n "), buttons=True) == []


def test_an_id_that_does_not_fit_into_words_sends_its_title_in_sight() -> None:
    [bubble] = received(Bubble("Chọn ạ:", (Button("7:pick:à", "Cam sành"), Button("x", "#7.yes"), Button("7:no:", ""))))

    assert bubble.text == "Chọn ạ:\n1. Cam sành\n2. #7.yes\n3."
    assert bubble.buttons == (ShownButton("Cam sành", "oa.query.show", "Cam sành"),)


def test_a_long_title_is_shortened_on_the_button_and_whole_in_its_line() -> None:
    title = "Cam sành " * 15 + "hết"

    [bubble] = received(Bubble("Chọn ạ:", (Button("", title), Button("7:no:", title))))

    assert [len(button.title) for button in bubble.buttons] == [99, 99]  # the 100th would be a blank before "…"
    assert [button.payload for button in bubble.buttons] == [title, "#7.no"]
    assert bubble.text == f"Chọn ạ:\n1. {title}\n2. {title}"


def test_decomposed_words_are_counted_as_they_are_sent() -> None:
    [bubble] = received(Bubble(unicodedata.normalize("NFD", "ế" * 1990)))

    assert bubble.text == "ế" * 1990


def test_long_words_are_parted_on_blank_lines_and_the_buttons_stand_under_the_last_part() -> None:
    paragraphs = ["Cam sành Suối Mây ngọt. " * 60, "Mật ong rừng thơm. " * 60, "Chọn món nào ạ?"]

    bubbles = received(Bubble("\n\n".join(paragraphs), THREE))

    assert [bubble.text for bubble in bubbles] == [
        paragraphs[0].strip(),
        f"{paragraphs[1]}\n\n{paragraphs[2]}\n1. Đúng\n2. Sửa\n3. Thôi",
    ]
    assert [bubble.titles for bubble in bubbles] == [(), ("Đúng", "Sửa", "Thôi")]


def test_the_stand_in_refuses_what_would_be_too_long() -> None:
    with pytest.raises(Refused):
        read({"text": "ế" * 2001})


WORDS = st.text(st.sampled_from("aàđế .\n?!👍🏽\u200d🇻🇳\u0301"), max_size=6000)
TITLES = st.text(st.sampled_from("aàđế 👍🏽\u200d\u0301"), max_size=160)
KEYS = st.from_regex(r"[a-z_]{1,12}(\.[a-z_]{1,12})?", fullmatch=True)
ARGS = st.text(st.sampled_from("aZ09_:=-"), max_size=40)
FITTING = st.builds(lambda n, key, arg: f"{n}:{key}:{arg}", st.integers(0, 999_999_999), KEYS, ARGS)
IDS = FITTING | st.text(max_size=60)


@given(
    text=WORDS,
    choices=st.lists(st.tuples(IDS, TITLES), max_size=8),
    offset=st.integers(0, 9),
    card=st.tuples(TITLES, TITLES, st.sampled_from(["", "/pictures/cam.png"])),
    buttons=st.booleans(),
)
def test_whatever_a_bubble_holds_the_platform_takes_it(
    text: str, choices: list[tuple[str, str]], offset: int, card: tuple[str, str, str], *, buttons: bool
) -> None:
    bubble = Bubble(text, tuple(Button(*choice) for choice in choices), offset, *card)

    bubbles = received(bubble, buttons=buttons)

    said_all = "".join("".join(shown.text.split()) for shown in bubbles)
    for part in (text, card[0], card[1], *(title for _, title in choices)):
        assert "".join(unicodedata.normalize("NFC", part).split()) in said_all
    assert all(not shown.buttons for shown in bubbles[:-1])


@given(ids=st.lists(FITTING, min_size=1, max_size=5))
def test_every_button_comes_back_as_the_tap_that_it_was_made_from(ids: list[str]) -> None:
    [bubble] = received(Bubble("Chọn ạ:", tuple(Button(one, "Món") for one in ids)))

    assert [said(Message(text=button.payload)) for button in bubble.buttons] == [Tap(one) for one in ids]


@given(title=st.text(st.sampled_from("aàđế 2#.👍"), min_size=1, max_size=160))
def test_a_button_without_an_id_comes_back_as_its_title(title: str) -> None:
    for bubble in received(Bubble("Chọn ạ:", (Button("", title),))):
        assert all(isinstance(said(Message(text=button.payload)), Text) for button in bubble.buttons)
