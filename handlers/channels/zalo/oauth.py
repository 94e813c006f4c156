"""Consent, and the pair of tokens that it gives: OAuth v4 for official accounts.

Source: "Official Account API / Xác thực và ủy quyền". An access token lives 25 hours, a refresh token three months and
for one use; a refresh kills the access token before it.
"""

import base64
import hashlib
import random
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import msgspec

from bot.reply import Reason, SendError
from handlers.calling import CONNECT_SECONDS, READ_SECONDS, Caller

CONSENT_PATH, TOKEN_PATH = "/v4/oa/permission", "/v4/oa/access_token"
VERIFIER_LENGTH = 43
LETTERS_AND_DIGITS = string.ascii_letters + string.digits
SECONDS = re.compile(r"[1-9][0-9]{0,8}")
MISCONFIGURED = ("-14002", "-14003")  # a wrong app id, or an app that is not active; a wrong callback address
LOST = re.compile(r"-140[0-9]{2}")
CODE = re.compile(r"-?[0-9]{1,9}")
LEAST_LIFE = 3600  # older pages of the manual; today it is 90,000


@dataclass(frozen=True, slots=True)
class Grant:
    """expires_in: seconds that the access token lives."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int


class GrantLost(Exception):
    """Zalo says that the code or the refresh token is worth nothing (-140…): somebody must consent again."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the grant is lost: {code}")
        self.code = code


class TokenAnswer(msgspec.Struct, frozen=True):
    """expires_in, error: read leniently, since an oddity in them must not cost us a pair that we were just given."""

    access_token: str = ""
    refresh_token: str = ""
    expires_in: Any = None
    error: Any = None


def new_verifier(dice: random.Random) -> str:
    """A PKCE verifier for one consent: 43 letters and digits. dice: `random.SystemRandom()`."""
    return "".join(dice.choice(LETTERS_AND_DIGITS) for _ in range(VERIFIER_LENGTH))


def challenge(verifier: str) -> str:
    """What goes out with her, so that only whoever holds the verifier can use the code."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def consent_url(oauth_url: str, app_id: str, redirect_uri: str, challenge: str, state: str) -> str:
    """Where an admin of the OA lets our app speak for it. redirect_uri: letter for letter the console's (-14003)."""
    asked = {"app_id": app_id, "redirect_uri": redirect_uri, "code_challenge": challenge, "state": state}
    return f"{oauth_url.rstrip('/')}{CONSENT_PATH}?{urlencode(asked)}"


class ZaloOAuth:
    """Exchanges and renews; threads may share it. Nothing is stored here."""

    def __init__(
        self,
        oauth_url: str,
        app_id: str,
        app_secret: str,
        *,
        timeouts: tuple[float, float] = (CONNECT_SECONDS, READ_SECONDS),
    ) -> None:
        self._url = oauth_url.rstrip("/") + TOKEN_PATH
        self._app_id, self._app_secret = app_id, app_secret
        self._caller = Caller(pool_size=2, timeouts=timeouts)

    def exchange(self, code: str, verifier: str) -> Grant:
        """The first pair, for the code of the callback (10 minutes, one use). Raises as `refresh`."""
        return self._tokens({"code": code, "grant_type": "authorization_code", "code_verifier": verifier})

    def refresh(self, refresh_token: str) -> Grant:
        """A new pair; the old one is dead from now on, access token and all.

        Raises GrantLost where Zalo says so. Raises SendError, pausing, where it is our configuration that is wrong: the
        pair is as good as before. Raises SendError for everything else; where it is `unknown`, Zalo may have
        turned the pair without our hearing of it, and nothing may be concluded.
        """
        return self._tokens({"refresh_token": refresh_token, "grant_type": "refresh_token"})

    def close(self) -> None:
        self._caller.close()

    def _tokens(self, form: Mapping[str, str]) -> Grant:
        answered = self._caller.call(
            "POST", self._url, data={"app_id": self._app_id, **form}, headers={"secret_key": self._app_secret.encode()}
        )
        try:
            answer = msgspec.json.decode(answered.content, type=TokenAnswer)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            answer = TokenAnswer()
        if answer.access_token and answer.refresh_token:
            return Grant(answer.access_token, answer.refresh_token, _seconds(answer.expires_in))
        error = str(answer.error)
        if error in MISCONFIGURED:
            raise SendError(f"our app at Zalo: {error}", reason=Reason.RIGHTS, pauses=True)
        if LOST.fullmatch(error):
            raise GrantLost(int(error))
        shown = error if CODE.fullmatch(error) else "none"
        raise SendError(
            f"HTTP {answered.status} without tokens, error {shown}", reason=Reason.UNREACHABLE, unknown=True
        )


def _seconds(expires_in: object) -> int:
    """A number or a string of digits; the shortest life that was ever documented where it is neither."""
    digits = str(expires_in).removesuffix(".0")
    return int(digits) if SECONDS.fullmatch(digits) else LEAST_LIFE
