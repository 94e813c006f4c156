"""Consent, codes and tokens at the stand-in for oauth.zaloapp.com."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.simulators.zalo import Zalo
from tests.simulators.zalo_caller import APP_ID, APP_SECRET, CALLBACK, COOP, OTHER, VERIFIER, Caller, two_coops
from tests.simulators.zalo_clock import Clock
from tests.simulators.zalo_faults import Behaviour, Mode
from tests.simulators.zalo_grants import challenge

TOKENS = "/v4/oa/access_token"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def zalo(clock: Clock) -> Iterator[Zalo]:
    with two_coops(clock) as zalo:
        yield zalo


@pytest.fixture
def caller(zalo: Zalo) -> Iterator[Caller]:
    with requests.Session() as session:
        yield Caller(zalo.url, zalo.grant(COOP).access_token, session)


def consent(zalo: Zalo, caller: Caller, *, oa_id: str = COOP, challenge: str = "", callback: str = CALLBACK) -> str:
    """Agree on the page; where the browser is led."""
    page = zalo.consent_url(APP_ID, callback, challenge, state="s-1")
    assert caller.session.get(page, timeout=10).text.startswith("<!doctype html>")
    fields = {
        "app_id": APP_ID,
        "redirect_uri": callback,
        "code_challenge": challenge,
        "state": "s-1",
        "oa_id": oa_id,
    }
    answer = caller.session.post(f"{zalo.url}/v4/oa/permission", data=fields, allow_redirects=False, timeout=10)
    assert answer.status_code == 302
    return answer.headers["Location"]


def code_of(location: str) -> str:
    return parse_qs(urlsplit(location).query)["code"][0]


def exchange(caller: Caller, code: str, verifier: str = VERIFIER, secret: str = APP_SECRET) -> dict[str, str]:
    fields = {"app_id": APP_ID, "grant_type": "authorization_code", "code": code, "code_verifier": verifier}
    answer = caller.form(fields, secret)
    assert answer.status_code == 200
    body: dict[str, str] = answer.json()
    return body


def error(body: dict[str, object]) -> object:
    """The number of a refusal, which carries no tokens."""
    assert "access_token" not in body
    assert "refresh_token" not in body
    return body["error"]


def test_a_consent_leads_back_with_code_account_and_state(zalo: Zalo, caller: Caller) -> None:
    location = consent(zalo, caller)

    query = parse_qs(urlsplit(location).query)
    assert location.startswith(CALLBACK + "?")
    assert (list(query), query["oa_id"], query["state"]) == (["code", "oa_id", "state"], [COOP], ["s-1"])


def test_the_page_offers_every_account_of_the_app(zalo: Zalo, caller: Caller) -> None:
    page = caller.session.get(zalo.consent_url(APP_ID, CALLBACK), timeout=10).text

    assert page.count('name="oa_id"') == 2
    assert "HTX Buôn Trấp" in page


def test_a_code_gives_two_tokens_and_a_life_in_a_string(zalo: Zalo, caller: Caller) -> None:
    body = exchange(caller, code_of(consent(zalo, caller, challenge=challenge(VERIFIER))))

    assert sorted(body) == ["access_token", "expires_in", "refresh_token"]
    assert body["expires_in"] == "90000"
    assert zalo.state.grants.judge(body["access_token"]) == (APP_ID, COOP)


def test_a_code_works_once(zalo: Zalo, caller: Caller) -> None:
    code = code_of(consent(zalo, caller))
    exchange(caller, code)

    assert error(dict(exchange(caller, code))) == -14019


def test_a_code_works_for_ten_minutes(zalo: Zalo, caller: Caller, clock: Clock) -> None:
    early, late = code_of(consent(zalo, caller)), code_of(consent(zalo, caller))

    clock.advance(minutes=9, seconds=59)
    assert "access_token" in exchange(caller, early)
    clock.advance(seconds=1)
    assert error(dict(exchange(caller, late))) == -14019


def test_a_callback_that_was_not_saved_is_refused(zalo: Zalo, caller: Caller) -> None:
    url = zalo.consent_url(APP_ID, CALLBACK + "/other")

    answer = caller.session.get(url, timeout=10)

    assert (answer.status_code, answer.json()["error"]) == (200, -14003)
    assert answer.json()["error_name"] == "Invalid redirect uri"


def test_an_app_that_is_not_active_is_refused_on_the_page_and_at_its_calls(zalo: Zalo, caller: Caller) -> None:
    zalo.state.apps[APP_ID].active = False

    answer = caller.session.get(zalo.consent_url(APP_ID, CALLBACK), timeout=10).json()

    assert answer["error"] == -14002
    assert caller.get("/v2.0/oa/getoa").json()["error"] == -209


def test_a_wrong_app_secret_gives_no_tokens(zalo: Zalo, caller: Caller) -> None:
    code = code_of(consent(zalo, caller))

    assert error(dict(exchange(caller, code, secret="oa-secret-for-tests"))) == -14012
    assert "access_token" in exchange(caller, code)


@pytest.mark.parametrize("verifier", ["b" * 43, "a" * 42, "", "ă" * 43])
def test_a_verifier_that_does_not_fit_the_request_is_refused(zalo: Zalo, caller: Caller, verifier: str) -> None:
    code = code_of(consent(zalo, caller, challenge=challenge(VERIFIER)))

    assert error(dict(exchange(caller, code, verifier))) == -14024


@pytest.mark.parametrize("verifier", ["a" * 42, "a" * 44, "a" * 42 + "."])
def test_a_verifier_has_43_letters_even_where_its_hash_fits(zalo: Zalo, caller: Caller, verifier: str) -> None:
    code = code_of(consent(zalo, caller, challenge=challenge(verifier)))

    assert error(dict(exchange(caller, code, verifier))) == -14024


def test_with_a_fixed_challenge_the_one_of_the_request_counts_for_nothing(zalo: Zalo, caller: Caller) -> None:
    zalo.state.apps[APP_ID].fixed_challenge = challenge(VERIFIER)
    mine = "b" * 43

    first = exchange(caller, code_of(consent(zalo, caller, challenge=challenge(mine))), mine)
    second = exchange(caller, code_of(consent(zalo, caller, challenge=challenge(mine))), VERIFIER)

    assert error(dict(first)) == -14024
    assert "access_token" in second


def test_an_access_token_dies_after_25_hours(caller: Caller, clock: Clock) -> None:
    clock.advance(hours=24, minutes=59)
    assert caller.get("/v2.0/oa/getoa").json()["error"] == 0
    clock.advance(minutes=1)
    assert caller.get("/v2.0/oa/getoa").json() == {"error": -220, "message": "access_token is expired or removed"}


def test_a_refresh_kills_the_access_token_before_it(zalo: Zalo, caller: Caller) -> None:
    old = zalo.grant(COOP)
    caller.token = old.access_token

    new = caller.refresh(old.refresh_token)

    assert caller.get("/v2.0/oa/getoa").json()["error"] == -220
    zalo.switches.rotated = -216
    assert caller.get("/v2.0/oa/getoa").json()["error"] == -216
    caller.token = new["access_token"]
    assert caller.get("/v2.0/oa/getoa").json()["error"] == 0


def test_a_refresh_token_works_once(zalo: Zalo, caller: Caller) -> None:
    old = zalo.grant(COOP).refresh_token
    new = caller.refresh(old)

    assert error(caller.refresh(old)) == -14020
    assert "access_token" in caller.refresh(new["refresh_token"])


def test_a_refresh_token_lives_three_months(zalo: Zalo, caller: Caller, clock: Clock) -> None:
    late, early = zalo.grant(COOP).refresh_token, zalo.grant(OTHER).refresh_token

    clock.advance(days=89, hours=23)
    assert "access_token" in caller.refresh(early)
    clock.advance(hours=1)
    assert error(caller.refresh(late)) == -14020


def test_a_token_that_was_never_given_is_another_error(caller: Caller) -> None:
    assert error(caller.refresh("made up")) == -14014


def test_a_revoked_account_loses_both_tokens_and_the_other_keeps_its_own(zalo: Zalo, caller: Caller) -> None:
    mine, other = zalo.grant(COOP), zalo.grant(OTHER)

    zalo.revoke(COOP)

    assert error(caller.refresh(mine.refresh_token)) == -14014
    assert caller.get("/v2.0/oa/getoa").json()["error"] == -216
    assert "access_token" in caller.refresh(other.refresh_token)


def test_of_two_refreshes_at_once_one_wins(zalo: Zalo, caller: Caller) -> None:
    token = zalo.grant(COOP).refresh_token

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(caller.refresh, [token, token]))

    assert sorted(answer.get("error", 0) for answer in answers) == [-14020, 0]


def test_a_rotation_whose_answer_is_lost_has_happened(zalo: Zalo, caller: Caller) -> None:
    pair = zalo.grant(COOP)
    zalo.behave(Mode.LOST, times=1, call=TOKENS)

    with pytest.raises(requests.ConnectionError):
        caller.refresh(pair.refresh_token)

    assert error(caller.refresh(pair.refresh_token)) == -14020
    caller.token = pair.access_token
    assert caller.get("/v2.0/oa/getoa").json()["error"] == -220


def test_a_refresh_that_was_torn_before_it_happened_can_be_tried_again(zalo: Zalo, caller: Caller) -> None:
    token = zalo.grant(COOP).refresh_token
    zalo.behave(Mode.RESET, times=1, call=TOKENS)

    with pytest.raises(requests.ConnectionError):
        caller.refresh(token)

    assert "access_token" in caller.refresh(token)


def test_a_slow_refresh_has_rotated_before_it_answers(zalo: Zalo, caller: Caller) -> None:
    token = zalo.grant(COOP).refresh_token
    zalo.behave(Behaviour(Mode.SLOW, seconds=30), times=1, oa_id=COOP, call=TOKENS)
    fields = {"app_id": APP_ID, "grant_type": "refresh_token", "refresh_token": token}

    with pytest.raises(requests.ReadTimeout):
        requests.post(zalo.url + TOKENS, data=fields, headers={"secret_key": APP_SECRET}, timeout=0.2)

    assert error(caller.refresh(token)) == -14020


def test_a_refresh_of_one_account_can_fail_alone(zalo: Zalo, caller: Caller) -> None:
    mine, other = zalo.grant(COOP).refresh_token, zalo.grant(OTHER).refresh_token
    zalo.behave(Mode.BAD_GATEWAY, oa_id=COOP, call=TOKENS)
    fields = {"app_id": APP_ID, "grant_type": "refresh_token"}

    ill = caller.form({**fields, "refresh_token": mine})

    assert (ill.status_code, ill.headers["Content-Type"]) == (502, "text/html")
    assert "access_token" in caller.refresh(other)
