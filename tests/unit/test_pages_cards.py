"""What other places draw of a stamp's page, and that hostile words in the book stay words."""

import re
from dataclasses import fields, replace
from datetime import date
from typing import Any

import pytest

from bot.i18n import sentence
from bot.ports import Goods, Oddity, Stamp
from handlers.pages.views import Passport, Seller
from tests.channels.web_pages import client_of, metas_of, page_of
from tests.channels.web_shop import Shelf
from tests.channels.web_stamps import FULL, ORANGES, in_state

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>=1+1%(x)s{{7*7}}"


def test_a_card_of_the_page_has_all_that_it_needs() -> None:
    html = page_of(FULL, "", sentence)
    metas = metas_of(html)
    assert {name: metas[name] for name in metas if name.startswith(("og:", "description", "robots"))} == {
        "description": "Mã đúng, có trong sổ HTX. Mã 4839 2017 6504, thu hoạch hoặc đóng gói ngày 18/11/2026.",
        "og:type": "website",
        "og:site_name": "HTX Suối Mây",
        "og:title": "Cam sành loại 1 của bà Bùi Thị Mến",
        "og:description": "Mã đúng, có trong sổ HTX. Mã 4839 2017 6504, thu hoạch hoặc đóng gói ngày 18/11/2026.",
        "og:url": "https://suoimay.vn/t/483920176504",
        "og:locale": "vi_VN",
        "og:locale:alternate": "en_US",
        "og:image": "https://suoimay.vn/pictures/cam-sanh.png",
        "og:image:type": "image/png",
        "og:image:width": "640",
        "og:image:height": "335",
        "og:image:alt": "Cam sành loại 1",
    }
    assert "<title>Cam sành loại 1 của bà Bùi Thị Mến · 4839 2017 6504</title>" in html
    assert re.findall(r'<link rel="(canonical|alternate)"(?: hreflang="([^"]+)")? href="([^"]+)">', html) == [
        ("canonical", "", "https://suoimay.vn/t/483920176504"),
        ("alternate", "vi", "https://suoimay.vn/t/483920176504"),
        ("alternate", "en", "https://suoimay.vn/t/483920176504?lang=en"),
        ("alternate", "x-default", "https://suoimay.vn/t/483920176504"),
    ]


def test_a_card_in_english_leads_to_the_english_page() -> None:
    metas = metas_of(page_of(FULL))
    assert (metas["og:url"], metas["og:locale"]) == ("https://suoimay.vn/t/483920176504?lang=en", "en_US")


def test_a_card_of_what_is_recalled_or_void_sells_nothing() -> None:
    recalled, void = metas_of(page_of(in_state("recalled"))), metas_of(page_of(in_state("void")))
    assert recalled["og:title"] == "BEING RECALLED: Cam sành loại 1"
    assert void["og:title"] == "Stamp 4839 2017 6504"
    assert void["og:image"] == "https://suoimay.vn/pictures/cho-phien.png"


def test_a_card_of_what_may_be_a_copy_says_so() -> None:
    card = metas_of(page_of(in_state("active", odd=Oddity("many", 14, 5, date(2026, 11, 16)))))
    assert card["og:description"] == (
        "14 people have looked at this stamp within 5 days, since 16/11/2026. Code 4839 2017 6504, harvested or packed "
        "on 18/11/2026."
    )


def test_without_a_public_address_there_is_no_card_with_a_wrong_one() -> None:
    html = client_of(Shelf(), public_url="").get(f"/t/{ORANGES.code}").text
    assert re.findall("og:|canonical|hreflang=.x-default", html) == []


@pytest.mark.parametrize(
    ("passport", "found"),
    [(FULL, True), (in_state("recalled"), True), (in_state("active", kind="unit"), False), (in_state("void"), False)],
)
def test_search_engines_are_to_find_lots_but_no_single_package(passport: Passport, found: bool) -> None:
    assert ("noindex" not in page_of(passport)) == found


def hostile(of: Any) -> Any:
    """The same, with hostile words in every field that holds words."""
    bad = {field.name: HOSTILE for field in fields(of) if isinstance(getattr(of, field.name), str)}
    return replace(
        of, **{name: words for name, words in bad.items() if name not in ("code", "state", "who", "channel")}
    )


@pytest.mark.parametrize("state", ["active", "recalled", "void", "printed", "sold"])
@pytest.mark.parametrize("query", ["", "?lang=en"])
def test_markup_in_any_field_stays_words(state: str, query: str) -> None:
    goods: Goods = hostile(ORANGES.goods)
    stamp: Stamp = replace(hostile(ORANGES), goods=goods, state=state, certificates=(), diary=())
    seller: Seller = hostile(FULL.seller)
    passport: Passport = replace(
        hostile(FULL),
        stamp=stamp,
        seller=seller,
        place=hostile(FULL.place),
        stages=tuple(map(hostile, FULL.stages)),
        papers=tuple(map(hostile, FULL.papers)),
        stars=hostile(FULL.stars),
        declared=(HOSTILE,),
        doors=hostile(FULL.doors),
        asks_pin=True,
    )
    html = page_of(passport, query, sentence)
    assert re.findall(r"<script(?! src=./assets/)|<img src=x|\sonerror=[^&]*>|49", html) == []
    if state == "active":
        assert html.count("&lt;script&gt;") > 25
    tags = re.findall(r"<[^>]*>", html)
    assert [tag for tag in tags if re.search(r"\son\w+=", re.sub(r'"[^"]*"', "", tag))] == []
