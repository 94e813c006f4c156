"""One event's whole way, from the webhook to the mark on its reply, in a process that dies at a chosen step."""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from bot.inbox import Door
from bot.outbox import Outgoing
from bot.permit import Terms, Way
from bot.run.courier import Courier, Message, Sending
from bot.run.couriers.making import make_couriers
from bot.run.grants import make_grants
from bot.run.roof import make_world
from bot.run.sender import Sender
from bot.run.settings import Settings
from bot.run.turns import Turns
from catalog.acts import Command, News, Result, Who
from catalog.db import Database
from catalog.vault import Vault
from handlers.channels.messenger.routes import receive
from tests.conftest import SECRET
from tests.e2e.stage import APP_SECRET, eventually

STEPS = (
    "before the event is kept",
    "after the event is kept",
    "before the bell",
    "before the turn",
    "before the act",
    "after the act",
    "before the turn is kept",
    "after the turn is kept",
    "before the sender wakes",
    "before the reply is sent",
    "after the reply is sent",
    "before the mark is kept",
    "after the mark is kept",
)
SENT_BY_THEN = frozenset({"after the reply is sent", "before the mark is kept"})
"""Who dies here has sent a reply and not noted it: it goes out again."""


@dataclass(frozen=True, slots=True)
class Fate:
    """The step at which this process dies; empty: it lives."""

    step: str

    def at(self, step: str) -> None:
        if step == self.step:
            os.kill(os.getpid(), signal.SIGKILL)


class MortalDatabase(Database):
    """`what`: of which kind the next transactions are."""

    def __init__(self, url: str, fate: Fate) -> None:
        super().__init__(url, Vault([SECRET]))
        self._fate = fate
        self.what = "event"

    @contextmanager
    def writing(self) -> Iterator[Session]:
        with super().writing() as db:
            yield db
            db.flush()
            self._fate.at(f"before the {self.what} is kept")
        self._fate.at(f"after the {self.what} is kept")


@dataclass(frozen=True, slots=True)
class MortalCourier:
    courier: Courier
    fate: Fate

    @property
    def terms(self) -> Terms:
        return self.courier.terms

    @property
    def calls_a_minute(self) -> int | None:
        return self.courier.calls_a_minute

    def render(self, reply: Outgoing, way: Way) -> Sequence[Message]:
        return self.courier.render(reply, way)

    def send(self, sending: Sending) -> None:
        self.fate.at("before the reply is sent")
        self.courier.send(sending)
        self.fate.at("after the reply is sent")

    def arrived(self, db: Session, sending: Sending) -> bool:
        return self.courier.arrived(db, sending)

    def has_template(self, reply: Outgoing) -> bool:
        return self.courier.has_template(reply)


def live(step: str, url: str, graph_url: str, var_dir: Path, delivery: tuple[bytes, str] | None) -> int:
    """Take a signed delivery, answer what waits, send what was promised. The webhook's status; 200 without delivery."""
    fate = Fate(step)
    settings = Settings.read(
        {
            "VAR_DIR": str(var_dir),
            "DATABASE_URL": url,
            "SECRET_KEY": SECRET,
            "MESSENGER_APP_SECRET": APP_SECRET,
            "MESSENGER_API_URL": graph_url,
        }
    )
    database = MortalDatabase(url, fate)
    status = 200
    if delivery is not None:
        door = Door(database, lambda: fate.at("before the bell"), _now)
        status = receive(*delivery, door, [APP_SECRET], _now())
    _answer(database, settings, fate)
    _send(database, settings, fate)
    database.close()
    return status


def _answer(database: MortalDatabase, settings: Settings, fate: Fate) -> None:
    database.what = "turn"
    world = make_world(settings)

    def ports(*arguments: Any) -> Any:
        fate.at("before the turn")
        return world.ports(*arguments)

    def act(db: Session, who: Who, command: Command) -> tuple[Result, Sequence[News]]:
        fate.at("before the act")
        done = world.act(db, who, command)
        db.flush()
        fate.at("after the act")
        return done

    wake: Callable[[], None] = lambda: fate.at("before the sender wakes")  # noqa: E731
    assert Turns(database, replace(world, ports=ports, act=act), wake).drain(seconds=60)


def _send(database: MortalDatabase, settings: Settings, fate: Fate) -> None:
    from bot import outbox

    database.what = "mark"
    made = make_couriers(settings, database, make_grants(settings, database), 2)
    couriers = {name: MortalCourier(courier, fate) for name, courier in made.items()}
    sender = Sender(database, couriers, _now, threads=2)
    sender.start()
    sender.wake()

    def sent() -> bool:
        with database.reading() as db:
            return not outbox.waiting(db, couriers)

    eventually(sent, "all is sent")
    sender.stop(5)


def _now() -> datetime:
    return datetime.now(UTC)
