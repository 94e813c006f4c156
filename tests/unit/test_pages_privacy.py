"""What we keep, said plainly, and what became of a request: the two pages as a browser gets them."""

import re
from collections.abc import Callable
from datetime import date
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from handlers.pages.privacy import Asked, privacy
from handlers.pages.routes import GUARDS, pages
from handlers.pages.views import Coop
from tests.channels.web_shop import Shelf, plain

CODE = "X7K2MPQ9RT"
ASKED_ON, DONE_ON = date(2026, 11, 21), date(2026, 11, 23)


class Desk(Shelf):
    """A `handlers.pages.privacy.Reader` that knows one request, and remembers what it was asked for."""

    def __init__(self, asked: Asked | None = None, *, phone: str = "0218 3555 017") -> None:
        super().__init__()
        self._asked, self._phone = asked, phone
        self.codes: list[str] = []

    def coop(self, language: str) -> Coop:
        home = super().coop(language)
        return Coop(home.name, home.short_name, home.tax_code, home.address, self._phone, home.complaints, "", False)

    def asked(self, code: str) -> Asked | None:
        self.codes.append(code)
        return self._asked if code.upper() == CODE else None


def client_of(desk: Desk, translate: Callable[..., str] = plain) -> FlaskClient:
    app = Flask("privacy-under-test", static_folder=None)
    app.register_blueprint(privacy(desk, translate))
    app.register_blueprint(pages(desk, translate))
    return app.test_client()


@pytest.fixture
def client() -> FlaskClient:
    return client_of(Desk(Asked("done", ASKED_ON, DONE_ON)))


def main_of(html: str) -> str:
    """The words of the page between its head and its foot, without tags."""
    inside = html[html.index("<main") : html.index("</main>")]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", inside)).split())


def test_the_page_says_what_why_how_long_who_which_rights_and_how_to_delete(client: FlaskClient) -> None:
    page = client.get("/privacy")
    told = [
        "no name, no phone number and no account",
        "only to deliver your orders. Kept with the order",
        "3 years",
        "deleted after 7 days, the talk after 90 days",
        "did not finish: 30 days",
        "looked up a stamp: 90 days",
        "A cookie with a random number",
        "Who sees it",
        "We never ask for your ethnic group",
        "Facebook or Zalo",
        "Your rights",
        "XÓA DỮ LIỆU",
        "can then not reach you",
        "call 0218 3555 017",
        "Who answers for it",
        "HTX Nông sản Suối Mây",
        "Xóm Mây, xã Đà Bắc, tỉnh Phú Thọ",
    ]
    words = main_of(page.text)
    assert page.status_code == 200
    assert [sentence for sentence in told if sentence not in words] == []
    assert sorted(told[:16], key=words.index) == told[:16]


def test_both_blueprints_stand_side_by_side_and_link_to_each_other(client: FlaskClient) -> None:
    request = client.get(f"/privacy/erasure/{CODE}?lang=en")
    assert 'href="/privacy?lang=en"' in request.text
    assert 'href="/?lang=en#chat"' in client.get("/privacy?lang=en").text


@pytest.mark.parametrize(
    ("asked", "says", "days"),
    [
        (Asked("received", ASKED_ON), "We have received it and have not finished yet.", ["21/11/2026"]),
        (Asked("by hand", ASKED_ON), "A person of the co-op is seeing to it.", ["21/11/2026"]),
        (
            Asked("done", ASKED_ON, DONE_ON),
            "It is done: what we kept about you is deleted.",
            ["21/11/2026", "23/11/2026"],
        ),
        (
            Asked("nobody", ASKED_ON, ASKED_ON),
            "It is done: there was nothing about you to delete.",
            ["21/11/2026", "21/11/2026"],
        ),
    ],
    ids=lambda value: value.state if isinstance(value, Asked) else None,
)
def test_a_request_says_how_far_it_is(asked: Asked, says: str, days: list[str]) -> None:
    page = client_of(Desk(asked)).get(f"/privacy/erasure/{CODE}")
    words = main_of(page.text)
    states = re.findall(r'class="state-line">([^<]*)<', page.text)
    assert (page.status_code, states) == (200, [says])
    assert re.findall(r"\d\d/\d\d/\d{4}", words) == days
    assert CODE in words


def test_a_code_that_nobody_got_is_the_same_kind_of_page_with_404(client: FlaskClient) -> None:
    page = client.get("/privacy/erasure/X222222222")
    assert page.status_code == 404
    assert "<h1>Your request to delete your data</h1>" in page.text
    assert re.findall(r'class="state-line">([^<]*)<', page.text) == ["We do not know a request with this code."]
    assert re.findall(r"\d\d/\d\d/\d{4}|X222222222", main_of(page.text)) == []


def test_a_code_is_handed_on_as_it_was_typed_and_never_long() -> None:
    desk = Desk(Asked("done", ASKED_ON, DONE_ON))
    client = client_of(desk)
    assert client.get(f"/privacy/erasure/{CODE.lower()}").status_code == 200
    assert client.get("/privacy/erasure/" + "a" * 5000).status_code == 404
    assert client.get("/privacy/erasure/%3Cscript%3E").text.count("<script>") == 0
    assert desk.codes == [CODE.lower(), "a" * 40, "<script>"]


@pytest.mark.parametrize("path", ["/privacy", f"/privacy/erasure/{CODE}", "/privacy/erasure/x"])
def test_nothing_is_kept_on_the_way_or_loaded_from_elsewhere(client: FlaskClient, path: str) -> None:
    page = client.get(path)
    assert {name: page.headers[name] for name in GUARDS} == GUARDS
    assert page.headers["Cache-Control"] == "no-store"
    assert re.findall(r'(?:src|href|action)="(?:https?:)?//', page.text) == []
    assert re.findall(r"<script|<style|\son\w+=|\sstyle=", page.text) == []


def test_search_engines_are_kept_away_from_requests(client: FlaskClient) -> None:
    assert '<meta name="robots" content="noindex">' in client.get(f"/privacy/erasure/{CODE}").text
    assert "noindex" not in client.get("/privacy").text


@pytest.mark.parametrize("path", ["/privacy", f"/privacy/erasure/{CODE}"])
@pytest.mark.parametrize(("query", "lang"), [("", "vi"), ("?lang=en", "en"), ("?lang=xx", "vi")])
def test_the_language_is_vietnamese_unless_english_is_asked_for(path: str, query: str, lang: str) -> None:
    asked: set[str] = set()

    def listening(msgid: str, language: str, **params: str) -> str:
        asked.add(language)
        return plain(msgid, language, **params)

    page = client_of(Desk(Asked("done", ASKED_ON, DONE_ON)), listening).get(path + query)
    assert f'<html lang="{lang}">' in page.text
    assert asked == {lang}


def test_without_a_phone_nobody_is_told_to_call() -> None:
    client = client_of(Desk(Asked("done", ASKED_ON, DONE_ON), phone=""))
    assert [
        re.findall(r"[Cc]all |tel:", client.get(path).text) for path in ("/privacy", f"/privacy/erasure/{CODE}")
    ] == [
        [],
        [],
    ]


def test_posting_is_not_for_these_pages(client: FlaskClient) -> None:
    assert [client.post(path).status_code for path in ("/privacy", f"/privacy/erasure/{CODE}")] == [405, 405]
