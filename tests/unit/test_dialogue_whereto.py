"""Addresses: kept as typed, said back with the place of today, and never in the way of an order."""

import pytest

from bot.dialogue import Turn
from bot.dialogues.buying import Addressing, AnyState, CheckingAddress, Naming, Reviewing
from bot.dialogues.cart import Line
from bot.dialogues.order import order
from bot.dialogues.whereto import Named, check, moves, named_in, names_commune, offers, with_place
from bot.effect import Remember, Say
from bot.event import Pick, Text
from bot.i18n import words
from catalog.acts import Command
from catalog.acts.person import ContactKept, GiveConsent, SaveContact
from tests.fakes import FakeShop, FakeTalk
from tests.unit.producer import buttons, voice

DICH_VONG = "số 5 phường Dịch Vọng, quận Cầu Giấy, hn"


def at_the_till() -> tuple[FakeTalk, tuple[Line, ...]]:
    """She has agreed; there is a kilo of oranges in her cart."""
    talk = FakeShop().talk("her phone")
    talk.do(GiveConsent("order", "1"))
    goods = talk.shelf.search("cam")[0].goods
    return talk, (Line(goods.id, goods.step, goods.price_vnd, "", talk.now),)


def said(turn: Turn[AnyState | None], talk: FakeTalk) -> str:
    return "\n".join(words(effect, voice(talk)) for effect in turn[1] if isinstance(effect, Say))


def saved(turn: Turn[AnyState | None]) -> list[Command]:
    return [effect for effect in turn[1] if isinstance(effect, Command)]


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("số 7 Bà Triệu, phường Cửa Nam, Hà Nội", "Đúng không ạ?"),
        ("so 7 Ba Trieu, p. cua nam, hn", "Đúng không ạ?"),
        ("12 Lê Lợi, Hà Nội", "Đúng không ạ?"),
        ("số 7 Bà Triệu, Cửa Nam, Hà Nội", "Tức là phường Cửa Nam, Hà Nội. Đúng không ạ?"),
        ("xóm Mít, xã Đà Bắc, Hòa Bình", "Tức là xã Đà Bắc, Phú Thọ (Hòa Bình nay là Phú Thọ). Đúng không ạ?"),
        ("xóm 3, tỉnh Hòa Bình", "Hòa Bình nay là Phú Thọ. Đúng không ạ?"),
        ("12 Lê Lợi", "Em chưa rõ phường/xã, tỉnh nào. Giữ như đã gõ ạ?"),
        ("12 ngo 5 canh nha van hoa", "Em chưa rõ phường/xã, tỉnh nào. Giữ như đã gõ ạ?"),
        (DICH_VONG, "Nay là nơi nào ạ?\n1. phường Cầu Giấy, Hà Nội\n2. phường Nghĩa Đô, Hà Nội"),
    ],
)
def test_an_address_is_said_back_with_the_place_of_today(address: str, told: str) -> None:
    talk = FakeShop().talk("her phone")
    assert words(check(address), voice(talk)) == f"📍 {address}\n{told}"


@pytest.mark.parametrize(
    "address",
    [
        *(
            "x" * 3000,
            "xã " * 400,
            "1" * 500,
            "👍🏠",
            "\u202e số 7 \u0301\u0301",
            "Ð" * 300,
            ",,,,;;;;",
            "ɑ" * 90 + " xã",
        ),
        *("thôn 3 xã tân lập " * 20, "phường " + "á" * 280, "nha em nha em " * 40 + "số 7 xã Đà Bắc"),
    ],
)
def test_whatever_she_types_fits_a_bubble_and_may_be_kept(address: str) -> None:
    talk = FakeShop().talk("her phone")
    asked = check(address)
    assert len(words(asked, voice(talk))) <= 300
    assert [choice.key for choice in asked.choices] == ["yes", "no"]
    assert len(offers(address)) <= 3
    named_in(address)


def test_a_chosen_place_is_written_behind_her_own_words() -> None:
    talk, cart = at_the_till()
    at = CheckingAddress("d1", cart, DICH_VONG)
    assert buttons(check(DICH_VONG), talk) == ["Giữ như đã gõ", "Gõ lại"]
    assert saved(order.take(at, Pick("yes"), talk)) == [SaveContact(address=DICH_VONG)]
    behind = f"{DICH_VONG} (phường Nghĩa Đô, Hà Nội)"
    assert saved(order.take(at, Pick("place", "1"), talk)) == [SaveContact(address=behind)]
    added = order.take(at, Text("phường Yên Hòa, Hà Nội"), talk)
    assert (added[0], saved(added)) == (CheckingAddress("d1", cart, f"{DICH_VONG}, phường Yên Hòa, Hà Nội"), [])
    assert order.take(at, Pick("no"), talk)[0] == Addressing("d1", cart)
    assert with_place(DICH_VONG, "7") == with_place(DICH_VONG, "x") == DICH_VONG
    assert len(with_place(DICH_VONG + "y" * 400, "0")) <= 300


def test_another_address_goes_over_the_one_that_was_read_back() -> None:
    talk, cart = at_the_till()
    state, effects = order.take(CheckingAddress("d1", cart, DICH_VONG), Text("à nhầm số 9 Lê Lợi, Hà Nội"), talk)
    assert state == CheckingAddress("d1", cart, "à nhầm số 9 Lê Lợi, Hà Nội")
    assert not any(isinstance(effect, Command) for effect in effects)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("giao số 7 Bà Triệu, Cửa Nam, Hà Nội, 0977001122", Named("số 7 Bà Triệu, Cửa Nam, Hà Nội", " , , 0977001122")),
        ("Lan, ship về số 7 xã Đà Bắc, Hòa Bình", Named("số 7 xã Đà Bắc, Hòa Bình", "Lan,  , ")),
        ("Hằng 0912 345 678", None),
        ("", None),
    ],
)
def test_the_address_is_taken_out_of_a_longer_message(typed: str, found: Named | None) -> None:
    assert named_in(typed) == found


def test_address_name_and_phone_come_in_any_order_and_nothing_is_kept_before_it_is_read_back() -> None:
    talk, cart = at_the_till()
    turn = order.take(Naming("d1", cart), Text("giao số 7 Bà Triệu, Cửa Nam, Hà Nội, 0977001122"), talk)
    assert turn[0] == Naming("d1", cart, "", "0977001122", "số 7 Bà Triệu, Cửa Nam, Hà Nội")
    assert saved(turn) == []
    turn = order.take(turn[0], Text("Lan"), talk)
    assert saved(turn) == [SaveContact("Lan", "0977001122", given_name="Lan", you="chị")]
    state, effects = order.take(turn[0], ContactKept(1), talk)
    assert state == CheckingAddress("d1", cart, "số 7 Bà Triệu, Cửa Nam, Hà Nội")
    assert saved((state, effects)) == []
    only = order.take(Naming("d1", cart), Text("về số 7 Bà Triệu, phường Cửa Nam, Hà Nội nha"), talk)
    assert only[0] == Naming("d1", cart, address="số 7 Bà Triệu, phường Cửa Nam, Hà Nội")
    assert said(only, talk) == "Em ghi địa chỉ rồi ạ. Cho em tên và số điện thoại nhận hàng ạ?"


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        (["anh Hằng 0912345678"], "anh"),
        (["bác Tư", "0912345678"], "bác"),
        (["0912345678", "chú Minh"], "chú"),
        (["Hằng 0912345678"], "chị"),
        (["Nam Giang 0912345678"], ""),
    ],
)
def test_she_is_addressed_as_she_put_it_herself(typed: list[str], title: str) -> None:
    talk, cart = at_the_till()
    turn: Turn[AnyState | None] = Naming("d1", cart), []
    for text in typed:
        turn = order.take(turn[0], Text(text), talk)
    assert [effect.you for effect in saved(turn) if isinstance(effect, SaveContact)] == [title]
    assert [effect.value for effect in turn[1] if isinstance(effect, Remember)] == [title] * bool(title)


def test_an_order_that_is_read_back_may_go_elsewhere() -> None:
    talk, cart = at_the_till()
    talk.do(SaveContact("Lan", "0977001122", "số 7 xã Đà Bắc, Hòa Bình"))
    at = Reviewing("d1", cart, "delivery", 30_000)
    assert order.take(at, Text("đổi địa chỉ giúp chị"), talk)[0] == Addressing("d1", cart)
    state, effects = order.take(at, Text("đổi địa chỉ sang số 9 Lê Lợi, Hà Nội"), talk)
    assert state == CheckingAddress("d1", cart, "số 9 Lê Lợi, Hà Nội")
    assert saved((state, effects)) == []


def test_a_place_is_read_from_a_short_answer_and_a_wish_to_move_from_a_sentence() -> None:
    assert names_commune("phường Yên Hòa, Hà Nội")
    assert not names_commune("ừ")
    assert not names_commune("Hà Nội")
    assert moves("sửa địa chỉ nha em")
    assert not moves("2 kg cam")
