"""What a page must be told before people can write to it: its menu, its webhook, its templates.

Sources: "webhooks", "reference/messenger-profile-api", "send-messages/utility-messages".
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.reply import Reason, SendError
from handlers.channels.messenger.changes import TEMPLATE_FIELDS
from handlers.channels.messenger.graph import Graph, path_of
from handlers.channels.messenger.profile import profile_of
from handlers.wire import id_of, items_of

FIELDS = (
    "messages",
    "messaging_postbacks",
    "messaging_referrals",
    "messaging_optins",
    "message_deliveries",
    "message_reads",
    "message_echoes",
    "message_edits",
    "message_reactions",
    "messaging_handovers",
    "standby",
    "messaging_policy_enforcement",
    "message_template_status_update",
)
"""What we subscribe a page to. Not `response_feedback`: that puts thumbs under every message of ours."""

MOST_PAGES = 20


class PageClient(Graph):
    """Every method raises SendError."""

    def page(self, token: str) -> tuple[str, str]:
        """Id and name of the page that the token is for."""
        answer = self.ask("GET", "me", token, query={"fields": "id,name"})
        page_id = id_of(answer.get("id"))
        if not page_id:
            raise SendError("Graph names no page", reason=Reason.UNREACHABLE)
        return page_id, str(answer.get("name") or "")

    def set_profile(self, page_id: str, token: str, shop: str) -> None:
        """Get Started, greeting and menu in one call: a page has ten in ten minutes. shop: the co-op's name."""
        self.done(f"{path_of(page_id)}/messenger_profile", token, body=profile_of(shop))

    def get_profile(self, page_id: str, token: str) -> dict[str, Any]:
        """What of Get Started, greeting, menu and ice breakers is set, as it was sent."""
        wanted = {"fields": "get_started,greeting,persistent_menu,ice_breakers"}
        answer = self.ask("GET", f"{path_of(page_id)}/messenger_profile", token, query=wanted)
        found: dict[str, Any] = {}
        for part in items_of(answer.get("data")):
            found |= part if isinstance(part, dict) else {}
        return found

    def subscribed_fields(self, page_id: str, token: str, app_id: str = "") -> list[str]:
        """What the page sends to this app, sorted; to any app where we do not know ours. [] for none."""
        answer = self.ask("GET", f"{path_of(page_id)}/subscribed_apps", token)
        apps = [app for app in items_of(answer.get("data")) if isinstance(app, dict)]
        ours = [app for app in apps if not app_id or id_of(app.get("id")) == app_id]
        return sorted({str(field) for app in ours for field in items_of(app.get("subscribed_fields"))})

    def subscribe(self, page_id: str, token: str, fields: Sequence[str] = FIELDS) -> None:
        """Ask for these events. The field of templates has two spellings: if one is refused the other is tried."""
        first, second = TEMPLATE_FIELDS
        other = [second if field == first else first if field == second else field for field in fields]
        try:
            self._subscribe(page_id, token, fields)
        except SendError as error:
            if error.reason is not Reason.SHAPE or other == list(fields):
                raise
            self._subscribe(page_id, token, other)

    def _subscribe(self, page_id: str, token: str, fields: Sequence[str]) -> None:
        query = {"subscribed_fields": ",".join(fields)}
        self.done(f"{path_of(page_id)}/subscribed_apps", token, query=query)

    def create_template(
        self, page_id: str, token: str, name: str, text: str, examples: Mapping[str, str], *, language: str = "vi"
    ) -> str:
        """Hand in a utility template and return its status, mostly APPROVED at once.

        text: with `{{name}}` for each example, not at either end. name: small letters, digits and underscores.
        """
        body: dict[str, Any] = {"type": "BODY", "text": text}
        if examples:
            named = [{"param_name": one, "example": example} for one, example in examples.items()]
            body["example"] = {"body_text_named_params": named}
        template = {
            "name": name,
            "language": language,
            "category": "UTILITY",
            "parameter_format": "NAMED",
            "components": [body],
        }
        answer = self.ask("POST", f"{path_of(page_id)}/message_templates", token, body=template)
        return _status(answer)

    def templates(self, page_id: str, token: str) -> dict[str, str]:
        """The status of each of the page's templates by its name, in capitals."""
        found: dict[str, str] = {}
        query = {"fields": "name,status,language", "limit": "100"}
        for _ in range(MOST_PAGES):
            answer = self.ask("GET", f"{path_of(page_id)}/message_templates", token, query=query)
            for template in items_of(answer.get("data")):
                if isinstance(template, dict):
                    found[str(template.get("name") or "")] = _status(template)
            after = _after(answer.get("paging"))
            if not after:
                break
            query = {**query, "after": after}
        return found


def _status(template: Mapping[str, Any]) -> str:
    return str(template.get("status") or "PENDING").upper()


def _after(paging: object) -> str:
    """The cursor of the next page; empty on the last, which has no `next`."""
    match paging:
        case {"next": str(), "cursors": {"after": str() as after}}:
            return after
    return ""
