"""Where Zalo sends an officer back after she let our app speak for her OA: `GET /oauth/zalo/callback`.

The `state` that went out with her holds all that we must know when she returns, sealed, so nothing waits for her in
between ("Official Account API / Xác thực và ủy quyền": the code is good for 10 minutes and for one use).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, Protocol

import msgspec
from flask import Blueprint, Response, render_template, request
from werkzeug.exceptions import MethodNotAllowed

from catalog.vault import Unsealable, Vault
from handlers.pages.routes import GUARDS

VALID_FOR = timedelta(minutes=10)
LONGEST = 2048  # characters of a code, an id or a state
UNREACHABLE = 502

Problem = Literal["refused", "forged", "expired", "code", "other", "nobody", "taken", "package", "app", "unreachable"]
"""refused: she pressed no. forged: not our state. expired: it is older than `VALID_FOR`. code: it was used already, is
too old or not for us. other: the tokens are those of another OA than the address says. nobody: there is no such co-op
any more. taken: the OA speaks for another co-op. package: the OA's package does not allow it. app: our app's id, rights
or callback address are not as the console has them. unreachable: Zalo did not answer."""


@dataclass(frozen=True, slots=True)
class State:
    """What we know of a consent that is under way. organisation: the co-op's code."""

    verifier: str = field(repr=False)
    organisation: str


class Slip(msgspec.Struct, frozen=True):
    """A `State` on its way. until: seconds since 1970."""

    verifier: str
    organisation: str
    until: int


class NotConnected(Exception):
    """The grant did not come about, and nothing is stored."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem: Problem = problem


class Connect(Protocol):
    """Exchanges the code and stores the grant; gives the OA's name. Raises NotConnected."""

    def __call__(self, *, code: str, oa_id: str, state: State) -> str: ...


def make_state(vault: Vault, state: State, now: datetime) -> str:
    """Letters, digits, `-`, `_` and `=`; good for ten minutes."""
    slip = Slip(state.verifier, state.organisation, int((now + VALID_FOR).timestamp()))
    return vault.seal(msgspec.json.encode(slip)).decode()


def read_state(vault: Vault, sealed: str, now: datetime) -> State:
    """Raises NotConnected: forged, expired."""
    try:
        slip = msgspec.json.decode(vault.open(sealed.encode()), type=Slip)
    except (Unsealable, msgspec.MsgspecError, UnicodeError):
        raise NotConnected("forged") from None
    if now >= datetime.fromtimestamp(slip.until, UTC):
        raise NotConnected("expired")
    return State(slip.verifier, slip.organisation)


def blueprint(vault: Vault, connect: Connect, now: Callable[[], datetime]) -> Blueprint:
    """The page in both languages at once: whoever reads it is nobody's customer here, and has no language yet."""
    site = Blueprint("oauth", __name__, template_folder=str(Path(__file__).parent / "templates"))

    @site.after_request
    def guarded(response: Response) -> Response:
        response.headers.update(GUARDS)
        response.headers["Referrer-Policy"] = "no-referrer"  # the address holds the code
        response.headers["Cache-Control"] = "no-store"
        return response

    @site.get("/oauth/zalo/callback")
    def callback() -> tuple[str, int]:
        if request.method == "HEAD":  # a scanner of links: it must not spend the code
            raise MethodNotAllowed(["GET"])
        code, oa_id, sealed = (request.args.get(name, "")[:LONGEST] for name in ("code", "oa_id", "state"))
        try:
            state = read_state(vault, sealed, now())
            if not code or not oa_id:
                raise NotConnected("refused")
            name = connect(code=code, oa_id=oa_id, state=state)
        except NotConnected as failure:
            status = UNREACHABLE if failure.problem == "unreachable" else 400
            return render_template("oauth.html", problem=failure.problem, name="", organisation=""), status
        return render_template("oauth.html", problem="", name=name, organisation=state.organisation), 200

    return site
