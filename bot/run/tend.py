"""What has to be looked after on the platforms so that an account does not fall silent while nobody looks.

The clock runs this beside its ticks, a thread for each kind of work, so that a platform that hangs delays nothing else.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.officer import Officer
from bot.run.clients import messenger_client, zalo_client
from bot.run.grants import Grants, make_grants
from bot.run.roof import utc_now
from bot.run.settings import Settings
from bot.run.tend_look import Look
from bot.run.tend_oas import Oas, OaTender
from bot.run.tend_pages import Pages, PageTender
from catalog.db import Database

LOOK_SECONDS = 5.0

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Job:
    """next_at: None at the start, when it is due at once."""

    name: str
    every: timedelta
    work: Callable[[], None]
    next_at: datetime | None = None


def make_tender(settings: Settings, database: Database, now: Callable[[], datetime] = utc_now) -> "Tender":
    """Channels that are off are left alone."""
    pages = messenger_client(settings, pool_size=2)
    oas = zalo_client(settings, pool_size=2)
    zalo_is_on = bool(settings.zalo_app_id and settings.zalo_app_secret)
    return Tender(
        database,
        pages if settings.messenger_app_secret else None,
        oas if zalo_is_on else None,
        make_grants(settings, database, now),
        now,
        app_id=settings.messenger_app_id,
        officer=Officer(settings.default_locale),
    )


class Tender:
    """pages, oas: None where the channel is off. app_id: our app at Meta, "" if we do not know it."""

    def __init__(
        self,
        database: Database,
        pages: Pages | None,
        oas: Oas | None,
        grants: Grants,
        now: Callable[[], datetime],
        *,
        app_id: str = "",
        officer: Officer | None = None,
    ) -> None:
        self._now = now
        self._stopping = threading.Event()
        self._page_tender: PageTender | None = None
        self._jobs: list[Job] = []
        look = Look(database, officer or Officer(), now, self._stopping)
        if pages is not None:
            tended = self._page_tender = PageTender(look, pages, app_id)
            self._jobs.append(Job("subscriptions", timedelta(minutes=5), tended.look_at_subscriptions))
            self._jobs.append(Job("page profiles", timedelta(hours=6), tended.look_at_profiles))
            self._jobs.append(Job("page templates", timedelta(hours=1), tended.look_at_templates))
        if oas is not None:
            oa_tender = OaTender(look, oas, grants)
            self._jobs.append(Job("grants", timedelta(minutes=30), oa_tender.renew))
            self._jobs.append(Job("OAs", timedelta(hours=1), oa_tender.look_at_oas))

    @property
    def mended(self) -> int:
        """Subscriptions that were put right since the start."""
        return self._page_tender.mended if self._page_tender else 0

    def due(self, now: datetime) -> list[str]:
        """Do what is due, one after the other; the names of what was done. Raises nothing."""
        return [job.name for job in self._jobs if self._done(job, now)]

    def run_forever(self, stopping: threading.Event) -> None:
        """Until `stopping`, and then until the calls that are under way have come back or timed out."""
        threads = [threading.Thread(target=self._repeat, args=(job,), name=job.name, daemon=True) for job in self._jobs]
        for thread in threads:
            thread.start()
        stopping.wait()
        self._stopping.set()
        for thread in threads:
            thread.join()

    def _repeat(self, job: Job) -> None:
        while not self._stopping.is_set():
            self._done(job, self._now())
            self._stopping.wait(LOOK_SECONDS)

    def _done(self, job: Job, now: datetime) -> bool:
        """Whether it was due. A failure, even a mistake of our own, waits for the next time."""
        if job.next_at is not None and job.next_at - job.every <= now < job.next_at:  # else the clock was put back
            return False
        job.next_at = now + job.every
        try:
            job.work()
        except SQLAlchemyError as error:
            log.warning("database_gone", error=type(error).__name__)
        except Exception:
            log.exception("tending_failed", job=job.name)
        return True
