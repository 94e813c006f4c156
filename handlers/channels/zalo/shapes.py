"""The parts of an event that we read, as Zalo writes them; whatever else is in it is left alone."""

from typing import Any

import msgspec

Id = int | str | None
"""A string of 15 to 20 digits; old senders write a number."""


class Party(msgspec.Struct, frozen=True):
    """admin_id: only where a person of the co-op wrote from the OA's chat tool."""

    id: Id = None
    admin_id: Id = None


class Attachment(msgspec.Struct, frozen=True):
    type: str = ""
    payload: Any = None


class Message(msgspec.Struct, frozen=True):
    """attachments: converted one by one, so that a bad one spoils no other. tracking_id: only of ZBS receipts."""

    msg_id: Id = None
    text: str | None = None
    attachments: Any = None
    tracking_id: Id = None


class Address(msgspec.Struct, frozen=True):
    user_address: str | None = None
    user_ward: str | None = None
    user_city: str | None = None


class Info(msgspec.Struct, frozen=True):
    """A filled-in form. Since districts were abolished in 2025 the place stands in `full_address`."""

    name: str | None = None
    phone: Id = None
    full_address: Address | None = None
    address: str | None = None
    ward: str | None = None
    district: str | None = None
    city: str | None = None


class Seen(msgspec.Struct, frozen=True):
    """What happened in the consent widget on our own page."""

    user_id: Id = None
    url: str | None = None


class Occurrence(msgspec.Struct, frozen=True):
    """One body: one event. `oaId` is how `change_oa_daily_quota` spells it."""

    event_name: str = ""
    timestamp: int | float | str | None = None
    sender: Party | None = None
    recipient: Party | None = None
    follower: Party | None = None
    user_id: Id = None
    oa_id: Id = None
    oaId: Id = None
    message: Message | None = None
    attachments: Any = None
    info: Info | None = None
    data: Any = None
    template_id: Id = None
    status: Any = None
    quality: Any = None
    quota: Any = None
    tags: Any = None
