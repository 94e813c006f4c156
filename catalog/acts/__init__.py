"""The commands: may this person do it? Then it is done. One file per noun; `perform` in `catalog.acts.perform`."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Command:
    """What a step wants done. It is carried out in the turn's transaction; its result comes back as the next event.

    renews: whether what was read before may be different afterwards, so that it has to be read again.
    """

    renews: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a command."""


@dataclass(frozen=True, slots=True)
class Refused(Result):
    """She may not do this, or it does not exist: one answer for both, so that nobody learns what there is."""


@dataclass(frozen=True, slots=True)
class Who:
    """In whose name a command is done, and through which message: what permission checks and the audit need.

    conversation_id: whose person, roles and consents count. message_key: proof of a consent.
    """

    account_id: int
    conversation_id: int
    channel: str
    address: str
    message_key: str
    now: datetime


@dataclass(frozen=True, slots=True)
class News:
    """Somebody else has to hear of this: `about` is "order" or "cancelled", `ref` the id of her part of it."""

    person_id: int
    about: str
    ref: int
