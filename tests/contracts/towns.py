"""One town, twice: the fake shop, and the real one over a database. What a contract test may ask of either."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.conversation import Memory, conversation_of
from bot.event import Inbound, Text
from bot.inbox import InboxRow, receive
from bot.ports import Ports
from bot.run.invite import invite_producer
from bot.run.reading import Readings
from catalog.account import account_by
from catalog.acts import Command, News, Result, Who
from catalog.acts.perform import perform
from catalog.organisation import Organisation
from catalog.person import Role, producer_by_code
from catalog.person import grant as grant_role
from catalog.quota import grant, left
from catalog.sheet import PrintRight, rights_of, withdraw_right
from tests.fakes import FakeShop, FakeTalk


class Talk(Protocol):
    """One person's conversation."""

    @property
    def ports(self) -> Ports:
        """Read anew at each use."""
        ...

    def do(self, command: Command) -> Result: ...
    def speak(self, language: str) -> None: ...


class Town(Protocol):
    now: datetime

    @property
    def news(self) -> Sequence[News]:
        """All that others had to hear of, oldest first."""
        ...

    def talk(self, address: str) -> Talk: ...
    def talk_of(self, address: str, producer: str) -> Talk:
        """A conversation that is tied to the producer with that code."""
        ...

    def invite(self, producer: str) -> str: ...
    def talk_of_staff(self, address: str, *, manager: bool = False) -> Talk:
        """A conversation that is tied to who answers for the co-op."""
        ...

    def may_print(self, whose: str, number: int) -> None:
        """Give the right to print so many stamps of anything, for a week; whose: a producer's code, or "staff"."""
        ...

    def withdraw_rights(self) -> None: ...
    def have_left(self, number: int) -> None:
        """Let the co-op have so many stamps left."""
        ...


class FakeTownTalk:
    def __init__(self, talk: FakeTalk) -> None:
        self._talk = talk

    @property
    def ports(self) -> Ports:
        return self._talk

    def do(self, command: Command) -> Result:
        return self._talk.do(command)

    def speak(self, language: str) -> None:
        self._talk.language = language


class FakeTown:
    def __init__(self, now: datetime) -> None:
        self._shop = FakeShop(now)

    @property
    def now(self) -> datetime:
        return self._shop.now

    @now.setter
    def now(self, now: datetime) -> None:
        self._shop.now = now

    @property
    def news(self) -> Sequence[News]:
        return self._shop.news

    def talk(self, address: str) -> Talk:
        return FakeTownTalk(self._shop.talk(address))

    def talk_of(self, address: str, producer: str) -> Talk:
        return FakeTownTalk(self._shop.talk_of(address, producer))

    def invite(self, producer: str) -> str:
        return self._shop.invite(producer)

    def talk_of_staff(self, address: str, *, manager: bool = False) -> Talk:
        return FakeTownTalk(self._shop.talk_of_staff(address, manager=manager))

    def may_print(self, whose: str, number: int) -> None:
        self._shop.may_print(self._shop.people.get(whose) or self._shop.staff[0], number)

    def withdraw_rights(self) -> None:
        for right in self._shop.store.rights:
            right.withdrawn = True

    def have_left(self, number: int) -> None:
        self._shop.store.left = number


class RealTown:
    """The reading and the acts over one session, at the account `channel` of the organisation `code`."""

    def __init__(
        self, db: Session, now: datetime, channel: str = "web", code: str = "SM", zone: str = "Asia/Ho_Chi_Minh"
    ) -> None:
        self.db = db
        self.now = now
        self.news: list[News] = []
        self.readings = Readings(zone, "vi")
        self.codes: Iterator[str] = (f"DH{number:04}" for number in range(2222, 10000))
        account = account_by(db, channel, code)
        assert account is not None
        self.account = account

    def talk(self, address: str) -> "RealTalk":
        return RealTalk(self, address)

    def talk_of(self, address: str, producer: str) -> "RealTalk":
        talk, person = self.talk(address), producer_by_code(self.db, producer)
        assert person is not None
        talk.conversation.person_id = person.id
        self.db.flush()
        return talk

    def invite(self, producer: str) -> str:
        return invite_producer(self.db, producer, self.now)

    def talk_of_staff(self, address: str, *, manager: bool = False) -> "RealTalk":
        talk, person_id = self.talk(address), self._staff()
        if manager:
            coop = self.account.organisation_id
            grant_role(self.db, person_id, coop, "manager", self.now)
        talk.conversation.person_id = person_id
        self.db.flush()
        return talk

    def may_print(self, whose: str, number: int) -> None:
        person = producer_by_code(self.db, whose)
        right = PrintRight(
            organisation_id=self.account.organisation_id,
            person_id=self._staff() if person is None else person.id,
            valid_from=self.now.date(),
            valid_until=self.now.date() + timedelta(days=7),
            number=number,
            granted_by="system",
            granted_at=self.now,
        )
        self.db.add(right)
        self.db.flush()

    def withdraw_rights(self) -> None:
        for right in rights_of(self.db, self.account.organisation_id):
            withdraw_right(self.db, right.id, self.now)

    def have_left(self, number: int) -> None:
        coop = self.db.get_one(Organisation, self.account.organisation_id)
        grant(self.db, coop, number - left(self.db, coop.id), who="system", at=self.now)

    def _staff(self) -> int:
        works = (Role.organisation_id == self.account.organisation_id, Role.role == "staff")
        return self.db.scalars(select(Role.person_id).where(*works)).one()


class RealTalk:
    def __init__(self, town: RealTown, address: str) -> None:
        self._town = town
        self.memory = Memory()
        self.conversation = conversation_of(town.db, town.account.id, address, town.now)
        arrival = Inbound("", address, f"first of {address}", town.now, Text("chào"))
        receive(town.db, [(town.account.id, arrival)], town.now)
        self.row = town.db.scalars(select(InboxRow).where(InboxRow.sender == address)).one()

    @property
    def ports(self) -> Ports:
        town = self._town
        return town.readings.ports(town.db, self.conversation, self.memory, self.row, town.now)

    @property
    def who(self) -> Who:
        town = self._town
        return Who(
            town.account.id,
            self.conversation.id,
            town.account.channel,
            self.conversation.address,
            self.row.key,
            self.ports.now,
        )

    def do(self, command: Command) -> Result:
        town = self._town
        town.db.flush()
        result, news = perform(town.db, self.who, command, lambda: next(town.codes))
        town.news += news
        return result

    def speak(self, language: str) -> None:
        self.memory.language = language
