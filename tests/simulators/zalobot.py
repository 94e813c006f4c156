"""A stand-in for Zalo's Bot platform: bots made in the Zalo app, with a fixed token and plain messages only.

    with ZaloBot(clock=Clock()) as platform:
        bot = platform.bot("123456:token")
        requests.post(f"{platform.url}/bot123456:token/sendMessage", json={"chat_id": "…", "text": "Chào bác"})

Limits of the free plan: 50 people to a bot and 3,000 messages a month ("docs.zaloplatforms.com/docs/BOT").
"""

import json
import random
import re
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self
from urllib.parse import urlsplit

from tests.simulators.server import Answer, Loopback, Request
from tests.simulators.zalo_clock import VIETNAM, milliseconds
from tests.simulators.zalo_deliver import to_webhook
from tests.simulators.zalo_faults import Behaviour, Mode, Plans, instead, spoilt

PATH = re.compile(r"/bot([^/]+)/([A-Za-z]+)")
MAX_TEXT, MAX_PEOPLE, MAX_A_MONTH, MAX_CAPTION = 2000, 50, 3000, 2000
Params = dict[str, Any]


class Wrong(Exception):
    """An answer with `ok: false`; the code is the HTTP status too, unless the platform says 200."""

    def __init__(self, code: int, description: str) -> None:
        super().__init__(description)
        self.code = code


@dataclass(frozen=True, slots=True)
class Shown:
    """A bubble: text, photo (with the text as caption), sticker or voice."""

    text: str = ""
    kind: str = "text"
    image: str = ""


@dataclass(frozen=True, slots=True)
class Delivered:
    token: str
    chat_id: str
    message_id: str
    bubble: Shown


@dataclass(slots=True)
class Bot:
    """bare: events are delivered without the `ok`/`result` around them. people: who has written, at most fifty.

    polls: calls of `getUpdates` that began to wait.
    """

    token: str
    name: str = "Bot Chợ Phiên"
    webhook: str = ""
    secret: str = ""
    bare: bool = False
    people: list[str] = field(default_factory=list)
    updates: list[dict[str, Any]] = field(default_factory=list)
    sent_in: Counter[str] = field(default_factory=Counter)
    typing: list[str] = field(default_factory=list)
    polls: int = 0


class ZaloBot:
    """errors_in_200: a refusal comes with HTTP 200 and its number in the body only."""

    def __init__(
        self, *, clock: Callable[[], datetime], port: int = 0, seed: int = 1, errors_in_200: bool = False
    ) -> None:
        self.clock, self.errors_in_200 = clock, errors_in_200
        self.plans = Plans()
        self.changed = threading.Condition()
        self._bots: dict[str, Bot] = {}
        self._delivered: list[Delivered] = []
        self._dice = random.Random(seed)
        self._server = Loopback(self._answer, port)
        self._methods: dict[str, Callable[[Bot, Params], object]] = {
            "getMe": self._me,
            "getUpdates": self._updates,
            "setWebhook": self._set_webhook,
            "deleteWebhook": self._delete_webhook,
            "getWebhookInfo": self._webhook_info,
            "sendMessage": self._send_message,
            "sendPhoto": self._send_photo,
            "sendSticker": self._send_sticker,
            "sendVoice": self._send_voice,
            "sendChatAction": self._send_action,
        }

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def delivered(self) -> list[Delivered]:
        with self.changed:
            return list(self._delivered)

    def start(self) -> Self:
        self._server.start()
        return self

    def stop(self) -> None:
        with self.changed:
            self._server.stopping.set()
            self.changed.notify_all()
        self._server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def bot(self, token: str, name: str = "Bot Chợ Phiên", *, bare: bool = False) -> Bot:
        """A bot that belongs to this token; made where there is none."""
        with self.changed:
            return self._bots.setdefault(token, Bot(token, name, bare=bare))

    def behave(self, behaviour: Behaviour | Mode, times: int | None = None, call: str = "") -> None:
        """Fall ill; call: how the path begins, token and all."""
        self.plans.behave(behaviour, times, call=call)

    def to(self, chat_id: str) -> list[Shown]:
        return [one.bubble for one in self.delivered if one.chat_id == chat_id]

    def wait_for(self, chat_id: str, count: int, seconds: float = 10.0) -> list[Shown]:
        """Her bubbles once there are that many. Raises TimeoutError."""
        with self.changed:
            if self.changed.wait_for(lambda: len(self.to(chat_id)) >= count, seconds):
                return self.to(chat_id)
        raise TimeoutError(f"{count} bubbles wanted, came: {self.to(chat_id)}")

    def phone(self, bot: Bot, name: str, chat_id: str, *, protected: bool = False) -> "BotPhone":
        """protected: a child's account, or of a person who cannot read; the platform hides what it says."""
        return BotPhone(self, bot, name, chat_id, protected=protected)

    def new_id(self) -> str:
        with self.changed:
            return f"{self._dice.getrandbits(80):020x}"

    def happen(self, bot: Bot, event: dict[str, Any], *, times: int = 1) -> int | None:
        """Deliver an event to the webhook, or keep it for `getUpdates`; the last status."""
        if not bot.webhook:
            with self.changed:
                bot.updates.append(event)
                self.changed.notify_all()
            return None
        body = json.dumps(event if bot.bare else {"ok": True, "result": event}, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", "X-Bot-Api-Secret-Token": bot.secret}
        post, status = to_webhook(bot.webhook), None
        for _ in range(times):
            try:
                status = post(body, headers)
            except OSError:
                status = None
        return status

    def _answer(self, request: Request) -> Answer:
        behaviour = self.plans.next("", request.path)
        if behaviour.refusal is not None:
            return self._refused(Wrong(behaviour.refusal.code, str(behaviour.refusal)))
        answer = instead(behaviour)
        return spoilt(behaviour, self._serve(request)) if answer is None else answer

    def _serve(self, request: Request) -> Answer:
        path = PATH.fullmatch(request.path)
        try:
            if path is None or path[2] not in self._methods or request.method not in ("GET", "POST"):
                raise Wrong(404, "Not Found")
            with self.changed:
                bot = self._bots.get(path[1])
            if bot is None:
                raise Wrong(401, "Unauthorized")
            return Answer(body={"ok": True, "result": self._methods[path[2]](bot, _params(request))})
        except Wrong as wrong:
            return self._refused(wrong)

    def _refused(self, wrong: Wrong) -> Answer:
        status = 200 if self.errors_in_200 else wrong.code
        return Answer(status, {"ok": False, "description": str(wrong), "error_code": wrong.code})

    def _me(self, bot: Bot, params: Params) -> dict[str, Any]:
        return {
            "id": bot.token.split(":")[0],
            "account_name": bot.name,
            "account_type": "BASIC",
            "can_join_groups": False,
        }

    def _updates(self, bot: Bot, params: Params) -> dict[str, Any]:
        """One update, gone once it was given; 408 if none comes in time."""
        seconds = params.get("timeout", 30)
        if not isinstance(seconds, int | float | str) or not re.fullmatch(r"[0-9]+(\.[0-9]+)?", str(seconds)):
            raise Wrong(400, "timeout is invalid")
        with self.changed:
            if bot.webhook:
                raise Wrong(400, "a webhook is set")
            bot.polls += 1
            self.changed.notify_all()
            stopping = self._server.stopping
            self.changed.wait_for(lambda: bot.updates or stopping.is_set(), float(seconds))
            if not bot.updates:
                raise Wrong(408, "Request timeout")
            return bot.updates.pop(0)

    def _set_webhook(self, bot: Bot, params: Params) -> dict[str, Any]:
        url, secret = params.get("url"), params.get("secret_token")
        if not isinstance(url, str) or urlsplit(url).scheme not in ("http", "https"):
            raise Wrong(400, "url is invalid")
        if not isinstance(secret, str) or not 8 <= len(secret) <= 256:
            raise Wrong(400, "secret_token must have 8 to 256 characters")
        bot.webhook, bot.secret = url, secret
        return self._webhook_info(bot, params)

    def _delete_webhook(self, bot: Bot, params: Params) -> dict[str, Any]:
        bot.webhook = bot.secret = ""
        return {"url": "", "updated_at": int(milliseconds(self.clock()))}

    def _webhook_info(self, bot: Bot, params: Params) -> dict[str, Any]:
        if not bot.webhook:
            raise Wrong(404, "no webhook is set")
        return {"url": bot.webhook, "updated_at": int(milliseconds(self.clock()))}

    def _send_message(self, bot: Bot, params: Params) -> dict[str, Any]:
        if params.get("parse_mode") not in (None, "markdown", "html"):
            raise Wrong(400, "parse_mode is invalid")
        return self._deliver(bot, params, Shown(_words(params, "text", MAX_TEXT)))

    def _send_photo(self, bot: Bot, params: Params) -> dict[str, Any]:
        caption = _words(params, "caption", MAX_CAPTION) if params.get("caption") else ""
        return self._deliver(bot, params, Shown(caption, "photo", _address(params, "photo")))

    def _send_sticker(self, bot: Bot, params: Params) -> dict[str, Any]:
        return self._deliver(bot, params, Shown(kind="sticker", image=_words(params, "sticker", 200)))

    def _send_voice(self, bot: Bot, params: Params) -> dict[str, Any]:
        return self._deliver(bot, params, Shown(kind="voice", image=_address(params, "voice_url")))

    def _send_action(self, bot: Bot, params: Params) -> bool:
        if params.get("action") not in ("typing", "upload_photo"):
            raise Wrong(400, "action is invalid")
        bot.typing.append(self._chat(bot, params))
        return True

    def _chat(self, bot: Bot, params: Params) -> str:
        chat_id = _words(params, "chat_id", 100)
        if chat_id not in bot.people:
            raise Wrong(403, "the bot cannot write to this chat")
        return chat_id

    def _deliver(self, bot: Bot, params: Params, bubble: Shown) -> dict[str, Any]:
        month = f"{self.clock().astimezone(VIETNAM):%Y-%m}"
        with self.changed:
            chat_id = self._chat(bot, params)
            if bot.sent_in[month] >= MAX_A_MONTH:
                raise Wrong(429, "Quota exceeded")
            bot.sent_in[month] += 1
            delivered = Delivered(bot.token, chat_id, self.new_id(), bubble)
            self._delivered.append(delivered)
            self.changed.notify_all()
        return {"message_id": delivered.message_id, "date": int(milliseconds(self.clock()))}


class BotPhone:
    """A person who writes to a bot. Every act returns the webhook's status, None where `getUpdates` will have it.

    The fifty-first person is not let in: nothing of hers arrives.
    """

    def __init__(self, platform: ZaloBot, bot: Bot, name: str, chat_id: str, *, protected: bool) -> None:
        self.platform, self.bot, self.name, self.chat_id, self.protected = platform, bot, name, chat_id, protected

    @property
    def bubbles(self) -> list[Shown]:
        return self.platform.to(self.chat_id)

    def type(self, words: str, *, times: int = 1) -> int | None:
        return self._do("text", times=times, text=words)

    def send_photo(self, url: str, caption: str = "", *, field: str = "photo") -> int | None:
        """field: `photo`, or `photo_url` as some deliveries have it."""
        return self._do("image", 1, **{field: url, "caption": caption})

    def send_sticker(self, sticker: str, url: str = "") -> int | None:
        return self._do("sticker", sticker=sticker, url=url)

    def send_voice(self, url: str) -> int | None:
        return self._do("voice", voice_url=url)

    def send_contact(self, *, bare: bool = False) -> int | None:
        """A contact card or a file: the platform says only that something came; bare, not even from whom."""
        if bare:
            return self.platform.happen(self.bot, {"event_name": "message.unsupported.received"})
        return self._do("unsupported")

    def event(self, kind: str, **content: object) -> dict[str, Any]:
        """The inner event. `date` is a number of milliseconds."""
        hidden = self.protected or kind == "unsupported"
        message = {
            "from": {"id": self.chat_id, "display_name": self.name, "is_bot": False},
            "chat": {"id": self.chat_id, "chat_type": "PRIVATE"},
            **({} if hidden else content),
            "message_id": self.platform.new_id(),
            "date": int(milliseconds(self.platform.clock())),
        }
        return {"message": message, "event_name": f"message.{'unsupported' if hidden else kind}.received"}

    def _do(self, kind: str, times: int = 1, **content: str) -> int | None:
        with self.platform.changed:
            people = self.bot.people
            if self.chat_id not in people:
                if len(people) >= MAX_PEOPLE:
                    return None
                people.append(self.chat_id)
        return self.platform.happen(self.bot, self.event(kind, **content), times=times)


def _params(request: Request) -> Params:
    """Of a GET, the query; of a POST, the JSON body. Raises Wrong."""
    if request.method == "GET" or not request.body:
        return dict(request.query)
    try:
        value = json.loads(request.body)
    except ValueError as error:
        raise Wrong(400, "the body is not JSON") from error
    if not isinstance(value, dict):
        raise Wrong(400, "the body is not an object")
    return value


def _words(params: Params, name: str, most: int) -> str:
    value = params.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= most:
        raise Wrong(400, f"{name} must have 1 to {most} characters")
    return value


def _address(params: Params, name: str) -> str:
    value = _words(params, name, 2000)
    if urlsplit(value).scheme not in ("http", "https"):
        raise Wrong(400, f"{name} is invalid")
    return value
