"""Who fetches a page only to draw a card of it, or to find it again: nobody has looked at a stamp then."""

import re

_FETCHERS = re.compile(
    r"facebookexternalhit|facebookcatalog|facebot|meta-externalagent|meta-externalfetcher|zalobot|zalopreview"
    r"|twitterbot|whatsapp/|telegrambot|viberbot|skypeuripreview|slackbot|discordbot|linkedinbot|applebot"
    r"|googlebot|google-inspectiontool|bingbot|coccocbot|yandexbot|petalbot",
    re.IGNORECASE,
)
"""As they call themselves in `User-Agent`. Not "bot" alone: there are telephones called Cubot. Nor "Zalo" or "FBAV":
those are people reading inside the app."""


def is_preview(agent: str) -> bool:
    return _FETCHERS.search(agent) is not None
