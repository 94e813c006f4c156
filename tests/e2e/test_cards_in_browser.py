"""A row of cards on the page, in Chromium at phone size."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from bot.event import Event, Tap
from bot.reply import Bubble, Button, Card, Carousel
from handlers.pages.pictures import pictures
from tests.channels.web_shop import Shop
from tests.e2e.test_page_in_browser import CHROMIUM, FLAGS

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="NO CHROMIUM HERE: the page was not tried in a browser"),
]

GOODS = (
    ("Cam sành loại 1", "28.000đ/kg · còn 120 kg", "/pictures/cam-sanh.png"),
    ("Mật ong rừng 500 ml", "180.000đ/chai · còn 24 chai", "/pictures/gone.png"),
    ("Bưởi đỏ <b>rất</b> ngọt của vườn nhà bà Mến, xã Đà Bắc", "35.000đ/quả · còn 60 quả", ""),
)
LONG_LIST = Bubble(
    "Hôm nay HTX có:\n1. Cam sành",
    carousel=Carousel(
        "Hôm nay HTX có:",
        tuple(
            Card(
                title,
                subtitle,
                image,
                (Button(f"7:order.add:{n}", "Thêm vào giỏ"), Button(f"7:x.y:{n}", "Xem nguồn gốc")),
            )
            for n, (title, subtitle, image) in enumerate(GOODS, 1)
        ),
        (Button("7:order.show:", "Giỏ hàng"),),
    ),
)


def answer(sender: str, event: Event) -> list[Bubble]:
    return [Bubble(f"{event}")] if isinstance(event, Tap) else [LONG_LIST]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.mark.parametrize("width", [360, 1200])
def test_goods_stand_in_a_row_that_is_pushed_sideways_and_each_has_its_own_buttons(
    browser: Browser, tmp_path: Path, width: int
) -> None:
    shop = Shop(tmp_path)
    shop.app.register_blueprint(pictures())
    context = browser.new_context(viewport={"width": width, "height": 720}, device_scale_factor=2)
    context.set_default_timeout(15_000)
    with shop.served() as home, shop.answering(answer):
        page = context.new_page()
        page.goto(home)
        row = page.get_by_role("log").get_by_role("list")
        cards = row.get_by_role("listitem")
        expect(cards).to_have_count(3)
        expect(row.locator("img")).to_have_count(1)
        page.locator("#chat").screenshot(path=tmp_path / "cards.png")
        titles = cards.locator("b").all_inner_texts()
        sizes = cards.evaluate_all("cards => cards.map(card => [card.offsetHeight, card.offsetTop])")
        scrolls = row.evaluate("row => row.scrollWidth > row.clientWidth")
        sideways = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        loaded = row.locator("img").evaluate("picture => picture.decode().then(() => picture.naturalWidth)")
        page.get_by_role("button", name="Thêm vào giỏ: Bưởi đỏ").click()
        expect(page.get_by_role("log")).to_contain_text("7:order.add:3")
        taps = [event for _, _, event in shop.inbox() if isinstance(event, Tap)]
    context.close()
    shop.database.close()

    assert len({tuple(size) for size in sizes}) == 1, "cards are of one height, on one line"
    assert (scrolls, sideways, loaded) == (True, 0, 640)
    assert titles == [title for title, _, _ in GOODS]
    assert taps == [Tap("7:order.add:3", "Thêm vào giỏ")]
