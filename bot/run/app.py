"""The Flask application: every door of the house that speaks HTTP."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from flask import Flask, Response, request
from redis.exceptions import RedisError
from sqlalchemy import select, text
from sqlalchemy.exc import NoResultFound, SQLAlchemyError

from bot.conversation import Conversation
from bot.i18n import sentence
from bot.inbox import Door, Down
from bot.run.bell import Bell, short_redis
from bot.run.consent import make_connect
from bot.run.figures import METRICS_TYPE, Figures
from bot.run.gate import Gate
from bot.run.handing import Handing
from bot.run.hatch import Hatch, Take
from bot.run.home import Home
from bot.run.looks import Looks
from bot.run.roof import keep_accounts, open_database, utc_now
from bot.run.settings import Settings
from bot.run.vital import vital
from catalog.account import Account
from catalog.db import Database
from handlers.channels.messenger import routes as messenger
from handlers.channels.web import routes as web
from handlers.channels.zalo import routes as zalo
from handlers.channels.zalobot import routes as zalobot
from handlers.pages import oauth
from handlers.pages.pictures import pictures
from handlers.pages.privacy import privacy
from handlers.pages.routes import pages
from handlers.pages.sheets import sheets

TALLY = "chophien.tally"
"""Where the application keeps what it counts: whoever serves it starts that."""
INGEST = {
    "deliveries": "chophien_deliveries",
    "events": "chophien_events",
    "refused": "chophien_deliveries_refused",
    "down": "chophien_ingest_failures",
}
"""Of what the door counts, what is on the page of figures."""
INGEST_BATCH = "chophien_ingest_batch"

log = structlog.get_logger(__name__)


def create_app(settings: Settings, now: Callable[[], datetime] = utc_now) -> Flask:
    """The application of one web process. Only the environment's accounts are looked after before the first request."""
    database = open_database(settings)
    redis = short_redis(settings.redis_url)
    home = Home(database, settings, Looks(database))
    figures = Figures(database, now, var_dir=settings.var_dir, redis=redis)
    app = App("chophien", static_folder=None)
    accounts = Accounts(database, settings)
    accounts.keep()
    app.before_request(accounts.keep)
    door = Door(database, Bell(redis).ring, now, thread=vital, measure=partial(figures.tally.observe, INGEST_BATCH))
    figures.tally.follow(door.snapshot, INGEST)
    app.extensions[TALLY] = figures.tally
    gate = Gate(short_redis(settings.redis_url), database.vault, now)
    takes = _open_doors(app, door, home, figures, now)
    _open_chat(app, door, home, now)
    app.wsgi_app = Hatch(app.wsgi_app, takes, accounts.keep)  # type: ignore[method-assign]
    app.register_blueprint(pages(home, sentence, gate=gate, public_url=settings.public_url))
    app.register_blueprint(privacy(home, sentence))
    app.register_blueprint(pictures())
    app.register_blueprint(sheets(Handing(home), sentence))
    app.register_blueprint(oauth.blueprint(database.vault, make_connect(settings, database, now), now))

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


def _open_doors(
    app: Flask, door: Door, home: Home, figures: Figures, now: Callable[[], datetime]
) -> Mapping[str, Take]:
    """Where messages come in: one door for each platform. A channel that is off answers 404.

    Returns what may be taken before Flask, by path: the webhooks where deliveries come in crowds.
    """
    settings, database = home.settings, home.database
    takes: dict[str, Take] = {}
    app.register_blueprint(
        messenger.blueprint(
            door,
            settings.messenger_app_secrets if settings.messenger_verify_token else [],
            settings.messenger_verify_token,
            now,
            figures.refused("messenger"),
            app_id=settings.messenger_app_id,
            asked_to_forget=home.ask_to_forget,
            takes=takes,
        )
    )
    app.register_blueprint(
        zalo.blueprint(
            door,
            secrets=settings.zalo_secrets,
            app_ids=[settings.zalo_app_id] if settings.zalo_app_id else [],
            variant=settings.zalo_signature,
            verifier=settings.zalo_verifier,
            now=now,
            matched=figures.zalo_matched,
            refused=figures.refused("zalo"),
            oa_of=OaOf(database),
            takes=takes,
        )
    )
    app.register_blueprint(
        zalobot.blueprint(
            door,
            [settings.zalobot_secret] if settings.zalobot_secret else [],
            settings.zalobot_id,
            now,
            figures.refused("zalobot"),
        )
    )
    return takes


def _open_chat(app: Flask, door: Door, home: Home, now: Callable[[], datetime]) -> None:
    """Our own page's chat."""
    secure = home.settings.public_url.startswith("https://")
    app.register_blueprint(
        web.blueprint(door, home.database, home.site, home.settings.secret_keys, secure=secure, now=now)
    )


class App(Flask):
    """Says in the log which page failed by its name: in a path there may be somebody's number, or a sheet's key."""

    def log_exception(self, exc_info: Any) -> None:
        log.error("request_failed", page=request.endpoint, method=request.method, exc_info=exc_info)


class OaOf:
    """Which OA a Zalo user has written to, for the one event that does not say."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __call__(self, user_id: str) -> str:
        """Empty for somebody who never wrote. Raises `Down`."""
        known = (
            select(Account.external_id)
            .join(Conversation, Conversation.account_id == Account.id)
            .where(Account.channel == zalo.CHANNEL, Conversation.address == user_id)
        )
        try:
            with self._database.reading() as db:
                return db.scalar(known.limit(1)) or ""
        except SQLAlchemyError as error:
            raise Down(type(error).__name__) from error


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
