"""`xem ảnh`: the goods of today as a row of cards, beside the list that says the same."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from bot.conversation import OpenChoice, Question
from bot.dialogue import Ask
from bot.dialogues.shop import pictures
from bot.effect import Carousel, Say
from bot.event import Text
from bot.house import Action, meaning
from bot.i18n import Voice, words
from bot.ports import Goods
from bot.reply import Bubble, Card
from bot.reply import Carousel as Row
from tests.conftest import NOW
from tests.fakes import FakeShop, FakeTalk

VOICE = Voice("en", "you", "Suối Mây")
CAM = FakeShop().talk("a phone").shelf.on_sale()[0]


@dataclass(frozen=True)
class Shelf:
    """Goods in a row, as many as a test wants."""

    goods: tuple[Goods, ...]

    def on_sale(self) -> tuple[Goods, ...]:
        return self.goods


@dataclass(frozen=True)
class Reading:
    """What `pictures` reads of the ports."""

    shelf: Shelf
    me: Any


def shown(*goods: Goods, start: str = "") -> Say:
    talk: FakeTalk = FakeShop().talk("a phone")
    ports: Any = Reading(Shelf(goods), talk.me)
    state, [said] = pictures(None, Ask("pictures", start), ports)
    assert state is None
    assert isinstance(said, Say)
    return said


def row_of(said: Say) -> Carousel:
    assert said.carousel is not None
    return said.carousel


def many(count: int) -> tuple[Goods, ...]:
    return tuple(replace(CAM, id=n, name=f"Cam {n}", label=f"Cam {n}") for n in range(1, count + 1))


def titles(said: Say) -> list[str]:
    return [card.card.title for card in row_of(said).cards if card.card is not None]


@pytest.mark.parametrize(
    ("count", "start", "first", "last", "more"),
    [
        (1, "", 1, 1, []),
        (10, "", 1, 10, []),
        (11, "", 1, 10, [("shop.pictures", "10", "See 1 more")]),
        (11, "10", 11, 11, []),
        (300, "", 1, 10, [("shop.pictures", "10", "See 10 more")]),
        (300, "280", 281, 290, [("shop.pictures", "290", "See 10 more")]),
        (300, "290", 291, 300, []),
        (11, "11", 1, 10, [("shop.pictures", "10", "See 1 more")]),
    ],
)
def test_ten_goods_stand_in_a_row_and_a_button_goes_on(
    count: int, start: str, first: int, last: int, more: list[tuple[str, str, str]]
) -> None:
    said = shown(*many(count), start=start)

    assert titles(said) == [f"Cam {n}" for n in range(first, last + 1)]
    assert [(one.key, one.arg, words(one.title, VOICE)) for one in row_of(said).lead.choices] == [
        *more,
        ("order.show", "", "My cart"),
        ("person.call", "", "Talk to a person"),
    ]


def test_the_list_beside_it_is_the_one_that_is_always_told_and_its_numbers_count_the_first_cards() -> None:
    said = shown(*many(11))

    assert [(item.key, item.arg) for item in said.items] == [("shop.show", str(n)) for n in range(1, 5)]
    assert [(one.key, one.arg) for one in said.choices] == [
        ("shop.browse", "4"),
        ("order.show", ""),
        ("person.call", ""),
    ]
    assert titles(said)[:4] == [words(item.title, VOICE) for item in said.items]


def test_a_card_has_its_price_what_is_left_its_picture_and_buttons_that_work_at_any_time() -> None:
    [card] = row_of(shown(CAM)).cards

    assert card.card is not None
    assert (card.card.title, card.card.image) == (CAM.name, CAM.image)
    assert words(card.card.subtitle, VOICE) == f"28,000₫/{CAM.unit} · 120 {CAM.unit} left"
    assert [(one.key, one.arg) for one in card.choices] == [("order.add", str(CAM.id)), ("trace.scan", CAM.code)]


def test_goods_without_a_lot_or_sold_out_lack_the_button_for_it() -> None:
    said = shown(replace(CAM, code="", image=""), replace(CAM, left=Decimal(0)))

    assert [[one.key for one in card.choices] for card in row_of(said).cards] == [["order.add"], ["trace.scan"]]
    assert [card.card.image for card in row_of(said).cards if card.card] == ["", CAM.image]


def test_where_nothing_is_on_sale_there_is_no_row() -> None:
    said = shown()

    assert said.carousel is None
    assert [one.key for one in said.choices] == ["person.call"]


OPEN = Question(7, Bubble("Sell how much?"), (OpenChoice("yes", "", "Xem lại"),), "number", True, NOW, NOW)


@pytest.mark.parametrize("typed", ["xem ảnh", "XEM ANH", "xem hinh", "cho xem ảnh", "Hình ảnh", "pictures", "Photos!"])
@pytest.mark.parametrize("question", [None, OPEN, replace(OPEN, expects="words", weighty=False)])
def test_whoever_asks_for_pictures_means_the_goods_whatever_is_open(typed: str, question: Question | None) -> None:
    assert meaning(Text(typed), question, counts=True) == Action("shop.pictures", "")


@pytest.mark.parametrize("typed", ["xem anh Hùng", "ảnh", "xem ảnh cam"])
def test_longer_words_may_mean_something_else(typed: str) -> None:
    assert meaning(Text(typed), None, counts=True) != Action("shop.pictures", "")


def test_a_reply_that_the_version_before_kept_can_be_read() -> None:
    kept = b"""{"text":"a","buttons":[{"id":"7:yes:","title":"b"}],"offset":1,"card_title":"c","card_subtitle":"d",
    "image":"/e","notice":null,"receipt":null}"""

    assert msgspec.json.decode(kept, type=Bubble).carousel is None


def test_a_carousel_is_kept_whole() -> None:
    bubble = Bubble("1. a", carousel=Row("a:", (Card("a", "1đ", "/a.png"),)))

    assert msgspec.json.decode(msgspec.json.encode(bubble), type=Bubble) == bubble


def test_a_line_in_front_stands_above_the_row_as_above_the_list() -> None:
    bubble = Bubble("1. a", carousel=Row("a:", (Card("a"),)))

    assert bubble.after("Hello!") == Bubble("Hello!\n1. a", carousel=Row("Hello!\na:", (Card("a"),)))


def test_a_platform_is_given_whole_addresses_of_the_pictures_that_there_are() -> None:
    row = Row("a:", (Card("a", "1đ", "/a.png"), Card("b", "2đ")))

    assert row.pictured_at("https://htx.example").cards == (
        Card("a", "1đ", "https://htx.example/a.png"),
        Card("b", "2đ"),
    )
