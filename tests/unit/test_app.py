"""The application of a web process: what it does before a co-op is there, and what it shows of itself."""

import hashlib
import hmac
import json
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.run.app import create_app
from bot.run.settings import Settings
from catalog.migrate import to_head
from catalog.seed import seed
from tests.conftest import NOW, opened

SECRET = "app secret"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A migrated database without any co-op in it, and a page that is set up."""
    here = Settings.read(
        {
            "VAR_DIR": str(tmp_path),
            "SECRET_KEY": "k" * 32,
            "REDIS_URL": f"unix://{tmp_path}/nobody.sock",
            "MESSENGER_APP_SECRET": SECRET,
            "MESSENGER_VERIFY_TOKEN": "hello",
            "MESSENGER_PAGE_ID": "1001",
            "MESSENGER_PAGE_TOKEN": "token",
        }
    )
    to_head(here.database_url)
    return here


def delivery(mid: str) -> tuple[bytes, dict[str, str]]:
    item = {"sender": {"id": "5"}, "recipient": {"id": "1001"}, "timestamp": 1, "message": {"mid": mid, "text": "chào"}}
    body = json.dumps({"object": "page", "entry": [{"id": "1001", "time": 1, "messaging": [item]}]}).encode()
    mac = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return body, {"X-Hub-Signature-256": f"sha256={mac}"}


def test_a_page_answers_as_soon_as_its_co_op_is_there_without_a_restart(settings: Settings) -> None:
    web = create_app(settings).test_client()
    body, headers = delivery("m_1")
    assert web.post("/webhooks/messenger", data=body, headers=headers).status_code == 503
    first = web.get("/")
    assert (first.status_code, b"chophien seed" in first.data) == (503, True)
    database = opened(settings.database_url)
    seed(database, NOW)
    assert web.post("/webhooks/messenger", data=body, headers=headers).status_code == 200
    assert web.get("/").status_code == 200


def test_the_page_of_figures_counts_what_waits_and_wrong_signatures(settings: Settings) -> None:
    seed(opened(settings.database_url), NOW)
    web = create_app(settings).test_client()
    body, headers = delivery("m_1")
    web.post("/webhooks/messenger", data=body, headers=headers)
    web.post("/webhooks/messenger", data=body, headers={"X-Hub-Signature-256": "sha256=0"})
    figures = web.get("/metrics").get_data(as_text=True)
    assert "chophien_inbox_pending 1.0" in figures
    assert 'chophien_refused_signatures_total{channel="messenger"} 1.0' in figures
    assert "chophien_database_up 1.0" in figures


def test_what_fails_is_logged_without_the_path(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    seed(opened(settings.database_url), NOW)
    app = create_app(settings)

    @app.get("/sheets-of-the-test/<token>", endpoint="sheets.test")
    def failing(token: str) -> str:
        raise RuntimeError("broken")

    with capture_logs() as logged:
        assert app.test_client().get("/sheets-of-the-test/the-key?code=001204005678").status_code == 500

    assert [(line["event"], line["page"], line["method"]) for line in logged] == [
        ("request_failed", "sheets.test", "GET")
    ]
    assert [secret for secret in ("the-key", "001204005678") if secret in repr(logged) + caplog.text] == []


def test_without_redis_it_is_alive_and_not_ready(settings: Settings) -> None:
    web = create_app(settings).test_client()
    assert (web.get("/healthz").status_code, web.get("/readyz").status_code) == (200, 503)


def test_a_delivery_is_taken_before_flask_and_stands_on_the_page_of_figures(settings: Settings) -> None:
    seed(opened(settings.database_url), NOW)
    app = create_app(settings)
    met: list[str] = []
    app.before_request(lambda: met.append("Flask"))
    web = app.test_client()
    body, headers = delivery("m_1")
    for _ in range(2):
        assert web.post("/webhooks/messenger", data=body, headers=headers).status_code == 200
    assert met == []
    figures = web.get("/metrics").get_data(as_text=True)
    assert 'chophien_deliveries_total{channel="messenger"} 2.0' in figures
    assert 'chophien_events_total{channel="messenger"} 1.0' in figures
    assert 'chophien_ingest_batch_bucket{le="1"} 2.0' in figures
