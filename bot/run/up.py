"""The supervisor: everything in one go, started again when it falls, and nothing left running at the end."""

import gc
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import FrameType, TracebackType
from typing import Self

import structlog

from bot.run.kin import die_with, held
from bot.run.settings import Settings
from bot.run.trouble import Trouble
from bot.run.valkey import make_room, run_valkey, wait_until_up

Work = Callable[[], None]
ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
HEEDED = (*ENDING, signal.SIGCHLD)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before a child that fell is started again."""

    first_s: float = 0.2
    most_s: float = 10.0
    healthy_s: float = 30.0

    def after(self, last_s: float, lived_s: float) -> float:
        """After a life of `lived_s` that began with a pause of `last_s`; 0 for the first one."""
        if not last_s or lived_s >= self.healthy_s:
            return self.first_s
        return min(2 * last_s, self.most_s)


@dataclass(slots=True)
class _Child:
    name: str
    work: Work
    grace_s: float  # between SIGTERM and SIGKILL
    kept: bool  # started again when it ends
    pid: int = 0  # 0: not running
    code: int = 0  # as `os.waitstatus_to_exitcode` has it, once ended
    since: float = 0.0
    pause_s: float = 0.0  # before this life
    due: float = 0.0  # when the next life begins


class ToldToStop(Exception):
    """SIGTERM, SIGINT or SIGHUP has come."""


class Family:
    """The children of this process. A context: at its end they are stopped, last started first.

    Each child leads its own process group, so that Ctrl-C reaches only us and a child's own children fall with it.
    To be used in the main thread of a process without other threads (it forks) and without open connections.
    """

    def __init__(self, backoff: Backoff) -> None:
        self._backoff = backoff
        self._children: list[_Child] = []
        self._told = False

    def __enter__(self) -> Self:
        self._awake, self._waker = os.pipe()
        os.set_blocking(self._awake, False)
        os.set_blocking(self._waker, False)
        heeded = [n for n in HEEDED if n != signal.SIGHUP or signal.getsignal(n) != signal.SIG_IGN]  # nohup(1)
        self._handlers = {number: signal.signal(number, self._heed) for number in heeded}
        self._former_waker = signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            for child in reversed(self._children):
                self._stop(child)
        finally:
            signal.set_wakeup_fd(self._former_waker)
            for number, handler in self._handlers.items():
                signal.signal(number, handler)
            os.close(self._awake)
            os.close(self._waker)

    def start(self, name: str, work: Work, *, grace_s: float = 10.0, kept: bool = True) -> None:
        """Fork a child that does `work`; started again whenever it ends, unless not `kept`."""
        child = _Child(name, work, grace_s, kept)
        self._children.append(child)
        self._fork(child)

    def finish(self, name: str) -> int:
        """Wait for a child that is not kept: its exit code, or minus the signal that ended it. Raises `ToldToStop`."""
        child = next(child for child in self._children if child.name == name)
        self.watch(lambda: not child.pid, every_s=None)
        self._children.remove(child)
        return child.code

    def watch(self, until: Callable[[], bool], every_s: float | None) -> None:
        """Keep the children alive until that holds, looked at after every change and `every_s`. Raises `ToldToStop`."""
        while not self._told and not until():
            pauses = [child.due - time.monotonic() for child in self._children if not child.pid and child.kept]
            self._sleep(min([*pauses, *([] if every_s is None else [every_s])], default=None))
            for child in self._children:
                self._notice_end(child)
                if not child.pid and child.kept and child.due <= time.monotonic() and not self._told:
                    self._fork(child)
        if self._told:
            raise ToldToStop

    def _heed(self, number: int, _frame: FrameType | None) -> None:
        self._told = self._told or number in ENDING

    def _sleep(self, seconds: float | None) -> None:
        """Until a signal comes, but no longer than that."""
        select.select([self._awake], [], [], None if seconds is None else max(0.0, seconds))
        try:
            os.read(self._awake, 4096)
        except BlockingIOError:
            return  # only time has passed

    def _fork(self, child: _Child) -> None:
        parent = os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        signal.pthread_sigmask(signal.SIG_BLOCK, HEEDED)  # the child must not hear them with our ears
        child.pid = os.fork()
        if not child.pid:
            _live(child, parent)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HEEDED)
        child.since = time.monotonic()
        log.info("started", process=child.name, pid=child.pid)

    def _notice_end(self, child: _Child) -> bool:
        """Whether the child is gone. What it left of its group is killed before its number can be another's."""
        if not child.pid:
            return True
        if os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return False
        self._signal(child, signal.SIGKILL)
        _, status = os.waitpid(child.pid, 0)
        child.code, child.pid = os.waitstatus_to_exitcode(status), 0
        if child.kept and not self._told:
            child.pause_s = self._backoff.after(child.pause_s, time.monotonic() - child.since)
            child.due = time.monotonic() + child.pause_s
            log.warning("ended", process=child.name, how=_how(child.code), again_in_s=child.pause_s)
        return True

    def _signal(self, child: _Child, number: signal.Signals) -> None:
        try:
            os.killpg(child.pid, number)
        except ProcessLookupError:
            os.kill(child.pid, number)  # just forked, not yet the head of its group; or ended and not yet reaped

    def _stop(self, child: _Child) -> None:
        self._told = True
        if self._notice_end(child):
            return
        os.kill(child.pid, signal.SIGTERM)
        until = time.monotonic() + child.grace_s
        while not self._notice_end(child):
            left = until - time.monotonic()
            if left <= 0:
                log.warning("does not stop, killed", process=child.name, pid=child.pid)
                self._signal(child, signal.SIGKILL)
            self._sleep(left if left > 0 else None)
        log.info("stopped", process=child.name, how=_how(child.code))


def up(
    settings: Settings,
    work: Mapping[str, Work],
    *,
    release: Work,
    ready: Callable[[], bool],
    announce: Work,
    backoff: Backoff | None = None,
) -> None:
    """Run the whole family until SIGTERM, SIGINT or SIGHUP. Raises `Trouble` if it cannot start.

    work: what each child does, by name; they are stopped in the reverse of this order, Valkey last. release: done
    once before them, in a process of its own so that this one never opens a connection. announce: called as soon as
    `ready` holds.
    """
    try:
        with held(settings.var_dir), Family(backoff or Backoff()) as family:
            gc.collect()
            gc.freeze()  # what the children share is not touched by their collections
            if settings.embedded_redis:
                make_room(settings.var_dir)
                family.start("valkey", partial(run_valkey, settings.var_dir), grace_s=5)
            family.start("release", release, kept=False)
            if family.finish("release"):
                raise Trouble("the database could not be made ready; the line above says why")
            if settings.embedded_redis:
                wait_until_up(settings.var_dir)
            for name, does in work.items():
                family.start(name, does)
            family.watch(ready, every_s=0.05)
            announce()
            family.watch(lambda: False, every_s=None)
    except ToldToStop:
        log.info("all stopped")


def _live(child: _Child, parent: int) -> None:
    """The whole life of a forked child. Never returns."""
    code = 1
    try:
        os.setpgid(0, 0)
        die_with(parent)
        signal.set_wakeup_fd(-1)
        for number in HEEDED:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HEEDED)
        child.work()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except Trouble as trouble:
        log.error("trouble", process=child.name, why=str(trouble))  # one line, no traceback
    except BaseException:  # whatever it was, the process ends here and the log says why
        log.exception("failed", process=child.name)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _how(code: int) -> str:
    return f"exit {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"
