"""A room for talks that never happened: all turns are real, in one transaction that is rolled back at the end."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import inbox
from bot.conversation import Conversation, Memory, load_memory
from bot.engine import World, take_turn
from bot.event import Event, Inbound
from bot.outbox import OutboxRow, opened
from bot.reply import Bubble
from bot.run.roof import make_world
from bot.run.settings import Settings
from catalog.account import ensure_account
from catalog.db import Database
from catalog.offer import Offer
from catalog.order import CODE_LETTERS
from catalog.organisation import organisation_by_code
from catalog.person import producer_by_code
from catalog.product import Product, set_price
from catalog.scan import Scan
from catalog.sheet import PrintRight
from catalog.stock import StockMove, move
from tests.conftest import NOW, SECRET

TYPING = timedelta(seconds=5)
CUSTOMER, PRODUCER = "lan", "men.p"


class Clock:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


class Rooms:
    """Rooms over one database with the demo in it."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._clock = Clock(NOW)
        codes = ("DH" + "".join(letters) for letters in itertools.product(CODE_LETTERS, repeat=4))
        settings = Settings.read({"VAR_DIR": str(folder), "DATABASE_URL": database.url, "SECRET_KEY": SECRET})
        self._world = make_world(settings, self._clock.now, lambda: next(codes))

    @contextmanager
    def room(self, address: str, shop: str = "SM") -> Iterator["Room"]:
        """One person in the web chat of that organisation, who has never been here before."""
        self._clock.at = NOW
        with self._database.engine.connect().execution_options(writes=True) as connection:
            transaction = connection.begin()
            joined = {"expire_on_commit": False, "join_transaction_mode": "create_savepoint"}
            with Session(connection, info={"vault": self._database.vault}, **joined) as db:
                owner = organisation_by_code(db, shop)
                assert owner is not None
                account = ensure_account(db, "web", shop, owner.id, None)
                yield Room(db, self._world, self._clock, account.id, address)
            transaction.rollback()


@dataclass(slots=True)
class Room:
    """shown: the ids of all buttons that she ever saw, oldest first."""

    db: Session
    world: World
    clock: Clock
    account_id: int
    address: str
    shown: list[str] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def hears(self, event: Event) -> list[Bubble]:
        """Five seconds later she does this: what she is told."""
        self.clock.at += TYPING
        key = f"m{next(self._numbers)}"
        arrival = Inbound("", self.address, key, self.clock.at, event)
        inbox.receive(self.db, [(self.account_id, arrival)], self.clock.at)
        row = next(row for row in inbox.pending(self.db, self.clock.at, 1_000) if row.key == key)
        with self.db.begin_nested():
            take_turn(self.db, row, self.world)
        said = select(OutboxRow).where(OutboxRow.inbox_id == row.id).order_by(OutboxRow.id)
        bubbles = [opened(self.db, reply).bubble for reply in self.db.scalars(said)]
        self.shown += [button.id for bubble in bubbles for button in bubble.buttons]
        return bubbles

    def waits(self, time: timedelta) -> None:
        self.clock.at += time

    def others_buy_all(self) -> None:
        for offer in self.db.scalars(select(Offer).where(Offer.left > 0).order_by(Offer.id)):
            move(self.db, offer.id, -offer.left, "corrected", ref="others", at=self.clock.at)

    def prices_rise(self) -> None:
        for product in self.db.scalars(select(Product).order_by(Product.id).limit(6)):
            set_price(self.db, product, product.price_vnd + 1000, product.markup_vnd, who="test", at=self.clock.at)
        self.db.flush()

    def others_look(self, code: str, people: int) -> None:
        """So many people have looked at a stamp just now."""
        at = self.clock.at
        self.db.add_all(Scan(code=code, channel="web", scanned_at=at, person_hash=str(n)) for n in range(people))

    def may_print(self, producer: str, number: int) -> None:
        """She may print so many stamps of whatever her co-op sells."""
        person = producer_by_code(self.db, producer)
        coop = organisation_by_code(self.db, "SM")
        assert person is not None
        assert coop is not None
        today = self.clock.at.date()
        right = PrintRight(
            organisation_id=coop.id,
            person_id=person.id,
            valid_from=today,
            valid_until=today + timedelta(days=7),
            number=number,
            granted_by="system",
            granted_at=self.clock.at,
        )
        self.db.add(right)

    @property
    def memory(self) -> Memory:
        row = self.db.scalar(select(Conversation).where(Conversation.address == self.address))
        memory = Memory() if row is None else load_memory(self.db, row)
        assert memory is not None
        return memory

    @property
    def state(self) -> str:
        """Where the open talk is: `order.Basket`; empty if there is none."""
        talks = self.memory.talks
        return f"{talks[-1].dialogue}.{talks[-1].state['_']}" if talks else ""

    def unbalanced(self) -> list[str]:
        """Offers whose ledger does not add up to what is left, or that are below zero."""
        total = func.coalesce(func.sum(StockMove.delta, type_=Offer.left.type), 0)
        query = select(Offer.id, Offer.left, total).outerjoin(StockMove, StockMove.offer_id == Offer.id)
        return [
            f"offer {number}: {left} left, ledger {moved}"
            for number, left, moved in self.db.execute(query.group_by(Offer.id, Offer.left))
            if left != moved or left < 0
        ]
