"""The pages as a browser without a screen gets them, and the gate in front of them."""

import re
from collections import Counter
from collections.abc import Callable
from html import unescape

from flask import Flask
from flask.testing import FlaskClient

from handlers.pages.pictures import pictures
from handlers.pages.privacy import privacy
from handlers.pages.routes import pages
from handlers.pages.views import Gate, Passport
from tests.channels.web_shop import Shelf, plain

PUBLIC_URL = "https://suoimay.vn"


class CountingGate:
    """A `handlers.pages.views.Gate` for one minute that does not pass. wait: seconds, for who asks too often."""

    def __init__(self, a_minute: int = 30, wait: int = 60) -> None:
        self.a_minute = a_minute
        self.wait = wait
        self.asked: Counter[str] = Counter()
        self.missed: Counter[str] = Counter()

    def ask(self, address: str) -> int:
        self.asked[address] += 1
        return 0 if self.asked[address] <= self.a_minute else self.wait

    def miss(self, address: str) -> int:
        self.missed[address] += 1
        return self.missed[address]


def client_of(
    shelf: Shelf, translate: Callable[..., str] = plain, *, gate: Gate | None = None, public_url: str = PUBLIC_URL
) -> FlaskClient:
    app = Flask("pages-under-test", static_folder=None)
    app.register_blueprint(pages(shelf, translate, gate=gate, public_url=public_url))
    app.register_blueprint(privacy(shelf, translate))
    app.register_blueprint(pictures())
    return app.test_client()


def page_of(passport: Passport, query: str = "?lang=en", translate: Callable[..., str] = plain) -> str:
    """The page behind this one's stamp."""
    response = client_of(Shelf(True, passport), translate).get(f"/t/{passport.stamp.code}{query}")
    assert response.status_code == 200
    return response.text


def words_of(html: str) -> str:
    """What stands on the page between its head and its foot, without tags."""
    inside = html[html.index("<main") : html.index("</main>")]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", inside)).split())


def rows_of(html: str) -> dict[str, str]:
    """The words of each row, by its name."""
    parts = re.split(r'<\w+(?: class="[^"]*")? id="row-(\w+)">', html[: html.index("</main>")])
    return {
        name: " ".join(unescape(re.sub(r"<[^>]*>", " ", re.split(r"</dl>|<h2>", body)[0])).split())
        for name, body in zip(parts[1::2], parts[2::2], strict=True)
    }


def metas_of(html: str) -> dict[str, str]:
    """`<meta>` of the page, by name or property."""
    return {
        name: unescape(value)
        for name, value in re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)"', html)
    }
