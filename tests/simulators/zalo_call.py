"""One call at one of Zalo's hosts: who calls, with what, and what has to happen after the answer."""

import json
from dataclasses import dataclass, field
from typing import Any

from tests.simulators.server import Request
from tests.simulators.zalo_errors import Refused, business, invalid
from tests.simulators.zalo_events import Event
from tests.simulators.zalo_grants import proof
from tests.simulators.zalo_state import State
from tests.simulators.zalo_world import App, Oa, ZaloUser


@dataclass(slots=True)
class Call:
    """A call with a good token. events: what the webhook is told once the call is done, with extra headers."""

    state: State
    request: Request
    app: App
    oa: Oa
    events: list[tuple[Event, dict[str, str]]] = field(default_factory=list)

    @property
    def body(self) -> dict[str, Any]:
        """The JSON body. Raises Refused."""
        return _object(self.request.body)

    @property
    def data(self) -> dict[str, Any]:
        """The query parameter `data`, JSON as well. Raises Refused."""
        return _object(self.request.query.get("data", "").encode())

    def tell(self, event: Event, **headers: str) -> None:
        self.events.append((event, {name.replace("_", "-"): value for name, value in headers.items()}))

    def user(self, user_id: object) -> ZaloUser | None:
        """Her, as this OA knows her; ids may come as numbers."""
        return self.oa.users.get(str(user_id))


def of_openapi(state: State, request: Request, *, needs_package: bool) -> Call:
    """Check token, app, account and package of a call at openapi.zalo.me. Raises Refused."""
    try:
        app_id, oa_id = state.grants.judge(request.headers.get("access_token", ""), state.switches.rotated)
    except Refused as refusal:
        refusal.status = state.switches.token_status
        raise
    app, oa = state.apps[app_id], state.oas[oa_id]
    if not app.active:
        raise Refused(-209)
    if app.demand_proof:
        token = request.headers["access_token"]
        if request.headers.get("appsecret_proof") != proof(token, app.secret):
            raise Refused(-242)
    if not oa.enabled:
        raise Refused(-204)
    # A free account is told to buy a package even where it would have to be verified as well.
    if needs_package and not oa.paid_package(state.clock()):
        raise Refused(-224)
    if needs_package and not oa.verified:
        raise Refused(-221)
    return Call(state, request, app, oa)


def of_business(state: State, request: Request) -> Call:
    """Check the same at business.openapi.zalo.me, which has numbers of its own. Raises Refused."""
    try:
        app_id, oa_id = state.grants.judge(request.headers.get("access_token", ""))
    except Refused as refusal:
        raise business(-124) from refusal
    app, oa = state.apps[app_id], state.oas[oa_id]
    if not app.active:
        raise business(-102)
    if app.demand_proof:
        token = request.headers["access_token"]
        if request.headers.get("appsecret_proof") != proof(token, app.secret):
            raise business(-1241)
    if not (oa.enabled and oa.verified and oa.paid_package(state.clock())):
        raise business(-135)
    return Call(state, request, app, oa)


def _object(raw: bytes) -> dict[str, Any]:
    try:
        value = json.loads(raw)
    except ValueError as error:
        raise invalid("Params") from error
    if not isinstance(value, dict):
        raise invalid("Params")
    return value
