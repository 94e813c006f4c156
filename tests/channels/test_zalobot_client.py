"""Sending to a stand-in for Zalo's bot platform over real connections, well and ill."""

import json
import logging
import socket
import threading
import traceback
from collections.abc import Iterator, Mapping

import pytest

from bot.reply import Bubble, Button, Reason, SendError
from handlers.calling import Caller
from handlers.channels.zalobot import codec
from handlers.channels.zalobot.client import Bot, ZaloBotClient
from tests.simulators.server import Answer, Loopback, Request
from tests.simulators.zalo_clock import Clock
from tests.simulators.zalo_faults import Behaviour, Mode
from tests.simulators.zalobot import MAX_A_MONTH, BotPhone, Shown, ZaloBot

BOT_ID, TOKEN, CHAT = "1459232241454765289", "1459232241454765289:bi-mat_Kx", "6ede9afa66b88fe6d6a9"
HELLO = {"text": "Chào bác"}
PICTURE = "https://htx.example/cam.jpg"
HOOK, SECRET = "http://127.0.0.1:9/webhooks/zalobot", "bi-mat-cua-bot"


@pytest.fixture(params=[False, True], ids=["by status", "all in 200"])
def platform(request: pytest.FixtureRequest) -> Iterator[ZaloBot]:
    """With one bot, to which one person has written. A refusal has its number as HTTP status, or only in the body."""
    with ZaloBot(clock=Clock(), errors_in_200=request.param) as platform:
        her(platform).type("alo")
        yield platform


def her(platform: ZaloBot) -> BotPhone:
    return platform.phone(platform.bot(TOKEN), "Mến", CHAT)


@pytest.fixture
def caller() -> Iterator[Caller]:
    caller = Caller(timeouts=(1.0, 0.3))
    yield caller
    caller.close()


@pytest.fixture
def client(platform: ZaloBot, caller: Caller) -> ZaloBotClient:
    return ZaloBotClient(platform.url, caller)


def failure(
    client: ZaloBotClient, message: Mapping[str, object] = HELLO, token: str = TOKEN, to: str = CHAT
) -> SendError:
    with pytest.raises(SendError) as caught:
        client.send(token, to, message)
    return caught.value


def fate(error: SendError) -> tuple[Reason, set[str]]:
    """Its reason, and which of its marks are set."""
    marks = ("permanent", "waits", "unknown", "whole_account", "pauses")
    return error.reason, {mark for mark in marks if getattr(error, mark)}


def test_a_bubble_arrives_as_words_with_numbers(client: ZaloBotClient, platform: ZaloBot) -> None:
    bubble = Bubble("Đúng chưa ạ?", (Button("q1.1", "Đúng"), Button("q1.2", "Sửa")))

    for message in codec.render(bubble):
        client.send(TOKEN, CHAT, message)

    assert platform.to(CHAT) == [Shown("Đúng chưa ạ?\n1. Đúng\n2. Sửa")]


def test_a_picture_arrives_with_its_words(client: ZaloBotClient, platform: ZaloBot) -> None:
    for message in codec.render(Bubble("Cam sành", image=PICTURE)):
        client.send(TOKEN, CHAT, message)

    assert platform.to(CHAT) == [Shown("Cam sành", "photo", PICTURE)]


def test_words_go_alone_where_their_picture_is_refused(client: ZaloBotClient, platform: ZaloBot) -> None:
    refused = {"photo": "ftp://htx.example/cam.jpg", "caption": "Cam sành"}

    client.send(TOKEN, CHAT, refused)
    error = failure(client, {"photo": refused["photo"]})

    assert platform.to(CHAT) == [Shown("Cam sành")]
    assert (*fate(error), str(error)) == (Reason.MEDIA, {"permanent"}, "media: shape 400")


def test_a_picture_for_somebody_who_left_is_not_tried_as_words(client: ZaloBotClient, platform: ZaloBot) -> None:
    error = failure(client, {"photo": PICTURE, "caption": "Cam sành"}, to="nobody")

    assert error.reason is Reason.GONE
    assert sum(platform.plans.calls.values()) == 1


def test_a_dead_token_pauses_the_account(client: ZaloBotClient, platform: ZaloBot) -> None:
    error = failure(client, token="1459232241454765289:other")

    assert (*fate(error), str(error)) == (Reason.TOKEN, {"whole_account", "pauses"}, "token 401")


def test_a_stranger_waits_until_she_writes_and_a_wrong_message_never_goes(client: ZaloBotClient) -> None:
    stranger, too_long = failure(client, to="nobody"), failure(client, {"text": "a" * 2001})

    assert (*fate(stranger), str(stranger)) == (Reason.GONE, {"waits"}, "gone 403")
    assert (*fate(too_long), str(too_long)) == (Reason.SHAPE, {"permanent"}, "shape 400")


def test_after_the_months_last_message_nothing_of_the_account_goes(client: ZaloBotClient, platform: ZaloBot) -> None:
    platform.bot(TOKEN).sent_in["2026-11"] = MAX_A_MONTH

    error = failure(client)

    assert (*fate(error), str(error)) == (Reason.QUOTA, {"whole_account"}, "quota 429")
    assert platform.to(CHAT) == []


@pytest.mark.parametrize(
    ("behaviour", "reason", "arrived"),
    [
        (Behaviour(Mode.BAD_GATEWAY), Reason.UNREACHABLE, 0),
        (Behaviour(Mode.ERROR), Reason.UNREACHABLE, 0),
        (Behaviour(Mode.RESET), Reason.UNREACHABLE, 0),
        (Behaviour(Mode.SILENCE, seconds=30), Reason.UNREACHABLE, 0),
        (Behaviour(Mode.LATE, seconds=30), Reason.UNREACHABLE, 1),
        (Behaviour(Mode.LOST), Reason.UNREACHABLE, 1),
        (Behaviour(Mode.HALF), Reason.UNREACHABLE, 1),
        (Behaviour(Mode.TRUNCATED), Reason.UNREACHABLE, 1),
        (Behaviour(Mode.EMPTY), Reason.UNREACHABLE, 1),
    ],
    ids=lambda value: value.mode.value if isinstance(value, Behaviour) else None,
)
def test_without_a_whole_answer_nobody_knows_whether_it_arrived(
    client: ZaloBotClient, platform: ZaloBot, behaviour: Behaviour, reason: Reason, arrived: int
) -> None:
    platform.behave(behaviour, times=1)

    error = failure(client)

    assert fate(error) == (reason, {"unknown"})
    assert len(platform.to(CHAT)) == arrived
    client.send(TOKEN, CHAT, HELLO)
    assert len(platform.to(CHAT)) == arrived + 1


def test_a_slow_answer_is_still_an_answer(client: ZaloBotClient, platform: ZaloBot) -> None:
    platform.behave(Behaviour(Mode.SLOW, seconds=0.05))

    client.send(TOKEN, CHAT, HELLO)

    assert len(platform.to(CHAT)) == 1


def test_where_nobody_listens_nothing_has_arrived(caller: Caller) -> None:
    with socket.socket() as taken:  # bound and not listening: every connection is refused
        taken.bind(("127.0.0.1", 0))
        error = failure(ZaloBotClient(f"http://127.0.0.1:{taken.getsockname()[1]}", caller))

    assert (*fate(error), str(error)) == (Reason.UNREACHABLE, set(), "ConnectionError")


def no(code: object, description: object = "…") -> dict[str, object]:
    return {"ok": False, "error_code": code, "description": description}


@pytest.mark.parametrize(
    ("answer", "reason", "marks", "wait"),
    [
        (Answer(429, no(429)), Reason.THROTTLED, {"whole_account"}, None),
        (Answer(429, no(429), {"Retry-After": "7"}), Reason.THROTTLED, {"whole_account"}, 7.0),
        (Answer(429, no(429, "Quota exceeded"), {"Retry-After": "7"}), Reason.THROTTLED, {"whole_account"}, 7.0),
        (Answer(429, no(429, "Quota exceeded")), Reason.QUOTA, {"whole_account"}, None),
        (Answer(429, no(429, "QUOTA"), {"Retry-After": "-1"}), Reason.QUOTA, {"whole_account"}, None),
        (Answer(429, no(429, None)), Reason.THROTTLED, {"whole_account"}, None),
        (Answer(200, no("429")), Reason.THROTTLED, {"whole_account"}, None),
        (Answer(404, no(404)), Reason.STRANGER, {"waits"}, None),
        (Answer(408, no(408)), Reason.LATER, {"unknown"}, None),
        (Answer(500, no(500)), Reason.LATER, {"unknown"}, None),
        (Answer(503, no(503), {"Retry-After": "30"}), Reason.LATER, {"unknown"}, 30.0),
        (Answer(500, no(None)), Reason.LATER, {"unknown"}, None),
        (Answer(200, no(0)), Reason.SHAPE, {"permanent"}, None),
        (Answer(200, no(-14)), Reason.SHAPE, {"permanent"}, None),
        (Answer(426, no(426)), Reason.SHAPE, {"permanent"}, None),
        (Answer(401, b"<html>"), Reason.TOKEN, {"whole_account", "pauses"}, None),
        (Answer(403, b"<html>"), Reason.UNREACHABLE, {"unknown"}, None),
        (Answer(404, b""), Reason.UNREACHABLE, {"unknown"}, None),
        (Answer(200, b"[]"), Reason.UNREACHABLE, {"unknown"}, None),
        (Answer(200, b'{"result":{}}'), Reason.UNREACHABLE, {"unknown"}, None),
        (Answer(200, b"[" * 100_000), Reason.UNREACHABLE, {"unknown"}, None),
        (Answer(200, b'"\xe0"'), Reason.UNREACHABLE, {"unknown"}, None),
        (Answer(302, {"ok": True}, {"Location": "/elsewhere"}), Reason.UNREACHABLE, {"unknown"}, None),
        (Answer(500, {"ok": True}), Reason.UNREACHABLE, {"unknown"}, None),
    ],
)
def test_the_number_in_the_answer_decides_what_happens(
    caller: Caller, answer: Answer, reason: Reason, marks: set[str], wait: float | None
) -> None:
    with Loopback(lambda _request: answer) as server:
        error = failure(ZaloBotClient(server.url, caller))

    assert (*fate(error), error.retry_after) == (reason, marks, wait)


def test_every_call_is_json_under_the_token_and_its_method(caller: Caller) -> None:
    seen: list[tuple[str, str, str, object]] = []

    def answer(request: Request) -> Answer:
        seen.append((request.method, request.path, request.headers["content-type"], json.loads(request.body)))
        return Answer(body={"ok": True, "result": {"id": BOT_ID, "url": HOOK}})

    with Loopback(answer) as server:
        client = ZaloBotClient(f"{server.url}/", caller)
        client.send(TOKEN, CHAT, HELLO)
        client.send("a/b?c", CHAT, {"photo": PICTURE, "caption": "x"})
        client.get_me(TOKEN)
        client.set_webhook(TOKEN, HOOK, SECRET)
        client.webhook_info(TOKEN)

    kind = "application/json"
    assert seen == [
        ("POST", f"/bot{TOKEN}/sendMessage", kind, {"chat_id": CHAT, "text": "Chào bác"}),
        ("POST", "/bota%2Fb%3Fc/sendPhoto", kind, {"chat_id": CHAT, "photo": PICTURE, "caption": "x"}),
        ("POST", f"/bot{TOKEN}/getMe", kind, {}),
        ("POST", f"/bot{TOKEN}/setWebhook", kind, {"url": HOOK, "secret_token": SECRET}),
        ("POST", f"/bot{TOKEN}/getWebhookInfo", kind, {}),
    ]


def test_a_token_says_who_it_speaks_for(client: ZaloBotClient) -> None:
    assert client.get_me(TOKEN) == Bot(BOT_ID, "Bot Chợ Phiên")
    with pytest.raises(SendError, match="token 401"):
        client.get_me("other")


def test_a_webhook_is_none_until_it_is_set(client: ZaloBotClient, platform: ZaloBot) -> None:
    assert client.webhook_info(TOKEN) == ""

    client.set_webhook(TOKEN, HOOK, SECRET)

    assert client.webhook_info(TOKEN) == HOOK
    assert (platform.bot(TOKEN).webhook, platform.bot(TOKEN).secret) == (HOOK, SECRET)


def test_a_webhook_with_too_short_a_secret_is_refused(client: ZaloBotClient) -> None:
    with pytest.raises(SendError) as caught:
        client.set_webhook(TOKEN, HOOK, "ngắn")

    assert (caught.value.reason, caught.value.permanent) == (Reason.SHAPE, True)


@pytest.mark.parametrize("result", [None, [], {}, {"id": {}}])
def test_an_identity_of_another_shape_is_an_error(caller: Caller, result: object) -> None:
    with (
        Loopback(lambda _request: Answer(body={"ok": True, "result": result})) as server,
        pytest.raises(SendError, match="another shape") as caught,
    ):
        ZaloBotClient(server.url, caller).get_me(TOKEN)

    assert fate(caught.value) == (Reason.UNREACHABLE, set())


def test_an_answer_with_a_broken_header_does_not_bring_the_token_into_the_log(
    caller: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)
        answering = threading.Thread(target=answer_badly, args=(server,))
        answering.start()
        error = failure(ZaloBotClient(f"http://127.0.0.1:{server.getsockname()[1]}", caller))
        answering.join()

    assert fate(error) == (Reason.UNREACHABLE, {"unknown"})
    assert "bi-mat" not in "".join(traceback.format_exception(error)) + caplog.text


def answer_badly(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n: nameless\r\nno header\r\nContent-Length: 2\r\n\r\n{}")


@pytest.mark.parametrize(
    "behaviour", [Behaviour(Mode.SILENCE, seconds=30), Behaviour(Mode.BAD_GATEWAY), Behaviour(Mode.RESET)]
)
def test_no_token_is_ever_logged_or_shown_in_a_traceback(
    client: ZaloBotClient, platform: ZaloBot, caplog: pytest.LogCaptureFixture, behaviour: Behaviour
) -> None:
    caplog.set_level(logging.DEBUG)
    client.send(TOKEN, CHAT, HELLO)
    platform.behave(behaviour, times=1)

    errors = [failure(client), failure(client, to="nobody"), failure(client, {"photo": "x"})]

    shown = "".join("".join(traceback.format_exception(error)) for error in errors) + caplog.text
    assert TOKEN not in shown
    assert "bi-mat" not in shown
