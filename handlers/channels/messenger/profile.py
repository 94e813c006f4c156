"""What a person sees before she has said anything: the greeting, Get Started, and the menu beside the words.

Source: "reference/messenger-profile-api". No ice breakers: they take the place of Get Started, and whether the link of
a stamp survives a tap on one is not written anywhere.
"""

from typing import Any

from bot.house import button_id
from bot.i18n import sentence
from handlers.channels.messenger.items import GET_STARTED
from handlers.fit import shorten

LOCALES = {"default": "vi", "en_US": "en", "en_GB": "en"}
"""Facebook's locales, and the language that we speak there."""

MENU = (("trace.ask", "Look up a stamp"), ("shop.browse", "Buy something"), ("mine.show", "My orders"))
"""What customers do. The keys work at any time, whatever is open (`bot.house`)."""

MAX_GREETING, MAX_TITLE = 160, 30


def profile_of(shop: str) -> dict[str, Any]:
    """The body of one call. shop: the co-op's name as people know it."""
    return {
        "get_started": {"payload": GET_STARTED},
        "greeting": [{"locale": locale, "text": _greeting(language, shop)} for locale, language in LOCALES.items()],
        "persistent_menu": [_menu(locale, language) for locale, language in LOCALES.items()],
    }


def _greeting(language: str, shop: str) -> str:
    return shorten(sentence("Hello! I am the automatic assistant of %(coop)s.", language, coop=shop), MAX_GREETING)


def _menu(locale: str, language: str) -> dict[str, Any]:
    actions = [
        {"type": "postback", "title": shorten(sentence(title, language), MAX_TITLE), "payload": button_id(0, key, "")}
        for key, title in MENU
    ]
    return {"locale": locale, "composer_input_disabled": False, "call_to_actions": actions}
