"""Words that name no goods: what they point at, and what is no pointing."""

from dataclasses import replace
from decimal import Decimal

import pytest

from bot.dialogue import Ask
from bot.dialogues.buying import Basket, HowMuch, Which
from bot.dialogues.cart import Line
from bot.dialogues.choosing import named_of, pointed
from bot.dialogues.pointing import Pointed, among, read_pointing, typed_amount
from bot.effect import Hint
from tests.fakes import FakeShop


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("cái đó", Pointed("that")),
        ("lay cai nay nhe em", Pointed("that")),
        ("lấy 2 ký", Pointed("that", Decimal(2), "kg")),
        ("hai chai", Pointed("that", Decimal(2), "chai")),
        ("loại rẻ hơn", Pointed("cheaper")),
        ("cho chị cái rẻ nhất nhé", Pointed("cheaper")),
        ("2 chai loai re hon", Pointed("cheaper", Decimal(2), "chai")),
        ("lấy 3 gói loại mắc hơn", Pointed("dearer", Decimal(3), "gói")),
        ("loại kia", Pointed("other")),
        ("cái còn lại", Pointed("other")),
        ("lấy cả hai", Pointed("all")),
        ("ca 2 nha em", Pointed("all")),
        ("như lần trước", Pointed("again")),
        ("đặt lại y như hôm trước", Pointed("again")),
    ],
)
def test_a_message_that_only_points_is_read(words: str, meant: Pointed) -> None:
    assert read_pointing(words) == meant


@pytest.mark.parametrize(
    "words",
    [
        *("cái đó có ngọt không", "đừng lấy cái đó", "không lấy cái đó", "loại rẻ hơn được không", "bớt rẻ hơn đi"),
        *(
            "cho chị hỏi giá",
            "giao như lần trước",
            "2-3 kg",
            "2 kg 3 chai",
            "rẻ quá",
            "",
            "👍",
            "cam loại 1",
            "đắt hơn",
        ),
        *("\u202ecái đó\u0301\u0301 giá?", "loại rẻ hơn " * 300, "9" * 2000, "ｃáｉ", "\ud800 cái đó là gì"),
    ],
)
def test_what_says_more_or_less_than_that_points_at_nothing(words: str) -> None:
    assert read_pointing(words) is None


def test_prices_are_compared_only_between_goods_of_one_unit() -> None:
    talk = FakeShop().talk("v1")
    honey, oranges = talk.shelf.search("mật ong")[0].goods, talk.shelf.search("cam sành")[0].goods
    cheap = replace(honey, id=901, price_vnd=honey.price_vnd - 1)
    same = replace(cheap, id=902)
    assert among("cheaper", [honey, cheap]) == [cheap]
    assert among("dearer", [honey, cheap]) == [honey]
    assert among("cheaper", [honey, cheap, same]) == [cheap, same]
    assert among("cheaper", [honey, oranges]) == [honey, oranges]
    assert among("other", [honey, cheap], honey.id) == [cheap]
    assert among("other", [honey, cheap]) == [honey, cheap]
    assert among("other", [honey]) == []


def test_what_was_shown_goes_into_the_cart_and_nothing_else() -> None:
    talk = FakeShop().talk("v1")
    honey, oranges = talk.shelf.search("mật ong")[0].goods, talk.shelf.search("cam sành")[0].goods

    def told(words: str, *shown: int) -> object:
        state, effects = pointed(None, Ask("pointed", words=words, slots={"shown": list(shown), "code": ""}), talk)
        return Hint if any(isinstance(effect, Hint) for effect in effects) else state

    assert told("lấy 2 chai", honey.id) == Basket(
        talk.fresh_id, (Line(honey.id, Decimal(2), honey.price_vnd, "", talk.now),)
    )
    assert told("cái đó", honey.id) == HowMuch(talk.fresh_id, (), honey.id)
    assert told("cái đó", honey.id, oranges.id) == Which(talk.fresh_id, (), (honey.id, oranges.id), Decimal(0), "")
    assert told("5", honey.id, oranges.id) is Hint
    assert told("lấy 2 chai") is Hint
    assert told("cái đó có ngọt không", honey.id) is Hint
    assert told("chai kia", honey.id) is Hint


def test_an_amount_after_a_scan_is_ordered_from_that_lot() -> None:
    talk = FakeShop().talk("v1")
    talk.lot_in_view = "483920176504"
    oranges = talk.shelf.search("cam sành")[0].goods
    state, _ = pointed(None, Ask("pointed", words="lấy 2 ký", slots={"shown": [], "code": ""}), talk)
    assert state == Basket(talk.fresh_id, (Line(oranges.id, Decimal(2), oranges.price_vnd, "483920176504", talk.now),))
    talk.lot_in_view = "609735841277"  # recalled
    state, effects = pointed(None, Ask("pointed", words="lấy 2 gói", slots={"shown": [], "code": ""}), talk)
    assert state is None
    assert [type(effect) for effect in effects] == [Hint]


def test_a_name_answers_which_one_only_if_it_is_one_of_them() -> None:
    talk = FakeShop().talk("v1")
    honey, oranges = talk.shelf.search("mật ong")[0].goods, talk.shelf.search("cam sành")[0].goods
    at = Which("d1", (), (honey.id, oranges.id), Decimal(1), "")
    answered = named_of("cái mật ong nhé", at, talk)
    assert answered is not None
    assert answered[0] == Basket("d1", (Line(honey.id, Decimal(1), honey.price_vnd, "", talk.now),))
    assert named_of("miến dong", at, talk) is None
    assert named_of("nhé", at, talk) is None


def test_an_amount_is_quoted_only_where_it_was_typed_in_another_unit() -> None:
    assert typed_amount("nhà có 99999 tấn cam", Decimal(99_999_000)) == "99999 tấn"
    assert typed_amount("999999 kg", Decimal(999_999)) == ""
    assert typed_amount("", Decimal(5)) == ""
