"""Every bubble keeps Meta's limits: the stand-in enforces them, so here it says whether a message may go out."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from bot.reply import Bubble, Button, Limits
from handlers.channels.messenger import codec
from handlers.channels.messenger.fit import shorten, split, units
from tests.simulators.graph_rules import Shown, shown

THREE = (Button("q1.1", "Đúng"), Button("q1.2", "Sửa"), Button("q1.3", "Thôi"))


def received(bubble: Bubble) -> list[Shown]:
    """What the person sees. Raises Refused where a limit is not kept."""
    bodies = [
        {"recipient": {"id": "7"}, "messaging_type": "RESPONSE", "message": message} for message in codec.render(bubble)
    ]
    return [one for body in bodies if (one := shown(body)) is not None]


def test_the_limits_are_those_of_the_manual() -> None:
    manual = Limits(max_text=2000, max_text_with_buttons=640, max_buttons=3, max_title=20)

    assert manual == codec.LIMITS


def test_at_640_characters_buttons_stay_and_at_641_they_are_quick_replies() -> None:
    [short], [long] = received(Bubble("ă" * 640, THREE)), received(Bubble("ă" * 641, THREE))

    assert (len(short.buttons), len(short.quick_replies)) == (3, 0)
    assert (len(long.buttons), len(long.quick_replies)) == (0, 3)


def test_an_emoji_counts_twice() -> None:
    [bubble] = received(Bubble("👍" * 321, THREE))

    assert (len(bubble.buttons), len(bubble.quick_replies)) == (0, 3)


def test_decomposed_words_are_counted_as_they_are_sent() -> None:
    [bubble] = received(Bubble(unicodedata.normalize("NFD", "ế" * 640), THREE))

    assert bubble.text == "ế" * 640
    assert bubble.titles == ("Đúng", "Sửa", "Thôi")


def test_long_words_are_parted_and_the_buttons_stand_under_the_last_part() -> None:
    paragraphs = ["Cam sành Suối Mây ngọt. " * 40, "Mật ong rừng thơm. " * 60, "Chọn món nào ạ?"]

    bubbles = received(Bubble("\n\n".join(paragraphs), THREE))

    assert [bubble.titles for bubble in bubbles] == [(), ("Đúng", "Sửa", "Thôi")]
    assert [units(bubble.text) for bubble in bubbles] == [959, 1157]


def test_fifteen_choices_are_all_printed_and_thirteen_can_be_tapped() -> None:
    buttons = tuple(Button(f"q1.{n}", f"Món {n}") for n in range(1, 16))

    [bubble] = received(Bubble("Chọn ạ:", buttons, offset=4))

    assert bubble.text.splitlines() == ["Chọn ạ:", *[f"{n + 4}. Món {n}" for n in range(1, 16)]]
    assert bubble.titles == tuple(f"Món {n}" for n in range(1, 14))


def test_a_choice_whose_id_is_too_long_to_come_back_is_only_printed() -> None:
    [bubble] = received(Bubble("Chọn ạ:", (Button("q" * 1001, "Một"), Button("q1.2", "Hai"))))

    assert (bubble.text, bubble.titles) == ("Chọn ạ:\n1. Một\n2. Hai", ("Hai",))


def test_words_are_parted_at_a_paragraph_then_a_line_then_a_sentence_then_a_word() -> None:
    assert split("aaaa aaa. b\n\ncc\ndddd eeee", 16) == ["aaaa aaa. b", "cc\ndddd eeee"]
    assert split("aaaa aaa. b\ncc dddd eeee", 16) == ["aaaa aaa. b", "cc dddd eeee"]
    assert split("aaaa aaa. bb cc dddd", 16) == ["aaaa aaa.", "bb cc dddd"]
    assert split("aaaa 1.500 bb cc dddd", 16) == ["aaaa 1.500 bb cc", "dddd"]
    assert split("a" * 20, 16) == ["a" * 16, "a" * 4]
    assert split("  \n ", 16) == []


def test_no_grapheme_is_torn() -> None:
    family, flag, thumb = "👨\u200d👩\u200d👧", "🇻🇳", "👍🏽"

    assert split("a" * 5 + family * 2, 15) == ["a" * 5 + family, family]
    assert split("a" * 7 + flag * 2, 9) == ["a" * 7, flag * 2]
    assert split("a" * 7 + flag * 2, 13) == ["a" * 7 + flag, flag]
    assert split("a" * 7 + thumb, 9) == ["a" * 7, thumb]
    assert split("aaaaq\u0323\u0301a", 6) == ["aaaa", "q\u0323\u0301a"]


def test_a_grapheme_longer_than_a_message_is_cut_anyway() -> None:
    assert split("a" + "\u0301" * 20, 8) == ["a" + "\u0301" * 7, "\u0301" * 8, "\u0301" * 5]


def test_a_title_is_shortened_between_graphemes() -> None:
    assert shorten("Tại nhà", 20) == "Tại nhà"
    assert shorten("a" * 17 + "👍🏽aa", 20) == "a" * 17 + "…"
    assert units(shorten("👍" * 30, 20)) <= 20


WORDS = st.text(st.sampled_from("aàđế .\n?!👍🏽\u200d🇻🇳\u0301"), max_size=5000)
SHORT = st.text(st.sampled_from("aàđế 👍🏽\u200d\u0301"), max_size=30)


@given(
    text=WORDS,
    titles=st.lists(SHORT, max_size=16),
    offset=st.integers(0, 9),
    card=st.tuples(
        SHORT,
        st.text(st.sampled_from("aàế "), max_size=100),
        st.sampled_from(["", "/static/cam.jpg", "https://htx.example/cam.jpg"]),
    ),
)
def test_whatever_a_bubble_holds_the_platform_takes_it(
    text: str, titles: list[str], offset: int, card: tuple[str, str, str]
) -> None:
    buttons = tuple(Button(f"q1.{n}", title) for n, title in enumerate(titles, 1))

    bubbles = received(Bubble(text, buttons, offset, *card))

    said = "".join("".join(bubble.text.split()) for bubble in bubbles)
    assert "".join(unicodedata.normalize("NFC", text).split()) in said
