"""The platforms' clients, as the settings want them. Each process makes its own."""

from bot.run.settings import Settings
from handlers.calling import CONNECT_SECONDS, READ_SECONDS
from handlers.channels.messenger.client import MessengerClient
from handlers.channels.zalo.client import ZaloClient
from handlers.channels.zalo.oauth import ZaloOAuth

TIMEOUTS = (CONNECT_SECONDS, READ_SECONDS)


def messenger_client(
    settings: Settings, pool_size: int = 1, timeouts: tuple[float, float] = TIMEOUTS
) -> MessengerClient:
    return MessengerClient(
        settings.messenger_api_url,
        settings.messenger_api_version,
        settings.messenger_app_secret,
        pool_size=pool_size,
        timeouts=timeouts,
    )


def zalo_client(settings: Settings, pool_size: int = 1, timeouts: tuple[float, float] = TIMEOUTS) -> ZaloClient:
    return ZaloClient(
        settings.zalo_api_url,
        settings.zalo_zbs_url,
        settings.zalo_app_secret,
        appsecret_proof=settings.zalo_appsecret_proof,
        pool_size=pool_size,
        timeouts=timeouts,
    )


def zalo_oauth(settings: Settings) -> ZaloOAuth:
    return ZaloOAuth(settings.zalo_oauth_url, settings.zalo_app_id, settings.zalo_app_secret)
