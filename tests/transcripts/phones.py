"""Four ways to hold the phone: Messenger and Zalo through their webhooks and simulators, the web page, a terminal."""

import itertools
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from bot import outbox
from bot.conversation import conversation_of, owe, standings
from bot.event import Inbound, Referral, Text
from bot.inbox import Door
from bot.permit import may_send
from bot.reply import Bubble
from bot.run.answering import answer
from bot.run.courier import Courier, Sending
from bot.understand.text import clean
from catalog.account import account_by
from catalog.case import open_case
from catalog.db import Database
from handlers.channels.console import codec as console
from handlers.channels.messenger.routes import receive as messenger_receive
from handlers.channels.web import codec as web
from handlers.channels.zalo.routes import receive as zalo_receive
from tests.simulators import graph_page
from tests.simulators.graph import Graph
from tests.simulators.zalo import Zalo
from tests.transcripts.script import Reply
from tests.transcripts.seen import card_line, in_a_terminal, in_messenger, in_zalo, on_the_page, with_files


class Phone(Protocol):
    """One person on one channel. account: which of our accounts there she writes to. address: hers."""

    channel: str
    account: str
    address: str
    pair: tuple[str, str | None]
    """The account's tokens: what it sends with, and what renews that."""

    def type(self, words: str) -> None: ...
    def tap(self, title: str) -> None:
        """Press the newest button of that title, `card: title` for one of a certain card. LookupError where is none."""
        ...

    def follow(self, ref: str) -> None:
        """Come in by a link."""
        ...

    def colleague(self, words: str) -> None:
        """Somebody of the co-op writes to her by hand."""
        ...

    def react(self) -> None:
        """Put a heart under the newest message."""
        ...

    def edit(self, words: str) -> None:
        """Change her newest message. LookupError where nobody can."""
        ...

    def send(self, what: str) -> None:
        """A photo, a voice note, a sticker, a place. LookupError where that cannot be sent."""
        ...

    def look(self) -> list[Reply]:
        """Have what waits for her delivered, and give what is new."""
        ...


class MessengerPhone:
    """Signed webhook bytes in; out, the real courier over HTTP to the stand-in: what is seen is what that received."""

    channel = "messenger"
    pair = ("a token", None)

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
        self._page = graph_page.Page(account, secret, self._post, now, graph)
        self._phone = graph_page.Phone(self._page, graph, address)
        self._door, self._secret, self._graph = door, secret, graph
        self._seen = 0

    def type(self, words: str) -> None:
        _accepted(self._phone.type(words))

    def tap(self, title: str) -> None:
        of_card, _, wanted = title.rpartition(": ")
        if not of_card:
            return _accepted(self._phone.tap(title))
        for shown in reversed(self._phone.bubbles):
            for button in (one for card in shown.cards if card.title == of_card for one in card.buttons):
                if button.title == wanted:
                    return _accepted(self._phone.press(button))
        raise LookupError(f"no button {wanted!r} on a card {of_card!r}")

    def follow(self, ref: str) -> None:
        _accepted(self._phone.scan(ref))

    def colleague(self, words: str) -> None:
        _accepted(self._page.colleague(self.address, words))

    def react(self) -> None:
        _accepted(self._phone.react("love"))

    def edit(self, words: str) -> None:
        _accepted(self._phone.edit(words))

    def send(self, what: str) -> None:
        match what:
            case "a photo":
                _accepted(self._phone.send_photo("https://scontent.xx.fbcdn.net/v/1.jpg"))
            case "a voice note":
                _accepted(self._phone.send_voice("https://cdn.fbsbx.com/v/1.mp4"))
            case "a sticker":
                _accepted(self._phone.send_sticker())
            case "a place":
                _accepted(self._phone.send_location(21.0278, 105.8342))
            case _:
                raise LookupError(f"nobody sends {what} in Messenger")

    def look(self) -> list[Reply]:
        hand_over(self._database, self._courier, self.channel, self._now())
        bubbles = self._phone.bubbles
        new, self._seen = bubbles[self._seen :], len(bubbles)
        return with_files(reply for shown in new for reply in in_messenger(shown))

    def _post(self, body: bytes, signature: str) -> int:
        return messenger_receive(body, signature, self._door, [self._secret], self._now(), app_id=self._graph.app_id)


class ZaloPhone:
    """The same over Zalo: signed events in, consultation messages out, numbers printed under every choice."""

    channel = "zalo"

    def __init__(
        self,
        database: Database,
        door: Door,
        now: Callable[[], datetime],
        account: str,
        name: str,
        *,
        zalo: Zalo,
        courier: Courier,
    ) -> None:
        self.account = account
        self._database, self._door, self._now, self._courier, self._zalo = database, door, now, courier, zalo
        granted = zalo.grant(account)
        self.pair = (granted.access_token, granted.refresh_token)
        zalo.connect(zalo.oa(account).app_id, self._post)
        self._phone = zalo.phone(account, name)
        self.address = self._phone.user_id
        self._seen = len(self._phone.bubbles)

    def type(self, words: str) -> None:
        _accepted(self._phone.type(words))

    def tap(self, title: str) -> None:
        _accepted(self._phone.tap(title))

    def follow(self, ref: str) -> None:
        """No link carries anything into a Zalo chat: she pastes what the page behind the stamp copied for her."""
        _accepted(self._phone.type(f"https://chophien.example/t/{ref.removeprefix('t-')}"))

    def colleague(self, words: str) -> None:
        _accepted(self._zalo.officer(self.account, self.address, words))
        self._seen = len(self._phone.bubbles)  # she sees it, but not from us

    def react(self) -> None:
        _accepted(self._phone.react(self._phone.window[-1].message_id))

    def edit(self, words: str) -> None:
        raise LookupError("nobody edits a message in Zalo")

    def send(self, what: str) -> None:
        match what:
            case "a photo":
                _accepted(self._phone.send_photo("https://f6.photo.talk.zdn.vn/1.jpg"))
            case "a voice note":
                _accepted(self._phone.send_voice())
            case "a sticker":
                _accepted(self._phone.send_sticker())
            case "a place":
                _accepted(self._phone.send_location("21.0278", "105.8342"))
            case _:
                raise LookupError(f"nobody sends {what} in Zalo")

    def look(self) -> list[Reply]:
        """A card is words in Zalo; it is told by what was to be shown."""
        sent = hand_over(self._database, self._courier, self.channel, self._now())
        cards = {f"{one.card_title}\n{one.card_subtitle}": one for one in sent if one.card_title}
        bubbles = self._phone.bubbles
        new, self._seen = bubbles[self._seen :], len(bubbles)
        read = [in_zalo(shown) for shown in new if shown.kind in ("text", "file")]
        return with_files(
            Reply("", reply.buttons, card_line(card.card_title, card.card_subtitle))
            if (card := cards.get(reply.text))
            else reply
            for reply in read
        )

    def _post(self, body: bytes, headers: Mapping[str, str]) -> int:
        oa = self._zalo.oa(self.account)
        return zalo_receive(
            body,
            headers.get("X-ZEvent-Signature"),
            headers.get("X-ZEvent-Timestamp"),
            self._door,
            secrets=[oa.secret],
            app_ids=[oa.app_id],
            variant="auto",
            now=self._now(),
            matched=lambda variant: None,
        )


def hand_over(database: Database, courier: Courier, channel: str, now: datetime) -> list[Bubble]:
    """What the sender does, in one thread: everything that may go now goes, in order. What went."""
    went = []
    with database.reading() as db:
        waiting = outbox.waiting(db, [channel])
        known = standings(db, [reply.conversation_id for reply in waiting])
    for reply in waiting:
        standing = known[reply.conversation_id]
        permit = may_send(
            courier.terms,
            now,
            touched_at=standing.touched_at,
            by_person=reply.by_person,
            taken=standing.taken_until is not None and standing.taken_until > now,
            notice=reply.notice,
        )
        with database.writing() as db:
            if permit.way is None:
                outbox.hold(db, reply.id, now, "not now", reason=str(permit.reason))
                owe(db, reply.conversation_id)
                continue
        for place, message in enumerate(courier.render(reply, permit.way)):
            courier.send(Sending(reply, message, place, permit.way, now))
        with database.writing() as db:
            outbox.mark_sent(db, [reply.id], now)
        went.append(reply.bubble)
    return went


class _Ours:
    """What our own two channels share: replies are fetched, and count as sent when they are there."""

    channel: str
    pair = ("a token", None)

    def __init__(self, database: Database, door: Door, now: Callable[[], datetime], account: str, address: str) -> None:
        self.account, self.address = account, address
        self._database, self._door, self._now = database, door, now
        self._numbers = itertools.count(1)

    def colleague(self, words: str) -> None:
        """From the terminal of the co-op: she sees it as a bubble, and the bot is silent from now on."""
        with self._database.writing() as db:
            account = account_by(db, self.channel, self.account)
            assert account is not None
            talk = conversation_of(db, account.id, self.address, self._now())
            case = open_case(db, account.id, talk.id, "question", subject="", note="", at=self._now())
            answer(db, case.id, words, self._now(), {})

    def react(self) -> None:
        """Nothing to press here, so nothing happens."""

    def edit(self, words: str) -> None:
        raise LookupError("nobody edits a message here")

    def send(self, what: str) -> None:
        raise LookupError(f"nobody sends {what} here")

    def _fetched(self) -> list[outbox.Outgoing]:
        with self._database.writing() as db:
            account = account_by(db, self.channel, self.account)
            if account is None:
                raise LookupError(f"{self.account} has no account on {self.channel}")
            waiting = outbox.waiting_for(db, account.id, self.address)
            if waiting:
                outbox.mark_seen(db, account.id, self.address, waiting[-1].id, self._now())
        return [reply for reply in waiting if not reply.by_person]


class WebPhone(_Ours):
    """The page: JSON in and out, through its codec."""

    channel = "web"

    def __init__(self, database: Database, door: Door, now: Callable[[], datetime], account: str, address: str) -> None:
        super().__init__(database, door, now, account, address)
        self._drawn: list[dict[str, Any]] = []

    def type(self, words: str) -> None:
        self._post({"text": words})

    def tap(self, title: str) -> None:
        of_card, _, wanted = title.rpartition(": ")
        for drawn in reversed(self._drawn):
            cards = [card for card in drawn.get("cards", []) if of_card in ("", card["title"])]
            holders = cards if of_card else [drawn, *cards]
            for choice in (one for holder in holders for one in holder["choices"]):
                if choice["title"] == wanted:
                    return self._post({"choice": choice["id"], "title": wanted})
        raise LookupError(f"no button {title!r}")

    def follow(self, ref: str) -> None:
        self._post({"ref": ref})

    def look(self) -> list[Reply]:
        new = [json.loads(json.dumps(web.render(reply.bubble))) for reply in self._fetched()]
        self._drawn += new
        return [reply for drawn in new for reply in on_the_page(drawn)]

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
        new = [in_a_terminal(console.render(reply.bubble)) for reply in self._fetched()]
        self._printed = new[-1].buttons if new else self._printed
        return new

    def _say(self, event: Text | Referral) -> None:
        key = f"console:{self.address}:{next(self._numbers)}"
        self._door.accept("console", [Inbound(self.account, self.address, key, self._now(), event)])


def _accepted(status: int) -> None:
    assert status == 200, f"the webhook answered {status}"
