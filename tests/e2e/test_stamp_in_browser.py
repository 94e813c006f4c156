"""The page behind a stamp as a person uses it: Chromium at phone size, with JavaScript and without."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from bot.ports import Oddity
from handlers.pages.pictures import pictures
from handlers.pages.views import Passport
from tests.channels.web_shop import Shelf, Shop
from tests.channels.web_stamps import FULL, ORANGES, bare, in_state
from tests.e2e.test_page_in_browser import CHROMIUM, FLAGS

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="NO CHROMIUM HERE: the page was not tried in a browser"),
]

CODE = "483920176504"
LONG = "Miến dong Suối Mây sợi dai không chất bảo quản " * 4 + "Miếndongsuốimâysợidai" * 2
STATES = {
    "on sale, with a PIN": replace(FULL, asks_pin=True),
    "nothing known": bare(ORANGES),
    "recalled": in_state("recalled", recall_reason="bao gói hở", recall_advice="Anh/chị giữ lại gói."),
    "void": in_state("void"),
    "odd": in_state("active", kind="unit", odd=Oddity("many", 14, 5, date(2026, 11, 16))),
    "long names": replace(
        in_state("active", goods=replace(ORANGES.goods, name=LONG), producer=LONG, number="SM-261118-01-ABCDEFG"),
        brand="M" * 200,
        seller=replace(FULL.seller, policy="https://example.vn/" + "x" * 180),
    ),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    """A phone, 360 points wide. Any error on the page fails the test."""
    context = browser.new_context(viewport={"width": 360, "height": 720}, device_scale_factor=2)
    context.set_default_timeout(15_000)
    errors: list[str] = []
    context.on("weberror", lambda failed: errors.append(str(failed.error)))
    yield context
    context.close()
    assert errors == []


@pytest.fixture
def shop(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Shop]:
    passport: Passport = getattr(request, "param", STATES["on sale, with a PIN"])
    shop = Shop(tmp_path, shelf=Shelf(True, passport, pins={CODE: "274018"}))
    shop.app.register_blueprint(pictures())
    yield shop
    shop.database.close()


@pytest.fixture
def home(shop: Shop) -> Iterator[str]:
    with shop.served() as home:
        yield home


def open_stamp(phone: BrowserContext, home: str) -> Page:
    page = phone.new_page()
    page.goto(f"{home}/t/{CODE}")
    return page


@pytest.mark.parametrize("shop", STATES.values(), ids=STATES, indirect=True)
def test_everything_fits_a_phone_and_is_large_enough_to_read_and_to_tap(home: str, phone: BrowserContext) -> None:
    page = open_stamp(phone, home)
    small = page.evaluate(
        """() => Array.from(document.querySelectorAll(".button, input, .langs a"))
            .filter(e => e.offsetParent && e.getBoundingClientRect().height < 44).map(e => e.outerHTML)"""
    )
    tiny = page.evaluate(
        """() => Array.from(document.querySelectorAll("body *")).filter(e => e.offsetParent && e.innerText)
            .filter(e => parseFloat(getComputedStyle(e).fontSize) < 17).map(e => e.outerHTML)"""
    )
    outside = page.evaluate(
        """() => Array.from(document.querySelectorAll("main *")).filter(e => e.offsetParent)
            .filter(e => e.getBoundingClientRect().right > 360.5).map(e => e.outerHTML)"""
    )
    assert (small, tiny, outside, page.evaluate("document.documentElement.scrollWidth")) == ([], [], [], 360)


def test_the_state_the_name_and_the_way_to_order_are_seen_without_much_scrolling(
    home: str, phone: BrowserContext
) -> None:
    page = open_stamp(phone, home)
    tops = [page.locator(what).first.bounding_box() for what in (".state", "h1", ".price-line", ".doors .button")]
    assert [box is not None and box["y"] < 720 for box in tops] == [True] * 4


def test_the_picture_and_the_map_are_drawn_in_the_room_that_was_kept_for_them(home: str, phone: BrowserContext) -> None:
    page = open_stamp(phone, home)
    rows = page.locator("#row-policy")
    before = page.evaluate("document.documentElement.scrollHeight")
    rows.scroll_into_view_if_needed()
    page.locator(".map img").scroll_into_view_if_needed()
    page.wait_for_function("Array.from(document.images).every(i => i.complete && i.naturalWidth > 0)")
    assert page.evaluate("document.documentElement.scrollHeight") == before


def test_the_button_copies_the_code(home: str, browser: Browser) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = open_stamp(context, home)
    page.get_by_role("button", name="Chép mã").click()
    expect(page.locator("#copy-said")).to_have_text("Đã chép mã")
    assert page.evaluate("navigator.clipboard.readText()") == "4839 2017 6504"
    context.close()


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ("Object.defineProperty(navigator, 'clipboard', {value: undefined})", "Đã chép mã"),
        (
            "Object.defineProperty(navigator, 'clipboard', {value: {writeText: () => Promise.reject(Error('no'))}})",
            "Đã chép mã",
        ),
        (
            "Object.defineProperty(navigator, 'clipboard', {value: undefined}); document.execCommand = () => false",
            "Nhấn giữ dãy số để chép",
        ),
    ],
)
def test_where_an_app_forbids_the_clipboard_the_digits_are_marked(
    home: str, phone: BrowserContext, before: str, said: str
) -> None:
    phone.add_init_script(before)
    page = open_stamp(phone, home)
    page.get_by_role("button", name="Chép mã").click()
    expect(page.locator("#copy-said")).to_have_text(said)
    assert page.evaluate("String(getSelection())") == "4839 2017 6504"


def test_without_javascript_all_of_it_works(home: str, browser: Browser, shop: Shop) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 720}, java_script_enabled=False)
    page = open_stamp(context, home)
    expect(page.locator(".state")).to_contain_text("Mã đúng, có trong sổ HTX.")
    expect(page.locator("#code-digits")).to_be_visible()
    expect(page.locator("#copy")).to_be_hidden()

    page.locator("#pin").fill("000000")
    page.get_by_role("button", name="Kiểm tra").click()
    expect(page.get_by_role("status").first).to_contain_text("Mã PIN chưa đúng.")
    page.locator("#pin").fill("274018")
    page.get_by_role("button", name="Kiểm tra").click()
    expect(page.get_by_role("status").first).to_contain_text("Mã PIN đúng, và đây là lần kiểm tra đầu tiên.")

    page.get_by_role("link", name="EN", exact=True).click()
    expect(page).to_have_url(f"{home}/t/{CODE}?lang=en")
    expect(page.locator(".state")).to_contain_text("The code is right")
    context.close()


def test_a_page_of_a_wide_screen_is_no_wider_than_one_reads(home: str, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 1000, "height": 800})
    page.goto(f"{home}/t/{CODE}")
    box = page.locator("article").bounding_box()
    assert box is not None
    assert (box["width"] <= 720, page.evaluate("document.documentElement.scrollWidth")) == (True, 1000)
    page.close()
