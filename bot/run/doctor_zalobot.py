"""Zalo's bots: the settings of the one that the door listens for, and where each sends its deliveries."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from bot.reply import SendError
from bot.run.adding_bot import PATH
from bot.run.doctor_account import ADD, Kept, before_asking, kept_accounts
from bot.run.doctor_finding import TIMEOUTS, Asker, Finding
from bot.run.settings import Settings
from bot.run.shell import plain
from catalog.db import Database
from handlers.calling import Caller
from handlers.channels.zalobot.client import ZaloBotClient

CHANNEL, ABOUT = "zalobot", "Zalo bot"


def zalobot(settings: Settings, database: Database) -> Iterator[Finding]:
    """Nothing where it is off."""
    bots = kept_accounts(settings, database, CHANNEL)
    if not bots and not settings.zalobot_token:
        return
    yield from _settings(settings, bots)
    asker, caller = Asker("Zalo"), Caller(pool_size=1, timeouts=TIMEOUTS)
    client = ZaloBotClient(settings.zalobot_api_url, caller)
    try:
        for bot in bots:
            troubles = list(before_asking(bot))
            if bot.token:
                troubles += _webhook(settings, asker, client, bot)
            yield from troubles
            if not troubles:
                yield Finding("fine", bot.about, f"{bot.state}; its webhook leads here")
    finally:
        caller.close()


def _settings(settings: Settings, bots: list[Kept]) -> Iterator[Finding]:
    given = {"ZALOBOT_TOKEN": settings.zalobot_token, "ZALOBOT_SECRET": settings.zalobot_secret}
    missing = [name for name, value in given.items() if not value]
    if missing:
        words = f"incomplete: {', '.join(missing)} missing, so every delivery is refused"
        yield Finding("broken", ABOUT, words, "set what is missing, then chophien account add zalobot")
    elif not bots:
        yield Finding("look", ABOUT, f"the bot {plain(settings.zalobot_id)} is not taken in yet", "chophien up")
    elif strangers := [bot.external_id for bot in bots if bot.external_id != settings.zalobot_id]:
        words = f"only {plain(settings.zalobot_id)} is listened to, not {plain(', '.join(strangers))}"
        yield Finding("look", ABOUT, words, "ZALOBOT_TOKEN should be that of the bot in use")
    else:
        yield Finding("fine", ABOUT, "settings are complete")


def _webhook(settings: Settings, asker: Asker, client: ZaloBotClient, bot: Kept) -> Iterator[Finding]:
    try:
        url = asker.ask(lambda: client.webhook_info(bot.token))
    except SendError as error:
        yield asker.refused(bot.about, "its webhook", error, ADD[CHANNEL])
        return
    if not url:
        yield Finding("broken", bot.about, "it has no webhook: the bot hears nothing", ADD[CHANNEL])
    elif url != f"{settings.public_url}/{PATH}":
        words = f"its webhook leads to {_host(url)}, not to {settings.public_url}/{PATH}"
        yield Finding("broken", bot.about, words, f"correct PUBLIC_URL, or {ADD[CHANNEL]}")


def _host(url: str) -> str:
    """Where it leads, without what may be a secret in it."""
    try:
        return plain(urlsplit(url).hostname or "nowhere")
    except ValueError:
        return "nowhere"
