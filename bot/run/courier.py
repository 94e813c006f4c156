"""What the sender needs of a channel: how a reply becomes messages, how one goes out, and on what terms."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from sqlalchemy.orm import Session

from bot.outbox import Outgoing
from bot.permit import Terms, Way
from bot.reply import SendError
from handlers.calling import Answered, Call

Message = dict[str, Any]
"""One message of a platform, in its own form."""


@dataclass(frozen=True, slots=True)
class Sending:
    """One message of a reply on its way. place: which of the reply's messages, from 0. way: as what it goes.

    since: the moment before which it cannot have been sent.
    """

    reply: Outgoing
    message: Message
    place: int
    way: Way
    since: datetime

    @property
    def metadata(self) -> str:
        """What a platform that can give something back with the echo is given: never the same for two messages."""
        return f"out:{self.reply.id}.{self.place}"


class Courier(Protocol):
    """Takes replies to one platform. Threads share it.

    terms: when we may write. calls_a_minute: for each account, None where nobody counts.
    """

    terms: Terms
    calls_a_minute: int | None

    def render(self, reply: Outgoing, way: Way) -> Sequence[Message]:
        """The messages of a reply, in order, the same every time; empty if nothing is left. Raises `SendError`."""
        ...

    def send(self, sending: Sending) -> None:
        """Returns when the platform has the message. Raises `SendError`."""
        ...

    def arrived(self, db: Session, sending: Sending) -> bool:
        """Whether the platform has told us meanwhile that it has it: asked before a doubtful one is sent again."""
        ...

    def has_template(self, reply: Outgoing) -> bool:
        """Whether an approved template says what this reply says. Raises `SendError` where the database is gone."""
        ...


@runtime_checkable
class HotCourier(Courier, Protocol):
    """One whose messages are mostly a single call, which somebody else can make: hundreds at once from one thread.

    `ready` and `settle` wait for nothing, neither a lock that is held long nor the database nor the platform.
    """

    def ready(self, sending: Sending) -> Call | None:
        """The call that sends this message. None: only `send` can (an upload first, a token that must be looked up).

        Raises `SendError`.
        """
        ...

    def settle(self, sending: Sending, answered: Answered) -> None:
        """What the call's answer means: returns if the platform has the message, raises `SendError` as `send` does."""
        ...

    def mend(self, sending: Sending, call: Call, error: SendError) -> Call | None:
        """After a failure: the call to make at once, and only once, because something was mended. None: it failed.

        May take its time. Raises `SendError`, as what the failure then counts.
        """
        ...
