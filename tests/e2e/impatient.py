"""`chophien up` over a database that is ready, with a supervisor that starts what falls again at once:
`python -m tests.e2e.impatient`, settings from the environment."""

import os
from functools import partial

from bot.run import clock, web, worker
from bot.run.logs import set_up_logs
from bot.run.settings import Settings
from bot.run.up import Backoff, up


def main() -> None:
    settings = Settings.read(os.environ)
    settings.var_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    set_up_logs(settings)
    up(
        settings,
        {
            "clock": partial(clock.main, settings),
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
