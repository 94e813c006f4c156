"""The page for people: what it shows and what its buttons do."""

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import IO, Any

import pytest
import requests

from tests.simulators.zalo import Zalo
from tests.simulators.zalo_caller import APP_ID, COOP, OA_SECRET, Caller, Hook
from tests.simulators.zalo_clock import Clock
from tests.simulators.zalo_hand import Hand
from tests.simulators.zalo_world import App, Oa


@pytest.fixture
def zalo() -> Iterator[Zalo]:
    hand = Hand(("Hà", "Bác Y Wang"))
    oas = [Oa(COOP, APP_ID, OA_SECRET)]
    with Zalo(apps=[App(APP_ID, "s")], oas=oas, clock=Clock(), extra=hand.answer) as zalo:
        hand.zalo = zalo
        yield zalo


def act(zalo: Zalo, name: str, words: str = "", **more: object) -> requests.Response:
    order = {"oa_id": COOP, "name": "Hà", "act": name, "words": words, **more}
    return requests.post(f"{zalo.url}/by-hand/act", json=order, timeout=10)


def chats(zalo: Zalo) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = requests.get(f"{zalo.url}/by-hand/state", timeout=10).json()["chats"]
    return found


def test_the_page_is_served_at_the_root(zalo: Zalo) -> None:
    answer = requests.get(zalo.url, timeout=10)

    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.text.startswith("<!doctype html>")


def test_what_is_done_on_the_page_reaches_the_webhook(zalo: Zalo) -> None:
    with Hook() as hook, requests.Session() as session:
        zalo.save_webhook(APP_ID, hook.url)
        caller = Caller(zalo.url, zalo.grant(COOP).access_token, session)
        assert act(zalo, "follow").json() == {"status": 200}
        act(zalo, "type", "chào")
        chat = chats(zalo)[0]
        payload = {"buttons": [{"title": "Mua", "type": "oa.query.show", "payload": "mua"}]}
        attachment = {"type": "template", "payload": payload}
        caller.say(chat["user_id"], {"text": "Chọn ạ", "attachment": attachment})
        zalo.settle()
        act(zalo, "tap", "Mua", bubble=0)
        act(zalo, "officer", "Em đây")
        for name in ("sticker", "voice", "location", "read", "chat", "withdraw", "unfollow", "block", "enable"):
            assert act(zalo, name).status_code == 200

        names = "follow user_send_text oa_send_text user_send_text oa_send_text user_send_sticker user_send_audio"
        assert hook.names[:7] == names.split()
        assert hook.names[7:] == ["user_send_location", "user_seen_message", "user_withdraw", "unfollow"]

    lines = chats(zalo)[0]["lines"]
    assert [(line["mine"], line["officer"], line["text"]) for line in lines[:4]] == [
        (True, False, "chào"),
        (False, False, "Chọn ạ"),
        (True, False, "mua"),
        (False, True, "Em đây"),
    ]
    assert lines[1]["bubble"]["buttons"] == [{"title": "Mua", "type": "oa.query.show", "payload": "mua"}]
    assert (chats(zalo)[0]["following"], chats(zalo)[0]["blocked"], len(chats(zalo))) == (False, True, 2)


def test_an_act_that_nobody_knows_is_404(zalo: Zalo) -> None:
    assert act(zalo, "fly").status_code == 404


def test_the_program_starts_says_what_to_set_and_ends_at_a_signal() -> None:
    command = [sys.executable, "-m", "tests.simulators.zalo", "--port", "0"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as program:
        assert program.stdout is not None
        lines = first_lines(program.stdout, 8)
        settings = dict(line.split("=", 1) for line in lines[1:])
        url = settings["ZALO_API_URL"]
        headers = {"access_token": settings["ZALO_ACCESS_TOKEN"]}
        answer = requests.get(f"{url}/v2.0/oa/getoa", headers=headers, timeout=10).json()
        program.send_signal(signal.SIGTERM)
        code = program.wait(10)

    assert (answer["data"]["oaid"], settings["ZALO_OAUTH_URL"], code) == (settings["ZALO_OA_ID"], url, 0)


def first_lines(stream: IO[str], count: int) -> list[str]:
    """Raises queue.Empty if a line does not come in twenty seconds."""
    lines: queue.Queue[str] = queue.Queue()

    def read() -> None:
        for _ in range(count):
            lines.put(stream.readline().strip())

    threading.Thread(target=read, daemon=True).start()
    return [lines.get(timeout=20) for _ in range(count)]
