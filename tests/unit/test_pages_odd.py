"""What the page behind a stamp says where something is odd about it, and of goods that are not sold on this site."""

import re
from dataclasses import replace
from datetime import date

import pytest

from bot.i18n import sentence
from bot.ports import Oddity
from handlers.pages.telling import ADVICE
from handlers.pages.views import Passport
from tests.channels.web_pages import client_of, page_of, rows_of, words_of
from tests.channels.web_shop import Shelf
from tests.channels.web_stamps import FULL, in_state

PATH = "/t/483920176504"
COUNTED = "⚠ 14 people have looked at this stamp within 5 days, since 16/11/2026."
RIGHT = "The code is right, it is in the co-op's book."


def in_english(passport: Passport) -> str:
    return words_of(page_of(passport))


def in_vietnamese(passport: Passport) -> str:
    return words_of(page_of(passport, "", sentence))


def odd(state: str, sign: str = "many") -> Passport:
    return in_state(state, kind="unit", odd=Oddity(sign, 14, 5, date(2026, 11, 16)))


def with_signs(passport: Passport) -> str:
    return words_of(re.sub(r'<img class="emo"[^>]*alt="([^"]*)"[^>]*>', r"\1", page_of(passport)))


@pytest.mark.parametrize("sign", ["many", "early", "sold", "used", "expired"])
def test_what_is_odd_is_said_carefully_before_anything_else(sign: str) -> None:
    assert with_signs(odd("active", sign)).startswith(f"{COUNTED} {ADVICE[sign].msgid} {RIGHT} Cam")


@pytest.mark.parametrize(
    ("state", "then"),
    [
        ("active", f"{RIGHT} Cam"),
        ("sold", f"{RIGHT} This package has been sold. Cam"),
        ("used", f"{RIGHT} This package is in the book as used up. Cam"),
        ("draft", f"⚠ {RIGHT} This lot is not on sale yet. Cam"),
        ("printed", "⚠ This stamp is printed, but not activated yet."),
    ],
)
def test_after_the_warning_comes_the_state_without_a_green_sign(state: str, then: str) -> None:
    assert with_signs(odd(state)).startswith(f"{COUNTED} {ADVICE['many'].msgid} {then}")
    assert "good-state" not in page_of(odd(state))


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("recalled", "⛔ THIS LOT IS BEING RECALLED. Please do not eat it."),
        ("void", "⚠ This stamp is not valid any more."),
        ("expired", "⚠ This lot is past its date."),
    ],
)
def test_what_is_worse_than_odd_is_said_before_it(state: str, said: str) -> None:
    words = with_signs(odd(state))
    assert words.startswith(said)
    assert words.index(said) < words.index(COUNTED) < words.index("Cam sành")


def test_what_may_be_a_copy_is_neither_priced_nor_offered() -> None:
    words = in_english(odd("active"))
    assert re.findall(r"28[.,]000|[Oo]rder|Price today|This price|on normal sale", words) == []
    assert "Ask the co-op in the chat" in words
    assert "Hỏi HTX trong khung chat" in in_vietnamese(odd("active"))


def test_the_co_op_can_be_called_where_something_has_to_be_asked() -> None:
    odd = in_state("active", odd=Oddity("many", 14, 5, date(2026, 11, 16)))
    assert "Call 0218 3555 017" in in_english(odd)
    assert "Call 0218 3555 017" not in in_english(FULL)


def test_one_day_is_not_counted_in_days() -> None:
    words = in_vietnamese(in_state("active", odd=Oddity("sold", 7, 1, date(2026, 11, 20))))
    assert "Từ ngày 20/11/2026 đã có 7 người xem tem này. Theo sổ, gói hàng này đã bán trước đó." in words
    assert "Người trong nhà xem lại nhiều lần là chuyện thường." in words


def test_a_sign_that_the_page_does_not_know_is_only_counted() -> None:
    words = in_english(in_state("active", odd=Oddity("new", 14, 5, date(2026, 11, 16))))
    assert words.startswith(f"14 people have looked at this stamp within 5 days, since 16/11/2026. {RIGHT} Cam")


# Goods of another house


def test_goods_of_another_house_are_not_offered_here() -> None:
    words = in_english(in_state("active", here=False))
    assert "order" not in words
    assert "Ask the co-op in the chat" in words
    assert "Call 0218 3555 017" in words


@pytest.mark.parametrize(
    ("seller", "said"),
    [
        ({"clerk": "anh Tú", "clerk_phone": "0987 000 111"}, "Complaints: call anh Tú, 0987 000 111."),
        ({"clerk": "anh Tú", "clerk_phone": ""}, "Complaints: call HTX Suối Mây, 0218 3555 017."),
        ({"clerk": "", "clerk_phone": "0987 000 111"}, "Complaints: call HTX Suối Mây, 0987 000 111."),
        ({"clerk": "anh Tú", "clerk_phone": "", "phone": ""}, "no data yet"),
    ],
)
def test_complaints_about_goods_of_another_house_go_there(seller: dict[str, str], said: str) -> None:
    passport = in_state("active", replace(FULL, seller=replace(FULL.seller, **seller)), here=False)
    client = client_of(Shelf(True, passport))
    machines = client.get(f"{PATH}/passport.json?lang=en").json
    assert rows_of(client.get(f"{PATH}?lang=en").text)["complaints"] == f"Complaints {said}"
    assert machines["seller"]["complaints"] == (None if said == "no data yet" else said)
    assert ("complaints" in machines["missing"]) == (said == "no data yet")
