"""The stand-in for Zalo's Bot platform."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.simulators.server import Answer
from tests.simulators.zalo_caller import Hook
from tests.simulators.zalo_clock import Clock, milliseconds
from tests.simulators.zalo_errors import Refused
from tests.simulators.zalo_faults import Behaviour, Mode
from tests.simulators.zalobot import BotPhone, Shown, ZaloBot

TOKEN, SECRET = "123456:fake-token", "webhook-secret"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def platform(clock: Clock) -> Iterator[ZaloBot]:
    with ZaloBot(clock=clock) as platform:
        yield platform


@pytest.fixture
def ha(platform: ZaloBot) -> BotPhone:
    """She has just written."""
    phone = platform.phone(platform.bot(TOKEN), "Hà", "6ede9afa66b88fe6d6a9")
    phone.type("chào")
    return phone


def call(platform: ZaloBot, method: str, token: str = TOKEN, **params: object) -> dict[str, Any]:
    answer = requests.post(f"{platform.url}/bot{token}/{method}", json=params, timeout=10)
    body: dict[str, Any] = answer.json()
    assert answer.status_code == body.get("error_code", 200)
    assert body["ok"] is ("error_code" not in body)
    return body


def code(body: dict[str, Any]) -> int:
    found: int = body.get("error_code", 200)
    return found


def test_a_bot_knows_itself_by_its_token(platform: ZaloBot) -> None:
    platform.bot(TOKEN)

    assert call(platform, "getMe")["result"]["account_name"] == "Bot Chợ Phiên"
    assert requests.get(f"{platform.url}/bot{TOKEN}/getMe", timeout=10).json()["ok"] is True
    wrong = {"ok": False, "description": "Unauthorized", "error_code": 401}
    assert call(platform, "getMe", token="123456:other") == wrong
    assert code(call(platform, "getMoney")) == 404


def test_a_message_arrives(platform: ZaloBot, ha: BotPhone, clock: Clock) -> None:
    body = call(platform, "sendMessage", chat_id=ha.chat_id, text="Chào chị")

    message_id = platform.delivered[0].message_id
    assert body["result"] == {"message_id": message_id, "date": int(milliseconds(clock()))}
    assert ha.bubbles == platform.wait_for(ha.chat_id, 1) == [Shown("Chào chị")]


@pytest.mark.parametrize(("text", "wanted"), [("", 400), ("a", 200), ("ổ" * 2000, 200), ("a" * 2001, 400), (5, 400)])
def test_a_text_has_1_to_2000_characters(platform: ZaloBot, ha: BotPhone, text: object, wanted: int) -> None:
    assert code(call(platform, "sendMessage", chat_id=ha.chat_id, text=text)) == wanted
    assert len(ha.bubbles) == (wanted == 200)


def test_photos_stickers_voices_and_typing(platform: ZaloBot, ha: BotPhone) -> None:
    chat = {"chat_id": ha.chat_id}
    photo, voice = "https://chophien.example/oi.jpg", "https://chophien.example/1.amr"
    call(platform, "sendPhoto", **chat, photo=photo, caption="Ổi")
    call(platform, "sendSticker", **chat, sticker="bfe458")
    call(platform, "sendVoice", **chat, voice_url=voice)
    assert call(platform, "sendChatAction", **chat, action="typing")["result"] is True

    assert ha.bubbles == [Shown("Ổi", "photo", photo), Shown("", "sticker", "bfe458"), Shown("", "voice", voice)]
    assert platform.bot(TOKEN).typing == [ha.chat_id]
    assert code(call(platform, "sendPhoto", **chat, photo="oi.jpg")) == 400
    assert code(call(platform, "sendChatAction", **chat, action="dancing")) == 400
    assert code(call(platform, "sendMessage", **chat, text="a", parse_mode="latex")) == 400


def test_nobody_is_written_to_first(platform: ZaloBot, ha: BotPhone) -> None:
    assert code(call(platform, "sendMessage", chat_id="stranger", text="a")) == 403


def test_updates_come_one_at_a_time_and_once(platform: ZaloBot, ha: BotPhone, clock: Clock) -> None:
    ha.type("2 kg ổi")

    first, second = call(platform, "getUpdates", timeout=1), call(platform, "getUpdates", timeout=1)

    assert first["result"] == {
        "message": {
            "from": {"id": ha.chat_id, "display_name": "Hà", "is_bot": False},
            "chat": {"id": ha.chat_id, "chat_type": "PRIVATE"},
            "text": "chào",
            "message_id": first["result"]["message"]["message_id"],
            "date": int(milliseconds(clock())),
        },
        "event_name": "message.text.received",
    }
    assert second["result"]["message"]["text"] == "2 kg ổi"
    assert code(call(platform, "getUpdates", timeout=0)) == 408


def polling(platform: ZaloBot, polls: int) -> None:
    """Wait until that many calls have begun to wait."""
    bot = platform.bot(TOKEN)
    with platform.changed:
        assert platform.changed.wait_for(lambda: bot.polls >= polls, 5)


def test_a_long_poll_ends_when_somebody_writes(platform: ZaloBot, ha: BotPhone) -> None:
    call(platform, "getUpdates", timeout=0)
    answers: list[dict[str, Any]] = []
    poll = threading.Thread(target=lambda: answers.append(call(platform, "getUpdates", timeout=9)))
    poll.start()
    polling(platform, 2)
    ha.type("có ai không")
    poll.join(5)

    assert answers[0]["result"]["message"]["text"] == "có ai không"


def test_stopping_ends_a_long_poll(clock: Clock) -> None:
    with ZaloBot(clock=clock) as platform:
        platform.bot(TOKEN)
        poll = threading.Thread(target=poll_status, args=(platform,))
        poll.start()
        polling(platform, 1)
    poll.join(5)

    assert not poll.is_alive()


def poll_status(platform: ZaloBot) -> int:
    try:
        return requests.get(f"{platform.url}/bot{TOKEN}/getUpdates?timeout=60", timeout=10).status_code
    except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):  # cut before or inside the answer
        return 0


@pytest.mark.parametrize("bare", [False, True])
def test_deliveries_carry_the_secret_in_both_shapes(platform: ZaloBot, ha: BotPhone, bare: bool) -> None:
    ha.bot.bare = bare
    with Hook() as hook:
        assert code(call(platform, "setWebhook", url=hook.url, secret_token=SECRET)) == 200
        assert ha.type("mua", times=2) == 200

        body = json.loads(hook.requests[0].body)
        assert hook.requests[0].headers["x-bot-api-secret-token"] == SECRET
        assert sorted(body) == (["event_name", "message"] if bare else ["ok", "result"])
        assert (body if bare else body["result"])["event_name"] == "message.text.received"
        assert hook.requests[0].body == hook.requests[1].body


def test_a_webhook_and_polling_exclude_each_other(platform: ZaloBot, ha: BotPhone) -> None:
    assert code(call(platform, "getWebhookInfo")) == 404
    with Hook(lambda request: Answer(500)) as hook:
        call(platform, "setWebhook", url=hook.url, secret_token=SECRET)
        assert call(platform, "getWebhookInfo")["result"]["url"] == hook.url
        assert code(call(platform, "getUpdates", timeout=0)) == 400
        assert ha.type("mua") == 500
    assert ha.type("mua") is None
    call(platform, "deleteWebhook")

    assert code(call(platform, "getWebhookInfo")) == 404
    assert call(platform, "getUpdates", timeout=0)["result"]["message"]["text"] == "chào"


@pytest.mark.parametrize(
    "params",
    [
        {"url": "https://x.example", "secret_token": "a" * 7},
        {"url": "https://x.example", "secret_token": "a" * 257},
        {"url": "https://x.example"},
        {"url": "x.example", "secret_token": SECRET},
    ],
)
def test_a_webhook_needs_an_address_and_a_secret_of_8_to_256(platform: ZaloBot, params: dict[str, str]) -> None:
    platform.bot(TOKEN)

    assert code(call(platform, "setWebhook", **params)) == 400


def test_what_people_send(platform: ZaloBot, ha: BotPhone) -> None:
    ha.send_photo("https://photo.zdn.vn/1.jpg", "ổi")
    ha.send_photo("https://photo.zdn.vn/1.jpg", field="photo_url")
    ha.send_sticker("bfe458", "https://zadn.vn/s.png")
    ha.send_voice("https://voice.zdn.vn/1.amr")
    ha.send_contact()
    ha.send_contact(bare=True)

    seen = [call(platform, "getUpdates", timeout=0)["result"] for _ in range(7)]
    names = [one["event_name"].split(".")[1] for one in seen]
    assert names == ["text", "image", "image", "sticker", "voice", "unsupported", "unsupported"]
    content = ({"from", "chat", "message_id", "date"}, [set(one.get("message", {})) for one in seen])
    assert [found - content[0] for found in content[1]] == [
        {"text"},
        {"photo", "caption"},
        {"photo_url", "caption"},
        {"sticker", "url"},
        {"voice_url"},
        set(),
        set(),
    ]
    assert "message" not in seen[-1]


def test_a_protected_account_arrives_without_content(platform: ZaloBot) -> None:
    platform.phone(platform.bot(TOKEN), "Bé", "c1", protected=True).type("chào")

    update = call(platform, "getUpdates", timeout=0)["result"]
    assert update["event_name"] == "message.unsupported.received"
    assert "text" not in update["message"]


def test_the_fifty_first_person_is_not_let_in(platform: ZaloBot, ha: BotPhone) -> None:
    people = [platform.phone(ha.bot, str(number), f"c{number}") for number in range(50)]
    for phone in people:
        phone.type("chào")

    assert len(ha.bot.updates) == 50
    assert code(call(platform, "sendMessage", chat_id="c48", text="a")) == 200
    assert code(call(platform, "sendMessage", chat_id="c49", text="a")) == 403


def test_after_three_thousand_messages_the_month_is_over(platform: ZaloBot, ha: BotPhone, clock: Clock) -> None:
    ha.bot.sent_in["2026-11"] = 2999

    codes = [code(call(platform, "sendMessage", chat_id=ha.chat_id, text="a")) for _ in range(2)]
    clock.advance(days=10)
    codes.append(code(call(platform, "sendMessage", chat_id=ha.chat_id, text="a")))

    assert codes == [200, 429, 200]


def test_refusals_can_come_in_200(clock: Clock) -> None:
    with ZaloBot(clock=clock, errors_in_200=True) as platform:
        answer = requests.get(f"{platform.url}/botnone/getMe", timeout=10)

    assert (answer.status_code, answer.json()["error_code"]) == (200, 401)


def test_a_bot_platform_falls_ill_like_the_other(platform: ZaloBot, ha: BotPhone) -> None:
    platform.behave(Mode.LOST, times=1)
    with pytest.raises(requests.ConnectionError):
        call(platform, "sendMessage", chat_id=ha.chat_id, text="a")
    platform.behave(Behaviour(Mode.REFUSING, refusal=Refused(429, "Too Many Requests")), times=1)
    refused = call(platform, "sendMessage", chat_id=ha.chat_id, text="b")

    assert refused == {"ok": False, "description": "Too Many Requests", "error_code": 429}
    assert ha.bubbles == [Shown("a")]


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff"])
def test_a_body_that_is_not_an_object_is_400(platform: ZaloBot, ha: BotPhone, body: bytes) -> None:
    answer = requests.post(f"{platform.url}/bot{TOKEN}/sendMessage", data=body, timeout=10)

    assert (answer.status_code, answer.json()["error_code"]) == (400, 400)
