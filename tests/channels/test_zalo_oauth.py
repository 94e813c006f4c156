"""Consent and tokens against a stand-in for oauth.zaloapp.com: what is known, and what may not be concluded."""

import random
import re
import traceback
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from bot.reply import Reason, SendError
from handlers.channels.zalo.oauth import Grant, GrantLost, ZaloOAuth, challenge, consent_url, new_verifier
from tests.simulators.server import Answer, Loopback
from tests.simulators.zalo import Zalo
from tests.simulators.zalo_caller import APP_ID, APP_SECRET, CALLBACK, COOP, two_coops
from tests.simulators.zalo_clock import Clock
from tests.simulators.zalo_faults import Behaviour, Mode
from tests.simulators.zalo_grants import challenge as published_challenge

TOKENS = "/v4/oa/access_token"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def zalo(clock: Clock) -> Iterator[Zalo]:
    with two_coops(clock) as zalo:
        yield zalo


@pytest.fixture
def oauth(zalo: Zalo) -> Iterator[ZaloOAuth]:
    oauth = ZaloOAuth(zalo.url, APP_ID, APP_SECRET, timeouts=(1.0, 0.3))
    yield oauth
    oauth.close()


def consent(zalo: Zalo, verifier: str) -> str:
    """The code that an admin's yes brings back."""
    url = consent_url(zalo.url, APP_ID, CALLBACK, challenge(verifier), "state-1")
    fields = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    answer = requests.post(
        f"{zalo.url}/v4/oa/permission", data={**fields, "oa_id": COOP}, allow_redirects=False, timeout=10
    )
    came_back = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert (came_back["state"], came_back["oa_id"]) == (["state-1"], [COOP])
    return came_back["code"][0]


def test_a_consent_becomes_a_pair_that_works_for_25_hours(oauth: ZaloOAuth, zalo: Zalo) -> None:
    verifier = new_verifier(random.Random(1))

    grant = oauth.exchange(consent(zalo, verifier), verifier)

    assert grant.expires_in == 90_000
    assert zalo.state.grants.judge(grant.access_token) == (APP_ID, COOP)


def test_a_verifier_is_43_letters_and_digits_and_new_each_time() -> None:
    dice = random.Random(1)
    verifiers = [new_verifier(dice) for _ in range(50)]

    assert len(set(verifiers)) == 50
    assert all(re.fullmatch(r"[A-Za-z0-9]{43}", one) for one in verifiers)


def test_the_challenge_is_the_one_of_rfc_7636() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

    assert challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert published_challenge(verifier) == challenge(verifier)


def test_the_address_of_the_consent_names_app_callback_challenge_and_state() -> None:
    url = consent_url("https://oauth.zaloapp.com/", APP_ID, CALLBACK, "c-1", "a=b&c")

    assert url == (
        f"https://oauth.zaloapp.com/v4/oa/permission?app_id={APP_ID}"
        "&redirect_uri=https%3A%2F%2Fchophien.example%2Foauth%2Fzalo%2Fcallback&code_challenge=c-1&state=a%3Db%26c"
    )


def test_a_code_is_good_once_for_ten_minutes_and_for_its_verifier(oauth: ZaloOAuth, zalo: Zalo, clock: Clock) -> None:
    verifier, other = new_verifier(random.Random(1)), new_verifier(random.Random(2))
    used = consent(zalo, verifier)
    oauth.exchange(used, verifier)
    late = consent(zalo, verifier)
    clock.advance(minutes=11)

    for code, proof in ((used, verifier), (late, verifier), (consent(zalo, verifier), other), ("none", verifier)):
        with pytest.raises(GrantLost):
            oauth.exchange(code, proof)


def test_a_refresh_gives_a_new_pair_and_the_old_one_is_dead(oauth: ZaloOAuth, zalo: Zalo) -> None:
    old = zalo.grant(COOP)

    grant = oauth.refresh(old.refresh_token)

    assert (grant.access_token != old.access_token, grant.expires_in) == (True, 90_000)
    with pytest.raises(GrantLost) as caught:
        oauth.refresh(old.refresh_token)
    assert (caught.value.code, str(caught.value)) == (-14020, "the grant is lost: -14020")
    assert oauth.refresh(grant.refresh_token).access_token != grant.access_token


def test_after_three_months_the_grant_is_lost(oauth: ZaloOAuth, zalo: Zalo, clock: Clock) -> None:
    old = zalo.grant(COOP)
    clock.advance(days=91)

    with pytest.raises(GrantLost):
        oauth.refresh(old.refresh_token)


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(Mode.ERROR),
        Behaviour(Mode.BAD_GATEWAY),
        Behaviour(Mode.RESET),
        Behaviour(Mode.SILENCE, seconds=30),
        Behaviour(Mode.LATE, seconds=30),
        Behaviour(Mode.LOST),
        Behaviour(Mode.HALF),
        Behaviour(Mode.TRUNCATED),
        Behaviour(Mode.EMPTY),
    ],
    ids=lambda behaviour: behaviour.mode.value,
)
def test_a_failure_on_the_way_says_nothing_about_the_grant(oauth: ZaloOAuth, zalo: Zalo, behaviour: Behaviour) -> None:
    old = zalo.grant(COOP)
    zalo.behave(behaviour, times=1, call=TOKENS)

    with pytest.raises(SendError) as caught:
        oauth.refresh(old.refresh_token)

    assert (caught.value.reason, caught.value.unknown, caught.value.permanent) == (Reason.UNREACHABLE, True, False)
    assert old.refresh_token not in "".join(traceback.format_exception(caught.value))


def answered(content: bytes, status: int = 200) -> Grant:
    """What a refresh makes of this answer."""
    with Loopback(lambda request: Answer(status, content)) as server:
        oauth = ZaloOAuth(server.url, APP_ID, APP_SECRET)
        try:
            return oauth.refresh("r")
        finally:
            oauth.close()


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [
        ('"90000"', 90_000),
        ("90000", 90_000),
        ("3600.0", 3600),
        ('"soon"', 3600),
        ("null", 3600),
        ("-5", 3600),
        ("1e300", 3600),
        ("{}", 3600),
        ("true", 3600),
    ],
)
def test_the_life_of_a_token_is_a_string_or_a_number(expires_in: str, seconds: int) -> None:
    content = f'{{"access_token":"a","refresh_token":"r2","expires_in":{expires_in},"error":null}}'.encode()

    assert answered(content) == Grant("a", "r2", seconds)


@pytest.mark.parametrize("error", ["-14020", '"-14020"', "-14099"])
def test_an_explicit_number_says_that_the_grant_is_lost(error: str) -> None:
    with pytest.raises(GrantLost):
        answered(f'{{"error":{error},"error_name":"Invalid refresh token"}}'.encode())


@pytest.mark.parametrize("error", ["-14002", '"-14003"'])
def test_a_slip_in_our_configuration_loses_no_grant_and_pauses(error: str) -> None:
    with pytest.raises(SendError) as caught:
        answered(f'{{"error":{error},"error_name":"Invalid appId"}}'.encode())

    slip = caught.value
    assert (slip.reason, slip.pauses, slip.unknown) == (Reason.RIGHTS, True, False)
    assert str(slip) == f"our app at Zalo: {error.strip(chr(34))}"


@pytest.mark.parametrize(
    "content",
    [
        b"{}",
        b"[]",
        b'{"access_token":"a"}',
        b'{"refresh_token":"r"}',
        b'{"access_token":"","refresh_token":""}',
        b'{"access_token":5,"refresh_token":"r"}',
        b'{"error":-32,"message":"limit"}',
        b'{"error":-140}',
        b'{"error":-141000}',
        b'{"error":"-14020 maybe"}',
        b'{"error":{}}',
        b"<html>-14020</html>",
    ],
)
def test_without_both_tokens_and_without_a_number_nothing_is_concluded(content: bytes) -> None:
    with pytest.raises(SendError) as caught:
        answered(content)

    assert (caught.value.unknown, caught.value.reason) == (True, Reason.UNREACHABLE)


def test_tokens_are_not_in_what_is_printed() -> None:
    assert repr(Grant("access-1", "refresh-1", 90_000)) == "Grant(expires_in=90000)"
