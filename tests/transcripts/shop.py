"""A shop in one thread: one database, one worker, one person with her phone, and a clock that only we move."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot.conversation import Conversation, conversation_of
from bot.engine import World
from bot.inbox import Door
from bot.run.clock import tick
from bot.run.turns import Turns
from catalog.account import account_by, ensure_account, keep_pair
from catalog.db import Database
from catalog.organisation import organisation_by_code
from tests.transcripts.phones import Phone
from tests.transcripts.script import Reply

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
LAST_TIME = timedelta(minutes=10)
HOUR = timedelta(hours=1)
WATCHED_HOURS = 30  # of a long silence, hour by hour; after that nothing is due any more


class Clock:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


class Shop:
    """world: made for this clock. make_phone: takes the door, the clock and an organisation's code."""

    def __init__(
        self,
        database: Database,
        world: World,
        clock: Clock,
        make_phone: Callable[[Door, Clock, str], Phone],
        organisation: str = "SM",
    ) -> None:
        self.database = database
        self.clock = clock
        self._make_phone = make_phone
        self._door = Door(database, lambda: None, clock.now)
        self._turns = Turns(database, world, lambda: None)
        self.phone = self._phone_to(organisation)

    def move_to(self, organisation: str) -> None:
        """From now on she writes to the account of another organisation."""
        self.phone = self._phone_to(organisation)

    def acquaint(self, person_id: int | None = None) -> None:
        """She wrote a little while ago, if she never wrote here; and we know who she is, if `person_id` is given."""
        with self.database.writing() as db:
            row = self._conversation(db)
            if row.seen_at is None:
                row.seen_at = row.heard_at = self.clock.at - LAST_TIME
            if person_id is not None:
                row.person_id = person_id

    def answer(self) -> list[Reply]:
        """Take all turns that wait and have the replies delivered: what she sees."""
        while self._turns.take_batch():
            pass
        return self.phone.look()

    def wait(self, time: timedelta) -> list[Reply]:
        """Let time pass while the clock ticks, and say what she sees meanwhile."""
        end = self.clock.at + time
        seen: list[Reply] = []
        hours = 0
        while self.clock.at < end:
            hours += 1
            self.clock.at = min(self.clock.at + HOUR, end) if hours <= WATCHED_HOURS else end
            with self.database.writing() as db:
                due = tick(db, self.clock.at, ZONE)
            seen += self.answer() if due else []
        return seen

    def _phone_to(self, organisation: str) -> Phone:
        phone = self._make_phone(self._door, self.clock, organisation)
        with self.database.writing() as db:
            owner = organisation_by_code(db, organisation)
            if owner is None:
                raise LookupError(f"there is no organisation {organisation}")
            account = ensure_account(db, phone.channel, phone.account, owner.id, None)
            keep_pair(db, account, *phone.pair, None)
        return phone

    def _conversation(self, db: Session) -> Conversation:
        account = account_by(db, self.phone.channel, self.phone.account)
        assert account is not None
        return conversation_of(db, account.id, self.phone.address, self.clock.at)
