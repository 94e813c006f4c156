"""What must not lie open in the database: phones, addresses, tokens, raw messages."""

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class Unsealable(Exception):
    """Sealed with a key that is no longer known, or not sealed at all."""


class Vault:
    """Seals with the first of the given secrets and opens with any of them, so that `SECRET_KEY` can be rotated."""

    def __init__(self, secrets: list[str]) -> None:
        derived = [_derive(secret, b"seal") for secret in secrets]
        self._fernet = MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in derived])
        self._index_keys = [_derive(secret, b"index") for secret in secrets]

    def seal(self, plain: bytes) -> bytes:
        return self._fernet.encrypt(plain)

    def open(self, sealed: bytes) -> bytes:
        """The plain bytes. Raises `Unsealable`."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken as error:
            raise Unsealable("sealed with another key") from error

    def index(self, plain: str) -> str:
        """A keyed hash to look a value up by (a phone, an invitation): 64 hex digits, made with the first secret."""
        return hmac.new(self._index_keys[0], plain.encode(), hashlib.sha256).hexdigest()

    def indexes(self, plain: str) -> list[str]:
        """The hashes under every known secret, for look-ups after a rotation."""
        return [hmac.new(key, plain.encode(), hashlib.sha256).hexdigest() for key in self._index_keys]


def _derive(secret: str, purpose: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=b"chophien", info=purpose).derive(secret.encode())
