"""The parts of a `messaging` item that we read, as Messenger writes them; whatever else is in it is left alone."""

from typing import Any

import msgspec


class Party(msgspec.Struct, frozen=True):
    id: int | str | None = None


class Link(msgspec.Struct, frozen=True):
    ref: str | None = None


class QuickReply(msgspec.Struct, frozen=True):
    payload: str | None = None


class Attachment(msgspec.Struct, frozen=True):
    type: str = ""
    payload: Any = None


class Message(msgspec.Struct, frozen=True):
    mid: str | None = None
    text: str | None = None
    is_echo: bool = False
    quick_reply: QuickReply | None = None
    attachments: list[Attachment] | None = None
    referral: Link | None = None


class Postback(msgspec.Struct, frozen=True):
    mid: str | None = None
    title: str | None = None
    payload: str | None = None
    referral: Link | None = None


class Edit(msgspec.Struct, frozen=True):
    mid: str | None = None
    num_edit: int | str = ""


class Reaction(msgspec.Struct, frozen=True):
    mid: str | None = None
    action: str = ""


class Item(msgspec.Struct, frozen=True):
    sender: Party | None = None
    timestamp: int | float | str | None = None
    message: Message | None = None
    postback: Postback | None = None
    referral: Link | None = None
    message_edit: Edit | None = None
    reaction: Reaction | None = None
