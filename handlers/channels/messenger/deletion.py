"""Somebody removed the app at Facebook and wants to be forgotten. Source: Meta's "data-deletion-callback"."""

import base64
import binascii
import hmac
import re
from collections.abc import Sequence

import msgspec

from handlers.wire import id_of

SIGNED = re.compile(r"([A-Za-z0-9_-]{1,128})={0,2}\.([A-Za-z0-9_-]{1,8192}={0,2})")


class Request(msgspec.Struct, frozen=True):
    algorithm: str = ""
    user_id: int | str = ""


def signed_request(value: str, secrets: Sequence[str]) -> str | None:
    """Whose request it is, as the app's own id of her (which is not the one of any chat); None if it is not Meta's.

    The signature is over the second part as it is written, before it is decoded. Any of the app's secrets may fit.
    """
    parts = SIGNED.fullmatch(value)
    if parts is None:
        return None
    claimed, content = _decoded(parts[1]), _decoded(parts[2].rstrip("="))
    proofs = [hmac.digest(secret.encode(), parts[2].encode(), "sha256") for secret in secrets if secret]
    if not any(hmac.compare_digest(claimed, proof) for proof in proofs):
        return None
    try:
        request = msgspec.json.decode(content, type=Request)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    if request.algorithm.upper() != "HMAC-SHA256":
        return None
    return id_of(request.user_id) or None


def _decoded(part: str) -> bytes:
    """Empty for a length that no bytes have."""
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error:
        return b""
