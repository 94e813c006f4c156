"""The parts of a delivery that we read, as Messenger writes them; whatever else is in it is left alone.

What stands at the edge of an item is `Any` and looked at when it is needed: an oddity there must not cost her words.
"""

from typing import Any

import msgspec

Id = int | str | None


class Party(msgspec.Struct, frozen=True):
    id: Id = None


class Link(msgspec.Struct, frozen=True):
    ref: str | None = None


class QuickReply(msgspec.Struct, frozen=True):
    payload: str | None = None


class Attachment(msgspec.Struct, frozen=True):
    """url, coordinates: older forms have them here and not in the payload."""

    type: str | None = None
    payload: Any = None
    url: Any = None
    coordinates: Any = None


class Message(msgspec.Struct, frozen=True):
    """app_id, metadata: of an echo, who sent it and what we put in. attachments: converted one by one."""

    mid: str | None = None
    text: str | None = None
    is_echo: Any = None
    is_deleted: bool | None = None
    app_id: Any = None
    metadata: Any = None
    quick_reply: QuickReply | None = None
    attachments: Any = None
    referral: Link | None = None


class Postback(msgspec.Struct, frozen=True):
    mid: str | None = None
    title: str | None = None
    payload: str | None = None
    referral: Link | None = None


class Edit(msgspec.Struct, frozen=True):
    mid: str | None = None
    text: str | None = None
    num_edit: int | str | None = None


class Reaction(msgspec.Struct, frozen=True):
    mid: str | None = None
    action: str | None = None


class Handover(msgspec.Struct, frozen=True):
    previous_owner_app_id: Any = None
    new_owner_app_id: Any = None


class Policy(msgspec.Struct, frozen=True):
    action: str | None = None
    reason: str | None = None


class Item(msgspec.Struct, frozen=True):
    sender: Party | None = None
    recipient: Any = None
    timestamp: int | float | str | None = None
    message: Message | None = None
    postback: Postback | None = None
    referral: Link | None = None
    message_edit: Edit | None = None
    reaction: Reaction | None = None
    pass_thread_control: Handover | None = None
    take_thread_control: Handover | None = None
    policy_enforcement: Policy | None = None
    policy_with_hyphen: Policy | None = msgspec.field(default=None, name="policy-enforcement")


class Comment(msgspec.Struct, frozen=True):
    item: str | None = None
    verb: str | None = None
    comment_id: Id = None
    author: Party | None = msgspec.field(default=None, name="from")


class TemplateStatus(msgspec.Struct, frozen=True):
    """No page of Messenger's shows this value: the names are those of the same event at WhatsApp, and plain ones."""

    message_template_name: str | None = None
    name: str | None = None
    event: str | None = None
    message_template_status: str | None = None
    status: str | None = None


class Change(msgspec.Struct, frozen=True):
    field: str | None = None
    value: Any = None
