"""Which event belongs to which webhook field: what a page is not subscribed to is not delivered."""

from collections.abc import Collection
from typing import Any

Item = dict[str, Any]

FIELD_OF_KEY = {
    "postback": "messaging_postbacks",
    "referral": "messaging_referrals",
    "delivery": "message_deliveries",
    "read": "message_reads",
    "reaction": "message_reactions",
    "message_edit": "message_edits",
    "optin": "messaging_optins",
    "account_linking": "messaging_account_linking",
    "pass_thread_control": "messaging_handovers",
    "take_thread_control": "messaging_handovers",
    "request_thread_control": "messaging_handovers",
    "app_roles": "messaging_handovers",
    "policy_enforcement": "messaging_policy_enforcement",
    "policy-enforcement": "messaging_policy_enforcement",
    "order": "send_cart",
}
TEMPLATE_STATUS = ("message_template_status_update", "messenger_template_status_update")  # two pages, two spellings
FIELDS = frozenset(
    {
        *FIELD_OF_KEY.values(),
        *TEMPLATE_STATUS,
        "messages",
        "message_echoes",
        "standby",
        "feed",
        "response_feedback",
        "messaging_customer_information",
        "messaging_feedback",
    }
)


def field_of(item: Item) -> str:
    """Empty for a kind that has no field here: it is always delivered."""
    if "message" in item:
        return "message_echoes" if item["message"].get("is_echo") else "messages"
    return next((FIELD_OF_KEY[key] for key in item if key in FIELD_OF_KEY), "")


def admitted(item: Item, fields: Collection[str] | None, *, standby: bool = False) -> Item | None:
    """The item as it goes out, None if it does not. fields: None is all of them.

    A referral inside of a message or a postback needs `messaging_referrals` too. In standby a postback has no payload.
    """
    field = "standby" if standby else field_of(item)
    if fields is not None and field and field not in fields:
        return None
    hidden = {"referral"} if fields is not None and "messaging_referrals" not in fields else set()
    for holder in ("message", "postback"):
        dropped = hidden | ({"payload"} if standby and holder == "postback" else set())
        if holder in item and dropped & item[holder].keys():
            kept = {name: value for name, value in item[holder].items() if name not in dropped}
            item = item | {holder: kept}
    return item


def change_admitted(change: Item, fields: Collection[str] | None) -> bool:
    field = change.get("field")
    if fields is None or field in fields:
        return True
    return field in TEMPLATE_STATUS and bool(set(TEMPLATE_STATUS) & set(fields))
