"""The page as a person uses it: Chromium at phone size, a real server, and a worker that answers everything."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from bot.event import Event, Referral, Start, Tap, Text
from bot.reply import Bubble, Button
from tests.channels.web_shop import Shop

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="NO CHROMIUM HERE: the page was not tried in a browser"),
]


def answer(sender: str, event: Event) -> list[Bubble]:
    role = "Nhà vườn" if sender.endswith(".p") else "Khách"
    match event:
        case Start():
            return [Bubble(f"Chào {role}!", (Button("goods", "Xem hàng"),))]
        case Tap("goods", title):
            return [Bubble(f"{title}:\n1. 🍊 Cam sành\n2. 🍯 Mật ong", (Button("more", "Xem thêm"),))]
        case Referral(ref):
            return [Bubble(f"Mã {ref}")]
        case Text(words):
            return [Bubble(f"{role} nói: {words}", (Button("yes", "Đúng"), Button("no", "Sửa")))]
        case _:
            return [Bubble(f"{role}: {event}")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    yield shop
    shop.database.close()


@pytest.fixture
def home(shop: Shop) -> Iterator[str]:
    with shop.served() as home, shop.answering(answer):
        yield home


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


def open_chat(phone: BrowserContext, address: str) -> Page:
    page = phone.new_page()
    page.goto(address)
    return page


def say(page: Page, words: str) -> None:
    page.locator("#words").fill(words)
    page.keyboard.press("Enter")


def bubbles(page: Page) -> list[str]:
    """What was said by either side, without the names that only screen readers get."""
    return [" ".join(text.split()) for text in page.locator(".bubble p, .bubble li span:last-child").all_inner_texts()]


def test_she_writes_reads_the_answer_and_taps(home: str, phone: BrowserContext, shop: Shop, tmp_path: Path) -> None:
    page = open_chat(phone, home)
    log = page.get_by_role("log")
    page.get_by_role("button", name="Xem hàng").click()
    expect(log.get_by_role("listitem")).to_have_count(2)
    say(page, "2kg cam")
    expect(log).to_contain_text("Khách nói: 2kg cam")
    page.get_by_role("button", name="Đúng").click()
    expect(log).to_contain_text("Tap(choice='yes', title='Đúng')")
    expect(page.locator(".state-sent")).to_have_count(3)

    assert bubbles(page) == [
        "Chào Khách!",
        "Xem hàng",
        "Xem hàng:",
        "Cam sành",
        "Mật ong",
        "2kg cam",
        "Khách nói: 2kg cam",
        "Đúng",
        "Khách: Tap(choice='yes', title='Đúng')",
    ]
    assert [event for _, _, event in shop.inbox()] == [
        Start(),
        Tap("goods", "Xem hàng"),
        Text("2kg cam"),
        Tap("yes", "Đúng"),
    ]
    page.screenshot(path=tmp_path / "phone.png", full_page=True)


def test_an_old_button_can_still_be_tapped(home: str, phone: BrowserContext, shop: Shop) -> None:
    page = open_chat(phone, home)
    page.get_by_role("button", name="Xem hàng").wait_for()
    say(page, "cam")
    expect(page.get_by_role("log")).to_contain_text("Khách nói: cam")
    page.get_by_role("button", name="Xem hàng").click()
    expect(page.get_by_role("button", name="Xem thêm")).to_be_visible()


def test_a_reload_keeps_the_talk_and_greets_nobody_twice(home: str, phone: BrowserContext, shop: Shop) -> None:
    page = open_chat(phone, home)
    page.get_by_role("button", name="Xem hàng").wait_for()
    say(page, "2kg cam")
    expect(page.get_by_role("log")).to_contain_text("Khách nói: 2kg cam")
    before = bubbles(page)

    page.reload()
    say(page, "mai giao")
    expect(page.get_by_role("log")).to_contain_text("Khách nói: mai giao")

    assert bubbles(page) == [*before, "mai giao", "Khách nói: mai giao"]
    assert [event for _, _, event in shop.inbox()] == [Start(), Text("2kg cam"), Text("mai giao")]


def test_without_a_connection_her_message_waits_and_then_goes_once(
    home: str, phone: BrowserContext, shop: Shop
) -> None:
    page = open_chat(phone, home)
    page.get_by_role("button", name="Xem hàng").wait_for()
    phone.set_offline(True)
    say(page, "2kg cam")
    expect(page.locator(".state-waiting")).to_have_count(1)
    expect(page.locator("#notice")).to_be_visible()
    assert [event for _, _, event in shop.inbox()] == [Start()]

    phone.set_offline(False)
    expect(page.locator(".state-sent")).to_have_count(1)
    expect(page.get_by_role("log")).to_contain_text("Khách nói: 2kg cam")
    expect(page.locator("#notice")).to_be_hidden()
    assert [event for _, _, event in shop.inbox()] == [Start(), Text("2kg cam")]


def test_a_message_whose_202_was_lost_is_sent_again_as_the_same(home: str, phone: BrowserContext, shop: Shop) -> None:
    page = open_chat(phone, home)
    page.get_by_role("button", name="Xem hàng").wait_for()
    lost: list[str] = []

    def lose_one_answer(route: object) -> None:
        if "2kg" in (route.request.post_data or "") and not lost:  # type: ignore[attr-defined]
            lost.append(str(route.fetch().status))  # type: ignore[attr-defined]
            route.abort()  # type: ignore[attr-defined]
        else:
            route.continue_()  # type: ignore[attr-defined]

    page.route("**/chat/messages", lose_one_answer)
    say(page, "2kg cam")
    expect(page.locator(".state-sent")).to_have_count(1)
    expect(page.get_by_role("log")).to_contain_text("Khách nói: 2kg cam")
    assert lost == ["202"]
    assert [event for _, _, event in shop.inbox()] == [Start(), Text("2kg cam")]


def test_the_demo_speaks_as_customer_or_as_producer(home: str, phone: BrowserContext, shop: Shop) -> None:
    page = open_chat(phone, home)
    log = page.get_by_role("log")
    expect(log).to_contain_text("Chào Khách!")
    page.locator(".roles label").nth(1).click()
    expect(log).to_contain_text("Chào Nhà vườn!")
    say(page, "mai co 50 can cam")
    expect(log).to_contain_text("Nhà vườn nói: mai co 50 can cam")
    page.locator(".roles label").nth(0).click()
    expect(log).to_contain_text("Chào Khách!")
    expect(log).not_to_contain_text("Nhà vườn")
    assert [sender for sender, _, _ in shop.inbox()] == ["visitor-1", "visitor-1.p", "visitor-1.p"]


def test_a_stamps_page_leads_into_the_chat_once(home: str, phone: BrowserContext, shop: Shop) -> None:
    page = open_chat(phone, f"{home}/t/483920176504")
    page.locator("article a.button").first.click()
    expect(page.get_by_role("log")).to_contain_text("Mã t-483920176504")
    assert "ref=" not in page.url
    page.reload()
    expect(page.get_by_role("log")).to_contain_text("Mã t-483920176504")
    say(page, "cam")
    expect(page.get_by_role("log")).to_contain_text("Khách nói: cam")
    assert [event for _, _, event in shop.inbox()] == [Referral("t-483920176504"), Text("cam")]


def test_a_product_on_the_shelf_is_asked_about_in_the_chat(home: str, phone: BrowserContext) -> None:
    page = open_chat(phone, home)
    page.get_by_role("button", name="Xem hàng").wait_for()
    page.get_by_role("link", name="Bưởi đỏ").click()
    expect(page.get_by_role("log")).to_contain_text("Khách nói: Bưởi đỏ")


def test_without_event_source_the_page_polls(home: str, phone: BrowserContext) -> None:
    phone.add_init_script("delete window.EventSource")
    page = open_chat(phone, home)
    page.get_by_role("button", name="Xem hàng").wait_for()
    say(page, "cam")
    expect(page.get_by_role("log")).to_contain_text("Khách nói: cam")


def test_two_windows_of_one_visitor_show_the_same_talk(home: str, phone: BrowserContext) -> None:
    first = open_chat(phone, home)
    first.get_by_role("button", name="Xem hàng").wait_for()
    second = open_chat(phone, home)
    say(second, "cam")
    for page in (first, second):
        expect(page.get_by_role("log")).to_contain_text("Khách nói: cam")
    assert bubbles(first) == bubbles(second) == ["Chào Khách!", "cam", "Khách nói: cam"]


def test_everything_fits_a_phone_and_is_large_enough_to_tap(home: str, phone: BrowserContext) -> None:
    page = open_chat(phone, home)
    page.get_by_role("button", name="Xem hàng").wait_for()
    small = page.evaluate(
        """() => Array.from(document.querySelectorAll("button, a, input, textarea, .roles span, summary"))
            .filter(e => e.offsetParent && !e.classList.contains("skip") && e.type !== "radio")
            .filter(e => e.getBoundingClientRect().height < 44).map(e => e.outerHTML)"""
    )
    tiny = page.evaluate(
        """() => Array.from(document.querySelectorAll("body *"))
            .filter(e => e.offsetParent && (e.innerText || e.placeholder))
            .filter(e => parseFloat(getComputedStyle(e).fontSize) < 17).map(e => e.outerHTML)"""
    )
    assert (small, tiny, page.evaluate("document.documentElement.scrollWidth")) == ([], [], 360)


def test_a_long_word_and_markup_stay_words(home: str, phone: BrowserContext) -> None:
    page = open_chat(phone, home)
    page.get_by_role("button", name="Xem hàng").wait_for()
    hostile = "<img src=x onerror=alert(1)>" + "a" * 300
    say(page, hostile)
    expect(page.get_by_role("log")).to_contain_text(f"Khách nói: {hostile}")
    assert page.locator("img[src=x]").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") == 360
