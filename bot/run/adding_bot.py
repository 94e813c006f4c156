"""Adding a bot of Zalo's Bot Platform."""

from bot.reply import SendError
from bot.run.adding import Connected, Desk, Report, told
from bot.run.trouble import Trouble
from handlers.channels.zalobot.client import ZaloBotClient

PATH = "webhooks/zalobot"


def add_bot(desk: Desk, client: ZaloBotClient, token: str, secret: str) -> Report:
    """secret: what each delivery must carry. Raises Trouble; then nothing is stored."""
    settings = desk.settings
    if not 8 <= len(secret) <= 256:
        raise Trouble("the secret should have 8 to 256 characters")
    if not settings.public_url.startswith("https://"):
        raise Trouble(f"Zalo cannot reach {settings.public_url}: set PUBLIC_URL to the https address that leads here")
    bot_id = token.partition(":")[0]  # as in `Settings.zalobot_id`: a delivery does not say for whom it is
    home = desk.home("zalobot", bot_id)
    try:
        name = client.get_me(token).name
        client.set_webhook(token, f"{settings.public_url}/{PATH}", secret)
    except SendError as error:
        raise Trouble(f"nothing is stored: {told('Zalo', error, 'nothing more')}") from None
    desk.keep(Connected("zalobot", bot_id, name, token, pasted=(token, "")))
    report = Report(
        [
            f"Bot {bot_id} ({name}) sends its messages to {settings.public_url}/{PATH}.",
            f"Its token is kept, sealed, for {home.short_name}.",
        ]
    )
    for variable, given, kept in (
        ("ZALOBOT_TOKEN", token, settings.zalobot_token),
        ("ZALOBOT_SECRET", secret, settings.zalobot_secret),
    ):
        if given != kept:
            report.missing.append(f"{variable} in .env is not the one that you gave: set it, then restart.")
    return report
