"""Bytes and proofs as Meta makes them: webhook bodies, their signatures, `appsecret_proof`, `signed_request`.

Source: "webhooks" (Validate payloads) and Graph's "securing requests", "data-deletion-callback".
"""

import base64
import hashlib
import hmac
import http.client
import json
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

Post = Callable[[bytes, str], int]
"""Delivers a body with its signature header and returns the status."""


def wire(payload: object) -> bytes:
    """JSON as Meta writes it: ASCII only, lower-case escapes, surrogate pairs, and `\\/` for a slash."""
    return json.dumps(payload, ensure_ascii=True, separators=(",", ":")).replace("/", "\\/").encode("ascii")


def signature(body: bytes, secret: str) -> str:
    """The value of `X-Hub-Signature-256`."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def old_signature(body: bytes, secret: str) -> str:
    """The value of `X-Hub-Signature`, which comes beside the other one."""
    return "sha1=" + hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()


def proof_of(token: str, app_secret: str) -> str:
    """The `appsecret_proof` that belongs to a token."""
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def signed_request(user_id: str, issued_at: int, secret: str) -> str:
    """The form field of a data-deletion callback. The signature is over the encoded second part."""
    said = json.dumps(
        {"algorithm": "HMAC-SHA256", "issued_at": issued_at, "user_id": user_id}, separators=(",", ":")
    ).encode()
    second = _base64url(said)
    return f"{_base64url(hmac.digest(secret.encode(), second.encode(), 'sha256'))}.{second}"


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class Reply(NamedTuple):
    status: int
    body: bytes
    content_type: str


def ask(
    method: str, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None, seconds: float = 5.0
) -> Reply:
    """One request on a connection of its own; redirects are not followed. Raises OSError."""
    target = urlsplit(url)
    connection = http.client.HTTPConnection(target.hostname or "127.0.0.1", target.port, timeout=seconds)
    path = (target.path or "/") + (f"?{target.query}" if target.query else "")
    try:
        connection.request(method, path, body or None, {"User-Agent": "facebookexternalua", **(headers or {})})
        response = connection.getresponse()
        return Reply(response.status, response.read(), response.headers.get("Content-Type", ""))
    except http.client.HTTPException as error:
        raise OSError(f"{type(error).__name__} from the webhook") from error
    finally:
        connection.close()


def to_webhook(url: str, seconds: float = 5.0) -> Post:
    """Deliveries over HTTP, a connection each, waiting as long as Meta does. Raises OSError where nobody answers."""

    def post(body: bytes, header: str) -> int:
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": header}
        return ask("POST", url, body, headers, seconds).status

    return post
