"""The process that answers HTTP falls: the log says so, and another answers."""

import json
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from bot.run.web import answers
from catalog.migrate import to_head
from tests.conftest import SECRET
from tests.e2e.stage import PATIENCE_S, PROGRAM, ROOT, eventually, free_port

pytestmark = pytest.mark.e2e


def test_that_the_process_that_answers_fell_is_in_the_log(tmp_path: Path) -> None:
    """With SIGSEGV, as a library does it. What else was written is nothing, and on stdout not a byte."""
    port = free_port()
    url = f"sqlite:///{tmp_path / 'web.db'}"
    to_head(url)
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "VAR_DIR": str(tmp_path),
        "PORT": str(port),
        "DATABASE_URL": url,
        "SECRET_KEY": SECRET,
        "REDIS_URL": f"unix://{tmp_path}/nobody.sock",
    }
    with (tmp_path / "out").open("w") as out, (tmp_path / "log").open("w") as log:
        head = psutil.Popen([sys.executable, "-c", PROGRAM, "web"], cwd=tmp_path, env=env, stdout=out, stderr=log)
    try:
        eventually(lambda: answers(port), "it answers")
        (first,) = head.children()
        first.send_signal(signal.SIGSEGV)
        eventually(lambda: [one.pid for one in head.children()] not in ([], [first.pid]), "there is another")
        eventually(lambda: answers(port), "the other answers")
        head.terminate()
        head.wait(PATIENCE_S)
    finally:
        for process in [*head.children(), head] if head.is_running() else []:
            process.kill()
    said = [json.loads(line) for line in (tmp_path / "log").read_text(encoding="utf-8").splitlines()]
    assert [(line["level"], line["event"]) for line in said] == [("error", "Unexpected exit from worker-1")]
    assert (tmp_path / "out").read_text(encoding="utf-8") == ""
