"""Consents, codes and tokens: OAuth v4 for official accounts.

An access token lives 25 hours, a refresh token three months and for one use. A refresh kills the access token before
it ("Official Account API / Xác thực và ủy quyền").
"""

import base64
import hashlib
import hmac
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.simulators.zalo_errors import Refused, oauth
from tests.simulators.zalo_world import App, Oa

CODE_LIVES, ACCESS_LIVES, REFRESH_LIVES = timedelta(minutes=10), timedelta(seconds=90_000), timedelta(days=90)
VERIFIER = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Pair:
    """The tokens of one OA at one moment."""

    access_token: str
    refresh_token: str


@dataclass(frozen=True, slots=True)
class _Code:
    app_id: str
    oa_id: str
    challenge: str
    until: datetime


@dataclass(frozen=True, slots=True)
class _Access:
    app_id: str
    oa_id: str
    until: datetime
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class _Refresh:
    app_id: str
    oa_id: str
    access_token: str
    until: datetime


class Grants:
    """Not safe for threads: the caller holds a lock. Spent tokens are remembered, as they have errors of their own."""

    def __init__(self, clock: Callable[[], datetime], dice: random.Random) -> None:
        self._clock, self._dice = clock, dice
        self._codes: dict[str, _Code] = {}
        self._accesses: dict[str, _Access] = {}
        self._refreshes: dict[str, _Refresh] = {}
        self._spent: set[str] = set()

    def consent(self, app: App, oa: Oa, challenge: str) -> str:
        """The code of a new consent."""
        code = self._word(32)
        self._codes[code] = _Code(app.app_id, oa.oa_id, app.fixed_challenge or challenge, self._clock() + CODE_LIVES)
        return code

    def exchange(self, app: App, code: str, verifier: str) -> Pair:
        """Tokens for a code. Raises Refused."""
        found = self._codes.pop(code, None)  # one try, whether it fits or not
        # Which numbers Zalo uses for these three is not known for certain; any -140xx means "no tokens".
        if found is None or found.app_id != app.app_id or self._clock() >= found.until:
            raise oauth(-14019, "Invalid authorization code", "authorization code is invalid or expired")
        if found.challenge and not (VERIFIER.fullmatch(verifier) and challenge(verifier) == found.challenge):
            raise oauth(-14024, "Invalid code verifier", "code_verifier does not fit code_challenge")
        return self.pair(app.app_id, found.oa_id)

    def refresh(self, app: App, token: str) -> Pair:
        """New tokens for old. Raises Refused: -14020 spent or over, -14014 never given."""
        if token in self._spent:
            raise oauth(-14020, "Invalid refresh token", "Refresh token has been used or expired")
        found = self._refreshes.get(token)
        if found is None or found.app_id != app.app_id:
            raise oauth(-14014, "Invalid refresh token", "Invalid refresh token")
        if self._clock() >= found.until:
            raise oauth(-14020, "Invalid refresh token", "Refresh token has been used or expired")
        del self._refreshes[token]
        self._spent.add(token)
        old = self._accesses[found.access_token]
        self._accesses[found.access_token] = _Access(old.app_id, old.oa_id, old.until, replaced=True)
        return self.pair(app.app_id, found.oa_id)

    def pair(self, app_id: str, oa_id: str) -> Pair:
        """New tokens out of nothing, as the API Explorer of the console gives them."""
        now, tokens = self._clock(), Pair(self._word(200), self._word(200))
        self._accesses[tokens.access_token] = _Access(app_id, oa_id, now + ACCESS_LIVES)
        self._refreshes[tokens.refresh_token] = _Refresh(app_id, oa_id, tokens.access_token, now + REFRESH_LIVES)
        return tokens

    def revoke(self, oa_id: str) -> None:
        """Forget every token of the OA, as when the callback or the permissions of the app change."""
        self._accesses = {token: one for token, one in self._accesses.items() if one.oa_id != oa_id}
        self._refreshes = {token: one for token, one in self._refreshes.items() if one.oa_id != oa_id}

    def judge(self, token: str, replaced: int = -220) -> tuple[str, str]:
        """App and OA of a good access token. Raises Refused: -216 unknown, -220 over, `replaced` after a refresh."""
        found = self._accesses.get(token)
        if found is None:
            raise Refused(-216)
        if found.replaced:
            raise Refused(replaced)
        if self._clock() >= found.until:
            raise Refused(-220)
        return found.app_id, found.oa_id

    def oa_of(self, token: str) -> str:
        """The OA that an access or refresh token was given for, dead or alive; "" if none."""
        found = self._accesses.get(token) or self._refreshes.get(token)
        return found.oa_id if found else ""

    def _word(self, letters: int) -> str:
        return base64.urlsafe_b64encode(self._dice.randbytes(letters)).decode()[:letters]


def challenge(verifier: str) -> str:
    """PKCE's S256: base64url of the hash, without `=`."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def proof(access_token: str, secret: str) -> str:
    """The header `appsecret_proof`."""
    return hmac.new(secret.encode(), access_token.encode(), hashlib.sha256).hexdigest()


def token_answer(app: App, grants: Grants, form: Mapping[str, str]) -> dict[str, str]:
    """What `/v4/oa/access_token` gives for a form that came with the right secret. Raises Refused."""
    match form.get("grant_type"):
        case "authorization_code":
            pair = grants.exchange(app, form.get("code", ""), form.get("code_verifier", ""))
        case "refresh_token":
            pair = grants.refresh(app, form.get("refresh_token", ""))
        case _:
            raise oauth(-14005, "Invalid grant type", "grant_type is invalid")
    return {
        "access_token": pair.access_token,
        "refresh_token": pair.refresh_token,
        "expires_in": str(int(ACCESS_LIVES.total_seconds())),
    }
