"""Every bubble keeps Meta's limits: the stand-in enforces them, so here it says whether a message may go out."""

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.permit import Way
from bot.reply import Bought, Bubble, Button, Card, Carousel, Limits, Notice, Reason, Receipt, SendError
from bot.reply import Paper as Document
from handlers.channels.messenger import codec
from handlers.fit import shorten, split, units
from tests.simulators.graph_receipt import Line
from tests.simulators.graph_receipt import Receipt as Paper
from tests.simulators.graph_rules import Shown, shown
from tests.simulators.graph_shown import Button as Pressable
from tests.simulators.graph_shown import Card as ShownCard

THREE = (Button("q1.1", "Đúng"), Button("q1.2", "Sửa"), Button("q1.3", "Thôi"))
ORDER = Receipt(
    order_code="DH9X7K",
    recipient="Bác Hoa",
    seller="HTX Suối Mây",
    payment="Tiền mặt khi nhận",
    at=datetime(2026, 11, 21, 11, 0, tzinfo=UTC),
    lines=(Bought("Cam sành", "2,5 kg", 70_000), Bought("Mật ong rừng", "", 180_000)),
    subtotal_vnd=250_000,
    fee_vnd=30_000,
    total_vnd=280_000,
)


def received(bubble: Bubble, way: Way = Way.REPLY) -> list[Shown]:
    """What the person sees; a picture has its path as id. Raises Refused where a limit is not kept."""
    kind = (
        {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"} if way is Way.HUMAN else {"messaging_type": "RESPONSE"}
    )
    bodies = [
        {
            "recipient": {"id": "7"},
            **kind,
            "message": codec.image_message(message["image"]) if "image" in message else message,
        }
        for message in codec.render(bubble, way=way)
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


def test_a_picture_without_a_card_goes_first_to_be_uploaded() -> None:
    assert codec.render(Bubble("Tem đây ạ", image="/media/tem.png")) == [
        {"image": "/media/tem.png"},
        {"text": "Tem đây ạ"},
    ]
    assert codec.render(Bubble("", image="https://htx.example/a.jpg")) == [{"image": "https://htx.example/a.jpg"}]
    assert received(Bubble("Tem đây ạ", THREE, image="p")) == [
        Shown(attachment="image p"),
        *received(Bubble("Tem đây ạ", THREE)),
    ]


def test_a_file_goes_last_to_be_uploaded_and_takes_the_quick_replies_along() -> None:
    file = Document("tem.pdf", "/sheets/12", "https://htx.example/s/k7", "Tải tờ tem ở đây:", "Tờ tem không còn nữa ạ.")
    many = tuple(Button(f"q1.{n}", f"Lô {n}") for n in range(1, 5))
    row = Carousel("Hôm nay có:", (Card("Cam", "28.000đ/kg"),))
    [plain] = codec.render(Bubble("Tờ tem đây ạ", THREE))
    first, *rest = codec.render(Bubble("Tờ tem đây ạ", many, file=file))

    assert codec.render(Bubble("Tờ tem đây ạ", THREE, file=file)) == [plain, {"file": file}]
    assert codec.render(Bubble("Tờ tem đây ạ", file=file), way=Way.HUMAN) == [{"text": "Tờ tem đây ạ"}, {"file": file}]
    assert codec.render(Bubble("1. Cam", carousel=row, file=file))[-1] == {"file": file}
    assert (sorted(first), [sorted(message) for message in rest]) == (["text"], [["file", "quick_replies"]])
    assert codec.file_message("7") == {"attachment": {"type": "file", "payload": {"attachment_id": "7"}}}


def test_a_card_that_became_words_keeps_its_picture() -> None:
    assert [sorted(message) for message in codec.render(Bubble("", card_title="Cam", image="/a.jpg"))] == [
        ["image"],
        ["text"],
    ]


def test_a_receipt_stands_after_the_words_and_their_buttons() -> None:
    words, paper = received(Bubble("Em đã nhận đơn.", THREE, receipt=ORDER))

    assert (words.text, words.titles) == ("Em đã nhận đơn.", ("Đúng", "Sửa", "Thôi"))
    assert paper == Shown(
        receipt=Paper(
            "Bác Hoa",
            "DH9X7K",
            "VND",
            "Tiền mặt khi nhận",
            Decimal(280_000),
            (Line("Cam sành", Decimal(70_000)), Line("Mật ong rừng", Decimal(180_000))),
        )
    )


def test_a_receipt_has_whole_amounts_and_its_moment_in_seconds_as_a_string() -> None:
    [message] = codec.render(Bubble("", receipt=ORDER))

    assert message == {
        "attachment": {
            "type": "template",
            "payload": {
                "template_type": "receipt",
                "recipient_name": "Bác Hoa",
                "order_number": "DH9X7K",
                "payment_method": "Tiền mặt khi nhận",
                "currency": "VND",
                "timestamp": "1795258800",
                "summary": {"subtotal": 250_000, "shipping_cost": 30_000, "total_cost": 280_000},
                "merchant_name": "HTX Suối Mây",
                "elements": [
                    {"title": "Cam sành", "price": 70_000, "currency": "VND", "subtitle": "2,5 kg"},
                    {"title": "Mật ong rừng", "price": 180_000, "currency": "VND"},
                ],
            },
        }
    }


def test_quick_replies_move_on_to_the_receipt_because_they_would_vanish_above_it() -> None:
    words, paper = received(Bubble("ă" * 641, THREE, receipt=ORDER))

    assert (words.titles, paper.titles) == ((), ("Đúng", "Sửa", "Thôi"))
    assert paper.receipt is not None


def test_what_a_person_typed_goes_without_a_receipt() -> None:
    assert received(Bubble("Em gửi bác", receipt=ORDER), Way.HUMAN) == [Shown("Em gửi bác")]


@pytest.mark.parametrize("blank", ["order_code", "recipient", "payment"])
def test_a_receipt_with_a_blank_where_meta_wants_words_is_left_out(blank: str) -> None:
    assert received(Bubble("Đơn ạ", receipt=replace(ORDER, **{blank: " "}))) == [Shown("Đơn ạ")]


def test_the_lines_beyond_a_hundred_are_one_so_that_the_sum_is_right() -> None:
    lines = tuple(Bought(f"Món {n}", "1 kg", n) for n in range(1, 151))

    [bubble] = received(Bubble("", receipt=replace(ORDER, lines=lines)))

    assert bubble.receipt is not None
    assert len(bubble.receipt.lines) == 100
    assert bubble.receipt.lines[-1].title == "…"
    assert sum(line.price for line in bubble.receipt.lines) == sum(range(1, 151))


def test_free_words_never_go_as_a_template() -> None:
    with pytest.raises(SendError) as caught:
        codec.render(Bubble("Chào bác"), way=Way.TEMPLATE)

    assert (caught.value.reason, caught.value.permanent) == (Reason.SHAPE, True)


def test_a_template_has_its_parameters_in_order_and_nothing_that_meta_refuses_in_them() -> None:
    notice = Notice("order_new", {"gia": " 50%\n#2 $ ", "ma": "DH9X7K", "khac": "x"})

    assert codec.template_message(notice, "don_v1", "vi", ["ma", "gia"]) == {
        "template": {
            "name": "don_v1",
            "language": {"code": "vi"},
            "components": [
                {
                    "type": "body",
                    "parameters": [
                        {"type": "text", "parameter_name": "ma", "text": "DH9X7K"},
                        {"type": "text", "parameter_name": "gia", "text": "50％ ＃2 ＄"},
                    ],
                }
            ],
        }
    }


@pytest.mark.parametrize("values", [{}, {"ma": " "}])
def test_a_template_with_a_hole_is_our_own_mistake(values: dict[str, str]) -> None:
    with pytest.raises(SendError, match="no value for ma") as caught:
        codec.template_message(Notice("order_new", values), "don_v1", "vi", ["ma"])

    assert (caught.value.reason, caught.value.permanent) == (Reason.SHAPE, True)


ADD, SOURCE = Button("7:order.add:12", "Thêm vào giỏ"), Button("7:trace.scan:483920176504", "Xem nguồn gốc")


def in_a_row(*cards: Card) -> Bubble:
    """These goods, with the list that says the same."""
    return Bubble("Hôm nay HTX có:\n1. …", THREE, 1, carousel=Carousel("Hôm nay HTX có:", cards, THREE[:2]))


def test_a_carousel_stands_under_its_sentence_in_the_place_of_the_list() -> None:
    card = Card("Cam sành", "28.000đ/kg · còn 120 kg", "https://htx.example/cam.png", (ADD, SOURCE))

    assert received(in_a_row(card)) == [
        Shown("Hôm nay HTX có:", (Pressable("Đúng", "q1.1"), Pressable("Sửa", "q1.2"))),
        Shown(
            cards=(
                ShownCard(
                    "Cam sành",
                    "28.000đ/kg · còn 120 kg",
                    "https://htx.example/cam.png",
                    (Pressable("Thêm vào giỏ", ADD.id), Pressable("Xem nguồn gốc", SOURCE.id)),
                ),
            )
        ),
    ]


@pytest.mark.parametrize(("goods", "cards"), [(1, 1), (10, 10), (11, 10), (300, 10)])
def test_a_row_has_at_most_ten_cards(goods: int, cards: int) -> None:
    _, row = received(in_a_row(*(Card(f"Món {n}", "1.000đ/kg") for n in range(1, goods + 1))))

    assert [card.title for card in row.cards] == [f"Món {n}" for n in range(1, cards + 1)]


def test_lines_of_a_card_in_a_row_are_shortened() -> None:
    _, row = received(in_a_row(Card("ă" * 81, "👍" * 41, buttons=(Button("7:order.add:12", "ă" * 21),))))

    assert row.cards == (
        ShownCard("ă" * 79 + "…", "👍" * 39 + "…", buttons=(Pressable("ă" * 19 + "…", "7:order.add:12"),)),
    )


def test_a_picture_that_meta_cannot_fetch_is_left_out_and_a_card_that_is_a_title_alone() -> None:
    _, row = received(
        in_a_row(Card("Cam", image="/pictures/cam.png"), Card("Ổi", "1đ", "http://h/o.png"), Card("Mít", "2đ"))
    )

    assert row.cards == (ShownCard("Ổi", "1đ"), ShownCard("Mít", "2đ"))


@pytest.mark.parametrize("cards", [(), (Card("Cam"),), (Card(" ", "1đ"),)])
def test_a_carousel_without_a_card_is_the_list_that_it_stands_for(cards: tuple[Card, ...]) -> None:
    bubble = in_a_row(*cards)

    assert received(bubble) == received(replace(bubble, carousel=None))


def test_what_a_person_typed_goes_without_a_carousel() -> None:
    bubble = in_a_row(Card("Ổi", "1đ"))

    assert received(bubble, Way.HUMAN) == received(replace(bubble, carousel=None), Way.HUMAN)


def test_quick_replies_move_on_to_the_carousel() -> None:
    long = Carousel("ă" * 641, (Card("Ổi", "1đ"),), THREE)

    lead, row = received(Bubble("Ổi", carousel=long))

    assert (lead.titles, row.titles) == ((), ("Đúng", "Sửa", "Thôi"))


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
    paper=st.booleans(),
)
def test_whatever_a_bubble_holds_the_platform_takes_it(
    text: str, titles: list[str], offset: int, card: tuple[str, str, str], paper: bool
) -> None:
    buttons = tuple(Button(f"q1.{n}", title) for n, title in enumerate(titles, 1))

    bubbles = received(Bubble(text, buttons, offset, *card, receipt=ORDER if paper else None))

    said = "".join("".join(bubble.text.split()) for bubble in bubbles)
    assert "".join(unicodedata.normalize("NFC", text).split()) in said
    assert [bubble.receipt is not None for bubble in bubbles].count(True) == paper
    assert not any(bubble.quick_replies for bubble in bubbles[:-1])


@given(
    text=WORDS,
    cards=st.lists(
        st.builds(
            Card,
            WORDS,
            WORDS,
            st.sampled_from(["", "/static/cam.jpg", "https://htx.example/cam.jpg"]),
            st.lists(st.builds(Button, st.sampled_from(["", "7:order.add:12", "q" * 1001]), SHORT), max_size=5).map(
                tuple
            ),
        ),
        max_size=12,
    ).map(tuple),
    titles=st.lists(SHORT, max_size=5),
)
def test_whatever_a_carousel_holds_the_platform_takes_it(text: str, cards: tuple[Card, ...], titles: list[str]) -> None:
    buttons = tuple(Button(f"q1.{n}", title) for n, title in enumerate(titles, 1))

    bubbles = received(Bubble(text, buttons, carousel=Carousel(text, cards, buttons)))

    said = "".join("".join(bubble.text.split()) for bubble in bubbles)
    assert "".join(unicodedata.normalize("NFC", text).split()) in said
    assert not any(bubble.quick_replies for bubble in bubbles[:-1])


@given(
    st.builds(
        Receipt,
        *[SHORT] * 4,
        st.just(ORDER.at),
        st.lists(st.builds(Bought, WORDS, WORDS, st.integers(0, 10**9)), max_size=5).map(tuple),
        *[st.integers(0, 10**9)] * 3,
    )
)
def test_whatever_a_receipt_holds_the_platform_takes_it(order: Receipt) -> None:
    assert len(received(Bubble("", receipt=order))) <= 1
