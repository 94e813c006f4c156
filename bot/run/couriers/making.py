"""Who takes a reply to which platform. The web's replies are fetched by the browser, the console's by its terminal."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from bot.permit import Terms
from bot.run.clients import messenger_client, zalo_client
from bot.run.courier import Courier
from bot.run.couriers.documents import Documents, no_documents
from bot.run.couriers.messenger import MessengerCourier
from bot.run.couriers.pictures import Pictures
from bot.run.couriers.tokens import Tokens
from bot.run.couriers.zalo import ZaloCourier
from bot.run.couriers.zalobot import ZaloBotCourier
from bot.run.grants import Grants
from bot.run.pace import Pace
from bot.run.settings import Settings
from catalog.db import Database
from handlers.calling import Caller
from handlers.channels.zalobot.client import ZaloBotClient
from handlers.pages.pictures import picture

HUMAN_AGENT = timedelta(days=7)  # send-messages: HUMAN_AGENT
ZALO_FREE, ZALO_PAID = timedelta(hours=48), timedelta(days=7)


def utc_now() -> datetime:
    return datetime.now(UTC)


def terms_of(settings: Settings) -> dict[str, Terms]:
    """When we may write, by channel."""
    return {
        "messenger": Terms(
            free=timedelta(hours=settings.messenger_window_hours),
            human=HUMAN_AGENT if settings.messenger_human_agent else None,
            templates=True,
        ),
        "zalo": Terms(free=ZALO_FREE, paid=ZALO_PAID if settings.zalo_paid else None, templates=True),
    }


def make_couriers(
    settings: Settings,
    database: Database,
    grants: Grants,
    threads: int,
    now: Callable[[], datetime] = utc_now,
    *,
    pace: Pace | None = None,
    documents: Documents = no_documents,
) -> dict[str, Courier]:
    """One for every channel whose replies we push. A channel that is off has one too: its old replies still go.

    pace: is told what a platform says of how many calls are left. documents: the bytes of a reply's file, by its path.
    """
    terms = terms_of(settings)
    tokens, pictures = Tokens(database), Pictures(database, picture, now)
    return {
        "messenger": MessengerCourier(
            messenger_client(settings, pool_size=threads),
            database,
            tokens,
            pictures,
            terms=terms["messenger"],
            public_url=settings.public_url,
            typing=settings.messenger_typing,
            documents=documents,
        ),
        "zalo": ZaloCourier(
            zalo_client(settings, pool_size=threads),
            database,
            grants,
            pictures,
            terms=terms["zalo"],
            calls_a_minute=settings.zalo_calls_a_minute,
            buttons=settings.zalo_buttons,
            pace=pace,
            documents=documents,
        ),
        "zalobot": ZaloBotCourier(
            ZaloBotClient(settings.zalobot_api_url, Caller(pool_size=threads)), tokens, settings.public_url
        ),
    }
