"""Sending to a stand-in for Graph over real connections, well and ill."""

import json
import logging
import socket
import traceback
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from bot.permit import Way
from bot.reply import Bubble, Button, Reason, SendError
from handlers.channels.messenger import codec
from handlers.channels.messenger.client import INBOX_APP, MessengerClient, Profile
from tests.simulators.graph import Behaviour, Graph, Mode
from tests.simulators.graph_rules import Button as ShownButton
from tests.simulators.graph_rules import Refused, Shown
from tests.simulators.server import Answer, Loopback, Request

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


def test_many_threads_share_one_client(graph: Graph) -> None:
    client = MessengerClient(graph.url, "v25.0", SECRET)
    with closing(client), ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: client.send(PAGE, TOKEN, PSID, {"text": str(n)}, ""), range(60)))

    assert sorted(int(bubble.text) for bubble in graph.to(PSID)) == list(range(60))


@pytest.mark.parametrize(
    ("behaviour", "what", "arrived"),
    [
        (Behaviour(Mode.ERROR), (Reason.LATER, True, None), 0),
        (Behaviour(Mode.THROTTLED), (Reason.THROTTLED, False, None), 0),
        (Behaviour(Mode.THROTTLED, retry_after="7"), (Reason.THROTTLED, False, 7.0), 0),
        (Behaviour(Mode.THROTTLED, retry_after="bald"), (Reason.THROTTLED, False, None), 0),
        (Behaviour(Mode.RESET), (Reason.UNREACHABLE, True, None), 0),
        (Behaviour(Mode.SILENCE, seconds=30), (Reason.UNREACHABLE, True, None), 0),
        (Behaviour(Mode.LATE, seconds=30), (Reason.UNREACHABLE, True, None), 1),
        (Behaviour(Mode.HALF), (Reason.UNREACHABLE, True, None), 1),
    ],
    ids=lambda value: value.mode.value if isinstance(value, Behaviour) else None,
)
def test_a_passing_failure_is_tried_again_and_then_goes_out(
    client: MessengerClient,
    graph: Graph,
    behaviour: Behaviour,
    what: tuple[Reason, bool, float | None],
    arrived: int,
) -> None:
    graph.behave(behaviour, times=1)

    error = failure(client)

    assert (error.permanent, error.waits, error.pauses) == (False, False, False)
    assert (error.reason, error.unknown, error.retry_after) == what
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

    assert (str(error), error.permanent, error.unknown) == ("ConnectionError", False, False)


def test_a_dead_token_pauses_the_account(client: MessengerClient, graph: Graph) -> None:
    error = failure(client, token="another")

    assert (error.permanent, error.pauses, str(error)) == (
        False,
        True,
        "token 190/463 trace A_standin: the token has expired",
    )
    assert graph.to(PSID) == []


def test_a_stranger_waits_until_she_writes_and_a_bad_request_is_refused_for_good(
    client: MessengerClient, graph: Graph
) -> None:
    stranger = failure(client, address="999")
    too_long = failure(client, {"text": "a" * 2001})

    assert (stranger.waits, str(stranger)) == (True, "stranger 100/2018001 trace A_standin")
    assert (too_long.permanent, str(too_long)) == (True, "shape 100/0 trace A_standin")
    assert graph.delivered == []


def test_an_error_inside_http_200_is_an_error(client: MessengerClient, graph: Graph) -> None:
    graph.behave(Behaviour(Mode.REFUSING, refusal=Refused(10, "…", 2018278), in_200=True))

    error = failure(client)

    assert (error.waits, str(error)) == (True, "window 10/2018278 trace A_standin")


def test_an_invalid_reply_to_a_message_that_went_out_counts_as_sent(client: MessengerClient, graph: Graph) -> None:
    graph.behave(Behaviour(Mode.REFUSING, refusal=Refused(1, "Invalid JSON reply", 1357046)))

    client.send(PAGE, TOKEN, PSID, HELLO, "")

    assert graph.calls[Mode.REFUSING] == 1


def test_a_redirect_is_not_followed(client: MessengerClient, graph: Graph) -> None:
    graph.behave(Mode.MOVED, times=1)

    error = failure(client)

    assert (error.permanent, dict(graph.calls)) == (False, {Mode.MOVED: 1})


def test_a_person_of_the_co_op_and_a_template_go_as_what_they_are() -> None:
    heard: list[dict[str, object]] = []

    def answer(request: Request) -> Answer:
        heard.append(json.loads(request.body))
        return Answer(200, {"recipient_id": PSID, "message_id": "m_1"})

    with Loopback(answer) as server:
        client = MessengerClient(server.url, "v25.0", SECRET)
        for way in (Way.REPLY, Way.HUMAN, Way.TEMPLATE):
            client.send(PAGE, TOKEN, PSID, HELLO, "out:1", way=way)
        with pytest.raises(SendError) as caught:
            client.send(PAGE, TOKEN, PSID, HELLO, "out:1", way=Way.PAID)
        client.close()

    rest = {"recipient": {"id": PSID}, "message": {**HELLO, "metadata": "out:1"}}
    assert heard == [
        {**rest, "messaging_type": "RESPONSE"},
        {**rest, "messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"},
        {**rest, "messaging_type": "UTILITY"},
    ]
    assert (caught.value.permanent, str(caught.value)) == (True, "Messenger has no paid messages")


@pytest.mark.parametrize(("way", "outcome"), [(Way.REPLY, (False, True)), (Way.HUMAN, (True, False))])
def test_a_right_that_only_a_tag_needs_does_not_stop_the_page(
    client: MessengerClient, graph: Graph, way: Way, outcome: tuple[bool, bool]
) -> None:
    graph.behave(Behaviour(Mode.REFUSING, refusal=Refused(10, "…")))

    with pytest.raises(SendError) as caught:
        client.send(PAGE, TOKEN, PSID, HELLO, "", way=way)

    assert caught.value.reason is Reason.RIGHTS
    assert (caught.value.permanent, caught.value.pauses) == outcome


def test_she_sees_that_it_is_read_and_that_we_write(client: MessengerClient, graph: Graph) -> None:
    client.sign(PAGE, TOKEN, PSID, "mark_seen")
    client.sign(PAGE, TOKEN, PSID, "typing_on")

    assert [(one.page_id, one.psid, one.name) for one in graph.actions] == [
        (PAGE, PSID, "mark_seen"),
        (PAGE, PSID, "typing_on"),
    ]
    assert graph.delivered == []


def test_a_picture_is_uploaded_once_and_shown_by_its_id(client: MessengerClient, graph: Graph) -> None:
    picture = b"\x89PNG\r\n\x1a\n--boundary\r\n\x00\xff"

    attachment_id = client.upload(PAGE, TOKEN, picture, "image/png", "tem.png")
    client.send(PAGE, TOKEN, PSID, codec.image_message(attachment_id), "out:1")

    saved = graph.book.saved[attachment_id]
    assert saved.upload is not None
    assert (saved.kind, saved.upload.name, saved.upload.content_type) == ("image", "tem.png", "image/png")
    assert saved.upload.content == picture
    assert graph.to(PSID) == [Shown(attachment=f"image {attachment_id}", metadata="out:1")]


def test_a_picture_that_is_too_large_is_refused_and_a_foreign_id_asks_for_another_upload(
    client: MessengerClient, graph: Graph
) -> None:
    with pytest.raises(SendError) as too_large:
        client.upload(PAGE, TOKEN, b"\0" * (8 * 1024 * 1024 + 1), "image/png", "tem.png")
    foreign = failure(client, codec.image_message("687799999980546"))

    assert (too_large.value.reason, too_large.value.permanent) == (Reason.MEDIA, True)
    assert (foreign.reason, foreign.permanent, foreign.waits) == (Reason.MEDIA, False, False)


def test_an_upload_without_an_id_is_no_upload() -> None:
    with Loopback(lambda request: Answer(200, {"attachment_id": None})) as server:
        client = MessengerClient(server.url, "v25.0", SECRET)
        with pytest.raises(SendError, match="Graph names no attachment"):
            client.upload(PAGE, TOKEN, b"x", "application/pdf", "a.pdf")
        client.close()


def test_a_name_is_what_facebook_tells_and_may_be_nothing(client: MessengerClient, graph: Graph) -> None:
    lan = graph.join(PAGE, "Lan", first_name="Lan", last_name="Hoàng Thị", profile_pic="https://cdn.example/l.jpg")
    phone, hidden = graph.join(PAGE, "Mến"), graph.join(PAGE, "Bích")
    graph.thread(PAGE, phone).by_phone_number = True

    assert client.profile(TOKEN, lan) == Profile("Lan", "Hoàng Thị")
    assert client.profile(TOKEN, phone) == Profile()
    assert client.profile(TOKEN, hidden) == Profile()
    with pytest.raises(SendError) as nobody:
        client.profile(TOKEN, "999")
    assert (nobody.value.reason, nobody.value.pauses) == (Reason.RIGHTS, False)


def test_the_thread_is_passed_to_the_inbox_and_taken_back(client: MessengerClient, graph: Graph) -> None:
    graph.default_app = graph.app_id
    client.pass_thread(PAGE, TOKEN, PSID, metadata="cần người")
    assert graph.thread(PAGE, PSID).owner == INBOX_APP
    held = failure(client)

    client.take_thread(PAGE, TOKEN, PSID)
    client.send(PAGE, TOKEN, PSID, HELLO, "out:1")
    client.release_thread(PAGE, TOKEN, PSID)

    assert (held.reason, held.waits, held.permanent) == (Reason.HELD, True, False)
    assert graph.thread(PAGE, PSID).owner == ""
    assert len(graph.to(PSID)) == 1


def test_only_the_default_app_takes_a_thread_and_the_page_goes_on(client: MessengerClient, graph: Graph) -> None:
    graph.hold(PAGE, PSID, INBOX_APP)

    with pytest.raises(SendError) as caught:
        client.take_thread(PAGE, TOKEN, PSID)

    assert (caught.value.reason, caught.value.permanent, caught.value.pauses) == (Reason.RIGHTS, True, False)


def test_no_token_is_ever_logged_or_shown_in_a_traceback(
    client: MessengerClient, graph: Graph, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client.send(PAGE, TOKEN, PSID, HELLO, "")
    graph.behave(Behaviour(Mode.SILENCE, seconds=30), times=1)

    error = failure(client)

    assert str(error) == "ReadTimeout"
    assert TOKEN not in "".join(traceback.format_exception(error)) + caplog.text
