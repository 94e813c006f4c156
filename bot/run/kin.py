"""No orphans: a process that ends with its parent, and a folder that belongs to one family of processes."""

import ctypes
import fcntl
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.run.trouble import Trouble

PR_SET_PDEATHSIG = 1  # prctl(2); it outlives an exec

WORKER_LOCK = "worker.lock"  # in the folder of the data: held by whoever takes turns
OWNER_LOCK = 7_304_051  # the same on PostgreSQL, an advisory lock: any number that nobody else uses


def die_with(parent: int) -> None:
    """From now on the kernel kills this process when `parent`, who forked it, ends – by `kill -9` too. Linux only."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent:  # she ended before we asked
        os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def held(folder: Path, patience_s: float = 5.0) -> Iterator[None]:
    """Hold `folder` against every other family. Raises `Trouble` if it is in use.

    Children inherit the lock, those that exec too, so it is free only when the last of them is gone. Members of a
    family whose head has died need a moment for that: `patience_s`.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.set_inheritable(handle, True)
        _lock(handle, folder, patience_s)
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        try:
            yield
        finally:
            os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def _lock(handle: int, folder: Path, patience_s: float) -> None:
    until = time.monotonic() + patience_s
    while True:
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            head = os.pread(handle, 20, 0).decode("ascii", "replace")
            if _alive(head) or time.monotonic() > until:
                raise Trouble(
                    f"{folder} is in use by another chophien (process {head or 'unknown'}): "
                    "stop it first, or choose another VAR_DIR and PORT"
                ) from error
            time.sleep(0.02)


def _alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True
