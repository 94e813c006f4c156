"""A stand-in for Zalo's Official Account platform on loopback.

openapi.zalo.me, oauth.zaloapp.com and business.openapi.zalo.me on one port, as no path is on two of them.

    with Zalo(apps=[app], oas=[oa], clock=Clock()) as zalo:
        zalo.save_webhook(app.app_id, "http://127.0.0.1:8000/webhooks/zalo")
        phone = zalo.phone(oa.oa_id, "Hà", "84905000111")
        phone.type("chào")
        phone.wait_for(1)

By hand: `python -m tests.simulators.zalo --help`.
"""

import queue
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Self
from urllib.parse import urlencode

from tests.simulators import zalo_consent, zalo_history, zalo_people, zalo_send, zalo_zbs
from tests.simulators.server import Answer, Loopback, Request
from tests.simulators.zalo_call import Call, of_business, of_openapi
from tests.simulators.zalo_clock import Clock
from tests.simulators.zalo_deliver import Deliverer, Post
from tests.simulators.zalo_errors import Refused
from tests.simulators.zalo_events import Event
from tests.simulators.zalo_faults import Behaviour, Mode, Plans, instead, spoilt
from tests.simulators.zalo_grants import Pair
from tests.simulators.zalo_phone import Phone
from tests.simulators.zalo_rules import Shown
from tests.simulators.zalo_state import Delivered, Room, state_of
from tests.simulators.zalo_upload import upload
from tests.simulators.zalo_world import App, Echo, Oa, Person, Switches

Route = Callable[[Call], Any]
OPENAPI: Mapping[tuple[str, str], Route] = {
    ("POST", "/v3.0/oa/message/cs"): zalo_send.consult,
    ("POST", "/v3.0/oa/message/transaction"): zalo_send.discontinued,
    ("POST", "/v3.0/oa/message/promotion"): zalo_send.discontinued,
    ("POST", "/v2.0/oa/message"): zalo_send.react,
    ("POST", "/v2.0/oa/upload/image"): upload("image"),
    ("POST", "/v2.0/oa/upload/gif"): upload("gif"),
    ("POST", "/v2.0/oa/upload/file"): upload("file"),
    ("GET", "/v3.0/oa/user/detail"): zalo_people.detail,
    ("GET", "/v3.0/oa/user/getlist"): zalo_people.listed,
    ("GET", "/v2.0/oa/getoa"): zalo_people.account,
    ("POST", "/v2.0/oa/tag/tagfollower"): zalo_people.tag,
    ("POST", "/v2.0/oa/tag/rmfollowerfromtag"): zalo_people.untag,
    ("POST", "/v2.0/oa/tag/rmtag"): zalo_people.drop_tag,
    ("GET", "/v2.0/oa/tag/gettagsofoa"): zalo_people.tags,
    ("POST", "/v3.0/oa/quota/message"): zalo_history.quota,
    ("GET", "/v2.0/oa/conversation"): zalo_history.conversation,
    ("GET", "/v2.0/oa/listrecentchat"): zalo_history.recent,
    ("POST", "/v3.0/oa/message/template"): zalo_zbs.by_user,
}
BUSINESS: Mapping[tuple[str, str], Route] = {
    ("POST", "/message/template"): zalo_zbs.by_phone,
    ("GET", "/template/all"): zalo_zbs.templates,
    ("GET", "/template/info/v2"): zalo_zbs.template_info,
    ("GET", "/message/status"): zalo_zbs.status,
    ("GET", "/message/quota"): zalo_zbs.daily_quota,
    ("GET", "/quality"): zalo_zbs.quality,
}
WITHOUT_PACKAGE = ("/v2.0/oa/getoa",)


class Zalo:
    """apps, oas: who is there; an OA has granted nothing until `grant` or a consent.

    switches: change them any time. on_delivery: called for each bubble, after it is kept. seed: for ids and tokens.
    """

    def __init__(
        self,
        *,
        apps: Iterable[App],
        oas: Iterable[Oa],
        clock: Callable[[], datetime] | None = None,
        switches: Switches | None = None,
        port: int = 0,
        seed: int = 1,
        on_delivery: Callable[[Delivered], None] = lambda delivered: None,
        extra: Callable[[Request], Answer | None] = lambda request: None,
    ) -> None:
        self.clock = clock or Clock()
        self.switches = switches or Switches()
        self.state = state_of(apps, oas, self.clock, self.switches, seed)
        self.plans = Plans()
        self.deliverers = {app_id: Deliverer(app, self.clock) for app_id, app in self.state.apps.items()}
        self.requests: list[tuple[str, str]] = []
        self._on_delivery, self._extra = on_delivery, extra
        self._media: dict[str, tuple[bytes, str]] = {}
        self._post: queue.Queue[Callable[[], object] | None] = queue.Queue()
        self._postman = threading.Thread(target=self._carry)
        self._server = Loopback(self._answer, port)

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def stopping(self) -> threading.Event:
        return self._server.stopping

    @property
    def delivered(self) -> list[Delivered]:
        with self.state.changed:
            return list(self.state.delivered)

    def start(self) -> Self:
        self._postman.start()
        self._server.start()
        return self

    def stop(self) -> None:
        self._server.stop()
        self._post.put(None)
        self._postman.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def behave(self, behaviour: Behaviour | Mode, times: int | None = None, oa_id: str = "", call: str = "") -> None:
        """Fall ill from now on, or for that many calls; for one OA, or for paths that begin with `call`."""
        self.plans.behave(behaviour, times, oa_id, call)

    def to(self, user_id: str, oa_id: str | None = None) -> list[Shown]:
        """What this person received, oldest first."""
        return [one.bubble for one in self.delivered if one.user_id == user_id and oa_id in (None, one.oa_id)]

    def wait_for(self, user_id: str, count: int, seconds: float = 10.0) -> list[Shown]:
        """Her bubbles once there are that many; raises TimeoutError with those that came."""
        with self.state.changed:
            if self.state.changed.wait_for(lambda: len(self.to(user_id)) >= count, seconds):
                return self.to(user_id)
        raise TimeoutError(f"{count} bubbles wanted, came: {self.to(user_id)}")

    def oa(self, oa_id: str) -> Oa:
        return self.state.oas[oa_id]

    def grant(self, oa_id: str) -> Pair:
        """Tokens without a consent, as the console's API Explorer gives them for pasting."""
        with self.state.changed:
            return self.state.grants.pair(self.oa(oa_id).app_id, oa_id)

    def revoke(self, oa_id: str) -> None:
        """Make every token of the OA unknown."""
        with self.state.changed:
            self.state.grants.revoke(oa_id)

    def consent_url(self, app_id: str, redirect_uri: str, challenge: str = "", state: str = "") -> str:
        """The address where an admin agrees, as an app builds it."""
        query = {"app_id": app_id, "redirect_uri": redirect_uri, "code_challenge": challenge, "state": state}
        return f"{self.url}/v4/oa/permission?{urlencode(query)}"

    def person(self, name: str, phone: str = "", **more: bool) -> Person:
        """Somebody with a Zalo account; the same one for the same number, or for the same name without a number."""
        with self.state.changed:
            return self.state.people.setdefault(phone or name, Person(name, phone, **more))

    def phone(self, oa_id: str, name: str, number: str = "", *, decomposed: bool = False, **more: bool) -> Phone:
        """Her phone with the chat of this OA open. She has done nothing yet: until she does, no window is open."""
        person = self.person(name, number, **more)
        return Phone(self.state, self.tell, self.oa(oa_id), person, decomposed=decomposed)

    def officer(self, oa_id: str, user_id: str, words: str, admin_id: str = "4713478301") -> int | None:
        """Somebody of the co-op answers by hand in Zalo's own chat tool; the webhook's last status."""
        oa = self.oa(oa_id)
        with self.state.changed:
            delivered = self.state.deliver(oa, user_id, Shown(words), by_officer=True)
            echo = zalo_send.echo_of(self.state.events(oa), oa.users[user_id], delivered, admin_id)
        self._on_delivery(delivered)
        return self.tell(oa, echo)

    def deliverer(self, oa_id: str) -> Deliverer:
        return self.deliverers[self.oa(oa_id).app_id]

    def save_webhook(self, app_id: str, url: str) -> bool:
        """Enter the address in the console; False if its probe was not answered with 200."""
        return self.deliverers[app_id].save_url(url)

    def connect(self, app_id: str, post: Post) -> None:
        """Deliver through this function, for tests without a web server."""
        self.deliverers[app_id].connect(post)

    def tell(self, oa: Oa, event: Event) -> int | None:
        """Deliver an event now; the webhook's status."""
        return self.deliverers[oa.app_id].deliver(oa, event)

    def settle(self) -> None:
        """Wait until every event of our own sends has been delivered once."""
        self._post.join()

    def host_media(self, name: str, content: bytes, content_type: str) -> str:
        """Serve a picture or a voice message; the address, for `Phone.send_photo` and the like."""
        self._media[name] = (content, content_type)
        return f"{self.url}/media/{name}"

    def _answer(self, request: Request) -> Answer:
        extra = self._extra(request)
        if extra is not None:
            return extra
        if request.path.startswith("/media/"):
            return self._picture(request.path.removeprefix("/media/"))
        self.requests.append((request.method, request.path))
        behaviour = self.plans.next(self._oa_of(request), request.path)
        answer = instead(behaviour)
        return spoilt(behaviour, self._serve(request)) if answer is None else answer

    def _serve(self, request: Request) -> Answer:
        route = (request.method, request.path)
        if request.path == "/v4/oa/permission":
            with self.state.changed:
                return zalo_consent.permission(self.state, request)
        if route == ("POST", "/v4/oa/access_token"):
            with self.state.changed:
                return zalo_consent.tokens(self.state, request)
        if route in OPENAPI:
            enter = partial(of_openapi, needs_package=request.path not in WITHOUT_PACKAGE)
            return self._carry_out(OPENAPI[route], enter, request, of_oa=True)
        if route in BUSINESS:
            return self._carry_out(BUSINESS[route], of_business, request, of_oa=False)
        return Answer(404, {"error": 404, "message": "You are accessing an empty or invalid API"})

    def _carry_out(self, route: Route, enter: Callable[..., Call], request: Request, *, of_oa: bool) -> Answer:
        """One call under the lock; then what the webhook and the caller are told, without it."""
        room: Room | None = None
        with self.state.changed:
            before = len(self.state.delivered)
            try:
                app, oa = self._caller(request)
                room = self.state.room(app, oa, of_oa=of_oa) if app and oa else None
                call = enter(self.state, request)
                room = self.state.count_call(call.app, call.oa, of_oa=of_oa)
                body, status = {"error": 0, "message": "Success", "data": route(call)}, 200
                events = [(call.oa, *one) for one in call.events]
            except Refused as refusal:
                body, status, events = refusal.body, refusal.status, []
            bubbles = self.state.delivered[before:]
        for bubble in bubbles:
            self._on_delivery(bubble)
        self._announce(events)
        headers = {"X-RateLimit-Limit": str(room.limit), "X-RateLimit-Remain": str(room.remain)} if room else {}
        return Answer(status, body, headers)

    def _announce(self, events: list[tuple[Oa, Event, dict[str, str]]]) -> None:
        if self.switches.echo is Echo.OFF:
            return
        for oa, event, headers in events:
            deliver = partial(self.deliverers[oa.app_id].deliver, oa, event, headers=headers)
            if self.switches.echo is Echo.BEFORE:
                deliver()
            else:
                self._post.put(deliver)

    def _carry(self) -> None:
        """The thread that delivers what is not urgent."""
        while (deliver := self._post.get()) is not None:
            try:
                deliver()
            finally:
                self._post.task_done()

    def _caller(self, request: Request) -> tuple[App | None, Oa | None]:
        """Whose token this is, good or dead; (None, None) for a token that nobody has."""
        oa = self.state.oas.get(self.state.grants.oa_of(request.headers.get("access_token", "")))
        return (self.state.apps[oa.app_id], oa) if oa else (None, None)

    def _oa_of(self, request: Request) -> str:
        token = request.headers.get("access_token", "")
        if request.path == "/v4/oa/access_token":
            token = zalo_consent.form(request.body).get("refresh_token", "")
        with self.state.changed:
            return self.state.grants.oa_of(token)

    def _picture(self, name: str) -> Answer:
        with self.state.changed:
            upload = self.state.uploads.get(name)
        if upload is not None:
            return Answer(body=upload.content, content_type="application/octet-stream")
        if name in self._media:
            content, content_type = self._media[name]
            return Answer(body=content, content_type=content_type)
        return Answer(404, b"", content_type="text/plain")


if __name__ == "__main__":
    from tests.simulators.zalo_hand import main

    main()
