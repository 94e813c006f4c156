import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy.exc import OperationalError

from bot.outbox import Outgoing
from bot.reply import Bubble, Button
from handlers.channels.web.stream import Pace, Streams
from tests.channels.web_shop import QUICK, Shop

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    yield shop
    shop.database.close()


class Browser:
    """One visitor, with her cookie; opens streams as EventSource does."""

    def __init__(self, home: str) -> None:
        self.home = home
        self.cookies: dict[str, str] = {}
        self.say({"ack": 0})

    def say(self, body: dict[str, Any]) -> requests.Response:
        response = requests.post(f"{self.home}/chat/messages", json=body, cookies=self.cookies, timeout=10)
        self.cookies |= response.cookies.get_dict()
        return response

    @contextmanager
    def stream(self, query: str = "", last: int | None = None) -> Iterator[Iterator[tuple[str, str]]]:
        """The stream's fields as (name, value), comments under the empty name."""
        headers = {} if last is None else {"Last-Event-ID": str(last)}
        with requests.get(
            f"{self.home}/chat/stream{query}", cookies=self.cookies, headers=headers, stream=True, timeout=10
        ) as response:
            assert response.status_code == 200
            assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
            yield fields(response)


def fields(response: requests.Response) -> Iterator[tuple[str, str]]:
    for line in response.iter_lines(chunk_size=1):
        if line:
            name, _, value = line.decode().partition(":")
            yield name, value.removeprefix(" ")


def replies(stream: Iterator[tuple[str, str]], count: int) -> list[tuple[int, str]]:
    """The next so many replies as (outbox id, text)."""
    found: list[tuple[int, str]] = []
    while len(found) < count:
        name, value = next(stream)
        if name == "id":
            number = int(value)
        if name == "data":
            found.append((number, json.loads(value)["text"]))
    return found


def soon(claim: Callable[[], bool]) -> bool:
    for _ in range(200):
        if claim():
            return True
        time.sleep(0.02)
    return False


def test_what_waits_comes_first_and_then_what_is_said(shop: Shop) -> None:
    with shop.served() as home:
        ana = Browser(home)
        first = shop.reply("visitor-1", Bubble("Chào chị\nEm đây.", (Button("q1.1", "Đúng"),)))
        shop.reply("visitor-2", Bubble("của người khác"))
        with ana.stream() as stream:
            assert [next(stream) for _ in range(3)] == [
                ("retry", "500"),
                ("id", str(first)),
                ("data", '{"text": "Chào chị\\nEm đây.", "choices": [{"id": "q1.1", "title": "Đúng"}]}'),
            ]
            second = shop.reply("visitor-1", Bubble("hai"))
            assert replies(stream, 1) == [(second, "hai")]
    assert shop.sent() == []


def test_a_reply_that_the_browser_never_confirmed_comes_again(shop: Shop) -> None:
    with shop.served() as home:
        ana = Browser(home)
        only = shop.reply("visitor-1", Bubble("một"))
        for _ in range(2):
            with ana.stream() as stream:
                assert replies(stream, 1) == [(only, "một")]
        ana.say({"ack": only})
        later = shop.reply("visitor-1", Bubble("hai"))
        with ana.stream() as stream:
            assert replies(stream, 1) == [(later, "hai")]


@pytest.mark.parametrize("by_header", [True, False])
def test_a_stream_goes_on_after_the_last_reply_that_she_has(shop: Shop, by_header: bool) -> None:
    with shop.served() as home:
        ana = Browser(home)
        numbers = [shop.reply("visitor-1", Bubble(text)) for text in ("một", "hai", "ba")]
        query, last = ("?last=1", numbers[1]) if by_header else (f"?last={numbers[1]}", None)
        with ana.stream(query, last) as stream:
            assert replies(stream, 1) == [(numbers[2], "ba")]
    assert shop.sent() == numbers[:2]


@pytest.mark.parametrize("last", ["x", "-1", "٣", "9" * 40, "1_0"])
def test_a_last_id_that_is_none_is_no_id(shop: Shop, last: str) -> None:
    with shop.served() as home:
        ana = Browser(home)
        only = shop.reply("visitor-1", Bubble("một"))
        with ana.stream(f"?last={last}") as stream:
            assert replies(stream, 1) == [(only, "một")]
    assert shop.sent() == []


def test_the_demo_producer_hears_only_what_is_said_to_the_producer(shop: Shop) -> None:
    with shop.served() as home:
        ana = Browser(home)
        shop.reply("visitor-1", Bubble("cho khách"))
        news = shop.reply("visitor-1.p", Bubble("cho nhà vườn"))
        with ana.stream("?as=producer&once=1") as stream:
            assert list(stream) == [("retry", "2000"), ("id", str(news)), ("data", ANY_PRODUCER)]


ANY_PRODUCER = '{"text": "cho nhà vườn", "choices": []}'


def test_beyond_the_bound_a_stream_is_a_poll(shop: Shop) -> None:
    with shop.served() as home:
        ana = Browser(home)
        only = shop.reply("visitor-1", Bubble("một"))
        with ana.stream() as one, ana.stream() as two, ana.stream() as three:
            assert [next(stream) for stream in (one, two, three)] == [("retry", "500")] * 3
            with ana.stream() as fourth:
                assert list(fourth) == [
                    ("retry", "2000"),
                    ("id", str(only)),
                    ("data", '{"text": "một", "choices": []}'),
                ]


def test_a_browser_that_left_gives_its_place_back(shop: Shop) -> None:
    def stays() -> bool:
        with ana.stream() as stream:
            return next(stream) == ("retry", "500")

    with shop.served() as home:
        ana = Browser(home)
        for _ in range(QUICK.max_streams):
            assert soon(stays)
        assert soon(stays)


def test_a_stream_ends_by_itself_with_signs_of_life_before(tmp_path: Path) -> None:
    shop = Shop(tmp_path, pace=replace(QUICK, lifetime=0.5, heartbeat=0.1, look_again=0.05))
    with shop.served() as home, Browser(home).stream() as stream:
        told = list(stream)
    assert told[0] == ("retry", "500")
    assert set(told[1:]) == {("", "here")}
    shop.database.close()


def reply(number: int) -> Outgoing:
    return Outgoing(number, 1, "web", "ana", 1, 1, Bubble(str(number)), NOW)


def ids(events: Iterator[str], count: int) -> list[int]:
    """Ids of the next so many replies."""
    found: list[int] = []
    while len(found) < count:
        event = next(events)
        if event.startswith("id: "):
            found.append(int(event.split("\n")[0].removeprefix("id: ")))
    return found


def test_a_reply_with_a_lower_id_that_was_committed_later_is_shown_once() -> None:
    table = [reply(6)]
    events = Streams(lambda: 6, Pace(look_again=0.01)).follow(lambda: list(table), stay=True)
    assert ids(events, 1) == [6]
    table.insert(0, reply(5))
    assert ids(events, 1) == [5]
    table.append(reply(7))
    assert ids(events, 1) == [7]
    events.close()  # type: ignore[attr-defined]


def test_a_stream_stays_while_the_database_is_gone() -> None:
    gone = [True, True]

    def read() -> list[Outgoing]:
        if gone:
            gone.pop()
            raise OperationalError("SELECT", {}, Exception("gone"))
        return [reply(1)]

    def newest() -> int:
        raise OperationalError("SELECT", {}, Exception("gone"))

    events = Streams(newest, Pace(look_again=0.01)).follow(read, stay=True)
    assert ids(events, 1) == [1]
    assert gone == []
    events.close()  # type: ignore[attr-defined]


def test_nobody_watches_the_outbox_when_nobody_listens() -> None:
    def watchers() -> int:
        return sum(thread.name == "web-chat-watcher" for thread in threading.enumerate())

    assert soon(lambda: watchers() == 0)
    streams = Streams(lambda: 0, Pace(watch=0.01, look_again=0.01))
    for _ in range(2):
        both = [streams.follow(list, stay=True) for _ in range(2)]
        for events in both:
            next(events)
        assert watchers() == 1
        for events in both:
            events.close()  # type: ignore[attr-defined]
        assert soon(lambda: watchers() == 0)
