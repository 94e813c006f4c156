"""Signatures and handshake, with the test vectors of the platform notes: app secret `test-app-secret`."""

import pytest

from handlers.channels.messenger.client import appsecret_proof
from handlers.channels.messenger.verify import handshake, signed
from tests.simulators.graph_page import signature, wire

SECRET = "test-app-secret"
BODY = (
    rb'{"object":"page","entry":[{"id":"112233445566778","time":1795258800123,"messaging":[{"sender":{"id":'
    rb'"7012345678901234"},"recipient":{"id":"112233445566778"},"timestamp":1795258800001,"message":{"mid":"m_Vec1",'
    rb'"text":"C\u00e0 ph\u00ea 5 kg \ud83d\udc4d http:\/\/x.vn\/a"}}]}]}'
)
DIGEST = "36e4f2718c39dd1ab530df108b9d325a156680c2facb305783dba7ba2928c1d7"
DIGEST_OF_REWRITTEN_JSON = "38c5dc878f405cab1e153cd6826db25b19b9efb70d0f45747879041097b4aef8"
SHA1 = "1848b247f4df3874b019164880cf9728094fc9ed"


def test_the_published_signature_is_right() -> None:
    assert signed(BODY, f"sha256={DIGEST}", [SECRET])


def test_either_secret_of_a_rotation_is_right() -> None:
    assert signed(BODY, f"sha256={DIGEST}", ["new-secret", SECRET])
    assert signed(BODY, signature(BODY, "new-secret"), ["new-secret", SECRET])
    assert not signed(BODY, signature(BODY, "third-secret"), ["new-secret", SECRET])


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "sha256=",
        DIGEST,
        f"SHA256={DIGEST}",
        f"Sha256={DIGEST}",
        f"sha256={DIGEST.upper()}",
        f"sha256={DIGEST[:-1]}",
        f"sha256={DIGEST[:-1]}0",
        f"sha256={DIGEST}0",
        f" sha256={DIGEST}",
        f"sha256={DIGEST}\n",
        f"sha256={DIGEST_OF_REWRITTEN_JSON}",
        f"sha1={SHA1}",
        f"sha256={SHA1}",
        "sha256=" + "à" * 64,
        "sha256=" + "٣" * 64,
    ],
)
def test_a_wrong_missing_or_misshapen_signature_is_refused(header: str | None) -> None:
    assert not signed(BODY, header, [SECRET])


def test_one_changed_byte_breaks_the_signature() -> None:
    assert not signed(BODY.replace(b"5 kg", b"6 kg"), f"sha256={DIGEST}", [SECRET])


def test_without_a_secret_nothing_is_right() -> None:
    assert not signed(BODY, signature(BODY, ""), [])
    assert not signed(BODY, signature(BODY, ""), [""])


def test_the_stand_in_writes_and_signs_as_meta_does() -> None:
    item = {
        "sender": {"id": "7012345678901234"},
        "recipient": {"id": "112233445566778"},
        "timestamp": 1795258800001,
        "message": {"mid": "m_Vec1", "text": "Cà phê 5 kg 👍 http://x.vn/a"},
    }
    entry = {"id": "112233445566778", "time": 1795258800123, "messaging": [item]}

    assert wire({"object": "page", "entry": [entry]}) == BODY
    assert signature(BODY, SECRET) == f"sha256={DIGEST}"


def test_the_published_proof_of_the_app_secret() -> None:
    assert (
        appsecret_proof("EAAtestPageToken123", SECRET)
        == "23eb413c1752c176b537f4b5f77fd56bb35e9e924947355b8ee8b7440da301da"
    )


def test_the_handshake_echoes_the_challenge_for_the_right_token_only() -> None:
    assert handshake("subscribe", "xin-chao", "1158201444", "xin-chao") == "1158201444"
    assert handshake("subscribe", "xin chào", "0012", "xin chào") == "0012"
    for mode, token, challenge, expected in [
        ("subscribe", "other", "1", "xin-chao"),
        ("subscribe", "\udce0", "1", "xin-chao"),
        ("unsubscribe", "xin-chao", "1", "xin-chao"),
        (None, "xin-chao", "1", "xin-chao"),
        ("subscribe", None, "1", "xin-chao"),
        ("subscribe", "xin-chao", None, "xin-chao"),
        ("subscribe", "", "1", ""),
    ]:
        assert handshake(mode, token, challenge, expected) is None
