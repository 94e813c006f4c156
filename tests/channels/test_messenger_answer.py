"""What each answer of Graph means: the codes of its table, other people's pages, and how long to wait."""

import json

import pytest

from bot.reply import Reason, SendError
from handlers.channels.messenger.answer import Refused, pause, refuse

LATER, FOR_GOOD, WAITS, PAUSES, HOLDS = "later", "for good", "waits", "pauses", "holds the account"
PERSON = "the person behind the token"


def outcome(error: SendError) -> str:
    """The flags in a word; more than one at a time makes no sense."""
    flags = {
        FOR_GOOD: error.permanent,
        WAITS: error.waits,
        PAUSES: error.pauses,
        HOLDS: error.whole_account and not error.pauses,
    }
    return " and ".join(word for word, raised in flags.items() if raised) or LATER


def refusal(code: int, subcode: int | None, status: int = 400, *, ordinary: bool = True) -> Refused:
    answer = {"message": "…", "code": code, "fbtrace_id": "A_x"} | ({"error_subcode": subcode} if subcode else {})
    with pytest.raises(Refused) as caught:
        refuse(status, {}, json.dumps({"error": answer}).encode(), ordinary=ordinary)
    return caught.value


@pytest.mark.parametrize(
    ("code", "subcode", "status", "what", "reason"),
    [
        (1, None, 400, LATER, Reason.LATER),
        (1, 99, 400, LATER, Reason.LATER),
        (2, None, 400, LATER, Reason.LATER),
        (1200, None, 400, LATER, Reason.LATER),
        (4, None, 400, HOLDS, Reason.THROTTLED),
        (17, None, 400, HOLDS, Reason.THROTTLED),
        (32, None, 400, HOLDS, Reason.THROTTLED),
        (341, None, 400, HOLDS, Reason.THROTTLED),
        (613, None, 400, HOLDS, Reason.THROTTLED),
        (80001, None, 400, HOLDS, Reason.THROTTLED),
        (80006, 2446079, 400, HOLDS, Reason.THROTTLED),
        (12345, None, 429, HOLDS, Reason.THROTTLED),
        (613, 2018338, 400, WAITS, Reason.RESTRICTED),
        (10, 2018278, 400, WAITS, Reason.WINDOW),
        (10, 2018065, 400, WAITS, Reason.WINDOW),
        (10, 2534022, 403, WAITS, Reason.WINDOW),
        (10, 2018108, 400, WAITS, Reason.GONE),
        (551, 1545041, 400, WAITS, Reason.GONE),
        (551, None, 400, WAITS, Reason.GONE),
        (200, 1545041, 403, WAITS, Reason.GONE),
        (100, 2018001, 400, WAITS, Reason.STRANGER),
        (10, 1893063, 400, PAUSES, Reason.RESTRICTED),
        (10, 1404170, 400, PAUSES, Reason.RESTRICTED),
        (368, None, 400, PAUSES, Reason.RESTRICTED),
        (2022, None, 400, PAUSES, Reason.RESTRICTED),
        (2018300, None, 400, WAITS, Reason.HELD),
        (2018321, None, 400, WAITS, Reason.HELD),
        (10, 2018300, 400, WAITS, Reason.HELD),
        (3, None, 400, PAUSES, Reason.RIGHTS),
        (10, None, 400, PAUSES, Reason.RIGHTS),
        (10, 4711, 400, FOR_GOOD, Reason.RIGHTS),
        (200, None, 403, PAUSES, Reason.RIGHTS),
        (200, 4711, 403, FOR_GOOD, Reason.RIGHTS),
        (200, 2018028, 403, FOR_GOOD, Reason.RIGHTS),
        (230, None, 400, PAUSES, Reason.RIGHTS),
        (100, 33, 400, FOR_GOOD, Reason.RIGHTS),
        (100, None, 400, FOR_GOOD, Reason.SHAPE),
        (100, 2018014, 500, FOR_GOOD, Reason.SHAPE),
        (100, 2018008, 400, LATER, Reason.MEDIA),
        (100, 2018074, 400, LATER, Reason.MEDIA),
        (100, 2018047, 400, FOR_GOOD, Reason.MEDIA),
        (100, 2018109, 400, FOR_GOOD, Reason.MEDIA),
        (100, 2018294, 400, FOR_GOOD, Reason.MEDIA),
        (10303, None, 400, FOR_GOOD, Reason.SHAPE),
        (12345, None, 400, FOR_GOOD, Reason.SHAPE),
        (12345, None, 503, LATER, Reason.LATER),
        (190, None, 400, PAUSES, Reason.TOKEN),
        (190, 458, 400, PAUSES, Reason.TOKEN),
        (190, 459, 400, PAUSES, Reason.TOKEN),
        (190, 460, 401, PAUSES, Reason.TOKEN),
        (190, 463, 400, PAUSES, Reason.TOKEN),
        (190, 464, 400, PAUSES, Reason.TOKEN),
        (190, 467, 500, PAUSES, Reason.TOKEN),
        (190, 492, 400, PAUSES, Reason.TOKEN),
        (102, None, 400, PAUSES, Reason.TOKEN),
    ],
)
def test_the_error_code_decides_what_happens(
    code: int, subcode: int | None, status: int, what: str, reason: Reason
) -> None:
    error = refusal(code, subcode, status)

    assert (outcome(error), error.reason, error.code, error.subcode) == (what, reason, code, subcode or 0)
    assert str(error).partition(": ")[0] == f"{reason.value} {code}/{subcode or 0} trace A_x"


def test_a_dead_token_says_what_a_person_must_do() -> None:
    said = {
        subcode: str(refusal(190, subcode)).partition(": ")[2] for subcode in (0, 458, 459, 460, 463, 464, 467, 492)
    }

    assert said == {
        0: "",
        458: "the app was removed from the page",
        459: f"{PERSON} must log in to Facebook and pass a check",
        460: f"{PERSON} has a new password",
        463: "the token has expired",
        464: f"{PERSON} has not confirmed the account",
        467: "the token is not valid any more",
        492: f"{PERSON} lost the role on the page: give it back, a new token alone fails too",
    }


@pytest.mark.parametrize("code", [3, 10, 200, 230])
def test_a_missing_right_stops_a_page_only_where_a_plain_reply_met_it(code: int) -> None:
    assert outcome(refusal(code, None)) == PAUSES
    assert outcome(refusal(code, None, ordinary=False)) == FOR_GOOD


def test_after_a_passing_failure_with_5xx_she_may_have_it() -> None:
    assert [refusal(code, None, status).unknown for code, status in ((1, 500), (2, 503), (1, 400), (4, 500))] == [
        True,
        True,
        False,
        False,
    ]


def test_an_invalid_reply_to_what_went_out_is_no_error() -> None:
    refuse(400, {}, b'{"error":{"code":1,"error_subcode":1357046}}')
    refuse(200, {}, b'{"recipient_id":"7","message_id":"m_1"}')


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (200, b""),
        (200, b'{"recipient_id":"7","mess'),
        (200, b"<html>"),
        (200, b"[]"),
        (200, b"null"),
        (200, b'{"error":"x"}'),
        (200, b'{"error":{"code":{}}}'),
        (200, b"[" * 100_000),
        (200, b'"\xe0"'),
        (301, b""),
        (302, b"{}"),
        (404, b"<html>"),
        (429, b"<html>"),
        (400, b"{}"),
        (500, b'{"message_id":"m"}'),
        (502, b"<html>Bad gateway</html>"),
    ],
)
def test_an_answer_that_is_not_graphs_own_leaves_it_open(status: int, content: bytes) -> None:
    with pytest.raises(SendError) as caught:
        refuse(status, {"Retry-After": "5"}, content)

    error = caught.value
    assert (outcome(error), error.reason, error.unknown, error.retry_after) == (LATER, Reason.UNREACHABLE, True, 5.0)
    assert not isinstance(error, Refused)


def test_what_calls_itself_transient_is_tried_again() -> None:
    with pytest.raises(Refused) as caught:
        refuse(400, {"Retry-After": "5"}, b'{"error":{"code":12345,"is_transient":true}}')

    assert (outcome(caught.value), caught.value.retry_after, caught.value.unknown) == (LATER, 5.0, False)


def test_codes_may_be_strings_and_a_trace_may_be_anything() -> None:
    with pytest.raises(Refused, match=r"^window 10/2018278 trace -$"):
        refuse(400, {}, b'{"error":{"code":"10","error_subcode":"2018278","fbtrace_id":"a\\nb"}}')
    with pytest.raises(Refused, match=r"^window 10/2018278 trace -$"):
        refuse(400, {}, b'{"error":{"code":10,"error_subcode":2018278,"fbtrace_id":{}}}')


def test_the_wait_comes_from_either_header() -> None:
    usage = '{"1":[{"type":"messenger","call_count":100,"estimated_time_to_regain_access":3}],"2":[{}]}'

    assert pause({}) is None
    assert pause({"Retry-After": "12"}) == 12.0
    assert pause({"Retry-After": "-1"}) is None
    assert pause({"Retry-After": "9" * 400}) is None
    assert pause({"X-Business-Use-Case-Usage": usage}) == 180.0
    assert pause({"X-Business-Use-Case-Usage": usage, "Retry-After": "12"}) == 12.0
    assert pause({"X-Business-Use-Case-Usage": '{"1":[{"estimated_time_to_regain_access":"2"}]}'}) == 120.0
    assert pause({"X-Business-Use-Case-Usage": '{"1":[{"estimated_time_to_regain_access":0}]}'}) is None
    assert pause({"X-Business-Use-Case-Usage": '{"1":[{"estimated_time_to_regain_access":1e300}]}'}) == 1_000_000.0
    assert pause({"X-Business-Use-Case-Usage": "{"}) is None


def test_a_date_to_wait_for_is_read_by_the_platforms_own_clock() -> None:
    date = "Sat, 21 Nov 2026 11:00:00 GMT"

    assert pause({"Retry-After": "Sat, 21 Nov 2026 11:00:30 GMT", "Date": date}) == 30.0
    assert pause({"Retry-After": "Sat, 21 Nov 2026 10:00:00 GMT", "Date": date}) == 0.0
    assert pause({"Retry-After": "Sat, 21 Nov 2926 11:00:00 GMT", "Date": date}) == 1_000_000.0
    assert pause({"Retry-After": "Sat, 21 Nov 2026 11:00:30 GMT"}) is None
    assert pause({"Retry-After": "Sat, 99 Nov 2026 11:00:30 GMT", "Date": date}) is None
    assert pause({"Retry-After": "Sat, 21 Nov 2026 11:00:30 -0000", "Date": date}) is None


def test_being_throttled_waits_as_long_as_the_header_says() -> None:
    usage = '{"1":[{"type":"messenger","call_count":100,"estimated_time_to_regain_access":3}]}'

    with pytest.raises(Refused) as caught:
        refuse(400, {"X-Business-Use-Case-Usage": usage}, b'{"error":{"code":80006}}')

    assert (outcome(caught.value), caught.value.retry_after) == (HOLDS, 180.0)
