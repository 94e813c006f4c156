"""What Zalo tells about an OA, its people and its templates, as far as we use it.

Read leniently: numbers come as strings, fields are missing or spelt in two ways. `read` raises nothing.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from bot.understand.text import clean
from handlers.channels.zalo.said import phone_of
from handlers.wire import EPOCH, id_of, items_of, moment

NUMBER = re.compile(r"[0-9]{1,12}")
YES = ("1", "true", "True")
ENABLED = "ENABLE"


@dataclass(frozen=True, slots=True)
class UserDetail:
    """name: as she calls herself. alias: as the co-op calls her. phone, address: only where she shared them.

    is_sensitive: Zalo protects this person; write as little as possible.
    """

    user_id: str
    name: str = field(repr=False)
    alias: str = field(repr=False)
    phone: str = field(repr=False)
    address: str = field(repr=False)
    is_follower: bool
    is_sensitive: bool

    @classmethod
    def read(cls, data: object) -> Self:
        found, shared = _fields(data), _fields(_fields(data).get("shared_info"))
        where = (_words(shared.get(name)) for name in ("address", "ward", "district", "city"))
        return cls(
            user_id=id_of(found.get("user_id")),
            name=_words(found.get("display_name")),
            alias=_words(found.get("user_alias")),
            phone=phone_of(shared.get("phone")),
            address=", ".join(part for part in where if part),
            is_follower=_yes(found.get("user_is_follower")),
            is_sensitive=_yes(found.get("is_sensitive")),
        )


@dataclass(frozen=True, slots=True)
class Account:
    """package_until: DD/MM/YYYY or empty, as Zalo writes it. linked_zca: whether a Zalo Cloud Account can pay."""

    oa_id: str
    name: str
    is_verified: bool
    package: str
    package_until: str
    linked_zca: bool

    @classmethod
    def read(cls, data: object) -> Self:
        found = _fields(data)
        purse = _words(found.get("linked_ZCA"))
        return cls(
            oa_id=id_of(found.get("oaid")) or id_of(found.get("oa_id")),
            name=_words(found.get("name")),
            is_verified=_yes(found.get("is_verified")),
            package=_words(found.get("package_name")),
            package_until=_words(found.get("package_valid_through_date")),
            linked_zca=purse.lower() not in ("", "0", "false"),
        )


@dataclass(frozen=True, slots=True)
class Quota:
    """last_interaction_at: by Zalo's clock, None if never. Replies: None where they are not counted."""

    last_interaction_at: datetime | None
    replies_left: int | None
    replies_total: int | None

    @classmethod
    def read(cls, data: object) -> Self:
        found, replies = _fields(data), _fields(_fields(data).get("cs_reply"))
        at = moment(found.get("last_interaction"), EPOCH)
        return cls(at if at > EPOCH else None, _number(replies.get("remain")), _number(replies.get("total")))


@dataclass(frozen=True, slots=True)
class Parameter:
    """most: characters that fit, 0 where Zalo does not say."""

    name: str
    required: bool
    kind: str
    most: int


@dataclass(frozen=True, slots=True)
class TemplateInfo:
    """status: ENABLE, PENDING_REVIEW, REJECT, DISABLE. Prices in đồng for one message, None where it cannot go so."""

    template_id: str
    name: str
    status: str
    parameters: tuple[Parameter, ...]
    price_by_phone: int | None
    price_by_user: int | None

    @property
    def approved(self) -> bool:
        return self.status == ENABLED

    @classmethod
    def read(cls, data: object) -> Self:
        found = _fields(data)
        listed = [_fields(one) for one in items_of(found.get("listParams"))]
        parameters = tuple(
            Parameter(name, _yes(one.get("require")), _words(one.get("type")), _number(one.get("maxLength")) or 0)
            for one in listed
            if (name := _words(one.get("name")))
        )
        return cls(
            template_id=id_of(found.get("templateId")),
            name=_words(found.get("templateName")),
            status=_words(found.get("status")),
            parameters=parameters,
            price_by_phone=_price(found.get("price_sdt"), found.get("price")),
            price_by_user=_price(found.get("price_uid")),
        )


def _fields(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _words(value: object) -> str:
    return clean(str(value)) if isinstance(value, str | int) else ""


def _number(value: object) -> int | None:
    text = str(value).removesuffix(".0")
    return int(text) if NUMBER.fullmatch(text) else None


def _price(*values: object) -> int | None:
    return next((price for value in values if (price := _number(value)) is not None), None)


def _yes(value: object) -> bool:
    return value is True or str(value) in YES
