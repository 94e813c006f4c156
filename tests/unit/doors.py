"""Two pages with a letter box and an outbox, for the tests of what goes in and out."""

from sqlalchemy import select

from bot import outbox
from bot.inbox import Door, InboxRow
from bot.outbox import OutboxRow
from bot.reply import Bubble
from catalog.account import ensure_account
from catalog.db import Database
from catalog.organisation import Organisation, OrganisationKind
from tests.conftest import NOW


class House:
    """Two pages, a door and the rows behind it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.rings = 0
        with database.writing() as db:
            coop = Organisation(kind=OrganisationKind.COOP, code="SM", name="HTX", short_name="HTX")
            db.add(coop)
            db.flush()
            self.pages = {page: ensure_account(db, "messenger", page, coop.id, "t").id for page in ("11", "22")}
        self.door = Door(database, self.ring, lambda: NOW)

    def ring(self) -> None:
        self.rings += 1

    def rows(self) -> list[InboxRow]:
        with self.database.reading() as db:
            return list(db.scalars(select(InboxRow).order_by(InboxRow.id)))

    def promise(self, address: str, *words: str, page: str = "11") -> list[int]:
        """Put replies into the outbox of a conversation that is known by its address; their ids."""
        with self.database.writing() as db:
            rows = [self.reply(address, page) for _ in words]
            for row, text in zip(rows, words, strict=True):
                outbox.put(db, row, Bubble(text))
            db.flush()
            return [row.id for row in rows]

    def reply(self, address: str, page: str) -> OutboxRow:
        return OutboxRow(
            account_id=self.pages[page],
            channel="messenger",
            address=address,
            conversation_id=int(address),
            inbox_id=1,
            created_at=NOW,
        )

    def waiting(self) -> list[OutboxRow]:
        with self.database.reading() as db:
            return [row for page in outbox.unsent(db, ["messenger"]) for row in page]

    def unsent(self) -> list[int]:
        return [row.id for row in self.waiting()]

    def row(self, outbox_id: int) -> OutboxRow:
        with self.database.reading() as db:
            return db.get_one(OutboxRow, outbox_id)
