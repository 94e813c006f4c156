"""The family with a wall clock that a test moves: `python -m tests.trouble.astray`, settings from the environment.

WALL names a file of eight bytes, a double: by so many seconds all of its processes are ahead of the truth, from the
moment at which it is written. What is moved is what Python tells of the wall clock, for the product and its libraries
alike; `time.monotonic` goes on as it did, as it does in a machine whose clock is set.
"""

import ctypes
import gc
import mmap
import os
import struct
import time
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any


class Wall:
    """The file. Made by the test, read by the processes."""

    def __init__(self, file: Path) -> None:
        self.file = file
        if not file.exists():
            file.write_bytes(struct.pack("d", 0.0))
        with file.open("r+b") as opened:
            self._shared = mmap.mmap(opened.fileno(), 8)

    @property
    def ahead(self) -> float:
        seconds: float = struct.unpack_from("d", self._shared)[0]
        return seconds

    def set(self, **ahead: float) -> None:
        """hours=1, or whatever `timedelta` takes; nothing: the truth."""
        struct.pack_into("d", self._shared, 0, timedelta(**ahead).total_seconds())

    def close(self) -> None:
        self._shared.close()


def lead_astray(wall: Wall) -> None:
    """From now on, for this process and all that are forked from it."""
    honest_time, honest_now = time.time, datetime.now

    def now(_cls: type[datetime], tz: tzinfo | None = None) -> datetime:
        return honest_now(tz) + timedelta(seconds=wall.ahead)

    time.time = lambda: honest_time() + wall.ahead
    # A built-in type takes no new attributes from Python; what is behind its read-only view does.
    attributes: dict[str, Any] = gc.get_referents(datetime.__dict__)[0]
    attributes["now"] = classmethod(now)
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(datetime))


if __name__ == "__main__":
    lead_astray(Wall(Path(os.environ["WALL"])))
    from tests.e2e.impatient import main  # only now: what it imports may keep the functions that it finds

    main()
