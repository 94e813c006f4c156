"""How fast this disk makes something durable: the measure of every figure with a commit in it."""

import os
import time
from pathlib import Path

PAGE = b"\0" * 4096


def fsyncs_a_second(folder: Path, seconds: float = 1.0) -> float:
    """Append 4 KiB, make it durable, again."""
    handle = os.open(folder / "fsync", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        done, start = 0, time.monotonic()
        while time.monotonic() - start < seconds:
            os.write(handle, PAGE)
            os.fsync(handle)
            done += 1
        return done / (time.monotonic() - start)
    finally:
        os.close(handle)
        (folder / "fsync").unlink()
