"""The pictures of the demo's goods: there, small, of the right shape, and served to whoever asks by a safe name."""

import struct

import pytest
from flask import Flask
from flask.testing import FlaskClient

from catalog.seed.records import read_demo
from handlers.pages.pictures import FALLBACK, FOLDER, picture, pictures

ALL = sorted(f"/pictures/{file.name}" for file in FOLDER.iterdir())


@pytest.fixture
def client() -> FlaskClient:
    app = Flask("pictures-under-test", static_folder=None)
    app.register_blueprint(pictures())
    return app.test_client()


def test_every_good_of_the_demo_has_a_picture_of_its_own() -> None:
    images = {record.sku: record.image for record in read_demo().products}
    assert images == {
        "CAM": "/pictures/cam-sanh.png",
        "MAT": "/pictures/mat-ong.png",
        "TRUNG": "/pictures/trung-ga.png",
        "BUOI": "/pictures/buoi-do.png",
        "MANG": "/pictures/mang-kho.png",
        "MIEN": "/pictures/mien-dong.png",
    }
    assert sorted([*images.values(), FALLBACK]) == ALL


@pytest.mark.parametrize("path", ALL)
def test_a_picture_is_a_small_png_of_the_shape_of_a_card(path: str) -> None:
    content = picture(path)
    assert content is not None
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", content[16:24]) == (640, 335)
    assert len(content) < 40_000


@pytest.mark.parametrize("path", ALL)
def test_a_picture_is_served_for_a_long_time(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.data) == (200, picture(path))
    headers = ("Content-Type", "Cache-Control", "X-Content-Type-Options")
    assert [answer.headers[name] for name in headers] == ["image/png", "public, max-age=2592000", "nosniff"]
    again = client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(
    "path",
    [
        "/pictures/nothing.png",
        "/pictures/../suoi_may.json",
        "/pictures/..%2f..%2fdb.png",
        "/pictures/%2e%2e/products.csv",
        "/pictures/CAM-SANH.png",
        "/pictures/cam-sanh.png%00.png",
        "/pictures/.png",
        "/pictures/cam-sanh.jpg",
        "/pictures/",
    ],
)
def test_other_names_lead_nowhere(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404
    assert picture(path) is None


@pytest.mark.parametrize("path", ["", "cam-sanh.png", "/pictures/cam-sanh.png\n", "https://evil.example/a.png"])
def test_only_a_path_of_ours_is_a_picture(path: str) -> None:
    assert picture(path) is None
