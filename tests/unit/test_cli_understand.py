"""`chophien understand`, as a program: a line in, a line out, whatever the line is."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.run.understanding import understand

CHOPHIEN = str(Path(sys.executable).with_name("chophien"))


def _run(folder: Path, given: bytes, *options: str) -> subprocess.CompletedProcess[bytes]:
    around = {"VAR_DIR": str(folder), "PATH": "/usr/bin:/bin", "LOG_LEVEL": "error"}
    command = [CHOPHIEN, "understand", *options]
    return subprocess.run(command, input=given, env=around, cwd=folder, capture_output=True, timeout=60, check=False)


def _answers(found: subprocess.CompletedProcess[bytes]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in found.stdout.decode().splitlines()]


def test_each_line_is_answered_in_its_place_and_nothing_is_written(tmp_path: Path) -> None:
    asked = [
        {"id": 1, "role": "consumer", "text": "cho chị 2 cân cam"},
        {"id": "b", "role": "producer", "text": "mai co 50 can cam 25 nghin"},
        {"id": None, "role": "consumer", "text": "48392017 6504"},
        {"id": 4, "text": "hôm nay mưa to quá"},
    ]
    found = _run(tmp_path, "\n".join(json.dumps(one) for one in asked).encode())
    answers = _answers(found)
    assert found.returncode == 0
    assert [one["id"] for one in answers] == [1, "b", None, 4]
    assert [one["intent"] for one in answers] == ["order", "post_stock", "trace", "unknown"]
    assert answers[1]["slots"] == {
        "product": "cam",
        "quantity": 50,
        "unit": "kg",
        "price_vnd": 25_000,
        "price_unit": "kg",
        "available_from": "mai",
    }
    assert all(0 <= one["confidence"] <= 1 for one in answers)
    assert b"no catalogue yet" in found.stderr
    assert {kept.name for kept in tmp_path.iterdir()} <= {"secret_key"}


def test_lines_without_a_role_have_that_of_the_option(tmp_path: Path) -> None:
    line = json.dumps({"id": 1, "text": "cam 50 kg 25k"}).encode()
    assert _answers(_run(tmp_path, line, "--role", "producer"))[0]["intent"] == "post_stock"
    assert _run(tmp_path, line, "--role", "pig").returncode == 2


def test_what_is_no_question_is_said_and_the_rest_is_answered(tmp_path: Path) -> None:
    """Tried: no JSON, a list, no text, a number as text, a strange role, bytes that are no UTF-8, deep nesting."""
    good = json.dumps({"id": 9, "text": "cam on shop"}).encode()
    bad = [b"x", b"[1]", b"{}", b'{"text": 5}', b'{"text": "a", "role": "king"}', b"\xff\xfe", b"[" * 100_000]
    found = _run(tmp_path, b"\n".join([*bad, b"", b"   ", good]))
    answers = _answers(found)
    assert [one["intent"] for one in answers] == ["unknown"] * len(bad) + ["thanks"]
    assert [bool(one.get("error")) for one in answers] == [True] * len(bad) + [False]
    assert len(found.stderr.splitlines()) == 1 + len(bad)
    assert found.returncode == 1


@pytest.mark.parametrize("text", ["\ud800", "\x00", "a" * 100_000, "\u202e🍊", "\n\n", ""])
def test_any_text_gives_one_line_that_can_be_printed(text: str) -> None:
    given = json.dumps({"id": text, "text": text})
    (answer,) = understand([given], None, "consumer", pytest.fail)
    assert "\n" not in answer
    assert json.loads(answer.encode("utf-8"))["id"] == text
