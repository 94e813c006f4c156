import gzip
import re

import pytest
from flask.testing import FlaskClient

from handlers.pages.routes import HERE
from tests.channels.web_pages import client_of
from tests.channels.web_shop import Shelf, plain
from tests.channels.web_stamps import ORANGES


@pytest.fixture
def client() -> FlaskClient:
    return client_of(Shelf())


def body_of(client: FlaskClient, path: str) -> bytes:
    with client.get(path) as response:
        assert response.status_code == 200
        return response.data


def cache_of(client: FlaskClient, path: str) -> str:
    with client.get(path) as response:
        return response.headers["Cache-Control"]


def assets_of(html: str) -> list[str]:
    return re.findall(r'(?:src|href)="(/assets/[^"]+)"', html)


def test_the_home_page_names_the_seller_and_the_goods(client: FlaskClient) -> None:
    html = client.get("/").text
    for words in (
        "HTX Nông sản Suối Mây",
        "5400123456",
        "Xóm Mây, xã Đà Bắc",
        "tel:02183555017",
        "khiếu nại",
        "Mật ong rừng 500 ml",
    ):
        assert words in html


def test_everything_the_home_page_loads_is_under_60_kb_compressed(client: FlaskClient) -> None:
    page = client.get("/")
    loaded = [page.data] + [body_of(client, path) for path in assets_of(page.text)]
    assert len(loaded) == 10
    assert sum(len(gzip.compress(body)) for body in loaded) < 60_000


@pytest.mark.parametrize(
    "path", ["/", "/?lang=en", "/t/483920176504", "/t/824501379632", "/t/123456789012", "/privacy"]
)
def test_pages_load_nothing_from_elsewhere_and_run_nothing_inline(client: FlaskClient, path: str) -> None:
    page = client.get(path)
    loading = re.sub(r'<a [^>]*>|<link rel="(?:canonical|alternate)"[^>]*>', "", page.text)
    assert re.findall(r'(?:src|href|action)="(?:https?:)?//', loading) == []
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", page.text) == []
    assert page.headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert page.headers["Cache-Control"] == "no-store"


def test_assets_are_kept_for_a_year_under_their_version_only(client: FlaskClient) -> None:
    path = assets_of(client.get("/").text)[0]
    assert cache_of(client, path) == "public, max-age=31536000, immutable"
    assert cache_of(client, path.split("?")[0]) == "no-cache"


def test_scripts_keep_to_words_that_old_browsers_know() -> None:
    for path in HERE.glob("static/*.js"):
        assert re.findall(r"\?\.[a-z(\[]|\?\?|\*\*|^\s*(?:import|export) |=>|\.replaceAll\(", path.read_text()) == []


def test_the_role_switch_is_there_in_the_demo_only() -> None:
    assert 'name="role"' in client_of(Shelf(demo=True)).get("/").text
    assert 'name="role"' not in client_of(Shelf(demo=False)).get("/").text


@pytest.mark.parametrize(("path", "lang"), [("/", "vi"), ("/?lang=en", "en"), ("/?lang=xx", "vi")])
def test_the_language_is_vietnamese_unless_english_is_asked_for(path: str, lang: str) -> None:
    asked: set[str] = set()

    def listening(msgid: str, language: str, **params: str) -> str:
        asked.add(language)
        return plain(msgid, language, **params)

    assert f'<html lang="{lang}">' in client_of(Shelf(), listening).get(path).text
    assert asked == {lang}


@pytest.mark.parametrize("code", ["123456789012", "4839", "x", "a/b", "%3Cscript%3E"])
def test_an_unknown_code_is_answered_with_care(client: FlaskClient, code: str) -> None:
    page = client.get(f"/t/{code}")
    assert page.status_code == 404
    assert "We could not find this code" in page.text
    assert "<script>" not in page.text


def test_machines_read_a_stamp_as_json(client: FlaskClient) -> None:
    found = client.get("/t/483920176504", headers={"Accept": "application/json"})
    unknown = client.get("/t/123456789012", headers={"Accept": "application/json"})
    assert (found.status_code, found.json["lot"], found.json["producer"]) == (200, ORANGES.number, ORANGES.producer)
    assert (unknown.status_code, unknown.json) == (404, {"state": "unknown"})
    assert found.headers["Vary"] == "Accept"


@pytest.mark.parametrize("accept", ["*/*", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"])
def test_browsers_read_a_stamp_as_a_page(client: FlaskClient, accept: str) -> None:
    assert client.get("/t/483920176504", headers={"Accept": accept}).mimetype == "text/html"


def test_a_typed_code_leads_to_its_page_without_a_script(client: FlaskClient) -> None:
    answer = client.get("/t?code=4839+2017+6504&lang=en")
    assert (answer.status_code, answer.location) == (303, "/t/483920176504?lang=en")
    assert client.get("/t?code=").status_code == 404


def test_a_typed_code_never_leads_elsewhere(client: FlaskClient) -> None:
    assert client.get("/t?code=//evil.example").location.startswith("/t/")


def test_the_privacy_page_says_how_to_delete(client: FlaskClient) -> None:
    page = client.get("/privacy")
    assert page.status_code == 200
    assert "XÓA DỮ LIỆU" in page.text
