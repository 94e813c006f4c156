"""A stand-in for Zalo that falls ill: what the caller sees, and whether the message went out all the same."""

from collections.abc import Iterator

import pytest
import requests

from tests.simulators.zalo import Zalo
from tests.simulators.zalo_caller import COOP, OTHER, Caller, two_coops
from tests.simulators.zalo_clock import Clock
from tests.simulators.zalo_errors import Refused
from tests.simulators.zalo_faults import Behaviour, Mode
from tests.simulators.zalo_phone import Phone
from tests.simulators.zalo_rules import Shown

CS = "/v3.0/oa/message/cs"
ONCE = [Shown("Chào bác")]


@pytest.fixture
def zalo() -> Iterator[Zalo]:
    with two_coops(Clock()) as zalo:
        yield zalo


@pytest.fixture
def caller(zalo: Zalo) -> Iterator[Caller]:
    with requests.Session() as session:
        yield Caller(zalo.url, zalo.grant(COOP).access_token, session)


@pytest.fixture
def ha(zalo: Zalo) -> Phone:
    phone = zalo.phone(COOP, "Hà")
    phone.type("chào")
    return phone


def send(caller: Caller, phone: Phone, seconds: float = 5.0) -> requests.Response:
    body = {"recipient": {"user_id": phone.user_id}, "message": {"text": "Chào bác"}}
    return requests.post(caller.url + CS, json=body, headers={"access_token": caller.token}, timeout=seconds)


@pytest.mark.parametrize(
    ("mode", "status", "body"),
    [
        (Mode.ERROR, 500, b'{"error": -1, "message": "Internal Server Error"}'),
        (Mode.BAD_GATEWAY, 502, None),
    ],
)
def test_an_error_of_the_server_sends_nothing(
    *, zalo: Zalo, caller: Caller, ha: Phone, mode: Mode, status: int, body: bytes | None
) -> None:
    zalo.behave(mode, times=1)

    answer = send(caller, ha)

    assert answer.status_code == status
    assert answer.content == body if body else answer.text.startswith("<html>")
    assert ha.bubbles == []
    assert send(caller, ha).json()["error"] == 0


@pytest.mark.parametrize(("mode", "seen"), [(Mode.RESET, []), (Mode.LOST, ONCE)])
def test_a_torn_connection_may_have_sent_or_not(
    zalo: Zalo, caller: Caller, ha: Phone, mode: Mode, seen: list[Shown]
) -> None:
    zalo.behave(mode, times=1)

    with pytest.raises(requests.ConnectionError):
        send(caller, ha)

    assert ha.bubbles == seen


@pytest.mark.parametrize(("mode", "seen"), [(Mode.SILENCE, []), (Mode.LATE, ONCE), (Mode.SLOW, ONCE)])
def test_a_time_out_may_have_sent_or_not(zalo: Zalo, caller: Caller, ha: Phone, mode: Mode, seen: list[Shown]) -> None:
    zalo.behave(Behaviour(mode, seconds=30), times=1)

    with pytest.raises(requests.ReadTimeout):
        send(caller, ha, seconds=0.2)

    assert ha.bubbles == seen


def test_a_slow_answer_is_a_good_answer(zalo: Zalo, caller: Caller, ha: Phone) -> None:
    zalo.behave(Behaviour(Mode.SLOW, seconds=0.1))

    answer = send(caller, ha)

    assert (answer.json()["error"], answer.elapsed.total_seconds() >= 0.1) == (0, True)


@pytest.mark.parametrize("mode", [Mode.TRUNCATED, Mode.EMPTY])
def test_a_body_that_is_not_json_came_after_the_message(zalo: Zalo, caller: Caller, ha: Phone, mode: Mode) -> None:
    zalo.behave(mode, times=1)

    answer = send(caller, ha)

    assert answer.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        answer.json()
    assert ha.bubbles == ONCE


def test_an_answer_that_breaks_off_came_after_the_message(zalo: Zalo, caller: Caller, ha: Phone) -> None:
    zalo.behave(Mode.HALF, times=1)

    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        send(caller, ha)

    assert ha.bubbles == ONCE


def test_send_failed_may_be_a_lie(zalo: Zalo, caller: Caller, ha: Phone) -> None:
    zalo.behave(Mode.FAILED, times=1)

    assert send(caller, ha).json() == {"error": -200, "message": "Send message failed"}
    assert ha.bubbles == ONCE


def test_any_refusal_can_be_ordered(zalo: Zalo, caller: Caller, ha: Phone) -> None:
    zalo.behave(Behaviour(Mode.REFUSING, refusal=Refused(-99999, "something new")), times=1)
    zalo.behave(Behaviour(Mode.REFUSING, refusal=Refused(-216, status=401)), times=1, oa_id=COOP)

    first, second = send(caller, ha), send(caller, ha)

    assert (first.status_code, first.json()["error"]) == (401, -216)
    assert (second.status_code, second.json()) == (200, {"error": -99999, "message": "something new"})
    assert ha.bubbles == []


def test_one_account_can_be_ill_while_the_other_is_well(zalo: Zalo, caller: Caller, ha: Phone) -> None:
    zalo.behave(Mode.ERROR, oa_id=OTHER)
    other = zalo.phone(OTHER, "Hà")
    other.type("chào")
    with requests.Session() as session:
        there = Caller(zalo.url, zalo.grant(OTHER).access_token, session)

        assert [send(caller, ha).status_code, send(there, other).status_code] == [200, 500]

    assert (len(ha.bubbles), len(other.bubbles)) == (1, 0)


def test_a_plan_for_one_call_leaves_the_others_alone(zalo: Zalo, caller: Caller, ha: Phone) -> None:
    zalo.behave(Mode.ERROR, call="/v3.0/oa/user")

    assert caller.get("/v3.0/oa/user/detail", {"user_id": ha.user_id}).status_code == 500
    assert send(caller, ha).status_code == 200
    assert (zalo.plans.calls[Mode.ERROR], zalo.plans.calls[Mode.OK]) == (1, 1)


def test_a_plan_for_a_call_goes_before_one_for_an_account(zalo: Zalo, caller: Caller, ha: Phone) -> None:
    zalo.behave(Mode.ERROR, oa_id=COOP)
    zalo.behave(Mode.OK, call=CS)

    assert send(caller, ha).status_code == 200
    assert caller.get("/v2.0/oa/getoa").status_code == 500


def test_stopping_wakes_calls_that_hang(caller: Caller, ha: Phone, zalo: Zalo) -> None:
    zalo.behave(Behaviour(Mode.SILENCE, seconds=60))
    with pytest.raises(requests.ReadTimeout):
        send(caller, ha, seconds=0.1)
    # The fixture stops the server now, while that call still hangs: this test ends at once or not for a minute.


def test_waiting_ends_when_the_bubbles_are_there_and_otherwise_says_what_came(
    zalo: Zalo, caller: Caller, ha: Phone
) -> None:
    send(caller, ha)

    assert zalo.wait_for(ha.user_id, 1) == ha.wait_for(1) == ONCE
    with pytest.raises(TimeoutError, match="2 bubbles wanted"):
        zalo.wait_for(ha.user_id, 2, seconds=0.05)
    with pytest.raises(TimeoutError, match="2 bubbles wanted"):
        ha.wait_for(2, seconds=0.05)
