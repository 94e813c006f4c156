"""`chophien up` over a database that is ready, with every pause a second long: `python -m tests.e2e.brisk`, settings
from the environment.

What waits a minute for somebody to mend it, and what is looked at every five minutes or every hour, is looked at all
the time, so that a story takes seconds. Nothing else is changed.
"""

import os
from datetime import timedelta
from functools import partial

from bot.run import clock, grants, media, sender, tend, web, worker
from bot.run.couriers import tokens
from bot.run.logs import set_up_logs
from bot.run.settings import Settings
from bot.run.up import Backoff, up
from catalog.db import Database

SECOND = timedelta(seconds=1)


def eager(settings: Settings, database: Database) -> tend.Tender:
    """Looks at pages, OAs and grants every second."""
    tender = tend.make_tender(settings, database)
    for job in tender._jobs:
        job.every = SECOND
    return tender


def hurry() -> None:
    """Shorten the pauses of every process that is forked from this one."""
    sender.PAUSED_S = 1.0
    tokens.ACCOUNT_SECONDS = 1.0
    grants.CACHED = SECOND
    grants.BACK_OFF = (1.0, 1.0, 1.0, 1.0)
    tend.LOOK_SECONDS = 0.2
    clock.make_tender = eager
    clock.TICK_SECONDS = 0.5


def main() -> None:
    settings = Settings.read(os.environ)
    settings.var_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    set_up_logs(settings)
    hurry()
    up(
        settings,
        {
            "clock": partial(clock.main, settings),
            "media": partial(media.main, settings),
            "worker": partial(worker.main, settings),
            "web": partial(web.serve, settings),
        },
        release=lambda: None,
        ready=partial(web.answers, settings.port),
        announce=lambda: None,
        backoff=Backoff(first_s=0.05, most_s=0.1),
    )


if __name__ == "__main__":
    main()
