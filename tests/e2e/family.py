"""A family with toy children, run as `chophien up` runs the real one: `python -m tests.e2e.family VAR_DIR`.

With `release-fails` as second argument the work before the start fails. Each life appends `name pid` to VAR_DIR/lives,
each orderly end its name to VAR_DIR/story.
"""

import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from redis import Redis

from bot.run.kin import die_with
from bot.run.settings import Settings
from bot.run.trouble import Trouble
from bot.run.up import Backoff, up


def note(file: Path, words: str) -> None:
    with file.open("a", encoding="utf-8") as stream:
        stream.write(f"{words}\n")


def until_told(name: str, var_dir: Path, last: Callable[[], str] = str) -> None:
    """Live until SIGTERM; the last word goes into the story."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    note(var_dir / "lives", f"{name} {os.getpid()}")
    signal.sigwait([signal.SIGTERM])
    note(var_dir / "story", f"{name} {last()}".strip())


def with_own_child(var_dir: Path) -> None:
    """As Granian does: a worker of its own, which would not stop by itself."""
    head = os.getpid()
    if not os.fork():
        die_with(head)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        note(var_dir / "lives", f"grandchild {os.getpid()}")
        while True:
            signal.pause()
    until_told("web", var_dir)


def asking_valkey(settings: Settings) -> None:
    with Redis.from_url(settings.redis_url) as client:
        until_told("worker", settings.var_dir, lambda: f"valkey answers {client.ping()}")


def main(var_dir: Path, fails: bool) -> None:
    settings = Settings.read({"VAR_DIR": str(var_dir)})

    def release() -> None:
        if fails:
            raise Trouble("no such table")
        note(var_dir / "lives", f"release {os.getpid()}")

    try:
        up(
            settings,
            {
                "clock": partial(until_told, "clock", var_dir),
                "worker": partial(asking_valkey, settings),
                "web": partial(with_own_child, var_dir),
            },
            release=release,
            ready=lambda: True,
            announce=lambda: note(var_dir / "lives", f"announced {os.getpid()}"),
            backoff=Backoff(first_s=0.01, most_s=0.1),
        )
    except Trouble as trouble:
        sys.exit(str(trouble))


if __name__ == "__main__":
    main(Path(sys.argv[1]), "release-fails" in sys.argv)
