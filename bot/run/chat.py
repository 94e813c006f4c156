"""The bot in the terminal: the same inbox, turns and outbox as on every other channel, without HTTP in between."""

import time
import uuid
from collections.abc import Callable

import click
from sqlalchemy import select

from bot import inbox, outbox
from bot.event import Inbound, Start, Text
from bot.run.roof import make_world, open_database, utc_now
from bot.run.settings import Settings
from bot.run.trouble import Trouble
from bot.run.turns import Turns
from bot.understand.text import clean
from catalog.account import Account
from catalog.db import Database
from handlers.channels.console.codec import render

CHANNEL = "console"
PATIENCE = 15.0  # seconds for another worker that has taken the turn


def chat(settings: Settings, role: str, language: str) -> None:
    """Talk until the end of the input or an empty Ctrl-D. Works beside a running worker and without one."""
    database = open_database(settings)
    account = _account(database)
    talk = Terminal(database, account, f"{uuid.uuid4().hex[:12]}{'.p' if role == 'producer' else ''}", settings)
    if language != settings.default_locale:
        talk.send("english" if language == "en" else "tiếng việt", click.echo)
    else:
        talk.begin(click.echo)
    while True:
        try:
            words = click.prompt("👤", prompt_suffix=" ", default="", show_default=False)
        except (click.Abort, EOFError):
            click.echo()
            return
        if words.strip():
            talk.send(words, click.echo)


class Terminal:
    """One person at a terminal."""

    def __init__(self, database: Database, account: Account, address: str, settings: Settings) -> None:
        self._database = database
        self._account = account
        self._address = address
        self._turns = Turns(database, make_world(settings), wake=lambda: None)

    def begin(self, show: Callable[[str], object]) -> None:
        self._hear(Inbound(self._account.external_id, self._address, uuid.uuid4().hex, utc_now(), Start()), show)

    def send(self, words: str, show: Callable[[str], object]) -> None:
        """Send a line and show what comes back."""
        event = Text(clean(words))
        self._hear(Inbound(self._account.external_id, self._address, uuid.uuid4().hex, utc_now(), event), show)

    def _hear(self, inbound: Inbound, show: Callable[[str], object]) -> None:
        with self._database.writing() as db:
            inbox.receive(db, [(self._account.id, inbound)], utc_now())
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            self._turns.drain(seconds=0.5)
            if self._answered(show):
                return
            time.sleep(0.05)

    def _answered(self, show: Callable[[str], object]) -> bool:
        with self._database.writing() as db:
            replies = outbox.waiting_for(db, self._account.id, self._address)
            outbox.mark_sent(db, [reply.id for reply in replies], utc_now())
        for reply in replies:
            show(f"🤖 {render(reply.bubble)}")
        return bool(replies)


def _account(database: Database) -> Account:
    """The console's account. Raises `Trouble` where nothing has been set up yet."""
    with database.reading() as db:
        account = db.scalar(select(Account).where(Account.channel == CHANNEL).order_by(Account.id).limit(1))
    if account is None:
        raise Trouble("there is no co-op yet: run chophien migrate and chophien seed first")
    return account
