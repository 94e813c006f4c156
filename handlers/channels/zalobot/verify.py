"""Is it really Zalo that calls? The secret that we gave it with the webhook comes back in a header of every delivery.

Rule: docs.zaloplatforms.com/docs/BOT, "webhook". It proves who knows the secret, not that the body is as it was sent.
"""

import hmac
from collections.abc import Sequence


def known(header: str | None, secrets: Sequence[str]) -> bool:
    """Whether `X-Bot-Api-Secret-Token` is one of our secrets. Without a secret nobody is known.

    header: as WSGI hands it on, a character for each byte.
    """
    claimed = (header or "").encode("latin-1", "replace")
    matches = [hmac.compare_digest(claimed, secret.encode()) for secret in secrets if secret]
    return any(matches)
