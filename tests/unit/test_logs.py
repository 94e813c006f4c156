"""What reaches the log names nobody and opens nothing."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bot.run.logs import masked

SPEAKS = """
import logging, sys
import structlog
from bot.run.logs import set_up_logs
from bot.run.settings import Settings
set_up_logs(Settings.read({"VAR_DIR": sys.argv[1], "LOG_LEVEL": "info"}))
log = structlog.get_logger("bot.somewhere")
log.debug("unheard")
log.info("sent", outbox_id=7, page=105678901234567, token="EAAB", why="goi\\n0912 345 678", took_s=0.25)
logging.getLogger("library").info("unheard")
logging.getLogger("library").warning("GET https://graph/me?access_token=%s", "abc")
try:
    raise ValueError("ma 483920176504")
except ValueError:
    log.exception("failed")
"""


def test_a_line_is_json_with_ids_and_without_people(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SPEAKS, str(tmp_path)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    sent, library, failed = (json.loads(line) for line in done.stderr.splitlines())
    for line in (sent, library, failed):
        assert line.pop("timestamp").endswith("Z")
    assert sent == {
        "event": "sent",
        "level": "info",
        "outbox_id": 7,
        "page": 105678901234567,
        "token": "[hidden]",
        "why": "goi\n[phone]",
        "took_s": 0.25,
    }
    assert library == {"event": "GET https://graph/me?access_token=[secret]", "level": "warning"}
    assert failed.pop("exception").endswith("ValueError: ma [12 digits]")
    assert failed == {"event": "failed", "level": "error"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("0912345678", "[phone]"),
        ("+84 912 345 678.", "[phone]."),
        ("84912.345.678", "[phone]"),
        ("4839 2017 6504", "[12 digits]"),
        ("t-483920176504", "t-[12 digits]"),
        ("psid 6543219876543210", "psid 6543219876543210"),
        ("DH7K2M 1.250.000đ 2026-11-21", "DH7K2M 1.250.000đ 2026-11-21"),
        ("postgresql+psycopg://me:hush@db/x", "postgresql+psycopg://me:[secret]@db/x"),
        ("{'appsecret_proof': 'ab12'}", "{'appsecret_proof': '[secret]'}"),
        ("Bearer EAABsbCS1iHgBAKZCexample", "Bearer [token]"),
    ],
)
def test_phones_codes_and_tokens_are_masked(text: str, shown: str) -> None:
    assert masked(text) == shown
