"""Messenger's pages: still subscribed, with a token that lives, and what became of their templates.

After an hour of failed deliveries Messenger takes a page's subscription away and does not give it back by itself
("webhooks").
"""

from collections.abc import Sequence
from typing import Any, Protocol

import structlog

from bot.plain import SUBSCRIPTION
from bot.reply import Reason, SendError
from bot.run.tend_look import Known, Look
from catalog import audit
from catalog.account import Account, locked
from catalog.organisation import Organisation
from handlers.channels.messenger.changes import TEMPLATE_FIELDS
from handlers.channels.messenger.client import FIELDS

NEEDED = "messages"
"""Without this field the bot is deaf; a page that refuses another one only loses some comfort."""

log = structlog.get_logger(__name__)


class Pages(Protocol):
    """`MessengerClient`."""

    def subscribed_fields(self, page_id: str, token: str, app_id: str = "") -> list[str]: ...
    def subscribe(self, page_id: str, token: str, fields: Sequence[str] = FIELDS) -> None: ...
    def templates(self, page_id: str, token: str) -> dict[str, str]: ...
    def get_profile(self, page_id: str, token: str) -> dict[str, Any]: ...
    def set_profile(self, page_id: str, token: str, shop: str) -> None: ...


class PageTender:
    """app_id: our app at Meta; empty: any app's subscription counts as ours. mended: how often one was put right."""

    def __init__(self, look: Look, pages: Pages, app_id: str) -> None:
        self._look = look
        self._pages = pages
        self._app_id = app_id
        self._unobtainable: dict[int, frozenset[str]] = {}
        """What a page did not give us right after we asked: asked for once, not every five minutes."""
        self.mended = 0

    def look_at_subscriptions(self) -> None:
        self._look.each("messenger", self._subscription)

    def look_at_templates(self) -> None:
        self._look.each("messenger", self._templates)

    def look_at_profiles(self) -> None:
        self._look.each("messenger", self._profile)

    def _profile(self, page: Known) -> None:
        """Without a Get Started button a stamp's link tells us nothing of somebody who is new to the page."""
        if not page.token or "get_started" in self._pages.get_profile(page.external_id, page.token):
            return
        with self._look.database.reading() as db:
            owner = db.get_one(Account, page.id).organisation_id
            shop = db.get_one(Organisation, owner).short_name
        self._pages.set_profile(page.external_id, page.token, shop)
        log.info("page_profile_set", account=page.id)

    def _subscription(self, page: Known) -> None:
        """An answer at all shows that the token lives."""
        if not page.token:
            return
        try:
            missing = self._missing(page)
            if NEEDED in missing or missing - self._unobtainable.get(page.id, frozenset()):
                missing = self._subscribe(page, missing)
        except SendError as error:
            if not error.permanent or error.pauses:
                raise
            log.warning("page_not_subscribed", account=page.id, error=str(error))
            missing = frozenset(FIELDS)
        now = self._look.now()
        with self._look.database.writing() as db:
            account = locked(db, page.id)
            account.tended_at = now
            if NEEDED in missing:
                self._look.officer.call(db, account, SUBSCRIPTION, now)
            else:
                self._look.officer.dismiss(db, account, SUBSCRIPTION, now)
                self._look.officer.is_well(db, account, Reason.TOKEN, now)

    def _subscribe(self, page: Known, missing: frozenset[str]) -> frozenset[str]:
        """Ask for all that we want; what is missing even then."""
        self._pages.subscribe(page.external_id, page.token, FIELDS)
        left = self._unobtainable[page.id] = self._missing(page)
        if missing - left:
            self.mended += 1
            log.warning("page_subscribed_again", account=page.id, fields=sorted(missing - left))
            with self._look.database.writing() as db:
                audit.record(db, "system", "subscribe", f"account:{page.id}", self._look.now())
        return left

    def _missing(self, page: Known) -> frozenset[str]:
        """What we want and have not; the field of templates counts under either of its two spellings."""
        have = set(self._pages.subscribed_fields(page.external_id, page.token, self._app_id))
        if have & set(TEMPLATE_FIELDS):
            have |= set(TEMPLATE_FIELDS)
        return frozenset(FIELDS) - have

    def _templates(self, page: Known) -> None:
        if page.token and self._look.templates(page):
            self._look.keep_statuses(page, self._pages.templates(page.external_id, page.token))
