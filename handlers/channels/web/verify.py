"""Who is writing: a visitor is a random id in a cookie that we signed."""

import re
from collections.abc import Callable, Sequence

from itsdangerous import BadData, URLSafeSerializer

COOKIE = "visitor"
COOKIE_DAYS = 400  # the longest that browsers keep one
_VISITOR = re.compile(r"[A-Za-z0-9_-]{8,40}", re.ASCII)


class Visitors:
    """Signs visitors' ids with the first of the secrets, reads those signed with any, so that secrets can be rotated.

    new_id: makes an id that nobody can guess: 8 to 40 of `A–Z a–z 0–9 _ -`.
    """

    def __init__(self, secrets: Sequence[str], new_id: Callable[[], str]) -> None:
        self._signer = URLSafeSerializer(list(reversed(secrets)), salt="chophien.visitor")
        self._new_id = new_id

    def known(self, cookie: str | None) -> str | None:
        """The id in the cookie; None if there is none or we did not sign it."""
        if cookie is None:
            return None
        try:
            visitor = self._signer.loads(cookie)
        except BadData:
            return None
        return visitor if isinstance(visitor, str) and _VISITOR.fullmatch(visitor) else None

    def newcomer(self) -> str:
        return self._new_id()

    def cookie(self, visitor: str) -> str:
        return str(self._signer.dumps(visitor))
