"""What must not lie open in the database: phones, addresses, tokens, raw messages.

Values that stay for years are Fernet tokens, as any tool of that library can read them. Messages are sealed four times
on their way (event, memory, reply), and a Fernet takes 9 µs of Python each time: they go through AES-GCM-SIV in one
call, 2 µs, which also bears a nonce that was drawn twice.
"""

import base64
import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MESSAGE = b"\x01"
"""What a sealed message begins with; a Fernet token begins with a letter."""
NONCE_BYTES = 12


class Unsealable(Exception):
    """Sealed with a key that is no longer known, or not sealed at all."""


class Vault:
    """Seals with the first of the given secrets and opens with any of them, so that `SECRET_KEY` can be rotated."""

    def __init__(self, secrets: list[str]) -> None:
        derived = [_derive(secret, b"seal") for secret in secrets]
        self._fernet = MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in derived])
        self._messages = [AESGCMSIV(_derive(secret, b"message")) for secret in secrets]
        self._index_keys = [_derive(secret, b"index") for secret in secrets]

    def seal(self, plain: bytes) -> bytes:
        return self._fernet.encrypt(plain)

    def seal_message(self, plain: bytes) -> bytes:
        """As `seal`, for what is said and forgotten again."""
        nonce = os.urandom(NONCE_BYTES)
        return MESSAGE + nonce + self._messages[0].encrypt(nonce, plain, None)

    def open(self, sealed: bytes) -> bytes:
        """The plain bytes, whichever way they were sealed. Raises `Unsealable`."""
        if sealed[:1] == MESSAGE:
            return self._open_message(sealed)
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken as error:
            raise Unsealable("sealed with another key") from error

    def _open_message(self, sealed: bytes) -> bytes:
        nonce, text = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        for key in self._messages:
            try:
                return key.decrypt(nonce, text, None)
            except (InvalidTag, ValueError):  # ValueError: cut off inside the nonce
                continue
        raise Unsealable("sealed with another key")

    def index(self, plain: str) -> str:
        """A keyed hash to look a value up by (a phone, an invitation): 64 hex digits, made with the first secret."""
        return hmac.new(self._index_keys[0], plain.encode(), hashlib.sha256).hexdigest()

    def indexes(self, plain: str) -> list[str]:
        """The hashes under every known secret, for look-ups after a rotation."""
        return [hmac.new(key, plain.encode(), hashlib.sha256).hexdigest() for key in self._index_keys]


def _derive(secret: str, purpose: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=b"chophien", info=purpose).derive(secret.encode())
