"""The link to a file on the page, in Chromium at phone size."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Response
from playwright.sync_api import Browser, expect, sync_playwright

from bot.event import Event
from bot.reply import Bubble, Button, Paper
from tests.channels.web_shop import Shop
from tests.e2e.test_page_in_browser import CHROMIUM, FLAGS

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="NO CHROMIUM HERE: the page was not tried in a browser"),
]

LEAD, GONE = "Tải tờ tem ở đây, dùng được một lần trong 24 giờ:", "Tờ tem này không còn nữa."
LINKS = (
    "/s/k7Qm2v",
    "https://cho.example/s/k7Qm2v",
    "javascript:document.title='hit'",
    "http://cho.example/s/x",
    "http://[",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def answer(sender: str, event: Event) -> list[Bubble]:
    return [
        Bubble(
            f"Dạ tờ {n} đây ạ.",
            (Button("7:x.y:", "In thêm"),),
            file=Paper(f"tem-{n}.pdf", "/sheets/12", link, LEAD, GONE),
        )
        for n, link in enumerate(LINKS)
    ]


def test_a_file_is_a_link_beside_the_talk_and_only_a_safe_address_can_be_pressed(
    browser: Browser, tmp_path: Path
) -> None:
    shop = Shop(tmp_path)
    shop.app.add_url_rule("/s/k7Qm2v", view_func=lambda: Response("the sheet", mimetype="text/plain"))
    context = browser.new_context(viewport={"width": 360, "height": 720}, device_scale_factor=2)
    context.set_default_timeout(15_000)
    with shop.served() as home, shop.answering(answer):
        page = context.new_page()
        page.goto(home)
        log = page.get_by_role("log")
        expect(log.locator(".row-bot")).to_have_count(len(LINKS))
        links = log.get_by_role("link")
        drawn = links.evaluate_all("links => links.map(a => [a.textContent, a.href, a.target, a.rel, a.className])")
        words = log.locator(".row-bot").all_inner_texts()
        sideways = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        tall = links.first.evaluate("link => link.offsetHeight")
        page.locator("#chat").screenshot(path=tmp_path / "link.png")
        with context.expect_page() as opened:
            links.first.click()
        sheet = opened.value.inner_text("body")
        address = page.url
    context.close()
    shop.database.close()

    here = ["_blank", "noopener", "choice"]
    assert drawn == [["tem-0.pdf", f"{home}/s/k7Qm2v", *here], ["tem-1.pdf", "https://cho.example/s/k7Qm2v", *here]]
    assert all(LEAD in said for said in words)
    assert [f"tem-{n}.pdf: {link}" in words[n] for n, link in enumerate(LINKS)] == [False, False, True, True, True]
    assert (sideways, sheet, address.rstrip("/#chat")) == (0, "the sheet", home)
    assert tall >= 44
