"""`chophien chat`: the bot in a terminal, without anything else running."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e


def chat(folder: Path, lines: list[str], *options: str) -> str:
    """What is printed while these lines are typed."""
    environ = {
        "PATH": os.environ["PATH"],
        "VAR_DIR": str(folder),
        "DATABASE_URL": f"sqlite:///{folder}/chophien.db",
        "SECRET_KEY": "k" * 32,
    }
    program = [str(Path(sys.executable).with_name("chophien"))]
    for command in ("migrate", "seed"):
        subprocess.run([*program, command], env=environ, check=True, capture_output=True, timeout=60)
    done = subprocess.run(
        [*program, "chat", *options],
        env=environ,
        input="\n".join(lines) + "\n",
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout


def test_a_customer_reads_who_grew_this_and_until_when_it_is_good(tmp_path: Path) -> None:
    said = chat(tmp_path, ["4839 2017 6504", "1"])
    assert "✅ Mã đúng, có trong sổ HTX. Cam sành loại 1 của bà Bùi Thị Mến" in said
    assert "  2. Đặt mua 28.000đ/kg" in said
    assert "Hành trình lô 4839 2017 6504:" in said


def test_a_producer_puts_oranges_on_sale_with_one_sentence_and_a_number(tmp_path: Path) -> None:
    said = chat(tmp_path, ["mai co 50 can cam 25 nghin", "1"], "--as", "producer")
    assert "🍊 Cam 50 kg – 25.000đ/kg – có ngày mai" in said
    assert "Đăng rồi bác ạ. Khách thấy cam giá 28.000đ (gồm 3.000đ công HTX)." in said
