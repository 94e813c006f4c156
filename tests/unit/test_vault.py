"""What lies in the database is sealed, opens again after a rotation, and a bent one is no message and no crash."""

import base64
import random

import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from catalog.vault import MESSAGE, NONCE_BYTES, Unsealable, Vault

WORDS = "Chị Lan, 0912 000 222: 2 kg cam ạ 🍊".encode()
TAG_BYTES = 16


@pytest.fixture
def vault() -> Vault:
    return Vault(["new secret", "old secret"])


@pytest.mark.parametrize("plain", [b"", b"\x00", WORDS, bytes(range(256)) * 400], ids=["none", "zero", "words", "long"])
def test_what_was_sealed_comes_back_whichever_way_it_was_sealed(vault: Vault, plain: bytes) -> None:
    assert vault.open(vault.seal_message(plain)) == plain
    assert vault.open(vault.seal(plain)) == plain


def test_a_sealed_message_shows_nothing_but_its_length(vault: Vault) -> None:
    sealed = vault.seal_message(WORDS)

    assert len(sealed) == len(MESSAGE) + NONCE_BYTES + len(WORDS) + TAG_BYTES
    assert not any(part in sealed for part in (b"Lan", b"0912", b"cam"))


def test_the_same_words_are_sealed_differently_each_time(vault: Vault) -> None:
    messages = {vault.seal_message(WORDS) for _ in range(500)}
    nonces = {sealed[1 : 1 + NONCE_BYTES] for sealed in messages}

    assert (len(messages), len(nonces)) == (500, 500)
    assert vault.seal(WORDS) != vault.seal(WORDS)


def test_a_fernet_token_of_before_still_opens(vault: Vault) -> None:
    """As any tool of that library would write it, without this code."""
    key = HKDF(hashes.SHA256(), 32, salt=b"chophien", info=b"seal").derive(b"old secret")

    assert vault.open(Fernet(base64.urlsafe_b64encode(key)).encrypt(WORDS)) == WORDS


def test_after_a_rotation_both_open_and_the_new_secret_seals() -> None:
    before, between, after = Vault(["a"]), Vault(["b", "a"]), Vault(["b"])
    for seal in ("seal", "seal_message"):
        old, new = getattr(before, seal)(WORDS), getattr(between, seal)(WORDS)

        assert between.open(old) == between.open(new) == after.open(new) == WORDS
        for closed, sealed in ((after, old), (before, new)):
            with pytest.raises(Unsealable):
                closed.open(sealed)


def test_a_message_is_not_sealed_with_the_key_of_what_stays(vault: Vault) -> None:
    """Else whoever gets one kind of key open has the other."""
    one, other = Vault(["x"]), Vault(["x", "y"])

    assert other.open(one.seal_message(WORDS)) == WORDS
    token = base64.urlsafe_b64encode(HKDF(hashes.SHA256(), 32, salt=b"chophien", info=b"message").derive(b"x"))
    with pytest.raises(Unsealable):
        one.open(Fernet(token).encrypt(WORDS))


@pytest.mark.parametrize("seal", ["seal", "seal_message"])
def test_what_was_cut_off_anywhere_is_unsealable(vault: Vault, seal: str) -> None:
    """At every length, 0 among them."""
    sealed = getattr(vault, seal)(WORDS)

    for length in range(len(sealed)):
        with pytest.raises(Unsealable):
            vault.open(sealed[:length])


@pytest.mark.parametrize("plain", [b"", WORDS])
def test_one_bit_that_flipped_anywhere_makes_it_unsealable(vault: Vault, plain: bytes) -> None:
    """Every bit of a message: of its mark, its nonce, its text and its tag."""
    sealed = vault.seal_message(plain)

    for place in range(len(sealed) * 8):
        bent = bytearray(sealed)
        bent[place // 8] ^= 1 << place % 8
        with pytest.raises(Unsealable):
            vault.open(bytes(bent))


def test_what_was_never_sealed_is_unsealable(vault: Vault) -> None:
    """2,000 hostile values: noise of every length, half of it with a message's mark; JSON, NUL, a megabyte."""
    dice = random.Random(7)
    noise = [dice.randbytes(dice.randrange(120)) for _ in range(1000)]
    hostile = [*noise, *(MESSAGE + one for one in noise), b'{"_": "Text"}', b"\0" * 64, MESSAGE * 64, b"g" * 1_000_000]

    for sealed in hostile:
        with pytest.raises(Unsealable):
            vault.open(sealed)


def test_what_fails_tells_nothing_of_the_words_or_the_keys(vault: Vault) -> None:
    with pytest.raises(Unsealable) as caught:
        Vault(["another"]).open(vault.seal_message(WORDS))

    assert str(caught.value) == "sealed with another key"
