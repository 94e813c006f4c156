from collections.abc import Iterator
from http.cookies import SimpleCookie
from io import BytesIO
from pathlib import Path

import pytest
from itsdangerous import URLSafeSerializer
from werkzeug.test import TestResponse

from bot.event import Tap, Text
from bot.inbox import InboxRow
from bot.reply import Bubble
from tests.channels.web_shop import SECRETS, Shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    yield shop
    shop.database.close()


def cookie_of(response: TestResponse) -> str:
    return SimpleCookie(response.headers["Set-Cookie"])["visitor"].value


def test_a_message_is_durable_when_it_is_answered(shop: Shop) -> None:
    client = shop.app.test_client()

    response = client.post("/chat/messages", json={"id": "m1", "text": "2kg cam"})

    assert response.status_code == 202
    assert list(response.json) == ["visitor"]
    assert shop.inbox() == [("visitor-1", "web:visitor-1:m1", Text("2kg cam"))]
    assert shop.rings == 1


def test_a_repeated_message_is_one_message(shop: Shop) -> None:
    client = shop.app.test_client()
    statuses = [client.post("/chat/messages", json={"id": "m1", "choice": "q1.1"}).status_code for _ in range(3)]
    assert statuses == [202, 202, 202]
    assert shop.inbox() == [("visitor-1", "web:visitor-1:m1", Tap("q1.1"))]


def test_two_visitors_may_use_the_same_message_id(shop: Shop) -> None:
    for _ in range(2):
        shop.app.test_client().post("/chat/messages", json={"id": "m1", "text": "cam"})
    assert [sender for sender, _, _ in shop.inbox()] == ["visitor-1", "visitor-2"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"\xff\xfe{",
        b"[" * 60_000,
        b'{"id": "m1", "text": ' + b"9" * 5_000 + b"}",
        b'{"id": "m1", "text": 1e999}',
        b'{"id": "m1"}',
        b'{"ack": -3}',
        b'{"ack": "1; DROP TABLE outbox"}',
    ],
)
def test_a_hostile_body_gets_kind_words_and_is_not_stored(shop: Shop, body: bytes) -> None:
    response = shop.app.test_client().post("/chat/messages", data=body)
    assert response.status_code == 400
    assert list(response.json) == ["error"]
    assert shop.inbox() == []


def test_a_lone_surrogate_does_no_harm(shop: Shop) -> None:
    response = shop.app.test_client().post("/chat/messages", data=rb'{"id": "m1", "text": "cam \ud83d nhe"}')
    assert response.status_code == 202
    assert shop.inbox() == [("visitor-1", "web:visitor-1:m1", Text("cam \ufffd nhe"))]


def test_a_body_over_64_kib_is_refused(shop: Shop) -> None:
    response = shop.app.test_client().post("/chat/messages", json={"id": "m1", "text": "a" * 65_536})
    assert response.status_code == 413
    assert list(response.json) == ["error"]
    assert shop.inbox() == []


def test_a_body_over_64_kib_that_does_not_say_its_length_is_refused(shop: Shop) -> None:
    response = shop.app.test_client().post(
        "/chat/messages",
        input_stream=BytesIO(b'{"id": "m1", "text": "' + b"a" * 65_536 + b'"}'),
        environ_base={"wsgi.input_terminated": True},
    )
    assert response.status_code == 413
    assert shop.inbox() == []


def test_without_the_database_she_is_asked_to_send_it_again(shop: Shop) -> None:
    InboxRow.__table__.drop(shop.database.engine)  # type: ignore[attr-defined]
    response = shop.app.test_client().post("/chat/messages", json={"id": "m1", "text": "cam"})
    assert response.status_code == 503
    assert list(response.json) == ["error"]
    assert response.headers["Retry-After"] == "1"


def test_the_cookie_is_closed_to_scripts_and_other_sites(shop: Shop) -> None:
    response = shop.app.test_client().post("/chat/messages", json={"id": "m1", "start": True})
    cookie = SimpleCookie(response.headers["Set-Cookie"])["visitor"]
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"], cookie["path"], cookie["max-age"]) == (
        True,
        "Lax",
        "",
        "/",
        str(400 * 24 * 3600),
    )


def test_behind_https_the_cookie_goes_over_https_only(tmp_path: Path) -> None:
    shop = Shop(tmp_path, secure=True)
    response = shop.app.test_client().post("/chat/messages", json={"id": "m1", "start": True})
    assert SimpleCookie(response.headers["Set-Cookie"])["visitor"]["secure"] is True
    shop.database.close()


def test_the_cookie_keeps_a_visitor_the_same(shop: Shop) -> None:
    client = shop.app.test_client()
    tags = [client.post("/chat/messages", json={"id": f"m{n}", "text": "cam"}).json for n in range(2)]
    assert tags[0] == tags[1]
    assert [sender for sender, _, _ in shop.inbox()] == ["visitor-1", "visitor-1"]


def test_a_forged_cookie_is_a_newcomer(shop: Shop) -> None:
    genuine = cookie_of(shop.app.test_client().post("/chat/messages", json={"ack": 0}))
    other = URLSafeSerializer("guessed", salt="chophien.visitor").dumps("visitor-1")
    structured = URLSafeSerializer(SECRETS[0], salt="chophien.visitor").dumps({"visitor": 1})
    dotted = URLSafeSerializer(SECRETS[0], salt="chophien.visitor").dumps("visitor-1.p")
    forgeries = [genuine[:-1] + ("A" if genuine[-1] != "A" else "B"), "visitor-1", "", "é", str(other)]
    for forged in [*forgeries, str(structured), str(dotted)]:
        client = shop.app.test_client()
        client.set_cookie("visitor", forged)
        assert client.post("/chat/messages", json={"id": "m1", "text": "cam"}).status_code == 202
    senders = [sender for sender, _, _ in shop.inbox()]
    assert senders == [f"visitor-{n}" for n in range(2, 9)]


def test_a_cookie_outlives_a_change_of_the_secret(shop: Shop) -> None:
    client = shop.app.test_client()
    client.set_cookie("visitor", str(URLSafeSerializer(SECRETS[1], salt="chophien.visitor").dumps("visitor-77")))
    response = client.post("/chat/messages", json={"id": "m1", "text": "cam"})
    assert [sender for sender, _, _ in shop.inbox()] == ["visitor-77"]
    assert URLSafeSerializer(SECRETS[0], salt="chophien.visitor").loads(cookie_of(response)) == "visitor-77"


def test_the_demo_producer_is_somebody_else_than_the_customer(shop: Shop) -> None:
    client = shop.app.test_client()
    client.post("/chat/messages", json={"id": "m1", "text": "cam"})
    client.post("/chat/messages?as=producer", json={"id": "m1", "text": "mai co 50 can cam"})
    assert [sender for sender, _, _ in shop.inbox()] == ["visitor-1", "visitor-1.p"]


def test_outside_the_demo_nobody_speaks_as_a_producer(tmp_path: Path) -> None:
    shop = Shop(tmp_path, demo=False)
    client = shop.app.test_client()
    refused = [
        client.post("/chat/messages?as=producer", json={"id": "m1", "text": "cam"}),
        client.get("/chat/stream?as=producer"),
    ]
    assert [response.status_code for response in refused] == [403, 403]
    assert shop.inbox() == []
    shop.database.close()


def test_an_ack_marks_her_replies_up_to_it_and_nobody_elses(shop: Shop) -> None:
    client = shop.app.test_client()
    client.post("/chat/messages", json={"ack": 0})
    first = shop.reply("visitor-1", Bubble("một"))
    shop.reply("visitor-2", Bubble("của người khác"))
    second = shop.reply("visitor-1", Bubble("hai"))
    shop.reply("visitor-1", Bubble("ba"))

    assert client.post("/chat/messages", json={"ack": second}).status_code == 202

    assert shop.sent() == [first, second]
    assert shop.inbox() == []
