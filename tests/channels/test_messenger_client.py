"""Sending to a stand-in for Graph over real connections, well and ill."""

import json
import logging
import socket
import traceback
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.reply import Bubble, Button, SendError
from handlers.channels.messenger import codec
from handlers.channels.messenger.client import MessengerClient, pause, refuse
from tests.simulators.graph import Behaviour, Graph, Mode
from tests.simulators.graph_rules import Button as ShownButton
from tests.simulators.graph_rules import Refused, Shown

PAGE, PSID, TOKEN, SECRET = "112233445566778", "7012345678901234", "EAAtestPageToken123", "test-app-secret"
HELLO = {"text": "Chào bác"}


@pytest.fixture
def graph() -> Iterator[Graph]:
    with Graph(tokens={PAGE: TOKEN}, app_secret=SECRET, people={PSID}) as graph:
        yield graph


@pytest.fixture
def client(graph: Graph) -> Iterator[MessengerClient]:
    client = MessengerClient(graph.url, "v25.0", SECRET, timeouts=(1.0, 0.3))
    yield client
    client.close()


def failure(client: MessengerClient, message: Mapping[str, object] = HELLO, **other: str) -> SendError:
    target = {"page_id": PAGE, "token": TOKEN, "address": PSID, **other}
    with pytest.raises(SendError) as caught:
        client.send(message=message, metadata="out:1", **target)
    return caught.value


def test_a_bubble_arrives_with_its_buttons_and_metadata(client: MessengerClient, graph: Graph) -> None:
    bubble = Bubble("Đúng chưa ạ?", (Button("q1.1", "Đúng"), Button("q1.2", "Sửa")))

    for message in codec.render(bubble):
        client.send(PAGE, TOKEN, PSID, message, "out:8841")

    buttons = (ShownButton("Đúng", "q1.1"), ShownButton("Sửa", "q1.2"))
    assert graph.to(PSID) == [Shown("Đúng chưa ạ?", buttons=buttons, metadata="out:8841")]


def test_many_threads_share_one_client(client: MessengerClient, graph: Graph) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: client.send(PAGE, TOKEN, PSID, {"text": str(n)}, ""), range(60)))

    assert sorted(int(bubble.text) for bubble in graph.to(PSID)) == list(range(60))


@pytest.mark.parametrize(
    ("behaviour", "retry_after", "arrived"),
    [
        (Behaviour(Mode.ERROR), None, 0),
        (Behaviour(Mode.THROTTLED), None, 0),
        (Behaviour(Mode.THROTTLED, retry_after="7"), 7.0, 0),
        (Behaviour(Mode.THROTTLED, retry_after="bald"), None, 0),
        (Behaviour(Mode.RESET), None, 0),
        (Behaviour(Mode.SILENCE, seconds=30), None, 0),
        (Behaviour(Mode.LATE, seconds=30), None, 1),
        (Behaviour(Mode.HALF), None, 1),
    ],
    ids=lambda value: value.mode.value if isinstance(value, Behaviour) else None,
)
def test_a_passing_failure_is_tried_again_and_then_goes_out(
    client: MessengerClient, graph: Graph, behaviour: Behaviour, retry_after: float | None, arrived: int
) -> None:
    graph.behave(behaviour, times=1)

    error = failure(client)

    assert (error.permanent, error.pauses, error.retry_after) == (False, False, retry_after)
    assert len(graph.to(PSID)) == arrived
    client.send(PAGE, TOKEN, PSID, HELLO, "out:1")
    assert len(graph.to(PSID)) == arrived + 1


def test_a_slow_answer_is_still_an_answer(client: MessengerClient, graph: Graph) -> None:
    graph.behave(Behaviour(Mode.SLOW, seconds=0.05))

    client.send(PAGE, TOKEN, PSID, HELLO, "")

    assert len(graph.to(PSID)) == 1


def test_nobody_listening_is_a_passing_failure() -> None:
    with socket.socket() as taken:  # bound and not listening: every connection is refused
        taken.bind(("127.0.0.1", 0))
        client = MessengerClient(f"http://127.0.0.1:{taken.getsockname()[1]}", "v25.0", SECRET)
        error = failure(client)
        client.close()

    assert (str(error), error.permanent) == ("ConnectionError", False)


def test_a_dead_token_pauses_the_account(client: MessengerClient, graph: Graph) -> None:
    error = failure(client, token="another")

    assert (error.permanent, error.pauses, str(error)) == (False, True, "expired 190/463 trace A_standin")
    assert graph.to(PSID) == []


def test_a_stranger_and_a_bad_request_are_refused_for_good(client: MessengerClient, graph: Graph) -> None:
    stranger = failure(client, address="999")
    too_long = failure(client, {"text": "a" * 2001})

    assert (stranger.permanent, str(stranger)) == (True, "person 100/2018001 trace A_standin")
    assert (too_long.permanent, str(too_long)) == (True, "ours 100/0 trace A_standin")
    assert graph.delivered == []


LATER, FOR_GOOD, PAUSE = (False, False), (True, False), (False, True)


@pytest.mark.parametrize(
    ("code", "subcode", "status", "outcome", "word"),
    [
        (1, None, 500, LATER, "later"),
        (1, 99, 400, LATER, "later"),
        (2, None, 400, LATER, "later"),
        (1200, None, 400, LATER, "later"),
        (4, None, 400, LATER, "throttled"),
        (17, None, 400, LATER, "throttled"),
        (32, None, 400, LATER, "throttled"),
        (341, None, 400, LATER, "throttled"),
        (613, None, 400, LATER, "throttled"),
        (80001, None, 400, LATER, "throttled"),
        (80006, 2446079, 400, LATER, "throttled"),
        (613, 2018338, 400, FOR_GOOD, "person"),
        (10, 2018278, 400, FOR_GOOD, "window"),
        (10, 2018065, 400, FOR_GOOD, "window"),
        (10, 2534022, 403, FOR_GOOD, "window"),
        (10, 2018108, 400, FOR_GOOD, "person"),
        (551, 1545041, 400, FOR_GOOD, "person"),
        (551, None, 400, FOR_GOOD, "person"),
        (200, 1545041, 403, FOR_GOOD, "person"),
        (100, 2018001, 400, FOR_GOOD, "person"),
        (10, 1893063, 400, FOR_GOOD, "page"),
        (10, 1404170, 400, FOR_GOOD, "page"),
        (368, None, 400, FOR_GOOD, "page"),
        (2022, None, 400, FOR_GOOD, "page"),
        (2018300, None, 400, FOR_GOOD, "held"),
        (2018321, None, 400, FOR_GOOD, "held"),
        (3, None, 400, FOR_GOOD, "ours"),
        (10, None, 400, FOR_GOOD, "ours"),
        (200, None, 403, FOR_GOOD, "ours"),
        (200, 2018028, 403, FOR_GOOD, "ours"),
        (230, None, 400, FOR_GOOD, "ours"),
        (100, None, 400, FOR_GOOD, "ours"),
        (100, 33, 400, FOR_GOOD, "ours"),
        (100, 2018014, 500, FOR_GOOD, "ours"),
        (100, 2018109, 400, FOR_GOOD, "ours"),
        (12345, None, 400, FOR_GOOD, "ours"),
        (12345, None, 503, LATER, "later"),
        (190, None, 400, PAUSE, "expired"),
        (190, 460, 401, PAUSE, "expired"),
        (190, 463, 400, PAUSE, "expired"),
        (190, 467, 500, PAUSE, "expired"),
        (190, 492, 400, PAUSE, "expired"),
        (102, None, 400, PAUSE, "expired"),
    ],
)
def test_the_error_code_decides_what_happens(
    code: int, subcode: int | None, status: int, outcome: tuple[bool, bool], word: str
) -> None:
    answer = {
        "error": {"message": "…", "code": code, "fbtrace_id": "A_x"} | ({"error_subcode": subcode} if subcode else {})
    }

    with pytest.raises(SendError) as caught:
        refuse(status, {}, json.dumps(answer).encode())

    assert (caught.value.permanent, caught.value.pauses) == outcome
    assert str(caught.value) == f"{word} {code}/{subcode or 0} trace A_x"


def test_an_error_inside_http_200_is_an_error(client: MessengerClient, graph: Graph) -> None:
    graph.behave(Behaviour(Mode.REFUSING, refusal=Refused(10, "…", 2018278), in_200=True))

    error = failure(client)

    assert (error.permanent, str(error)) == (True, "window 10/2018278 trace A_standin")


def test_an_invalid_reply_to_a_message_that_went_out_counts_as_sent(client: MessengerClient, graph: Graph) -> None:
    graph.behave(Behaviour(Mode.REFUSING, refusal=Refused(1, "Invalid JSON reply", 1357046)))

    client.send(PAGE, TOKEN, PSID, HELLO, "")

    assert graph.calls[Mode.REFUSING] == 1


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (200, b""),
        (200, b'{"recipient_id":"7","mess'),
        (200, b"<html>"),
        (200, b"[]"),
        (200, b'{"error":"x"}'),
        (200, b'{"error":{"code":{}}}'),
        (200, b"[" * 100_000),
        (200, b'"\xe0"'),
        (301, b""),
        (302, b"{}"),
        (404, b"<html>"),
        (400, b"{}"),
        (500, b'{"message_id":"m"}'),
        (502, b"<html>Bad gateway</html>"),
        (400, b'{"error":{"code":12345,"is_transient":true}}'),
    ],
)
def test_an_answer_that_is_not_graphs_own_is_a_passing_failure(status: int, content: bytes) -> None:
    with pytest.raises(SendError) as caught:
        refuse(status, {"Retry-After": "5"}, content)

    assert (caught.value.permanent, caught.value.pauses, caught.value.retry_after) == (False, False, 5.0)


def test_codes_may_be_strings() -> None:
    with pytest.raises(SendError, match="window 10/2018278"):
        refuse(400, {}, b'{"error":{"code":"10","error_subcode":"2018278"}}')


def test_the_wait_comes_from_either_header() -> None:
    usage = '{"1":[{"type":"messenger","call_count":100,"estimated_time_to_regain_access":3}],"2":[{}]}'

    assert pause({}) is None
    assert pause({"Retry-After": "12"}) == 12.0
    assert pause({"Retry-After": "-1"}) is None
    assert pause({"Retry-After": "9" * 400}) is None
    assert pause({"X-Business-Use-Case-Usage": usage}) == 180.0
    assert pause({"X-Business-Use-Case-Usage": usage, "Retry-After": "12"}) == 12.0
    assert pause({"X-Business-Use-Case-Usage": '{"1":[{"estimated_time_to_regain_access":0}]}'}) is None
    assert pause({"X-Business-Use-Case-Usage": "{"}) is None


def test_a_redirect_is_not_followed(client: MessengerClient, graph: Graph) -> None:
    graph.behave(Mode.MOVED, times=1)

    error = failure(client)

    assert (error.permanent, dict(graph.calls)) == (False, {Mode.MOVED: 1})


def test_no_token_is_ever_logged_or_shown_in_a_traceback(
    client: MessengerClient, graph: Graph, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client.send(PAGE, TOKEN, PSID, HELLO, "")
    graph.behave(Behaviour(Mode.SILENCE, seconds=30), times=1)

    error = failure(client)

    assert str(error) == "ReadTimeout"
    assert TOKEN not in "".join(traceback.format_exception(error)) + caplog.text
