"""From a sheet in the books to a PDF, and the link that gives it once."""

import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from bot.i18n import sentence
from bot.run.handing import Handing
from bot.run.home import Home
from bot.run.looks import Looks
from bot.run.press import Press, is_sample
from bot.run.settings import Settings
from catalog.acts.printing import By, print_sheet
from catalog.acts.stamps import PrintStamps
from catalog.acts.voiding import void_sheet
from catalog.db import Database
from catalog.lot import Lot
from catalog.product import Product
from catalog.sheet import StampSheet, codes_of, make_link
from handlers.pages.sheets import sheets
from tests.conftest import NOW, SECRET

PUBLIC = "https://suoimay.vn"


def decoded(pdf: bytes) -> list[str]:
    """What every QR code on every page says, by rows."""
    document = pypdfium2.PdfDocument(pdf)
    pages = [page.render(scale=300 / 72).to_pil() for page in document]
    return [found.text for page in pages for found in zxingcpp.read_barcodes(page)]


def words_of(pdf: bytes) -> str:
    return "\n".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf))


@pytest.fixture
def draw(demo: Database) -> Callable[..., int]:
    def drawn(lot: str = "SM-CAM-01", count: int = 5, **how: object) -> int:
        with demo.writing() as db:
            lot_id = db.scalars(select(Lot.id).where(Lot.number == lot)).one()
            return print_sheet(db, PrintStamps("", lot_id, count, **how), By("desk", None, NOW)).id  # type: ignore[arg-type]

    return drawn


def codes(database: Database, sheet_id: int) -> list[str]:
    with database.reading() as db:
        return [stamp.code for stamp in codes_of(db, db.get_one(StampSheet, sheet_id))]


@pytest.mark.parametrize(
    ("address", "sample"),
    [
        ("https://suoimay.vn", False),
        ("https://htx.example.com:8443", False),
        ("https://113.160.92.202", False),
        ("http://suoimay.vn", True),
        ("https://localhost", True),
        ("https://127.0.0.1:8000", True),
        ("https://[::1]", True),
        ("https://192.168.1.5", True),
        (f"https://{socket.gethostname()}", True),
        ("https://htx.localhost", True),
        ("https://htx.test", False),
        ("", True),
    ],
)
def test_a_stamp_that_customers_cannot_open_is_a_sample(address: str, sample: bool) -> None:
    assert is_sample(address) is sample


def test_the_pdf_holds_each_stamp_once_and_says_what_it_is(demo: Database, draw: Callable[..., int]) -> None:
    number = draw(count=7)

    pdf = Press(demo, PUBLIC)(f"/sheets/{number}")

    assert pdf is not None
    assert sorted(decoded(pdf)) == sorted(f"{PUBLIC}/t/{code}" for code in codes(demo, number))
    words = words_of(pdf)
    for told in ("Cam sành loại 1", "02/12/2026", "SM-CAM-01", "HTX Suối Mây"):
        assert words.count(told) >= 7
    assert "MẪU" not in words


def test_the_same_sheet_is_the_same_to_the_last_byte(demo: Database, draw: Callable[..., int]) -> None:
    number = draw()
    press = Press(demo, PUBLIC)
    assert press(f"/sheets/{number}") == press(f"/sheets/{number}")


def test_a_lots_stamp_is_on_every_label(demo: Database, draw: Callable[..., int]) -> None:
    pdf = Press(demo, PUBLIC)(f"/sheets/{draw(count=4, kind='lot')}")
    assert pdf is not None
    assert decoded(pdf) == [f"{PUBLIC}/t/483920176504"] * 4


def test_at_home_every_stamp_says_that_it_is_a_sample(demo: Database, draw: Callable[..., int]) -> None:
    pdf = Press(demo, "http://127.0.0.1:8000")(f"/sheets/{draw(count=3)}")
    assert pdf is not None
    assert words_of(pdf).count("MẪU") >= 3


def test_what_is_void_or_never_was_is_not_printed(demo: Database, draw: Callable[..., int]) -> None:
    number = draw()
    with demo.writing() as db:
        void_sheet(db, db.get_one(StampSheet, number), "desk", NOW)
    press = Press(demo, PUBLIC)
    for path in (f"/sheets/{number}", "/sheets/999", "/sheets/x", "/sheets/../1", "", "/sheets/" + "9" * 40):
        assert press(path) is None


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "=1+1", "x" * 200, "", "مرحبا\u202e", "Cam\x00 sành"])
def test_a_product_may_be_called_anything(demo: Database, draw: Callable[..., int], name: str) -> None:
    number = draw(count=1)
    with demo.writing() as db:
        db.scalars(select(Product).where(Product.sku == "CAM")).one().name_vi = name.replace("\x00", "")
    pdf = Press(demo, PUBLIC)(f"/sheets/{number}")
    assert pdf is not None
    assert decoded(pdf) == [f"{PUBLIC}/t/{codes(demo, number)[0]}"]


# The link


@pytest.fixture
def client(demo: Database, tmp_path: Path) -> FlaskClient:
    settings = Settings.read({
        "DATABASE_URL": demo.url, "SECRET_KEY": SECRET, "VAR_DIR": str(tmp_path), "PUBLIC_URL": PUBLIC
    })  # fmt: skip
    app = Flask("sheets-under-test", static_folder=None)
    app.register_blueprint(sheets(Handing(Home(demo, settings, Looks(demo))), sentence, asset=lambda name: name))
    app.add_url_rule("/", "pages.home", lambda: "")
    app.add_url_rule("/privacy", "privacy.kept", lambda: "")
    return app.test_client()


@pytest.fixture
def link(demo: Database, draw: Callable[..., int]) -> str:
    number = draw(count=2)
    with demo.writing() as db:
        return f"/sheets/{make_link(db, db.get_one(StampSheet, number), datetime.now(UTC))}"


def test_a_link_may_be_looked_at_and_gives_the_sheet_once(client: FlaskClient, link: str) -> None:
    looks = [client.get(link).status_code for _ in range(3)]  # a platform draws its preview
    first, second = client.post(link), client.post(link)

    assert looks == [200] * 3
    assert (first.status_code, first.mimetype, first.data[:5]) == (200, "application/pdf", b"%PDF-")
    assert first.headers["Content-Disposition"] == "attachment; filename=tem-cam-2.pdf"
    assert (second.status_code, second.mimetype) == (410, "text/html")
    assert client.get(link).status_code == 410
    assert first.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("token", ["x", "x" * 5000, "%00", "..%2f..", "483920176504"])
def test_a_link_that_never_was_gives_nothing(client: FlaskClient, token: str) -> None:
    assert client.get(f"/sheets/{token}").status_code in {404, 410}
    assert client.post(f"/sheets/{token}").status_code in {404, 410}


def test_what_cannot_be_drawn_leaves_the_link_as_it_is(client: FlaskClient, link: str, demo: Database) -> None:
    with demo.writing() as db:
        sheet = db.scalars(select(StampSheet)).one()
        geometry, sheet.geometry = sheet.geometry, "columns=1"
    assert client.post(link).status_code == 500
    with demo.writing() as db:
        db.scalars(select(StampSheet)).one().geometry = geometry
    assert client.post(link).status_code == 200
