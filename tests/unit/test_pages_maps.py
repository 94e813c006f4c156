import gzip

import pytest
from flask.testing import FlaskClient

from handlers.pages.map.drawing import draw
from tests.channels.web_pages import client_of
from tests.channels.web_shop import Shelf


@pytest.fixture
def client() -> FlaskClient:
    return client_of(Shelf())


@pytest.mark.parametrize(
    ("path", "drawn"),
    [
        ("/map/phu-tho.svg", draw("Phú Thọ")),
        ("/map/phu-tho.svg?at=20.9,105.2", draw("Phú Thọ", (20.9, 105.2))),
        ("/map/phu-tho.svg?at=20.94817,105.23456", draw("Phú Thọ", (20.9, 105.2))),
        ("/map/phu-tho.svg?at=48.1,11.5", draw("Phú Thọ")),
        ("/map/ho-chi-minh.svg?at=", draw("Hồ Chí Minh")),
    ],
)
def test_a_province_is_drawn_with_a_coarse_mark(client: FlaskClient, path: str, drawn: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype, answer.text) == (200, "image/svg+xml", drawn)


def test_it_is_kept_for_a_month_and_may_load_nothing(client: FlaskClient) -> None:
    answer = client.get("/map/phu-tho.svg")
    assert answer.headers["Cache-Control"] == "public, max-age=2592000"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert client.get("/map/phu-tho.svg", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert len(gzip.compress(answer.data)) < 8_000


@pytest.mark.parametrize(
    "slug", ["x", "phu tho", "Phu-Tho", "hoa-binh", "..%2f..%2fetc", "%3Cscript%3E", "phu-tho.svg"]
)
def test_no_province_is_no_map(client: FlaskClient, slug: str) -> None:
    assert client.get(f"/map/{slug}.svg").status_code == 404


@pytest.mark.parametrize(
    "at",
    ["x", "20.9", "20.9,", "nan,nan", "inf,1", "-20.9,105.2", "1e9,105", "20.9,105.2,1", "٢٠,105", "1" * 400 + ",1"],
)
def test_what_is_no_point_is_no_map(client: FlaskClient, at: str) -> None:
    assert client.get("/map/phu-tho.svg", query_string={"at": at}).status_code == 404
