"""Threads without which a process only seems to live."""

import os
import signal
import threading
from collections.abc import Callable

import structlog

log = structlog.get_logger(__name__)


def vital(name: str, work: Callable[[], None]) -> threading.Thread:
    """A thread, to be started. An exception in it ends the process as SIGTERM does: the supervisor starts another."""

    def live() -> None:
        try:
            work()
        except Exception:
            log.exception("vital_thread_died", thread=name)
            os.kill(os.getpid(), signal.SIGTERM)

    return threading.Thread(target=live, name=name, daemon=True)
