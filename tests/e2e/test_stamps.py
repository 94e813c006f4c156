"""From a sheet on the desk to a phone in the market: the whole program, its own command line, and what is scanned."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pypdfium2
import pytest
import requests
import zxingcpp
from sqlalchemy import func, select

from bot.run.settings import Settings
from catalog.db import Database
from catalog.scan import Scan
from catalog.sheet import StampSheet
from catalog.vault import Vault
from tests.e2e.test_program import ROOT, free_port, running

pytestmark = pytest.mark.e2e

CHOPHIEN = [sys.executable, "-c", "from bot.run.cli import main; main(prog_name='chophien')"]
SECOND = 1.0


@dataclass(frozen=True, slots=True)
class Desk:
    """A folder with a running product, and its command line."""

    folder: Path
    port: int

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*CHOPHIEN, *words],
            cwd=self.folder,
            env=self._env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def start(self, *words: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [*CHOPHIEN, *words], cwd=self.folder, env=self._env, stderr=subprocess.DEVNULL, text=True
        )

    @property
    def _env(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PORT": str(self.port)}

    def scan(self, code: str, phone: str) -> dict[str, object]:
        answer = requests.get(
            f"http://127.0.0.1:{self.port}/t/{code}",
            headers={"Accept": "application/json", "X-Forwarded-For": phone, "User-Agent": "Mozilla/5.0"},
            timeout=10,
        )
        found: dict[str, object] = answer.json()
        return found

    @contextmanager
    def database(self) -> Iterator[Database]:
        settings = Settings.read({"VAR_DIR": str(self.folder / "var")})
        database = Database(settings.database_url, Vault(settings.secret_keys))
        yield database
        database.close()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder, port = tmp_path_factory.mktemp("desk"), free_port()
    with running(folder, port):
        yield Desk(folder, port)


def codes_on(pdf: Path) -> list[str]:
    """Read off the page as a camera would."""
    pages = [page.render(scale=300 / 72).to_pil() for page in pypdfium2.PdfDocument(pdf)]
    return [found.text.rpartition("/t/")[2] for page in pages for found in zxingcpp.read_barcodes(page)]


def left(desk: Desk) -> int:
    """Of the co-op's stamps, as its books say."""
    told = re.search(r"([0-9]+) left", desk.run("stamps", "list").stdout)
    assert told is not None
    return int(told[1])


def test_what_is_printed_can_be_scanned_at_once_and_the_look_is_counted(desk: Desk) -> None:
    printed = desk.run("stamps", "print", "--lot", "SM-MAT-01", "--count", "40", "--sheet", "40", "-o", "mat.pdf")
    assert printed.returncode == 0, printed.stderr
    assert "MẪU" in printed.stderr

    codes = codes_on(desk.folder / "mat.pdf")
    found = [desk.scan(code, f"113.1.1.{number}") for number, code in enumerate(codes)]

    assert len(set(codes)) == 40
    assert {(one["state"], one["product"], one["lot"], one["kind"]) for one in found} == {
        ("active", "Mật ong rừng 500 ml", "SM-MAT-01", "unit")
    }
    with desk.database() as database:
        until = time.monotonic() + 10
        counted = select(func.count(Scan.id)).where(Scan.code.in_(codes), Scan.channel == "page")
        while True:
            with database.reading() as db:
                count = db.scalar(counted)
            if count == 40 or time.monotonic() > until:
                break
            time.sleep(0.05)
    assert count == 40


def test_a_stamp_that_is_voided_says_so_within_a_second(desk: Desk) -> None:
    desk.run("stamps", "print", "--lot", "SM-MAT-01", "--count", "1", "--sheet", "50x30", "-o", "one.pdf")
    (code,) = codes_on(desk.folder / "one.pdf")
    before = desk.scan(code, "113.1.2.1")

    assert desk.run("stamps", "void", code).returncode == 0
    voided, states = time.monotonic(), list[object]()
    while time.monotonic() - voided < SECOND:
        states.append(desk.scan(code, "113.1.2.2")["state"])
        time.sleep(0.1)

    assert before["state"] == "active"
    assert states[-1] == "void"


def test_a_printing_that_is_killed_draws_all_or_nothing_and_can_be_printed_again(desk: Desk) -> None:
    """At any moment from its start to its end, half a dozen times."""
    left_before = left(desk)
    began = time.monotonic()
    assert desk.run("stamps", "print", "--lot", "SM-CAM-01", "--count", "195", "-o", "whole.pdf").returncode == 0
    takes = time.monotonic() - began
    for part in range(6):
        printing = desk.start("stamps", "print", "--lot", "SM-CAM-01", "--count", "195", "-o", "killed.pdf")
        time.sleep(takes * part / 6)
        printing.send_signal(signal.SIGKILL)
        printing.wait(10)

    sheets = [
        json.loads(line) for line in desk.run("stamps", "list", "--lot", "SM-CAM-01", "--json").stdout.splitlines()
    ]
    assert {(sheet["labels"], sheet["stamps"]["active"]) for sheet in sheets} == {(195, 195)}
    assert left_before - left(desk) == 195 * len(sheets)
    again = desk.run("stamps", "print", "--again", str(sheets[0]["sheet"]), "-o", "again.pdf")
    assert again.returncode == 0
    assert len(set(codes_on(desk.folder / "again.pdf"))) == 195
    with desk.database() as database, database.reading() as db:
        assert db.scalar(select(func.count(StampSheet.id)).where(StampSheet.geometry == "65")) == len(sheets)


def test_who_guesses_codes_is_shut_out_and_nobody_else_is(desk: Desk) -> None:
    guesses = [desk.scan(f"{number:012}", "113.1.3.1") for number in range(25)]
    known = desk.scan("483920176504", "113.1.3.1")

    assert [guess.get("state") for guess in guesses] == ["unknown"] * 19 + [None] * 6
    assert "state" not in known
    assert desk.scan("483920176504", "113.1.3.2")["state"] == "active"
