"""All four channels' doors, the turns behind them and what each platform would take of the replies, in one thread.

The very code of the web process and of the worker: the application of `create_app`, entered by WSGI, and `Turns`. Only
the clock is ours: it stands still until it is told to go on.
"""

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bot.inbox import InboxRow
from bot.outbox import OutboxRow
from bot.outbox import opened as unsealed
from bot.reply import Bubble
from bot.run.app import create_app
from bot.run.roof import make_world
from bot.run.settings import Settings
from bot.run.turns import Turns
from catalog.account import Account
from handlers.channels.messenger import codec as messenger
from handlers.channels.web import codec as web
from handlers.channels.web.verify import COOKIE, Visitors
from handlers.channels.zalo import codec as zalo
from handlers.channels.zalobot import codec as zalobot
from tests.conftest import SECRET, opened
from tests.simulators import graph_rules, zalo_rules
from tests.simulators.zalo_deliver import mac
from tests.simulators.zalo_errors import Refused as RefusedByZalo
from tests.simulators.zalobot import MAX_CAPTION
from tests.simulators.zalobot import MAX_TEXT as MOST_OF_A_BOT

CHANNELS = ("messenger", "zalo", "zalobot", "web")
APP_SECRET, PAGE = "the secret of an app that there is not", "112233445566778"
ZALO_APP, OA, OA_SECRET = "3608465249400000001", "388613280878808645", "oa-secret-for-tests"
BOT_TOKEN, BOT_SECRET = "123456:token-for-tests", "secret-for-tests"
MOST_SECONDS = 0.1
"""Of CPU that one text or one delivery may take: our own promise."""

Json = dict[str, Any]


@dataclass(slots=True)
class Clock:
    at: datetime

    def now(self) -> datetime:
        return self.at

    def go_on(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    @property
    def millis(self) -> int:
        return int(self.at.timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class Came:
    """What came of one delivery.

    replies: with the channel of each. seconds: of CPU in this thread, from the first byte to the words; the insert may
    be another thread's. faults: what is wrong with it, a line each.
    """

    status: int
    replies: tuple[tuple[str, Bubble], ...]
    seconds: float
    faults: tuple[str, ...]


class House:
    """The program in one thread, over a database that is ready."""

    def __init__(self, folder: Path, url: str) -> None:
        self.clock = Clock(datetime.now(UTC))
        settings = Settings.read(
            {
                "VAR_DIR": str(folder),
                "DATABASE_URL": url,
                "SECRET_KEY": SECRET,
                "REDIS_URL": f"unix://{folder}/nobody.sock",
                "MESSENGER_APP_SECRET": APP_SECRET,
                "MESSENGER_VERIFY_TOKEN": "hello",
                "MESSENGER_PAGE_ID": PAGE,
                "MESSENGER_PAGE_TOKEN": "a token",
                "ZALO_APP_ID": ZALO_APP,
                "ZALO_APP_SECRET": "the app's",
                "ZALO_OA_ID": OA,
                "ZALO_OA_SECRET": OA_SECRET,
                "ZALO_ACCESS_TOKEN": "a token",
                "ZALO_REFRESH_TOKEN": "another",
                "ZALOBOT_TOKEN": BOT_TOKEN,
                "ZALOBOT_SECRET": BOT_SECRET,
            }
        )
        self.database = opened(url)
        self._client = create_app(settings, self.clock.now).test_client(use_cookies=False)
        self._turns = Turns(self.database, make_world(settings, self.clock.now), lambda: None)
        self._visitors = Visitors(settings.secret_keys, lambda: "nobody-at-all")
        self._deliveries = 0
        self._newest = 0

    def post(self, channel: str, body: bytes, person: str = "visitor-0", *, producer: bool = False) -> int:
        """The status of a signed delivery. person, producer: on the web, whose cookie it is, and as whom she speaks."""
        path, headers = f"/webhooks/{channel}", {"Content-Type": "application/json"}
        match channel:
            case "messenger":
                signature = hmac.new(APP_SECRET.encode(), body, hashlib.sha256).hexdigest()
                headers["X-Hub-Signature-256"] = f"sha256={signature}"
            case "zalo":
                headers["X-ZEvent-Signature"] = f"mac={mac(ZALO_APP, body, str(self.clock.millis), OA_SECRET)}"
                headers["X-ZEvent-Timestamp"] = str(self.clock.millis)
            case "zalobot":
                headers["X-Bot-Api-Secret-Token"] = BOT_SECRET
            case "web":
                path = "/chat/messages" + ("?as=producer" if producer else "")
                headers["Cookie"] = f"{COOKIE}={self._visitors.cookie(person)}"
        with self._client.post(path, data=body, headers=headers) as answer:
            return answer.status_code

    def hear(self, channel: str, body: bytes, person: str = "visitor-0", *, producer: bool = False) -> Came:
        """Deliver it, take the turns that wait, and put every reply into the words of its platform."""
        began = time.thread_time()
        status = self.post(channel, body, person, producer=producer)
        while self._turns.take_batch():
            pass
        turned = time.thread_time() - began
        replies = self.replies()
        began = time.thread_time()
        for where, bubble in replies:
            rendered(where, bubble)
        seconds = turned + time.thread_time() - began
        faults = [fault for where, bubble in replies for fault in refusals(where, bubble)]
        return Came(status, tuple(replies), seconds, tuple(faults))

    def replies(self) -> list[tuple[str, Bubble]]:
        """Those that are new since the last look, with their channels."""
        newer = select(OutboxRow).where(OutboxRow.id > self._newest).order_by(OutboxRow.id)
        with self.database.reading() as db:
            rows = db.scalars(newer).all()
            self._newest = rows[-1].id if rows else self._newest
            return [(row.channel, unsealed(db, row).bubble) for row in rows]

    def ill(self) -> list[str]:
        """Rows that wait still or went wrong, a line each."""
        bad = select(InboxRow).where(InboxRow.done_at.is_(None) | InboxRow.error.is_not(None) | (InboxRow.tries > 0))
        with self.database.reading() as db:
            return [f"inbox {row.id} ({row.kind}): tries {row.tries}, {row.error}" for row in db.scalars(bad)]

    def rows(self, channel: str) -> int:
        """How many events are kept for a channel."""
        mine = select(func.count(InboxRow.id)).join(Account, Account.id == InboxRow.account_id)
        with self.database.reading() as db:
            return db.scalar(mine.where(Account.channel == channel)) or 0

    def close(self) -> None:
        self.database.close()

    # What people do

    def says(self, channel: str, person: str, words: str) -> bytes:
        """The body of a message."""
        return wire(self._message(channel, person, {"text": words}, words))

    def taps(self, channel: str, person: str, button: str, title: str = "x") -> bytes:
        """The body of a pressed button, in the way of its channel; on Zalo buttons come back as words."""
        number, _, rest = button.partition(":")
        key, _, arg = rest.partition(":")
        words = f"#{number}.{key}" + (f"-{arg}" if arg else "") if channel == "zalo" else title
        return wire(self._message(channel, person, {"choice": button, "title": title}, words))

    def _message(self, channel: str, person: str, to_the_web: Json, words: str) -> Json:
        self._deliveries += 1
        mid = f"m_{self._deliveries}"
        match channel:
            case "messenger":
                item: Json = {"sender": {"id": person}, "recipient": {"id": PAGE}, "timestamp": self.clock.millis}
                if "choice" in to_the_web:
                    item["postback"] = {"mid": mid, "title": to_the_web["title"], "payload": to_the_web["choice"]}
                else:
                    item["message"] = {"mid": mid, "text": words}
                return {"object": "page", "entry": [{"id": PAGE, "time": self.clock.millis, "messaging": [item]}]}
            case "zalo":
                ends = {"sender": {"id": person}, "recipient": {"id": OA}, "user_id_by_app": person}
                said = {"event_name": "user_send_text", "message": {"text": words, "msg_id": mid}}
                return {"app_id": ZALO_APP, **ends, **said, "timestamp": str(self.clock.millis)}
            case "zalobot":
                party = {"from": {"id": person, "display_name": "Hà", "is_bot": False}}
                chat = {"id": person, "chat_type": "PRIVATE"}
                message = {**party, "chat": chat, "text": words, "message_id": mid, "date": self.clock.millis}
                return {"ok": True, "result": {"message": message, "event_name": "message.text.received"}}
            case _:
                return {"id": mid, **to_the_web}


def wire(body: Json) -> bytes:
    """Plain ASCII, so that even half a surrogate pair gets through."""
    return json.dumps(body, ensure_ascii=True).encode()


def rendered(channel: str, bubble: Bubble) -> list[Json]:
    """What would be handed to the platform."""
    match channel:
        case "messenger":
            drawn = [
                messenger.image_message("1234567890") if "image" in message else message
                for message in messenger.render(replace(bubble, image="" if bubble.card_title else bubble.image))
            ]
            return [{"recipient": {"id": "1"}, "messaging_type": "RESPONSE", "message": message} for message in drawn]
        case "zalo":
            return [
                zalo.picture("1234567890") if "image" in message else message
                for buttons in (True, False)
                for message in zalo.render(bubble, buttons=buttons)
            ]
        case "zalobot":
            return zalobot.render(bubble)
        case _:
            return [web.render(bubble)]


def refusals(channel: str, bubble: Bubble) -> list[str]:
    """What the platform, or a reader, would not take of a reply; a line each."""
    found = []
    messages = rendered(channel, bubble)
    if not messages:
        found.append("an empty reply")
    for message in messages:
        try:
            json.dumps(message, ensure_ascii=False).encode()
            _CHECKS[channel](message)
        except (graph_rules.Refused, RefusedByZalo, ValueError) as error:
            found.append(f"{channel} refuses {str(message)[:200]}: {error!r}")
        if "\0" in str(message):
            found.append(f"a NUL in {str(message)[:200]}")
    return found


def _by_bot(message: Json) -> None:
    words = [*([message["text"]] if "text" in message else []), message.get("caption", "x")]
    if not all(0 < len(text) <= min(MOST_OF_A_BOT, MAX_CAPTION) for text in words):
        raise ValueError("too long, or nothing")


def _by_page(message: Json) -> None:
    lists: Sequence[Json] = message.get("choices", [])
    shown = message.get("text") or message.get("cards") or message.get("card")
    if not shown or len(message.get("text", "")) > web.LIMITS.max_text or len(lists) > web.LIMITS.max_buttons:
        raise ValueError("too long, or nothing")


_CHECKS: Mapping[str, Callable[[Json], object]] = {
    "messenger": graph_rules.shown,
    "zalo": zalo_rules.read,
    "zalobot": _by_bot,
    "web": _by_page,
}


@contextmanager
def open_house(folder: Path, url: str) -> Iterator[House]:
    """Warm: on every channel somebody has looked up a stamp and begun an order."""
    house = House(folder, url)
    try:
        for channel in CHANNELS:
            for words in ("483920176504", "2 goi mien", "dat hang", "cam bao nhieu 1kg", "thoi"):
                came = house.hear(channel, house.says(channel, f"warm-{channel}", words), f"warm-{channel}")
                assert (len(came.replies) in (1, 2), came.faults) == (True, ()), (channel, words, came)
        yield house
    finally:
        house.close()
