"""The ports over a turn's own session. Nothing is read before it is asked for, and nothing is asked twice in a turn."""

from datetime import datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.conversation import Conversation, Memory
from bot.inbox import Pending
from bot.ports import Me, Stamp
from bot.run.reading.book import BookReading, read_stamp
from bot.run.reading.garden import GardenReading
from bot.run.reading.lots import LotsReading
from bot.run.reading.me import read_me
from bot.run.reading.orders import OrdersReading
from bot.run.reading.press import PressReading
from bot.run.reading.shelf import IndexCache, ShelfReading
from catalog.account import Account
from catalog.db import once
from catalog.organisation import Organisation
from catalog.person import producer_by_code

__all__ = ["Reading", "Readings", "tie_demo_producer"]

DEMO_PRODUCER = "NSX-017"
SPEAKS_AS_PRODUCER = ".p"
"""Ends the address of a visitor who speaks as the demo's producer."""
DEMO_CHANNELS = ("web", "console")


class Readings:
    """What outlives a turn: the time zone, the language of those who chose none, and the search indexes.

    timezone: a name that ZoneInfo knows. public_url: what stands in front of a stamp's address.
    """

    def __init__(self, timezone: str, default_language: str, public_url: str = "") -> None:
        self._zone = ZoneInfo(timezone)
        self.public_url = public_url
        self._default_language = default_language
        self._index_cache = IndexCache()

    def ports(self, db: Session, conversation: Conversation, memory: Memory, row: Pending, now: datetime) -> "Reading":
        """What the steps of one turn may read."""
        tie_demo_producer(db, conversation)
        return Reading(self, db, conversation, memory, row=row, now=now.astimezone(self._zone))

    def me(self, db: Session, conversation: Conversation, memory: Memory) -> Me:
        return read_me(db, conversation, memory, self._default_language)

    def shelf(self, db: Session, organisation_id: int, language: str, now: datetime) -> ShelfReading:
        """The goods that this organisation's account or page shows."""
        ready_on = now.astimezone(self._zone).date() + timedelta(days=1)
        return ShelfReading(db, organisation_id, language=language, ready_on=ready_on, index_cache=self._index_cache)

    def stamp(self, db: Session, code: str, language: str, now: datetime) -> Stamp | None:
        """What a trace code leads to, whoever asks. `code`: 12 digits."""
        return read_stamp(db, code, language, now.astimezone(self._zone))


class Reading:
    """`bot.ports.Ports` for one turn of one conversation. `now` is in the co-op's time zone."""

    def __init__(
        self,
        readings: Readings,
        db: Session,
        conversation: Conversation,
        memory: Memory,
        *,
        row: Pending,
        now: datetime,
    ) -> None:
        self._readings = readings
        self._db = db
        self._conversation = conversation
        self._memory = memory
        self._row = row
        self.now = now

    @cached_property
    def me(self) -> Me:
        return self._readings.me(self._db, self._conversation, self._memory)

    @property
    def fresh_id(self) -> str:
        return f"m{self._row.id}"

    @property
    def lot_in_view(self) -> str:
        return self._memory.lot

    @property
    def suggested_lately(self) -> int:
        return sum(self.now - named_at < timedelta(hours=1) for named_at in self._memory.suggested)

    @property
    def missed_lately(self) -> int:
        return sum(self.now - missed_at < timedelta(hours=1) for missed_at in self._memory.missed)

    @cached_property
    def shelf(self) -> ShelfReading:
        number = self._conversation.account_id
        account = once(self._db, (Account, number), lambda: self._db.get_one(Account, number))
        return self._readings.shelf(self._db, account.organisation_id, self.me.language, self.now)

    @cached_property
    def book(self) -> BookReading:
        return BookReading(self._db, language=self.me.language, now=self.now, sellers=lambda: self.shelf.sellers)

    @cached_property
    def orders(self) -> OrdersReading:
        return OrdersReading(
            self._db,
            self._conversation.id,
            self._conversation.person_id,
            language=self.me.language,
            zone=self.now.tzinfo,
        )

    @cached_property
    def garden(self) -> GardenReading:
        return GardenReading(self._db, self._conversation.person_id, language=self.me.language, now=self.now)

    @cached_property
    def lots(self) -> LotsReading:
        return LotsReading(self._db, self._conversation.person_id, language=self.me.language, now=self.now)

    @cached_property
    def press(self) -> PressReading:
        return PressReading(
            self._db, self._conversation.person_id, today=self.now.date(), public_url=self._readings.public_url
        )


def tie_demo_producer(db: Session, conversation: Conversation) -> None:
    """Let who speaks as a producer on a demo's own page or terminal be the demo's producer, if she is nobody yet."""
    if conversation.person_id is not None or not conversation.address.endswith(SPEAKS_AS_PRODUCER):
        return
    shows_a_demo = (
        select(Account.id)
        .join(Organisation, Organisation.id == Account.organisation_id)
        .where(Account.id == conversation.account_id, Account.channel.in_(DEMO_CHANNELS), Organisation.demo)
    )
    producer = producer_by_code(db, DEMO_PRODUCER)
    if producer is not None and db.scalar(shows_a_demo) is not None:
        conversation.person_id = producer.id
        db.flush()
