"""The PIN under a scratch field: right once, careful words after that, locked after five wrong ones."""

import re
from dataclasses import replace
from typing import Any

from flask.testing import FlaskClient

from bot.i18n import sentence
from tests.channels.web_pages import CountingGate, client_of, words_of
from tests.channels.web_shop import Shelf
from tests.channels.web_stamps import FULL

CODE, UNKNOWN = "483920176504", "346195720851"
PATH = f"/t/{CODE}"


class PinShelf(Shelf):
    def __init__(self, **known: Any) -> None:
        super().__init__(True, replace(FULL, asks_pin=True, **known), pins={CODE: "274018"})


def tried(client: FlaskClient, pin: str, query: str = "?lang=en") -> str:
    response = client.post(f"{PATH}/pin{query}", data={"pin": pin})
    assert response.status_code == 200
    return words_of(response.text)


def has_form(html: str) -> bool:
    return re.search(r'<form class="pin" action="/t/483920176504/pin[^"]*" method="post">', html) is not None


def test_a_right_pin_is_the_first_time_only_once() -> None:
    client = client_of(PinShelf())
    assert has_form(client.get(PATH).text)
    assert (
        "The PIN is right, and this is the first time that it is checked. Whoever checks it again will be told that it "
        "was checked before."
    ) in tried(client, "274 018")
    assert (
        "The PIN is right, but it was checked before. The first time was at 02:00 on 21/11/2026. If that was you or "
        "your family, all is well. If the field was scratched when you bought it, please ask the co-op."
    ) in tried(client, "274018")
    assert "The PIN of this stamp was checked before, at 02:00 on 21/11/2026." in words_of(
        client.get(PATH + "?lang=en").text
    )


def test_after_five_wrong_pins_it_is_locked_even_for_the_right_one() -> None:
    client = client_of(PinShelf())
    for wrong in ("000000", "", "abc", "1" * 5_00, "<script>"):
        assert "This PIN is not right. Please look at the 6 digits under the scratch field again." in tried(
            client, wrong
        )
    told = tried(client, "274018")
    assert "Too many wrong PINs: this stamp takes no more. Please call the co-op: 0218 3555 017." in told


def test_the_form_is_offered_again_only_after_a_wrong_pin() -> None:
    client = client_of(PinShelf())
    assert has_form(client.post(f"{PATH}/pin", data={"pin": "1"}).text)
    assert not has_form(client.post(f"{PATH}/pin", data={"pin": "274018"}).text)


def test_the_state_is_told_before_the_pin() -> None:
    told = tried(client_of(PinShelf()), "274018")
    assert told.index("The code is right") < told.index("The PIN is right") < told.index("Cam sành")


def test_a_stamp_without_a_pin_says_so() -> None:
    client = client_of(Shelf())
    assert not has_form(client.get(PATH).text)
    assert "This stamp has no PIN." in tried(client, "274018")


def test_the_pin_of_a_void_stamp_is_not_even_tried() -> None:
    shelf = PinShelf(stamp=replace(FULL.stamp, state="void"))
    assert "The PIN is right" not in tried(client_of(shelf), "274018")
    assert "check_pin" not in shelf.read


def test_a_pin_for_nobodys_code_is_a_miss() -> None:
    gate = CountingGate()
    client = client_of(PinShelf(), gate=gate)
    assert client.post(f"/t/{UNKNOWN}/pin", data={"pin": "1"}).status_code == 404
    assert gate.missed == {"127.0.0.1": 1}


def test_a_body_that_is_no_pin_is_refused_for_its_size() -> None:
    shelf = PinShelf()
    assert client_of(shelf).post(f"{PATH}/pin", data={"pin": "1" * 5_000}).status_code == 413
    assert shelf.read == []


def test_who_reloads_the_answer_comes_back_to_the_page() -> None:
    gate = CountingGate()
    answer = client_of(PinShelf(), gate=gate).get(f"{PATH}/pin?lang=en")
    assert (answer.status_code, answer.location) == (303, f"{PATH}?lang=en")
    assert gate.asked == {}


def test_in_vietnamese_the_words_are_careful() -> None:
    client = client_of(PinShelf(), sentence)
    assert "Mã PIN đúng, và đây là lần kiểm tra đầu tiên." in tried(client, "274018", "")
    assert "Mã PIN đúng, nhưng trước đây đã có người kiểm tra. Lần đầu lúc 02:00 ngày 21/11/2026." in tried(
        client, "274018", ""
    )
