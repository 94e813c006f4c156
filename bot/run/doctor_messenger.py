"""Messenger: its settings, and each page as Facebook sees it."""

from collections.abc import Iterator

from bot.reply import SendError
from bot.run.clients import messenger_client
from bot.run.doctor_account import ADD, Kept, before_asking, kept_accounts
from bot.run.doctor_finding import TIMEOUTS, Asker, Finding
from bot.run.settings import Settings
from bot.run.tend_pages import NEEDED
from catalog.db import Database
from handlers.channels.messenger.changes import TEMPLATE_FIELDS
from handlers.channels.messenger.client import FIELDS, MessengerClient

CHANNEL = "messenger"
OF_THE_PAGE = ("MESSENGER_PAGE_ID", "MESSENGER_PAGE_TOKEN")
"""What `chophien account add` makes superfluous."""
PERMISSIONS = "the app needs pages_messaging and pages_manage_metadata; then chophien account add messenger"


def messenger(settings: Settings, database: Database) -> Iterator[Finding]:
    pages = kept_accounts(settings, database, CHANNEL)
    yield from _settings(settings, pages)
    asker = Asker("Facebook")
    client = messenger_client(settings, timeouts=TIMEOUTS)
    try:
        for page in pages:
            troubles = list(before_asking(page))
            if page.token and settings.messenger_app_secret:
                troubles += _asked(asker, client, page, settings.messenger_app_id)
            yield from troubles
            if not troubles and settings.messenger_app_secret:
                words = f"{page.state}; its events come, Get Started is set; "
                words += f"{page.templates_told}; token {page.token_told}"
                yield Finding("fine", page.about, words)
    finally:
        client.close()


def _settings(settings: Settings, pages: list[Kept]) -> Iterator[Finding]:
    missing = settings.messenger_missing
    if len(missing) == 4 and not pages:
        yield Finding("fine", "Messenger", "off")
        return
    if pages or missing == list(OF_THE_PAGE):
        missing = [name for name in missing if name not in OF_THE_PAGE]
    if missing:
        yield Finding("broken", "Messenger", f"incomplete: {', '.join(missing)} missing", "set what is missing")
        return
    if not pages and settings.messenger_page_id:
        yield Finding("look", "Messenger", f"page {settings.messenger_page_id} is not taken in yet", "chophien up")
    elif not pages:
        yield Finding("broken", "Messenger", "no page is connected", ADD[CHANNEL])
    if not settings.messenger_app_id:
        words = "MESSENGER_APP_ID is not set: what colleagues answer by other apps is not recognised"
        yield Finding("look", "Messenger", words, "set it to the app's number, as developers.facebook.com shows it")
    elif pages:
        yield Finding("fine", "Messenger", "settings are complete")


def _asked(asker: Asker, client: MessengerClient, page: Kept, app_id: str) -> Iterator[Finding]:
    asked, mend = "its token", f"{ADD[CHANNEL]}; is MESSENGER_APP_SECRET that of the token's app?"
    try:
        found_id, _ = asker.ask(lambda: client.page(page.token))
        if found_id != page.external_id:
            yield Finding("broken", page.about, f"its token is for the page {found_id}", ADD[CHANNEL])
            return
        asked, mend = "its subscription", PERMISSIONS
        have = asker.ask(lambda: client.subscribed_fields(page.external_id, page.token, app_id))
        yield from _subscription(page, set(have))
        asked = "Get Started"
        profile = asker.ask(lambda: client.get_profile(page.external_id, page.token))
    except SendError as error:
        yield asker.refused(page.about, asked, error, mend)
        return
    if not profile.get("get_started"):
        yield Finding("look", page.about, "Get Started is not set: a first visitor has nothing to press", ADD[CHANNEL])
    if profile.get("ice_breakers"):
        words = "it has ice breakers, which take the place of Get Started"
        yield Finding("look", page.about, words, "remove them in Meta Business Suite")


def _subscription(page: Kept, have: set[str]) -> Iterator[Finding]:
    """The field of templates counts under either of its two spellings."""
    alike = set(TEMPLATE_FIELDS) if have & set(TEMPLATE_FIELDS) else set()
    missing = [name for name in FIELDS if name not in have | alike]
    if NEEDED in missing:
        words = "does not pass its messages on to us: the bot hears nothing"
        yield Finding("broken", page.about, words, f"a running clock subscribes it in five minutes; else {PERMISSIONS}")
    elif missing:
        yield Finding("look", page.about, f"does not pass on {', '.join(missing)}", ADD[CHANNEL])
