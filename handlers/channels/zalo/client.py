"""Zalo's Open API: messages out, pictures up, and what an account may ask about itself and its people.

Source: docs.zaloplatforms.com/docs/OA and /docs/ZBS, as of autumn 2026. Errors come inside HTTP 200: see `verdict`.
"""

import hashlib
import hmac
import re
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn

import msgspec
import requests

from bot.reply import Reason, SendError
from handlers.calling import CONNECT_SECONDS, READ_SECONDS, Answered, Caller
from handlers.channels.zalo.answers import Account, Quota, TemplateInfo, UserDetail
from handlers.channels.zalo.verdict import BUSINESS, OPENAPI, TEMPLATE_BY_USER, Table, next_minute, refuse
from handlers.wire import Unreadable, id_of, read_body

REMAIN_HEADER, TOKEN_HEADER, PROOF_HEADER = "X-RateLimit-Remain", "access_token", "appsecret_proof"
TOKEN = re.compile(r"[!-~]{1,4096}")
CALLS = re.compile(r"[0-9]{1,9}")
SECONDS = re.compile(r"[0-9]{1,5}")
AT_HOME = re.compile(r"0([1-9][0-9]{8,9})")
MOST_TOKENS = 256  # whose last answers we remember
MAX_TRACKING = 48
MAX_FILE = 5 * 1024 * 1024  # "Upload file"


class Envelope(msgspec.Struct, frozen=True):
    """Every answer of Zalo's own has `error`, 0 for success."""

    error: int
    data: Any = None


class ZaloClient:
    """Calls for any OA of one app; threads may share it. The token travels in a header of its own and nowhere else.

    Every method raises SendError, `verdict.Refused` where Zalo itself refused. now: for waits to the next clock minute.
    """

    def __init__(
        self,
        api_url: str,
        zbs_url: str,
        app_secret: str,
        *,
        appsecret_proof: bool = False,
        pool_size: int = 8,
        timeouts: tuple[float, float] = (CONNECT_SECONDS, READ_SECONDS),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._api, self._zbs = api_url.rstrip("/"), zbs_url.rstrip("/")
        self._app_secret = app_secret if appsecret_proof else ""
        self._caller = Caller(pool_size=pool_size, timeouts=timeouts)
        self._now = now
        self._remaining: dict[str, tuple[datetime, int]] = {}
        self._lock = threading.Lock()

    def send(self, token: str, user_id: str, message: Mapping[str, Any]) -> str:
        """Send one `message` of `codec.render`; its id, which its echo has too ("" if Zalo did not say it).

        After a time-out, a reset or half an answer she may have it already: Zalo knows no key that would make a second
        try harmless.
        """
        body = {"recipient": {"user_id": user_id}, "message": message}
        return _id_in(self._post(f"{self._api}/v3.0/oa/message/cs", token, body), "message_id")

    def upload(self, token: str, kind: str, name: str, content: bytes, media_type: str) -> str:
        """The id by which messages name it for seven days.

        kind: `image` (png, jpeg up to 1 MB), `gif` or `file` (pdf, doc, docx, csv up to 5 MB).
        """
        found = self._data(
            self._caller.call(
                "POST",
                f"{self._api}/v2.0/oa/upload/{kind}",
                headers=self._headers(token),
                files={"file": (name, content, media_type)},
            ),
            token,
            OPENAPI,
        )
        uploaded = _id_in(found, "attachment_id") or _id_in(found, "token")
        if not uploaded:
            raise SendError("an upload without an id", reason=Reason.UNREACHABLE)
        return uploaded

    def react(self, token: str, user_id: str, message_id: str, icon: str = "/-strong") -> None:
        """Put an icon under a message of hers: free, and a sign that it arrived. At most 50 to a message."""
        action = {"react_icon": icon, "react_message_id": message_id}
        self._post(f"{self._api}/v2.0/oa/message", token, {"recipient": {"user_id": user_id}, "sender_action": action})

    def user_detail(self, token: str, user_id: str) -> UserDetail:
        """What Zalo tells the OA about a person: events do not carry her name."""
        asked = {"data": msgspec.json.encode({"user_id": user_id}).decode()}
        return UserDetail.read(self._get(f"{self._api}/v3.0/oa/user/detail", token, asked))

    def get_oa(self, token: str) -> Account:
        """The OA itself, its package and purse: works without a package too."""
        return Account.read(self._get(f"{self._api}/v2.0/oa/getoa", token, {}))

    def quota(self, token: str, user_id: str) -> Quota:
        """When she was last active and how many replies are left for her."""
        return Quota.read(self._post(f"{self._api}/v3.0/oa/quota/message", token, {"user_id": user_id}))

    def send_template_by_uid(self, token: str, user_id: str, template_id: str, data: Mapping[str, str]) -> str:
        """Send an approved template at any time, at the lower price; its id. There is no tracking id here."""
        body = {"user_id": user_id, "template_id": template_id, "template_data": data}
        found = self._post(f"{self._api}/v3.0/oa/message/template", token, body, TEMPLATE_BY_USER)
        return _id_in(found, "message_id")

    def send_template_by_phone(
        self, token: str, phone: str, template_id: str, data: Mapping[str, str], tracking_id: str
    ) -> str:
        """The same by telephone; its id. The receipt carries `tracking_id`, which keeps nothing from going twice."""
        body = {
            "phone": AT_HOME.sub(r"84\1", phone) if AT_HOME.fullmatch(phone) else phone,
            "template_id": template_id,
            "template_data": data,
            "tracking_id": tracking_id[:MAX_TRACKING],
        }
        return _id_in(self._post(f"{self._zbs}/message/template", token, body, BUSINESS), "msg_id")

    def template_info(self, token: str, template_id: str) -> TemplateInfo:
        """Status and parameters of a template."""
        asked = {"template_id": template_id}
        return TemplateInfo.read(self._get(f"{self._zbs}/template/info/v2", token, asked, BUSINESS))

    def remaining(self, token: str) -> int | None:
        """Calls left in this clock minute by the last answer; None if there was none in it."""
        with self._lock:
            minute, calls = self._remaining.get(token, (None, 0))
        return calls if minute == _minute(self._now()) else None

    def close(self) -> None:
        self._caller.close()

    def _post(self, url: str, token: str, body: object, table: Table = OPENAPI) -> Any:
        headers = {**self._headers(token), "Content-Type": "application/json"}
        answered = self._caller.call("POST", url, data=msgspec.json.encode(body), headers=headers)
        return self._data(answered, token, table)

    def _get(self, url: str, token: str, query: Mapping[str, str], table: Table = OPENAPI) -> Any:
        return self._data(self._caller.call("GET", url, params=query, headers=self._headers(token)), token, table)

    def _headers(self, token: str) -> dict[str, str]:
        if not TOKEN.fullmatch(token):
            raise SendError("there is no token, or not a token's form", reason=Reason.TOKEN, pauses=True)
        proof = {PROOF_HEADER: appsecret_proof(token, self._app_secret)} if self._app_secret else {}
        return {TOKEN_HEADER: token, **proof}

    def _data(self, answered: Answered, token: str, table: Table) -> Any:
        now = self._now()
        self._note(token, answered.headers.get(REMAIN_HEADER, ""), now)
        return data_of(answered, table, now)

    def _note(self, token: str, remain: str, now: datetime) -> None:
        if not CALLS.fullmatch(remain):
            return
        with self._lock:
            self._remaining.pop(token, None)
            self._remaining[token] = (_minute(now), int(remain))
            while len(self._remaining) > MOST_TOKENS:  # tokens are renewed every day
                del self._remaining[next(iter(self._remaining))]


def appsecret_proof(token: str, app_secret: str) -> str:
    """What shows Zalo that the token is used by the app itself, where the app demands it (-242)."""
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def data_of(answered: Answered, table: Table, now: datetime) -> Any:
    """`data` of an answer that says success. Raises SendError for any other.

    An answer that is not Zalo's own (a proxy's page, half a body, a redirect) leaves it unknown what happened.
    """
    envelope = _envelope(answered)
    if envelope is None or (envelope.error == 0 and answered.status != requests.codes.ok):
        _unreadable(answered, now)
    if envelope.error != 0:
        refuse(envelope.error, table, now, passing=answered.status >= 500)
    return envelope.data


def _envelope(answered: Answered) -> Envelope | None:
    body = read_body(answered.content)
    if isinstance(body, Unreadable):
        return None
    try:
        return msgspec.convert(body, Envelope, strict=False)
    except msgspec.ValidationError:
        return None


def _unreadable(answered: Answered, now: datetime) -> NoReturn:
    after = answered.headers.get("Retry-After", "")
    wait = float(after) if SECONDS.fullmatch(after) else None
    words = f"HTTP {answered.status} without an answer"
    match answered.status:
        case 401:
            raise SendError(words, reason=Reason.EXPIRED, whole_account=True)
        case 429:
            raise SendError(words, reason=Reason.THROTTLED, whole_account=True, retry_after=wait or next_minute(now))
        case _:
            raise SendError(words, reason=Reason.UNREACHABLE, unknown=True, retry_after=wait)


def _id_in(data: object, name: str) -> str:
    return id_of(data.get(name)) if isinstance(data, dict) else ""


def _minute(now: datetime) -> datetime:
    return now.replace(second=0, microsecond=0)
