"""The commands: may this person do it? Then it is done. One file per noun; `perform` in `catalog.acts.perform`."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Command:
    """What a step wants done. It is carried out in the turn's transaction; its result comes back as the next event.

    renews: whether what was read before may be different afterwards, so that it has to be read again.
    awaited: whether what becomes of it matters to anybody, so that it has to be done at once.
    """

    renews: ClassVar[bool] = True
    awaited: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a command."""


@dataclass(frozen=True, slots=True)
class Refused(Result):
    """She may not do this, or it does not exist: one answer for both, so that nobody learns what there is."""


@dataclass(frozen=True, slots=True)
class Who:
    """In whose name a command is done, and through which message: what permission checks and the audit need.

    conversation_id: whose person, roles and consents count. message_key: proof of a consent. now: in the co-op's time
    zone, so that its day is the one that the shelf was read for.
    """

    account_id: int
    conversation_id: int
    channel: str
    address: str
    message_key: str
    now: datetime

    @property
    def today(self) -> date:
        return self.now.date()

    @property
    def tomorrow(self) -> date:
        """The day from which an order can be filled: what a producer has by then can be ordered now."""
        return self.today + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class News:
    """Somebody else has to hear of this: `about` is "order" or "cancelled", `ref` the id of her part of it."""

    person_id: int
    about: str
    ref: int
