"""Three ways to hold the phone: Messenger through its webhook and the stand-in for Graph, the web page, a terminal."""

import itertools
import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from bot import outbox
from bot.event import Inbound, Referral, Text
from bot.inbox import Door
from bot.run.sender import Courier
from bot.understand.text import clean
from catalog.account import account_by
from catalog.db import Database
from handlers.channels.console import codec as console
from handlers.channels.messenger.routes import receive
from handlers.channels.web import codec as web
from tests.simulators import graph_page
from tests.simulators.graph import Graph
from tests.simulators.graph_rules import Shown
from tests.transcripts.script import Reply

CHOICE = re.compile(r"  ([0-9]+)\. (.+)")


class Phone(Protocol):
    """One person on one channel. account: which of our accounts there she writes to. address: hers."""

    channel: str
    account: str
    address: str

    def type(self, words: str) -> None: ...
    def tap(self, title: str) -> None:
        """Press the newest button of that title. LookupError where she sees none."""
        ...

    def follow(self, ref: str) -> None:
        """Come in by a link."""
        ...

    def look(self) -> list[Reply]:
        """Have what waits for her delivered, and give what is new."""
        ...


class MessengerPhone:
    """Signed webhook bytes in; out, the real courier over HTTP to the stand-in: what is seen is what that received."""

    channel = "messenger"

    def __init__(
        self,
        database: Database,
        door: Door,
        now: Callable[[], datetime],
        account: str,
        address: str,
        *,
        secret: str,
        graph: Graph,
        courier: Courier,
    ) -> None:
        self.account, self.address = account, address
        self._database, self._now, self._courier = database, now, courier
        page = graph_page.Page(account, secret, self._post, now)
        self._phone = graph_page.Phone(page, graph, address)
        self._door, self._secret = door, secret
        self._seen = 0

    def type(self, words: str) -> None:
        _accepted(self._phone.type(words))

    def tap(self, title: str) -> None:
        _accepted(self._phone.tap(title))

    def follow(self, ref: str) -> None:
        _accepted(self._phone.scan(ref))

    def look(self) -> list[Reply]:
        with self._database.reading() as db:
            waiting = outbox.waiting(db, [self.channel])
        for reply in waiting:
            self._courier.deliver(reply)
        with self._database.writing() as db:
            outbox.mark_sent(db, [reply.id for reply in waiting], self._now())
        bubbles = self._phone.bubbles
        new, self._seen = bubbles[self._seen :], len(bubbles)
        return [reply for shown in new for reply in _replies(shown)]

    def _post(self, body: bytes, signature: str) -> int:
        return receive(body, signature, self._door, [self._secret], self._now())


class _Ours:
    """What our own two channels share: replies are fetched, and count as sent when they are there."""

    channel: str

    def __init__(self, database: Database, door: Door, now: Callable[[], datetime], account: str, address: str) -> None:
        self.account, self.address = account, address
        self._database, self._door, self._now = database, door, now
        self._numbers = itertools.count(1)

    def _fetched(self) -> list[outbox.Outgoing]:
        with self._database.writing() as db:
            account = account_by(db, self.channel, self.account)
            if account is None:
                raise LookupError(f"{self.account} has no account on {self.channel}")
            waiting = outbox.waiting_for(db, account.id, self.address)
            if waiting:
                outbox.mark_seen(db, account.id, self.address, waiting[-1].id, self._now())
        return waiting


class WebPhone(_Ours):
    """The page: JSON in and out, through its codec."""

    channel = "web"

    def __init__(self, database: Database, door: Door, now: Callable[[], datetime], account: str, address: str) -> None:
        super().__init__(database, door, now, account, address)
        self._drawn: list[dict[str, Any]] = []

    def type(self, words: str) -> None:
        self._post({"text": words})

    def tap(self, title: str) -> None:
        for drawn in reversed(self._drawn):
            for choice in drawn["choices"]:
                if choice["title"] == title:
                    return self._post({"choice": choice["id"], "title": title})
        raise LookupError(f"no button {title!r}")

    def follow(self, ref: str) -> None:
        self._post({"ref": ref})

    def look(self) -> list[Reply]:
        new = [json.loads(json.dumps(web.render(reply.bubble))) for reply in self._fetched()]
        self._drawn += new
        return [
            Reply(
                drawn["text"],
                tuple(choice["title"] for choice in drawn["choices"]),
                _card(**drawn["card"]) if "card" in drawn else "",
            )
            for drawn in new
        ]

    def _post(self, content: dict[str, Any]) -> None:
        body = json.loads(json.dumps({"id": f"m{next(self._numbers)}", **content}))
        self._door.accept("web", [web.parse(body, self.address, self.account, self._now())])


class ConsolePhone(_Ours):
    """A terminal: words only. A button is pressed by typing what stands on it; one that scrolled by is out of reach."""

    channel = "console"

    def __init__(self, database: Database, door: Door, now: Callable[[], datetime], account: str, address: str) -> None:
        super().__init__(database, door, now, account, address)
        self._printed: tuple[str, ...] = ()

    def type(self, words: str) -> None:
        self._say(Text(clean(words)))

    def tap(self, title: str) -> None:
        if title not in self._printed:
            raise LookupError(f"no choice {title!r} is printed above")
        self.type(title)

    def follow(self, ref: str) -> None:
        self._say(Referral(ref))

    def look(self) -> list[Reply]:
        new = [_read_print(console.render(reply.bubble)) for reply in self._fetched()]
        self._printed = new[-1].buttons if new else self._printed
        return new

    def _say(self, event: Text | Referral) -> None:
        key = f"console:{self.address}:{next(self._numbers)}"
        self._door.accept("console", [Inbound(self.account, self.address, key, self._now(), event)])


def _accepted(status: int) -> None:
    assert status == 200, f"the webhook answered {status}"


def _replies(shown: Shown) -> list[Reply]:
    """A bubble, and each card below it as one of its own."""
    titles = _titles(shown.buttons + shown.quick_replies)
    cards = [Reply("", _titles(card.buttons), _card(card.title, card.subtitle)) for card in shown.cards]
    return [*([Reply(shown.text, titles)] if shown.text else []), *cards]


def _read_print(printed: str) -> Reply:
    """What `render` wrote: words, a card, numbered choices, in this order."""
    words: list[str] = []
    card = ""
    buttons: list[str] = []
    for line in printed.splitlines():
        choice = CHOICE.fullmatch(line)
        if choice is not None:
            buttons.append(choice[2])
        elif line.startswith("▤ "):
            card = line.removeprefix("▤ ")
        else:
            words.append(line)
    return Reply("\n".join(words), tuple(buttons), card)


def _card(title: str, subtitle: str) -> str:
    return " · ".join(part for part in (title, subtitle) if part)


def _titles(buttons: tuple[Any, ...]) -> tuple[str, ...]:
    return tuple(button.title for button in buttons)
