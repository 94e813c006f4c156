"""What the doctor says of one thing, and how it asks a platform without ever hanging on one."""

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

from bot.plain import plain
from bot.reply import Reason, SendError

State = Literal["fine", "look", "broken"]
SECONDS = 5.0
TIMEOUTS = (2.0, 2.5)
"""To connect and to read: so that a call mostly ends by itself before `SECONDS`."""
PASSING = (Reason.UNREACHABLE, Reason.LATER, Reason.THROTTLED, Reason.QUOTA)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Finding:
    """state "look" is worth a look and breaks nothing yet. mend: what to do, empty if all is well."""

    state: State
    about: str
    words: str
    mend: str = ""


class Asker:
    """One platform. It is asked once for each thing, for at most `seconds`, and no more once it was silent."""

    def __init__(self, platform: str, seconds: float = SECONDS) -> None:
        self.platform = platform
        self._seconds = seconds
        self._silent = False

    def ask(self, call: Callable[[], T]) -> T:
        """In a thread that is left behind when the time is up: DNS and an answer that drips know no limit.

        Raises SendError, also for an answer that our own client stumbles over.
        """
        if self._silent:
            raise SendError("it was silent just now", reason=Reason.UNREACHABLE)
        done: queue.SimpleQueue[tuple[T | None, Exception | None]] = queue.SimpleQueue()

        def run() -> None:
            try:
                done.put((call(), None))
            except Exception as error:  # noqa: BLE001 (handed on, to be raised where somebody waits)
                done.put((None, error))

        threading.Thread(target=run, name="doctor", daemon=True).start()
        try:
            answer, error = done.get(timeout=self._seconds)
        except queue.Empty:
            self._silent = True
            raise SendError(f"no answer in {self._seconds:.0f} s", reason=Reason.UNREACHABLE) from None
        if isinstance(error, SendError):
            self._silent = error.reason is Reason.UNREACHABLE
            raise error
        if error is not None:
            raise SendError(type(error).__name__, reason=Reason.UNREACHABLE)
        return answer  # type: ignore[return-value] # without an error it is the call's own

    def refused(self, about: str, asked: str, error: SendError, mend: str) -> Finding:
        """What did not go well, in plain words. asked: what for. mend: where it is not the platform's to mend."""
        if error.reason in PASSING:
            words = f"{self.platform} gives no answer that helps about {asked} ({error})"
            return Finding("look", about, words, "try again in some minutes; what waits goes out by itself")
        state: State = "broken" if error.permanent or error.pauses else "look"
        if error.reason is Reason.SHAPE:
            return Finding(state, about, f"{self.platform} refuses the question about {asked} ({error})", mend)
        words = f"{self.platform} refuses {asked} ({error}): {plain(error.reason, 'en')}"
        return Finding(state, about, words, mend)
