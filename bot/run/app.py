"""The Flask application: every door of the house that speaks HTTP."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import structlog
from flask import Flask, Response
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from redis.exceptions import RedisError
from sqlalchemy import func, select, text
from sqlalchemy.exc import NoResultFound, SQLAlchemyError
from sqlalchemy.orm import Session

from bot import inbox
from bot.i18n import sentence
from bot.inbox import Door
from bot.outbox import OutboxRow
from bot.ports import Goods, Stamp
from bot.run.bell import Bell, short_redis
from bot.run.reading import Readings
from bot.run.roof import keep_accounts, open_database, utc_now
from bot.run.settings import Settings
from catalog.account import Account
from catalog.case import Case
from catalog.db import Database
from catalog.organisation import Organisation
from handlers.channels.messenger import routes as messenger
from handlers.channels.web import routes as web
from handlers.pages.routes import pages
from handlers.pages.views import Coop

LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"

log = structlog.get_logger(__name__)


def create_app(settings: Settings, now: Callable[[], datetime] = utc_now) -> Flask:
    """The application of one web process. Only the environment's accounts are looked after before the first request."""
    database = open_database(settings)
    redis = short_redis(settings.redis_url)
    door = Door(database, Bell(redis).ring, now)
    home = Home(database, settings)
    figures = Figures(database, now)
    app = Flask("chophien", static_folder=None)
    accounts = Accounts(database, settings)
    accounts.keep()
    app.before_request(accounts.keep)
    app.register_blueprint(
        messenger.blueprint(
            door,
            settings.messenger_app_secrets if not settings.messenger_missing else [],
            settings.messenger_verify_token,
            now,
            figures.refused,
        )
    )
    app.register_blueprint(
        web.blueprint(
            door,
            database,
            home.site,
            settings.secret_keys,
            secure=settings.public_url.startswith("https://"),
            now=now,
        )
    )
    app.register_blueprint(pages(home, sentence))

    @app.get("/healthz")
    def healthy() -> Response:
        return Response("ok\n", content_type="text/plain")

    @app.get("/readyz")
    def ready() -> Response:
        try:
            with database.reading() as db:
                db.execute(text("SELECT 1"))
            redis.ping()
        except (SQLAlchemyError, RedisError) as error:
            log.warning("not_ready", error=type(error).__name__)
            return Response(f"{type(error).__name__}\n", 503, content_type="text/plain")
        return Response("ok\n", content_type="text/plain")

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(figures.text(), content_type=METRICS_TYPE)

    @app.errorhandler(NoResultFound)
    def nothing_yet(_error: NoResultFound) -> Response:
        return Response("There is no co-op here yet: run chophien seed.\n", 503, content_type="text/plain")

    @app.errorhandler(SQLAlchemyError)
    def database_gone(error: SQLAlchemyError) -> Response:
        log.warning("database_gone", error=type(error).__name__)
        return Response("The database does not answer; please try again in a moment.\n", 503, {"Retry-After": "5"})

    return app


class Accounts:
    """Keeps the environment's accounts in the database, once: at the start, or as soon as it answers."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._kept = False

    def keep(self) -> None:
        if self._kept:
            return
        try:
            self._kept = keep_accounts(self._database, self._settings)
        except SQLAlchemyError as error:
            log.warning("accounts_not_kept", error=type(error).__name__)


@dataclass(frozen=True, slots=True)
class Home:
    """What the public pages read: the organisation of the first web account, its goods, and every stamp."""

    database: Database
    settings: Settings

    def coop(self, language: str) -> Coop:
        with self.database.reading() as db:
            _, home = self._organisation(db)
            return Coop(
                name=home.name,
                short_name=home.short_name,
                tax_code=home.tax_code,
                address=home.address,
                phone=home.phone,
                complaints=sentence(
                    "Complaints: type 9 in the chat, or call %(clerk)s, %(phone)s.",
                    language,
                    clerk=home.clerk or home.short_name,
                    phone=home.clerk_phone or home.phone,
                ),
                shop=home.shop,
                demo=self._demo(home),
            )

    def goods(self, language: str) -> Sequence[Goods]:
        with self.database.reading() as db:
            account, _ = self._organisation(db)
            return self._readings().shelf(db, account.organisation_id, language, utc_now()).on_sale()

    def stamp(self, code: str, language: str) -> Stamp | None:
        with self.database.reading() as db:
            return self._readings().stamp(db, code, language, utc_now())

    def site(self) -> web.Site:
        with self.database.reading() as db:
            account, home = self._organisation(db)
            return web.Site(account.external_id, account.id, self._demo(home))

    def _organisation(self, db: Session) -> tuple[Account, Organisation]:
        found = db.execute(
            select(Account, Organisation)
            .join(Organisation, Organisation.id == Account.organisation_id)
            .where(Account.channel == "web")
            .order_by(Account.id)
            .limit(1)
        ).one()
        return found[0], found[1]

    def _demo(self, home: Organisation) -> bool:
        return home.demo and urlsplit(self.settings.public_url).hostname in LOCAL

    def _readings(self) -> Readings:
        return Readings(self.settings.timezone, self.settings.default_locale)


class Figures:
    """The page of figures: what waits, for how long, and what went wrong. Counted in the tables at each look."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now
        self._registry = CollectorRegistry()
        self._refused = Counter("chophien_refused_signatures", "Wrong signatures", registry=self._registry)
        self._up = self._gauge("chophien_database_up", "Whether the database answers")
        self._pending = self._gauge("chophien_inbox_pending", "Events that wait for their turn")
        self._oldest = self._gauge("chophien_inbox_oldest_seconds", "Age of the oldest pending event")
        self._unsent = self._gauge("chophien_outbox_unsent", "Replies that were promised and not sent")
        self._unsent_age = self._gauge("chophien_outbox_oldest_seconds", "Age of the oldest unsent reply")
        self._dead = self._gauge("chophien_outbox_dead", "Replies that could never go")
        self._cases = self._gauge("chophien_cases_open", "What waits for a person")

    def _gauge(self, name: str, help_text: str) -> Gauge:
        return Gauge(name, help_text, registry=self._registry)

    def refused(self) -> None:
        self._refused.inc()

    def text(self) -> bytes:
        try:
            with self._database.reading() as db:
                self._count(db)
            self._up.set(1)
        except SQLAlchemyError as error:
            log.warning("database_gone", error=type(error).__name__)
            self._up.set(0)
        return generate_latest(self._registry)

    def _count(self, db: Session) -> None:
        pending, since = inbox.oldest_pending(db)
        self._pending.set(pending)
        self._oldest.set(self._age(since))
        pushed = OutboxRow.channel.not_in(["web", "console"])
        unsent, oldest = db.execute(
            select(func.count(), func.min(OutboxRow.created_at)).where(
                OutboxRow.sent_at.is_(None), OutboxRow.dead_at.is_(None), pushed
            )
        ).one()
        self._unsent.set(unsent)
        self._unsent_age.set(self._age(oldest))
        self._dead.set(db.scalar(select(func.count()).where(OutboxRow.dead_at.is_not(None))) or 0)
        self._cases.set(db.scalar(select(func.count(Case.id)).where(Case.closed_at.is_(None))) or 0)

    def _age(self, since: datetime | None) -> float:
        return max(0.0, (self._now() - since).total_seconds()) if since else 0.0
