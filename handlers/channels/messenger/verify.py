"""Is it really Meta that calls? The signature of a delivery, and the handshake when the webhook is set up.

Rules: developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks, "Validate payloads".
"""

import hmac
import re
from collections.abc import Sequence

SIGNATURE = re.compile(r"sha256=([0-9a-f]{64})")


def signed(raw: bytes, header: str | None, secrets: Sequence[str]) -> bool:
    """Whether `X-Hub-Signature-256` belongs to these very bytes, under any of the app's secrets.

    Over the bytes as they came: Meta escapes every non-ASCII letter before it signs, so JSON that was read and written
    again never matches. The older SHA-1 header counts for nothing.
    """
    match = SIGNATURE.fullmatch(header or "")
    if match is None:
        return False
    claimed = bytes.fromhex(match[1])
    proofs = [hmac.digest(secret.encode(), raw, "sha256") for secret in secrets if secret]
    return any(hmac.compare_digest(claimed, proof) for proof in proofs)


def handshake(mode: str | None, token: str | None, challenge: str | None, expected: str) -> str | None:
    """The challenge to echo when `hub.mode` and `hub.verify_token` are right, None otherwise. No token set: None."""
    if mode != "subscribe" or not expected or token is None or not challenge:
        return None
    return challenge if hmac.compare_digest(token.encode("utf-8", "replace"), expected.encode()) else None
