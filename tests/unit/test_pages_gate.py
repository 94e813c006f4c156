"""Who looks up codes by the hundred learns nothing, and who only draws a card of a page has not looked at a stamp."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from handlers.pages.previews import is_preview
from handlers.pages.views import Passport
from tests.channels.web_pages import CountingGate, client_of, words_of
from tests.channels.web_shop import Shelf

CODE, UNKNOWN = "483920176504", "346195720851"
PATH = f"/t/{CODE}"
JSON = {"Accept": "application/json"}
PHONE = (
    "Mozilla/5.0 (Linux; Android 13; CUBOT KINGKONG) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
    "Chrome/117.0.0.0 Mobile Safari/537.36 Zalo android/12100729 ZaloTheme/light ZaloLanguage/vi"
)
IN_FACEBOOK = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) [FBAN/FBIOS;FBAV/440.0.0.26.107;FBLC/vi_VN]"


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def gate() -> CountingGate:
    return CountingGate()


@pytest.fixture
def client(shelf: Shelf, gate: CountingGate) -> FlaskClient:
    return client_of(shelf, gate=gate)


def every_way(client: FlaskClient, code: str) -> list[Any]:
    return [
        client.get(f"/t/{code}"),
        client.head(f"/t/{code}"),
        client.get(f"/t/{code}", headers=JSON),
        client.get(f"/t/{code}/passport.json"),
        client.post(f"/t/{code}/pin", data={"pin": "1"}),
        client.get(f"/t?code={code}", follow_redirects=True),
    ]


def test_every_way_to_look_a_code_up_counts_once(client: FlaskClient, gate: CountingGate) -> None:
    assert [response.status_code for response in every_way(client, CODE)] == [200] * 6
    assert gate.asked == {"127.0.0.1": 6}
    assert gate.missed == {}


def test_every_miss_counts_once(client: FlaskClient, gate: CountingGate) -> None:
    assert [response.status_code for response in every_way(client, UNKNOWN)] == [404] * 6
    assert gate.missed == {"127.0.0.1": 6}


def test_the_home_page_pictures_maps_and_assets_count_for_nothing(client: FlaskClient, gate: CountingGate) -> None:
    for path in ("/", "/map/phu-tho.svg", "/pictures/cam-sanh.png", "/t", "/privacy"):
        client.get(path).close()
    assert gate.asked == {}


def test_the_thirty_first_in_a_minute_is_asked_to_wait_before_anything_is_read(
    client: FlaskClient, shelf: Shelf
) -> None:
    for _ in range(30):
        assert client.get(PATH).status_code == 200
    shelf.read.clear()
    shelf.looks.clear()
    refused = client.get(PATH + "?lang=en")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")
    assert words_of(refused.text) == (
        "Please wait a minute You looked up many codes at once. Please wait a minute, or write to us in the chat. "
        "Ask the co-op in the chat"
    )
    assert (shelf.read, shelf.looks) == ([], [])


def test_a_machine_is_told_to_wait_as_well(client: FlaskClient, gate: CountingGate) -> None:
    gate.a_minute = 0
    for response in (client.get(PATH, headers=JSON), client.get(f"{PATH}/passport.json")):
        assert (response.status_code, response.headers["Retry-After"]) == (429, "60")
        assert response.json == {"error": "too many look-ups", "retry_after": 60}


@pytest.mark.parametrize(
    ("wait", "said"),
    [
        (
            3600,
            "Please wait an hour Many codes that you looked up are in nobody's book. Please wait an hour, or write to "
            "us in the chat. Ask the co-op in the chat",
        ),
        (
            86_400,
            "Please come back tomorrow You looked up very many codes today. Please look again tomorrow, or write to us "
            "in the chat. Ask the co-op in the chat",
        ),
    ],
)
def test_how_long_to_wait_is_said_to_people_and_machines(
    client: FlaskClient, gate: CountingGate, wait: int, said: str
) -> None:
    gate.a_minute, gate.wait = 0, wait
    page, answer = client.get(PATH + "?lang=en"), client.get(PATH, headers=JSON)
    assert [response.headers["Retry-After"] for response in (page, answer)] == [str(wait)] * 2
    assert (words_of(page.text), answer.json) == (said, {"error": "too many look-ups", "retry_after": wait})


def test_one_address_does_not_shut_out_another(client: FlaskClient) -> None:
    for _ in range(31):
        client.get(PATH, headers={"X-Forwarded-For": "9.9.9.9, 203.0.113.7"})
    assert client.get(PATH, headers={"X-Forwarded-For": "9.9.9.9, 203.0.113.7"}).status_code == 429
    assert client.get(PATH, headers={"X-Forwarded-For": "9.9.9.9, 203.0.113.8"}).status_code == 200


def test_who_invents_forwarded_addresses_is_counted_as_one(client: FlaskClient, gate: CountingGate) -> None:
    for number in range(5):
        client.get(PATH, headers={"X-Forwarded-For": f"10.9.8.{number}"}, environ_base={"REMOTE_ADDR": "203.0.113.7"})
    assert gate.asked == {"203.0.113.7": 5}


def test_from_the_fifth_miss_every_wrong_code_has_the_very_same_answer(client: FlaskClient) -> None:
    codes = [UNKNOWN, "123456789012", "4839", "x", "a/b", "%3Cscript%3E", "0" * 12, "1" * 500]
    for code in codes[:4]:
        client.get(f"/t/{code}")
    answers = {
        (page.status_code, page.data, str(page.headers)) for page in (client.get(f"/t/{code}") for code in codes)
    }
    assert len(answers) == 1
    (answer,) = answers
    assert answer[0] == 404
    assert "We could not find this code" in answer[1].decode()


def test_the_first_misses_read_the_code_back(client: FlaskClient) -> None:
    echoed = ["3461 9572 0851" in client.get(f"/t/{UNKNOWN}").text for _ in range(6)]
    assert echoed == [True, True, True, True, False, False]


def test_a_code_that_cannot_be_is_not_looked_for(client: FlaskClient, shelf: Shelf) -> None:
    for code in ("123456789012", "4839", "x"):
        client.get(f"/t/{code}")
    assert "passport" not in shelf.read
    client.get(f"/t/{UNKNOWN}")
    assert shelf.read.count("passport") == 1


def test_from_the_twentieth_miss_there_is_no_answer(client: FlaskClient) -> None:
    answers = [client.get(f"/t/{UNKNOWN}") for _ in range(20)]
    assert [answer.status_code for answer in answers] == [404] * 19 + [429]
    assert answers[-1].headers["Retry-After"] == "3600"


def test_a_typed_code_that_is_wrong_misses_once(client: FlaskClient, gate: CountingGate) -> None:
    assert client.get("/t?code=4839", follow_redirects=True).status_code == 404
    assert (gate.asked, gate.missed) == ({"127.0.0.1": 1}, {"127.0.0.1": 1})


# Looks


def test_a_look_at_the_page_or_its_json_counts_once(client: FlaskClient, shelf: Shelf) -> None:
    client.get(PATH, headers={"User-Agent": PHONE, "X-Forwarded-For": "203.0.113.7"})
    client.get(PATH, headers={"User-Agent": "x" * 500, **JSON})
    assert shelf.looks == [(CODE, "203.0.113.7"), (CODE, "127.0.0.1")]


def test_nothing_else_is_a_look(client: FlaskClient, shelf: Shelf) -> None:
    client.head(PATH)
    client.get(f"{PATH}/passport.json")
    client.post(f"{PATH}/pin", data={"pin": "123456"})
    client.get(f"/t/{UNKNOWN}")
    assert shelf.looks == []


@pytest.mark.parametrize(
    "agent",
    [
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "meta-externalagent/1.1",
        "Mozilla/5.0 (compatible; ZaloBot/1.0; +http://zalo.me)",
        "Twitterbot/1.0",
        "WhatsApp/2.23.20.0 A",
        "TelegramBot (like TwitterBot)",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    ],
)
def test_who_draws_a_card_gets_the_page_and_is_no_look(client: FlaskClient, shelf: Shelf, agent: str) -> None:
    page = client.get(PATH, headers={"User-Agent": agent})
    assert (page.status_code, "og:title" in page.text, shelf.looks) == (200, True, [])


@pytest.mark.parametrize("agent", ["", PHONE, IN_FACEBOOK, "Mozilla/5.0 (Windows NT 10.0) Chrome/120.0 ZaloPC-win32"])
def test_people_inside_an_app_are_people(agent: str) -> None:
    assert not is_preview(agent)


def test_a_gate_is_not_needed() -> None:
    client = client_of(Shelf())
    assert [client.get(f"/t/{UNKNOWN}").status_code for _ in range(40)] == [404] * 40


def test_a_passport_is_all_that_the_reader_is_asked_for(client: FlaskClient, shelf: Shelf) -> None:
    client.get(PATH)
    assert shelf.read == ["passport", "coop"]
    assert isinstance(shelf.passport(CODE, "vi"), Passport)
